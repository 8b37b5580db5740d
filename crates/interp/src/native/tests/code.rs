//! Native code by hand. All functions have one parameter and one result, and a frame of eight slots.
//!
//! In the code of a compiler the parts of a function lie one behind the other; here they are functions of their own.

use std::arch::naked_asm;
use std::mem::offset_of;

use upshift_core::Trap;
use upshift_core::vm::{FuncRec, Preamble, Status, VmCtx};

use super::super::{handlers, x64};
use super::world::{note_stack, record};

/// A part of native code.
pub(super) type Part = unsafe extern "C" fn();

/// What [`FuncRec::code`] points to.
#[repr(C)]
pub(super) struct Code {
    preamble: u64,
    entry: Part,
}

impl Code {
    const fn new(entry: Part) -> Code {
        Code { preamble: Preamble { frame_slots: 8 }.to_word(), entry }
    }

    pub(super) fn words(&'static self) -> *const u64 {
        std::ptr::from_ref(self).cast()
    }
}

/// Two words of a call site or of a choice; code goes on at the second one.
pub(super) struct Words(pub(super) [Part; 2]);

impl Words {
    pub(super) fn second(&'static self) -> *const u64 {
        (&raw const self.0[1]).cast()
    }
}

/// What handler registers lead to.
macro_rules! landing {
    () => {
        "mov rbx, rdx
        mov r14, rdi
        mov r15, rcx"
    };
}

/// Returns rax, by a jump.
macro_rules! leave {
    ($return:literal) => {
        concat!(
            "mov rsi, [rbx - 24]
            mov r11, [rbx - 16]
            sub rbx, 32
            mov [rbx], rax
            ",
            $return
        )
    };
}

/// `n + f(n - 1)`, or 0 for 0, where `f` is function 0 of the instance, in a form of calls.
macro_rules! sum {
    ($form:ident, $begin:literal, $call:literal, $return:literal) => {
        pub(in super::super) mod $form {
            use super::*;

            /// The code for handlers.
            pub(in super::super) static CODE: Code = Code::new(entry);
            /// The words of the call.
            pub(in super::super) static SITE: Words = Words([behind, landing]);

            #[unsafe(naked)]
            pub(in super::super) unsafe extern "C" fn native() {
                naked_asm!(
                    $begin,
                    "lea rcx, [rbx + 64]
                    cmp rcx, [r14 + {limit}]
                    ja {overflow}
                    jmp {body}",
                    limit = const offset_of!(VmCtx, stack_limit),
                    overflow = sym x64::overflow,
                    body = sym body,
                )
            }

            #[unsafe(naked)]
            unsafe extern "C" fn entry() {
                naked_asm!(landing!(), "jmp {body}", body = sym body)
            }

            #[unsafe(naked)]
            unsafe extern "C" fn body() {
                naked_asm!(
                    // Functions of the platform find the stack as they expect it: this one may use instructions that need it.
                    "mov rdi, r14
                    mov rsi, rsp
                    sub rsp, 8
                    call {note}
                    add rsp, 8
                    mov rbp, -1
                    mov r12, -2
                    mov r13, -3
                    mov r15, -4
                    mov rax, [rbx - 32]
                    test rax, rax
                    je 2f
                    dec rax
                    mov [rbx + 8], rax
                    lea rcx, [rip + {site} + 8]
                    mov [rbx + 16], rcx
                    mov [rbx + 24], rbx
                    lea rax, [r14 + {callee}]
                    mov [rbx + 32], rax
                    add rbx, 40",
                    $call,
                    "ud2
                    2:",
                    leave!($return),
                    note = sym note_stack,
                    site = sym SITE,
                    callee = const record(0),
                    native = const offset_of!(FuncRec, native),
                )
            }

            /// Behind the call: rbx is where its argument was.
            #[unsafe(naked)]
            unsafe extern "C" fn behind() {
                naked_asm!("lea rbx, [rbx - 8]", "jmp {add}", add = sym add)
            }

            #[unsafe(naked)]
            unsafe extern "C" fn landing() {
                naked_asm!(landing!(), "mov rax, r9", "jmp {add}", add = sym add)
            }

            #[unsafe(naked)]
            unsafe extern "C" fn add() {
                naked_asm!("add rax, [rbx - 32]", leave!($return))
            }
        }
    };
}

sum!(paired, "add rsp, 8", "call [rax + {native}]", "push [rsi - 8]\nret");
sum!(jump, "", "jmp [rax + {native}]", "jmp [rsi - 8]");

/// What the callers with arguments in registers leave in them, by number, but for the first one, which is their own argument.
pub(super) const INTS: u64 = 100;
/// The same for floats, in both halves.
pub(super) const FLOATS: u64 = 200;

/// Calls function 0 of the instance with its own argument in a register, and something in all others that bring arguments; returns
/// what that returns.
macro_rules! by_registers {
    ($form:ident, $call:literal, $return:literal) => {
        pub(in super::super) mod $form {
            use super::*;

            /// The code for handlers.
            pub(in super::super) static CODE: Code = Code::new(entry);
            static SITE: Words = Words([behind, landing]);

            #[unsafe(naked)]
            unsafe extern "C" fn entry() {
                naked_asm!(
                    landing!(),
                    "lea rcx, [rip + {site} + 8]
                    mov [rbx + 16], rcx
                    mov [rbx + 24], rbx
                    lea rax, [r14 + {callee}]
                    mov [rbx + 32], rax
                    mov qword ptr [rbx + 8], -1
                    .macro float number, register
                    mov r11, {floats} + \\number
                    movq \\register, r11
                    punpcklqdq \\register, \\register
                    .endm
                    float 0, xmm0
                    float 1, xmm1
                    float 2, xmm2
                    float 3, xmm3
                    float 4, xmm4
                    float 5, xmm5
                    float 6, xmm6
                    float 7, xmm7
                    .purgem float
                    mov rdi, [rbx - 32]
                    mov rsi, {ints} + 1
                    mov rdx, {ints} + 2
                    mov rcx, {ints} + 3
                    mov r8, {ints} + 4
                    mov r9, {ints} + 5
                    mov r10, {ints} + 6
                    add rbx, 40",
                    $call,
                    "ud2",
                    site = sym SITE,
                    callee = const record(0),
                    ints = const INTS,
                    floats = const FLOATS,
                    entry = const offset_of!(FuncRec, reg_entry),
                )
            }

            #[unsafe(naked)]
            unsafe extern "C" fn behind() {
                naked_asm!("lea rbx, [rbx - 8]", leave!($return))
            }

            #[unsafe(naked)]
            unsafe extern "C" fn landing() {
                naked_asm!(landing!(), "mov rax, r9", leave!($return))
            }
        }
    };
}

by_registers!(registers_paired, "call [rax + {entry}]", "push [rsi - 8]\nret");
by_registers!(registers_jump, "jmp [rax + {entry}]", "jmp [rsi - 8]");

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $function:ident: $($asm:expr),+ $(; $($args:tt)*)?) => {
        $(#[$doc])*
        pub(super) static $name: Code = Code::new($function);

        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $function() {
            naked_asm!(landing!(), $($asm),+ $(, $($args)*)?)
        }
    };
}

code! {
    /// Returns its argument.
    SAME, same: "mov rax, [rbx - 32]", leave!("jmp [rsi - 8]")
}
code! {
    /// Returns its argument as a float.
    FLOAT, float: "mov rax, [rbx - 32]", "movq xmm0, rax", "mov r9, -1",
        "mov rsi, [rbx - 24]", "mov r11, [rbx - 16]", "sub rbx, 32", "mov [rbx], rax",
        "mov rax, -1", "jmp [rsi - 8]"
}
code! {
    /// Traps.
    TRAP, traps: "mov eax, 1234", "mov edi, {number}", "call {trap}", "ud2";
        number = const Trap::MemoryOutOfBounds as u32, trap = sym x64::trap
}
code! {
    /// Faults, with the native stack elsewhere.
    FAULT, faults: "lea rdi, [rip]", "mov esi, {number}", "mov edx, 77", "sub rsp, 4104", "jmp {fault}";
        number = const Trap::IntegerDivisionByZero as u32, fault = sym x64::fault
}
code! {
    /// Asks where to go on, and if that is here, returns its argument.
    CHOOSE, chooses: "lea rsi, [rip + {words}]", "mov rdi, r14", "mov rdx, rbx", "jmp [rsi]"; words = sym CHOICE
}

/// A choice, and where it goes on.
#[repr(C)]
pub(super) struct Choice {
    choose: crate::dispatch::tail::Handler,
    here: Part,
}

pub(super) static CHOICE: Choice = Choice { choose: handlers::choose, here: same };

/// Calls [`x64::enter`] as a function that has values in all registers that a callee has to keep, and returns its status; or
/// [`LOST`] if one was lost.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn enter_with_all_registers(
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
        "push rbx
        push rbp
        push r12
        push r13
        push r14
        push r15
        sub rsp, 8
        mov rbx, 101
        mov rbp, 102
        mov r12, 103
        mov r13, 104
        mov r14, 105
        mov r15, 106
        mov [rsp], rsp
        call {enter}
        cmp [rsp], rsp
        jne 2f
        cmp rbx, 101
        jne 2f
        cmp rbp, 102
        jne 2f
        cmp r12, 103
        jne 2f
        cmp r13, 104
        jne 2f
        cmp r14, 105
        jne 2f
        cmp r15, 106
        je 3f
        2:
        mov eax, {lost}
        3:
        add rsp, 8
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        ret",
        enter = sym x64::enter,
        lost = const LOST.0,
    )
}

/// A register was lost.
pub(super) const LOST: Status = Status(u32::MAX);
