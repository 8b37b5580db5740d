//! Faults, end to end: native code that the interpreter enters accesses memories, and so does the host. What ends a process or
//! changes its signals does so in one of its own.

use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

use libc::{SIGSEGV, c_int, c_void, siginfo_t};
use upshift_asm::x64::{Assembler, Gpr, Mem, Scale, Size};
use upshift_asm::{NativeCode, Reloc, RelocKind, Stub, Word};
use upshift_core::Trap;
use upshift_core::types::{FuncType, TypeId, ValType};
use upshift_core::vm::{
    Entry, ExitPoint, FuncRec, Landing, MemRecord, MemoryMode, PcKind, Preamble, Status, StoreCtx, VmCtx,
};
use upshift_interp::Dispatch;

use super::{fault, prepare_thread};
use crate::vm::apart;
use crate::vm::code::{CodeSet, Fault, NativeKind};
use crate::vm::mmap::Mapping;
use crate::vm::reservation::{GUARD, REACH};

const PAGE: usize = 64 << 10;
/// What a memory of mode guard has set aside.
const WHOLE: usize = (REACH + GUARD) as usize;

/// A memory with one page and address space on both sides of what is set aside for it, which nothing is mapped at.
struct Memory {
    _mapping: Mapping,
    record: MemRecord,
}

impl Memory {
    fn new(mode: MemoryMode) -> Memory {
        let mut mapping = Mapping::reserve(WHOLE + 2 * PAGE).expect("there is address space");
        mapping.commit(PAGE..2 * PAGE).expect("there is memory");
        let record = MemRecord::new(mapping.base().wrapping_add(PAGE), PAGE, mode);
        Memory { _mapping: mapping, record }
    }

    fn base(&self) -> *mut u8 {
        self.record.base
    }
}

/// A context with two memories.
#[repr(C)]
struct Context {
    ctx: VmCtx,
    memories: [*mut MemRecord; 2],
}

/// An instance of one function: it loads 8 bytes from memory 0, at the address that is its parameter.
struct Guest {
    memories: Box<[Memory; 2]>,
    store: Box<StoreCtx>,
    context: Box<Context>,
    stack: Vec<u64>,
    func: FuncRec,
    /// Where the load is.
    pc: usize,
}

/// What the function does before it loads.
type Before = Option<extern "C" fn()>;

/// The function: its code, where its preamble is and where it loads.
fn load(before: Before) -> (NativeCode, u32, u32) {
    let mut asm = Assembler::new();
    let entry = asm.here();
    asm.mov(Size::S64, Gpr::RBX, Gpr::RDX);
    asm.mov(Size::S64, Gpr::R14, Gpr::RDI);
    asm.mov(Size::S64, Gpr::R15, Gpr::RCX);
    if let Some(before) = before {
        asm.mov_imm(Gpr::RAX, before as usize as u64);
        asm.lea(Size::S64, Gpr::RSP, Mem::base(Gpr::RSP, -8));
        asm.call_to(Gpr::RAX);
        asm.lea(Size::S64, Gpr::RSP, Mem::base(Gpr::RSP, 8));
    }
    asm.mov(Size::S64, Gpr::RCX, Mem::base(Gpr::RBX, -32));
    let access = asm.offset();
    asm.mov(Size::S64, Gpr::RAX, Mem::index(Gpr::R15, Gpr::RCX, Scale::X1, 0));
    asm.mov_mr(Size::S64, Mem::base(Gpr::RBX, -32), Gpr::RAX);
    asm.mov_imm(Gpr::RAX, Status::OK.0.into());
    asm.ret();
    let words = asm.words(&[Word::Value(Preamble { frame_slots: 4 }.to_word()), Word::Label(entry)]);
    let code = asm.finish().expect("it is short");
    let preamble = code.pool + words.offset();
    (code, preamble, access)
}

impl Guest {
    /// With memories of one mode, and faults in the table that names the load by its place.
    fn new(set: &CodeSet<'static>, mode: MemoryMode, faults: impl FnOnce(u32) -> Vec<Fault>) -> Guest {
        Guest::that_does(set, None, mode, faults)
    }

    fn that_does(
        set: &CodeSet<'static>,
        before: Before,
        mode: MemoryMode,
        faults: impl FnOnce(u32) -> Vec<Fault>,
    ) -> Guest {
        let (code, preamble, access) = load(before);
        let faults = faults(access).into();
        let at =
            set.publish(&mut code.clone(), NativeKind::Baseline, 0, faults, |_| unreachable!("no such word"));
        let at = at.expect("there is memory");
        let mut memories = Box::new([Memory::new(mode), Memory::new(mode)]);
        let mut store = Box::new(store());
        let records = memories.each_mut().map(|memory| &raw mut memory.record);
        let ctx = VmCtx {
            store: &raw mut *store,
            mem0: records[0],
            mem0_base: memories[0].base(),
            stack_limit: null_mut(),
            builtins: null(),
            epoch: null(),
            gc_base: null_mut(),
            instance: null_mut(),
        };
        let mut context = Box::new(Context { ctx, memories: records });
        let mut stack = vec![0; 100];
        context.ctx.stack_limit = stack.as_mut_ptr_range().end;
        let ty = FuncType::new([ValType::I64], [ValType::I64]);
        let preamble = std::ptr::with_exposed_provenance(at + preamble as usize);
        let entry = Entry { code: preamble, ..Entry::NONE };
        let func = FuncRec::new(entry, &raw mut context.ctx, TypeId(0), &ty, 0);
        Guest { memories, store, context, stack, func, pc: at + access as usize }
    }

    /// Loads from an address, or says how that ended.
    fn load(&mut self, address: u64) -> Result<u64, Status> {
        self.stack[0] = address;
        let dispatch = Dispatch::Tail.effective().expect("native code is available");
        // SAFETY: store, context and function belong together, and the stack has room for the frame.
        let status = unsafe {
            upshift_interp::enter(
                dispatch,
                &raw mut *self.store,
                &raw const self.func,
                self.stack.as_mut_ptr(),
            )
        };
        if status == Status::OK { Ok(self.stack[0]) } else { Err(status) }
    }

    /// What the handler would find out about a fault of the load.
    fn fault(&self, pc: usize, address: usize) -> Option<(Trap, u64)> {
        // SAFETY: the set lives, and the context is that of the code.
        unsafe { fault::trap(pc, address, &raw const self.context.ctx, |_| unreachable!("none is named")) }
    }

    /// The same if it can be a trap of memories only.
    fn trap(&self, pc: usize, address: usize) -> Option<u64> {
        self.fault(pc, address).map(|(trap, operand)| {
            assert_eq!(trap, Trap::MemoryOutOfBounds);
            operand
        })
    }

    /// Loads from where nothing is, and looks at all that is known afterwards.
    fn traps(&mut self, address: u64) {
        assert_eq!(self.load(address), Err(Status::trap(Trap::MemoryOutOfBounds)));
        let fp = self.stack.as_mut_ptr().wrapping_add(4);
        let ctx = &raw mut self.context.ctx;
        assert_eq!(self.store.stopped, ExitPoint { pc: self.pc, at: PcKind::At, fp, ctx });
        assert!(self.store.entry.is_null() && self.store.exit.is_none());
    }
}

fn store() -> StoreCtx {
    StoreCtx {
        stack_top: null_mut(),
        epoch_deadline: 0,
        fuel: 0,
        entry: null(),
        exit: ExitPoint::NONE,
        landing: Landing::NONE,
        stopped: ExitPoint::NONE,
        trap_operand: 0,
        native_limit: 0,
        gc_bump: 0,
        gc_limit: 0,
        displays: null(),
        types: null(),
        type_count: 0,
        entered: [0; 3],
    }
}

fn create() -> CodeSet<'static> {
    CodeSet::create().expect("there is executable memory")
}

/// Memory 0 is what the load names.
fn named(access: u32) -> Vec<Fault> {
    vec![Fault::new(access, 0, None)]
}

#[test]
fn accesses_outside_of_a_memory_trap() {
    let set = create();
    let mut guest = Guest::new(&set, MemoryMode::Guard, named);
    // SAFETY: the page is the guest's, which does not run.
    unsafe { guest.memories[0].base().add(PAGE - 8).cast::<u64>().write(0x1122_3344_5566_7788) };
    assert_eq!(guest.load(0), Ok(0));
    assert_eq!(guest.load(PAGE as u64 - 8), Ok(0x1122_3344_5566_7788));
    // The first address that does not exist is what the system tells.
    for (address, told) in [(PAGE, PAGE), (PAGE - 7, PAGE), (PAGE - 1, PAGE), (PAGE + 1, PAGE + 1)] {
        guest.traps(address as u64);
        assert_eq!(guest.store.trap_operand, told as u64);
    }
    // The highest address that code can make, and the end of what is set aside.
    for address in [2 * u64::from(u32::MAX), REACH - 1, REACH + GUARD - 8] {
        guest.traps(address);
        assert_eq!(guest.store.trap_operand, address);
    }
    assert_eq!(guest.load(PAGE as u64 - 8), Ok(0x1122_3344_5566_7788));
    // As often as one likes, and the thread's signals are as they were.
    (0..2000).for_each(|address| guest.traps(PAGE as u64 + address));
    assert!(!is_blocked());
}

/// Whether the thread's next fault would end the process.
fn is_blocked() -> bool {
    // SAFETY: a set of zeroes is one, which the call overwrites.
    unsafe {
        let mut mask: libc::sigset_t = std::mem::zeroed();
        assert_eq!(libc::pthread_sigmask(libc::SIG_BLOCK, null(), &raw mut mask), 0);
        libc::sigismember(&raw const mask, SIGSEGV) == 1
    }
}

#[test]
fn null_leads_in_front_of_all_objects() {
    let set = create();
    let mut guest =
        Guest::new(&set, MemoryMode::Guard, |access| vec![Fault::new(access, Fault::OBJECT, None)]);
    let memory = guest.memories[0].base().wrapping_add(PAGE);
    guest.context.ctx.gc_base = memory;
    let (base, guard) = (memory.addr(), upshift_core::types::layout::NULL_GUARD as usize);
    for offset in [0, 1, guard - 1] {
        assert_eq!(guest.fault(guest.pc, base + offset), Some((Trap::NullReference, 0)));
    }
    // An object, what lies in front of the heap, and other code.
    for (pc, address) in [(guest.pc, base + guard), (guest.pc, base - 1), (guest.pc + 1, base)] {
        assert_eq!(guest.fault(pc, address), None);
    }
    assert_eq!(guest.load(PAGE as u64), Err(Status::trap(Trap::NullReference)));
}

#[test]
fn only_what_a_table_names_is_a_trap() {
    let set = create();
    let guest = Guest::new(&set, MemoryMode::Guard, |access| {
        vec![Fault::new(access - 1, 1, None), Fault::new(access, 0, None), Fault::new(access + 4, 1, None)]
    });
    let [own, other] = guest.memories.each_ref().map(|memory| memory.base().addr());
    let pc = guest.pc;
    for offset in [0, 1, PAGE, WHOLE - 1] {
        assert_eq!(guest.trap(pc, own + offset), Some(offset as u64));
    }
    // Outside of what is set aside, on both sides; in another memory's; nowhere.
    for address in [own - 1, own + WHOLE, other, other + PAGE, 0, usize::MAX] {
        assert_eq!(guest.trap(pc, address), None, "{address:x}");
    }
    // The instructions beside it, which name the other one.
    for beside in [pc - 1, pc + 4] {
        assert_eq!(guest.trap(beside, own + PAGE), None);
        assert_eq!(guest.trap(beside, other + PAGE), Some(PAGE as u64));
    }
    // Instructions that are in no table, and what is no code.
    for nowhere in [pc + 1, pc - 2, pc & !0xffff, 0, usize::MAX, store as *const () as usize] {
        assert_eq!(guest.trap(nowhere, own + PAGE), None, "{nowhere:x}");
    }
    let unlisted = Guest::new(&set, MemoryMode::Guard, |_| Vec::new());
    assert_eq!(unlisted.trap(unlisted.pc, unlisted.memories[0].base().addr() + PAGE), None);
    let checked = Guest::new(&set, MemoryMode::Check, named);
    assert_eq!(checked.trap(checked.pc, checked.memories[0].base().addr() + PAGE), None);
    drop(set);
    // The code has gone.
    assert_eq!(guest.trap(pc, own + PAGE), None);
}

#[test]
fn a_handler_needs_no_lock() {
    let set = create();
    let mut guest = Guest::new(&set, MemoryMode::Guard, named);
    let mut bytes = vec![0xc3; 8];
    bytes.extend([0; 8]);
    let relocs = vec![Reloc { at: 8, kind: RelocKind::Stub(Stub::Trap) }];
    let code = NativeCode { bytes, pool: 8, relocs };
    let guest = std::cell::RefCell::new(&mut guest);
    // The set is locked while it relocates.
    let resolve = |_| {
        guest.borrow_mut().traps(PAGE as u64);
        7
    };
    set.publish(&mut code.clone(), NativeKind::Thunk, 1, Box::default(), resolve).unwrap();
}

#[test]
fn threads_trap_while_code_comes_and_goes() {
    let set = create();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    prepare_thread();
                    let mut guest = Guest::new(&set, MemoryMode::Guard, named);
                    (0..500).for_each(|address| guest.traps(PAGE as u64 + address));
                })
            })
            .collect();
        while !threads.iter().all(|thread| thread.is_finished()) {
            let passing = create();
            let mut guest = Guest::new(&passing, MemoryMode::Guard, named);
            guest.traps(PAGE as u64);
        }
    });
}

/// A fault of the host, at an address that is never mapped.
fn host_fault() {
    let nowhere: *const u8 = std::ptr::without_provenance(std::hint::black_box(8));
    // SAFETY: none: the process ends, or a handler does what it likes.
    std::hint::black_box(unsafe { nowhere.read_volatile() });
}

extern "C" fn host_call() {
    println!("ready");
    host_fault();
}

/// Where handlers of the host make a page accessible, and how often they did.
static PLACE: AtomicUsize = AtomicUsize::new(0);
static CALLED: AtomicUsize = AtomicUsize::new(0);
/// What was installed before the handler that comes last, and where it ran.
static BEFORE: AtomicUsize = AtomicUsize::new(0);
static RAN_AT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn mend(_signal: c_int) {
    CALLED.fetch_add(1, Ordering::Relaxed);
    let here = 0u8;
    RAN_AT.store((&raw const here).addr(), Ordering::Relaxed);
    let place: *mut c_void = std::ptr::with_exposed_provenance_mut(PLACE.load(Ordering::Relaxed));
    // SAFETY: the page is the test's.
    if place.is_null() || unsafe { libc::mprotect(place, 4096, libc::PROT_READ | libc::PROT_WRITE) } != 0 {
        // SAFETY: the process ends.
        unsafe { libc::_exit(77) };
    }
}

extern "C" fn mend_with_info(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    // SAFETY: the system gives valid arguments.
    if unsafe { (*info).si_addr() }.addr() != PLACE.load(Ordering::Relaxed) {
        // SAFETY: the process ends.
        unsafe { libc::_exit(78) };
    }
    mend(signal);
}

/// A handler that passes on what it does not know, as others have to.
extern "C" fn mend_or_pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the system gives valid arguments; what was installed before is a function of this kind.
    unsafe {
        if (*info).si_addr().addr() == PLACE.load(Ordering::Relaxed) {
            return mend(signal);
        }
        let before: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
            std::mem::transmute(BEFORE.load(Ordering::Relaxed));
        before(signal, info, context);
    }
}

/// Installs a handler, or one of the constants; returns what was there.
fn install(handler: usize, flags: c_int) -> usize {
    // SAFETY: an action of zeroes is one, and the handler is a function that the flags describe.
    unsafe {
        let (mut new, mut old): (libc::sigaction, libc::sigaction) = std::mem::zeroed();
        (new.sa_sigaction, new.sa_flags) = (handler, flags);
        assert_eq!(libc::sigaction(SIGSEGV, &raw const new, &raw mut old), 0);
        old.sa_sigaction
    }
}

fn installed() -> usize {
    // SAFETY: an action of zeroes is one.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        assert_eq!(libc::sigaction(SIGSEGV, null(), &raw mut old), 0);
        old.sa_sigaction
    }
}

/// Has the guest trap and the host fault in turns; the host's handler sees the latter alone.
fn take_turns(set: &CodeSet<'static>) {
    let mut guest = Guest::new(set, MemoryMode::Guard, named);
    for round in 0..10 {
        guest.traps(PAGE as u64 + round);
        let page = Mapping::reserve(4096).unwrap();
        PLACE.store(page.base().expose_provenance(), Ordering::Relaxed);
        assert_eq!(CALLED.load(Ordering::Relaxed), round as usize);
        // SAFETY: the handler makes the page accessible.
        unsafe { page.base().write_volatile(1) };
        assert_eq!(CALLED.load(Ordering::Relaxed), round as usize + 1);
    }
}

const OWN_PROCESS: &str = "vm::signals::tests::in_a_process_of_its_own";

/// What the tests below start.
#[test]
fn in_a_process_of_its_own() {
    let Some(task) = apart::task() else { return };
    let set = create();
    let guest = |mode, faults: fn(u32) -> Vec<Fault>| Guest::new(&set, mode, faults);
    // A guest that loads where it may not, at last.
    let loads = |mut guest: Guest, address: usize| {
        println!("ready");
        let result = guest.load(address as u64);
        panic!("{result:?}");
    };
    match task.as_str() {
        "host" => {
            guest(MemoryMode::Guard, named).traps(PAGE as u64);
            host_call();
        }
        "host in memory" => {
            let guest = guest(MemoryMode::Guard, named);
            println!("ready");
            // SAFETY: none: the process ends.
            unsafe { guest.memories[0].base().add(PAGE).read_volatile() };
        }
        "host call" => {
            let mut guest = Guest::that_does(&set, Some(host_call), MemoryMode::Guard, named);
            let result = guest.load(0);
            panic!("{result:?}");
        }
        "behind" => loads(guest(MemoryMode::Guard, named), WHOLE),
        "below" => loads(guest(MemoryMode::Guard, named), usize::MAX - 7),
        "unlisted" => loads(guest(MemoryMode::Guard, |_| Vec::new()), PAGE),
        "beside" => loads(
            guest(MemoryMode::Guard, |access| {
                vec![Fault::new(access - 1, 0, None), Fault::new(access + 1, 0, None)]
            }),
            PAGE,
        ),
        "other memory" => loads(guest(MemoryMode::Guard, |access| vec![Fault::new(access, 1, None)]), PAGE),
        "check" => loads(guest(MemoryMode::Check, named), PAGE),
        "no address" => loads(guest(MemoryMode::Guard, named), 1 << 63),
        "sent" => {
            install(libc::SIG_DFL, 0);
            guest(MemoryMode::Guard, named).traps(PAGE as u64);
            println!("ready");
            // SAFETY: the process ends.
            unsafe { libc::raise(SIGSEGV) };
        }
        "ignored" => {
            install(libc::SIG_IGN, 0);
            let mut guest = guest(MemoryMode::Guard, named);
            guest.traps(PAGE as u64);
            // SAFETY: nothing happens.
            unsafe { libc::raise(SIGSEGV) };
            guest.traps(PAGE as u64);
            host_call();
        }
        "default" => {
            install(libc::SIG_DFL, 0);
            guest(MemoryMode::Guard, named).traps(PAGE as u64);
            host_call();
        }
        "foreign before" => {
            install(mend_with_info as *const () as usize, libc::SA_SIGINFO);
            take_turns(&set);
        }
        "plain before" => {
            install(mend as *const () as usize, 0);
            take_turns(&set);
        }
        "once before" => {
            install(mend as *const () as usize, libc::SA_RESETHAND);
            let mut guest = guest(MemoryMode::Guard, named);
            let page = Mapping::reserve(4096).unwrap();
            PLACE.store(page.base().expose_provenance(), Ordering::Relaxed);
            guest.traps(PAGE as u64);
            // SAFETY: the handler makes the page accessible.
            unsafe { page.base().write_volatile(1) };
            guest.traps(PAGE as u64);
            host_call();
        }
        "foreign after" => {
            guest(MemoryMode::Guard, named).traps(PAGE as u64);
            BEFORE.store(install(mend_or_pass_on as *const () as usize, libc::SA_SIGINFO), Ordering::Relaxed);
            take_turns(&set);
        }
        "foreign after, unknown" => {
            guest(MemoryMode::Guard, named).traps(PAGE as u64);
            BEFORE.store(install(mend_or_pass_on as *const () as usize, libc::SA_SIGINFO), Ordering::Relaxed);
            // A fault that nobody knows goes through all of them.
            host_call();
        }
        "nothing before" => {
            // A set without code leaves signals alone.
            let before = installed();
            let (a, b) = (create(), create());
            assert_eq!(installed(), before);
            Guest::new(&a, MemoryMode::Guard, named);
            let ours = installed();
            assert_ne!(ours, before);
            Guest::new(&b, MemoryMode::Guard, named);
            assert_eq!(installed(), ours);
        }
        "alternate stack" => {
            install(mend as *const () as usize, 0);
            let set = create();
            std::thread::spawn(move || {
                prepare_thread();
                take_turns(&set);
                // SAFETY: the call writes what is read.
                let stack = unsafe {
                    let mut stack: libc::stack_t = std::mem::zeroed();
                    assert_eq!(libc::sigaltstack(null(), &raw mut stack), 0);
                    stack
                };
                let at = RAN_AT.load(Ordering::Relaxed);
                let start = stack.ss_sp.addr();
                assert!((start..start + stack.ss_size).contains(&at), "{at:x} {start:x}");
            })
            .join()
            .unwrap();
        }
        "many threads" => {
            let count = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
            let run = || std::thread::spawn(prepare_thread).join().unwrap();
            (0..50).for_each(|_| run());
            let before = count();
            (0..1000).for_each(|_| run());
            assert!(count() <= before + 4, "{before} {}", count());
        }
        "fork" => {
            let mut guest = guest(MemoryMode::Guard, named);
            guest.traps(PAGE as u64);
            // SAFETY: the child only uses what belongs to the thread that forks.
            let pid = unsafe { libc::fork() };
            (0..100).for_each(|address| guest.traps(PAGE as u64 + address));
            let mut more = Guest::new(&set, MemoryMode::Guard, named);
            more.traps(PAGE as u64);
            if pid == 0 {
                // SAFETY: the process ends.
                unsafe { libc::_exit(0) };
            }
            let mut status = 0;
            // SAFETY: the child is ours.
            assert_eq!((unsafe { libc::waitpid(pid, &raw mut status, 0) }, status), (pid, 0));
        }
        _ => panic!("{task}"),
    }
}

#[test]
fn faults_of_the_host_end_the_process() {
    let alone = ["host", "host in memory", "host call", "sent", "ignored", "default"];
    for task in alone.into_iter().chain(["once before", "foreign after, unknown"]) {
        apart::is_killed(OWN_PROCESS, task, SIGSEGV);
    }
}

#[test]
fn faults_that_no_table_explains_end_the_process() {
    for task in ["behind", "below", "unlisted", "beside", "other memory", "check", "no address"] {
        apart::is_killed(OWN_PROCESS, task, SIGSEGV);
    }
}

#[test]
fn handlers_of_the_host_see_their_faults_and_no_traps() {
    for task in ["foreign before", "plain before", "foreign after", "nothing before"] {
        apart::succeeds("", OWN_PROCESS, task);
    }
}

#[test]
fn signals_have_a_stack_of_their_own() {
    for task in ["alternate stack", "many threads"] {
        apart::succeeds("", OWN_PROCESS, task);
    }
}

#[test]
fn forked_processes_trap() {
    apart::succeeds("", OWN_PROCESS, "fork");
}
