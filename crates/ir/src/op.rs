//! Opcodes and the places of their operands, generated from the [`table`](crate::table).
//!
//! Encoder, printer, parser and verifier all go by [`Op::fields`] and [`place`].

use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};

/// A kind of operand, see [`table`](crate::table).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Field {
    /// Slot that is written, 16 bits; slots are counted from `fp`, those of parameters are negative.
    Dst,
    /// Slot that is read, 16 bits.
    Src,
    /// Two slots that are written, 16 bits.
    DstV,
    /// Two slots that are read, 16 bits.
    SrcV,
    /// Slot that is written, 32 bits.
    WideDst,
    /// Slot that is read, 32 bits.
    WideSrc,
    /// Two slots that are read, 32 bits.
    WideSrcV,
    /// Signed immediate, 16 bits.
    Imm16,
    /// Signed immediate, 32 bits.
    Imm32,
    /// Immediate, 64 bits.
    Imm64,
    /// Number, 16 bits.
    Num16,
    /// Number, 32 bits.
    Num32,
    /// Branch target relative to the instruction, 32 bits.
    Target,
    /// The operand is in the accumulator.
    Acc,
    /// As many words with branch targets as the field before says, plus one for the default.
    Targets,
}

macro_rules! field {
    (d) => {
        Field::Dst
    };
    (s) => {
        Field::Src
    };
    (dv) => {
        Field::DstV
    };
    (sv) => {
        Field::SrcV
    };
    (D) => {
        Field::WideDst
    };
    (S) => {
        Field::WideSrc
    };
    (SV) => {
        Field::WideSrcV
    };
    (i) => {
        Field::Imm16
    };
    (I) => {
        Field::Imm32
    };
    (J) => {
        Field::Imm64
    };
    (n) => {
        Field::Num16
    };
    (U) => {
        Field::Num32
    };
    (T) => {
        Field::Target
    };
    (A) => {
        Field::Acc
    };
    (L) => {
        Field::Targets
    };
    ((d V128)) => {
        Field::DstV
    };
    ((s V128)) => {
        Field::SrcV
    };
    ((d $scalar:ident)) => {
        Field::Dst
    };
    ((s $scalar:ident)) => {
        Field::Src
    };
}

macro_rules! define_op {
    ($($name:ident $text:tt [$($field:tt)*] $handler:ty;)*) => {
        /// An opcode of the register IR.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        #[allow(missing_docs, reason = "the table documents instructions by group")]
        pub enum Op {
            $($name,)*
        }

        impl Op {
            /// All opcodes, in the order of their numbers.
            pub const ALL: &'static [Op] = &[$(Op::$name,)*];

            /// The mnemonic. Forms of one operator share it.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self {
                    $(Op::$name => $text,)*
                }
            }

            /// The operands in the order in which they are placed and printed.
            #[must_use]
            pub const fn fields(self) -> &'static [Field] {
                match self {
                    $(Op::$name => &[$(field!($field)),*],)*
                }
            }
        }
    };
}

for_each_instr!(define_op);

impl Op {
    /// The opcode with the given number.
    #[inline]
    #[must_use]
    pub const fn from_u16(number: u16) -> Option<Op> {
        if (number as usize) < Op::ALL.len() { Some(Op::ALL[number as usize]) } else { None }
    }

    /// The opcode of the instruction at the start of `words`.
    #[must_use]
    pub fn first_of(words: &[u64]) -> Option<Op> {
        Op::from_u16(*words.get(1)? as u16)
    }

    /// Whether it is a call after which control goes on with the next instruction.
    #[must_use]
    pub const fn returns_here(self) -> bool {
        matches!(self, Op::Call | Op::CallImport | Op::CallIndirect | Op::CallIndirectSub | Op::CallRef)
    }

    /// How many words the instruction takes, without a target list.
    #[must_use]
    pub const fn words(self) -> usize {
        place(self).1
    }

    /// Whether the instruction calls a function, with the callee's frame as its second field.
    #[must_use]
    pub fn is_call(self) -> bool {
        matches!(
            self,
            Op::Call
                | Op::CallImport
                | Op::CallIndirect
                | Op::CallIndirectSub
                | Op::CallRef
                | Op::ReturnCall
                | Op::ReturnCallImport
                | Op::ReturnCallIndirect
                | Op::ReturnCallIndirectSub
                | Op::ReturnCallRef
        )
    }

    /// Whether control never goes on with the next instruction.
    #[must_use]
    pub fn ends_block(self) -> bool {
        matches!(
            self,
            Op::Unreachable
                | Op::Br
                | Op::Loop
                | Op::BrTable
                | Op::ReturnCall
                | Op::ReturnCallImport
                | Op::ReturnCallIndirect
                | Op::ReturnCallIndirectSub
                | Op::ReturnCallRef
                | Op::Return
                | Op::ReturnS
                | Op::ReturnA
                | Op::ReturnI
                | Op::ReturnF32S
                | Op::ReturnF64S
                | Op::ReturnF32A
                | Op::ReturnF64A
                | Op::ReturnSpan
                | Op::Throw
                | Op::ThrowRef
                | Op::Exit
                | Op::Restore
                | Op::HostCall
        )
    }
}

/// Where a field lies: a word of the instruction and a bit range in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The word, counted from the start of the instruction.
    pub word: usize,
    /// The lowest bit.
    pub shift: u32,
    /// The number of bits; 0 for accumulators.
    pub bits: u32,
}

impl Field {
    /// How many bits the field takes; a target list takes whole words and returns 0.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Field::Dst | Field::Src | Field::DstV | Field::SrcV | Field::Imm16 | Field::Num16 => 16,
            Field::WideDst
            | Field::WideSrc
            | Field::WideSrcV
            | Field::Imm32
            | Field::Num32
            | Field::Target => 32,
            Field::Imm64 => 64,
            Field::Acc | Field::Targets => 0,
        }
    }
}

impl Field {
    /// Whether the field names a slot: a signed number, counted from `fp`.
    #[must_use]
    pub const fn is_slot(self) -> bool {
        matches!(
            self,
            Field::Dst
                | Field::Src
                | Field::DstV
                | Field::SrcV
                | Field::WideDst
                | Field::WideSrc
                | Field::WideSrcV
        )
    }
}

/// The most fields that an instruction has.
pub const MAX_FIELDS: usize = 9;

/// The places of all fields of an opcode, and the number of words without a target list. Calls that return here have a word
/// behind their fields.
#[must_use]
pub const fn place(op: Op) -> ([Place; MAX_FIELDS], usize) {
    let fields = op.fields();
    let mut places = [Place { word: 0, shift: 0, bits: 0 }; MAX_FIELDS];
    // The next free bit, behind the handler's word and the opcode; it only moves forward.
    let mut bit: u32 = 64 + 16;
    let mut i = 0;
    while i < fields.len() {
        let bits = fields[i].bits();
        if bits != 0 {
            bit = bit.next_multiple_of(bits);
            places[i] = Place { word: (bit / 64) as usize, shift: bit % 64, bits };
            bit += bits;
        }
        i += 1;
    }
    (places, bit.div_ceil(64) as usize + op.returns_here() as usize)
}

/// The places of an opcode's fields that have values, packed: what the builder needs for each instruction that it writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// For each field the word in bits 0–2, the lowest bit divided by 16 in bits 3–4, the number of 16-bit parts in bits 5–7.
    places: [u8; MAX_FIELDS],
    /// Which of them are slots, a bit for each.
    slots: u16,
    /// The number of fields.
    fields: u8,
    /// The number of words without a target list.
    words: u8,
}

/// The most words that an instruction has without a target list.
pub(crate) const MAX_WORDS: usize = 8;

static LAYOUTS: [Layout; Op::ALL.len()] = {
    let mut layouts = [Layout { places: [0; MAX_FIELDS], slots: 0, fields: 0, words: 0 }; Op::ALL.len()];
    let mut number = 0;
    while number < layouts.len() {
        let (places, words) = place(Op::ALL[number]);
        assert!(words <= MAX_WORDS);
        let layout = &mut layouts[number];
        layout.words = words as u8;
        let mut i = 0;
        while i < MAX_FIELDS {
            let Place { word, shift, bits } = places[i];
            if bits != 0 {
                let packed = word | (shift as usize / 16) << 3 | (bits as usize / 16) << 5;
                layout.places[layout.fields as usize] = packed as u8;
                layout.slots |= (Op::ALL[number].fields()[i].is_slot() as u16) << layout.fields;
                layout.fields += 1;
            }
            i += 1;
        }
        number += 1;
    }
    layouts
};

/// The word and the lowest bit of an opcode's last field.
pub(crate) fn last_place(op: Op) -> (usize, u32) {
    let layout = &LAYOUTS[op as usize];
    let packed = layout.places[usize::from(layout.fields) - 1];
    (usize::from(packed & 7), u32::from(packed >> 3 & 3) * 16)
}

/// Writes an instruction behind `words`; `values` are its fields without accumulators and target lists, slots among them
/// counted from `fp_offset` slots below `fp`.
pub(crate) fn encode(words: &mut Vec<u64>, op: Op, values: &[u64], fp_offset: u32) {
    let layout = &LAYOUTS[op as usize];
    debug_assert_eq!(values.len(), usize::from(layout.fields), "{op:?} has other fields");
    let mut instr = [0; MAX_WORDS];
    instr[1] = op as u64;
    for (number, (&packed, &value)) in layout.places.iter().zip(values).enumerate() {
        let from_fp = u64::from(layout.slots >> number & 1) * u64::from(fp_offset);
        let value = value.wrapping_sub(from_fp);
        let (word, shift, bits) = (packed & 7, u32::from(packed >> 3 & 3) * 16, u32::from(packed >> 5) * 16);
        instr[usize::from(word)] |= (value & (u64::MAX >> (64 - bits))) << shift;
    }
    // All words at once, and then fewer: how many are copied is known beforehand.
    let end = words.len() + usize::from(layout.words);
    words.extend_from_slice(&instr);
    words.truncate(end);
}

/// Where an operand is; the parts of a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loc {
    /// In a slot.
    Slot,
    /// An immediate.
    Imm,
    /// In the accumulator.
    Acc,
}

/// The form of a binary operator with its operands at the given places; returns `None` where there is none.
macro_rules! form_of_binary {
    (@int_compare $op:ident $at:expr) => { form_of_binary!(@int_commutative $op $at) };
    (@float_commutative $op:ident $at:expr) => { form_of_binary!(@int_commutative $op $at) };
    (@float_arithmetic $op:ident $at:expr) => { form_of_binary!(@int_arithmetic $op $at) };
    (@int_commutative $op:ident $at:expr) => { pastey::paste! {
        match $at {
            (Loc::Slot, Loc::Slot) => Op::[<$op SS>],
            (Loc::Slot, Loc::Imm) => Op::[<$op SI>],
            (Loc::Acc, Loc::Slot) => Op::[<$op AS>],
            (Loc::Acc, Loc::Imm) => Op::[<$op AI>],
            _ => return None,
        }
    } };
    (@int_arithmetic $op:ident $at:expr) => { pastey::paste! {
        match $at {
            (Loc::Slot, Loc::Slot) => Op::[<$op SS>],
            (Loc::Slot, Loc::Imm) => Op::[<$op SI>],
            (Loc::Imm, Loc::Slot) => Op::[<$op IS>],
            (Loc::Acc, Loc::Slot) => Op::[<$op AS>],
            (Loc::Slot, Loc::Acc) => Op::[<$op SA>],
            (Loc::Acc, Loc::Imm) => Op::[<$op AI>],
            _ => return None,
        }
    } };
    (@int_rotate $op:ident $at:expr) => { pastey::paste! {
        match $at {
            (Loc::Slot, Loc::Slot) => Op::[<$op SS>],
            (Loc::Slot, Loc::Imm) => Op::[<$op SI>],
            (Loc::Acc, Loc::Imm) => Op::[<$op AI>],
            _ => return None,
        }
    } };
    (@int_division_trap $op:ident $at:expr) => { pastey::paste! {
        match $at {
            (Loc::Slot, Loc::Slot) => Op::[<$op SS>],
            (Loc::Slot, Loc::Imm) => Op::[<$op SI>],
            _ => return None,
        }
    } };
    // Slots only.
    (@$section:ident $op:ident $at:expr) => { pastey::paste! {
        if $at == (Loc::Slot, Loc::Slot) { Op::[<$op SS>] } else { return None }
    } };
}

/// The instruction of an operator with a result of 128 bits.
macro_rules! form_of_wide {
    (@wide_sum $op:ident) => {
        pastey::paste! { Op::[<$op SSSS>] }
    };
    (@wide_product $op:ident) => {
        pastey::paste! { Op::[<$op SS>] }
    };
}

/// The form of a unary operator; returns `None` where there is none.
macro_rules! form_of_unary {
    (@unary_hot $op:ident $at:expr) => {
        pastey::paste! {
            match $at {
                Loc::Slot => Op::[<$op S>],
                Loc::Acc => Op::[<$op A>],
                Loc::Imm => return None,
            }
        }
    };
    (@$section:ident $op:ident $at:expr) => {
        pastey::paste! {
            if $at == Loc::Slot { Op::[<$op S>] } else { return None }
        }
    };
}

macro_rules! select_forms {
    (
        binary {
            int_compare { $(
                $ic:ident $ic_text:literal ($ic_l:ident, $ic_r:ident) -> $ic_o:ident = $ic_f:expr,
                    inverse $ic_inverse:ident, swapped $ic_swapped:ident;
            )* }
            float_compare { $($fc:ident $fc_text:literal ($fc_l:ident, $fc_r:ident) -> $fc_o:ident = $fc_f:expr;)* }
            $($bs:ident { $($b:ident $b_text:literal ($b_l:ident, $b_r:ident) -> $b_o:ident = $b_f:expr;)* })*
        }
        wide { $($ws:ident { $($w:ident $w_text:literal ($w_l:ident, $w_r:ident) -> $w_o:ident = $w_f:expr;)* })* }
        unary { $($us:ident { $($u:ident $u_text:literal ($u_i:ident) -> $u_o:ident = $u_f:expr;)* })* }
        canonical_nan { $($n:ident $n_text:literal ($n_i:ident) -> $n_o:ident = $n_f:expr;)* }
        ternary { $($t:ident $t_text:literal ($t_a:ident, $t_b:ident, $t_c:ident) -> $t_o:ident = $t_f:expr;)* }
        extract_lane { $($x:ident $x_text:literal ($x_i:ident) -> $x_o:ident = $x_f:expr;)* }
        replace_lane { $($r:ident $r_text:literal ($r_v:ident, $r_i:ident) -> $r_o:ident = $r_f:expr;)* }
    ) => { pastey::paste! {
        /// The form of a binary operator with its operands at the given places, if there is one.
        #[must_use]
        pub fn binary_form(op: Binary, lhs: Loc, rhs: Loc) -> Option<Op> {
            Some(match op {
                $(Binary::$ic => form_of_binary!(@int_compare $ic (lhs, rhs)),)*
                $(Binary::$fc => form_of_binary!(@float_compare $fc (lhs, rhs)),)*
                $($(Binary::$b => form_of_binary!(@$bs $b (lhs, rhs)),)*)*
            })
        }

        /// The branch that is taken if the comparison holds (or not, by `sense`), if there is such a form.
        #[must_use]
        pub fn branch_form(op: Binary, sense: bool, lhs: Loc, rhs: Loc) -> Option<Op> {
            use Loc::{Acc as A, Imm as I, Slot as S};
            let op = if sense { op } else { op.inverse().unwrap_or(op) };
            Some(match op {
                $(Binary::$ic => match (lhs, rhs) {
                    (S, S) => Op::[<Br $ic SS>],
                    (S, I) => Op::[<Br $ic SI>],
                    (A, S) => Op::[<Br $ic AS>],
                    (A, I) => Op::[<Br $ic AI>],
                    _ => return None,
                },)*
                $(Binary::$fc => match (lhs, rhs, sense) {
                    (S, S, true) => Op::[<Br $fc SS>],
                    (S, S, false) => Op::[<BrNot $fc SS>],
                    _ => return None,
                },)*
                _ => return None,
            })
        }

        /// The instruction that adds to a local and branches on a comparison of the sum, if there is one.
        #[must_use]
        pub fn add_branch_form(op: Binary, sense: bool, rhs: Loc) -> Option<Op> {
            let op = if sense { op } else { op.inverse()? };
            Some(match (op, rhs) {
                $(
                    (Binary::$ic, Loc::Slot) => Op::[<AddBr $ic SS>],
                    (Binary::$ic, Loc::Imm) => Op::[<AddBr $ic SI>],
                )*
                _ => return None,
            })
        }

        /// The instruction that does the same as a branch but counts, since its target is the head of a loop; none for
        /// branches by tables and casts.
        #[must_use]
        pub fn back_edge_form(op: Op) -> Option<Op> {
            Some(match op {
                Op::Br => Op::Loop,
                $(
                    Op::[<Br $ic SS>] => Op::[<Loop $ic SS>],
                    Op::[<Br $ic SI>] => Op::[<Loop $ic SI>],
                    Op::[<Br $ic AS>] => Op::[<Loop $ic AS>],
                    Op::[<Br $ic AI>] => Op::[<Loop $ic AI>],
                    Op::[<AddBr $ic SS>] => Op::[<AddLoop $ic SS>],
                    Op::[<AddBr $ic SI>] => Op::[<AddLoop $ic SI>],
                )*
                $(
                    Op::[<Br $fc SS>] => Op::[<Loop $fc SS>],
                    Op::[<BrNot $fc SS>] => Op::[<LoopNot $fc SS>],
                )*
                _ => return None,
            })
        }

        /// Whether the instruction is one that [`back_edge_form`] gives.
        #[must_use]
        pub fn is_back_edge(op: Op) -> bool {
            match op {
                Op::Loop => true,
                $(
                    Op::[<Loop $ic SS>] | Op::[<Loop $ic SI>] | Op::[<Loop $ic AS>] | Op::[<Loop $ic AI>]
                    | Op::[<AddLoop $ic SS>] | Op::[<AddLoop $ic SI>] => true,
                )*
                $(Op::[<Loop $fc SS>] | Op::[<LoopNot $fc SS>] => true,)*
                _ => false,
            }
        }

        /// The instruction of an operator with a result of 128 bits.
        #[must_use]
        pub fn wide_form(op: Wide) -> Op {
            match op {
                $($(Wide::$w => form_of_wide!(@$ws $w),)*)*
            }
        }

        /// The form of a unary operator, if there is one.
        #[must_use]
        pub fn unary_form(op: Unary, value: Loc) -> Option<Op> {
            Some(match op {
                $($(Unary::$u => form_of_unary!(@$us $u value),)*)*
                $(Unary::$n => form_of_unary!(@canonical_nan $n value),)*
            })
        }

        /// The instruction of a ternary operator.
        #[must_use]
        pub fn ternary_form(op: Ternary) -> Op {
            match op {
                $(Ternary::$t => Op::[<$t SSS>],)*
            }
        }

        /// The instruction that takes out a lane.
        #[must_use]
        pub fn extract_lane_form(op: ExtractLane) -> Op {
            match op {
                $(ExtractLane::$x => Op::[<$x S>],)*
            }
        }

        /// The instruction that puts in a lane.
        #[must_use]
        pub fn replace_lane_form(op: ReplaceLane) -> Op {
            match op {
                $(ReplaceLane::$r => Op::[<$r SS>],)*
            }
        }
    } };
}

upshift_core::for_each_pure_op!([select_forms]);

/// How a memory access reaches its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Address in a slot, offset of 16 bits.
    Slot,
    /// Address in the accumulator, offset of 32 bits.
    Acc,
    /// Constant address of 32 bits.
    Constant,
    /// Address in a slot, any memory, any offset.
    Any,
    /// The same in a memory that other threads may use too.
    Shared,
}

/// The load of a field of a struct, from an object in a slot or the accumulator; none if fields are not read so.
#[must_use]
pub fn field_get_form(op: Load, object: Loc) -> Option<Op> {
    Some(match (op, object) {
        (Load::Load8U, Loc::Slot) => Op::FieldGet8U,
        (Load::Load8S32, Loc::Slot) => Op::FieldGet8S,
        (Load::Load16U, Loc::Slot) => Op::FieldGet16U,
        (Load::Load16S32, Loc::Slot) => Op::FieldGet16S,
        (Load::Load32U, Loc::Slot) => Op::FieldGet32,
        (Load::Load64, Loc::Slot) => Op::FieldGet64,
        (Load::LoadF32, Loc::Slot) => Op::FieldGetF32,
        (Load::LoadF64, Loc::Slot) => Op::FieldGetF64,
        (Load::V128Load, Loc::Slot) => Op::FieldGetV128,
        (Load::Load8U, Loc::Acc) => Op::FieldGet8UA,
        (Load::Load8S32, Loc::Acc) => Op::FieldGet8SA,
        (Load::Load16U, Loc::Acc) => Op::FieldGet16UA,
        (Load::Load16S32, Loc::Acc) => Op::FieldGet16SA,
        (Load::Load32U, Loc::Acc) => Op::FieldGet32A,
        (Load::Load64, Loc::Acc) => Op::FieldGet64A,
        (Load::LoadF32, Loc::Acc) => Op::FieldGetF32A,
        (Load::LoadF64, Loc::Acc) => Op::FieldGetF64A,
        (Load::V128Load, Loc::Acc) => Op::FieldGetV128A,
        _ => return None,
    })
}

/// The store to a field of a struct, of an object in a slot or the accumulator.
#[must_use]
pub fn field_set_form(op: Store, object: Loc) -> Op {
    match (op, object == Loc::Acc) {
        (Store::Store8, false) => Op::FieldSet8,
        (Store::Store16, false) => Op::FieldSet16,
        (Store::Store32, false) => Op::FieldSet32,
        (Store::Store64, false) => Op::FieldSet64,
        (Store::V128Store, false) => Op::FieldSetV128,
        (Store::Store8, true) => Op::FieldSet8A,
        (Store::Store16, true) => Op::FieldSet16A,
        (Store::Store32, true) => Op::FieldSet32A,
        (Store::Store64, true) => Op::FieldSet64A,
        (Store::V128Store, true) => Op::FieldSetV128A,
    }
}

/// The load of an element of an array; none if elements are not read so.
#[must_use]
pub fn element_get_form(op: Load) -> Option<Op> {
    Some(match op {
        Load::Load8U => Op::ElementGet8U,
        Load::Load8S32 => Op::ElementGet8S,
        Load::Load16U => Op::ElementGet16U,
        Load::Load16S32 => Op::ElementGet16S,
        Load::Load32U => Op::ElementGet32,
        Load::Load64 => Op::ElementGet64,
        Load::LoadF32 => Op::ElementGetF32,
        Load::LoadF64 => Op::ElementGetF64,
        Load::V128Load => Op::ElementGetV128,
        _ => return None,
    })
}

/// The store to an element of an array.
#[must_use]
pub fn element_set_form(op: Store) -> Op {
    match op {
        Store::Store8 => Op::ElementSet8,
        Store::Store16 => Op::ElementSet16,
        Store::Store32 => Op::ElementSet32,
        Store::Store64 => Op::ElementSet64,
        Store::V128Store => Op::ElementSetV128,
    }
}

/// How an instruction accesses a memory; numbers are those of its fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryAccess {
    /// How many bytes.
    pub bytes: u32,
    /// Whether it writes.
    pub store: bool,
    /// The address without the offset.
    pub base: Base,
    /// The number of the memory; memory 0 if there is no such field.
    pub memory: Option<u8>,
    /// The offset.
    pub offset: u8,
}

/// Where the address of an access comes from; numbers are those of the instruction's fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// The offset is all.
    Zero,
    /// A slot.
    Slot(u8),
    /// The accumulator of integers.
    Acc,
    /// The 32-bit sum of two slots.
    Sum(u8, u8),
    /// The 32-bit sum of a slot and an immediate.
    SumImm(u8, u8),
}

macro_rules! select_memory_forms {
    (
        load { $($l:ident $l_text:literal $l_bytes:ty => $l_out:ident = $l_f:expr;)* }
        simd_load { $($vl:ident $vl_text:literal $vl_bytes:ty => $vl_out:ident = $vl_f:expr;)* }
        store { $($s:ident $s_text:literal $s_in:ident => $s_bytes:ty = $s_f:expr;)* }
        simd_store { $($vs:ident $vs_text:literal $vs_in:ident => $vs_bytes:ty = $vs_f:expr;)* }
    ) => { pastey::paste! {
        /// The form of a load, if there is one.
        #[must_use]
        pub fn load_form(op: Load, access: Access) -> Option<Op> {
            Some(match (op, access) {
                $(
                    (Load::$l, Access::Slot) => Op::[<$l S>],
                    (Load::$l, Access::Acc) => Op::[<$l A>],
                    (Load::$l, Access::Constant) => Op::[<$l K>],
                    (Load::$l, Access::Any) => Op::[<$l G>],
                    (Load::$l, Access::Shared) => Op::[<$l H>],
                )*
                $(
                    (Load::$vl, Access::Slot) => Op::[<$vl S>],
                    (Load::$vl, Access::Any) => Op::[<$vl G>],
                    (Load::$vl, Access::Shared) => Op::[<$vl H>],
                )*
                _ => return None,
            })
        }

        /// The load from the sum of a slot and an operand, if there is one.
        #[must_use]
        pub fn load_sum_form(op: Load, second: Loc) -> Option<Op> {
            Some(match (op, second) {
                $(
                    (Load::$l, Loc::Slot) => Op::[<$l Sum>],
                    (Load::$l, Loc::Imm) => Op::[<$l SumI>],
                )*
                _ => return None,
            })
        }

        /// The form of a store, if there is one.
        #[must_use]
        pub fn store_form(op: Store, access: Access, value: Loc) -> Option<Op> {
            Some(match (op, access, value) {
                $(
                    (Store::$s, Access::Slot, Loc::Slot) => Op::[<$s SS>],
                    (Store::$s, Access::Slot, Loc::Imm) => Op::[<$s SI>],
                    (Store::$s, Access::Slot, Loc::Acc) => Op::[<$s SA>],
                    (Store::$s, Access::Acc, Loc::Slot) => Op::[<$s AS>],
                    (Store::$s, Access::Constant, Loc::Slot) => Op::[<$s KS>],
                    (Store::$s, Access::Any, Loc::Slot) => Op::[<$s G>],
                    (Store::$s, Access::Shared, Loc::Slot) => Op::[<$s H>],
                )*
                $(
                    (Store::$vs, Access::Slot, Loc::Slot) => Op::[<$vs SS>],
                    (Store::$vs, Access::Any, Loc::Slot) => Op::[<$vs G>],
                    (Store::$vs, Access::Shared, Loc::Slot) => Op::[<$vs H>],
                )*
                _ => return None,
            })
        }

        /// How an instruction accesses a memory, if it is a load or a store.
        #[must_use]
        pub fn memory_access(op: Op) -> Option<MemoryAccess> {
            const fn of<B>(store: bool, base: Base, memory: Option<u8>, offset: u8) -> MemoryAccess {
                MemoryAccess { bytes: size_of::<B>() as u32, store, base, memory, offset }
            }
            Some(match op {
                $(
                    Op::[<$l S>] => of::<$l_bytes>(false, Base::Slot(1), None, 2),
                    Op::[<$l A>] => of::<$l_bytes>(false, Base::Acc, None, 2),
                    Op::[<$l Sum>] => of::<$l_bytes>(false, Base::Sum(1, 2), None, 3),
                    Op::[<$l SumI>] => of::<$l_bytes>(false, Base::SumImm(1, 2), None, 3),
                    Op::[<$l K>] => of::<$l_bytes>(false, Base::Zero, None, 1),
                    Op::[<$l G>] | Op::[<$l H>] => of::<$l_bytes>(false, Base::Slot(1), Some(2), 3),
                )*
                $(
                    Op::[<$vl S>] => of::<$vl_bytes>(false, Base::Slot(1), None, 2),
                    Op::[<$vl G>] | Op::[<$vl H>] => of::<$vl_bytes>(false, Base::Slot(1), Some(2), 3),
                )*
                $(
                    Op::[<$s SS>] | Op::[<$s SI>] | Op::[<$s SA>] => of::<$s_bytes>(true, Base::Slot(0), None, 2),
                    Op::[<$s AS>] => of::<$s_bytes>(true, Base::Acc, None, 2),
                    Op::[<$s KS>] => of::<$s_bytes>(true, Base::Zero, None, 1),
                    Op::[<$s G>] | Op::[<$s H>] => of::<$s_bytes>(true, Base::Slot(0), Some(2), 3),
                )*
                $(
                    Op::[<$vs SS>] => of::<$vs_bytes>(true, Base::Slot(0), None, 2),
                    Op::[<$vs G>] | Op::[<$vs H>] => of::<$vs_bytes>(true, Base::Slot(0), Some(2), 3),
                )*
                Op::V128Load8Lane => of::<[u8; 1]>(false, Base::Slot(2), Some(3), 4),
                Op::V128Load16Lane => of::<[u8; 2]>(false, Base::Slot(2), Some(3), 4),
                Op::V128Load32Lane => of::<[u8; 4]>(false, Base::Slot(2), Some(3), 4),
                Op::V128Load64Lane => of::<[u8; 8]>(false, Base::Slot(2), Some(3), 4),
                Op::V128Store8Lane => of::<[u8; 1]>(true, Base::Slot(0), Some(2), 3),
                Op::V128Store16Lane => of::<[u8; 2]>(true, Base::Slot(0), Some(2), 3),
                Op::V128Store32Lane => of::<[u8; 4]>(true, Base::Slot(0), Some(2), 3),
                Op::V128Store64Lane => of::<[u8; 8]>(true, Base::Slot(0), Some(2), 3),
                _ => return atomic_memory_access(op),
            })
        }
    } };
}

upshift_core::for_each_memory_op!([select_memory_forms]);

macro_rules! select_atomic_forms {
    (
        atomic_load { $($l:ident $l_text:literal $l_w:ident i32[$($l_32:ident)?] i64[$l_64:ident];)* }
        atomic_store { $($s:ident $s_text:literal $s_w:ident i32[$($s_32:ident)?] i64[$s_64:ident];)* }
        atomic_rmw { $($r:ident $r_text:literal $r_w:ident i32[$($r_32:ident)?] i64[$r_64:ident] = $r_f:expr;)* }
        atomic_cmpxchg { $($c:ident $c_text:literal $c_w:ident i32[$($c_32:ident)?] i64[$c_64:ident];)* }
    ) => {
        /// The instruction of an atomic access.
        #[must_use]
        pub fn atomic_form(op: Atomic) -> Op {
            match op {
                $(Atomic::$l => Op::$l,)*
                $(Atomic::$s => Op::$s,)*
                $(Atomic::$r => Op::$r,)*
                $(Atomic::$c => Op::$c,)*
            }
        }

        fn atomic_memory_access(op: Op) -> Option<MemoryAccess> {
            let access = |atomic: Atomic, store, address, memory| MemoryAccess {
                bytes: atomic.bytes(),
                store,
                base: Base::Slot(address),
                memory: Some(memory),
                offset: memory + 1,
            };
            Some(match op {
                $(Op::$l => access(Atomic::$l, false, 1, 2),)*
                $(Op::$s => access(Atomic::$s, true, 0, 2),)*
                $(Op::$r => access(Atomic::$r, true, 1, 3),)*
                $(Op::$c => access(Atomic::$c, true, 1, 4),)*
                _ => return None,
            })
        }
    };
}

upshift_core::for_each_atomic_op!([select_atomic_forms]);

#[cfg(test)]
mod tests {
    use super::{Field, MAX_FIELDS, Op, place};

    #[test]
    fn opcodes_round_trip() {
        for (i, &op) in Op::ALL.iter().enumerate() {
            assert_eq!(op as usize, i);
            assert_eq!(Op::from_u16(i as u16), Some(op));
        }
        assert_eq!(Op::from_u16(u16::MAX), None);
    }

    #[test]
    fn fields_do_not_overlap() {
        for &op in Op::ALL {
            assert!(op.fields().len() <= MAX_FIELDS, "{op:?}");
            let (places, words) = place(op);
            let mut used = vec![0u64; words];
            used[0] = u64::MAX;
            used[1] = 0xffff;
            for (place, field) in places.iter().zip(op.fields()) {
                if field.bits() == 0 {
                    continue;
                }
                let mask = (u64::MAX >> (64 - place.bits)) << place.shift;
                assert_eq!(used[place.word] & mask, 0, "{op:?}");
                used[place.word] |= mask;
            }
        }
    }

    #[test]
    fn operands_tell_forms_of_one_mnemonic_apart() {
        let mut seen = std::collections::HashMap::new();
        for &op in Op::ALL {
            let key = (
                op.text(),
                op.fields().iter().map(|f| !matches!(f, Field::Acc)).collect::<Vec<_>>(),
                op.fields(),
            );
            assert_eq!(seen.insert(key, op), None, "{op:?}");
        }
    }
}
