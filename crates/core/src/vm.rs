//! The structures that generated code, the interpreter and the runtime share. All are `#[repr(C)]`; offsets are always taken
//! by `offset_of!`, never written as numbers.
//!
//! ```text
//! VmCtx     one per instance; only what never changes while the instance lives
//!   ├─ store ─▶ StoreCtx      one per store; all that changes: stack top, deadline, fuel, exits, where objects go
//!   ├─ builtins, epoch, stack limit, memory 0, base of objects
//!   └─ behind the header, in the same allocation, where VmLayout says:
//!        memories ─▶ MemRecord          tables ─▶ TableRecord
//!        imported functions ─▶ FuncRec  imported globals ─▶ GlobalCell
//!        GlobalCell × own globals       FuncRec × own functions       CallTarget × sites of indirect calls
//! ```
//!
//! A *function reference* is the address of a [`FuncRec`] or 0. FuncRecs live as long as their store.
//!
//! A *frame* of the value stack is laid out by [`frame`].

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::trap::Trap;
use crate::types::{FuncType, MAX_PARAMS, MAX_RESULTS, TypeId, TypeKind};
use crate::vm::registers::ArgRegisters;

/// The shape of a frame on the value stack, shared by the interpreter and the single-pass compiler.
///
/// ```text
///   param 0 … param n-1 | return ip | caller fp | FuncRec* |  locals … | operand homes …
///   └ results go here,                                    fp ┘
///     after the header was read
/// ```
///
/// All slots have 8 bytes. The parameters of a callee are the topmost operands of its caller, so a call copies nothing. The
/// frame pointer is at the end of the header, whose slots so have constant places: whoever finds a frame knows its function,
/// and the frame below, without knowing where the code of functions lies.
pub mod frame {
    /// Slots between parameters and locals.
    pub const HEADER_SLOTS: u32 = 3;
    /// Slot, counted from `fp`, that holds the instruction to go on with after the return.
    pub const RETURN_IP: isize = -3;
    /// Slot that holds the frame pointer of the caller.
    pub const CALLER_FP: isize = -2;
    /// Slot that holds the function's own `FuncRec`.
    pub const FUNC: isize = -1;

    /// Slots of the record that a call into another instance leaves below the callee's parameters.
    pub const RESTORE_SLOTS: u32 = 4;
    /// Restore slot that holds the caller's next instruction.
    pub const RESTORE_IP: u32 = 0;
    /// Restore slot that holds the caller's frame pointer.
    pub const RESTORE_FP: u32 = 1;
    /// Restore slot that holds the caller's `VmCtx`.
    pub const RESTORE_CTX: u32 = 2;
    /// Restore slot that holds the number of result slots.
    pub const RESTORE_RESULTS: u32 = 3;

    /// Slot in which a call of a function of another instance or of the host leaves the caller's `VmCtx`, null if the host
    /// calls. Host functions learn from it who calls them, which after a tail call is not where they return to; for functions
    /// of wasm it is the first slot of locals and operand homes, which they overwrite.
    pub const CALLER_CTX: isize = 0;

    /// How far `fp` lies above the first parameter of a function with so many parameter slots.
    #[inline(always)]
    #[must_use]
    pub const fn fp_offset(param_slots: u32) -> u32 {
        param_slots + HEADER_SLOTS
    }
}

pub mod registers;

/// A function as the target of calls: 48 bytes, at an address that stays as long as its store.
///
/// A record belongs to one store, so only the thread that uses the store reads or writes it; what other threads publish
/// (code, for all instances of a module) lies elsewhere and is fetched by that thread.
///
/// That of a function of the host is the beginning of a [`HostRec`].
///
/// | field | written at creation | written later |
/// |---|---|---|
/// | `code` | never null: the code, or the stub that asks for it | by [`Builtins::translate`] at the first call, and by [`Builtins::hot`] |
/// | `native` | the adaptor to `code`; null where there is no native code in the process | when the function gets native code |
/// | `reg_entry` | the adaptor to `native` that suits every type; null where there is no native code in the process | by [`Builtins::spread`] at the first call, and when the function gets native code |
/// | `counter` | what the runtime gives, see [`Entry`] | by calls and back edges, which count it down, and by [`Builtins::hot`] |
/// | all others | final | never |
///
/// What is written later is in cells, so references to records may be shared while code runs.
#[derive(Debug)]
#[repr(C)]
pub struct FuncRec {
    /// Entry for callers that pass arguments in slots: the code's [preamble](Preamble) word. A caller never has to test it.
    pub code: Cell<*const u64>,
    /// Entry for callers in native code that pass arguments in slots: the function's own native code, or an adaptor that
    /// goes on at [`code`](Self::code). Null while there is no native code in the process, so nobody to read it.
    pub native: Cell<*const u8>,
    /// Entry for callers in native code that pass arguments in registers ([`registers`]): the function's native code, or an
    /// adaptor that stores them and goes on at [`native`](Self::native). Null while there is no native code in the process, so
    /// nobody to read it.
    pub reg_entry: Cell<*const u8>,
    /// The instance that the function belongs to; for host functions the store's host context. Never null.
    pub vmctx: *mut VmCtx,
    /// The function's canonical type.
    pub ty: TypeId,
    /// Index of the function in its module, or of the host function in its store.
    pub index: u32,
    /// How many more calls and iterations of loops there may be before the runtime is asked whether better code is worth its price.
    pub counter: Cell<i32>,
    /// Slots that the parameters take: at most two for each of [`MAX_PARAMS`].
    pub param_slots: u16,
    /// Slots that the results take: at most two for each of [`MAX_RESULTS`].
    pub result_slots: u16,
}

/// How a function is entered at first, and how long it stays so: what a new [`FuncRec`] begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// See [`FuncRec::code`].
    pub code: *const u64,
    /// See [`FuncRec::native`].
    pub native: *const u8,
    /// See [`FuncRec::reg_entry`].
    pub reg_entry: *const u8,
    /// See [`FuncRec::counter`]; [`FuncRec::COUNTER_START`] where no better code will ever be made.
    pub counter: i32,
}

impl Entry {
    /// That of a function that cannot be called.
    pub const NONE: Entry = Entry {
        code: std::ptr::null(),
        native: std::ptr::null(),
        reg_entry: std::ptr::null(),
        counter: FuncRec::COUNTER_START,
    };
}

impl FuncRec {
    /// The [`counter`](Self::counter) of a function that nobody has better code for: it is asked for as seldom as can be.
    pub const COUNTER_START: i32 = i32::MAX;

    /// A function that was never called.
    ///
    /// ```
    /// use upshift_core::vm::{Entry, FuncRec};
    /// use upshift_core::{FuncType, TypeId, ValType};
    ///
    /// let ty = FuncType::new([ValType::V128, ValType::I32], [ValType::F64]);
    /// let entry = Entry { counter: 1000, ..Entry::NONE };
    /// let func = FuncRec::new(entry, std::ptr::null_mut(), TypeId(7), &ty, 0);
    /// assert_eq!((func.param_slots, func.result_slots), (3, 1));
    /// assert_eq!(func.counter.get(), 1000);
    /// ```
    #[inline]
    #[must_use]
    pub fn new(entry: Entry, vmctx: *mut VmCtx, ty: TypeId, func: &FuncType, index: u32) -> FuncRec {
        const { assert!(2 * MAX_PARAMS <= u16::MAX as usize && 2 * MAX_RESULTS <= u16::MAX as usize) };
        FuncRec {
            code: Cell::new(entry.code),
            native: Cell::new(entry.native),
            reg_entry: Cell::new(entry.reg_entry),
            vmctx,
            ty,
            index,
            counter: Cell::new(entry.counter),
            param_slots: func.param_slots() as u16,
            result_slots: func.result_slots() as u16,
        }
    }
}

/// Runs a function of the host: arguments and results lie in slots. The exit is the caller; `caller` is the context of the instance that
/// calls, null if the host does. It never stops with a trap, but for reasons that the runtime holds.
pub type HostFn = unsafe extern "C" fn(host: *const HostRec, slots: *mut u64, caller: *mut VmCtx) -> Status;

/// A function of the host as the target of calls, for all of whose life the address of the record is that of the whole. Nothing in it
/// is written later.
///
/// Whoever has a record knows such a function by its context, which belongs to no instance.
#[derive(Debug)]
#[repr(C)]
pub struct HostRec {
    /// What references lead to.
    pub func: FuncRec,
    /// Runs it.
    pub run: HostFn,
    /// What belongs to that.
    pub closure: *const c_void,
    /// Bytes that its frame lies above the first argument.
    pub args: usize,
    /// Bytes that the first slot above all that is live during the call lies above the first argument.
    pub top: usize,
}

impl HostRec {
    /// The function of a record, with what runs it.
    #[must_use]
    pub fn new(func: FuncRec, run: HostFn, closure: *const c_void) -> HostRec {
        let args = frame::fp_offset(func.param_slots.into());
        let top = args.max(func.result_slots.into());
        let bytes = |slots: u32| slots as usize * size_of::<u64>();
        HostRec { func, run, closure, args: bytes(args), top: bytes(top) }
    }
}

/// How native code that has its frame on the value stack calls and returns. All code of a process that meets has the same form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum Returns {
    /// Calls are calls of the machine, whose return address the callee drops; returns push the address that they go to. The
    /// processor predicts such returns, whatever the number of callers. A callee that calls nobody may leave the address where it
    /// is, and return by it: a native entry finds there what the word in front of the header's return address names, tail calls
    /// included. Not where the system keeps a stack of return addresses of its own.
    #[default]
    Paired,
    /// Calls and returns are jumps.
    Jump,
}

/// The word before the first instruction of a function's code: the size of its frame from `fp` on in bytes, so that the check
/// at a call is a subtraction and a comparison with memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Preamble {
    /// Slots from `fp` to the end of the frame.
    pub frame_slots: u32,
}

impl Preamble {
    /// The preamble as a code word.
    #[must_use]
    pub const fn to_word(self) -> u64 {
        self.frame_slots as u64 * size_of::<u64>() as u64
    }

    /// The preamble from a code word.
    #[must_use]
    pub const fn from_word(word: u64) -> Preamble {
        Preamble { frame_slots: (word / size_of::<u64>() as u64) as u32 }
    }
}

/// What keeps accesses within a linear memory; fixed when the memory is made. Code may be made for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum MemoryMode {
    /// Everything that a 32-bit address with a 32-bit offset reaches is set aside from the beginning, even if the memory has
    /// no page yet. What lies behind the length is not accessible. The base never changes.
    Guard,
    /// Addresses have to be compared with the length. The base changes when the memory grows, unless it is shared; a memory
    /// without pages has none that could be used.
    Check,
}

/// Base, length and mode of a linear memory. A memory never shrinks, so a stale length is a safe one.
///
/// The record of a shared memory is used by several threads. Its base never changes; its length is published after the bytes
/// became accessible, and whoever sees the new length may access them: that they are accessible is known to the processor's
/// memory management, not to the program's own data, so no further order is needed.
#[derive(Debug)]
#[repr(C)]
pub struct MemRecord {
    /// First byte.
    pub base: *mut u8,
    /// Accessible bytes.
    pub len: AtomicUsize,
    /// Never changes.
    pub mode: MemoryMode,
}

impl MemRecord {
    /// A record of a memory.
    #[must_use]
    pub const fn new(base: *mut u8, len: usize, mode: MemoryMode) -> MemRecord {
        MemRecord { base, len: AtomicUsize::new(len), mode }
    }

    /// The accessible bytes that are known.
    #[inline(always)]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Whether nothing is accessible yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Base and length of a table; elements are 8-byte slots.
#[derive(Debug)]
#[repr(C)]
pub struct TableRecord {
    /// First element.
    pub base: *mut u64,
    /// Number of elements.
    pub len: usize,
}

/// The value of a global: one slot, or two for `v128`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(16))]
pub struct GlobalCell {
    /// The slots.
    pub slots: [u64; 2],
}

/// The first word of each object in the collector's heap: which type it has, and while it is moved, where it went.
///
/// A reference to an object is its offset from [`VmCtx::gc_base`], a multiple of 8 and never 0. Two other kinds of values
/// are references without objects: small integers, whose lowest bit is set, and values of the host, whose lowest bits are
/// `010`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct ObjectHeader {
    /// Twice the number of the type; odd when the object has moved.
    pub type_word: u32,
    /// The number of elements of an array, 0 for structs; the new place of an object that has moved.
    pub len: u32,
}

impl ObjectHeader {
    /// The word of an exception, which has no type of its own.
    pub const EXCEPTION: u32 = u32::MAX - 1;

    /// The word of objects of a type.
    #[inline(always)]
    #[must_use]
    pub const fn word_of(ty: TypeId) -> u32 {
        ty.0 << 1
    }

    /// The type; meaningless for exceptions.
    #[inline(always)]
    #[must_use]
    pub const fn type_id(self) -> TypeId {
        TypeId(self.type_word >> 1)
    }
}

/// Whether a value of a reference type, but not one of functions, is that of an object.
#[inline(always)]
#[must_use]
pub const fn is_object(reference: u32) -> bool {
    reference & 7 == 0 && reference != 0
}

/// Where a field of a struct lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct FieldPlace {
    /// Bytes from the start of the object.
    pub offset: u32,
    /// Binary logarithm of its bytes.
    pub bytes_log2: u32,
}

/// How many supertypes of a type code can compare without following a pointer.
pub const INLINE_SUPERTYPES: usize = 8;

/// A type's chain of supertypes from the top down, itself the last, as far as there is room; `u32::MAX` behind it. Zeroes stand
/// for a type that the store does not know.
///
/// It has 32 bytes, so code finds that of a type in [`StoreCtx::displays`] by a shift, and in one line of the cache.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(C, align(32))]
pub struct Display(pub [u32; INLINE_SUPERTYPES]);

/// What the collector and code know of a defined type at run time besides its [`Display`]; [`StoreCtx::types`] has one for
/// each [`TypeId`] that the store knows, and zeroes for others, which are a subtype of nothing.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct TypeRecord {
    /// The whole chain of supertypes, [`depth`](Self::depth) and one entries.
    pub supertypes: *const TypeId,
    /// The fields of a struct.
    pub fields: *const FieldPlace,
    /// Offsets of the fields that have to be traced.
    pub traced: *const u32,
    /// How many those are.
    pub traced_count: u32,
    /// How many fields a struct has.
    pub field_count: u32,
    /// Bytes of a struct with its header.
    pub size: u32,
    /// How many supertypes the type has.
    pub depth: u32,
    /// What it consists of.
    pub kind: TypeKind,
    /// Binary logarithm of the bytes of an array's elements.
    pub element_log2: u8,
    /// Whether the elements of an array have to be traced.
    pub element_traced: bool,
}

/// The part of an instance that code reads: only what never changes while the instance lives, so native code may keep any of
/// it in a register. Behind the header lie arrays, where the module's [`VmLayout`] says.
///
/// The context of host functions has no arrays, and its stack limit is set when the stack of its store is mapped.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct VmCtx {
    /// The store of the instance.
    pub store: *mut StoreCtx,
    /// Memory 0, or a record of length 0 if there is none.
    pub mem0: *mut MemRecord,
    /// Base of memory 0 if its mode is [`MemoryMode::Guard`]: it never moves. Null in the other mode and without memory.
    pub mem0_base: *mut u8,
    /// Where frames have to end. [`STACK_RESERVE`] slots lie behind it.
    pub stack_limit: *mut u64,
    /// Services of the runtime that code calls.
    pub builtins: *const Builtins,
    /// The engine's epoch, which any thread may advance.
    pub epoch: *const AtomicU64,
    /// What references to garbage-collected objects are relative to: the start of the store's heap, whose address space is
    /// set aside before the first context that needs it is made. It may be null in contexts whose code never looks into an
    /// object: that of host functions, those of modules that name no reference but to functions, and all if the system gave no
    /// address space, so that the store will have no object.
    pub gc_base: *mut u8,
    /// The runtime's own data about the instance.
    pub instance: *mut c_void,
}

impl VmCtx {
    /// The record of a memory. Memories come first behind the header, so code finds them by number.
    ///
    /// # Safety
    /// `ctx` must be a live context of an instance with such a memory.
    #[inline(always)]
    #[must_use]
    pub unsafe fn memory(ctx: *const VmCtx, memory: usize) -> *mut MemRecord {
        // SAFETY: the caller's promise; the array is the first thing behind the header.
        unsafe { *ctx.add(1).cast::<*mut MemRecord>().add(memory) }
    }

    /// What lies at an offset that a [`VmLayout`] gave: a pointer to a table, to an imported function or an imported global; an
    /// own global; or an own function.
    ///
    /// # Safety
    /// `ctx` must be a live context with the layout.
    #[inline(always)]
    #[must_use]
    pub unsafe fn at<T>(ctx: *mut VmCtx, offset: usize) -> *mut T {
        // SAFETY: the caller's promise: the offset is within the allocation.
        unsafe { ctx.byte_add(offset).cast() }
    }
}

/// How many entries the arrays behind a [`VmCtx`] have.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct VmCounts {
    /// Memories, imports included.
    pub memories: u32,
    /// Tables, imports included.
    pub tables: u32,
    /// Imported functions.
    pub imported_funcs: u32,
    /// Imported globals.
    pub imported_globals: u32,
    /// Own globals.
    pub own_globals: u32,
    /// Own functions.
    pub own_funcs: u32,
    /// Indirect calls and calls by reference in the module's code.
    pub call_sites: u32,
}

/// What a call site that finds its function at run time has called so far, in one instance.
///
/// It holds the index of a function, not its address: code belongs to the module, but functions' addresses differ from instance
/// to instance. What is 0 has never been called, so contexts begin with zeroes and nothing is written until code runs.
///
/// ```
/// use upshift_core::vm::CallTarget;
///
/// let mut target = CallTarget::UNSEEN;
/// target.note(CallTarget::own(4));
/// target.note(CallTarget::own(4));
/// assert_eq!(target.only(), Some(4));
/// target.note(CallTarget::own(5));
/// assert_eq!((target, target.only()), (CallTarget::MANY, None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct CallTarget(u32);

impl CallTarget {
    /// Nothing was called.
    pub const UNSEEN: CallTarget = CallTarget(0);
    /// More than one function, or one that does not belong to the instance.
    pub const MANY: CallTarget = CallTarget(u32::MAX);

    /// One function of the instance, by its index in the module.
    #[inline(always)]
    #[must_use]
    pub const fn own(index: u32) -> CallTarget {
        CallTarget(index.wrapping_add(1))
    }

    /// Another call.
    #[inline(always)]
    pub fn note(&mut self, target: CallTarget) {
        if *self != target {
            *self = if *self == CallTarget::UNSEEN { target } else { CallTarget::MANY };
        }
    }

    /// The index of the only function that was called, if there is one and it belongs to the instance.
    #[must_use]
    pub const fn only(self) -> Option<u32> {
        match self {
            CallTarget::UNSEEN | CallTarget::MANY => None,
            CallTarget(own) => Some(own - 1),
        }
    }
}

/// Where the arrays behind a [`VmCtx`] lie, in bytes from its start. It is the same for all instances of a module, so code has
/// the offsets in it.
///
/// ```
/// use upshift_core::vm::{VmCounts, VmCtx, VmLayout};
///
/// let layout = VmLayout::new(&VmCounts { memories: 1, tables: 2, own_funcs: 3, ..VmCounts::default() });
/// assert_eq!(layout.memory(0), size_of::<VmCtx>());
/// assert_eq!(layout.table_at(layout.table(1)), 1);
/// assert_eq!(layout.size(), layout.func(3));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VmLayout {
    tables: usize,
    imported_funcs: usize,
    imported_globals: usize,
    own_globals: usize,
    own_funcs: usize,
    call_sites: usize,
    size: usize,
}

impl VmLayout {
    /// The layout for so many entries.
    #[must_use]
    pub fn new(counts: &VmCounts) -> VmLayout {
        let behind = |start: usize, entries: u32, size: usize| start + entries as usize * size;
        let pointer = size_of::<*const u8>();
        let tables = behind(size_of::<VmCtx>(), counts.memories, pointer);
        let imported_funcs = behind(tables, counts.tables, pointer);
        let imported_globals = behind(imported_funcs, counts.imported_funcs, pointer);
        let pointers_end = behind(imported_globals, counts.imported_globals, pointer);
        let own_globals = pointers_end.next_multiple_of(align_of::<GlobalCell>());
        let own_funcs = behind(own_globals, counts.own_globals, size_of::<GlobalCell>());
        let call_sites = behind(own_funcs, counts.own_funcs, size_of::<FuncRec>());
        let size = behind(call_sites, counts.call_sites, size_of::<CallTarget>());
        let size = size.next_multiple_of(align_of::<VmCtx>());
        VmLayout { tables, imported_funcs, imported_globals, own_globals, own_funcs, call_sites, size }
    }

    /// Offset of the pointer to a memory's [`MemRecord`].
    #[must_use]
    pub fn memory(self, memory: u32) -> usize {
        size_of::<VmCtx>() + memory as usize * size_of::<*mut MemRecord>()
    }

    /// Offset of the pointer to a table's [`TableRecord`].
    #[must_use]
    pub fn table(self, table: u32) -> usize {
        self.tables + table as usize * size_of::<*mut TableRecord>()
    }

    /// The table whose pointer lies at an offset that [`table`](Self::table) gave.
    #[must_use]
    pub fn table_at(self, offset: usize) -> u32 {
        ((offset - self.tables) / size_of::<*mut TableRecord>()) as u32
    }

    /// Offset of the pointer to an imported function's [`FuncRec`].
    #[must_use]
    pub fn imported_func(self, func: u32) -> usize {
        self.imported_funcs + func as usize * size_of::<*const FuncRec>()
    }

    /// Offset of the pointer to an imported global's [`GlobalCell`].
    #[must_use]
    pub fn imported_global(self, global: u32) -> usize {
        self.imported_globals + global as usize * size_of::<*mut GlobalCell>()
    }

    /// Offset of an own global's [`GlobalCell`]; `own` counts without the imports.
    #[must_use]
    pub fn global(self, own: u32) -> usize {
        self.own_globals + own as usize * size_of::<GlobalCell>()
    }

    /// Offset of an own function's [`FuncRec`]; `own` counts without the imports.
    #[must_use]
    pub fn func(self, own: u32) -> usize {
        self.own_funcs + own as usize * size_of::<FuncRec>()
    }

    /// Offset of the [`CallTarget`] of a call site.
    #[must_use]
    pub fn call_site(self, site: u32) -> usize {
        self.call_sites + site as usize * size_of::<CallTarget>()
    }

    /// Size of the whole context.
    #[must_use]
    pub fn size(self) -> usize {
        self.size
    }
}

/// Slots behind [`VmCtx::stack_limit`]: room for the arguments, results, restore records and headers that are written
/// before a callee's own frame is checked. Validation bounds a function to 1000 parameters and 1000 results.
pub const STACK_RESERVE: usize = 8192;

/// Which instruction the program counter of an [`ExitPoint`] stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum PcKind {
    /// The one that begins there: it trapped, throws, or asked the runtime for something that it waits for.
    At,
    /// The one that ends there: a call, after which the code goes on at the pc. It may be the last one of its function, so that
    /// the pc itself belongs to another function or to none.
    After,
}

/// Where wasm code was left: for a call to the host, a service of the runtime, a trap, or an entry that is nested in it.
///
/// Whoever leaves code notes all of it; the runtime never reads the frame of the code that calls it to find out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct ExitPoint {
    /// Address of a code word of the interpreter, or of native code; 0 if there is no exit.
    pub pc: usize,
    /// Which instruction it stands for.
    pub at: PcKind,
    /// The frame of the instruction.
    pub fp: *mut u64,
    /// Its instance.
    pub ctx: *mut VmCtx,
}

impl ExitPoint {
    /// No exit: nothing of wasm lies below.
    pub const NONE: ExitPoint =
        ExitPoint { pc: 0, at: PcKind::After, fp: std::ptr::null_mut(), ctx: std::ptr::null_mut() };

    /// Left by the instruction at `ip`, which is an address of a code word.
    #[inline(always)]
    #[must_use]
    pub fn at(ip: *const u64, fp: *mut u64, ctx: *mut VmCtx) -> ExitPoint {
        ExitPoint { pc: ip.addr(), at: PcKind::At, fp, ctx }
    }

    /// Left by the call that goes on at `ip`.
    #[inline(always)]
    #[must_use]
    pub fn after(ip: *const u64, fp: *mut u64, ctx: *mut VmCtx) -> ExitPoint {
        ExitPoint { pc: ip.addr(), at: PcKind::After, fp, ctx }
    }

    /// Whether there is no exit.
    #[inline(always)]
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.pc == 0
    }

    /// An address within the instruction, whichever way the pc stands for it: instructions have at least a word in the
    /// interpreter and a byte elsewhere, so one byte back is enough.
    #[inline(always)]
    #[must_use]
    pub fn inside(&self) -> usize {
        match self.at {
            PcKind::At => self.pc,
            PcKind::After => self.pc - 1,
        }
    }
}

/// Where control goes on after an exception was caught, or in other code of the running function: what [`Status::LANDING`]
/// leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Landing {
    /// The code word to go on with.
    pub ip: *const u64,
    /// The frame that goes on.
    pub fp: *mut u64,
    /// Its instance.
    pub ctx: *mut VmCtx,
    /// The native stack pointer to set first, for code whose frames lie on the native stack; 0 keeps the current one, as for
    /// frames of the value stack, whose code leaves the native stack where the entry put it.
    pub sp: usize,
}

impl Landing {
    /// Nothing has landed yet.
    pub const NONE: Landing =
        Landing { ip: std::ptr::null(), fp: std::ptr::null_mut(), ctx: std::ptr::null_mut(), sp: 0 };
}

/// One activation of wasm code from the host. Lies on the host's stack while the activation runs; the chain starts at
/// [`StoreCtx::entry`].
#[derive(Debug)]
#[repr(C)]
pub struct EntryFrame {
    /// The activation below.
    pub prev: *const EntryFrame,
    /// Where the activation below was left.
    pub outer: ExitPoint,
    /// The native stack pointer that the entry gave to the code, which is at the return address into the entry. Whoever leaves
    /// the activation from deeper native frames (a fault, a thunk that passes a [`Status`] on) sets it back to this and returns.
    /// 0 where the entry is a Rust function: all of its code leaves by returning.
    pub sp: Cell<usize>,
}

/// What changes while a store's code runs.
#[derive(Debug)]
#[repr(C)]
pub struct StoreCtx {
    /// First slot above all live frames; valid while host code runs.
    pub stack_top: *mut u64,
    /// The epoch in which the program is interrupted, at its next entry or loop head.
    pub epoch_deadline: u64,
    /// What the program may still consume, if its code was made to count.
    pub fuel: u64,
    /// Innermost activation.
    pub entry: *const EntryFrame,
    /// Where the innermost activation left wasm code last; valid while the host or the runtime runs.
    pub exit: ExitPoint,
    /// Where a thrown exception was caught, or where better code goes on: what [`Status::LANDING`] goes on with.
    pub landing: Landing,
    /// Where the last trap or host error stopped the activation that has just ended.
    pub stopped: ExitPoint,
    /// The integer accumulator of the interpreter when an access to memory 0 trapped: the address, perhaps.
    pub trap_operand: u64,
    /// Lowest address to which the native stack may grow through nested activations, 0 outside of any.
    pub native_limit: usize,
    /// Where the next object goes in the collector's heap.
    pub gc_bump: u32,
    /// How far objects may reach before the runtime is asked, which collects or makes more room; not below `gc_bump`.
    pub gc_limit: u32,
    /// Supertypes of the types that objects and functions of the store have, by number.
    ///
    /// This and [`types`](Self::types) are replaced by longer arrays when the store learns of types: when an instance is made,
    /// or the host makes a function or an object of a new type, that is in any call of the host. Whoever keeps their address
    /// loads it again after a call. What an entry of a known type holds stays the same as long as the store lives, and so
    /// does what its addresses lead to.
    pub displays: *const Display,
    /// Records of the same types, by number.
    pub types: *const TypeRecord,
    /// How many entries both have; types behind them have neither supertypes nor objects.
    pub type_count: u32,
    /// Which tiers the outermost call has entered, or the last one that there was: not 0 for each, by number. Whatever leads from
    /// one tier to another notes it.
    pub entered: [u8; 3],
}

/// What a builtin returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Status(pub u32);

impl Status {
    /// Go on.
    pub const OK: Status = Status(0);
    /// Stop: the runtime holds an error or a panic of the host.
    pub const HOST: Status = Status(1);
    /// Go on at [`StoreCtx::landing`]: an exception was thrown and the activation has a handler for it, or other code of the
    /// running function goes on.
    pub const LANDING: Status = Status(2);

    /// The status of the first trap.
    const FIRST_TRAP: u32 = 3;

    /// Stop with a trap.
    #[inline]
    #[must_use]
    pub const fn trap(trap: Trap) -> Status {
        Status(Self::FIRST_TRAP + trap as u32)
    }

    /// The trap, if the status is one.
    #[must_use]
    pub fn as_trap(self) -> Option<Trap> {
        u8::try_from(self.0.checked_sub(Self::FIRST_TRAP)?).ok().and_then(Trap::from_u8)
    }
}

impl From<Result<(), Trap>> for Status {
    #[inline]
    fn from(result: Result<(), Trap>) -> Status {
        match result {
            Ok(()) => Status::OK,
            Err(trap) => Status::trap(trap),
        }
    }
}

/// A service with operands in consecutive slots, whose results replace them, and two immediates.
pub type Builtin = unsafe extern "C" fn(ctx: *mut VmCtx, args: *mut u64, x: u32, y: u32) -> Status;

/// What a service does besides making its result, see [`BuiltinOp::effects`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effects {
    /// It reads memories, or data segments.
    pub reads_memory: bool,
    /// It changes bytes of a memory.
    pub writes_memory: bool,
    /// It may move a memory, change its length, or drop a data segment.
    pub changes_memory: bool,
    /// It reads tables, or element segments.
    pub reads_table: bool,
    /// It changes elements of a table, its place or its length, or drops an element segment.
    pub writes_table: bool,
    /// It reads objects.
    pub reads_heap: bool,
    /// It changes objects that were there before.
    pub writes_heap: bool,
    /// It may trap.
    pub traps: bool,
    /// It may wait, or its last operand says how much it does. Within it the epoch is looked at, whose callback may do anything
    /// that a call of the host may do.
    pub lasts: bool,
    /// The collector may run.
    pub collects: bool,
    /// The first index is that of a type.
    pub of_type: bool,
}

impl Effects {
    /// None of them.
    pub const NONE: Effects = Effects {
        reads_memory: false,
        writes_memory: false,
        changes_memory: false,
        reads_table: false,
        writes_table: false,
        reads_heap: false,
        writes_heap: false,
        traps: false,
        lasts: false,
        collects: false,
        of_type: false,
    };
}

macro_rules! builtins {
    ($($(#[$doc:meta])* $name:ident $variant:ident $text:literal [$($effect:ident)*];)*) => {
        /// The runtime's services, by name; filled once by the runtime.
        #[derive(Debug)]
        #[repr(C)]
        pub struct Builtins {
            /// Translates the function if need be and sets its `code`. The exit is the function's caller.
            pub translate: unsafe extern "C" fn(func: *const FuncRec) -> Status,
            /// The counter of the function whose frame is at `fp` has run out; `ip`, which is noted as the exit, is where it goes
            /// on: at a loop's head, at its start or in the stub that stands for that. [`Status::OK`] goes on there,
            /// and the service has given the counter a new start; [`Status::LANDING`] goes on in better code. No value is in
            /// a register, nothing of the host runs.
            pub hot: unsafe extern "C" fn(ctx: *mut VmCtx, ip: *const u64, fp: *mut u64) -> Status,
            /// Native code stands at a place where the function may go on in other code, with all values in their slots; `ip`,
            /// which is noted as the exit, is the word that led here. [`Status::OK`] goes on at the word behind it,
            /// [`Status::LANDING`] in the other code. Nothing of the host runs.
            pub switch: unsafe extern "C" fn(ctx: *mut VmCtx, ip: *const u64, fp: *mut u64) -> Status,
            /// Native code has called a function with arguments in registers, and nobody has seen to it yet that they get into the
            /// slots of its parameters, which end at the header of its frame: writes those that are in `registers` there, and has
            /// later calls do so without this. Nothing of the host runs.
            pub spread: unsafe extern "C" fn(func: *const FuncRec, registers: *const ArgRegisters, fp: *mut u64),
            /// The epoch has reached the deadline: moves the deadline, or stops the program.
            pub interrupt: unsafe extern "C" fn(ctx: *mut VmCtx) -> Status,
            /// Makes room for an object of so many bytes in the collector's heap; objects may move.
            pub make_room: unsafe extern "C" fn(ctx: *mut VmCtx, bytes: u32) -> Status,
            /// Throws an exception with a tag of the instance; its values lie in slots.
            pub throw: unsafe extern "C" fn(ctx: *mut VmCtx, payload: *mut u64, tag: u32) -> Status,
            /// Throws the exception of a reference.
            pub throw_ref: unsafe extern "C" fn(ctx: *mut VmCtx, exception: u64) -> Status,
            $($(#[$doc])* pub $name: Builtin,)*
        }

        /// The services that an instruction can call directly.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        pub enum BuiltinOp {
            $($(#[$doc])* $variant,)*
        }

        impl BuiltinOp {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [BuiltinOp] = &[$(BuiltinOp::$variant,)*];

            /// The name in dumps.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(BuiltinOp::$variant => $text,)*
                }
            }

            /// What the service reads and changes besides its operands and its result.
            #[must_use]
            pub const fn effects(self) -> Effects {
                match self {
                    $(BuiltinOp::$variant => Effects { $($effect: true,)* ..Effects::NONE },)*
                }
            }
        }

        impl Builtins {
            /// The service for an instruction.
            #[inline(always)]
            #[must_use]
            pub fn get(&self, op: BuiltinOp) -> Builtin {
                match op {
                    $(BuiltinOp::$variant => self.$name,)*
                }
            }
        }
    };
}

builtins! {
    /// `memory.grow x`: delta → old size in pages or -1.
    memory_grow MemoryGrow "memory.grow" [changes_memory traps];
    /// `memory.fill x`: address, byte, length.
    memory_fill MemoryFill "memory.fill" [writes_memory traps lasts];
    /// `memory.copy x y`: destination, source, length.
    memory_copy MemoryCopy "memory.copy" [reads_memory writes_memory traps lasts];
    /// `memory.init` of memory `x` from data segment `y`: destination, source, length.
    memory_init MemoryInit "memory.init" [reads_memory writes_memory traps lasts];
    /// `memory.atomic.notify` at memory `x`: address, how many, offset → how many were woken.
    memory_notify MemoryNotify "memory.atomic.notify" [traps];
    /// `memory.atomic.wait32` at memory `x`: address, expected value, timeout, offset → how it ended.
    memory_wait32 MemoryWait32 "memory.atomic.wait32" [reads_memory traps lasts];
    /// `memory.atomic.wait64` at memory `x`: address, expected value, timeout, offset → how it ended.
    memory_wait64 MemoryWait64 "memory.atomic.wait64" [reads_memory traps lasts];
    /// `data.drop x`.
    data_drop DataDrop "data.drop" [changes_memory];
    /// `table.get x`: index → reference.
    table_get TableGet "table.get" [reads_table traps];
    /// `table.set x`: index, reference.
    table_set TableSet "table.set" [writes_table traps];
    /// `table.size x`: → size.
    table_size TableSize "table.size" [reads_table];
    /// `table.grow x`: reference, delta → old size or -1.
    table_grow TableGrow "table.grow" [writes_table traps];
    /// `table.fill x`: index, reference, length.
    table_fill TableFill "table.fill" [writes_table traps lasts];
    /// `table.copy x y`: destination, source, length.
    table_copy TableCopy "table.copy" [reads_table writes_table traps lasts];
    /// `table.init` of table `x` from element segment `y`: destination, source, length.
    table_init TableInit "table.init" [reads_table writes_table traps lasts collects];
    /// `elem.drop x`.
    elem_drop ElemDrop "elem.drop" [writes_table];
    /// `array.new` of type `x`: value, length → array. A vector takes two operands, here and below.
    array_new ArrayNew "array.new" [traps lasts collects of_type];
    /// `array.new_default` of type `x`: length → array.
    array_new_default ArrayNewDefault "array.new_default" [traps lasts collects of_type];
    /// `array.new_fixed` of type `x`: `y` values → array.
    array_new_fixed ArrayNewFixed "array.new_fixed" [traps collects of_type];
    /// `array.new_data` of type `x` from data segment `y`: source, length → array.
    array_new_data ArrayNewData "array.new_data" [reads_memory traps lasts collects of_type];
    /// `array.new_elem` of type `x` from element segment `y`: source, length → array.
    array_new_elem ArrayNewElem "array.new_elem" [reads_table traps lasts collects of_type];
    /// `array.fill` of type `x`: array, index, value, length.
    array_fill ArrayFill "array.fill" [writes_heap traps lasts of_type];
    /// `array.copy` between arrays of type `x`: array, index, source, index, length.
    array_copy ArrayCopy "array.copy" [reads_heap writes_heap traps lasts of_type];
    /// `array.init_data` of type `x` from data segment `y`: array, index, source, length.
    array_init_data ArrayInitData "array.init_data" [reads_memory writes_heap traps lasts of_type];
    /// `array.init_elem` of type `x` from element segment `y`: array, index, source, length.
    array_init_elem ArrayInitElem "array.init_elem" [reads_table writes_heap traps lasts collects of_type];
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::{
        Display, Entry, FuncRec, GlobalCell, MemoryMode, Status, TypeRecord, VmCounts, VmCtx, VmLayout,
    };
    use crate::Trap;
    use crate::types::{FuncType, MAX_PARAMS, MAX_RESULTS, TypeId, TypeKind, ValType};

    /// Each function of each instance takes so much, whether it ever runs or not; no byte of it is padding.
    #[test]
    fn function_records() {
        let offsets = [
            (offset_of!(FuncRec, code), 0),
            (offset_of!(FuncRec, native), 8),
            (offset_of!(FuncRec, reg_entry), 16),
            (offset_of!(FuncRec, vmctx), 24),
            (offset_of!(FuncRec, ty), 32),
            (offset_of!(FuncRec, index), 36),
            (offset_of!(FuncRec, counter), 40),
            (offset_of!(FuncRec, param_slots), 44),
            (offset_of!(FuncRec, result_slots), 46),
        ];
        for (offset, expected) in offsets {
            assert_eq!(offset, expected);
        }
        assert_eq!((size_of::<FuncRec>(), align_of::<FuncRec>()), (48, 8));
        let widest = FuncType::new([ValType::V128; MAX_PARAMS], [ValType::V128; MAX_RESULTS]);
        let entry = Entry {
            native: std::ptr::dangling(),
            reg_entry: std::ptr::dangling(),
            counter: 7,
            ..Entry::NONE
        };
        let rec = FuncRec::new(entry, std::ptr::null_mut(), TypeId(1), &widest, 0);
        assert_eq!((u32::from(rec.param_slots), u32::from(rec.result_slots)), (2000, 2000));
        assert_eq!((rec.code.get(), rec.native.get(), rec.counter.get()), (entry.code, entry.native, 7));
        assert_eq!(rec.reg_entry.get(), entry.reg_entry);
    }

    #[test]
    fn layouts() {
        assert_eq!(size_of::<GlobalCell>(), 16);
        // One line of the cache; nothing of it is padding.
        assert_eq!((size_of::<VmCtx>(), offset_of!(VmCtx, instance)), (64, 56));
        let counts = VmCounts {
            memories: 2,
            tables: 1,
            imported_funcs: 1,
            imported_globals: 1,
            own_globals: 3,
            own_funcs: 2,
            call_sites: 5,
        };
        let layout = VmLayout::new(&counts);
        let pointers = [
            layout.memory(0),
            layout.memory(1),
            layout.table(0),
            layout.imported_func(0),
            layout.imported_global(0),
        ];
        assert_eq!(pointers, [64, 72, 80, 88, 96]);
        assert_eq!((layout.global(0), layout.global(2)), (112, 144));
        assert_eq!((layout.func(0), layout.func(1)), (160, 208));
        assert_eq!((layout.call_site(0), layout.call_site(4), layout.size()), (256, 272, 288));
        assert_eq!(VmLayout::new(&VmCounts::default()).size(), size_of::<VmCtx>());
    }

    #[test]
    fn records_of_types() {
        assert_eq!((size_of::<Display>(), align_of::<Display>(), size_of::<TypeRecord>()), (32, 32, 48));
        // What is read by bytes.
        assert_eq!((size_of::<TypeKind>(), size_of::<Trap>(), size_of::<MemoryMode>()), (1, 1, 4));
        assert_eq!([TypeKind::Func as u8, TypeKind::Struct as u8, TypeKind::Array as u8], [0, 1, 2]);
    }

    #[test]
    fn statuses() {
        assert_eq!(Status::OK.as_trap(), None);
        assert_eq!(Status::HOST.as_trap(), None);
        assert_eq!(Status::LANDING.as_trap(), None);
        assert_eq!(Status::trap(Trap::StackOverflow).as_trap(), Some(Trap::StackOverflow));
    }
}
