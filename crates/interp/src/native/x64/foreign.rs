//! Calls of native code to functions that do not belong to the running instance: those of the host, and those of other instances.
//!
//! ```text
//! native code ─▶ call_foreign ─┬─ of the host ──────────▶ HostRec::run ─▶ back
//!                              └─ of another instance ─▶ restore record, context ─▶ FuncRec::native ─▶ restored ─▶ back
//! native code ─▶ replace_foreign, in the caller's frame: the same
//! ```
//!
//! The header is that of a call within the instance. Another instance's function gets its arguments, and the header, a record
//! further up; for a function of the host nothing moves.

use std::arch::naked_asm;
use std::mem::offset_of;

use upshift_core::vm::{FuncRec, HostRec, MemRecord, PcKind, StoreCtx, VmCtx, frame};

use super::super::handlers;
use super::overflow;
use crate::stubs::{self, STUBS};

/// The byte from the frame pointer where a slot of the header lies.
const fn header(slot: isize) -> isize {
    slot * size_of::<u64>() as isize
}

/// The byte of a restore record where a slot lies.
const fn record(slot: u32) -> usize {
    slot as usize * size_of::<u64>()
}

macro_rules! call_foreign {
    (
        $(#[$doc:meta])* $name:ident: return address $below:literal below, $begin:literal, $end:literal, $drop:literal, $return:literal,
        $instance:ident
    ) => {
        $(#[$doc])*
        #[unsafe(naked)]
        pub(in super::super) unsafe extern "C" fn $name() {
            naked_asm!(
                ".cfi_startproc",
                ".cfi_def_cfa rsp, {below}",
                "mov rcx, [rax + {vmctx}]",
                "cmp qword ptr [rcx + {instance}], 0",
                "jne {another}",
                // Where the interpreter calls, a restore record lies below: what fits must not depend on who calls.
                "lea rcx, [rbx + {record_bytes}]",
                "cmp rcx, [r14 + {limit}]",
                "ja 5f",
                "mov rdx, [r14 + {store}]",
                // Results may overwrite the header.
                "mov r12, [rbx + {ip}]",
                "mov rbp, [rbx + {caller}]",
                "lea rsi, [rip + {stubs}]",
                "mov rcx, r12",
                "sub rcx, rsi",
                "cmp rcx, {stubs_size}",
                "jb 4f",
                "mov [rdx + {exit_pc}], r12",
                "mov qword ptr [rdx + {exit_at}], {after}",
                "mov [rdx + {exit_fp}], rbp",
                "mov [rdx + {exit_ctx}], r14",
                "3:",
                "sub rbx, [rax + {args}]",
                "mov rcx, [rax + {top}]",
                // As high as if the interpreter had called, which writes a record.
                "lea rcx, [rbx + rcx + {record_bytes}]",
                "mov [rdx + {stack_top}], rcx",
                "mov rdi, rax",
                "mov rsi, rbx",
                "mov rdx, r14",
                $begin,
                "call [rax + {run}]",
                $end,
                "test eax, eax",
                "jne 6f",
                "mov rsi, r12",
                "mov r11, rbp",
                "mov rax, [rbx]",
                "movq xmm0, rax",
                $return,
                // The caller has replaced a function that was called from elsewhere.
                "4:",
                "mov r13, rax",
                "mov rdi, rbx",
                "mov rsi, r14",
                $begin,
                "call {note_caller}",
                $end,
                "mov rax, r13",
                "mov rdx, [r14 + {store}]",
                "jmp 3b",
                "5:",
                $drop,
                "jmp {overflow}",
                "6:",
                $drop,
                "mov rdi, r14",
                "mov r9d, eax",
                "jmp {land}",
                ".cfi_endproc",
                below = const $below,
                vmctx = const offset_of!(FuncRec, vmctx),
                instance = const offset_of!(VmCtx, instance),
                another = sym $instance,
                record_bytes = const record(frame::RESTORE_SLOTS),
                limit = const offset_of!(VmCtx, stack_limit),
                store = const offset_of!(VmCtx, store),
                ip = const header(frame::RETURN_IP),
                caller = const header(frame::CALLER_FP),
                stubs = sym STUBS,
                stubs_size = const stubs::SIZE,
                exit_pc = const offset_of!(StoreCtx, exit.pc),
                exit_at = const offset_of!(StoreCtx, exit.at),
                exit_fp = const offset_of!(StoreCtx, exit.fp),
                exit_ctx = const offset_of!(StoreCtx, exit.ctx),
                after = const PcKind::After as usize,
                args = const offset_of!(HostRec, args),
                top = const offset_of!(HostRec, top),
                stack_top = const offset_of!(StoreCtx, stack_top),
                run = const offset_of!(HostRec, run),
                note_caller = sym handlers::note_caller,
                overflow = sym overflow,
                land = sym handlers::land,
            )
        }
    };
}

call_foreign! {
    /// A call to a function of the host or of another instance, by an instruction `call`.
    ///
    /// In: rax the function's record; rbx its frame, behind arguments and a header, as if it belonged to the instance; r14; at rsp the
    /// return address of the call. Out: as native code returns.
    call_foreign_paired: return address 16 below, "", "", "add rsp, 8\n.cfi_def_cfa_offset 8", "ret", call_instance_paired
}

call_foreign! {
    /// As [`call_foreign_paired`], by a jump: rsp is that of the caller.
    call_foreign_jump: return address 8 below, "sub rsp, 8\n.cfi_adjust_cfa_offset 8", "add rsp, 8\n.cfi_adjust_cfa_offset -8", "",
        "jmp [rsi - 8]", call_instance_jump
}

macro_rules! call_instance {
    ($(#[$doc:meta])* $name:ident: return address $below:literal below, $drop:literal, $call:literal, $($operand:tt)*) => {
        $(#[$doc])*
        #[unsafe(naked)]
        unsafe extern "C" fn $name() {
            naked_asm!(
                ".cfi_startproc",
                ".cfi_def_cfa rsp, {below}",
                $drop,
                "mov rsi, [rbx + {ip}]",
                "mov r11, [rbx + {caller}]",
                "movzx edx, word ptr [rax + {params}]",
                "lea r8, [rdx * 8 + {header_bytes}]",
                "neg r8",
                "add r8, rbx",
                "test edx, edx",
                "je 3f",
                "2:",
                "mov r9, [r8 + rdx * 8 - 8]",
                "mov [r8 + rdx * 8 - 8 + {record_bytes}], r9",
                "dec edx",
                "jne 2b",
                "3:",
                "movzx edx, word ptr [rax + {results}]",
                "mov [r8 + {record_ip}], rsi",
                "mov [r8 + {record_fp}], r11",
                "mov [r8 + {record_ctx}], r14",
                "mov [r8 + {record_results}], rdx",
                "add rbx, {record_bytes}",
                "lea rsi, [rip + {stubs} + {restore}]",
                "mov [rbx + {ip}], rsi",
                "mov [rbx + {caller}], r8",
                "mov [rbx + {func}], rax",
                "mov r14, rcx",
                "mov r15, [rcx + {base}]",
                $call,
                ".cfi_endproc",
                below = const $below,
                ip = const header(frame::RETURN_IP),
                caller = const header(frame::CALLER_FP),
                func = const header(frame::FUNC),
                params = const offset_of!(FuncRec, param_slots),
                results = const offset_of!(FuncRec, result_slots),
                header_bytes = const frame::HEADER_SLOTS as usize * size_of::<u64>(),
                record_bytes = const record(frame::RESTORE_SLOTS),
                record_ip = const record(frame::RESTORE_IP),
                record_fp = const record(frame::RESTORE_FP),
                record_ctx = const record(frame::RESTORE_CTX),
                record_results = const record(frame::RESTORE_RESULTS),
                stubs = sym STUBS,
                restore = const stubs::RESTORE,
                base = const offset_of!(VmCtx, mem0_base),
                $($operand)*
            )
        }
    };
}

call_instance! {
    /// The same for functions of other instances, the context of which is in rcx.
    call_instance_paired: return address 16 below, "add rsp, 8\n.cfi_def_cfa_offset 8", "jmp {enter}", enter = sym enter_instance,
}

call_instance! {
    /// As [`call_instance_paired`], by a jump.
    call_instance_jump: return address 8 below, "", "jmp [rax + {native}]", native = const offset_of!(FuncRec, native),
}

macro_rules! replace_foreign {
    ($(#[$doc:meta])* $name:ident: $push:literal, $host:ident, $enter:literal $($operand:tt)*) => {
        $(#[$doc])*
        #[unsafe(naked)]
        pub(in super::super) unsafe extern "C" fn $name() {
            naked_asm!(
                ".cfi_startproc",
                "movzx r9d, word ptr [rax + {params}]",
                "mov rdi, [rax + {vmctx}]",
                "mov r12, [rbx + {ip}]",
                "mov rbp, [rbx + {caller}]",
                "lea r8, [rcx + r9 * 8 + {header_bytes}]",
                "xor r10d, r10d",
                // A function of the host has no frame of its own; what else it needs is what it would if it was called.
                "mov r11d, {record_bytes}",
                "cmp qword ptr [rdi + {instance}], 0",
                "je 3f",
                "mov r11, [rax + {code}]",
                "mov r11, [r11]",
                // A function that came through a record leaves it to the next.
                "lea r13, [rip + {stubs} + {restore}]",
                "cmp r12, r13",
                "je 3f",
                "mov r10d, {record_bytes}",
                "3:",
                "add r8, r10",
                "add r11, r8",
                "cmp r11, [r14 + {limit}]",
                "ja 9f",
                // Arguments may move either way.
                "add r10, rcx",
                "cmp rdx, r10",
                "jb 5f",
                "xor r11d, r11d",
                "jmp 4f",
                "2:",
                "mov rsi, [rdx + r11 * 8]",
                "mov [r10 + r11 * 8], rsi",
                "inc r11",
                "4:",
                "cmp r11, r9",
                "jb 2b",
                "jmp 7f",
                "6:",
                "mov rsi, [rdx + r9 * 8 - 8]",
                "mov [r10 + r9 * 8 - 8], rsi",
                "dec r9",
                "5:",
                "test r9, r9",
                "jne 6b",
                "7:",
                "mov rbx, r8",
                "mov [rbx + {func}], rax",
                "cmp qword ptr [rdi + {instance}], 0",
                "je 8f",
                "cmp r10, rcx",
                "je 2f",
                "movzx edx, word ptr [rax + {results}]",
                "mov [rcx + {record_ip}], r12",
                "mov [rcx + {record_fp}], rbp",
                "mov [rcx + {record_ctx}], r14",
                "mov [rcx + {record_results}], rdx",
                "mov [rbx + {ip}], r13",
                "mov [rbx + {caller}], rcx",
                "mov r14, rdi",
                "mov r15, [rdi + {base}]",
                $enter,
                "2:",
                "mov [rbx + {ip}], r12",
                "mov [rbx + {caller}], rbp",
                "mov r14, rdi",
                "mov r15, [rdi + {base}]",
                $push,
                "jmp [rax + {native}]",
                "8:",
                "mov [rbx + {ip}], r12",
                "mov [rbx + {caller}], rbp",
                $push,
                "jmp {host}",
                "9:",
                "mov rdi, r14",
                "mov rdx, rbx",
                "mov r8, [r14 + {mem0}]",
                "mov rcx, [r8 + {mem_base}]",
                "mov r8, [r8 + {mem_len}]",
                "jmp [rsi]",
                ".cfi_endproc",
                params = const offset_of!(FuncRec, param_slots),
                results = const offset_of!(FuncRec, result_slots),
                vmctx = const offset_of!(FuncRec, vmctx),
                code = const offset_of!(FuncRec, code),
                native = const offset_of!(FuncRec, native),
                instance = const offset_of!(VmCtx, instance),
                limit = const offset_of!(VmCtx, stack_limit),
                base = const offset_of!(VmCtx, mem0_base),
                mem0 = const offset_of!(VmCtx, mem0),
                mem_base = const offset_of!(MemRecord, base),
                mem_len = const offset_of!(MemRecord, len),
                ip = const header(frame::RETURN_IP),
                caller = const header(frame::CALLER_FP),
                func = const header(frame::FUNC),
                header_bytes = const frame::HEADER_SLOTS as usize * size_of::<u64>(),
                record_bytes = const record(frame::RESTORE_SLOTS),
                record_ip = const record(frame::RESTORE_IP),
                record_fp = const record(frame::RESTORE_FP),
                record_ctx = const record(frame::RESTORE_CTX),
                record_results = const record(frame::RESTORE_RESULTS),
                stubs = sym STUBS,
                restore = const stubs::RESTORE,
                host = sym $host,
                $($operand)*
            )
        }
    };
}

replace_foreign! {
    /// A tail call to a function of the host or of another instance, with [`Returns::Paired`](upshift_core::vm::Returns::Paired).
    ///
    /// In: rax the function's record; rbx the caller's frame, which begins at the address in rcx with its parameters; rdx the
    /// address of the arguments; r14; rsi the address of the tail call as words of the interpreter. Out: the function in the frame's
    /// place; or, if that has no room for it, the words, to trap.
    replace_foreign_paired: "push [r12 - 8]", call_foreign_paired, "jmp {enter}" enter = sym enter_instance,
}

replace_foreign! {
    /// As [`replace_foreign_paired`], where returns are jumps.
    replace_foreign_jump: "", call_foreign_jump, "jmp [rax + {native}]"
}

/// Calls a function of the running instance whose frame lies behind a restore record, and goes back to the instance that has written
/// it: that part is at [`restored`], behind the first instruction, for whoever returns by address and foresees returns.
///
/// In: rax the function's record, rbx its frame with its header; r14, r15. Out, after the return: the instance of the record.
#[unsafe(naked)]
unsafe extern "C" fn enter_instance() {
    naked_asm!(
        ".cfi_startproc",
        // call [rax + native]: the form with one byte of distance, and so with as many bytes as `ENTER_LEN` says.
        ".byte 0xff, 0x50, {native}",
        // The only result may be in rax only.
        "jnc 5f",
        "mov [rbx], rax",
        "5:",
        "mov rbx, r11",
        "mov rsi, [rbx + {ip}]",
        "mov r11, [rbx + {fp}]",
        "mov r14, [rbx + {ctx}]",
        "mov rcx, [rbx + {results}]",
        "mov r15, [r14 + {base}]",
        "xor edx, edx",
        "jmp 3f",
        "2:",
        "mov r8, [rbx + rdx * 8 + {record_bytes}]",
        "mov [rbx + rdx * 8], r8",
        "inc edx",
        "3:",
        "cmp edx, ecx",
        "jb 2b",
        // Whoever keeps return addresses on a stack of its own knows none for this one. Elsewhere the first of these instructions that
        // reads it does nothing.
        "xor ecx, ecx",
        "rdsspq rcx",
        "test rcx, rcx",
        "jne 4f",
        "push [rsi - 8]",
        "ret",
        "4:",
        "jmp [rsi - 8]",
        ".cfi_endproc",
        native = const offset_of!(FuncRec, native),
        ip = const record(frame::RESTORE_IP),
        fp = const record(frame::RESTORE_FP),
        ctx = const record(frame::RESTORE_CTX),
        results = const record(frame::RESTORE_RESULTS),
        record_bytes = const record(frame::RESTORE_SLOTS),
        base = const offset_of!(VmCtx, mem0_base),
    )
}

/// How many bytes the instruction has that calls.
const ENTER_LEN: usize = 3;

/// Where native code returns that another instance has called: the word in front of that return address.
///
/// In: r11 the restore record, r14; results in their slots, the first one also in rax or xmm0. Out: as native code returns, to what
/// the record says.
pub(crate) const fn restored() -> *const () {
    const { assert!(offset_of!(FuncRec, native) < 128) };
    (enter_instance as unsafe extern "C" fn() as *const ()).wrapping_byte_add(ENTER_LEN)
}
