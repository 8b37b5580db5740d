//! Modules from `wasm-smith`, in several mixes of features.

use arbitrary::Unstructured;
use wasm_smith::{Config, MemoryOffsetChoices};

use crate::compare::Modules;
use crate::rng::Rng;

/// The bounded module for a generator state, and its mix; `None` when the numbers did not make a module.
pub(crate) fn modules(rng: &mut Rng, index: u64) -> Option<Modules> {
    let config = mix(rng, index % MIXES);
    module(rng, config)
}

/// A bounded module of this kind for a generator state.
pub(crate) fn module(rng: &mut Rng, config: Config) -> Option<Modules> {
    let len = *rng.pick(&[500, 2000, 4000, 12000]);
    let bytes = rng.bytes(len);
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(2000).expect("all bodies were generated");
    let bytes = module.to_bytes();
    // Other engines fuse the multiplication with the addition in these, Upshift does not; all may.
    let fused = bytes.windows(3).any(|w| matches!(w, [0xfd, 0x85..=0x88, 0x02]));
    (!fused).then(|| Modules::both(vec![bytes]))
}

const MIXES: u64 = 8;

/// The second version of WebAssembly without vectors, in modules of a size that runs quickly.
pub(crate) fn base(rng: &mut Rng) -> Config {
    Config {
        canonicalize_nans: true,
        export_everything: true,
        max_funcs: 12,
        min_funcs: 4,
        max_instructions: *rng.pick(&[30, 100, 300]),
        max_memories: 1,
        max_memory32_bytes: 4 << 16,
        max_memory64_bytes: 4 << 16,
        memory_max_size_required: true,
        memory_offset_choices: MemoryOffsetChoices(95, 4, 1),
        max_tables: 2,
        max_table_elements: 50,
        table_max_size_required: true,
        max_imports: 5,
        max_globals: 10,
        max_elements: 20,
        max_element_segments: 6,
        max_data_segments: 6,
        max_types: 20,
        exceptions_enabled: false,
        gc_enabled: false,
        compact_imports_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        memory64_enabled: false,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        extended_const_enabled: false,
        ..Config::default()
    }
}

fn mix(rng: &mut Rng, mix: u64) -> Config {
    let mut config = base(rng);
    match mix {
        // The first version of WebAssembly.
        0 => {
            config.bulk_memory_enabled = false;
            config.reference_types_enabled = false;
            config.multi_value_enabled = false;
            config.saturating_float_to_int_enabled = false;
            config.sign_extension_ops_enabled = false;
            config.max_tables = 1;
        }
        // The second one without vectors; then with fewer traps, so that calls get further.
        1 => {}
        2 => config.disallow_traps = true,
        // Vectors.
        3 => config.simd_enabled = true,
        4 => {
            config.simd_enabled = true;
            config.relaxed_simd_enabled = true;
            config.disallow_traps = true;
        }
        // What the third version adds and both engines know.
        5 => {
            config.tail_call_enabled = true;
            config.extended_const_enabled = true;
            config.wide_arithmetic_enabled = rng.chance(50);
            config.disallow_traps = rng.chance(50);
        }
        6 => {
            config.memory64_enabled = true;
            config.custom_page_sizes_enabled = rng.chance(50);
            config.max_memories = 3;
            config.min_memories = 1;
            config.memory_offset_choices = MemoryOffsetChoices(80, 18, 2);
        }
        _ => {
            config.simd_enabled = true;
            config.tail_call_enabled = true;
            config.extended_const_enabled = true;
            config.wide_arithmetic_enabled = true;
            config.memory64_enabled = true;
            config.max_memories = 2;
            config.disallow_traps = rng.chance(70);
        }
    }
    config
}
