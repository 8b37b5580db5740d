//! The text of all operations and terminators comes back, and what changes a whole function keeps its meaning.

use upshift_core::TypeId;
use upshift_core::cast::{Cast, CastTarget};
use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex};
use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::value::V128;
use upshift_core::vm::BuiltinOp;
use upshift_translate::backend::Slot;

use super::{Block, Callee, Func, List, Op, Pos, Position, Terminator, Ty, Value, ValueData, parse, text};

#[test]
fn instructions_are_small() {
    assert_eq!((size_of::<Op>(), size_of::<ValueData>()), (24, 40));
}

/// Every operation that there is, with as many operands as it has no matter of what type.
fn all_ops(func: &mut Func) -> Vec<Op> {
    let (memory, offset, ty) = (MemoryIndex(3), u64::MAX - 1, TypeIndex(4));
    let cast = Cast { nullable: true, target: CastTarget::Object, ty: TypeId(5), depth: 2 };
    let lanes = func.vector(V128::from_u128(u128::MAX / 3));
    let calls = [
        Callee::Direct { func: FuncIndex(7), ty },
        Callee::Indirect { table: TableIndex(1), ty, site: 9 },
        Callee::Ref { ty, site: 10 },
    ];
    let mut ops = vec![
        Op::Arg(2),
        Op::SlotLoad(Slot(8)),
        Op::Const(u64::MAX),
        Op::ConstV128(lanes),
        Op::Shuffle(lanes),
        Op::Select,
        Op::LoadLane { bytes: 4, lane: 3, memory, offset },
        Op::StoreLane { bytes: 1, lane: 15, memory, offset },
        Op::Fence,
        Op::MemorySize(memory),
        Op::GlobalGet(GlobalIndex(1)),
        Op::GlobalSet(GlobalIndex(2)),
        Op::RefFunc(FuncIndex(3)),
        Op::RefEq,
        Op::RefIsNull,
        Op::RefAsNonNull,
        Op::ArrayLen,
        Op::RefTest(cast),
        Op::RefCast(cast),
        Op::StructNew { ty, default: false },
        Op::StructNew { ty, default: true },
        Op::Result(1),
        Op::Caught(2),
        Op::CaughtRef,
        Op::Charge(12),
        Op::Interrupt,
    ];
    ops.extend(calls.map(Op::Call));
    ops.extend(Unary::ALL.iter().map(|&op| Op::Unary(op)));
    ops.extend(Binary::ALL.iter().map(|&op| Op::Binary(op)));
    ops.extend(Ternary::ALL.iter().map(|&op| Op::Ternary(op)));
    ops.extend(Wide::ALL.iter().map(|&op| Op::Wide(op)));
    ops.extend(ExtractLane::ALL.iter().map(|&op| Op::ExtractLane(op, 1)));
    ops.extend(ReplaceLane::ALL.iter().map(|&op| Op::ReplaceLane(op, 2)));
    ops.extend(Load::ALL.iter().map(|&op| Op::Load { op, memory, offset }));
    ops.extend(Load::ALL.iter().map(|&op| Op::FieldLoad { op, offset: 16 }));
    ops.extend(Load::ALL.iter().map(|&op| Op::ElementLoad(op)));
    ops.extend(Store::ALL.iter().map(|&op| Op::Store { op, memory, offset }));
    ops.extend(Store::ALL.iter().map(|&op| Op::FieldStore { op, offset: 16 }));
    ops.extend(Store::ALL.iter().map(|&op| Op::ElementStore(op)));
    ops.extend(Atomic::ALL.iter().map(|&op| Op::Atomic { op, memory, offset }));
    ops.extend(BuiltinOp::ALL.iter().map(|&op| Op::Service { op, x: 1, y: 2 }));
    ops
}

#[test]
fn each_operation_comes_back_from_its_text() {
    let mut func = Func::new(FuncIndex(6), vec![Ty::I32], vec![Ty::F64, Ty::Ref]);
    (func.osr, func.frame_slots, func.frame.homes, func.frame.scratch) = (Some(3), 9, 7, Some(2));
    func.positions.push(Position { func: FuncIndex(6), offset: 0x20, parent: Pos::NONE });
    func.positions.push(Position { func: FuncIndex(2), offset: 0x10, parent: Pos(0) });
    let ops = all_ops(&mut func);
    let entry = func.entry;
    let first = func.append(entry, Op::Arg(0), Some(Ty::I32), &[], Pos::NONE);
    for &op in &ops {
        func.append(entry, op, Some(Ty::V128), &[first, first], Pos(1));
    }
    func.block_mut(entry).term = Terminator::Return(List::EMPTY);
    let printed = text::print(&func);
    let read = parse::parse(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(text::print(&read), printed);
    for (at, &op) in ops.iter().enumerate() {
        assert_eq!(read.op(Value(at as u32 + 1)), op, "{}", text::instruction(&read, Value(at as u32 + 1)));
    }
    assert!(printed.contains("; 0x10 func2 < 0x20 func6\n"), "{printed}");
}

/// Each terminator.
const BLOCKS: &str = "\
func func0 (i32) -> (i32)
b0:
  v0: i32 = arg 0
  branch v0, b1(v0, v0), b2                   ; 0x12
b1(v1: i32, v2: i32):
  table v1 [0 1 0 1] b1(v1, v2), b2
b2:
  v4: ref = const 0x0
  v5 = call func3 type0 v0
  invoke v5, b4, steps 5, catch tag0 b5, catch_ref tag1 b6, catch_all b7, catch_all_ref b8
b4:
  v6: i32 = result 0 v5
  throw tag0 v6, v0, steps 2, catch_all b9
b5:
  throw tag1
b6:
  throw_ref v4, catch_ref tag2 b10
b7:
  tail_call_indirect table0 type0 2 v0, v0
b8:
  trap UnreachableCodeReached
b9:
  tail_call func1 type0 v0
b10:
  jump b11
b11:
  return v0
";

#[test]
fn blocks_come_back_from_their_text() {
    let func = parse::parse(BLOCKS).unwrap();
    assert_eq!(text::print(&func), BLOCKS);
    let predecessors = func.predecessors();
    assert_eq!(predecessors.of(Block(1)), [Block(0), Block(1)]);
    assert_eq!(predecessors.of(Block(2)), [Block(0), Block(1)]);
    assert_eq!(predecessors.of(Block(9)), [Block(4)]);
    assert_eq!(func.use_counts()[..3], [9, 2, 1]);
    for wrong in [
        "func func0 () -> ()",
        "b0:\n  v0: i32 = i32.plus v1",
        "b0:\n  v0: i33 = arg 0",
        "b0:\n  v0: i32 = arg 0 1",
        "b0:\n  jump",
        "  return",
    ] {
        assert!(parse::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn uses_are_replaced_and_parameters_dropped() {
    let mut func = parse::parse(BLOCKS).unwrap();
    let mut map: Vec<Value> = (0..func.values.len() as u32).map(Value).collect();
    // A chain: v6 is v1, which is v0.
    (map[6], map[1]) = (Value(1), Value(0));
    func.replace_uses(&mut map);
    func.retain_params(|_, param| param != Value(1));
    let printed = text::print(&func);
    for line in
        ["b1(v2: i32):", "branch v0, b1(v0), b2", "table v0 [0 1 0 1] b1(v2), b2", "throw tag0 v0, v0, "]
    {
        assert!(printed.contains(line), "{line} should be in\n{printed}");
    }
    assert_eq!((func.op(Value(1)), func.op(Value(2))), (Op::None, Op::Param(0)));
}
