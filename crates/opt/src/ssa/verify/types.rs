//! The types of operands and results, operation by operation.

use upshift_core::index::TypeIndex;
use upshift_core::ops::atomic::AtomicShape;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::types::ValType;
use upshift_core::types::composite::CompositeType;
use upshift_translate::ModuleInfo;

use super::{Checked, expect};
use crate::ssa::{Callee, Func, Op, Terminator, Ty, Value, unary_operand, unary_result};

/// Which types an operand may have.
#[derive(Clone, Copy, Debug)]
enum Want {
    Only(Ty),
    /// An address or an index of any size.
    Integer,
    /// Any reference.
    Reference,
    /// What memory can hold besides vectors.
    Number,
    /// The same, or a reference: what fields can hold.
    Scalar,
    Any,
}

impl Want {
    fn takes(self, ty: Ty) -> bool {
        match self {
            Want::Only(only) => ty == only,
            Want::Integer => matches!(ty, Ty::I32 | Ty::I64),
            Want::Reference => matches!(ty, Ty::I64 | Ty::Ref),
            Want::Number => matches!(ty, Ty::I32 | Ty::I64 | Ty::F32 | Ty::F64),
            Want::Scalar => ty != Ty::V128,
            Want::Any => true,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Want::Only(ty) => ty.text(),
            Want::Integer => "an integer",
            Want::Reference => "a reference",
            Want::Number => "an integer or float",
            Want::Scalar => "anything but a vector",
            Want::Any => "anything",
        }
    }
}

/// Checks the types of an instruction.
pub(super) fn check(func: &Func, module: Option<&ModuleInfo>, inst: Value) -> Checked {
    use Want::{Integer, Number, Only, Reference, Scalar};
    let data = func.value(inst);
    let args = func.args(inst);
    let operands = |wanted: &[Want]| check_operands(func, args, wanted.iter().copied());
    let of_types = |types: &[ValType]| check_operands(func, args, types.iter().map(|&ty| Only(Ty::of(ty))));
    let result = |ty: Option<Ty>| expect(data.ty == ty, || "the result is of another type".into());
    let one_of = |types: &[Ty]| {
        expect(data.ty.is_some_and(|ty| types.contains(&ty)), || "the result is of another type".into())
    };
    let i32 = || result(Some(Ty::I32));
    match data.op {
        Op::None | Op::Param(_) => Err("this is no instruction".into()),
        Op::Arg(number) => {
            operands(&[])?;
            let ty = func.params.get(number as usize).copied();
            expect(ty.is_some() && ty == data.ty, || "there is no such argument of this type".into())
        }
        Op::SlotLoad(_) => operands(&[]).and(expect(data.ty.is_some(), || "it has no type".into())),
        Op::Const(bits) => {
            operands(&[])?;
            one_of(&[Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::Ref])?;
            let is_short = bits >> 32 == 0 || !matches!(data.ty, Some(Ty::I32 | Ty::F32 | Ty::Ref));
            // The only references that are known are null and integers.
            let is_known = data.ty != Some(Ty::Ref) || bits == 0 || bits & 1 == 1;
            expect(is_short && is_known, || "its type has no such value".into())
        }
        Op::ConstV128(_) => operands(&[]).and(result(Some(Ty::V128))),
        Op::Unary(op) => operands(&[Only(unary_operand(op))]).and(result(Some(unary_result(op)))),
        Op::Binary(op) => of_types(op.operands()).and(result(Some(Ty::of(op.result())))),
        Op::Ternary(op) => operands(&[Only(Ty::V128); 3]).and(result(Some(Ty::of(op.result())))),
        Op::Wide(op) => of_types(op.operands()).and(result(None)),
        Op::ExtractLane(op, _) => operands(&[Only(Ty::V128)]).and(result(Some(Ty::of(op.result())))),
        Op::ReplaceLane(op, _) => of_types(op.operands()).and(result(Some(Ty::V128))),
        Op::Shuffle(_) => operands(&[Only(Ty::V128); 2]).and(result(Some(Ty::V128))),
        Op::Select => {
            let ty = data.ty.ok_or("it has no type")?;
            operands(&[Only(Ty::I32), Only(ty), Only(ty)])
        }
        Op::Load { op, .. } => operands(&[Integer]).and(one_of(loaded(op))),
        Op::Store { op, .. } => operands(&[Integer, stored(op, Number)]).and(result(None)),
        Op::LoadLane { .. } => operands(&[Integer, Only(Ty::V128)]).and(result(Some(Ty::V128))),
        Op::StoreLane { .. } => operands(&[Integer, Only(Ty::V128)]).and(result(None)),
        Op::Atomic { op, .. } => match op.shape() {
            AtomicShape::Load => operands(&[Integer]).and(one_of(&[Ty::I32, Ty::I64])),
            AtomicShape::Store => operands(&[Integer, Integer]).and(result(None)),
            shape => {
                one_of(&[Ty::I32, Ty::I64])?;
                let ty = Only(data.ty.unwrap_or(Ty::I64));
                match shape {
                    AtomicShape::ReadModifyWrite => operands(&[Integer, ty]),
                    _ => operands(&[Integer, ty, ty]),
                }
            }
        },
        Op::Fence | Op::Charge(_) | Op::Interrupt => operands(&[]).and(result(None)),
        Op::MemorySize(_) => operands(&[]).and(one_of(&[Ty::I32, Ty::I64])),
        Op::GlobalGet(global) => {
            operands(&[])?;
            let ty = module.map(|module| Ty::of(module.globals[global.index()].content));
            if ty.is_some() { result(ty) } else { Ok(()) }
        }
        Op::GlobalSet(global) => {
            result(None)?;
            let ty = module.map(|module| Ty::of(module.globals[global.index()].content));
            operands(&[ty.map_or(Want::Any, Only)])
        }
        Op::RefFunc(_) => operands(&[]).and(result(Some(Ty::I64))),
        Op::RefEq => operands(&[Only(Ty::Ref); 2]).and(i32()),
        Op::RefIsNull | Op::RefTest(_) => operands(&[Reference]).and(i32()),
        Op::RefAsNonNull | Op::RefCast(_) => operands(&[Reference]).and(result(None)),
        Op::FieldLoad { op, .. } => operands(&[Only(Ty::Ref)]).and(one_of(loaded_from_object(op))),
        Op::FieldStore { op, .. } => operands(&[Only(Ty::Ref), stored(op, Scalar)]).and(result(None)),
        Op::ElementLoad(op) => operands(&[Only(Ty::Ref), Only(Ty::I32)]).and(one_of(loaded_from_object(op))),
        Op::ElementStore(op) => {
            operands(&[Only(Ty::Ref), Only(Ty::I32), stored(op, Scalar)]).and(result(None))
        }
        Op::ArrayLen => operands(&[Only(Ty::Ref)]).and(i32()),
        Op::StructNew { ty, default } => {
            result(Some(Ty::Ref))?;
            match (default, module) {
                (true, _) => operands(&[]),
                (false, Some(module)) => {
                    let CompositeType::Struct(fields) = &module.types[ty.index()].ty.definition.composite
                    else {
                        return Err("the type is none of a struct".into());
                    };
                    let types = fields.iter().map(|field| Only(Ty::of(field.storage.unpack())));
                    check_operands(func, args, types)
                }
                (false, None) => Ok(()),
            }
        }
        Op::Service { .. } => Ok(()),
        Op::Call(callee) => result(None).and(check_call(func, module, callee, args)),
        Op::Result(number) => check_result(func, module, inst, args, number),
        Op::Caught(_) => operands(&[]).and(expect(data.ty.is_some(), || "it has no type".into())),
        Op::CaughtRef => operands(&[]).and(result(Some(Ty::Ref))),
    }
}

fn check_operands(func: &Func, args: &[Value], wanted: impl Iterator<Item = Want>) -> Checked {
    let mut count = 0;
    for want in wanted {
        count += 1;
        let Some(&arg) = args.get(count - 1) else { continue };
        let ty = func.value(arg).ty.ok_or_else(|| format!("{arg} has no result"))?;
        expect(want.takes(ty), || format!("{arg} is of type {} instead of {}", ty.text(), want.text()))?;
    }
    expect(count == args.len(), || format!("{} operands instead of {count}", args.len()))
}

/// The types that may be loaded so from a memory.
fn loaded(op: Load) -> &'static [Ty] {
    match op {
        Load::Load8U | Load::Load16U | Load::Load32U => &[Ty::I32, Ty::I64],
        Load::Load8S32 | Load::Load16S32 => &[Ty::I32],
        Load::Load8S64 | Load::Load16S64 | Load::Load32S64 | Load::Load64 => &[Ty::I64],
        Load::LoadF32 => &[Ty::F32],
        Load::LoadF64 => &[Ty::F64],
        _ => &[Ty::V128],
    }
}

/// The types that may be loaded so from a field or an element.
fn loaded_from_object(op: Load) -> &'static [Ty] {
    match op {
        Load::Load32U => &[Ty::I32, Ty::Ref],
        other => loaded(other),
    }
}

fn stored(op: Store, scalar: Want) -> Want {
    match op {
        Store::V128Store => Want::Only(Ty::V128),
        _ => scalar,
    }
}

fn params(module: &ModuleInfo, ty: TypeIndex) -> &[ValType] {
    module.types[ty.index()].func().params()
}

fn check_call(func: &Func, module: Option<&ModuleInfo>, callee: Callee, args: &[Value]) -> Checked {
    let operand = match callee {
        Callee::Direct { .. } => None,
        Callee::Indirect { .. } => Some(Want::Integer),
        Callee::Ref { .. } => Some(Want::Only(Ty::I64)),
    };
    let Some(module) = module else {
        let first = args.get(..usize::from(operand.is_some())).ok_or("it has no callee")?;
        return check_operands(func, first, operand.into_iter());
    };
    let types = params(module, callee.ty()).iter().map(|&ty| Want::Only(Ty::of(ty)));
    check_operands(func, args, operand.into_iter().chain(types))
}

fn check_result(
    func: &Func,
    module: Option<&ModuleInfo>,
    inst: Value,
    args: &[Value],
    number: u32,
) -> Checked {
    let &[whole] = args else { return Err("it is a result of one instruction".into()) };
    let ty = func.value(inst).ty;
    let expected = match (func.op(whole), module) {
        (Op::Wide(op), _) => Some(Ty::of(op.result())).filter(|_| number < 2),
        (Op::Call(callee), Some(module)) => {
            let results = module.types[callee.ty().index()].func().results();
            results.get(number as usize).map(|&ty| Ty::of(ty))
        }
        (Op::Call(_), None) => ty,
        _ => None,
    };
    expect(ty.is_some() && ty == expected, || "there is no such result of this type".into())
}

/// Checks the types of what a terminator reads.
pub(super) fn check_terminator(func: &Func, module: Option<&ModuleInfo>, term: &Terminator) -> Checked {
    match term {
        Terminator::Branch { cond: value, .. } | Terminator::Table { index: value, .. } => {
            check_operands(func, &[*value], [Want::Only(Ty::I32)].into_iter())?;
        }
        Terminator::ThrowRef { exception, .. } => {
            check_operands(func, &[*exception], [Want::Only(Ty::Ref)].into_iter())?;
        }
        Terminator::Return(list) => {
            check_operands(func, func.list(*list), func.results.iter().map(|&ty| Want::Only(ty)))?;
        }
        Terminator::TailCall { callee, args } => check_call(func, module, *callee, func.list(*args))?,
        Terminator::Throw { tag, args, .. } => {
            if let Some(module) = module {
                let types = module.tag_type(*tag).func().params();
                check_operands(func, func.list(*args), types.iter().map(|&ty| Want::Only(Ty::of(ty))))?;
            }
        }
        _ => {}
    }
    let mut checked = Ok(());
    term.for_each_target(|target| {
        if checked.is_ok() {
            let params = func.block(target.block).params.iter().map(|&param| Want::Only(func.ty(param)));
            checked = check_operands(func, func.list(target.args), params);
        }
    });
    checked
}
