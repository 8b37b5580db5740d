//! The functions that JavaScript calls. Those with an answer return its length in bytes; lengths are bytes as well.

use std::cell::RefCell;

use crate::state::{Fault, State};

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<T>(call: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(call)
}

macro_rules! exports {
    ($($(#[$doc:meta])* fn $name:ident($($param:ident: $ty:ty),*) $(-> $result:ty)? = $call:expr;)*) => {$(
        $(#[$doc])*
        // SAFETY: no other function of the program has this name; all of them begin with `cells_`.
        #[unsafe(no_mangle)]
        extern "C" fn $name($($param: $ty),*) $(-> $result)? {
            let call: fn(&mut State $(, $ty)*) $(-> $result)? = $call;
            with(|state| call(state $(, $param)*))
        }
    )*};
}

exports! {
    /// Makes room for what goes in, returns where it goes.
    fn cells_input(len: usize) -> *mut u8 = |state, len| state.input(len).as_mut_ptr();
    /// Where the last answer is.
    fn cells_answer() -> *const u8 = |state| state.answer().as_ptr();
    /// Where the bytes that belong to the last answer are.
    fn cells_blob() -> *const u8 = |state| state.blob().as_ptr();
    /// How many these are.
    fn cells_blob_len() -> usize = |state| state.blob().len();
    /// Answers with the version of the compiler.
    fn cells_version() -> usize = |state| state.version();
    /// Puts the runtime that all cells share into the blob.
    fn cells_runtime() = |state| state.runtime();
    /// Compiles a cell, of which id and source go in.
    fn cells_prepare(cell: usize, source: usize) -> usize = |state, cell, source| state.prepare(cell, source);
    /// The prepared cell has been run.
    fn cells_commit() -> usize = |state| state.commit();
    /// The prepared cell was run and has failed.
    fn cells_abandon() -> usize = |state| state.abandon();
    /// The prepared cell is not run: only compiled, or it could not be instantiated.
    fn cells_discard() = |state| state.discard();
    /// Answers with why the prepared cell has failed: `detail` is text, and of `frames` each has three numbers of 32 bits.
    fn cells_explain(
        kind: i32, instance: u32, position: u32, a: i64, b: i64, detail: usize, frames: usize
    ) -> usize = |state, kind, instance, position, a, b, detail, frames| {
        state.explain(&Fault { kind, instance, position, a, b }, detail, frames)
    };
    /// Answers with what is wrong with a source.
    fn cells_check(source: usize) -> usize = |state, source| state.check(source);
    /// Answers with what may stand at a place.
    fn cells_complete(source: usize, offset: u32) -> usize = |state, source, offset| state.complete(source, offset);
    /// Answers with what stands at a place.
    fn cells_inspect(source: usize, offset: u32) -> usize = |state, source, offset| state.inspect(source, offset);
    /// Answers with the names of the session.
    fn cells_names() -> usize = |state| state.names();
    /// Answers with the names that a source would define.
    fn cells_defines(source: usize) -> usize = |state, source| state.defines(source);
    /// Forgets a cell.
    fn cells_remove(cell: usize) -> usize = |state, cell| state.remove(cell);
    /// Answers with the module that saves the session's values.
    fn cells_checkpoint() -> usize = |state| state.checkpoint();
    /// What that module has written goes in; the blob is the checkpoint.
    fn cells_saved(data: usize) -> usize = |state, data| state.saved(data);
    /// The values of a checkpoint, which go in, have been loaded: answers with the instances that are not needed.
    fn cells_loaded(data: usize) -> usize = |state, data| state.loaded(data);
    /// A checkpoint goes in: makes the session that of the checkpoint, or adds its cells to the session if `add` is not 0.
    fn cells_restore(len: usize, add: u32) -> usize = |state, len, add| state.restore(len, add != 0);
}
