//! The text form of SSA. [`parse`](super::parse) reads it.
//!
//! ```text
//! func func3 (i32, i64) -> (i32)
//! frame 9 params 2 results 1 locals 5 homes 5
//! b0:
//!   v0: i32 = arg 0
//!   v1: i64 = arg 1
//!   jump b1(v0)
//! b1(v2: i32):
//!   v3: i32 = load32_u memory0 8 v2             ; 0x2a
//!   v4 = store8 memory0 0 v2, v3                ; 0x2e
//!   branch v3, b1(v3), b2                       ; 0x31
//! b2:
//!   return v3                                   ; 0x33
//! ```
//!
//! The first line has the function and the types of its parameters and results, and ends with `osr 2` if the body is for entry at
//! the loop with number 2. The second one tells how the frame of the other tiers is divided, if there is one. Blocks follow in the
//! order of the layout. An instruction is its value, the type of its result if there is one, the mnemonic, immediate
//! operands, and values. Names are the numbers in the [`Func`], so they are the same before and after a pass.
//!
//! Behind `;` is the offset of the operator in the module. Where a function was inlined, the function follows, and then, behind
//! `<`, the place where it was called, and so on.
//!
//! ```text
//!   v9: i32 = i32.div_s v3, v2                  ; 0x2a func7 < 0x55 func3
//! ```

use std::fmt::{self, Display, Formatter, Write};

use upshift_core::index::TagIndex;

use super::{Block, Callee, Func, Landing, List, Op, Pos, Target, Terminator, Ty, Value, Vector};

/// Where comments begin.
const REMARKS: usize = 44;

/// The text of a function.
///
/// ```
/// use upshift_opt::ssa::{parse, text};
///
/// let written = "\
/// func func0 (i32) -> (i32)
/// b0:
///   v0: i32 = arg 0
///   v1: i32 = const 0x1
///   v2: i32 = i32.add v0, v1
///   return v2
/// ";
/// assert_eq!(text::print(&parse::parse(written)?), written);
/// # Ok::<(), upshift_opt::ssa::parse::ParseError>(())
/// ```
#[must_use]
pub fn print(func: &Func) -> String {
    func.to_string()
}

impl Display for Func {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "func {} ({}) -> ({})", self.index, types(&self.params), types(&self.results))?;
        if let Some(number) = self.osr {
            write!(f, " osr {number}")?;
        }
        writeln!(f)?;
        if self.frame_slots > 0 {
            let frame = &self.frame;
            write!(f, "frame {} params {} results {}", self.frame_slots, frame.params, frame.results)?;
            write!(f, " locals {} homes {}", frame.locals, frame.homes)?;
            if let Some(scratch) = frame.scratch {
                write!(f, " scratch {scratch}")?;
            }
            writeln!(f)?;
        }
        self.layout.iter().try_for_each(|&block| print_block(f, self, block))
    }
}

fn print_block(f: &mut Formatter<'_>, func: &Func, block: Block) -> fmt::Result {
    let data = func.block(block);
    write!(f, "{block}")?;
    if !data.params.is_empty() {
        let params: Vec<String> =
            data.params.iter().map(|&param| format!("{param}{}", type_of(func, param))).collect();
        write!(f, "({})", params.join(", "))?;
    }
    writeln!(f, ":")?;
    for &inst in &data.insts {
        print_line(f, func, &instruction(func, inst), func.value(inst).pos)?;
    }
    print_line(f, func, &terminator(func, &data.term), data.pos)
}

/// A line of a block, with the place that it comes from.
fn print_line(f: &mut Formatter<'_>, func: &Func, line: &str, pos: Pos) -> fmt::Result {
    let mut remark = String::new();
    for position in func.chain(pos) {
        let separator = if remark.is_empty() { "" } else { " < " };
        write!(remark, "{separator}{:#x}", position.offset)?;
        if func.position(position.parent).is_some() || !separator.is_empty() {
            write!(remark, " {}", position.func)?;
        }
    }
    match &*remark {
        "" => writeln!(f, "  {line}"),
        remark => writeln!(f, "  {line:<REMARKS$}; {remark}"),
    }
}

/// The text of an instruction.
#[must_use]
pub fn instruction(func: &Func, inst: Value) -> String {
    let mut text = format!("{inst}{} = ", type_of(func, inst));
    print_op(&mut text, func, func.op(inst)).expect("writing to a String does not fail");
    let args = func.args(inst);
    if !args.is_empty() {
        write!(text, " {}", values(args)).expect("writing to a String does not fail");
    }
    text
}

/// The mnemonic and the immediate operands.
fn print_op(text: &mut String, func: &Func, op: Op) -> fmt::Result {
    match op {
        Op::None => write!(text, "none"),
        Op::Param(number) => write!(text, "param {number}"),
        Op::Arg(number) => write!(text, "arg {number}"),
        Op::SlotLoad(slot) => write!(text, "slot {}", slot.0),
        Op::Const(bits) => write!(text, "const {bits:#x}"),
        Op::ConstV128(vector) => write!(text, "v128.const {}", bits(func, vector)),
        Op::Unary(op) => write!(text, "{}", op.text()),
        Op::Binary(op) => write!(text, "{}", op.text()),
        Op::Ternary(op) => write!(text, "{}", op.text()),
        Op::Wide(op) => write!(text, "{}", op.text()),
        Op::ExtractLane(op, lane) => write!(text, "{} {lane}", op.text()),
        Op::ReplaceLane(op, lane) => write!(text, "{} {lane}", op.text()),
        Op::Shuffle(lanes) => write!(text, "i8x16.shuffle {}", bits(func, lanes)),
        Op::Select => write!(text, "select"),
        Op::Load { op, memory, offset } => write!(text, "{} {memory} {offset}", op.text()),
        Op::Store { op, memory, offset } => write!(text, "{} {memory} {offset}", op.text()),
        Op::LoadLane { bytes, lane, memory, offset } => {
            write!(text, "load_lane {bytes} {lane} {memory} {offset}")
        }
        Op::StoreLane { bytes, lane, memory, offset } => {
            write!(text, "store_lane {bytes} {lane} {memory} {offset}")
        }
        Op::Atomic { op, memory, offset } => write!(text, "{} {memory} {offset}", op.text()),
        Op::Fence => write!(text, "atomic.fence"),
        Op::MemorySize(memory) => write!(text, "memory.size {memory}"),
        Op::GlobalGet(global) => write!(text, "global.get {global}"),
        Op::GlobalSet(global) => write!(text, "global.set {global}"),
        Op::RefFunc(target) => write!(text, "ref.func {target}"),
        Op::RefEq => write!(text, "ref.eq"),
        Op::RefIsNull => write!(text, "ref.is_null"),
        Op::RefAsNonNull => write!(text, "ref.as_non_null"),
        Op::FieldLoad { op, offset } => write!(text, "field.{} {offset}", op.text()),
        Op::FieldStore { op, offset } => write!(text, "field.{} {offset}", op.text()),
        Op::ElementLoad(op) => write!(text, "element.{}", op.text()),
        Op::ElementStore(op) => write!(text, "element.{}", op.text()),
        Op::ArrayLen => write!(text, "array.len"),
        Op::RefTest(cast) => write!(text, "ref.test {:#x} {}", cast.to_bits(), cast.ty.0),
        Op::RefCast(cast) => write!(text, "ref.cast {:#x} {}", cast.to_bits(), cast.ty.0),
        Op::StructNew { ty, default: false } => write!(text, "struct.new {ty}"),
        Op::StructNew { ty, default: true } => write!(text, "struct.new_default {ty}"),
        Op::Service { op, x, y } => write!(text, "{} {x} {y}", op.text()),
        Op::Call(callee) => write!(text, "call{}", called(callee)),
        Op::Result(number) => write!(text, "result {number}"),
        Op::Caught(number) => write!(text, "caught {number}"),
        Op::CaughtRef => write!(text, "caught_ref"),
        Op::Charge(fuel) => write!(text, "charge {fuel}"),
        Op::Interrupt => write!(text, "interrupt"),
    }
}

/// The text of a terminator.
#[must_use]
pub fn terminator(func: &Func, term: &Terminator) -> String {
    let target = |target: &Target| match func.list(target.args) {
        [] => target.block.to_string(),
        args => format!("{}({})", target.block, values(args)),
    };
    let list = |list: List| match func.list(list) {
        [] => String::new(),
        args => format!(" {}", values(args)),
    };
    match term {
        Terminator::None => "unfinished".into(),
        Terminator::Jump(to) => format!("jump {}", target(to)),
        Terminator::Branch { cond, then, otherwise } => {
            format!("branch {cond}, {}, {}", target(then), target(otherwise))
        }
        Terminator::Table { index, cases, targets } => {
            let cases: Vec<String> = cases.iter().map(u32::to_string).collect();
            let targets: Vec<String> = targets.iter().map(target).collect();
            format!("table {index} [{}] {}", cases.join(" "), targets.join(", "))
        }
        Terminator::Return(args) => format!("return{}", list(*args)),
        Terminator::TailCall { callee, args } => format!("tail_call{}{}", called(*callee), list(*args)),
        Terminator::Invoke { call, normal, landings, steps } => {
            format!("invoke {call}, {normal}{}", caught(landings, *steps))
        }
        Terminator::Throw { tag, args, landings, steps } => {
            format!("throw {tag}{}{}", list(*args), caught(landings, *steps))
        }
        Terminator::ThrowRef { exception, landings, steps } => {
            format!("throw_ref {exception}{}", caught(landings, *steps))
        }
        Terminator::Trap(trap) => format!("trap {trap:?}"),
    }
}

/// Where exceptions lead, and the steps of a search for it if there are any.
fn caught(landings: &[Landing], steps: u32) -> String {
    let mut text = String::new();
    if steps > 0 {
        write!(text, ", steps {steps}").expect("writing to a String does not fail");
    }
    for &Landing { tag, reference, block } in landings {
        let form = match (tag, reference) {
            (Some(TagIndex(tag)), false) => format!("catch tag{tag}"),
            (Some(TagIndex(tag)), true) => format!("catch_ref tag{tag}"),
            (None, false) => "catch_all".into(),
            (None, true) => "catch_all_ref".into(),
        };
        write!(text, ", {form} {block}").expect("writing to a String does not fail");
    }
    text
}

fn called(callee: Callee) -> String {
    match callee {
        Callee::Direct { func, ty } => format!(" {func} {ty}"),
        Callee::Indirect { table, ty, site } => format!("_indirect {table} {ty} {site}"),
        Callee::Ref { ty, site } => format!("_ref {ty} {site}"),
    }
}

fn bits(func: &Func, vector: Vector) -> String {
    format!("{:#x}", func.vectors[vector.0 as usize].as_u128())
}

fn type_of(func: &Func, value: Value) -> String {
    func.value(value).ty.map_or_else(String::new, |ty| format!(": {}", ty.text()))
}

fn types(types: &[Ty]) -> String {
    types.iter().map(|ty| ty.text()).collect::<Vec<_>>().join(", ")
}

fn values(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}
