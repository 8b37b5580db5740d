//! SSA from its [text](super::text), for tests.
//!
//! ```text
//! line ─ words ─▶ mnemonic, immediate operands, values ─▶ instruction of the block that was named last
//! ```
//!
//! Values and blocks get the numbers that the text gives them; numbers in between that are missing are not in use.

use std::fmt;
use std::str::FromStr;

use upshift_core::Trap;
use upshift_core::TypeId;
use upshift_core::cast::Cast;
use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex};
use upshift_core::ops::atomic::Atomic;
use upshift_core::ops::memory::{Load, Store};
use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};
use upshift_core::value::V128;
use upshift_core::vm::BuiltinOp;
use upshift_translate::backend::Slot;

use super::{
    Block, BlockData, Callee, Func, Landing, List, Op, Pos, Position, Target, Terminator, Ty, Value,
    ValueData,
};

/// Why a text is no function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The number of the line, the first one is 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for ParseError {}

type Parsed<T> = Result<T, String>;

/// Reads what [`print`](super::text::print) writes. Only the form is looked at; what it says may be wrong for
/// [`verify`](super::verify).
///
/// # Errors
/// When a line does not have the form that the [text](super::text) has.
pub fn parse(text: &str) -> Result<Func, ParseError> {
    let mut func = Func::new(FuncIndex(0), Vec::new(), Vec::new());
    func.layout.clear();
    func.blocks.clear();
    for (number, line) in text.lines().enumerate() {
        let (code, remark) = line.split_once(';').unwrap_or((line, ""));
        let pos = position(&mut func, remark).ok_or(format!("no position: {remark}"));
        let parsed = pos.and_then(|pos| parse_line(&mut func, code.trim(), pos));
        parsed.map_err(|reason| ParseError { line: number + 1, reason })?;
    }
    match func.layout.first() {
        Some(&first) => func.entry = first,
        None => return Err(ParseError { line: text.lines().count(), reason: "there is no block".into() }),
    }
    Ok(func)
}

fn parse_line(func: &mut Func, line: &str, pos: Pos) -> Parsed<()> {
    if line.is_empty() {
        Ok(())
    } else if let Some(rest) = line.strip_prefix("func ") {
        parse_header(func, rest)
    } else if let Some(rest) = line.strip_prefix("frame ") {
        parse_frame(func, rest)
    } else if let Some(label) = line.strip_suffix(':') {
        parse_label(func, label)
    } else {
        let block = *func.layout.last().ok_or("an instruction in front of the first block")?;
        match line.split_once(" = ") {
            Some((name, rest)) => {
                let value = define(func, name)?;
                let (op, args) = parse_op(func, rest)?;
                let args = func.make_list(&args);
                let data = func.value_mut(value);
                (data.op, data.args, data.pos) = (op, args, pos);
                func.block_mut(block).insts.push(value);
            }
            None => {
                let term = parse_terminator(func, line)?;
                let data = func.block_mut(block);
                (data.term, data.pos) = (term, pos);
            }
        }
        Ok(())
    }
}

fn parse_header(func: &mut Func, text: &str) -> Parsed<()> {
    let mut parts = text.split(['(', ')']);
    func.index = FuncIndex(number(parts.next().unwrap_or("").trim(), "func")?);
    func.params = types(parts.next())?;
    func.results = types(parts.nth(1))?;
    func.osr = match parts.next().unwrap_or("").trim() {
        "" => None,
        rest => Some(number(rest, "osr ")?),
    };
    Ok(())
}

fn parse_frame(func: &mut Func, text: &str) -> Parsed<()> {
    let mut words = text.split_whitespace();
    func.frame_slots = number(words.next().unwrap_or(""), "")?;
    while let Some(word) = words.next() {
        let count = number(words.next().unwrap_or(""), "")?;
        match word {
            "params" => func.frame.params = count,
            "results" => func.frame.results = count,
            "locals" => func.frame.locals = count,
            "homes" => func.frame.homes = count,
            "scratch" => func.frame.scratch = Some(count),
            _ => return Err(format!("no part of a frame: {word}")),
        }
    }
    Ok(())
}

fn parse_label(func: &mut Func, label: &str) -> Parsed<()> {
    let (name, params) = label.split_once('(').unwrap_or((label, ""));
    let block = block(func, name)?;
    func.layout.push(block);
    let params = params.strip_suffix(')').unwrap_or(params);
    for (at, param) in params.split(',').filter(|param| !param.trim().is_empty()).enumerate() {
        let value = define(func, param.trim())?;
        func.value_mut(value).op = Op::Param(at as u32);
        func.block_mut(block).params.push(value);
    }
    Ok(())
}

/// Where a line comes from, see the [text](super::text).
fn position(func: &mut Func, remark: &str) -> Option<Pos> {
    let mut pos = Pos::NONE;
    if remark.trim().is_empty() {
        return Some(pos);
    }
    // The outermost comes last.
    for part in remark.split('<').rev() {
        let mut words = part.split_whitespace();
        let offset = u32::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
        let index = match words.next() {
            Some(word) => FuncIndex(number(word, "func").ok()?),
            None => func.index,
        };
        let position = Position { func: index, offset, parent: pos };
        if func.positions.last() != Some(&position) {
            func.positions.push(position);
        }
        pos = Pos(func.positions.len() as u32 - 1);
    }
    Some(pos)
}

/// A number behind a prefix.
fn number<T: FromStr>(text: &str, prefix: &str) -> Parsed<T> {
    let digits = text.strip_prefix(prefix).and_then(|digits| digits.trim().parse().ok());
    digits.ok_or_else(|| format!("{prefix} and a number should be here: {text}"))
}

fn hex(text: &str) -> Parsed<u128> {
    let digits = text.strip_prefix("0x").map(|digits| u128::from_str_radix(digits, 16));
    match digits {
        Some(Ok(bits)) => Ok(bits),
        _ => text.parse().map_err(|_| format!("not a number: {text}")),
    }
}

fn types(text: Option<&str>) -> Parsed<Vec<Ty>> {
    let names = text.unwrap_or("").split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(ty).collect()
}

fn ty(name: &str) -> Parsed<Ty> {
    let all = [Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::V128, Ty::Ref];
    all.into_iter().find(|ty| ty.text() == name).ok_or_else(|| format!("no type: {name}"))
}

/// A block by its name.
fn block(func: &mut Func, name: &str) -> Parsed<Block> {
    let block = Block(number(name.trim(), "b")?);
    while func.blocks.len() <= block.index() {
        func.blocks.push(BlockData {
            params: Vec::new(),
            insts: Vec::new(),
            term: Terminator::None,
            pos: Pos::NONE,
        });
    }
    Ok(block)
}

/// A value by its name.
fn value(func: &mut Func, name: &str) -> Parsed<Value> {
    let value = Value(number(name.trim(), "v")?);
    let unused = ValueData { op: Op::None, ty: None, args: List::EMPTY, pos: Pos::NONE };
    while func.values.len() <= value.index() {
        func.values.push(unused);
    }
    Ok(value)
}

/// A value and its type, as they are defined: `v3: i32`, or `v3` without a result.
fn define(func: &mut Func, text: &str) -> Parsed<Value> {
    let (name, of) = text.split_once(':').unwrap_or((text, ""));
    let value = value(func, name)?;
    func.value_mut(value).ty = match of.trim() {
        "" => None,
        name => Some(ty(name)?),
    };
    Ok(value)
}

fn values(func: &mut Func, text: &str) -> Parsed<Vec<Value>> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| value(func, name)).collect()
}

/// `b3(v1, v2)`
fn target(func: &mut Func, text: &str) -> Parsed<Target> {
    let (name, args) = text.split_once('(').unwrap_or((text, ""));
    let block = block(func, name)?;
    let args = values(func, args.strip_suffix(')').unwrap_or(args))?;
    Ok(Target { block, args: func.make_list(&args) })
}

/// Splits at the commas that are not in brackets.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[start..].trim());
    found.retain(|part| !part.is_empty());
    found
}

/// Mnemonic and operands of an instruction.
fn parse_op(func: &mut Func, text: &str) -> Parsed<(Op, Vec<Value>)> {
    let mut words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let name = words.next().ok_or("an instruction without a name")?;
    let (mut immediates, mut args) = (Immediates { words: Vec::new(), next: 0 }, Vec::new());
    for word in words {
        if word.strip_prefix('v').is_some_and(|rest| rest.parse::<u32>().is_ok()) {
            args.push(value(func, word)?);
        } else {
            immediates.words.push(word);
        }
    }
    let op = match simple_op(name).or_else(|| pure_op(name)) {
        Some(op) => op,
        None => op_with_immediates(func, name, &mut immediates)?,
    };
    match immediates.words.get(immediates.next) {
        Some(word) => Err(format!("not an operand of {name}: {word}")),
        None => Ok((op, args)),
    }
}

/// The immediate operands of an instruction.
struct Immediates<'a> {
    words: Vec<&'a str>,
    next: usize,
}

impl<'a> Immediates<'a> {
    fn word(&mut self) -> Parsed<&'a str> {
        self.next += 1;
        self.words.get(self.next - 1).copied().ok_or_else(|| "an operand is missing".into())
    }

    fn number<T: FromStr>(&mut self) -> Parsed<T> {
        number(self.word()?, "")
    }

    fn index(&mut self, prefix: &str) -> Parsed<u32> {
        number(self.word()?, prefix)
    }

    fn hex(&mut self) -> Parsed<u128> {
        hex(self.word()?)
    }

    /// The memory and the offset of an access.
    fn place(&mut self) -> Parsed<(MemoryIndex, u64)> {
        Ok((MemoryIndex(self.index("memory")?), self.number()?))
    }

    fn cast(&mut self) -> Parsed<Cast> {
        let (bits, ty) = (self.hex()?, self.number()?);
        Cast::from_bits(bits as u16, TypeId(ty)).ok_or_else(|| format!("no test: {bits:#x}"))
    }
}

fn simple_op(name: &str) -> Option<Op> {
    Some(match name {
        "none" => Op::None,
        "select" => Op::Select,
        "atomic.fence" => Op::Fence,
        "ref.eq" => Op::RefEq,
        "ref.is_null" => Op::RefIsNull,
        "ref.as_non_null" => Op::RefAsNonNull,
        "array.len" => Op::ArrayLen,
        "caught_ref" => Op::CaughtRef,
        "interrupt" => Op::Interrupt,
        _ => return None,
    })
}

fn pure_op(name: &str) -> Option<Op> {
    let unary = Unary::ALL.iter().find(|op| op.text() == name).map(|&op| Op::Unary(op));
    let binary = || Binary::ALL.iter().find(|op| op.text() == name).map(|&op| Op::Binary(op));
    let ternary = || Ternary::ALL.iter().find(|op| op.text() == name).map(|&op| Op::Ternary(op));
    let wide = || Wide::ALL.iter().find(|op| op.text() == name).map(|&op| Op::Wide(op));
    let element = || {
        let access = name.strip_prefix("element.")?;
        load(access).map(Op::ElementLoad).or_else(|| store(access).map(Op::ElementStore))
    };
    unary.or_else(binary).or_else(ternary).or_else(wide).or_else(element)
}

fn load(name: &str) -> Option<Load> {
    Load::ALL.iter().copied().find(|op| op.text() == name)
}

fn store(name: &str) -> Option<Store> {
    Store::ALL.iter().copied().find(|op| op.text() == name)
}

fn op_with_immediates(func: &mut Func, name: &str, given: &mut Immediates<'_>) -> Parsed<Op> {
    if let Some(op) = access(name, given)? {
        return Ok(op);
    }
    if let Some(&op) = ExtractLane::ALL.iter().find(|op| op.text() == name) {
        return Ok(Op::ExtractLane(op, given.number()?));
    }
    if let Some(&op) = ReplaceLane::ALL.iter().find(|op| op.text() == name) {
        return Ok(Op::ReplaceLane(op, given.number()?));
    }
    if let Some(&op) = BuiltinOp::ALL.iter().find(|op| op.text() == name && name != "memory.size") {
        return Ok(Op::Service { op, x: given.number()?, y: given.number()? });
    }
    Ok(match name {
        "param" => Op::Param(given.number()?),
        "arg" => Op::Arg(given.number()?),
        "slot" => Op::SlotLoad(Slot(given.number()?)),
        "const" => Op::Const(given.hex()? as u64),
        "v128.const" => Op::ConstV128(func.vector(V128::from_u128(given.hex()?))),
        "i8x16.shuffle" => Op::Shuffle(func.vector(V128::from_u128(given.hex()?))),
        "memory.size" => Op::MemorySize(MemoryIndex(given.index("memory")?)),
        "global.get" => Op::GlobalGet(GlobalIndex(given.index("global")?)),
        "global.set" => Op::GlobalSet(GlobalIndex(given.index("global")?)),
        "ref.func" => Op::RefFunc(FuncIndex(given.index("func")?)),
        "ref.test" => Op::RefTest(given.cast()?),
        "ref.cast" => Op::RefCast(given.cast()?),
        "struct.new" => Op::StructNew { ty: TypeIndex(given.index("type")?), default: false },
        "struct.new_default" => Op::StructNew { ty: TypeIndex(given.index("type")?), default: true },
        "call" | "call_indirect" | "call_ref" => Op::Call(callee(name, given)?),
        "result" => Op::Result(given.number()?),
        "caught" => Op::Caught(given.number()?),
        "charge" => Op::Charge(given.number()?),
        _ => return Err(format!("no instruction: {name}")),
    })
}

/// Accesses to memories and fields.
fn access(name: &str, given: &mut Immediates<'_>) -> Parsed<Option<Op>> {
    if let Some(op) = load(name) {
        let (memory, offset) = given.place()?;
        return Ok(Some(Op::Load { op, memory, offset }));
    }
    if let Some(op) = store(name) {
        let (memory, offset) = given.place()?;
        return Ok(Some(Op::Store { op, memory, offset }));
    }
    if let Some(&op) = Atomic::ALL.iter().find(|op| op.text() == name) {
        let (memory, offset) = given.place()?;
        return Ok(Some(Op::Atomic { op, memory, offset }));
    }
    if let "load_lane" | "store_lane" = name {
        let (bytes, lane) = (given.number()?, given.number()?);
        let (memory, offset) = given.place()?;
        return Ok(Some(match name {
            "load_lane" => Op::LoadLane { bytes, lane, memory, offset },
            _ => Op::StoreLane { bytes, lane, memory, offset },
        }));
    }
    let Some(field) = name.strip_prefix("field.") else { return Ok(None) };
    let offset = given.number()?;
    let load = load(field).map(|op| Op::FieldLoad { op, offset });
    Ok(load.or_else(|| store(field).map(|op| Op::FieldStore { op, offset })))
}

fn callee(name: &str, given: &mut Immediates<'_>) -> Parsed<Callee> {
    if name.ends_with("_indirect") {
        let (table, ty) = (TableIndex(given.index("table")?), TypeIndex(given.index("type")?));
        Ok(Callee::Indirect { table, ty, site: given.number()? })
    } else if name.ends_with("_ref") {
        Ok(Callee::Ref { ty: TypeIndex(given.index("type")?), site: given.number()? })
    } else {
        let func = FuncIndex(given.index("func")?);
        Ok(Callee::Direct { func, ty: TypeIndex(given.index("type")?) })
    }
}

fn parse_terminator(func: &mut Func, line: &str) -> Parsed<Terminator> {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let parts = parts(rest);
    match (name, &*parts) {
        ("unfinished", []) => Ok(Terminator::None),
        ("jump", [to]) => Ok(Terminator::Jump(target(func, to)?)),
        ("branch", [cond, then, otherwise]) => Ok(Terminator::Branch {
            cond: value(func, cond)?,
            then: target(func, then)?,
            otherwise: target(func, otherwise)?,
        }),
        ("table", _) => parse_table(func, rest),
        ("return", _) => {
            let args = values(func, rest)?;
            Ok(Terminator::Return(func.make_list(&args)))
        }
        ("tail_call" | "tail_call_indirect" | "tail_call_ref", _) => {
            let (op, args) = parse_op(func, line.strip_prefix("tail_").unwrap_or(line))?;
            let Op::Call(callee) = op else { return Err(format!("no call: {line}")) };
            Ok(Terminator::TailCall { callee, args: func.make_list(&args) })
        }
        ("invoke", [call, normal, clauses @ ..]) => {
            let (steps, clauses) = steps(clauses)?;
            Ok(Terminator::Invoke {
                call: value(func, call)?,
                normal: block(func, normal)?,
                landings: landings(func, clauses)?,
                steps,
            })
        }
        ("throw", [first, ..]) => {
            let (tag, first) = first.split_once(' ').unwrap_or((first, ""));
            let tag = TagIndex(number(tag, "tag")?);
            let is_behind = |part: &&str| part.starts_with("catch") || part.starts_with("steps");
            let end = parts.iter().position(is_behind).unwrap_or(parts.len());
            let mut args = values(func, first)?;
            args.extend(values(func, &parts[1..end].join(","))?);
            let (steps, clauses) = steps(&parts[end..])?;
            let landings = landings(func, clauses)?;
            Ok(Terminator::Throw { tag, args: func.make_list(&args), landings, steps })
        }
        ("throw_ref", [exception, clauses @ ..]) => {
            let exception = value(func, exception)?;
            let (steps, clauses) = steps(clauses)?;
            Ok(Terminator::ThrowRef { exception, landings: landings(func, clauses)?, steps })
        }
        ("trap", [name]) => {
            let trap = Trap::ALL.iter().find(|trap| format!("{trap:?}") == *name);
            trap.map(|&trap| Terminator::Trap(trap)).ok_or_else(|| format!("no trap: {name}"))
        }
        _ => Err(format!("no terminator: {line}")),
    }
}

/// `v3 [0 1 0] b1, b2(v3)`
fn parse_table(func: &mut Func, text: &str) -> Parsed<Terminator> {
    let malformed = || format!("no table: {text}");
    let (index, rest) = text.split_once('[').ok_or_else(malformed)?;
    let (cases, targets) = rest.split_once(']').ok_or_else(malformed)?;
    Ok(Terminator::Table {
        index: value(func, index)?,
        cases: cases.split_whitespace().map(|case| number(case, "")).collect::<Parsed<_>>()?,
        targets: parts(targets).into_iter().map(|to| target(func, to)).collect::<Parsed<_>>()?,
    })
}

/// `steps 3`, and what is behind it.
fn steps<'a, 'b>(parts: &'a [&'b str]) -> Parsed<(u32, &'a [&'b str])> {
    match parts.split_first() {
        Some((first, rest)) if let Some(count) = first.strip_prefix("steps ") => {
            Ok((number(count, "")?, rest))
        }
        _ => Ok((0, parts)),
    }
}

/// `catch tag3 b1`, `catch_all_ref b2`, …
fn landings(func: &mut Func, clauses: &[&str]) -> Parsed<Vec<Landing>> {
    let mut landings = Vec::new();
    for clause in clauses {
        let words: Vec<&str> = clause.split_whitespace().collect();
        let (tag, name) = match *words {
            ["catch" | "catch_ref", tag, name] => (Some(TagIndex(number(tag, "tag")?)), name),
            ["catch_all" | "catch_all_ref", name] => (None, name),
            _ => return Err(format!("no clause: {clause}")),
        };
        landings.push(Landing { tag, reference: words[0].ends_with("_ref"), block: block(func, name)? });
    }
    Ok(landings)
}
