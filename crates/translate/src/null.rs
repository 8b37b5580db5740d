//! A backend that emits nothing: the cost of a walk with it is the cost of the walker alone.

use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, LocalIndex, MemoryIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::types::ValType;
use upshift_core::value::V128;

use crate::backend::{
    Backend, Call, Catch, Charge, Frame, Handler, Label, Live, LocalRun, LoopSurvey, MemArg, Operand,
    Operands, ReferenceNode, References, Return, Service, Slot,
};

/// Makes nothing, and notes the frame and how many labels there are.
///
/// ```
/// use upshift_core::index::FuncIndex;
/// use upshift_translate::null::Null;
/// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse, walk};
///
/// let bytes = wat::parse_str("(module (func (param i32) (block (br_if 0 (local.get 0)))))").unwrap();
/// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
/// let mut null = Null::default();
/// walk(&module, FuncIndex(0), CodeOptions::default(), &mut null).unwrap();
/// assert_eq!(null.labels(), 1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Null {
    labels: u32,
    survey: bool,
    frame: Option<Frame>,
}

impl Null {
    /// A backend that wants to know of loops what can be known at their heads.
    #[must_use]
    pub fn with_survey() -> Null {
        Null { survey: true, ..Null::default() }
    }

    /// The frame of the function.
    #[must_use]
    pub fn frame(self) -> Option<Frame> {
        self.frame
    }

    /// How many labels it was asked for.
    #[must_use]
    pub fn labels(self) -> u32 {
        self.labels
    }
}

impl Backend for Null {
    fn begin(&mut self, frame: &Frame, _locals: &[LocalRun]) {
        self.frame = Some(*frame);
    }

    fn wants_survey(&self) -> bool {
        self.survey
    }

    fn new_label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    fn charge(&mut self) -> Charge {
        Charge(0)
    }

    fn position(&mut self, _offset: u32) {}
    fn bind(&mut self, _label: Label, _live: Live<'_>) {}
    fn loop_head(&mut self, _number: u32, _live: Live<'_>, _survey: Option<&LoopSurvey<'_>>) {}
    fn set_charge(&mut self, _charge: Charge, _fuel: u32) {}
    fn check_interrupt(&mut self, _top: Slot) {}
    fn copy(&mut self, _dst: Slot, _src: Operand, _ty: ValType) {}
    fn set_local(&mut self, _local: LocalIndex, _dst: Slot, _src: Operand, _ty: ValType) {}
    fn copy_span(&mut self, _dst: Slot, _src: Operands<'_>) {}
    fn const_v128(&mut self, _dst: Slot, _value: V128) {}
    fn binary(&mut self, _op: Binary, _dst: Slot, _lhs: Operand, _rhs: Operand) {}
    fn wide(&mut self, _op: Wide, _dst: [Slot; 2], _operands: &[Operand]) {}
    fn unary(&mut self, _op: Unary, _dst: Slot, _value: Operand) {}
    fn ternary(&mut self, _op: Ternary, _dst: Slot, _operands: [Operand; 3]) {}
    fn extract_lane(&mut self, _op: ExtractLane, _lane: u8, _dst: Slot, _vector: Operand) {}
    fn replace_lane(&mut self, _op: ReplaceLane, _lane: u8, _dst: Slot, _vector: Operand, _value: Operand) {}
    fn shuffle(&mut self, _lanes: [u8; 16], _dst: Slot, _a: Operand, _b: Operand) {}
    fn select(
        &mut self,
        _ty: ValType,
        _dst: Slot,
        _condition: Operand,
        _if_true: Operand,
        _if_false: Operand,
    ) {
    }
    fn load(&mut self, _op: Load, _ty: ValType, _arg: MemArg, _dst: Slot, _address: Operand) {}
    fn store(&mut self, _op: Store, _arg: MemArg, _address: Operand, _value: Operand) {}
    fn load_lane(
        &mut self,
        _bytes: u8,
        _lane: u8,
        _arg: MemArg,
        _dst: Slot,
        _address: Operand,
        _vector: Operand,
    ) {
    }
    fn store_lane(&mut self, _bytes: u8, _lane: u8, _arg: MemArg, _address: Operand, _vector: Operand) {}
    fn atomic(&mut self, _op: Atomic, _ty: ValType, _arg: MemArg, _dst: Slot, _operands: &[Operand]) {}
    fn fence(&mut self) {}
    fn memory_size(&mut self, _memory: MemoryIndex, _dst: Slot) {}
    fn global_get(&mut self, _global: GlobalIndex, _dst: Slot) {}
    fn global_set(&mut self, _global: GlobalIndex, _value: Operand) {}
    fn ref_func(&mut self, _func: FuncIndex, _dst: Slot) {}
    fn ref_eq(&mut self, _dst: Slot, _lhs: Operand, _rhs: Operand) {}
    fn ref_is_null(&mut self, _dst: Slot, _reference: Operand) {}
    fn ref_as_non_null(&mut self, _value: Operand) {}
    fn builtin(&mut self, _service: &Service<'_>) {}
    fn open_handler(&mut self, _handler: Handler, _outer: Option<Handler>) {}
    fn catch(&mut self, _handler: Handler, _clause: &Catch) {}
    fn close_handler(&mut self, _handler: Handler, _next: Option<Handler>) {}
    fn throw(&mut self, _tag: TagIndex, _payload: Slot) {}
    fn throw_ref(&mut self, _exception: Operand) {}
    fn safepoint(&mut self, _operands: Option<References>) {}
    fn references(&mut self, _locals: &[Slot], _nodes: &[ReferenceNode]) {}
    fn struct_new(&mut self, _ty: TypeIndex, _dst: Slot, _fields: Option<Slot>) {}
    fn field_load(&mut self, _op: Load, _ty: ValType, _offset: u32, _dst: Slot, _object: Operand) {}
    fn field_store(&mut self, _op: Store, _offset: u32, _object: Operand, _value: Operand) {}
    fn element_load(&mut self, _op: Load, _ty: ValType, _dst: Slot, _array: Operand, _index: Operand) {}
    fn element_store(&mut self, _op: Store, _array: Operand, _index: Operand, _value: Operand) {}
    fn array_len(&mut self, _dst: Slot, _array: Operand) {}
    fn ref_test(&mut self, _cast: Cast, _dst: Slot, _reference: Operand) {}
    fn ref_cast(&mut self, _cast: Cast, _reference: Operand) {}
    fn branch_if_cast(
        &mut self,
        _cast: Cast,
        _reference: Operand,
        _sense: bool,
        _target: Label,
        _free: Slot,
    ) {
    }
    fn unreachable(&mut self) {}
    fn jump(&mut self, _target: Label) {}
    fn branch_if(&mut self, _condition: Operand, _sense: bool, _target: Label) {}
    fn branch_if_null(&mut self, _reference: Operand, _sense: bool, _target: Label) {}
    fn branch_table(&mut self, _index: Operand, _targets: &[Label]) {}
    fn call(&mut self, _call: &Call<'_>) {}
    fn ret(&mut self, _values: Return<'_>) {}
    fn end(&mut self, _frame_slots: u32) {}
}
