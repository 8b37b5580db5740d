//! What is put in the place of calls, as text.

use upshift_core::index::{FuncIndex, TableIndex, TypeIndex};

use super::{Callees, Expected, Reason, Source, Test, Verdict, run};
use crate::passes::testing;
use crate::ssa::parse::parse;
use crate::ssa::verify::verify;
use crate::ssa::{Callee, Func};

/// Functions of which there is the text, with their numbers.
struct Texts<'a>(&'a [(u32, &'a str)]);

impl Source for Texts<'_> {
    fn bytes(&self, func: FuncIndex) -> Option<usize> {
        self.0.iter().find(|&&(number, _)| number == func.0).map(|(_, text)| text.len() / 8)
    }

    fn func(&mut self, func: FuncIndex) -> Option<Func> {
        let (number, text) = self.0.iter().find(|&&(number, _)| number == func.0)?;
        Some(parse(&format!("func func{number} {text}")).expect("it is SSA"))
    }

    /// Element 10 of table 0 is function 0, and so on.
    fn element(&self, table: TableIndex, ty: TypeIndex, index: u64) -> Option<FuncIndex> {
        (table.0 == 0 && ty.0 == 0).then(|| FuncIndex(index.wrapping_sub(10) as u32))
    }

    /// Function 2 is expected at sites 2, 12 and 22.
    fn expected(&self, callee: Callee) -> Option<Expected> {
        let func = FuncIndex(2);
        match callee {
            Callee::Indirect { site: 2, .. } => Some(Expected { func, test: Test::Index(12) }),
            Callee::Indirect { table, site: 12, .. } => Some(Expected { func, test: Test::Element(table) }),
            Callee::Ref { site: 22, .. } => Some(Expected { func, test: Test::Reference }),
            _ => None,
        }
    }
}

/// The body behind the pass, and what has become of the calls.
#[track_caller]
fn inlined(signature: &str, body: &str, callees: &[(u32, &str)]) -> (String, Vec<Verdict>) {
    let mut verdicts = Vec::new();
    let text = testing::after(signature, body, |func| {
        verdicts = run(func, &mut Texts(callees), &Callees::default())
            .into_iter()
            .map(|site| site.verdict)
            .collect();
        verify(func, None).unwrap_or_else(|error| panic!("{error}\n{func}"));
    });
    (text, verdicts)
}

/// So many instructions that a function is too large to be copied as a whole if it calls others.
fn much() -> String {
    (100..112).map(|number| format!("  v{number} = store32 memory0 0 v0, v0\n")).collect()
}

/// Returns its argument if that is less than two.
fn guarded() -> String {
    format!(
        "(i32) -> (i32)
b0:
  v0: i32 = arg 0
  v1: i32 = const 0x2
  v2: i32 = i32.lt_s v0, v1
  branch v2, b1, b2
b1:
  return v0
b2:
{}  v3 = call func9 type0 v0
  v4: i32 = result 0 v3
  return v4
",
        much()
    )
}

#[test]
fn a_guard_stands_in_front_of_the_call() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = i32.clz v0
  v2 = call func1 type0 v1
  v3: i32 = result 0 v2
  v4: i32 = i32.add v3, v0
  return v4
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = i32.clz v0
  v5: i32 = const 0x2
  v6: i32 = i32.lt_s v1, v5
  branch v6, b3, b2
b3:
  jump b1(v1)
b2:
  v2 = call func1 type0 v1
  v7: i32 = result 0 v2
  jump b1(v7)
b1(v3: i32):
  v4: i32 = i32.add v3, v0
  return v4
";
    let (text, verdicts) = inlined("(i32) -> (i32)", body, &[(1, &guarded())]);
    assert_eq!(text, expected);
    assert_eq!(verdicts, [Verdict::Guarded(2)]);
}

#[test]
fn several_tests_are_one_guard() {
    // The second test is behind the first one; what the function calls is not reached by either.
    let callee = format!(
        "(i32, i32) -> (i32)
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v0, b1, b3(v1)
b1:
  branch v1, b2, b3(v0)
b2:
{}  v2 = call func9 type0 v0
  return v0
b3(v3: i32):
  v4: i32 = i32.clz v3
  return v4
",
        much()
    );
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2 = call func1 type0 v1, v0
  v3: i32 = result 0 v2
  return v3
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  branch v1, b3, b5
b3:
  branch v0, b2, b4
b4:
  v4: i32 = i32.clz v1
  jump b1(v4)
b5:
  v5: i32 = i32.clz v0
  jump b1(v5)
b2:
  v2 = call func1 type0 v1, v0
  v6: i32 = result 0 v2
  jump b1(v6)
b1(v3: i32):
  return v3
";
    let (text, verdicts) = inlined("(i32, i32) -> (i32)", body, &[(1, &callee)]);
    assert_eq!(text, expected);
    assert_eq!(verdicts, [Verdict::Guarded(4)]);
}

#[test]
fn exceptions_are_caught_of_calls_behind_guards() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1 = call func1 type0 v0
  invoke v1, b1, catch_all b2
b1:
  v2: i32 = result 0 v1
  v3: i32 = i32.clz v2
  return v3
b2:
  return v0
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v4: i32 = const 0x2
  v5: i32 = i32.lt_s v0, v4
  branch v5, b4, b3
b4:
  jump b1(v0)
b3:
  v1 = call func1 type0 v0
  invoke v1, b5, catch_all b2
b5:
  v6: i32 = result 0 v1
  jump b1(v6)
b1(v2: i32):
  v3: i32 = i32.clz v2
  return v3
b2:
  return v0
";
    let (text, verdicts) = inlined("(i32) -> (i32)", body, &[(1, &guarded())]);
    assert_eq!(text, expected);
    assert_eq!(verdicts, [Verdict::Guarded(2)]);
}

#[test]
fn what_has_an_effect_is_no_guard() {
    let with = |inst: &str| {
        format!(
            "(i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  {inst}\n  branch v0, b1, b2\nb1:\n  return v0\nb2:\n{}  \
             v2 = call func9 type0 v0\n  v3: i32 = result 0 v2\n  return v3\n",
            much()
        )
    };
    let body = "b0:\n  v0: i32 = arg 0\n  v1 = call func1 type0 v0\n  v2: i32 = result 0 v1\n  return v2\n";
    let effects = ["v1 = store32 memory0 0 v0, v0", "v1 = charge 1", "v1 = interrupt"];
    for effect in effects {
        let (text, verdicts) = inlined("(i32) -> (i32)", body, &[(1, &with(effect))]);
        assert_eq!((&*text, &verdicts[..]), (body, &[Verdict::Kept(Reason::LargeCallee)][..]), "{effect}");
    }
    let (_, verdicts) = inlined("(i32) -> (i32)", body, &[(1, &with("v1: i32 = i32.clz v0"))]);
    assert_eq!(verdicts, [Verdict::Guarded(2)]);
}

#[test]
fn reasons_are_named() {
    let kept = |body: &str, callees: &[(u32, &str)]| {
        let (text, verdicts) = inlined("(i32) -> (i32)", body, callees);
        assert_eq!(text, body);
        verdicts
    };
    let body = "b0:\n  v0: i32 = arg 0\n  v1 = call func1 type0 v0\n  return v0\n";
    assert_eq!(kept(body, &[]), [Verdict::Kept(Reason::Imported)]);
    let large = format!("{}{}", guarded(), "\n".repeat(5000));
    assert_eq!(kept(body, &[(1, &large)]), [Verdict::Kept(Reason::LargeBody)]);
    let trap = "b0:\n  v0: i32 = arg 0\n  v1 = call func1 type0 v0\n  trap UnreachableCodeReached\n";
    assert_eq!(kept(trap, &[(1, &guarded())]), [Verdict::Kept(Reason::Cold)]);
}

#[test]
fn what_a_function_gets_is_bounded_by_its_size() {
    let mut body = "b0:\n  v0: i32 = arg 0\n".to_owned();
    for call in 0..1000 {
        let (call, result) = (2 * call + 1, 2 * call + 2);
        body += &format!("  v{call} = call func1 type0 v0\n  v{result}: i32 = result 0 v{call}\n");
    }
    body += "  return v2\n";
    let (text, verdicts) = inlined("(i32) -> (i32)", &body, &[(1, &guarded())]);
    let guarded = verdicts.iter().filter(|&&verdict| verdict == Verdict::Guarded(2)).count();
    assert_eq!(guarded, 532);
    assert!(verdicts[guarded..].iter().all(|&verdict| verdict == Verdict::Kept(Reason::NoRoom)));
    assert_eq!(text.matches("call func1").count(), 1000);
}

#[test]
fn small_leaves_stand_in_the_place_of_calls() {
    // With a loop, a trap, two results and a constant vector.
    let callee = "(i32, i32) -> (i32, v128)
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2: v128 = v128.const 0x0000000000000000000000000000002a
  jump b1(v0)
b1(v3: i32):
  v4: i32 = i32.sub v3, v1                      ; 0x31
  branch v4, b1(v4), b2                         ; 0x32
b2:
  v5: i32 = i32.div_s v0, v1                    ; 0x33
  branch v5, b3, b4                             ; 0x34
b3:
  return v5, v2                                 ; 0x35
b4:
  trap UnreachableCodeReached                   ; 0x36
";
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = i32.clz v0
  v2 = call func1 type0 v1, v0                  ; 0x20
  v3: i32 = result 0 v2                         ; 0x20
  v4: v128 = result 1 v2                        ; 0x20
  return v3                                     ; 0x21
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = i32.clz v0
  v5: v128 = v128.const 0x2a
  jump b2(v1)
b2(v6: i32):
  v7: i32 = i32.sub v6, v0                    ; 0x31 func1 < 0x20 func0
  branch v7, b2(v7), b3                       ; 0x32 func1 < 0x20 func0
b3:
  v8: i32 = i32.div_s v1, v0                  ; 0x33 func1 < 0x20 func0
  branch v8, b4, b5                           ; 0x34 func1 < 0x20 func0
b4:
  return v8                                   ; 0x21
b5:
  trap UnreachableCodeReached                 ; 0x36 func1 < 0x20 func0
";
    let (text, verdicts) = inlined("(i32) -> (i32)", body, &[(1, callee)]);
    assert_eq!(text, expected);
    assert_eq!(verdicts, [Verdict::Inlined(5)]);
}

/// A call whose exceptions are all caught.
const CAUGHT: &str = "\
b0:
  v0: i32 = arg 0
  v1 = call func1 type0 v0
  invoke v1, b1, catch_all b2
b1:
  v2: i32 = result 0 v1
  return v2
b2:
  return v0
";

#[test]
fn exceptions_of_callees_that_throw_none_lead_nowhere() {
    let callee = "(i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  v1: i32 = load32_u memory0 0 v0\n  return v1\n";
    let expected = "b0:\n  v0: i32 = arg 0\n  v3: i32 = load32_u memory0 0 v0\n  return v3\n";
    let (text, verdicts) = inlined("(i32) -> (i32)", CAUGHT, &[(1, callee)]);
    assert_eq!(text, expected);
    assert_eq!(verdicts, [Verdict::Inlined(1)]);
}

/// One that calls another one: what that consists of is copied with it, behind the places of both calls.
#[test]
fn callees_have_code_of_their_callees() {
    let body = "\
b0:
  v0: i32 = arg 0
  v1 = call func1 type0 v0                      ; 0x20
  v2: i32 = result 0 v1                         ; 0x20
  return v2                                     ; 0x22
";
    let outer = "(i32) -> (i32)
b0:
  v0: i32 = arg 0
  v1 = call func2 type0 v0                      ; 0x30
  v2: i32 = result 0 v1                         ; 0x30
  v3 = call func9 type0 v2                      ; 0x32
  v4: i32 = result 0 v3                         ; 0x32
  return v4                                     ; 0x34
";
    let inner = "(i32) -> (i32)
b0:
  v0: i32 = arg 0
  v1: i32 = load32_u memory0 0 v0               ; 0x40
  tail_call func8 type0 v1                      ; 0x42
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v3: i32 = load32_u memory0 0 v0             ; 0x40 func2 < 0x30 func1 < 0x20 func0
  v4 = call func8 type0 v3                    ; 0x30 func1 < 0x20 func0
  v5: i32 = result 0 v4                       ; 0x30 func1 < 0x20 func0
  v6 = call func9 type0 v5                    ; 0x32 func1 < 0x20 func0
  v7: i32 = result 0 v6                       ; 0x32 func1 < 0x20 func0
  return v7                                   ; 0x22
";
    let (text, verdicts) = inlined("(i32) -> (i32)", body, &[(1, outer), (2, inner)]);
    assert_eq!(text, expected);
    assert_eq!(verdicts, [Verdict::Inlined(3)]);
}

/// A function that calls itself behind a test.
fn recursive(calls: &str, result: &str) -> String {
    format!(
        "(i32) -> (i32)
b0:
  v0: i32 = arg 0
  branch v0, b1, b2
b1:
{calls}  return {result}
b2:
  return v0
"
    )
}

#[test]
fn a_function_stands_in_itself_once() {
    // With tests in front of the calls in its copies.
    let calls = "  v1 = call func0 type0 v0\n  v2: i32 = result 0 v1\n  v3 = call func0 type0 v2\n  v4: i32 = result 0 v3\n";
    let text = recursive(calls, "v4");
    let (signature, body) = text.split_once('\n').unwrap();
    let (after, verdicts) = inlined(signature, body, &[(0, &text)]);
    let count = |what| after.matches(what).count();
    assert_eq!((count("call func0"), count("  branch")), (4, 7), "{after}");
    assert_eq!(verdicts, [Verdict::Inlined(5), Verdict::Inlined(5)]);
}

#[test]
fn copies_of_a_function_that_calls_itself_in_one_place_are_a_chain() {
    let call = "  v1 = call func0 type0 v0\n  v2: i32 = result 0 v1\n";
    let chained = |more: usize| {
        let insts = (10..10 + more).map(|number| format!("  v{number}: i32 = i32.clz v0\n"));
        let text = recursive(&(call.to_owned() + &insts.collect::<String>()), "v2");
        let (signature, body) = text.split_once('\n').unwrap();
        let (after, verdicts) = inlined(signature, body, &[(0, &text)]);
        assert_eq!(after.matches("call func0").count(), 1, "{after}");
        assert_eq!(verdicts, [Verdict::Inlined(3 + more as u32)]);
        // In each copy it tests, and once more in front of its call.
        (after.matches("  branch").count() - 3) / 2
    };
    assert_eq!([0, 13, 21, 29].map(chained), [4, 3, 2, 1]);
}

#[test]
fn what_may_throw_is_called_where_exceptions_are_caught() {
    let throws = "(i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  throw tag0 v0\n";
    let (text, verdicts) = inlined("(i32) -> (i32)", CAUGHT, &[(1, throws)]);
    assert_eq!((&*text, &verdicts[..]), (CAUGHT, &[Verdict::Kept(Reason::Catches)][..]));
    // Elsewhere it is copied, one that catches is not, nor one of which it is not known what replaces it.
    let plain = "b0:\n  v0: i32 = arg 0\n  v1 = call func1 type0 v0\n  return v0\n";
    let (text, verdicts) = inlined("(i32) -> (i32)", plain, &[(1, throws)]);
    assert_eq!(text, "b0:\n  v0: i32 = arg 0\n  throw tag0 v0\n");
    assert_eq!(verdicts, [Verdict::Inlined(1)]);
    let catches = format!("(i32) -> (i32)\n{CAUGHT}");
    let (_, verdicts) = inlined("(i32) -> (i32)", plain, &[(1, &catches)]);
    assert_eq!(verdicts, [Verdict::Kept(Reason::Catches)]);
    let replaced = "(i32) -> (i32)\nb0:\n  v0: i32 = arg 0\n  tail_call_indirect table0 type0 0 v0, v0\n";
    let (_, verdicts) = inlined("(i32) -> (i32)", plain, &[(1, replaced)]);
    assert_eq!(verdicts, [Verdict::Kept(Reason::Replaces)]);
}

const UNARY: &str = "(i32) -> (i32)\n";

/// Calls the element of table 0 that its second argument names.
const APPLY: &str = "(i32, i32) -> (i32)
b0:
  v0: i32 = arg 0
  v1: i32 = arg 1
  v2 = call_indirect table0 type0 0 v1, v0      ; 0x30
  v3: i32 = result 0 v2                         ; 0x30
  return v3                                     ; 0x32
";

#[test]
fn elements_that_are_known_once_the_caller_is_copied_are_inlined() {
    let clz = format!("{UNARY}b0:\n  v0: i32 = arg 0\n  v1: i32 = i32.clz v0\n  return v1\n");
    let body = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0xc
  v2 = call func1 type1 v0, v1                  ; 0x20
  v3: i32 = result 0 v2                         ; 0x20
  return v3                                     ; 0x22
";
    let expected = "\
b0:
  v0: i32 = arg 0
  v1: i32 = const 0xc
  v6: i32 = i32.clz v0
  return v6                                   ; 0x22
";
    let callees = [(1, APPLY), (2, &clz)];
    let (text, verdicts) = inlined("(i32) -> (i32)", body, &callees);
    assert_eq!(text, expected);
    assert_eq!(verdicts, [Verdict::Inlined(1), Verdict::Inlined(1)]);

    // Where the callee's callee stands in it already.
    let outer = format!("{UNARY}{body}");
    let body = "b0:\n  v0: i32 = arg 0\n  v1 = call func3 type0 v0\n  v2: i32 = result 0 v1\n  return v2\n";
    let expected = "b0:\n  v0: i32 = arg 0\n  v3: i32 = const 0xc\n  v4: i32 = i32.clz v0\n  return v4\n";
    let callees = [(1, APPLY), (2, &clz), (3, &outer)];
    let (text, verdicts) = inlined("(i32) -> (i32)", body, &callees);
    assert_eq!(text, expected);
    assert_eq!(verdicts, [Verdict::Inlined(1)]);
}

#[test]
fn calls_of_what_is_known_are_direct() {
    let direct = |text: &str| {
        testing::after("(i32, i64) -> (i32)", text, |func| {
            super::devirtualize(func, &Texts(&[]));
            verify(func, None).unwrap_or_else(|error| panic!("{error}\n{func}"));
        })
    };
    let with = |callee: &str, arguments: &str| {
        format!(
            "b0:\n  v0: i32 = arg 0\n  v1: i64 = arg 1\n  v2: i32 = const 0xc\n  v3: i64 = ref.func func7\n  \
             v4 = {callee} {arguments}\n  v5: i32 = result 0 v4\n  return v5\n"
        )
    };
    let [element, reference] = ["call func2 type0", "call func7 type5"];
    assert_eq!(direct(&with("call_indirect table0 type0 0", "v2, v0")), with(element, "v0"));
    assert_eq!(direct(&with("call_ref type5 0", "v3, v0, v0")), with(reference, "v0, v0"));
    for (callee, arguments) in [
        // Not a constant, not the type of the element, not a table that nobody writes to.
        ("call_indirect table0 type0 0", "v0, v0"),
        ("call_indirect table0 type1 0", "v2, v0"),
        ("call_indirect table1 type0 0", "v2, v0"),
        ("call_ref type5 0", "v1, v0"),
    ] {
        assert_eq!(direct(&with(callee, arguments)), with(callee, arguments));
    }
    let tail = |callee: &str, arguments: &str| {
        format!(
            "b0:\n  v0: i32 = arg 0\n  v1: i64 = arg 1\n  v2: i32 = const 0xc\n  tail_call{callee} {arguments}\n"
        )
    };
    assert_eq!(direct(&tail("_indirect table0 type0 0", "v2, v0, v1")), tail(" func2 type0", "v0, v1"));
    let unknown = tail("_indirect table0 type0 0", "v0, v0, v1");
    assert_eq!(direct(&unknown), unknown);
}

#[test]
fn expected_callees_stand_behind_a_test() {
    let clz = format!("{UNARY}b0:\n  v0: i32 = arg 0\n  v1: i32 = i32.clz v0\n  return v1\n");
    let with = |call: &str| {
        format!(
            "b0:\n  v0: i32 = arg 0\n  v1: i64 = arg 1\n  v2 = {call}, v0  ; 0x20\n  v3: i32 = result 0 v2  ; 0x20\n  \
             v4: i32 = i32.add v3, v0  ; 0x22\n  return v4\n"
        )
    };
    for (call, tests, size) in [
        (
            "call_indirect table0 type0 2 v0",
            "  v5: i32 = const 0xc ; 0x20\n  v6: i32 = i32.eq v0, v5                       ; 0x20\n  branch v6, b3, b2",
            3,
        ),
        (
            "call_indirect table1 type0 12 v0",
            "  v5: i32 = table.size 1 0                    ; 0x20\n  v6: i32 = i32.lt_u v0, v5                     ; 0x20\n  branch v6, b3, b2",
            7,
        ),
        (
            "call_ref type0 22 v1",
            "  v5: i64 = ref.func func2                    ; 0x20\n  v6: i32 = i64.eq v1, v5                       ; 0x20\n  branch v6, b3, b2",
            3,
        ),
    ] {
        let (text, verdicts) = inlined("(i32, i64) -> (i32)", &with(call), &[(2, &clz)]);
        assert_eq!(verdicts, [Verdict::Guarded(size)], "{text}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
        let (text, tests) = (words(&text), words(tests));
        assert!(text.contains(&tests), "{text}");
        // The call is there for all else, and both lead to what comes behind.
        assert!(text.contains("= i32.clz v0"), "{text}");
        assert!(text.contains(&format!("b2: v2 = {call}, v0 ; 0x20")), "{text}");
        assert!(text.contains("b1(v3: i32): v4: i32 = i32.add v3, v0"), "{text}");
    }
    // Too large a callee is not tested for, nor is such a call one of those that are told of.
    let large = format!("{UNARY}b0:\n  v0: i32 = arg 0\n{}  return v0\n", much().repeat(2));
    let call = with("call_ref type0 22 v1");
    let (text, verdicts) = inlined("(i32, i64) -> (i32)", &call, &[(2, &large)]);
    assert!(verdicts.is_empty() && !text.contains("ref.func"), "{text}");
}

#[test]
fn calls_in_loops_that_were_copied_are_looked_at_again() {
    // A loop around a call, in a function that is called by one that is copied.
    let clz = format!("{UNARY}b0:\n  v0: i32 = arg 0\n  v1: i32 = i32.clz v0\n  return v1\n");
    let looped = format!(
        "{UNARY}b0:\n  v0: i32 = arg 0\n  jump b1(v0)\nb1(v1: i32):\n  v2 = call func2 type0 v1  ; 0x40\n  \
         v3: i32 = result 0 v2  ; 0x40\n  branch v3, b1(v3), b2\nb2:\n  return v1\n"
    );
    let outer = format!(
        "{UNARY}b0:\n  v0: i32 = arg 0\n  v1 = call func3 type0 v0  ; 0x30\n  v2: i32 = result 0 v1  ; 0x30\n  return v2\n"
    );
    let body = "b0:\n  v0: i32 = arg 0\n  v1 = call func4 type0 v0  ; 0x20\n  v2: i32 = result 0 v1  ; 0x20\n  return v2\n";
    let callees = [(2, &*clz), (3, &*looped), (4, &*outer)];
    let (text, verdicts) = inlined("(i32) -> (i32)", body, &callees);
    assert!(!text.contains("call"), "{text}");
    assert_eq!(verdicts.len(), 2);
}
