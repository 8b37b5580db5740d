use upshift_core::index::{FuncIndex, GlobalIndex, LocalIndex};
use upshift_core::ops::{Binary, Unary};
use upshift_core::types::ValType;
use upshift_core::value::V128;

use super::CheckingBackend;
use crate::backend::{
    Backend, Catch, Frame, Handler, Label, Live, LocalRun, Operand, Operands, ReferenceNode, References,
    Return, Slot,
};
use crate::null::Null;
use crate::walker::stack::OperandStack;
use crate::{CodeOptions, Features, ModuleInfo, TypeRegistry, parse, walk};

/// One parameter of type `i32`; homes begin at slot 4.
const FRAME: Frame = Frame { params: 1, results: 1, locals: 4, homes: 4, scratch: None };
const LOCALS: &[LocalRun] = &[LocalRun { first: LocalIndex(0), slot: Slot(0), count: 1, ty: ValType::I32 }];
const LOCAL: Operand = Operand::Local(LocalIndex(0), Slot(0));
const HOME: Slot = Slot(4);

type Checked<'a> = CheckingBackend<'a, 'a, Null>;

/// Runs a sequence of calls behind the beginning of a function, and what the check says of it.
fn verdict(calls: impl FnOnce(&mut Checked<'_>) + std::panic::UnwindSafe) -> Result<(), String> {
    let run = || {
        let (module, mut null) = (ModuleInfo::default(), Null::default());
        let mut backend = CheckingBackend::new(&module, &mut null);
        backend.begin(&FRAME, LOCALS);
        calls(&mut backend);
    };
    std::panic::catch_unwind(run).map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a panic has a text")).to_string(),
    })
}

#[track_caller]
fn breaks(expected: &str, calls: impl FnOnce(&mut Checked<'_>) + std::panic::UnwindSafe) {
    let text = verdict(calls).expect_err("this sequence breaks the contract");
    assert!(text.contains(expected), "{text}");
}

fn nothing() -> Live<'static> {
    Live { top: HOME, operands: Operands::NONE }
}

fn finish(backend: &mut Checked<'_>) {
    backend.ret(Return::One(LOCAL, ValType::I32));
    backend.end(5);
}

fn sum(backend: &mut Checked<'_>) {
    backend.binary(Binary::I32Add, HOME, LOCAL, LOCAL);
}

#[test]
fn a_sequence_as_the_walker_makes_it_passes() {
    let passed = verdict(|backend| {
        let label = backend.new_label();
        backend.open(HOME);
        backend.branch_if(LOCAL, true, label);
        sum(backend);
        backend.set_local(LocalIndex(0), Slot(0), Operand::Temp(HOME), ValType::I32);
        backend.bind(label, nothing());
        backend.close();
        backend.open(HOME);
        let head = backend.new_label();
        backend.bind(head, nothing());
        backend.loop_head(0, nothing(), None);
        backend.branch_if(LOCAL, true, head);
        backend.loop_end(0);
        backend.close();
        finish(backend);
    });
    assert_eq!(passed, Ok(()));
}

#[test]
fn a_temporary_is_used_once() {
    breaks("slot 4 is read but not stored, or was used up", |backend| {
        sum(backend);
        backend.binary(Binary::I32Add, HOME, Operand::Temp(HOME), LOCAL);
        backend.global_set(GlobalIndex(0), Operand::Temp(HOME));
        backend.global_set(GlobalIndex(0), Operand::Temp(HOME));
    });
    breaks("slot 4 is read but not stored", |backend| {
        backend.ret(Return::One(Operand::Temp(HOME), ValType::I32));
    });
    breaks("slot 4 is read but not stored", |backend| {
        sum(backend);
        backend.discard(Operand::Temp(HOME));
        backend.ret(Return::One(Operand::Temp(HOME), ValType::I32));
    });
}

#[test]
fn what_is_kept_stays() {
    let passed = verdict(|backend| {
        sum(backend);
        backend.ref_as_non_null(Operand::Kept(HOME));
        backend.ref_as_non_null(Operand::Kept(HOME));
        backend.ret(Return::One(Operand::Temp(HOME), ValType::I32));
        backend.end(5);
    });
    assert_eq!(passed, Ok(()));
    breaks("what is only looked at is still wanted", |backend| {
        sum(backend);
        backend.ref_as_non_null(Operand::Temp(HOME));
    });
}

#[test]
fn labels_are_bound_once_and_reached() {
    breaks("a label is bound twice", |backend| {
        let label = backend.new_label();
        backend.bind(label, nothing());
        backend.bind(label, nothing());
    });
    breaks("a label was used but not bound", |backend| {
        let label = backend.new_label();
        backend.branch_if(LOCAL, true, label);
        finish(backend);
    });
    breaks("a label is bound that nothing leads to", |backend| {
        let label = backend.new_label();
        backend.unreachable();
        backend.bind(label, nothing());
    });
}

#[test]
fn code_is_reached_until_the_end() {
    breaks("code that control does not reach", |backend| {
        backend.unreachable();
        sum(backend);
    });
    breaks("control runs off the end", |backend| {
        sum(backend);
        backend.end(5);
    });
}

#[test]
fn blocks_nest() {
    breaks("something is still open", |backend| {
        backend.open(HOME);
        finish(backend);
    });
    breaks("no block ends", |backend| backend.close());
    breaks("a loop without its end", |backend| {
        backend.open(HOME);
        let head = backend.new_label();
        backend.bind(head, nothing());
        backend.loop_head(0, nothing(), None);
        backend.close();
    });
}

#[test]
fn a_loop_follows_its_label_at_once() {
    breaks("does not follow its label at once", |backend| {
        backend.open(HOME);
        let head = backend.new_label();
        backend.bind(head, nothing());
        sum(backend);
        backend.loop_head(0, nothing(), None);
    });
    breaks("loops are not numbered in order", |backend| {
        backend.open(HOME);
        let head = backend.new_label();
        backend.bind(head, nothing());
        backend.loop_head(1, nothing(), None);
    });
}

#[test]
fn handlers_nest() {
    breaks("handlers close out of order", |backend| {
        backend.open_handler(Handler(0), None);
        backend.open_handler(Handler(1), Some(Handler(0)));
        backend.close_handler(Handler(0), None);
    });
    breaks("a handler opens inside of another than it says", |backend| {
        backend.open_handler(Handler(0), None);
        backend.open_handler(Handler(1), None);
    });
    breaks("a handler leads to one inside of it", |backend| {
        backend.open_handler(Handler(0), None);
        backend.close_handler(Handler(0), Some(Handler(0)));
    });
    breaks("a clause of a handler that never opened", |backend| {
        let target = backend.new_label();
        backend.catch(Handler(0), &Catch { tag: None, target, payload: HOME, reference: None });
    });
    breaks("something is still open", |backend| {
        backend.open_handler(Handler(0), None);
        finish(backend);
    });
}

#[test]
fn charges_are_set() {
    breaks("a charge was not set", |backend| {
        backend.charge();
        finish(backend);
    });
    breaks("a charge begins before the one before it is set", |backend| {
        backend.charge();
        backend.charge();
    });
}

#[test]
fn homes_in_reference_maps_were_stored() {
    let nodes = [ReferenceNode { slot: HOME, below: None }];
    breaks("names a home that was not stored", move |backend| {
        backend.safepoint(Some(References(0)));
        sum(backend);
        finish(backend);
        backend.references(&[], &nodes);
    });
    breaks("has an element that is not there", |backend| {
        reference(backend, HOME);
        backend.safepoint(Some(References(0)));
        finish(backend);
        backend.references(&[], &[]);
    });
    breaks("names a local that is none", |backend| {
        finish(backend);
        backend.references(&[Slot(0)], &[]);
    });
    let passed = verdict(move |backend| {
        reference(backend, HOME);
        backend.safepoint(Some(References(0)));
        finish(backend);
        backend.references(&[], &nodes);
    });
    assert_eq!(passed, Ok(()));
}

/// Makes a reference, of an integer, which has the type of an integer.
fn reference(backend: &mut Checked<'_>, dst: Slot) {
    backend.unary(Unary::RefI31, dst, LOCAL);
}

#[test]
fn homes_in_reference_maps_were_stored_as_references() {
    const NODES: [ReferenceNode; 1] = [ReferenceNode { slot: HOME, below: None }];
    const NO_REFERENCE: &str = "names a home whose last store was no reference";
    let at_safepoint = |backend: &mut Checked<'_>| {
        backend.safepoint(Some(References(0)));
        finish(backend);
        backend.references(&[], &NODES);
    };
    // A number.
    breaks(NO_REFERENCE, move |backend| {
        sum(backend);
        at_safepoint(backend);
    });
    // A number over a reference that was there before.
    breaks(NO_REFERENCE, move |backend| {
        reference(backend, HOME);
        backend.discard(Operand::Temp(HOME));
        sum(backend);
        at_safepoint(backend);
    });
    // A copy of a number.
    breaks(NO_REFERENCE, move |backend| {
        backend.copy(HOME, LOCAL, ValType::I32);
        at_safepoint(backend);
    });
    // One of two safepoints with the same list.
    breaks(NO_REFERENCE, move |backend| {
        reference(backend, HOME);
        backend.safepoint(Some(References(0)));
        sum(backend);
        at_safepoint(backend);
    });
    // A reference on one path only.
    breaks(NO_REFERENCE, move |backend| {
        let label = backend.new_label();
        sum(backend);
        backend.branch_if(LOCAL, true, label);
        reference(backend, HOME);
        let mut stack = OperandStack::default();
        stack.begin_at(HOME);
        stack.push_home(ValType::I32);
        backend.bind(label, stack.live());
        at_safepoint(backend);
    });
    let passed = verdict(move |backend| {
        sum(backend);
        backend.discard(Operand::Temp(HOME));
        backend.copy(HOME, Operand::Const(0, HOME), ValType::ANYREF);
        at_safepoint(backend);
    });
    assert_eq!(passed, Ok(()));
}

#[test]
fn references_come_from_references() {
    // A label that says that a reference is there.
    breaks("slot 4 holds no reference on a branch to a label", |backend| {
        let label = backend.new_label();
        sum(backend);
        backend.branch_if(LOCAL, true, label);
        reference(backend, HOME);
        bind_with_reference(backend, label);
    });
    breaks("slot 4 holds no reference where control falls into a label", |backend| {
        let label = backend.new_label();
        sum(backend);
        bind_with_reference(backend, label);
    });
    breaks("slot 4 holds no reference on a branch back to a label", |backend| {
        let label = backend.new_label();
        reference(backend, HOME);
        bind_with_reference(backend, label);
        sum(backend);
        backend.branch_if(LOCAL, true, label);
    });
    // A copy, a choice, a value that is returned, an object.
    let read = "something else is read as a reference";
    breaks(read, |backend| {
        sum(backend);
        backend.copy(Slot(5), Operand::Temp(HOME), ValType::ANYREF);
    });
    breaks(read, |backend| {
        reference(backend, HOME);
        backend.select(ValType::ANYREF, HOME, LOCAL, Operand::Temp(HOME), LOCAL);
    });
    breaks(read, |backend| {
        sum(backend);
        backend.ret(Return::One(Operand::Temp(HOME), ValType::ANYREF));
    });
    breaks(read, |backend| {
        sum(backend);
        backend.array_len(HOME, Operand::Temp(HOME));
    });
    breaks(read, |backend| backend.throw_ref(LOCAL));
    let passed = verdict(|backend| {
        let label = backend.new_label();
        reference(backend, HOME);
        backend.branch_if(LOCAL, true, label);
        backend.copy(Slot(5), Operand::Temp(HOME), ValType::ANYREF);
        backend.copy(HOME, Operand::Temp(Slot(5)), ValType::ANYREF);
        bind_with_reference(backend, label);
        backend.ret(Return::One(Operand::Temp(HOME), ValType::ANYREF));
        backend.end(6);
    });
    assert_eq!(passed, Ok(()));
}

/// Binds a label where the first home holds a reference.
fn bind_with_reference(backend: &mut Checked<'_>, label: Label) {
    let mut stack = OperandStack::default();
    stack.begin_at(HOME);
    stack.push_home(ValType::ANYREF);
    backend.bind(label, stack.live());
}

#[test]
fn frames_have_no_gaps_and_hold_what_is_written() {
    breaks("a slot was written outside of the frame", |backend| {
        sum(backend);
        backend.ret(Return::One(Operand::Temp(HOME), ValType::I32));
        backend.end(4);
    });
    breaks("a result goes to a slot among the locals", |backend| backend.const_v128(Slot(0), V128([0; 16])));
    breaks("a local is read that lies elsewhere", |backend| {
        backend.ret(Return::One(Operand::Local(LocalIndex(0), Slot(1)), ValType::I32));
    });
    breaks("a large frame has no scratch slots", |backend| {
        backend.ret(Return::One(LOCAL, ValType::I32));
        backend.end(70_000);
    });
}

/// Modules with what is hard: values on branches, several results, kept references, exceptions of both drafts, vectors.
#[test]
fn the_walker_keeps_to_the_contract() {
    for wat in [
        "(func (param i32) (result i32)
            (block (result i32) (i32.const 1) (br_if 0 (local.get 0)) (drop) (i32.const 2)))",
        "(func (param i32) (result i32 v128)
            (block (result i32 v128)
                (i32.const 1) (v128.const i64x2 1 2)
                (br_table 0 1 (local.get 0))))",
        "(func (param anyref) (result anyref)
            (block (result anyref) (br_on_non_null 0 (local.get 0)) (unreachable)))",
        "(func (param anyref) (result anyref)
            (block (br_on_null 0 (local.get 0)) (return)) (ref.null any))",
        "(func (param i32) (loop (result i32) (local.get 0) (br_if 0 (local.get 0))) (drop))",
        "(tag $e (param i64)) (func (result i64)
            (block (result i64) (try_table (catch $e 0) (throw $e (i64.const 1))) (i64.const 2)))",
        // An `i31` has the type of an integer until a block's result has a wider one.
        "(func (param i32) (result anyref)
            (block (result anyref)
                (ref.i31 (local.get 0))
                (block (br_if 0 (local.get 0)))
                (loop (br_if 0 (local.get 0)))))",
        "(type $s (struct (field i64) (field anyref)))
         (func $f (param i32 (ref i31)) (result anyref i32 anyref)
            (struct.new $s (i64.const 1) (local.get 1))
            (loop (param anyref) (result anyref i32 anyref)
                (local.get 0) (local.get 1)
                (br_if 1 (local.get 0))
                (drop) (drop)
                (ref.test (ref $s))
                (ref.i31)
                (br 0)))",
        "(type $a (array (mut anyref)))
         (func (param i32 externref) (result anyref)
            (array.new_fixed $a 3
                (select (result anyref) (ref.null any) (ref.i31 (local.get 0)) (local.get 0))
                (any.convert_extern (local.get 1))
                (array.get $a (array.new_default $a (local.get 0)) (i32.const 0)))
            (array.len) (ref.i31))",
        "(tag $e (param i64)) (func (result i64)
            (i64.add (i64.const 1) (try_table (result i64) (catch $e 0) (throw $e (i64.const 1)))))",
    ] {
        let module = module(&format!("(module {wat})"));
        let options = CodeOptions { fuel: true, interruption: true, canonical_nans: true };
        let mut null = Null::with_survey();
        let mut backend = CheckingBackend::new(&module, &mut null);
        walk(&module, FuncIndex(0), options, &mut backend).unwrap_or_else(|error| panic!("{error}"));
    }
}

fn module(wat: &str) -> ModuleInfo {
    let bytes = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"));
    parse(bytes.into(), &Features::default(), &TypeRegistry::default())
        .unwrap_or_else(|error| panic!("{error}"))
}
