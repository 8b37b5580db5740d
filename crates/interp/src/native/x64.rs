//! The stubs for x86-64: where activations begin, and what leads from native code to the interpreter and to the runtime.
//!
//! Register contracts name the state at the first instruction. Inside native code rbx is the frame pointer, r14 the context and
//! r15 the base of memory 0 where that never moves; rsp is at the return address into [`enter`], so 8 behind a multiple of 16,
//! and `ret` with a [`Status`] in eax ends the activation. Handlers have the same rsp and their arguments in the order of
//! [`Handler`](crate::dispatch::tail::Handler): rdi context, rsi instruction, rdx frame pointer, rcx and r8 base and length of
//! memory 0, r9 integer accumulator, xmm0 and xmm1 accumulators of floats.
//!
//! What unwinders are told: handlers, native code and stubs have no frame of their own, so the return address is where rsp
//! points, as it is at the entry of any function. Only [`enter`] moves rsp otherwise.

use std::arch::naked_asm;
use std::mem::offset_of;

use upshift_core::Trap;
use upshift_core::vm::registers::ArgRegisters;
use upshift_core::vm::{Builtins, EntryFrame, FuncRec, MemRecord, PcKind, Status, StoreCtx, VmCtx, frame};

use super::handlers;

mod foreign;

pub(crate) use foreign::restored;
pub(super) use foreign::{
    call_foreign_jump, call_foreign_paired, replace_foreign_jump, replace_foreign_paired,
};

/// What is added to the number of a trap to make a status of it.
const TRAP_STATUS: u32 = Status::trap(Trap::UnreachableCodeReached).0 - Trap::UnreachableCodeReached as u32;

/// Begins an activation: a function with the arguments of a handler, called from Rust, which runs the handler of the instruction
/// at `ip` and what follows.
///
/// In: a handler's arguments; the store's innermost [`EntryFrame`] is that of this activation, and gets its `sp`. Out: the
/// status; all registers that a C function keeps are as they were, whatever the code did with them.
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn enter(
    ctx: *mut VmCtx,
    ip: *const u64,
    fp: *mut u64,
    mem: *mut u8,
    len: usize,
    int: u64,
    f32: f32,
    f64: f64,
) -> Status {
    naked_asm!(
        ".cfi_startproc",
        "push rbx",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbx, -16",
        "push rbp",
        ".cfi_def_cfa_offset 24",
        ".cfi_offset rbp, -24",
        "push r12",
        ".cfi_def_cfa_offset 32",
        ".cfi_offset r12, -32",
        "push r13",
        ".cfi_def_cfa_offset 40",
        ".cfi_offset r13, -40",
        "push r14",
        ".cfi_def_cfa_offset 48",
        ".cfi_offset r14, -48",
        "push r15",
        ".cfi_def_cfa_offset 56",
        ".cfi_offset r15, -56",
        // The call below pushes 8 bytes more, after which rsp is what handlers expect of a caller in C.
        "sub rsp, 8",
        ".cfi_def_cfa_offset 64",
        "mov rax, [rdi + {store}]",
        "mov rax, [rax + {entry}]",
        "lea r10, [rsp - 8]",
        "mov [rax + {sp}], r10",
        "call [rsi]",
        "add rsp, 8",
        ".cfi_def_cfa_offset 56",
        "pop r15",
        ".cfi_def_cfa_offset 48",
        "pop r14",
        ".cfi_def_cfa_offset 40",
        "pop r13",
        ".cfi_def_cfa_offset 32",
        "pop r12",
        ".cfi_def_cfa_offset 24",
        "pop rbp",
        ".cfi_def_cfa_offset 16",
        "pop rbx",
        ".cfi_def_cfa_offset 8",
        "ret",
        ".cfi_endproc",
        store = const offset_of!(VmCtx, store),
        entry = const offset_of!(StoreCtx, entry),
        sp = const offset_of!(EntryFrame, sp),
    )
}

/// A call of native code to a function without native code, of the same instance, by an instruction `call`.
///
/// In: rax the function's record, rbx its frame, behind arguments and a header; r14; at rsp the return address of the call, which
/// is dropped. Out: the function's code, as a handler.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn call_interpreter_paired() {
    naked_asm!(
        ".cfi_startproc",
        // From here on it is the return address of the code below that rsp points to.
        "add rsp, 8",
        "mov rdi, r14",
        "mov rdx, rbx",
        "mov r9, rax",
        "jmp {arrive}",
        ".cfi_endproc",
        arrive = sym handlers::arrive,
    )
}

/// As [`call_interpreter_paired`], by a jump: rsp is that of the caller.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn call_interpreter_jump() {
    naked_asm!(
        ".cfi_startproc",
        "mov rdi, r14",
        "mov rdx, rbx",
        "mov r9, rax",
        "jmp {arrive}",
        ".cfi_endproc",
        arrive = sym handlers::arrive,
    )
}

/// Where [`ArgRegisters`] has a float register.
const fn float_arg(number: usize) -> usize {
    offset_of!(ArgRegisters, floats) + number * size_of::<[u64; 2]>()
}

/// Where [`ArgRegisters`] has an integer register.
const fn int_arg(number: usize) -> usize {
    offset_of!(ArgRegisters, ints) + number * size_of::<u64>()
}

macro_rules! spread {
    ($(#[$doc:meta])* $name:ident: $more:literal bytes more, return address $below:literal below) => {
        $(#[$doc])*
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $name() {
            naked_asm!(
                ".cfi_startproc",
                ".cfi_def_cfa rsp, {below}",
                "sub rsp, {size}",
                ".cfi_adjust_cfa_offset {size}",
                "mov rax, [rbx + {func}]",
                "mov [rsp + {kept}], rax",
                "mov [rsp + {i0}], rdi",
                "mov [rsp + {i1}], rsi",
                "mov [rsp + {i2}], rdx",
                "mov [rsp + {i3}], rcx",
                "mov [rsp + {i4}], r8",
                "mov [rsp + {i5}], r9",
                "mov [rsp + {i6}], r10",
                "movaps [rsp + {f0}], xmm0",
                "movaps [rsp + {f1}], xmm1",
                "movaps [rsp + {f2}], xmm2",
                "movaps [rsp + {f3}], xmm3",
                "movaps [rsp + {f4}], xmm4",
                "movaps [rsp + {f5}], xmm5",
                "movaps [rsp + {f6}], xmm6",
                "movaps [rsp + {f7}], xmm7",
                "mov rdi, rax",
                "mov rsi, rsp",
                "mov rdx, rbx",
                "mov rax, [r14 + {builtins}]",
                "call [rax + {spread}]",
                "mov rax, [rsp + {kept}]",
                "add rsp, {size}",
                ".cfi_adjust_cfa_offset -{size}",
                "jmp [rax + {native}]",
                ".cfi_endproc",
                func = const frame::FUNC * size_of::<u64>() as isize,
                below = const $below,
                size = const size_of::<ArgRegisters>() + $more,
                kept = const offset_of!(ArgRegisters, kept),
                i0 = const int_arg(0),
                i1 = const int_arg(1),
                i2 = const int_arg(2),
                i3 = const int_arg(3),
                i4 = const int_arg(4),
                i5 = const int_arg(5),
                i6 = const int_arg(6),
                f0 = const float_arg(0),
                f1 = const float_arg(1),
                f2 = const float_arg(2),
                f3 = const float_arg(3),
                f4 = const float_arg(4),
                f5 = const float_arg(5),
                f6 = const float_arg(6),
                f7 = const float_arg(7),
                builtins = const offset_of!(VmCtx, builtins),
                spread = const offset_of!(Builtins, spread),
                native = const offset_of!(FuncRec, native),
            )
        }
    };
}

spread! {
    /// A call of native code with arguments in registers, by an instruction `call`, to a function that nobody called so before: the
    /// runtime puts the arguments into the slots of its parameters.
    ///
    /// In: rbx the function's frame, behind the slots of parameters and a header that has its record; r14; integers and references in
    /// rdi, rsi, rdx, rcx, r8, r9, r10, floats and vectors in xmm0 to xmm7; at rsp the return address of the call. Out: the same at
    /// the function's native entry, but for the arguments, all of which are in their slots, and with the record in rax.
    spread_paired: 0 bytes more, return address 16 below
}

spread! {
    /// As [`spread_paired`], by a jump: rsp is that of the caller.
    spread_jump: 8 bytes more, return address 8 below
}

/// A return of native code to a call of the interpreter, or to where an activation or a call of another instance ends. It
/// stands in front of all these return addresses.
///
/// In: rsi the return address, r11 the caller's frame pointer, r14 the context; results in their slots, the first one also in
/// rax or xmm0. If the carry flag is set, the only result is in rax only, and rbx is the address of its slot. Out: the instruction
/// at rsi, as a handler.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn return_to_interpreter() {
    naked_asm!(
        ".cfi_startproc",
        "jnc 2f",
        "mov [rbx], rax",
        "2:",
        "mov rcx, [r14 + {mem0}]",
        "mov rdi, r14",
        "mov rdx, r11",
        "mov r8, [rcx + {len}]",
        "mov rcx, [rcx + {base}]",
        "mov r9, rax",
        // Which accumulator the caller looks at depends on the type of the result.
        "movaps xmm1, xmm0",
        "jmp [rsi]",
        ".cfi_endproc",
        mem0 = const offset_of!(VmCtx, mem0),
        len = const offset_of!(MemRecord, len),
        base = const offset_of!(MemRecord, base),
    )
}

/// Stops with a trap: called by native code, to which it never returns.
///
/// In: edi the number of the [`Trap`], rbx, r14, at rsp the return address: the exit is the instruction before it. rax is
/// noted as [`StoreCtx::trap_operand`]. Out: the activation ends with the trap.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn trap() {
    naked_asm!(
        ".cfi_startproc",
        "pop rcx",
        "mov rdx, [r14 + {store}]",
        "mov [rdx + {pc}], rcx",
        "mov qword ptr [rdx + {at}], {after}",
        "mov [rdx + {fp}], rbx",
        "mov [rdx + {ctx}], r14",
        "mov [rdx + {operand}], rax",
        // Where the processor keeps return addresses on a stack of its own, that one is taken from there as well. Elsewhere the
        // first of these instructions does nothing.
        "xor ecx, ecx",
        "rdsspq rcx",
        "test rcx, rcx",
        "je 2f",
        "mov ecx, 1",
        "incsspq rcx",
        "2:",
        "lea eax, [rdi + {status}]",
        "ret",
        ".cfi_endproc",
        store = const offset_of!(VmCtx, store),
        pc = const offset_of!(StoreCtx, exit.pc),
        at = const offset_of!(StoreCtx, exit.at),
        fp = const offset_of!(StoreCtx, exit.fp),
        ctx = const offset_of!(StoreCtx, exit.ctx),
        after = const PcKind::After as usize,
        operand = const offset_of!(StoreCtx, trap_operand),
        status = const TRAP_STATUS,
    )
}

/// Stops because a function's frame does not fit onto the value stack: reached by a jump at its native entry.
///
/// In: rbx the function's frame, whose header is written; r14; rsp is that of native code. Out: the activation ends with
/// [`Trap::StackOverflow`], and the exit is the call.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn overflow() {
    naked_asm!(
        ".cfi_startproc",
        "mov rdi, r14",
        "mov rdx, rbx",
        "jmp {overflow}",
        ".cfi_endproc",
        overflow = sym handlers::overflow,
    )
}

/// Stops with a trap that the processor found: the signal handler lets the thread go on here.
///
/// In: rdi the address of the instruction, esi the number of the [`Trap`], rdx what to note as [`StoreCtx::trap_operand`]; rbx and
/// r14 as the instruction had them; rsp may be anything. Out: the activation ends with the trap.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn fault() {
    naked_asm!(
        ".cfi_startproc",
        "mov rax, [r14 + {store}]",
        "mov rcx, [rax + {entry}]",
        "mov rsp, [rcx + {sp}]",
        "mov [rax + {pc}], rdi",
        "mov qword ptr [rax + {at_field}], {at}",
        "mov [rax + {fp}], rbx",
        "mov [rax + {ctx}], r14",
        "mov [rax + {operand}], rdx",
        "lea eax, [rsi + {status}]",
        "ret",
        ".cfi_endproc",
        store = const offset_of!(VmCtx, store),
        entry = const offset_of!(StoreCtx, entry),
        sp = const offset_of!(EntryFrame, sp),
        pc = const offset_of!(StoreCtx, exit.pc),
        at_field = const offset_of!(StoreCtx, exit.at),
        fp = const offset_of!(StoreCtx, exit.fp),
        ctx = const offset_of!(StoreCtx, exit.ctx),
        at = const PcKind::At as usize,
        operand = const offset_of!(StoreCtx, trap_operand),
        status = const TRAP_STATUS,
    )
}
