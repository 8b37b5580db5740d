//! Whether what is given fits what a module wants to import (wasm spec, "Import Matching").

use anyhow::{Result, bail};
use upshift_core::types::{GlobalType, Subtyping};
use upshift_translate::ModuleInfo;
use upshift_translate::module::ExternIndex;

use crate::engine::Engine;
use crate::externs::Extern;
use crate::store::StoreState;
use crate::types::ExternType;

/// Makes sure that an extern can be the import `wanted`.
pub(crate) fn check_import(
    store: &StoreState,
    engine: &Engine,
    info: &ModuleInfo,
    wanted: ExternIndex,
    given: &Extern,
) -> Result<()> {
    match (wanted, given) {
        (ExternIndex::Func(i), Extern::Func(func)) => {
            if !engine.types().is_subtype(func.type_id(store), info.func_type(i).id) {
                let given = func.core_type(store);
                bail!("expected type `{}`, found type `{given}`", info.func_type(i).func());
            }
            Ok(())
        }
        (ExternIndex::Global(i), Extern::Global(global)) => {
            check_global(engine, info.globals[i.index()], global.in_state(store).ty())
        }
        (ExternIndex::Table(i), Extern::Table(table)) => {
            let (want, table) = (info.tables[i.index()], table.in_state(store));
            let have = table.ty();
            if want.element != have.element {
                bail!("expected a table of `{}`, found a table of `{}`", want.element, have.element);
            }
            if want.index != have.index {
                bail!("expected {}, found {}", width("table", want.index), width("table", have.index));
            }
            let size = table.elements().len() as u64;
            check_limits("table", (want.minimum, want.maximum), (size, have.maximum))
        }
        (ExternIndex::Memory(i), Extern::Memory(_) | Extern::SharedMemory(_)) => {
            let want = info.memories[i.index()];
            let (have, pages) = match given {
                Extern::Memory(memory) => (memory.in_state(store).ty(), memory.in_state(store).pages()),
                Extern::SharedMemory(memory) => (memory.core_ty(), memory.size()),
                _ => unreachable!("matched above"),
            };
            if want.index != have.index {
                bail!("expected {}, found {}", width("memory", want.index), width("memory", have.index));
            }
            if want.shared != have.shared {
                bail!("expected {}, found {}", sharing(want.shared), sharing(have.shared));
            }
            if want.page_size_log2 != have.page_size_log2 {
                let size = |log2| if log2 == 0 { "1 byte".into() } else { format!("{} bytes", 1u64 << log2) };
                let (want, have) = (size(want.page_size_log2), size(have.page_size_log2));
                bail!("expected a memory with pages of {want}, found pages of {have}");
            }
            check_limits("memory", (want.minimum, want.maximum), (pages, have.maximum))
        }
        (ExternIndex::Tag(i), Extern::Tag(tag)) => {
            let (want, have) = (info.tag_type(i), tag.in_state(store));
            if have.ty() != want.id {
                bail!("expected tag type `{}`, found tag type `{}`", want.func(), have.func());
            }
            Ok(())
        }
        _ => bail!("expected {}, found {}", ExternType::of(engine, info, wanted).kind(), kind(given)),
    }
}

fn check_global(engine: &Engine, want: GlobalType, have: GlobalType) -> Result<()> {
    if want.mutable != have.mutable {
        let word = |mutable| if mutable { "mutable" } else { "immutable" };
        bail!("expected {} global, found {} global", word(want.mutable), word(have.mutable));
    }
    // What can be set must have exactly the same type on both sides.
    let fits = if want.mutable {
        have.content == want.content
    } else {
        have.content.matches(want.content, engine.types())
    };
    if !fits {
        bail!("expected a global of type `{}`, found one of type `{}`", want.content, have.content);
    }
    Ok(())
}

fn check_limits(
    what: &str,
    (want_min, want_max): (u64, Option<u64>),
    (size, have_max): (u64, Option<u64>),
) -> Result<()> {
    let max_fits = want_max.is_none_or(|want| have_max.is_some_and(|have| have <= want));
    if size >= want_min && max_fits {
        return Ok(());
    }
    let limits = |min, max: Option<u64>| match max {
        Some(max) => format!("min: {min}, max: {max}"),
        None => format!("min: {min}"),
    };
    bail!(
        "{what} types incompatible: expected {what} limits ({}), provided limits ({})",
        limits(want_min, want_max),
        limits(size, have_max)
    )
}

fn width(what: &str, index: upshift_core::IndexType) -> String {
    let bits = if index == upshift_core::IndexType::I64 { 64 } else { 32 };
    format!("a {bits}-bit {what}")
}

fn sharing(shared: bool) -> &'static str {
    if shared { "a shared memory" } else { "a memory that is not shared" }
}

fn kind(item: &Extern) -> &'static str {
    match item {
        Extern::Func(_) => "function",
        Extern::Global(_) => "global",
        Extern::Table(_) => "table",
        Extern::Memory(_) | Extern::SharedMemory(_) => "memory",
        Extern::Tag(_) => "tag",
    }
}
