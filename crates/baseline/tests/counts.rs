//! What an arrival at a function's start or a loop's head counts: as much as the code that follows is long.

use upshift_asm::x64::CpuFeatures;
use upshift_baseline::compile;
use upshift_codegen::Target;
use upshift_core::index::FuncIndex;
use upshift_core::vm::Returns;
use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};

/// The steps of a function with this body, in the order of the code: `sub dword [r14 + counter], step` in front of `js`, where the
/// counter's offset has one byte or four.
fn steps(counts: bool, body: &str) -> Vec<u8> {
    let wat = format!("(module (func (param $n i32) (param $x i32) {body}))");
    let bytes = wat::parse_str(wat).unwrap();
    let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
    let target = Target {
        features: CpuFeatures::BASELINE,
        returns: Returns::Paired,
        memories: [].into(),
        choices: false,
        counts,
        twins: None,
    };
    let code = compile(&module, FuncIndex(0), CodeOptions::default(), &target).unwrap();
    let step = |bytes: &[u8]| match *bytes {
        [0x41, 0x83, 0x6e, _, step, 0x0f, 0x88, ..] | [0x41, 0x83, 0xae, _, _, _, _, step, 0x0f, 0x88] => {
            Some(step)
        }
        _ => None,
    };
    code.code.bytes.windows(10).filter_map(step).collect()
}

/// Code that is as long as its number says.
fn long(times: usize) -> String {
    "(local.set $x (i32.rotl (i32.mul (local.get $x) (i32.const 0x12345678)) (i32.const 7)))".repeat(times)
}

/// A loop with something inside, in front of the test at its end.
fn turns(inside: &str) -> String {
    format!("(loop $l {inside} (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))")
}

#[test]
fn loops_count_by_their_length() {
    assert_eq!(steps(false, &turns(&long(10))), []);
    let [start, ten] = steps(true, &turns(&long(10)))[..] else { panic!("a start and a loop") };
    let [same, hundred] = steps(true, &turns(&long(100)))[..] else { panic!("a start and a loop") };
    let [longer, none] = steps(true, &format!("{} {}", long(100), turns("")))[..] else { panic!("the same") };
    // What is in the loop is not the start's, and what is in front of it is.
    assert_eq!(start, same);
    assert!(longer > 25 && none <= 2, "{longer} {none}");
    // Ten products and rotations have 90 bytes or more, and a hundred ten times as much, up to a step.
    assert!(ten > 2, "{ten}");
    assert!((10 * (ten - 1) - 10..=10 * ten).contains(&hundred) || hundred == 127, "{ten} {hundred}");
}

#[test]
fn loops_inside_count_for_themselves() {
    let inner = turns(&long(20)).replace("$l", "$inner").replace("$n", "$x");
    let [_, outer, inside] = steps(true, &turns(&inner))[..] else { panic!("a start and two loops") };
    let [_, alone] = steps(true, &turns(&long(20)))[..] else { panic!("a start and a loop") };
    assert!(outer < 5 && inside.abs_diff(alone) <= 2, "{outer} {inside} {alone}");
}

#[test]
fn a_table_leads_past_most_of_the_code() {
    let table = format!("(block $a (block $b (br_table $a $b (local.get $x))) {})", long(100));
    assert_eq!(steps(true, &turns(&table))[1], 16);
}
