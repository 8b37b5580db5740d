//! A store with two instances of three functions, by hand: what code needs of the runtime, and notes of what was asked of it.

use std::cell::{Cell, RefCell};
use std::mem::{MaybeUninit, offset_of};
use std::sync::atomic::AtomicU64;

use upshift_core::vm::registers::ArgRegisters;
use upshift_core::vm::{
    Builtins, CallTarget, Entry, ExitPoint, FuncRec, Landing, MemRecord, MemoryMode, STACK_RESERVE, Status,
    StoreCtx, VmCounts, VmCtx, VmLayout,
};
use upshift_core::{FuncType, TypeId, ValType};
use upshift_ir::{FuncCode, text};

use crate::dispatch::Dispatch;

/// Functions of an instance.
const FUNCS: usize = 3;

/// Where the record of a function lies in its instance.
pub(super) const fn record(func: usize) -> usize {
    size_of::<VmCtx>() + func * size_of::<FuncRec>()
}

/// What the services answer, and what they have seen.
#[derive(Default)]
pub(super) struct Notes {
    /// The native stack pointers that native code has told.
    pub(super) stacks: RefCell<Vec<usize>>,
    /// The instructions that became hot, or where native code asked, with their frames.
    pub(super) asked: RefCell<Vec<(*const u64, *mut u64)>>,
    /// Where to go on when asked; where it was if it is null.
    pub(super) landing: Cell<*const u64>,
    /// What to answer instead.
    pub(super) status: Cell<Option<Status>>,
    /// The code that is made when it is asked for, and the exit then.
    pub(super) code: Cell<*const u64>,
    pub(super) exit: Cell<Option<ExitPoint>>,
    /// What registers brought to functions that were called so for the first time, and whether the stack was aligned for calls.
    pub(super) spread: RefCell<Vec<ArgRegisters>>,
}

#[repr(C)]
struct Instance {
    ctx: VmCtx,
    funcs: [FuncRec; FUNCS],
    /// What the only call site that needs one has called.
    target: CallTarget,
}

/// Where the cell of a call site lies behind a context.
pub(super) const CALL_SITE: usize = offset_of!(Instance, target);

pub(super) struct World {
    instances: [*mut Instance; 2],
    store: *mut StoreCtx,
    stack: Box<[u64]>,
    pub(super) notes: Box<Notes>,
    codes: Vec<FuncCode>,
    /// What only has to live.
    _kept: (Box<MemRecord>, Box<Builtins>, Box<AtomicU64>),
}

unsafe fn notes<'a>(ctx: *mut VmCtx) -> &'a Notes {
    // SAFETY: the contexts of a world have its notes.
    unsafe { &*(*ctx).instance.cast() }
}

unsafe extern "C" fn asked(ctx: *mut VmCtx, ip: *const u64, fp: *mut u64) -> Status {
    // SAFETY: the world lives while its code runs.
    unsafe {
        let (notes, store) = (notes(ctx), (*ctx).store);
        assert_eq!((*store).exit, ExitPoint::at(ip, fp, ctx));
        notes.asked.borrow_mut().push((ip, fp));
        let func: &FuncRec = &**fp.sub(1).cast::<*const FuncRec>();
        func.counter.set(FuncRec::COUNTER_START);
        if let Some(status) = notes.status.get() {
            return status;
        }
        if notes.landing.get().is_null() {
            return Status::OK;
        }
        (*store).landing = Landing { ip: notes.landing.get(), fp, ctx, sp: 0 };
        Status::LANDING
    }
}

unsafe extern "C" fn translate(func: *const FuncRec) -> Status {
    // SAFETY: the world lives while its code runs.
    unsafe {
        let ctx = (*func).vmctx;
        (*func).code.set(notes(ctx).code.get());
        notes(ctx).exit.set(Some((*(*ctx).store).exit));
        Status::OK
    }
}

unsafe extern "C" fn spread(func: *const FuncRec, registers: *const ArgRegisters, fp: *mut u64) {
    // SAFETY: the world lives while its code runs; the stub gives the address of what it has stored.
    unsafe {
        assert_eq!(*fp.sub(1), func as u64, "the header is that of the function");
        assert!(registers.is_aligned());
        notes((*func).vmctx).spread.borrow_mut().push(*registers);
        (*registers).spread(&[ValType::I64], fp.sub(4));
        // As the runtime does with more of the stack.
        std::hint::black_box([*registers; 4]);
    }
}

extern "C" fn not_expected() -> ! {
    panic!("no code of the tests asks for this")
}

/// What native code tells of the native stack.
pub(super) unsafe extern "C" fn note_stack(ctx: *mut VmCtx, sp: usize) {
    // SAFETY: the world lives while its code runs.
    unsafe {
        assert_eq!((*(*(*ctx).store).entry).sp.get(), sp, "it is where the entry says");
        notes(ctx).stacks.borrow_mut().push(sp);
    }
}

fn builtins() -> Builtins {
    let mut builtins = MaybeUninit::<Builtins>::uninit();
    // SAFETY: all fields are addresses of functions.
    unsafe {
        let words = builtins.as_mut_ptr().cast::<extern "C" fn() -> !>();
        for i in 0..size_of::<Builtins>() / size_of::<usize>() {
            words.add(i).write(not_expected);
        }
        Builtins { hot: asked, switch: asked, translate, spread, ..builtins.assume_init() }
    }
}

impl World {
    /// A world whose value stack has so many slots for frames. No function has code.
    pub(super) fn new(slots: usize) -> World {
        let layout = VmLayout::new(&VmCounts { own_funcs: FUNCS as u32, ..VmCounts::default() });
        assert_eq!((layout.func(0), layout.func(2)), (record(0), record(2)));
        let mut stack = vec![0; slots + STACK_RESERVE].into_boxed_slice();
        let mut memory = Box::new(MemRecord::new(std::ptr::null_mut(), 0, MemoryMode::Check));
        let (notes, builtins, epoch) =
            (Box::<Notes>::default(), Box::new(builtins()), Box::new(AtomicU64::new(0)));
        let store = Box::into_raw(Box::new(StoreCtx {
            stack_top: stack.as_mut_ptr(),
            epoch_deadline: u64::MAX,
            fuel: 0,
            entry: std::ptr::null(),
            exit: ExitPoint::NONE,
            landing: Landing::NONE,
            stopped: ExitPoint::NONE,
            trap_operand: 0,
            native_limit: 0,
            gc_bump: 0,
            gc_limit: 0,
            displays: std::ptr::null(),
            types: std::ptr::null(),
            type_count: 0,
            entered: [0; 3],
        }));
        let ty = FuncType::new([ValType::I64], [ValType::I64]);
        let instances = [(); 2].map(|()| {
            let ctx = VmCtx {
                store,
                mem0: &raw mut *memory,
                mem0_base: std::ptr::null_mut(),
                stack_limit: stack.as_mut_ptr().wrapping_add(slots),
                builtins: &raw const *builtins,
                epoch: &raw const *epoch,
                gc_base: std::ptr::null_mut(),
                instance: (&raw const *notes).cast_mut().cast(),
            };
            let func = || FuncRec::new(Entry::NONE, std::ptr::null_mut(), TypeId(0), &ty, 0);
            let instance = Box::into_raw(Box::new(Instance {
                ctx,
                funcs: [func(), func(), func()],
                target: CallTarget::UNSEEN,
            }));
            for func in 0..FUNCS {
                // SAFETY: it was made above.
                unsafe { (*instance).funcs[func].vmctx = &raw mut (*instance).ctx };
            }
            instance
        });
        World { instances, store, stack, notes, codes: Vec::new(), _kept: (memory, builtins, epoch) }
    }

    /// Links code of the interpreter.
    pub(super) fn interpreted(&mut self, text: &str) -> *const u64 {
        let mut code = text::parse(text).unwrap();
        crate::link(code.words_mut());
        self.codes.push(code);
        self.codes.last().unwrap().entry()
    }

    pub(super) fn func(&self, instance: usize, func: usize) -> &FuncRec {
        // SAFETY: instances live as long as the world; what changes in records is in cells.
        unsafe { &(*self.instances[instance]).funcs[func] }
    }

    /// Gives a function its code.
    pub(super) fn set(&self, instance: usize, func: usize, code: *const u64, native: *const u8) {
        self.func(instance, func).code.set(code);
        self.func(instance, func).native.set(native);
    }

    pub(super) fn ctx(&self, instance: usize) -> *mut VmCtx {
        self.instances[instance].cast()
    }

    pub(super) fn store(&self) -> *mut StoreCtx {
        self.store
    }

    /// The frame of a function with one parameter that the host has entered.
    pub(super) fn outermost(&mut self) -> *mut u64 {
        self.stack.as_mut_ptr().wrapping_add(4)
    }

    /// Enters a function of the first instance.
    pub(super) fn call(&mut self, dispatch: Dispatch, func: usize, argument: u64) -> Result<u64, Status> {
        self.stack[0] = argument;
        let (args, rec) = (self.stack.as_mut_ptr(), &raw const *self.func(0, func));
        // SAFETY: the code and the records are those of this world; there is one argument.
        let status = unsafe { crate::enter(dispatch, self.store, rec, args) };
        // SAFETY: the store lives, and no code runs.
        unsafe {
            assert!((*self.store).entry.is_null() && (*self.store).exit.is_none());
        }
        if status == Status::OK { Ok(self.stack[0]) } else { Err(status) }
    }

    /// Where the last call that failed was stopped.
    pub(super) fn stopped(&self) -> ExitPoint {
        // SAFETY: the store lives, and no code runs.
        unsafe { (*self.store).stopped }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // SAFETY: `new` has made them, and no code runs.
        unsafe {
            self.instances.into_iter().for_each(|instance| drop(Box::from_raw(instance)));
            drop(Box::from_raw(self.store));
        }
    }
}
