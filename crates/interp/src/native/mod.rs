//! Native code beside the interpreter: the stubs that lead from one to the other.
//!
//! ```text
//! interp::enter ─▶ enter ─▶ [ip] ─▶ handlers ⇄ native code ─▶ ret with a Status ─▶ interp::enter
//!
//! native code calls what has none ─ FuncRec::native ───────────────▶ call_interpreter ───▶ code of the function
//! native code calls what is not of its instance ────────────────────▶ call_foreign ─▶ HostRec::run, or FuncRec::native
//! native code calls with arguments in registers ─ FuncRec::reg_entry ─▶ spread ─▶ FuncRec::native
//! native code returns to another instance ─ word before its return ip ▶ restored
//! native code returns to a handler ─ word before the return ip ─────▶ return_to_interpreter ─▶ [ip]
//! native code traps, its frame does not fit, it faulted, it may go on elsewhere ─▶ trap, overflow, fault, choose
//! ```
//!
//! A stub is a few instructions of assembly in a file for each architecture (`x64`); what they need of the interpreter is in
//! `handlers`. Native code reaches them by addresses in its own constants. Where a build cannot have native code beside the
//! interpreter, the addresses are 0: see [`AVAILABLE`].

use upshift_core::vm::Returns;
use upshift_ir::Op;

#[cfg(native)]
mod handlers;
#[cfg(all(native, target_arch = "x86_64", test))]
mod tests;
#[cfg(all(native, target_arch = "x86_64"))]
pub(crate) mod x64;
#[cfg(all(native, target_arch = "x86_64"))]
pub(crate) use x64 as arch;

/// Whether native code can run beside the interpreter of this build: it needs the tail-call dispatch and the stubs of the
/// architecture. What [`Dispatch::effective`](crate::Dispatch::effective) answers has to be the tail-call dispatch as well.
pub const AVAILABLE: bool = cfg!(native);

macro_rules! stubs {
    ($($(#[$doc:meta])* $name:ident = $stub:path;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name() -> usize {
            #[cfg(native)]
            return $stub as *const () as usize;
            #[cfg(not(native))]
            0
        }
    )*};
}

stubs! {
    /// The native entry of a function without native code, for callers with [`Returns::Paired`].
    call_interpreter_paired = arch::call_interpreter_paired;
    /// The native entry of a function without native code, for callers with [`Returns::Jump`].
    call_interpreter_jump = arch::call_interpreter_jump;
    /// The entry of a function for callers with arguments in registers, as long as no other is known, with [`Returns::Paired`].
    spread_paired = arch::spread_paired;
    /// The entry of a function for callers with arguments in registers, as long as no other is known, with [`Returns::Jump`].
    spread_jump = arch::spread_jump;
    /// Where native code calls functions that may not belong to its instance, with [`Returns::Paired`].
    call_foreign_paired = arch::call_foreign_paired;
    /// Where native code calls functions that may not belong to its instance, with [`Returns::Jump`].
    call_foreign_jump = arch::call_foreign_jump;
    /// Where native code goes to be replaced by functions that may not belong to its instance, with [`Returns::Paired`].
    replace_foreign_paired = arch::replace_foreign_paired;
    /// Where native code goes to be replaced by functions that may not belong to its instance, with [`Returns::Jump`].
    replace_foreign_jump = arch::replace_foreign_jump;
    /// Where native code returns if its caller is not native: the word in front of the return addresses of the interpreter.
    return_to_interpreter = arch::return_to_interpreter;
    /// Where native code calls to trap: with the trap's number in the first argument, and the operand that its text shows.
    trap = arch::trap;
    /// Where native code jumps to if its frame does not fit.
    overflow = arch::overflow;
    /// Where a signal handler sends the thread that faulted in native code.
    fault = arch::fault;
    /// A handler that asks the runtime ([`Builtins::switch`](upshift_core::vm::Builtins::switch)) whether to go on with the next
    /// word or elsewhere. It is no instruction: only native code has it among its constants.
    choose = handlers::choose;
}

/// What [`FuncRec::native`](upshift_core::vm::FuncRec::native) is for a function without native code: null where there is none
/// in the process.
#[must_use]
pub fn call_interpreter(returns: Returns) -> *const u8 {
    std::ptr::with_exposed_provenance(match returns {
        Returns::Paired => call_interpreter_paired(),
        Returns::Jump => call_interpreter_jump(),
    })
}

/// What [`FuncRec::reg_entry`](upshift_core::vm::FuncRec::reg_entry) is for any function at first: a stub that asks the runtime
/// ([`Builtins::spread`](upshift_core::vm::Builtins::spread)) and goes on at the function's native entry. Null where there is no
/// native code in the process.
#[must_use]
pub fn spread(returns: Returns) -> *const u8 {
    std::ptr::with_exposed_provenance(match returns {
        Returns::Paired => spread_paired(),
        Returns::Jump => spread_jump(),
    })
}

/// The address of an instruction's handler, for the first word of instructions that native code runs; 0 in builds without the
/// tail-call dispatch.
#[must_use]
pub fn handler_address(op: Op) -> u64 {
    #[cfg(tail_calls)]
    return crate::dispatch::tail::handler_of(op) as usize as u64;
    #[cfg(not(tail_calls))]
    {
        let _ = op;
        0
    }
}

/// The form of calls and returns that the system allows: [`Returns::Jump`] where it keeps a stack of return addresses of its own
/// for this thread, because paired returns do not go back to where calls came from.
///
/// ```
/// use upshift_interp::native;
///
/// let adaptor = native::call_interpreter(native::allowed_returns());
/// assert_eq!(!adaptor.is_null(), native::AVAILABLE);
/// ```
#[must_use]
pub fn allowed_returns() -> Returns {
    if shadow_stack() { Returns::Jump } else { Returns::Paired }
}

/// Whether the thread has a shadow stack. This is asked for each instance, so not of the system.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn shadow_stack() -> bool {
    let mut top = 0_u64;
    // SAFETY: it only reads the register that points into such a stack; where there is none, it does nothing.
    unsafe {
        std::arch::asm!("rdsspq {top}", top = inout(reg) top, options(nomem, nostack, preserves_flags))
    };
    top != 0
}

/// Other systems give no thread a shadow stack that it did not ask for.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn shadow_stack() -> bool {
    false
}
