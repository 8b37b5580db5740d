//! Modes of memories, and what comes back from the engine's pool.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use upshift_core::vm::MemoryMode;

use super::{GUARD, Memory, REACH};
use crate::context::{AsContext, AsContextMut};
use crate::vm::pool::{MOST, Use};
use crate::{
    Config, Engine, Instance, MemoryBudget, MemoryType, Module, SharedMemory, Store, StoreLimitsBuilder,
};

/// Fills its memory's first page and last byte, and grows.
const GROWING: &str = r#"(module
    (import "env" "other" (memory 0))
    (memory $own (export "own") 0)
    (memory $shared (export "shared") 0 70 shared)
    (func (export "grow") (param i32) (result i32)
        (drop (memory.grow 0 (local.get 0)))
        (drop (memory.grow $shared (local.get 0)))
        (memory.grow $own (local.get 0)))
    (func (export "store") (param i32)
        (i32.store8 0 (local.get 0) (i32.const 1))
        (i32.store8 $shared (local.get 0) (i32.const 1))
        (i32.store8 $own (local.get 0) (i32.const 1))))"#;

fn engine(reservation: u64) -> Engine {
    let mut config = Config::new();
    config.every_feature().memory_reservation(reservation);
    Engine::new(&config).unwrap()
}

/// Base, length and mode.
fn record<T: 'static>(store: &Store<T>, memory: Memory) -> (*mut u8, usize, MemoryMode) {
    // SAFETY: the record lives as long as the store.
    let record = unsafe { &*memory.in_state(store.as_context().state()).record() };
    (record.base, record.len.load(Ordering::SeqCst), record.mode)
}

/// Whether the rights of the process are those of a guarded memory: only its bytes are accessible of what is reserved.
#[cfg(target_os = "linux")]
fn assert_guarded(base: *mut u8, len: usize) {
    let base = base.addr();
    let (end, accessible) = (base + (REACH + GUARD) as usize, base + len);
    let mut at = base;
    for line in std::fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|address| usize::from_str_radix(address, 16).unwrap());
        if to <= base || from >= end {
            continue;
        }
        assert!(from <= at, "a hole at {at:#x}");
        let expected = if to <= accessible { "rw-p" } else { "---p" };
        // The system makes one of neighbours with the same rights, so a mapping may begin before the memory.
        assert!(to <= accessible || from.max(base) >= accessible, "{line}");
        assert!(rest.starts_with(expected), "{line}: not {expected}");
        at = to;
    }
    assert!(at >= end, "nothing is at {at:#x}");
}

#[cfg(not(target_os = "linux"))]
fn assert_guarded(_base: *mut u8, _len: usize) {}

/// Grows memories of an instance, of the host and of threads from nothing, and looks at their records.
fn grow_all(engine: &Engine, mode: MemoryMode) {
    let mut store = Store::new(engine, ());
    let other = Memory::new(&mut store, MemoryType::new(0, None)).unwrap();
    let module = Module::new(engine, GROWING).unwrap();
    let instance = Instance::new(&mut store, &module, &[other.into()]).unwrap();
    let own = instance.get_memory(&mut store, "own").unwrap();
    let shared = instance.get_shared_memory(&mut store, "shared").unwrap();
    let entry = Memory::of_shared(store.as_context_mut().state(), &shared);
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
    let touch = instance.get_typed_func::<i32, ()>(&mut store, "store").unwrap();
    let memories = [other, own, entry];
    let first = memories.map(|memory| record(&store, memory));
    for (base, len, found) in first {
        assert_eq!((len, found), (0, mode));
        if mode == MemoryMode::Guard {
            assert_guarded(base, 0);
        }
    }
    let mut pages = 0;
    for delta in [0, 1, 2, 60] {
        assert_eq!(grow.call(&mut store, delta).unwrap(), pages);
        pages += delta;
        for (memory, first) in memories.into_iter().zip(first) {
            let (base, len, found) = record(&store, memory);
            assert_eq!((len, found), ((pages as usize) << 16, mode));
            if mode == MemoryMode::Guard {
                assert_eq!(base, first.0, "a guarded memory never moves");
                assert_guarded(base, len);
            }
        }
        assert_eq!(touch.call(&mut store, (pages << 16) - 1).is_ok(), pages > 0);
        assert!(touch.call(&mut store, pages << 16).is_err());
    }
    // An imported memory has the record of whoever made it.
    let again = Module::new(engine, r#"(module (import "env" "other" (memory 63)) (export "m" (memory 0)))"#);
    let again = Instance::new(&mut store, &again.unwrap(), &[other.into()]).unwrap();
    let imported = again.get_memory(&mut store, "m").unwrap();
    assert_eq!(record(&store, imported), record(&store, other));
}

#[test]
fn the_mode_is_that_of_type_and_settings_from_the_beginning() {
    let (guard, check) = (engine(REACH), engine(REACH - 1));
    grow_all(&guard, MemoryMode::Guard);
    grow_all(&check, MemoryMode::Check);
    let mut store = Store::new(&guard, ());
    let wide = Memory::new(&mut store, MemoryType::new64(0, None)).unwrap();
    let wat = r#"(module (memory (export "m") 0 (pagesize 1)) (memory (export "s") i64 1 2 shared)
        (memory (export "t") 1 2 shared (pagesize 1)))"#;
    let module = Module::new(&guard, wat).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let small = instance.get_memory(&mut store, "m").unwrap();
    let mut memories = vec![wide, small];
    for name in ["s", "t"] {
        let shared = instance.get_shared_memory(&mut store, name).unwrap();
        memories.push(Memory::of_shared(store.as_context_mut().state(), &shared));
    }
    for memory in memories {
        assert_eq!(record(&store, memory).2, MemoryMode::Check);
        assert!(memory.grow(&mut store, 1).is_ok());
        assert_eq!(record(&store, memory).2, MemoryMode::Check);
    }
}

/// Runs another test of this file in a process of its own, below a limit of the shell's.
#[cfg(target_os = "linux")]
fn run_apart(limit: &str, test: &str) {
    let exe = std::env::current_exe().unwrap();
    let script = format!(r#"{limit} exec "$0" --exact memory::tests::{test} --ignored --nocapture"#);
    let mut child = std::process::Command::new("sh");
    // A backtrace needs memory, and without any the standard library may wait for itself.
    child.arg("-c").arg(script).arg(exe).env("RUST_BACKTRACE", "0");
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("done as expected"), "{output:?}");
}

#[test]
#[ignore = "started by `without_address_space_memories_are_checked`"]
fn in_a_small_address_space() {
    grow_all(&engine(REACH), MemoryMode::Check);
    println!("done as expected");
}

#[test]
#[cfg(target_os = "linux")]
fn without_address_space_memories_are_checked() {
    run_apart("ulimit -v 2000000 &&", "in_a_small_address_space");
}

#[test]
#[ignore = "started by `what_is_kept_makes_room_for_what_is_wanted`"]
fn in_the_space_of_two_memories() {
    let engine = engine(REACH);
    let make = || {
        let mut store = Store::new(&engine, ());
        let memories = [(); 2].map(|()| Memory::new(&mut store, MemoryType::new(1, None)).unwrap());
        memories.map(|memory| record(&store, memory).2)
    };
    assert_eq!(make(), [MemoryMode::Guard; 2]);
    assert_eq!(engine.pools().len(Use::Memory), 2);
    // 6 GiB of address space are not there beside both.
    let module = r#"(module (memory (export "m") i64 0 98304 shared))"#;
    let module = Module::new(&engine, module).unwrap();
    let mut store = Store::new(&engine, ());
    Instance::new(&mut store, &module, &[]).unwrap();
    assert_eq!(engine.pools().len(Use::Memory), 0);
    // Beside that, there is room for one.
    assert_eq!(make(), [MemoryMode::Guard, MemoryMode::Check]);
    println!("done as expected");
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_kept_makes_room_for_what_is_wanted() {
    run_apart("ulimit -v 20000000 &&", "in_the_space_of_two_memories");
}

/// What is set aside for objects that may never come leaves the address space to what is there.
#[test]
#[ignore = "started by `a_heap_without_objects_leaves_room_for_memories`"]
fn with_exceptions_and_a_large_memory() {
    let engine = engine(REACH);
    let text =
        r#"(module (tag) (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 32000))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let grow = instance.get_typed_func::<(), i32>(&mut store, "grow").unwrap();
    assert_eq!(grow.call(&mut store, ()).unwrap(), 1);
    println!("done as expected");
}

#[test]
#[cfg(target_os = "linux")]
fn a_heap_without_objects_leaves_room_for_memories() {
    run_apart("ulimit -v 3000000 &&", "with_exceptions_and_a_large_memory");
}

#[test]
#[ignore = "started by `ten_thousand_instances_have_room`"]
fn with_many_memories_at_once() {
    let engine = engine(REACH);
    let module =
        Module::new(&engine, r#"(module (memory (export "m") 1) (data (i32.const 9) "x"))"#).unwrap();
    // Each has a stack besides, and the system bounds the number of mappings in a process: what is more than that, one store has.
    let stores: Vec<_> = (0..10_000)
        .map(|_| {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let memory = instance.get_memory(&mut store, "m").unwrap();
            assert_eq!(memory.data(&store)[9], b'x');
            assert_eq!(record(&store, memory).2, MemoryMode::Guard);
            store
        })
        .collect();
    let mut store = Store::new(&engine, ());
    let modes = (0..8_000).map(|_| {
        let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
        record(&store, memory).2
    });
    let guarded = modes.filter(|mode| *mode == MemoryMode::Guard).count();
    if cfg!(target_arch = "x86_64") {
        // 47 bits of address space do not have 2^14 times 8 GiB.
        assert!(10_000 + guarded < 1 << 14, "{guarded}");
    }
    drop(store);
    drop(stores);
    assert_eq!(engine.pools().len(Use::Memory), MOST);
    println!("done as expected");
}

#[test]
#[cfg(target_os = "linux")]
fn ten_thousand_instances_have_room() {
    run_apart("", "with_many_memories_at_once");
}

/// Fills all bytes, before and after growing, and returns where they were.
fn dirty(engine: &Engine, pages: u32, more: u64) -> *mut u8 {
    let mut store = Store::new(engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(pages, None)).unwrap();
    assert_zero(memory.data(&store));
    memory.data_mut(&mut store).fill(0xa5);
    memory.grow(&mut store, more).unwrap();
    let (base, len, mode) = record(&store, memory);
    if mode == MemoryMode::Guard {
        assert_guarded(base, len);
    }
    let (old, new) = memory.data_mut(&mut store).split_at_mut((pages as usize) << 16);
    assert!(old.iter().all(|&byte| byte == 0xa5));
    assert_zero(new);
    new.fill(0x5a);
    base
}

fn assert_zero(bytes: &[u8]) {
    assert_eq!(bytes.iter().position(|&byte| byte != 0), None);
}

#[test]
fn no_content_comes_from_one_memory_to_another() {
    for engine in [engine(REACH), engine(0)] {
        // Each several times, as what was kept before is cleared in another way.
        for _ in 0..3 {
            for (pages, more) in [(1, 0), (1, 1), (0, 2), (3, 0), (1, 40), (2, 1), (0, 0), (17, 5)] {
                for _ in 0..3 {
                    dirty(&engine, pages, more);
                }
            }
        }
        assert!(engine.pools().len(Use::Memory) > 0);
        // What was full of something is taken again, and for other sizes when there are enough.
        let first = dirty(&engine, 1, 40);
        assert_eq!(dirty(&engine, 1, 0), first);
        let mut store = Store::new(&engine, ());
        for _ in 0..MOST + 1 {
            let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
            memory.data_mut(&mut store).fill(0xa5);
        }
        drop(store);
        assert_eq!(engine.pools().len(Use::Memory), MOST);
        for pages in [0, 2, 30] {
            dirty(&engine, pages, 1);
        }
    }
}

#[test]
fn nor_to_or_from_a_shared_memory() {
    for engine in [engine(REACH), engine(0)] {
        let mut read = vec![0; 70 << 16];
        for _ in 0..3 {
            for (pages, more) in [(1, 0), (1, 3), (0, 1), (65, 5)] {
                let memory = SharedMemory::new(&engine, MemoryType::shared(pages, 70)).unwrap();
                let clone = memory.clone();
                memory.grow(more).unwrap();
                let read = &mut read[..memory.data_size()];
                memory.read(0, read).unwrap();
                assert_zero(read);
                memory.write(0, &vec![0xa5; memory.data_size()]).unwrap();
                drop(memory);
                let mut still = [0];
                clone.read(clone.data_size() - 1, &mut still).unwrap();
                assert_eq!(still, [0xa5], "it is in use as long as there is a clone");
                drop(clone);
                dirty(&engine, pages, 1);
            }
        }
    }
}

#[test]
fn threads_share_what_is_kept() {
    let engine = engine(REACH);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..200 {
                    dirty(&engine, round % 3, u64::from(round % 2));
                }
            });
        }
    });
    assert!((1..=MOST).contains(&engine.pools().len(Use::Memory)));
}

#[test]
fn stacks_are_kept_cleared() {
    let engine = Engine::default();
    for round in 0..4 {
        let mut store = Store::new(&engine, ());
        store.prepare_stack().unwrap();
        let mut context = store.as_context_mut();
        let state = context.state();
        let stack = state.stack.as_mut().unwrap();
        stack.touch();
        let base = stack.base();
        // SAFETY: so much of the stack is accessible, and no frame lies there.
        let slots = unsafe { std::slice::from_raw_parts_mut(base, engine.config().max_wasm_stack / 8) };
        assert_eq!(slots.iter().position(|&slot| slot != 0), None, "round {round}");
        slots.fill(u64::MAX);
    }
    assert_eq!(engine.pools().len(Use::Stack), 1);
}

#[test]
fn heaps_are_kept_cleared() {
    const OBJECTS: &str = r#"(module (type $bytes (array (mut i8))) (type $pair (struct (field (mut (ref null $bytes)) (mut i64))))
        (global $kept (mut (ref null $pair)) (ref.null $pair))
        (func (export "run") (param i32)
            (global.set $kept (struct.new $pair
                (array.new $bytes (i32.const 0xa5) (local.get 0)) (i64.const -1)))))"#;
    let engine = Engine::default();
    let module = Module::new(&engine, OBJECTS).unwrap();
    for round in 0..6 {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
        // The second half is used, too.
        for bytes in [10, if round % 2 == 0 { 900_000 } else { 6_000_000 }, 500_000, 500_000, 500_000] {
            run.call(&mut store, bytes).unwrap();
        }
        assert!(store.usage().collections > 0);
        drop(store);
        assert_eq!(engine.pools().len(Use::Heap), 1);
        let mut next = Store::new(&engine, ());
        Instance::new(&mut next, &module, &[]).unwrap();
        let mut context = next.as_context_mut();
        let state = context.state();
        state.reserve_heap(true).unwrap();
        state.gc.heap.set_room(1 << 20).unwrap();
        for _ in 0..2 {
            let (base, start) = (state.gc.heap.base(), state.ctx().gc_bump);
            // SAFETY: so much of the half in use is accessible, and there is no object.
            assert_zero(unsafe { std::slice::from_raw_parts(base.add(start as usize), 1 << 20) });
            state.ctx_mut().gc_bump = state.gc.heap.flip(1 << 20).unwrap().unwrap().1;
        }
        assert_eq!(engine.pools().len(Use::Heap), 0);
    }
}

/// What of the bytes takes memory of the machine.
#[cfg(target_os = "linux")]
fn resident(base: *mut u8, len: usize) -> usize {
    let page = rustix::param::page_size();
    let mut pages = vec![0_u8; len / page];
    // SAFETY: the system writes a byte for each page.
    let result = unsafe { libc::mincore(base.cast(), len, pages.as_mut_ptr()) };
    assert_eq!(result, 0);
    pages.iter().filter(|&&state| state & 1 != 0).count() * page
}

#[test]
#[cfg(target_os = "linux")]
fn little_memory_stays_with_what_is_kept() {
    let engine = engine(REACH);
    let len = 40 << 16;
    for round in 0..4 {
        let base = dirty(&engine, 40, 0);
        let most = if round == 0 { 0 } else { 64 << 10 };
        assert!(resident(base, len) <= most, "{} bytes", resident(base, len));
    }
}

#[test]
fn what_is_kept_is_in_no_budget_and_ends_with_the_engine() {
    let engine = engine(REACH);
    let budget = MemoryBudget::new(1 << 20);
    let limits = StoreLimitsBuilder::new().memory_budget(&budget).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    Memory::new(&mut store, MemoryType::new(3, None)).unwrap();
    let shared = SharedMemory::new_in(&mut store, MemoryType::shared(1, 2)).unwrap();
    assert_eq!(budget.used(), 4 << 16);
    let pools = Arc::downgrade(engine.pools());
    drop(store);
    assert_eq!((budget.used(), engine.pools().len(Use::Memory)), (1 << 16, 1));
    drop(shared);
    assert_eq!((budget.used(), engine.pools().len(Use::Memory)), (0, 2));
    drop(engine);
    assert!(pools.upgrade().is_none());
}

/// Instances that come and go call the system for none of their mappings; only what may have been touched of a stack, and
/// of a memory behind its first page, goes back, by one call each.
#[test]
#[cfg(target_os = "linux")]
fn instances_that_come_and_go_need_no_new_mappings() {
    use crate::vm::mmap::CALLS;

    let cases = [
        (r#"(module (memory 0) (func (export "run")))"#, 0),
        (r#"(module (memory 1) (data (i32.const 5) "x") (func (export "run")))"#, 0),
        (r#"(module (memory 1 1 shared) (data (i32.const 5) "x") (func (export "run")))"#, 0),
        (r#"(module (memory 17) (data (i32.const 5) "x") (func (export "run")))"#, 1),
        (r#"(module (memory i64 1) (data (i64.const 5) "x") (func (export "run")))"#, 0),
        // The heap of objects is reserved, but nothing of it is accessible.
        (r#"(module (type $s (struct)) (func (export "run")))"#, 0),
    ];
    for (wat, of_memory) in cases {
        for (call, expected) in [(false, of_memory), (true, of_memory + 1)] {
            let engine = Engine::default();
            let module = Module::new(&engine, wat).unwrap();
            let round = || {
                let before = CALLS.get();
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module, &[]).unwrap();
                if call {
                    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
                    run.call(&mut store, ()).unwrap();
                }
                drop(store);
                CALLS.get() - before
            };
            let first = round();
            round();
            let rounds: Vec<_> = (0..20).map(|_| round()).collect();
            assert_eq!(rounds, [expected; 20], "{wat}");
            assert!(first >= 1, "{wat}: {first}");
        }
    }
}
