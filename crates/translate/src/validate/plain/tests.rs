//! What is accepted is valid: compared with wasmparser's validator on real bodies, on the same with changed bytes, and on bodies that
//! are wrong in ways of their own.

use wasmparser::{FuncToValidate, Parser, Payload, ValidPayload, Validator};

use super::{Plain, Workspace};
use crate::Features;
use crate::effort::{Arities, Arity};
use crate::limits::ModuleLimits;
use crate::validate::{Bodies, Counts, Rules};
use upshift_core::index::TypeIndex;

/// A module that is taken apart: its bodies are still to be validated.
struct Parts {
    bytes: Vec<u8>,
    ranges: Vec<std::ops::Range<u32>>,
    types: Vec<TypeIndex>,
    arities: Vec<Arity>,
    func: FuncToValidate<wasmparser::ValidatorResources>,
}

fn parts(bytes: Vec<u8>, features: &Features) -> Parts {
    let mut validator = Validator::new_with_features(features.flags());
    let (mut ranges, mut types, mut arities, mut first) = (Vec::new(), Vec::new(), Vec::new(), None);
    for payload in Parser::new(0).parse_all(&bytes) {
        let payload = payload.unwrap();
        match &payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    arities.extend(group.unwrap().types().map(Arity::of));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    if let wasmparser::TypeRef::Func(ty) = import.unwrap().ty {
                        types.push(TypeIndex(ty));
                    }
                }
            }
            Payload::FunctionSection(section) => {
                types.extend(section.clone().into_iter().map(|ty| TypeIndex(ty.unwrap())));
            }
            _ => {}
        }
        if let ValidPayload::Func(func, body) = validator.payload(&payload).unwrap() {
            ranges.push(body.range().start as u32..body.range().end as u32);
            first.get_or_insert(func);
        }
    }
    Parts { bytes, ranges, types, arities, func: first.expect("the module has functions") }
}

/// What the two say of a body.
struct Both {
    accepted: Option<Counts>,
    valid: Option<Counts>,
}

/// Looks at the bodies of a module, as its bytes are or with others.
struct Judge<'p> {
    parts: &'p Parts,
    plain: Option<Plain>,
    limits: ModuleLimits,
    workspace: Workspace,
}

impl<'p> Judge<'p> {
    fn new(parts: &'p Parts) -> Judge<'p> {
        let limits = ModuleLimits::default();
        let plain = Plain::new(&parts.func.resources, parts.func.features, &limits);
        Judge { parts, plain, limits, workspace: Workspace::default() }
    }

    fn both(&mut self, bytes: &[u8], number: usize) -> Both {
        let Parts { ranges, types, arities, func, .. } = self.parts;
        let FuncToValidate { resources, index, features, .. } = func;
        let bodies =
            Bodies { bytes, ranges, types, first: *index, resources: resources.clone(), features: *features };
        let rules = Rules::new(&self.limits, Arities { types: arities, funcs: types, tags: &[] });
        let accepted =
            self.plain.as_ref().and_then(|plain| bodies.accept(plain, number, &mut self.workspace, &rules));
        let valid = bodies.validate_at_length(number, &mut Default::default(), &rules).ok();
        Both { accepted, valid }
    }

    /// How many bodies are accepted, of how many valid ones.
    fn count(&mut self) -> (usize, usize) {
        let mut counts = (0, 0);
        for number in 0..self.parts.ranges.len() {
            let Both { accepted, valid } = self.both(&self.parts.bytes, number);
            assert!(accepted.is_none() || accepted == valid, "body {number}: {accepted:?}, {valid:?}");
            counts.0 += usize::from(accepted.is_some());
            counts.1 += usize::from(valid.is_some());
        }
        counts
    }
}

fn program(name: &str) -> Vec<u8> {
    let path = format!("{}/../../bench/programs/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn most_bodies_of_programs_are_accepted() {
    for (name, of_hundred) in [
        ("real/quickjs", 95),
        ("real/regex", 95),
        ("real/image", 90),
        ("c/keccak", 95),
        ("shootout/minicsv", 95),
    ] {
        let parts = parts(program(name), &Features::default());
        let (accepted, valid) = Judge::new(&parts).count();
        assert_eq!(valid, parts.ranges.len());
        assert!(accepted * 100 >= valid * of_hundred, "{name}: {accepted} of {valid}");
    }
}

/// Pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most
    }
}

#[test]
fn what_is_accepted_of_changed_bodies_is_valid() {
    const TURNS: usize = if cfg!(miri) { 100 } else { 40_000 };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for name in ["real/quickjs", "real/image", "c/vm", "shootout/ed25519"] {
        let parts = parts(program(name), &Features::default());
        let mut judge = Judge::new(&parts);
        let mut bytes = parts.bytes.clone();
        // Changes are found out soonest in small bodies.
        let small: Vec<usize> = (0..parts.ranges.len()).filter(|&at| parts.ranges[at].len() < 300).collect();
        let (mut accepted, mut refused) = (0, 0);
        for _ in 0..TURNS {
            let number = small[random.below(small.len())];
            let range = parts.ranges[number].start as usize..parts.ranges[number].end as usize;
            for _ in 0..=random.below(2) {
                let at = range.start + random.below(range.len());
                let byte = match random.below(4) {
                    0 => random.below(256) as u8,
                    1 => [0x0b, 0x05, 0x1a, 0x1b, 0x20, 0x40, 0x41, 0x42, 0x6a, 0x7c, 0x7e, 0x7f]
                        [random.below(12)],
                    2 => bytes[at].wrapping_add(1),
                    _ => parts.bytes[range.start + random.below(range.len())],
                };
                bytes[at] = byte;
            }
            let Both { accepted: counts, valid } = judge.both(&bytes, number);
            assert!(
                counts.is_none() || counts == valid,
                "{name}, body {number}: {:x?}",
                &bytes[range.clone()]
            );
            accepted += usize::from(counts.is_some());
            refused += usize::from(valid.is_none());
            bytes[range.clone()].copy_from_slice(&parts.bytes[range]);
        }
        assert!(accepted > TURNS / 20 && refused > TURNS / 20, "{name}: {accepted}, {refused} of {TURNS}");
    }
}

/// A module with all that bodies may refer to, and one body of these bytes.
fn with_body(body: &[u8]) -> Vec<u8> {
    let text = r#"(module
        (type $none (func)) (type $pair (func (param i32 i64) (result f32 f64)))
        (type $same (func (param i32) (result i32))) (type $ref (func (param funcref)))
        (type $s (struct (field i32)))
        (import "" "f" (func $import (type $pair)))
        (func $f (type $same) (local i64) (local.get 0))
        (func $r (type $ref))
        (table $t 1 funcref) (table $u 1 externref)
        (memory $m 1)
        (global $i i32 (i32.const 0)) (global $v (mut i64) (i64.const 0)) (global $e (mut externref) (ref.null extern))
        (func $body (type $same)))"#;
    let module = wat::parse_str(text).unwrap();
    let mut contents = 0..0;
    for payload in Parser::new(0).parse_all(&module) {
        if let Payload::CodeSectionStart { unchecked_range, .. } = payload.unwrap() {
            contents = unchecked_range.start as usize..unchecked_range.end as usize;
        }
    }
    // The last body is its size, no locals, `end`.
    let others = module[contents.clone()].strip_suffix(b"\x02\x00\x0b").unwrap();
    let section = [others, &[body.len() as u8], body].concat();
    assert!(section.len() < 128);
    // Something behind it, so that the last operators lie in the middle of the module.
    let head = [10, section.len() as u8];
    [&module[..contents.start - 2], &head, &section, b"\0\x0a\x01nnnnnnnnn"].concat()
}

/// What both say of a body that takes and returns an `i32`.
fn judged(body: &[u8]) -> Both {
    let parts = parts(with_body(body), &Features::default());
    Judge::new(&parts).both(&parts.bytes, parts.ranges.len() - 1)
}

#[test]
fn plain_operators_are_accepted_in_each_form() {
    let bodies: &[&[u8]] = &[
        // Locals of each type, and constants of each length.
        b"\x05\x01\x7f\x02\x7e\x00\x7d\x01\x7c\x01\x7b\x20\x00\x0b",
        b"\x00\x41\xff\xff\xff\xff\x07\x0b",
        b"\x00\x41\x80\x80\x80\x80\x78\x0b",
        b"\x00\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\xa7\x0b",
        b"\x00\x42\xff\xff\xff\xff\xff\xff\xff\xff\x00\xa7\x0b",
        b"\x00\x43\x00\x00\x00\x00\xa8\x0b",
        b"\x00\x44\x00\x00\x00\x00\x00\x00\x00\x00\xaa\x0b",
        b"\x00\x43\x00\x00\x00\x00\xfc\x01\x0b",
        b"\x00\x44\x00\x00\x00\x00\x00\x00\x00\x00\xfc\x06\xa7\x0b",
        // Loads and stores with long offsets, and all of a memory.
        b"\x00\x20\x00\x28\x02\xff\xff\xff\xff\x0f\x0b",
        b"\x00\x20\x00\x42\x01\x37\x03\x80\x00\x41\x00\x0b",
        b"\x00\x3f\x00\x40\x00\x0b",
        b"\x00\x41\x00\x41\x00\x41\x00\xfc\x0a\x00\x00\x41\x00\x41\x00\x41\x00\xfc\x0b\x00\x41\x01\x0b",
        // Blocks of each kind, with parameters and results, and branches out of them.
        b"\x00\x02\x7f\x41\x01\x0b\x0b",
        b"\x00\x20\x00\x04\x7f\x41\x01\x05\x41\x02\x0b\x0b",
        b"\x00\x20\x00\x20\x00\x04\x02\x41\x01\x6a\x0b\x0b",
        b"\x00\x20\x00\x03\x02\x41\x01\x6a\x0c\x00\x0b\x0b",
        b"\x00\x02\x40\x20\x00\x0d\x00\x20\x00\x0e\x01\x00\x00\x0b\x41\x00\x0b",
        b"\x00\x20\x00\x0f\x0b",
        b"\x00\x00\x0b",
        b"\x00\x20\x00\x04\x7f\x00\x05\x41\x01\x0f\x0b\x0b",
        // Calls, globals, `select` and `drop`.
        b"\x00\x41\x00\x42\x00\x10\x00\x1a\x1a\x41\x00\x10\x01\x0b",
        b"\x00\x41\x00\x41\x00\x11\x02\x00\x0b",
        b"\x00\x23\x00\x23\x01\x24\x01\x0b",
        b"\x00\x41\x01\x41\x02\x20\x00\x1b\x01\x0b",
        b"\x01\x01\x7e\x20\x01\x22\x01\x21\x01\x20\x00\x22\x00\x0b",
    ];
    for body in bodies {
        let Both { accepted, valid } = judged(body);
        assert!(valid.is_some(), "{body:x?}");
        assert_eq!(accepted, valid, "{body:x?}");
    }
}

#[test]
fn what_is_wrong_or_rare_is_not_accepted() {
    let wrong: &[&[u8]] = &[
        // Types, and operands that are missing, too many, or of the block around.
        b"\x00\x42\x00\x0b",
        b"\x00\x0b",
        b"\x00\x41\x00\x41\x00\x0b",
        b"\x00\x41\x00\x42\x00\x6a\x0b",
        b"\x00\x41\x00\x6a\x0b",
        b"\x00\x20\x00\x02\x40\x1a\x0b\x41\x00\x0b",
        b"\x00\x20\x00\x02\x40\x45\x0b\x0b",
        b"\x00\x20\x00\x02\x40\x22\x00\x0b\x0b",
        b"\x00\x41\x00\x41\x01\x02\x40\x6a\x0b\x0b",
        b"\x00\x41\x00\x41\x01\x02\x7f\x6a\x0b\x0b",
        b"\x00\x42\x00\x41\x01\x20\x00\x1b\x0b",
        b"\x00\x41\x00\x42\x00\x36\x02\x00\x41\x00\x0b",
        b"\x00\x41\x00\x42\x00\x38\x02\x00\x41\x00\x0b",
        b"\x00\x42\x00\x28\x02\x00\x0b",
        // Blocks that do not leave what they should, or are not closed.
        b"\x00\x02\x7f\x0b\x0b",
        b"\x00\x02\x40\x41\x00\x0b\x41\x00\x0b",
        b"\x00\x20\x00\x04\x7f\x41\x01\x0b\x0b",
        b"\x00\x20\x00\x04\x7f\x00\x0b\x0b",
        b"\x00\x20\x00\x04\x40\x05\x05\x0b\x41\x00\x0b",
        b"\x00\x02\x40\x05\x0b\x41\x00\x0b",
        b"\x00\x02\x40\x00\x05\x0b\x41\x00\x0b",
        b"\x00\x20\x00\x03\x02\x1a\x0c\x00\x0b\x0b",
        b"\x00\x20\x00\x02\x40",
        b"\x00\x20\x00",
        b"\x00\x20\x00\x0b\x0b",
        b"\x00\x20\x00\x0b\x01",
        // Branches.
        b"\x00\x20\x00\x0c\x01\x0b",
        b"\x00\x42\x00\x0c\x00\x0b",
        b"\x00\x42\x00\x20\x00\x0d\x00\x0b",
        b"\x00\x02\x7f\x0c\x00\x0b\x0b",
        b"\x00\x02\x7f\x20\x00\x20\x00\x0e\x01\x00\x02\x0b\x0b",
        b"\x00\x02\x40\x41\x01\x20\x00\x0e\x01\x00\x01\x0b\x41\x00\x0b",
        b"\x00\x02\x40\x41\x01\x20\x00\x0e\xff\xff\xff\xff\x0f\x00\x0b\x41\x00\x0b",
        b"\x00\x42\x00\x0f\x0b",
        // Indices.
        b"\x00\x20\x01\x0b",
        b"\x00\x41\x00\x21\x01\x41\x00\x0b",
        b"\x00\x23\x03\x0b",
        b"\x00\x41\x00\x24\x00\x41\x00\x0b",
        b"\x00\x41\x00\x24\x01\x41\x00\x0b",
        b"\x00\x41\x00\x10\x04\x0b",
        b"\x00\x42\x00\x10\x01\x0b",
        b"\x00\x41\x00\x41\x00\x11\x05\x00\x0b",
        b"\x00\x41\x00\x41\x00\x11\x04\x00\x0b",
        b"\x00\x41\x00\x41\x00\x11\x02\x01\x0b",
        b"\x00\x41\x00\x41\x00\x11\x02\x02\x0b",
        b"\x00\x42\x00\x41\x00\x11\x02\x00\x0b",
        // Memory arguments: alignment, offsets, another memory.
        b"\x00\x20\x00\x28\x03\x00\x0b",
        b"\x00\x20\x00\x2d\x01\x00\x0b",
        b"\x00\x20\x00\x29\x04\x00\xa7\x0b",
        b"\x00\x20\x00\x28\x02\x80\x80\x80\x80\x10\x0b",
        b"\x00\x20\x00\x28\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x0b",
        b"\x00\x20\x00\x28\x42\x01\x00\x0b",
        b"\x00\x3f\x01\x0b",
        b"\x00\x41\x00\x41\x00\x41\x00\xfc\x0a\x00\x01\x41\x01\x0b",
        b"\x00\x41\x00\x41\x00\x41\x00\xfc\x0b\x01\x41\x01\x0b",
        // Numbers that are too long or too large, and types of blocks with a sign.
        b"\x00\x41\xff\xff\xff\xff\x0f\x0b",
        b"\x00\x41\x80\x80\x80\x80\x80\x00\x0b",
        b"\x00\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\xa7\x0b",
        b"\x00\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00\xa7\x0b",
        b"\x00\x20\x80\x80\x80\x80\x10\x0b",
        b"\x00\x20\x80\x80\x80\x80\x80\x00\x0b",
        b"\x00\x20\x00\x02\x82\x40\x0b\x0b",
        b"\x00\x20\x00\x02\xff\x7f\x0b\x0b",
        b"\x00\x20\x00\x02\x82\x80\x80\x80\x70\x0b\x0b",
        b"\x00\x02\x05\x0b\x41\x00\x0b",
        b"\x00\x02\x41\x0b\x41\x00\x0b",
        // Locals.
        b"\x01\x01\x40\x20\x00\x0b",
        b"\x01\xff\xff\xff\xff\x0f\x7f\x20\x00\x0b",
        b"\x02\x01\x7f\x20\x00\x0b",
        // Behind a branch that is always taken, operands are anything, but not everything is right.
        b"\x00\x00\x42\x00\x0b",
        // Operators that are not there.
        b"\x00\x41\x00\x1d\x0b",
        b"\x00\x41\x00\xfc\x7f\x0b",
    ];
    for body in wrong {
        let Both { accepted, valid } = judged(body);
        assert_eq!((accepted, valid), (None, None), "{body:x?}");
    }
    let rare: &[&[u8]] = &[
        b"\x00\x00\x6a\x0b",
        b"\x00\x20\x00\x0f\x1a\x41\x00\x0b",
        b"\x01\x01\x70\x20\x00\x0b",
        b"\x00\x23\x02\x1a\x41\x00\x0b",
        b"\x00\x20\x00\x12\x01\x0b",
        b"\x00\xd0\x70\x10\x02\x41\x00\x0b",
        b"\x00\x20\x00\x28\xc2\x00\x00\x00\x0b",
        b"\x00\x41\x00\x41\x00\x20\x00\x1c\x01\x7f\x0b",
        b"\x00\x20\x00\xfd\x0f\xfd\x53\x0b",
        b"\x00\x41\x00\x25\x00\xd1\x0b",
    ];
    for body in rare {
        let Both { accepted, valid } = judged(body);
        assert!(accepted.is_none() && valid.is_some(), "{body:x?}");
    }
}

#[test]
fn a_body_that_ends_within_an_operator_is_not_accepted() {
    let body = b"\x01\x01\x7e\x20\x00\x28\x02\x80\x08\x42\xff\x00\x1a\x43\0\0\0\0\x1a\x02\x7f\x41\x81\x01\x0b\x6a\x0b";
    let whole = judged(body);
    assert!(whole.accepted.is_some() && whole.accepted == whole.valid);
    for len in 1..body.len() {
        let Both { accepted, valid } = judged(&body[..len]);
        assert_eq!((accepted, valid), (None, None), "{len} bytes");
    }
}

#[test]
fn limits_are_kept() {
    // More work than its bytes allow for: an operator that takes and leaves a thousand values.
    let many = "i32 ".repeat(900);
    let text = format!("(module (func $many (result {many}) unreachable) (func (call $many) unreachable))");
    let parts = parts(wat::parse_str(text).unwrap(), &Features::default());
    let both = Judge::new(&parts).both(&parts.bytes, 1);
    assert!(both.accepted.is_none() && both.valid.is_some_and(|counts| counts.excess > 0));

    // More operands, blocks and locals than are looked at.
    let consts = "(i32.const 0) ".repeat(1100);
    let deep = format!("{}{}", "(block ".repeat(300), ")".repeat(300));
    for body in [format!("{consts} unreachable"), deep, "(local ".to_owned() + &"i32 ".repeat(20_000) + ")"] {
        let parts = self::parts(
            wat::parse_str(format!("(module (func {body}) (func))")).unwrap(),
            &Features::default(),
        );
        let both = Judge::new(&parts).both(&parts.bytes, 0);
        assert!(both.accepted.is_none() && both.valid.is_some());
        assert!(Judge::new(&parts).both(&parts.bytes, 1).accepted.is_none(), "the module ends too soon");
    }
    let strict = ModuleLimits::default().with(crate::ModuleLimit::Nesting, 10);
    assert!(Plain::new(&parts.func.resources, parts.func.features, &strict).is_none());
}

#[test]
fn nothing_is_accepted_where_a_feature_is_off_that_plain_operators_need() {
    let text = "(module (func (result i32) (i32.const 1)) (func))";
    for (name, is_possible) in [("sign-extension", false), ("multi-value", false), ("gc", true)] {
        let feature =
            crate::features::Feature::ALL.iter().copied().find(|feature| feature.name() == name).unwrap();
        let mut features = Features::default();
        features.set(feature, false).unwrap();
        let parts = parts(wat::parse_str(text).unwrap(), &features);
        assert_eq!(Judge::new(&parts).plain.is_some(), is_possible, "{name}");
    }
}
