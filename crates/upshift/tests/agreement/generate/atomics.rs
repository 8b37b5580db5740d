//! Atomic accesses of all sizes, and waiting without patience.

use wasm_encoder::{Instruction as I, MemArg, Ordering, ValType};

use super::body::Maker;
use super::values::{act, i64, op};
use crate::program::Node;

type Make = fn(MemArg) -> I<'static>;

/// The instructions of one width: load, store, the six that compute, compare and exchange; with the size as a binary logarithm.
struct Width {
    wide: bool,
    log2: u32,
    load: Make,
    store: Make,
    compute: [Make; 6],
    exchange: Make,
}

macro_rules! widths {
    ($($wide:literal $log2:literal $load:ident $store:ident [$($compute:ident)*] $exchange:ident;)*) => {
        const WIDTHS: &[Width] = &[$(Width {
            wide: $wide, log2: $log2, load: I::$load, store: I::$store, compute: [$(I::$compute),*], exchange: I::$exchange,
        },)*];
    };
}

widths! {
    false 2 I32AtomicLoad I32AtomicStore
        [I32AtomicRmwAdd I32AtomicRmwSub I32AtomicRmwAnd I32AtomicRmwOr I32AtomicRmwXor I32AtomicRmwXchg] I32AtomicRmwCmpxchg;
    false 0 I32AtomicLoad8U I32AtomicStore8
        [I32AtomicRmw8AddU I32AtomicRmw8SubU I32AtomicRmw8AndU I32AtomicRmw8OrU I32AtomicRmw8XorU I32AtomicRmw8XchgU]
        I32AtomicRmw8CmpxchgU;
    false 1 I32AtomicLoad16U I32AtomicStore16
        [I32AtomicRmw16AddU I32AtomicRmw16SubU I32AtomicRmw16AndU I32AtomicRmw16OrU I32AtomicRmw16XorU I32AtomicRmw16XchgU]
        I32AtomicRmw16CmpxchgU;
    true 3 I64AtomicLoad I64AtomicStore
        [I64AtomicRmwAdd I64AtomicRmwSub I64AtomicRmwAnd I64AtomicRmwOr I64AtomicRmwXor I64AtomicRmwXchg] I64AtomicRmwCmpxchg;
    true 0 I64AtomicLoad8U I64AtomicStore8
        [I64AtomicRmw8AddU I64AtomicRmw8SubU I64AtomicRmw8AndU I64AtomicRmw8OrU I64AtomicRmw8XorU I64AtomicRmw8XchgU]
        I64AtomicRmw8CmpxchgU;
    true 1 I64AtomicLoad16U I64AtomicStore16
        [I64AtomicRmw16AddU I64AtomicRmw16SubU I64AtomicRmw16AndU I64AtomicRmw16OrU I64AtomicRmw16XorU I64AtomicRmw16XchgU]
        I64AtomicRmw16CmpxchgU;
    true 2 I64AtomicLoad32U I64AtomicStore32
        [I64AtomicRmw32AddU I64AtomicRmw32SubU I64AtomicRmw32AndU I64AtomicRmw32OrU I64AtomicRmw32XorU I64AtomicRmw32XchgU]
        I64AtomicRmw32CmpxchgU;
}

impl Maker<'_> {
    fn width(&mut self, ty: ValType) -> &'static Width {
        let wide = ty == ValType::I64;
        let fitting: Vec<&Width> = WIDTHS.iter().filter(|width| width.wide == wide).collect();
        fitting[self.rng.below(fitting.len())]
    }

    /// An atomic access with a result of the type, which is an integer.
    pub(super) fn atomic(&mut self, ty: ValType) -> Node {
        if ty == ValType::I32 && self.rng.chance(15) {
            return self.wait();
        }
        let width = self.width(ty);
        let (arg, address) = self.access(width.log2, true);
        match self.rng.below(10) {
            0..3 => op((width.load)(arg), vec![address], ty),
            3..8 => {
                let make = *self.rng.pick(&width.compute);
                let value = self.value(ty);
                op(make(arg), vec![address, value], ty)
            }
            _ => {
                let (expected, new) = (self.value(ty), self.value(ty));
                op((width.exchange)(arg), vec![address, expected, new], ty)
            }
        }
    }

    /// Wakes nobody, or waits no time at all: in a memory that is not shared, that traps.
    fn wait(&mut self) -> Node {
        let ty = ValType::I32;
        let notify = self.rng.chance(50);
        let wide = self.rng.chance(50);
        let (arg, address) = self.access(if wide && !notify { 3 } else { 2 }, true);
        let shared = match arg.target {
            wasm_encoder::MemArgTarget::Memory(memory) => self.shape.memories[memory as usize].shared,
            _ => false,
        };
        if notify || !(shared || self.rng.chance(self.shape.traps)) {
            let arg = MemArg { align: 2, ..arg };
            let count = self.value(ValType::I32);
            return op(I::MemoryAtomicNotify(arg), vec![address, count], ty);
        }
        let expected = self.value(if wide { ValType::I64 } else { ty });
        let (make, none) = (if wide { I::MemoryAtomicWait64 } else { I::MemoryAtomicWait32 } as Make, i64(0));
        op(make(arg), vec![address, expected, none], ty)
    }

    /// An atomic store, or a fence.
    pub(super) fn store_atomic(&mut self) -> Node {
        if self.rng.chance(10) {
            return act(I::AtomicFence(Ordering::SeqCst), Vec::new());
        }
        let ty = if self.rng.chance(50) { ValType::I64 } else { ValType::I32 };
        let width = self.width(ty);
        let (arg, address) = self.access(width.log2, true);
        let value = self.value(ty);
        act((width.store)(arg), vec![address, value])
    }
}
