//! The text form of the register IR: printer and parser.
//!
//! ```text
//! frame 4 params 1 results 1 homes 0
//! @0    br_if_i32.ge_s s-4, 2, @4
//! @2    return s-4, s-4
//! @4    i32.sub s0, s-4, 1
//! @6    call 1, s4, 224, 0
//! ```
//!
//! The first line gives the number of slots from `fp` on, of parameters and of results, and the slot of the first operand home;
//! `scratch` at its end says that there are scratch slots before the locals. Slots are counted from `fp`: the last parameter is
//! `s-4`, followed by the header. Omitted numbers are 0.
//!
//! A line is the position in words, the mnemonic and the operands in the order of the [table](crate::table): `s3` is a slot,
//! `v3` a vector in two slots, `acc` an accumulator, `@7` a branch target, everything else a number. [`parse`] reads what
//! [`print`](print()) writes; the form of an instruction follows from its operands.
//!
//! Exception handlers follow the code: the positions where the handler changes, then the clauses of each handler. A clause has
//! the number of its tag, the first slot for the values, the slot for the reference, and its target.
//!
//! ```text
//! from @0: handler 0
//! from @9: no handler
//! handler 0: catch 3 s4 @12, catch_ref 1 s4 s5 @14, catch_all @16, catch_all_ref s4 @18
//! handler 1: catch_all @12, outer 0
//! ```
//!
//! Then come the reference maps: the locals that are references, and for each position from which it holds, the operands.
//!
//! ```text
//! references: s-4 s0
//! references from @4: s7 s5
//! ```
//!
//! Last come the heads of the loops, by number; `none` for a loop that nothing reaches.
//!
//! ```text
//! loops: @0 none @7
//! ```

use std::collections::HashMap;
use std::fmt::Write;

use upshift_core::TypeId;
use upshift_core::cast::Cast;
use upshift_core::index::TagIndex;
use upshift_core::vm::{BuiltinOp, Preamble, frame};
use upshift_translate::backend::{Frame, SCRATCH_SLOTS};

use crate::decode::{Instr, Malformed, cast_fields, decode_all};
use crate::func_code::FuncCode;
use crate::handlers::{Clause, Handler, Handlers, Region, steps};
use crate::op::{Field, Op};
use crate::references::ReferenceMaps;

/// The text of code.
///
/// # Errors
/// When a word does not begin an instruction.
pub fn print(code: &FuncCode) -> Result<String, Malformed> {
    let Some((&preamble, body)) = code.words().split_first() else {
        return Err(Malformed { at: 0 });
    };
    let mut text = String::new();
    print_frame(&mut text, Preamble::from_word(preamble).frame_slots, code.frame())
        .expect("writing to a String does not fail");
    for instr in decode_all(body)? {
        let position = format!("@{}", instr.at);
        let line = format!("{position:<6}{}", instruction(&instr));
        match remark(&instr) {
            Some(remark) => writeln!(text, "{line:<44} ; {remark}"),
            None => writeln!(text, "{line}"),
        }
        .expect("writing to a String does not fail");
    }
    if let Some(references) = code.references() {
        print_references(&mut text, references).expect("writing to a String does not fail");
    }
    if let Some(handlers) = code.handlers() {
        print_handlers(&mut text, handlers).expect("writing to a String does not fail");
    }
    if code.loop_count() > 0 {
        let place =
            |number: u32| code.loop_head(number).map_or("none".into(), |word| format!("@{}", word - 1));
        let loops: Vec<String> = (0..code.loop_count() as u32).map(place).collect();
        writeln!(text, "loops: {}", loops.join(" ")).expect("writing to a String does not fail");
    }
    Ok(text)
}

/// The text of one instruction: its mnemonic and its operands.
#[must_use]
pub fn instruction(instr: &Instr) -> String {
    let mut operands = Vec::new();
    let mut targets = instr.targets.iter();
    for (field, &value) in instr.op.fields().iter().zip(&instr.values) {
        operands.push(match field {
            Field::Dst | Field::Src | Field::WideDst | Field::WideSrc => format!("s{}", value as i64),
            Field::DstV | Field::SrcV | Field::WideSrcV => format!("v{}", value as i64),
            Field::Acc => "acc".to_string(),
            Field::Imm16 | Field::Imm32 => (value as i64).to_string(),
            Field::Imm64 => format!("{value:#x}"),
            Field::Num16 if instr.op == Op::Builtin => match BuiltinOp::ALL.get(value as usize) {
                Some(builtin) => builtin.text().to_string(),
                None => value.to_string(),
            },
            Field::Num16 | Field::Num32 => value.to_string(),
            Field::Target | Field::Targets => {
                let count = if *field == Field::Target { 1 } else { value as usize };
                let list: Vec<String> = targets.by_ref().take(count).map(|t| format!("@{t}")).collect();
                list.join(" ")
            }
        });
    }
    let text = format!("{} {}", instr.op.text(), operands.join(", "));
    text.trim_end().to_string()
}

fn print_frame(text: &mut String, slots: u32, frame: &Frame) -> std::fmt::Result {
    write!(text, "frame {slots}")?;
    let homes = frame.homes.saturating_sub(frame::fp_offset(frame.params));
    for (name, count) in [("params", frame.params), ("results", frame.results), ("homes", homes)] {
        if count > 0 {
            write!(text, " {name} {count}")?;
        }
    }
    if frame.scratch.is_some() {
        write!(text, " scratch")?;
    }
    writeln!(text)
}

/// The frame behind `frame`, and how many slots it has from `fp` on.
fn parse_frame(text: &str) -> Option<(u32, Frame)> {
    let mut words = text.split_whitespace();
    let slots = words.next()?.parse().ok()?;
    let (mut params, mut results, mut homes, mut scratch) = (0, 0, 0, false);
    while let Some(word) = words.next() {
        let count = match word {
            "params" => &mut params,
            "results" => &mut results,
            "homes" => &mut homes,
            "scratch" => {
                scratch = true;
                continue;
            }
            _ => return None,
        };
        *count = words.next()?.parse().ok().filter(|&count: &u32| count <= i32::MAX as u32 / 2)?;
    }
    let fp = frame::fp_offset(params);
    let locals = fp + if scratch { SCRATCH_SLOTS } else { 0 };
    let scratch = scratch.then_some(fp);
    Some((slots, Frame { params, results, locals, homes: fp + homes, scratch }))
}

/// What the numbers of an instruction mean, where they are types.
fn remark(instr: &Instr) -> Option<String> {
    if let Some((bits, ty)) = cast_fields(instr) {
        return Cast::from_bits(bits, TypeId(ty)).map(|cast| cast.to_string());
    }
    let ty = match instr.op {
        Op::StructNew | Op::StructNew32x1 | Op::StructNew32x2 | Op::StructNew32x3 | Op::StructNew32x4 => {
            instr.values[2]
        }
        Op::StructNewDefault => instr.values[1],
        Op::Builtin if is_of_type(instr.values[0]) => instr.values[2],
        _ => return None,
    };
    Some(format!("type#{ty}"))
}

/// Whether a service has a type as its first number.
fn is_of_type(number: u64) -> bool {
    BuiltinOp::ALL.get(number as usize).is_some_and(|op| op.effects().of_type)
}

fn print_references(text: &mut String, references: &ReferenceMaps) -> std::fmt::Result {
    let list = |slots: &[i32]| slots.iter().fold(String::new(), |list, slot| format!("{list} s{slot}"));
    writeln!(text, "references:{}", list(references.locals()))?;
    for (start, operands) in references.points() {
        writeln!(text, "references from @{}:{}", start - 1, list(&operands))?;
    }
    Ok(())
}

fn print_handlers(text: &mut String, handlers: &Handlers) -> std::fmt::Result {
    for Region { start, handler } in &handlers.regions {
        write!(text, "from @{}: ", start - 1)?;
        match handler {
            Some(number) => writeln!(text, "handler {number}")?,
            None => writeln!(text, "no handler")?,
        }
    }
    for (number, Handler { clauses, outer, .. }) in handlers.handlers.iter().enumerate() {
        write!(text, "handler {number}:")?;
        for (i, &Clause { tag, payload, reference, target }) in clauses.iter().enumerate() {
            let (comma, target) = (if i == 0 { "" } else { "," }, target - 1);
            match (tag, reference) {
                (Some(tag), None) => write!(text, "{comma} catch {} s{payload} @{target}", tag.0)?,
                (Some(tag), Some(slot)) => {
                    write!(text, "{comma} catch_ref {} s{payload} s{slot} @{target}", tag.0)?;
                }
                (None, None) => write!(text, "{comma} catch_all @{target}")?,
                (None, Some(slot)) => write!(text, "{comma} catch_all_ref s{slot} @{target}")?,
            }
        }
        if let Some(outer) = outer {
            write!(text, "{} outer {outer}", if clauses.is_empty() { "" } else { "," })?;
        }
        text.push('\n');
    }
    Ok(())
}

/// A line of text that is not an instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl std::error::Error for ParseError {}

/// The code for a text; empty lines and what follows `;` are ignored. The result is not verified.
///
/// # Errors
/// When a line is not an instruction, a position is wrong or a branch leads nowhere.
pub fn parse(text: &str) -> Result<FuncCode, ParseError> {
    let mut words = Vec::new();
    let (mut frame, mut loops) = (None, Vec::new());
    let (mut regions, mut handlers) = (Vec::new(), Vec::new());
    let (mut locals_of_references, mut nodes, mut points) = (Vec::new(), Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let line = line.split(';').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let error = |problem: String| ParseError { line: number + 1, problem };
        if words.is_empty() {
            let (frame_slots, parts) =
                line.strip_prefix("frame ").and_then(parse_frame).ok_or_else(|| {
                    error(
                        "the first line has to be `frame`, the number of slots, and what they are"
                            .to_string(),
                    )
                })?;
            frame = Some(parts);
            words.push(Preamble { frame_slots }.to_word());
            continue;
        }
        let at = words.len() - 1;
        if let Some(locals) = line.strip_prefix("references:") {
            locals_of_references = slots(locals).map_err(error)?;
            continue;
        }
        if let Some(list) = line.strip_prefix("references from ") {
            let (start, operands) =
                list.split_once(':').ok_or_else(|| error("expected a position and a colon".to_string()))?;
            let mut below = None;
            for slot in slots(operands).map_err(error)?.into_iter().rev() {
                nodes.push((slot, below));
                below = Some(nodes.len() as u32 - 1);
            }
            points.push((position(start).map_err(error)?, below));
            continue;
        }
        if let Some(region) = line.strip_prefix("from ") {
            regions.push(parse_region(region).map_err(error)?);
            continue;
        }
        if let Some(list) = line.strip_prefix("loops:") {
            let place = |text| if text == "none" { Ok(0) } else { position(text) };
            loops = list.split_whitespace().map(place).collect::<Result<_, _>>().map_err(error)?;
            continue;
        }
        if let Some(handler) = line.strip_prefix("handler ") {
            handlers.push(parse_handler(handler, &handlers).map_err(error)?);
            continue;
        }
        let rest = match line.strip_prefix('@') {
            Some(rest) => {
                let (position, rest) =
                    rest.split_once(' ').ok_or_else(|| error("no instruction".to_string()))?;
                if position.parse() != Ok(at) {
                    return Err(error(format!("this is position {at}")));
                }
                rest.trim()
            }
            None => line,
        };
        encode(rest, at, &mut words).map_err(error)?;
    }
    let handlers = Handlers { regions: regions.into(), handlers: handlers.into() };
    let references = ReferenceMaps::new(locals_of_references).with_lists(nodes, points);
    let frame = frame.ok_or_else(|| ParseError { line: 1, problem: "there is no code".to_string() })?;
    Ok(FuncCode::new(frame, words.into(), handlers, references).with_loops(loops.into()))
}

/// A region behind `from`.
fn parse_region(text: &str) -> Result<Region, String> {
    let (start, handler) = text.split_once(':').ok_or("expected a position, a colon and a handler")?;
    let handler = match handler.trim() {
        "no handler" => None,
        handler => {
            Some(number(handler.strip_prefix("handler ").ok_or("expected `handler` and its number")?)?)
        }
    };
    Ok(Region { start: position(start)?, handler })
}

/// A handler behind `handler`.
fn parse_handler(text: &str, before: &[Handler]) -> Result<Handler, String> {
    let (name, clauses) = text.split_once(':').ok_or("expected a number and a colon")?;
    if number(name)? as usize != before.len() {
        return Err(format!("this is handler {}", before.len()));
    }
    let mut handler = (Vec::new(), None);
    for clause in clauses.split(',').map(str::trim).filter(|clause| !clause.is_empty()) {
        let words: Vec<&str> = clause.split_whitespace().collect();
        let tag = |text| Ok::<_, String>(Some(TagIndex(number(text)?)));
        let (tag, payload, reference, target) = match words[..] {
            ["outer", outer] => {
                handler.1 = Some(number(outer)?);
                continue;
            }
            ["catch", name, payload, target] => (tag(name)?, slot(payload)?, None, target),
            ["catch_ref", name, payload, reference, target] => {
                (tag(name)?, slot(payload)?, Some(slot(reference)?), target)
            }
            ["catch_all", target] => (None, 0, None, target),
            ["catch_all_ref", reference, target] => (None, 0, Some(slot(reference)?), target),
            _ => return Err(format!("`{clause}` is not a clause of a handler")),
        };
        handler.0.push(Clause { tag, payload, reference, target: position(target)? });
    }
    let (clauses, outer): (Vec<Clause>, Option<u32>) = handler;
    // An outer handler that is not there is the verifier's to find.
    let around = outer.and_then(|outer| before.get(outer as usize)).map_or(0, |outer| outer.steps);
    let steps = steps(clauses.len() as u32, around);
    Ok(Handler { clauses: clauses.into(), outer, steps })
}

fn number(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

/// Slots with spaces between them.
fn slots(text: &str) -> Result<Vec<i32>, String> {
    text.split_whitespace().map(slot).collect()
}

fn slot(text: &str) -> Result<i32, String> {
    let number = text.strip_prefix('s').and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("`{text}` is not a slot"))
}

/// A position as a word of the code, behind the preamble.
fn position(text: &str) -> Result<u32, String> {
    let position = number(text.strip_prefix('@').ok_or_else(|| format!("`{text}` is not a position"))?)?;
    position.checked_add(1).ok_or_else(|| format!("there is no position {text}"))
}

/// An operand as it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token {
    Slot(i64),
    Vector(i64),
    Acc,
    Number(i128),
    Target(i64),
}

fn token(text: &str) -> Result<Token, String> {
    let bad = || format!("`{text}` is not an operand");
    let number = |digits: &str| digits.parse::<i64>().map_err(|_| bad());
    match text.as_bytes() {
        b"acc" => Ok(Token::Acc),
        [b's', b'0'..=b'9' | b'-', ..] => Ok(Token::Slot(number(&text[1..])?)),
        [b'v', b'0'..=b'9' | b'-', ..] => Ok(Token::Vector(number(&text[1..])?)),
        [b'@', ..] => Ok(Token::Target(text[1..].parse().map_err(|_| bad())?)),
        [b'0', b'x', ..] => Ok(Token::Number(i128::from_str_radix(&text[2..], 16).map_err(|_| bad())?)),
        _ => match BuiltinOp::ALL.iter().position(|builtin| builtin.text() == text) {
            Some(builtin) => Ok(Token::Number(builtin as i128)),
            None => Ok(Token::Number(text.parse().map_err(|_| bad())?)),
        },
    }
}

/// Whether a written operand can stand in a field.
fn fits(field: Field, token: Token) -> bool {
    match (field, token) {
        (Field::Dst | Field::Src, Token::Slot(slot)) => i16::try_from(slot).is_ok(),
        (Field::DstV | Field::SrcV, Token::Vector(slot)) => i16::try_from(slot).is_ok(),
        (Field::WideDst | Field::WideSrc, Token::Slot(slot)) => i32::try_from(slot).is_ok(),
        (Field::WideSrcV, Token::Vector(slot)) => i32::try_from(slot).is_ok(),
        (Field::Acc, Token::Acc) | (Field::Target | Field::Targets, Token::Target(_)) => true,
        (Field::Imm16, Token::Number(n)) => i16::try_from(n).is_ok(),
        (Field::Imm32, Token::Number(n)) => i32::try_from(n).is_ok(),
        (Field::Imm64, Token::Number(n)) => i64::try_from(n).is_ok() || u64::try_from(n).is_ok(),
        (Field::Num16, Token::Number(n)) => u16::try_from(n).is_ok(),
        (Field::Num32, Token::Number(n)) => u32::try_from(n).is_ok(),
        _ => false,
    }
}

/// The forms of each mnemonic.
fn forms(mnemonic: &str) -> &'static [Op] {
    static FORMS: std::sync::OnceLock<HashMap<&'static str, Vec<Op>>> = std::sync::OnceLock::new();
    let forms = FORMS.get_or_init(|| {
        let mut forms: HashMap<&'static str, Vec<Op>> = HashMap::new();
        for &op in Op::ALL {
            forms.entry(op.text()).or_default().push(op);
        }
        forms
    });
    forms.get(mnemonic).map_or(&[], Vec::as_slice)
}

fn encode(line: &str, at: usize, words: &mut Vec<u64>) -> Result<(), String> {
    let (mnemonic, operands) = line.split_once(' ').unwrap_or((line, ""));
    let tokens: Vec<Token> =
        operands.split([',', ' ']).filter(|text| !text.is_empty()).map(token).collect::<Result<_, _>>()?;
    let forms = forms(mnemonic);
    if forms.is_empty() {
        return Err(format!("`{mnemonic}` is not an instruction"));
    }
    let matching = |op: &&Op| {
        let fields = op.fields();
        let list = fields.last() == Some(&Field::Targets);
        (fields.len() == tokens.len() || (list && tokens.len() >= fields.len()))
            && fields.iter().zip(&tokens).all(|(&field, &token)| fits(field, token))
    };
    let op =
        *forms.iter().find(matching).ok_or_else(|| format!("`{mnemonic}` has no form with such operands"))?;
    let (places, len) = crate::op::place(op);
    let start = words.len();
    words.resize(start + len, 0);
    words[start + 1] = u64::from(op as u16);
    for ((field, place), token) in op.fields().iter().zip(places).zip(&tokens) {
        let value = match *token {
            Token::Slot(slot) | Token::Vector(slot) => slot as u64,
            Token::Acc => continue,
            Token::Number(n) => n as u64,
            Token::Target(_) if *field == Field::Targets => continue,
            Token::Target(to) => (to - at as i64) as u64,
        };
        words[start + place.word] |= (value & (u64::MAX >> (64 - place.bits))) << place.shift;
    }
    if op.fields().last() == Some(&Field::Targets) {
        for token in &tokens[op.fields().len() - 1..] {
            match token {
                Token::Target(to) => words.push((to - at as i64) as u64),
                other => return Err(format!("{other:?} is not a branch target")),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{parse, print};
    use crate::decode::decode_all;
    use crate::func_code::FuncCode;
    use crate::handlers::Handlers;
    use crate::op::{Field, Op, place};
    use crate::references::ReferenceMaps;
    use upshift_translate::backend::Frame;

    /// One instruction of every opcode, with distinct values in all fields.
    fn one_of_each() -> FuncCode {
        let mut words = vec![800];
        for &op in Op::ALL {
            let (places, len) = place(op);
            let start = words.len();
            words.resize(start + len, 0);
            words[start + 1] = op as u64;
            for (i, (field, place)) in op.fields().iter().zip(places).enumerate() {
                if place.bits != 0 {
                    let value = if *field == Field::Target { 0 } else { i as u64 + 2 };
                    words[start + place.word] |= value << place.shift;
                }
                if *field == Field::Targets {
                    words.extend([0; 4]);
                }
            }
        }
        let frame = Frame { params: 1, results: 0, locals: 4, homes: 4, scratch: None };
        FuncCode::new(frame, words.into(), Handlers::default(), ReferenceMaps::default())
    }

    #[test]
    fn text_round_trips_for_frames_and_loops() {
        let text = "frame 19 params 2 results 1 homes 9 scratch\n@0    return\nloops: @0 none\n";
        let code = parse(text).unwrap();
        let expected = Frame { params: 2, results: 1, locals: 13, homes: 14, scratch: Some(5) };
        assert_eq!((code.frame(), code.slots()), (&expected, -5..19));
        assert_eq!((code.loop_count(), code.loop_head(0), code.loop_head(1)), (2, Some(1), None));
        assert_eq!(print(&code).unwrap(), text);
    }

    #[test]
    fn text_round_trips_for_every_instruction() {
        let code = one_of_each();
        assert_eq!(decode_all(&code.words()[1..]).unwrap().len(), Op::ALL.len());
        let text = print(&code).unwrap();
        let again = parse(&text).unwrap();
        assert_eq!(print(&again).unwrap(), text);
        assert_eq!(again, code);
    }

    #[test]
    fn text_round_trips_for_handlers() {
        let text = "\
            frame 9\n\
            @0    return\n\
            from @0: handler 1\n\
            from @2: no handler\n\
            handler 0: catch 3 s4 @0, catch_ref 1 s4 s5 @0, catch_all @0, catch_all_ref s4 @0\n\
            handler 1: catch_all @0, outer 0\n\
            handler 2:\n\
            handler 3: outer 2\n";
        let code = parse(text).unwrap();
        let handlers = code.handlers().unwrap();
        assert_eq!((handlers.regions.len(), handlers.handlers.len()), (2, 4));
        assert_eq!(handlers.handlers[0].clauses[3].reference, Some(4));
        assert_eq!(print(&code).unwrap(), text);
    }

    #[test]
    fn text_round_trips_for_references() {
        let text = "\
            frame 9\n\
            @0    return\n\
            references: s-2 s5\n\
            references from @0: s8 s7\n\
            references from @1:\n";
        let code = parse(text).unwrap();
        let references = code.references().unwrap();
        assert_eq!(references.operands(1).collect::<Vec<_>>(), [8, 7]);
        assert_eq!(print(&code).unwrap(), text);
        assert_eq!(parse("frame 1\nreferences: x").unwrap_err().problem, "`x` is not a slot");
    }

    #[test]
    fn bad_text_says_why() {
        let problem = |text: &str| parse(text).unwrap_err().problem;
        assert_eq!(
            problem("return"),
            "the first line has to be `frame`, the number of slots, and what they are"
        );
        assert_eq!(problem(""), "there is no code");
        assert_eq!(problem("frame 3 hats 2"), problem("return"));
        assert_eq!(problem("frame 3\nfoo s1"), "`foo` is not an instruction");
        assert_eq!(problem("frame 3\ncopy s1"), "`copy` has no form with such operands");
        assert_eq!(problem("frame 3\ncopy s1, s99999"), "`copy` has no form with such operands");
        assert_eq!(problem("frame 3\n@7 copy s1, s2"), "this is position 0");
        assert_eq!(problem("frame 3\ncopy s1, q"), "`q` is not an operand");
        assert_eq!(problem("frame 3\nfrom 1: handler 0"), "`1` is not a position");
        assert_eq!(problem("frame 3\nhandler 1:"), "this is handler 0");
        assert_eq!(problem("frame 3\nhandler 0: catch 1 @2"), "`catch 1 @2` is not a clause of a handler");
    }
}
