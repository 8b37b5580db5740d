//! Adaptors for calls with arguments in registers, one for each signature, for all stores of an engine.
//!
//! ```text
//! types of parameters ─▶ Signature ─▶ known: its address
//!                                       └ not yet ─ slots_adaptor ─▶ CodeSet::publish
//! ```
//!
//! They are made when the first function of the signature is called so, and go with the engine.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use upshift_core::types::ValType;
use upshift_opt::adaptor::{Signature, slots_adaptor};

use crate::vm::code::{CodeSet, NativeKind};

/// The most adaptors of an engine, which frees none: whoever has further signatures, one module after the other, does without.
const MOST: usize = 1 << 12;

/// The adaptors of an engine.
#[derive(Default)]
pub(crate) struct Adaptors {
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    addresses: HashMap<Signature, usize>,
    /// Where they lie, once there is one.
    code: Option<CodeSet<'static>>,
}

impl Adaptors {
    /// The adaptor for functions with such parameters: what a [`FuncRec`](upshift_core::vm::FuncRec) holds as `reg_entry` if its code
    /// takes arguments in slots. `None` if there is no room for one more.
    pub(crate) fn get(&self, params: &[ValType]) -> Option<*const u8> {
        let signature = Signature::of(params);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let address = match made.addresses.get(&signature) {
            Some(&address) => address,
            None if made.addresses.len() == MOST => return None,
            None => made.make(signature)?,
        };
        Some(std::ptr::with_exposed_provenance(address))
    }
}

impl Made {
    fn make(&mut self, signature: Signature) -> Option<usize> {
        let code = match &mut self.code {
            Some(code) => code,
            none => none.insert(CodeSet::create().ok()?),
        };
        let (number, mut adaptor) = (self.addresses.len() as u32, slots_adaptor(&signature));
        let nothing = |kind| unreachable!("adaptors refer to nothing: {kind:?}");
        let address = code.publish(&mut adaptor, NativeKind::Thunk, number, Box::default(), nothing).ok()?;
        self.addresses.insert(signature, address);
        Some(address)
    }
}

impl fmt::Debug for Adaptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adaptors").finish_non_exhaustive()
    }
}

#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod tests {
    use std::arch::naked_asm;
    use std::mem::offset_of;
    use std::ptr::null_mut;

    use upshift_core::types::{FuncType, RefType, TypeId, ValType};
    use upshift_core::vm::registers::ArgRegisters;
    use upshift_core::vm::{Entry, FuncRec, frame};

    use super::{Adaptors, MOST};

    /// Loads the registers that bring arguments and calls the entry for them, with the frame in rbx.
    #[unsafe(naked)]
    unsafe extern "sysv64" fn call(func: *const FuncRec, registers: *const ArgRegisters, fp: *mut u64) {
        naked_asm!(
            "push rbx",
            "mov rbx, rdx",
            "mov rax, rdi",
            "mov r11, rsi",
            "mov rdi, [r11 + {ints}]",
            "mov rsi, [r11 + {ints} + 8]",
            "mov rdx, [r11 + {ints} + 16]",
            "mov rcx, [r11 + {ints} + 24]",
            "mov r8, [r11 + {ints} + 32]",
            "mov r9, [r11 + {ints} + 40]",
            "mov r10, [r11 + {ints} + 48]",
            "movups xmm0, [r11]",
            "movups xmm1, [r11 + 16]",
            "movups xmm2, [r11 + 32]",
            "movups xmm3, [r11 + 48]",
            "movups xmm4, [r11 + 64]",
            "movups xmm5, [r11 + 80]",
            "movups xmm6, [r11 + 96]",
            "movups xmm7, [r11 + 112]",
            "call [rax + {entry}]",
            "pop rbx",
            "ret",
            ints = const offset_of!(ArgRegisters, ints),
            entry = const offset_of!(FuncRec, reg_entry),
        )
    }

    /// A function's native code, which returns.
    #[unsafe(naked)]
    unsafe extern "sysv64" fn native() {
        naked_asm!("ret")
    }

    #[test]
    fn they_store_what_the_runtime_would_store() {
        let adaptors = Adaptors::default();
        let registers = ArgRegisters {
            floats: std::array::from_fn(|n| [1000 + n as u64, 2000 + n as u64]),
            ints: std::array::from_fn(|n| 3000 + n as u64),
            kept: 0,
        };
        let kinds =
            [ValType::I32, ValType::F64, ValType::V128, ValType::Ref(RefType::EXTERNREF), ValType::F32];
        // All lists of up to four, and long ones of each kind and of all.
        let mut lists: Vec<Vec<ValType>> = vec![vec![]];
        for from in 0.. {
            if lists[from].len() == 4 {
                break;
            }
            for kind in kinds {
                let mut list = lists[from].clone();
                list.push(kind);
                lists.push(list);
            }
        }
        lists.extend(kinds.map(|kind| vec![kind; 20]));
        lists.push(kinds.repeat(10));
        let mut made = std::collections::HashSet::new();
        for types in lists {
            let func = FuncType::new(types.clone(), []);
            let Some(entry) = adaptors.get(&types) else { return };
            assert_eq!(adaptors.get(&types), Some(entry), "it is made once");
            made.insert(entry);
            let entry = Entry { native: native as *const u8, reg_entry: entry, ..Entry::NONE };
            let rec = FuncRec::new(entry, null_mut(), TypeId(0), &func, 0);
            let slots = frame::fp_offset(func.param_slots()) as usize;
            let mut expected = vec![7; slots + 1];
            expected[slots.strict_add_signed(frame::FUNC)] = (&raw const rec) as u64;
            let mut found = expected.clone();
            // SAFETY: both have as many slots as the parameters and the header.
            unsafe {
                registers.spread(&types, expected.as_mut_ptr());
                call(&raw const rec, &raw const registers, found.as_mut_ptr().add(slots));
            }
            assert_eq!(found, expected, "{types:?}");
        }
        assert!(made.len() < MOST);
    }
}
