//! Functions that grow by a number, and what is allocated while they are compiled.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write;

use upshift_translate::{Features, ModuleInfo, TypeRegistry, parse};

/// What a thread has allocated.
#[derive(Clone, Copy)]
pub(crate) struct Allocated {
    /// How often memory was asked for.
    pub(crate) times: usize,
    /// How many bytes were asked for in all.
    pub(crate) bytes: usize,
    /// How many it has. Others may have given it some, and it may give some away.
    pub(crate) held: isize,
    /// The most that it had at once.
    pub(crate) peak: isize,
}

thread_local! {
    static ALLOCATED: Cell<Allocated> = const { Cell::new(Allocated { times: 0, bytes: 0, held: 0, peak: 0 }) };
}

/// What this thread has allocated so far. The peak begins anew.
pub(crate) fn allocated() -> Allocated {
    let now = ALLOCATED.get();
    ALLOCATED.set(Allocated { peak: now.held, ..now });
    now
}

/// Counts what each thread allocates.
struct Counting;

fn note(asked: usize, freed: usize) {
    let mut now = ALLOCATED.get();
    now.times += usize::from(asked > 0);
    now.bytes += asked;
    now.held += asked as isize - freed as isize;
    now.peak = now.peak.max(now.held);
    ALLOCATED.set(now);
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: promised by the caller.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        note(new, layout.size());
        // SAFETY: promised by the caller.
        unsafe { System.realloc(ptr, layout, new) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A module whose only function has such a body.
pub(crate) fn module(locals: &str, body: &str) -> ModuleInfo {
    let wat = format!("(module (memory 1) (func (param i32) (result i32) {locals} {body}))");
    let bytes = wat::parse_str(wat).unwrap();
    parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap()
}

/// Functions of a kind, larger with the number.
pub(crate) type Kind = fn(usize) -> ModuleInfo;

pub(crate) fn many_locals(n: usize) -> ModuleInfo {
    let sets: String = (1..n)
        .map(|local| format!("(local.set {local} (i32.add (local.get {}) (local.get 0)))", local - 1))
        .collect();
    module(&format!("(local {})", "i32 ".repeat(n)), &format!("{sets} (local.get {n})"))
}

pub(crate) fn nested_blocks(n: usize) -> ModuleInfo {
    let mut body = "block ".repeat(n);
    for target in (0..n).step_by(10) {
        write!(body, "local.get 0 i32.const {target} i32.eq br_if {target} ").unwrap();
    }
    module("", &format!("{body} {} local.get 0", "end ".repeat(n)))
}

pub(crate) fn cases(n: usize) -> ModuleInfo {
    let labels: String = (0..n).map(|case| format!("{case} ")).collect();
    let blocks = "block ".repeat(n);
    let ends = "end local.get 0 i32.load offset=4 local.set 0 br $next ".repeat(n);
    module("", &format!("loop $next {blocks} local.get 0 br_table {labels} {ends} end unreachable"))
}
