//! The table of instructions: each one line, and operators of the same shape one line together.
//!
//! [`for_each_instr!`](crate::for_each_instr) calls a macro with one row per instruction:
//!
//! ```text
//! Variant "mnemonic" [fields] Handler;
//! ```
//!
//! From it come the enum [`Op`](crate::Op), the text format, the verifier's knowledge of operands, and both dispatch
//! backends of the interpreter, which reads `Handler` as a type. A row without a handler does not compile.
//!
//! # Fields
//! Fields are placed from left to right. Word 0 belongs to the interpreter, which keeps the address of the handler there.
//! Word 1 holds the opcode in bits 0–15 and three 16-bit fields `a`, `b`, `c`; a 32-bit field takes the high half of word 1
//! if `b` and `c` are free, else the next free half of a following word; a 64-bit field takes a word.
//!
//! | field | bits | meaning |
//! |---|---|---|
//! | `d` `s` | 16 | slot that is written, read; counted from `fp`, signed: parameters lie below |
//! | `dv` `sv` | 16 | the same for a vector in two slots |
//! | `D` `S` | 32 | the same with a wide slot number |
//! | `i` `I` `J` | 16, 32, 64 | immediate, sign-extended |
//! | `n` `U` | 16, 32 | number |
//! | `T` | 32 | branch target in words, relative to the start of the instruction |
//! | `A` | 0 | operand in the accumulator of its type |
//! | `L` | – | list of branch targets, a word each; the field before it is their number |
//!
//! # Forms
//! The suffix of a variant tells where its operands are, in their order: `S` slot, `I` immediate, `A` accumulator,
//! `K` constant address, `G` any address in any memory, `H` the same in a shared memory.
//!
//! # Fused instructions
//! An instruction may do the work of two operators where the second uses the first one's result at once: `br_if_…` compares
//! and branches, `add_br_if_…` adds an immediate to a local, compares the sum and branches, `….sum` loads from the 32-bit sum
//! of two operands. Floats round after each operator.
//!
//! # Back edges
//! A branch to a label in front of it goes back to the head of a loop. Such *back edges* have instructions of their own,
//! `loop…` in place of `br…`: they count down the function's
//! [`counter`](upshift_core::vm::FuncRec::counter) when they are taken. Branches by tables and casts have no such form; they lead to a `loop` at the end of the code.
//!
//! # Calls
//! Behind the fields of each call that returns here stands one word more, right in front of the next instruction. It is for
//! returns from native code, which finds the return address of its caller's frame and jumps to where the word before it says.
//!
//! # Accumulators
//! There is one accumulator for integers and references, one for `f32` and one for `f64`. **Every instruction that writes
//! a scalar slot also puts the value into the accumulator of its type**: the slot is always valid, the accumulator saves the
//! next instruction a load.

/// Calls the macro `$m` with one row per instruction, see [`table`](crate::table).
#[macro_export]
macro_rules! for_each_instr {
    ($m:ident) => {
        $crate::upshift_core::for_each_pure_op! { [$crate::flatten_pure_ops] $m }
    };
}

/// The forms of pure operators: the first half of [`for_each_instr!`](crate::for_each_instr).
#[doc(hidden)]
#[macro_export]
macro_rules! flatten_pure_ops {
    (
        $m:ident
        binary {
            int_compare { $($ic:ident $ic_text:literal ($ic_l:ident, $ic_r:ident) -> $ic_o:ident = $ic_f:expr,
                            inverse $ic_inverse:ident, swapped $ic_swapped:ident;)* }
            float_compare { $($fc:ident $fc_text:literal ($fc_l:ident, $fc_r:ident) -> $fc_o:ident = $fc_f:expr;)* }
            int_commutative { $($ico:ident $ico_text:literal ($ico_l:ident, $ico_r:ident) -> $ico_o:ident = $ico_f:expr;)* }
            int_arithmetic { $($ia:ident $ia_text:literal ($ia_l:ident, $ia_r:ident) -> $ia_o:ident = $ia_f:expr;)* }
            int_rotate { $($ir:ident $ir_text:literal ($ir_l:ident, $ir_r:ident) -> $ir_o:ident = $ir_f:expr;)* }
            int_division_trap { $($id:ident $id_text:literal ($id_l:ident, $id_r:ident) -> $id_o:ident = $id_f:expr;)* }
            float_commutative { $($fco:ident $fco_text:literal ($fco_l:ident, $fco_r:ident) -> $fco_o:ident = $fco_f:expr;)* }
            float_arithmetic { $($fa:ident $fa_text:literal ($fa_l:ident, $fa_r:ident) -> $fa_o:ident = $fa_f:expr;)* }
            float_other { $($fo:ident $fo_text:literal ($fo_l:ident, $fo_r:ident) -> $fo_o:ident = $fo_f:expr;)* }
            simd_binary { $($sb:ident $sb_text:literal ($sb_l:ident, $sb_r:ident) -> $sb_o:ident = $sb_f:expr;)* }
        }
        wide {
            wide_sum { $($ws:ident $ws_text:literal ($ws_l:ident, $ws_r:ident) -> $ws_o:ident = $ws_f:expr;)* }
            wide_product { $($wp:ident $wp_text:literal ($wp_l:ident, $wp_r:ident) -> $wp_o:ident = $wp_f:expr;)* }
        }
        unary {
            unary_hot { $($uh:ident $uh_text:literal ($uh_i:ident) -> $uh_o:ident = $uh_f:expr;)* }
            unary { $($u:ident $u_text:literal ($u_i:ident) -> $u_o:ident = $u_f:expr;)* }
            unary_trap { $($ut:ident $ut_text:literal ($ut_i:ident) -> $ut_o:ident = $ut_f:expr;)* }
            simd_unary { $($su:ident $su_text:literal ($su_i:ident) -> $su_o:ident = $su_f:expr;)* }
        }
        canonical_nan { $($cn:ident $cn_text:literal ($cn_i:ident) -> $cn_o:ident = $cn_f:expr;)* }
        ternary { $($st:ident $st_text:literal ($st_a:ident, $st_b:ident, $st_c:ident) -> $st_o:ident = $st_f:expr;)* }
        extract_lane { $($sx:ident $sx_text:literal ($sx_i:ident) -> $sx_o:ident = $sx_f:expr;)* }
        replace_lane { $($sr:ident $sr_text:literal ($sr_v:ident, $sr_i:ident) -> $sr_o:ident = $sr_f:expr;)* }
    ) => { $crate::pastey::paste! { $crate::upshift_core::for_each_memory_op! { [$crate::flatten_memory_ops] $m {
        $(
            [<$ic SS>] $ic_text [d s s] Binary<op::$ic, SlotB, SlotC>;
            [<$ic SI>] $ic_text [d s I] Binary<op::$ic, SlotB, ImmNextLow>;
            [<$ic AS>] $ic_text [d A s] Binary<op::$ic, Acc, SlotB>;
            [<$ic AI>] $ic_text [d A I] Binary<op::$ic, Acc, ImmHigh>;
            [<Br $ic SS>] (concat!("br_if_", $ic_text)) [s s T] BranchIf<op::$ic, SlotA, SlotB, Next, true>;
            [<Br $ic SI>] (concat!("br_if_", $ic_text)) [s I T] BranchIf<op::$ic, SlotA, ImmHigh, Next, true>;
            [<Br $ic AS>] (concat!("br_if_", $ic_text)) [A s T] BranchIf<op::$ic, Acc, SlotA, High, true>;
            [<Br $ic AI>] (concat!("br_if_", $ic_text)) [A i T] BranchIf<op::$ic, Acc, ImmA, High, true>;
            [<AddBr $ic SS>] (concat!("add_br_if_", $ic_text)) [d i s T] AddBranch<op::$ic, SlotC, Next>;
            [<AddBr $ic SI>] (concat!("add_br_if_", $ic_text)) [d i i T] AddBranch<op::$ic, ImmC, Next>;
            [<Loop $ic SS>] (concat!("loop_if_", $ic_text)) [s s T] BranchIf<op::$ic, SlotA, SlotB, Back<Next>, true>;
            [<Loop $ic SI>] (concat!("loop_if_", $ic_text)) [s I T] BranchIf<op::$ic, SlotA, ImmHigh, Back<Next>, true>;
            [<Loop $ic AS>] (concat!("loop_if_", $ic_text)) [A s T] BranchIf<op::$ic, Acc, SlotA, Back<High>, true>;
            [<Loop $ic AI>] (concat!("loop_if_", $ic_text)) [A i T] BranchIf<op::$ic, Acc, ImmA, Back<High>, true>;
            [<AddLoop $ic SS>] (concat!("add_loop_if_", $ic_text)) [d i s T] AddBranch<op::$ic, SlotC, Back<Next>>;
            [<AddLoop $ic SI>] (concat!("add_loop_if_", $ic_text)) [d i i T] AddBranch<op::$ic, ImmC, Back<Next>>;
        )*
        $(
            [<$fc SS>] $fc_text [d s s] Binary<op::$fc, SlotB, SlotC>;
            [<Br $fc SS>] (concat!("br_if_", $fc_text)) [s s T] BranchIf<op::$fc, SlotA, SlotB, Next, true>;
            [<BrNot $fc SS>] (concat!("br_if_not_", $fc_text)) [s s T] BranchIf<op::$fc, SlotA, SlotB, Next, false>;
            [<Loop $fc SS>] (concat!("loop_if_", $fc_text)) [s s T] BranchIf<op::$fc, SlotA, SlotB, Back<Next>, true>;
            [<LoopNot $fc SS>] (concat!("loop_if_not_", $fc_text)) [s s T] BranchIf<op::$fc, SlotA, SlotB, Back<Next>, false>;
        )*
        $(
            [<$ico SS>] $ico_text [d s s] Binary<op::$ico, SlotB, SlotC>;
            [<$ico SI>] $ico_text [d s I] Binary<op::$ico, SlotB, ImmNextLow>;
            [<$ico AS>] $ico_text [d A s] Binary<op::$ico, Acc, SlotB>;
            [<$ico AI>] $ico_text [d A I] Binary<op::$ico, Acc, ImmHigh>;
        )*
        $(
            [<$ia SS>] $ia_text [d s s] Binary<op::$ia, SlotB, SlotC>;
            [<$ia SI>] $ia_text [d s I] Binary<op::$ia, SlotB, ImmNextLow>;
            [<$ia IS>] $ia_text [d I s] Binary<op::$ia, ImmHigh, SlotNext>;
            [<$ia AS>] $ia_text [d A s] Binary<op::$ia, Acc, SlotB>;
            [<$ia SA>] $ia_text [d s A] Binary<op::$ia, SlotB, Acc>;
            [<$ia AI>] $ia_text [d A I] Binary<op::$ia, Acc, ImmHigh>;
        )*
        $(
            [<$ir SS>] $ir_text [d s s] Binary<op::$ir, SlotB, SlotC>;
            [<$ir SI>] $ir_text [d s I] Binary<op::$ir, SlotB, ImmNextLow>;
            [<$ir AI>] $ir_text [d A I] Binary<op::$ir, Acc, ImmHigh>;
        )*
        $(
            [<$id SS>] $id_text [d s s] Binary<op::$id, SlotB, SlotC>;
            [<$id SI>] $id_text [d s i] Binary<op::$id, SlotB, ImmC>;
        )*
        // The lower and the upper half of the result, then the operands, of the sums in halves as well.
        $([<$ws SSSS>] $ws_text [d d s s s s] WideSum<op::$ws>;)*
        $([<$wp SS>] $wp_text [d d s s] WideProduct<op::$wp>;)*
        $(
            [<$fco SS>] $fco_text [d s s] Binary<op::$fco, SlotB, SlotC>;
            [<$fco SI>] $fco_text [d s J] Binary<op::$fco, SlotB, ImmNext>;
            [<$fco AS>] $fco_text [d A s] Binary<op::$fco, Acc, SlotB>;
            [<$fco AI>] $fco_text [d A J] Binary<op::$fco, Acc, ImmNext>;
        )*
        $(
            [<$fa SS>] $fa_text [d s s] Binary<op::$fa, SlotB, SlotC>;
            [<$fa SI>] $fa_text [d s J] Binary<op::$fa, SlotB, ImmNext>;
            [<$fa IS>] $fa_text [d J s] Binary<op::$fa, ImmNext, SlotLast>;
            [<$fa AS>] $fa_text [d A s] Binary<op::$fa, Acc, SlotB>;
            [<$fa SA>] $fa_text [d s A] Binary<op::$fa, SlotB, Acc>;
            [<$fa AI>] $fa_text [d A J] Binary<op::$fa, Acc, ImmNext>;
        )*
        $([<$fo SS>] $fo_text [d s s] Binary<op::$fo, SlotB, SlotC>;)*
        $(
            [<$uh S>] $uh_text [d s] Unary<op::$uh, SlotB>;
            [<$uh A>] $uh_text [d A] Unary<op::$uh, Acc>;
        )*
        $([<$u S>] $u_text [d s] Unary<op::$u, SlotB>;)*
        $([<$ut S>] $ut_text [d s] Unary<op::$ut, SlotB>;)*
        $([<$su S>] $su_text [(d $su_o) (s $su_i)] Unary<op::$su, SlotB>;)*
        $([<$cn S>] $cn_text [(d $cn_o) (s $cn_i)] Unary<op::$cn, SlotB>;)*
        $([<$sb SS>] $sb_text [(d $sb_o) (s $sb_l) (s $sb_r)] Binary<op::$sb, SlotB, SlotC>;)*
        $([<$st SSS>] $st_text [dv sv sv SV] Ternary<op::$st>;)*
        $([<$sx S>] $sx_text [d sv n] LaneExtract<op::$sx>;)*
        $([<$sr SS>] $sr_text [dv sv s U] LaneReplace<op::$sr>;)*
    } } } };
}

/// Memory accesses: the second part of [`for_each_instr!`](crate::for_each_instr).
#[doc(hidden)]
#[macro_export]
macro_rules! flatten_memory_ops {
    (
        $m:ident { $($pure:tt)* }
        load { $($l:ident $l_text:literal $l_bytes:ty => $l_out:ident = $l_f:expr;)* }
        simd_load { $($vl:ident $vl_text:literal $vl_bytes:ty => $vl_out:ident = $vl_f:expr;)* }
        store { $($s:ident $s_text:literal $s_in:ident => $s_bytes:ty = $s_f:expr;)* }
        simd_store { $($vs:ident $vs_text:literal $vs_in:ident => $vs_bytes:ty = $vs_f:expr;)* }
    ) => { $crate::pastey::paste! { $crate::upshift_core::for_each_atomic_op! { [$crate::flatten_other_ops] $m {
        $($pure)*

        // Loads: address, offset. `G` has the memory's number instead, and the offset in a word of its own.
        $(
            [<$l S>] $l_text [d s n] Load<mem::$l, SlotB, OffsetC>;
            [<$l A>] $l_text [d A U] Load<mem::$l, Acc, OffsetHigh>;
            [<$l Sum>] (concat!($l_text, ".sum")) [d s s U] LoadSum<mem::$l, SlotC, false>;
            [<$l SumI>] (concat!($l_text, ".sum")) [d s I U] LoadSum<mem::$l, ImmNextLow, true>;
            [<$l K>] (concat!($l_text, ".at")) [d U] Load<mem::$l, Zero, OffsetHigh>;
            [<$l G>] (concat!($l_text, ".mem")) [d s n J] LoadAny<mem::$l>;
            [<$l H>] (concat!($l_text, ".shared")) [d s n J] LoadShared<mem::$l>;
        )*
        $(
            [<$vl S>] $vl_text [dv s n] Load<mem::$vl, SlotB, OffsetC>;
            [<$vl G>] (concat!($vl_text, ".mem")) [dv s n J] LoadAny<mem::$vl>;
            [<$vl H>] (concat!($vl_text, ".shared")) [dv s n J] LoadShared<mem::$vl>;
        )*
        // Stores: address, value, offset.
        $(
            [<$s SS>] $s_text [s s n] Store<mem::$s, SlotA, SlotB, OffsetC>;
            [<$s SI>] $s_text [s i n] Store<mem::$s, SlotA, ImmB, OffsetC>;
            [<$s AS>] $s_text [A s U] Store<mem::$s, Acc, SlotA, OffsetHigh>;
            [<$s SA>] $s_text [s A U] Store<mem::$s, SlotA, Acc, OffsetHigh>;
            [<$s KS>] (concat!($s_text, ".at")) [s U] Store<mem::$s, Zero, SlotA, OffsetHigh>;
            [<$s G>] (concat!($s_text, ".mem")) [s s n J] StoreAny<mem::$s>;
            [<$s H>] (concat!($s_text, ".shared")) [s s n J] StoreShared<mem::$s>;
        )*
        $(
            [<$vs SS>] $vs_text [s sv n] Store<mem::$vs, SlotA, SlotB, OffsetC>;
            [<$vs G>] (concat!($vs_text, ".mem")) [s sv n J] StoreAny<mem::$vs>;
            [<$vs H>] (concat!($vs_text, ".shared")) [s sv n J] StoreShared<mem::$vs>;
        )*
    } } } };
}

/// Everything else: the third part of [`for_each_instr!`](crate::for_each_instr).
#[doc(hidden)]
#[macro_export]
macro_rules! flatten_other_ops {
    (
        $m:ident { $($before:tt)* }
        atomic_load { $($l:ident $l_text:literal $l_w:ident i32[$($l_32:ident)?] i64[$l_64:ident];)* }
        atomic_store { $($s:ident $s_text:literal $s_w:ident i32[$($s_32:ident)?] i64[$s_64:ident];)* }
        atomic_rmw { $($r:ident $r_text:literal $r_w:ident i32[$($r_32:ident)?] i64[$r_64:ident] = $r_f:expr;)* }
        atomic_cmpxchg { $($c:ident $c_text:literal $c_w:ident i32[$($c_32:ident)?] i64[$c_64:ident];)* }
    ) => { $m! {
        $($before)*

        // Atomic accesses: result, address, operands, memory, offset.
        $($l $l_text [d s n J] AtomicLoad<atomic::$l>;)*
        $($s $s_text [s s n J] AtomicStore<atomic::$s>;)*
        $($r $r_text [d s s U J] AtomicRmw<atomic::$r>;)*
        $($c $c_text [d s s S U J] AtomicCompareExchange<atomic::$c>;)*
        Fence "atomic.fence" [] Fence;
        // Lane accesses: vector in and out, address, memory, offset, lane.
        V128Load8Lane "v128.load8_lane" [dv sv s U J U] LoadLane<1>;
        V128Load16Lane "v128.load16_lane" [dv sv s U J U] LoadLane<2>;
        V128Load32Lane "v128.load32_lane" [dv sv s U J U] LoadLane<4>;
        V128Load64Lane "v128.load64_lane" [dv sv s U J U] LoadLane<8>;
        V128Store8Lane "v128.store8_lane" [s sv n J U] StoreLane<1>;
        V128Store16Lane "v128.store16_lane" [s sv n J U] StoreLane<2>;
        V128Store32Lane "v128.store32_lane" [s sv n J U] StoreLane<4>;
        V128Store64Lane "v128.store64_lane" [s sv n J U] StoreLane<8>;
        // Two operators at once. Sum of a slot and a slot that is shifted left; sum, difference of a slot and a product.
        I32AddShl "i32.add_shl" [d s s U] AddShl;
        F32MulAdd "f32.mul_add" [d s s S] MulAdd<f32, false>;
        F32MulSub "f32.mul_sub" [d s s S] MulAdd<f32, true>;
        F64MulAdd "f64.mul_add" [d s s S] MulAdd<f64, false>;
        F64MulSub "f64.mul_sub" [d s s S] MulAdd<f64, true>;

        // Size of a memory: its number, binary logarithm of its page size.
        MemorySize "memory.size" [d n n] MemorySize;

        // Constants and copies.
        Const32 "const" [d U] Const32;
        Const64 "const64" [d J] Const64;
        ConstV128 "const.v128" [dv J J] ConstV128;
        Copy "copy" [d s] Copy;
        CopyV128 "copy.v128" [dv sv] CopyV128;
        CopyWide "copy.wide" [D S] CopyWide;
        CopySpan "copy.span" [n D S] CopySpan;
        // Local variables at entry: first slot, number of slots.
        ZeroSpan "zero.span" [D U] ZeroSpan;
        // Result, operand if the condition holds, operand if not, condition.
        Select "select" [d s s S] Select<WideSlotNext>;
        SelectA "select" [d s s A] Select<Acc>;
        SelectV128 "select.v128" [dv sv sv S] SelectV128;
        Shuffle "i8x16.shuffle" [dv sv sv J J] Shuffle;

        // Globals: offset in the instance's context of the cell, or of the pointer to it.
        GlobalGet "global.get" [d U] GlobalGet;
        GlobalSet "global.set" [s U] GlobalSet;
        GlobalGetV128 "global.get.v128" [dv U] GlobalGetV128;
        GlobalSetV128 "global.set.v128" [sv U] GlobalSetV128;
        GlobalGetImport "global.get.import" [d U] GlobalGetImport;
        GlobalSetImport "global.set.import" [s U] GlobalSetImport;
        GlobalGetImportV128 "global.get.import.v128" [dv U] GlobalGetImportV128;
        GlobalSetImportV128 "global.set.import.v128" [sv U] GlobalSetImportV128;

        // References: offset in the context of the function's record, or of the pointer to it.
        RefFunc "ref.func" [d U] RefFunc;
        RefFuncImport "ref.func.import" [d U] RefFuncImport;
        RefAsNonNull "ref.as_non_null" [s] RefAsNonNull;

        // Objects. A struct: its first field's value, if they are given, type, size; with a few fields of 4 bytes there is no size.
        StructNew "struct.new" [d S U U] StructNew;
        StructNew32x1 "struct.new32x1" [d S U] StructNew32<1>;
        StructNew32x2 "struct.new32x2" [d S U] StructNew32<2>;
        StructNew32x3 "struct.new32x3" [d S U] StructNew32<3>;
        StructNew32x4 "struct.new32x4" [d S U] StructNew32<4>;
        StructNewDefault "struct.new_default" [d U U] StructNewDefault;
        // Fields: object, offset.
        FieldGet8U "struct.get8_u" [d s n] FieldGet<mem::Load8U, SlotB, OffsetC>;
        FieldGet8S "struct.get8_s" [d s n] FieldGet<mem::Load8S32, SlotB, OffsetC>;
        FieldGet16U "struct.get16_u" [d s n] FieldGet<mem::Load16U, SlotB, OffsetC>;
        FieldGet16S "struct.get16_s" [d s n] FieldGet<mem::Load16S32, SlotB, OffsetC>;
        FieldGet32 "struct.get32" [d s n] FieldGet<mem::Load32U, SlotB, OffsetC>;
        FieldGet64 "struct.get64" [d s n] FieldGet<mem::Load64, SlotB, OffsetC>;
        FieldGetF32 "struct.get.f32" [d s n] FieldGet<mem::LoadF32, SlotB, OffsetC>;
        FieldGetF64 "struct.get.f64" [d s n] FieldGet<mem::LoadF64, SlotB, OffsetC>;
        FieldGetV128 "struct.get.v128" [dv s n] FieldGet<mem::V128Load, SlotB, OffsetC>;
        FieldGet8UA "struct.get8_u" [d A U] FieldGet<mem::Load8U, Acc, OffsetHigh>;
        FieldGet8SA "struct.get8_s" [d A U] FieldGet<mem::Load8S32, Acc, OffsetHigh>;
        FieldGet16UA "struct.get16_u" [d A U] FieldGet<mem::Load16U, Acc, OffsetHigh>;
        FieldGet16SA "struct.get16_s" [d A U] FieldGet<mem::Load16S32, Acc, OffsetHigh>;
        FieldGet32A "struct.get32" [d A U] FieldGet<mem::Load32U, Acc, OffsetHigh>;
        FieldGet64A "struct.get64" [d A U] FieldGet<mem::Load64, Acc, OffsetHigh>;
        FieldGetF32A "struct.get.f32" [d A U] FieldGet<mem::LoadF32, Acc, OffsetHigh>;
        FieldGetF64A "struct.get.f64" [d A U] FieldGet<mem::LoadF64, Acc, OffsetHigh>;
        FieldGetV128A "struct.get.v128" [dv A U] FieldGet<mem::V128Load, Acc, OffsetHigh>;
        // Object, value, offset.
        FieldSet8 "struct.set8" [s s n] FieldSet<mem::Store8, SlotA, SlotB, OffsetC>;
        FieldSet16 "struct.set16" [s s n] FieldSet<mem::Store16, SlotA, SlotB, OffsetC>;
        FieldSet32 "struct.set32" [s s n] FieldSet<mem::Store32, SlotA, SlotB, OffsetC>;
        FieldSet64 "struct.set64" [s s n] FieldSet<mem::Store64, SlotA, SlotB, OffsetC>;
        FieldSetV128 "struct.set.v128" [s sv n] FieldSet<mem::V128Store, SlotA, SlotB, OffsetC>;
        FieldSet8A "struct.set8" [A s U] FieldSet<mem::Store8, Acc, SlotA, OffsetHigh>;
        FieldSet16A "struct.set16" [A s U] FieldSet<mem::Store16, Acc, SlotA, OffsetHigh>;
        FieldSet32A "struct.set32" [A s U] FieldSet<mem::Store32, Acc, SlotA, OffsetHigh>;
        FieldSet64A "struct.set64" [A s U] FieldSet<mem::Store64, Acc, SlotA, OffsetHigh>;
        FieldSetV128A "struct.set.v128" [A sv U] FieldSet<mem::V128Store, Acc, SlotA, OffsetHigh>;
        // Elements: array, index, value.
        ElementGet8U "array.get8_u" [d s s] ElementGet<mem::Load8U>;
        ElementGet8S "array.get8_s" [d s s] ElementGet<mem::Load8S32>;
        ElementGet16U "array.get16_u" [d s s] ElementGet<mem::Load16U>;
        ElementGet16S "array.get16_s" [d s s] ElementGet<mem::Load16S32>;
        ElementGet32 "array.get32" [d s s] ElementGet<mem::Load32U>;
        ElementGet64 "array.get64" [d s s] ElementGet<mem::Load64>;
        ElementGetF32 "array.get.f32" [d s s] ElementGet<mem::LoadF32>;
        ElementGetF64 "array.get.f64" [d s s] ElementGet<mem::LoadF64>;
        ElementGetV128 "array.get.v128" [dv s s] ElementGet<mem::V128Load>;
        ElementSet8 "array.set8" [s s s] ElementSet<mem::Store8>;
        ElementSet16 "array.set16" [s s s] ElementSet<mem::Store16>;
        ElementSet32 "array.set32" [s s s] ElementSet<mem::Store32>;
        ElementSet64 "array.set64" [s s s] ElementSet<mem::Store64>;
        ElementSetV128 "array.set.v128" [s s sv] ElementSet<mem::V128Store>;
        ArrayLen "array.len" [d s] ArrayLen;
        // Tests of types: reference, the test but for the type, the type; what is tested often has forms of its own.
        RefTest "ref.test" [d s n U] RefTest<AnyCast>;
        RefTestExact "ref.test.exact" [d s n U] RefTest<ExactCast>;
        RefTestObject "ref.test.object" [d s n U] RefTest<ObjectCast>;
        RefCast "ref.cast" [s n U] RefCast<AnyCast>;
        RefCastExact "ref.cast.exact" [s n U] RefCast<ExactCast>;
        RefCastObject "ref.cast.object" [s n U] RefCast<ObjectCast>;
        BrOnCast "br_on_cast" [s n U T] BrOnCast<AnyCast, true>;
        BrOnCastExact "br_on_cast.exact" [s n U T] BrOnCast<ExactCast, true>;
        BrOnCastObject "br_on_cast.object" [s n U T] BrOnCast<ObjectCast, true>;
        BrOnCastFail "br_on_cast_fail" [s n U T] BrOnCast<AnyCast, false>;
        BrOnCastFailExact "br_on_cast_fail.exact" [s n U T] BrOnCast<ExactCast, false>;
        BrOnCastFailObject "br_on_cast_fail.object" [s n U T] BrOnCast<ObjectCast, false>;

        // Fuel: how much; then whether the epoch has come: first slot that is free.
        Charge "charge" [U] Charge;
        CheckInterrupt "check_interrupt" [S] CheckInterrupt;

        // Control. A target that is taken too far away for a fused form does not exist: targets have 32 bits.
        Unreachable "unreachable" [] Unreachable;
        Br "br" [T] Br<High>;
        Loop "loop" [T] Br<Back<High>>;
        BrTable "br_table" [s U L] BrTable;

        // Calls: parameter slots, where the callee's frame will be (behind arguments and header), then what is called. Direct:
        // offset of the record, or of the pointer to it, function index.
        Call "call" [n S U U] Call;
        CallImport "call.import" [n S U U] CallImport;
        // Index slot, offset of the pointer to the table, type. The second form also takes functions of subtypes, and has the
        // number of supertypes. At last, as in calls by reference, where what is called is noted: the offset of a cell.
        CallIndirect "call_indirect" [n S S U U U] CallIndirect<Final>;
        CallIndirectSub "call_indirect.sub" [n S S U U U U] CallIndirect<Open>;
        CallRef "call_ref" [n S S U] CallRef;
        // Tail calls have the caller's own parameter slots and result slots in addition, last.
        ReturnCall "return_call" [n S U U U U] ReturnCall;
        ReturnCallImport "return_call.import" [n S U U U U] ReturnCallImport;
        ReturnCallIndirect "return_call_indirect" [n S S U U U U U] ReturnCallIndirect<Final>;
        ReturnCallIndirectSub "return_call_indirect.sub" [n S S U U U U U U] ReturnCallIndirect<Open>;
        ReturnCallRef "return_call_ref" [n S S U U U] ReturnCallRef;
        // Returns: where the result goes, the result.
        Return "return" [] Return;
        ReturnS "return" [d s] ReturnValue<SlotB, u64>;
        ReturnA "return" [d A] ReturnValue<Acc, u64>;
        ReturnI "return" [d I] ReturnValue<ImmHigh, u64>;
        ReturnF32S "return.f32" [d s] ReturnValue<SlotB, f32>;
        ReturnF64S "return.f64" [d s] ReturnValue<SlotB, f64>;
        ReturnF32A "return.f32" [d A] ReturnValue<Acc, f32>;
        ReturnF64A "return.f64" [d A] ReturnValue<Acc, f64>;
        // Where the results go, the first one, number of slots.
        ReturnSpan "return.span" [d S U] ReturnSpan;

        // Exceptions: first slot of the values, tag; then the slot of a reference.
        Throw "throw" [S U] Throw;
        ThrowRef "throw_ref" [S] ThrowRef;

        // Services of the runtime: which, first operand slot, two indices.
        Builtin "builtin" [n S U U] Builtin;

        // Code that the runtime owns: no function contains these.
        Exit "exit" [] Exit;
        Restore "restore" [] Restore;
        Translate "translate" [] Translate;
        HostCall "host_call" [] HostCall;
    } };
}
