//! The calls, as a host makes them.

use serde_json::{Value, json};

use crate::state::{Fault, State};

/// Makes a call with texts; gives its answer.
fn ask(state: &mut State, texts: &[&str], call: impl FnOnce(&mut State, &[usize]) -> usize) -> Value {
    let input = texts.concat();
    state.input(input.len()).copy_from_slice(input.as_bytes());
    let lengths: Vec<_> = texts.iter().map(|text| text.len()).collect();
    let len = call(state, &lengths);
    assert_eq!(len, state.answer().len());
    serde_json::from_str(state.answer()).unwrap_or_else(|error| panic!("{error}: {}", state.answer()))
}

fn prepare(state: &mut State, cell: &str, source: &str) -> Value {
    ask(state, &[cell, source], |state, lengths| state.prepare(lengths[0], lengths[1]))
}

fn commit(state: &mut State) -> Value {
    ask(state, &[], |state, _| state.commit())
}

#[test]
fn a_cell_is_prepared_and_committed() {
    let mut state = State::default();
    let first = prepare(&mut state, "a", "let x = 42");
    assert_eq!(
        (&first["ready"], &first["cached"], &first["type"]),
        (&json!(true), &json!(false), &json!(null))
    );
    assert_eq!(first["step"]["imports"], json!([]));
    let committed = commit(&mut state);
    assert_eq!(committed, json!({"defined": [{"name": "x", "type": "Int"}], "stale": [], "dropped": []}));

    let second = prepare(&mut state, "b", "x + 1");
    assert_eq!(second["type"], "Int");
    assert_eq!(second["step"]["imports"], json!([["x", first["step"]["instance"]]]));
    // The module is there, with a name behind it.
    let length = second["step"]["length"].as_u64().unwrap() as usize;
    assert_eq!(state.blob().len(), length);
    assert_eq!(&state.blob()[..4], b"\0asm");
    let name = second["step"]["module"].as_str().unwrap();
    assert!(state.blob().ends_with(name.as_bytes()));
    assert!(length > second["wasm_bytes"].as_u64().unwrap() as usize);
    commit(&mut state);
    assert_eq!(prepare(&mut state, "b", "x + 1")["cached"], true);
}

#[test]
fn names_of_modules_are_sections_that_validate() {
    let mut state = State::default();
    prepare(&mut state, "a", "\"é\".len()");
    let names: Vec<_> = wasmparser::Parser::new(0)
        .parse_all(state.blob())
        .filter_map(|payload| match payload.unwrap() {
            wasmparser::Payload::CustomSection(section) => match section.as_known() {
                wasmparser::KnownCustom::Name(names) => Some(names),
                _ => None,
            },
            _ => None,
        })
        .flat_map(|names| names.into_iter().collect::<Result<Vec<_>, _>>().unwrap())
        .filter_map(|name| match name {
            wasmparser::Name::Module { name, .. } => Some(name.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].len(), 12);
}

#[test]
fn a_wrong_cell_says_where() {
    let mut state = State::default();
    let rejected = prepare(&mut state, "a", "let x = 1\nx + \"é\"");
    assert_eq!(rejected["ready"], false);
    let error = &rejected["error"];
    assert_eq!((&error["kind"], &error["line"]), (&json!("compile"), &json!(2)));
    assert!(error["rendered"].as_str().unwrap().contains("x + \"é\""));
    assert_eq!(error["diagnostics"][0]["severity"], "error");
    // There is nothing to commit then.
    assert_eq!(commit(&mut state), json!({"defined": [], "stale": [], "dropped": []}));
}

#[test]
fn a_failure_is_explained() {
    let mut state = State::default();
    let step = prepare(&mut state, "a", "let all = [1]\nall[3]");
    let instance = step["step"]["instance"].as_u64().unwrap() as u32;
    let fault = Fault { kind: 3, instance, position: 14, a: 3, b: 1 };
    let error = ask(&mut state, &[""], |state, _| state.explain(&fault, 0, 0));
    assert_eq!((&error["kind"], &error["line"], &error["column"]), (&json!("trap"), &json!(2), &json!(1)));
    assert_eq!(error["message"], "index 3 is out of bounds: the length is 1");
    ask(&mut state, &[], |state, _| state.abandon());
    // Nothing is prepared any more.
    assert_eq!(ask(&mut state, &[""], |state, _| state.explain(&fault, 0, 0)), Value::Null);
}

#[test]
fn tools_answer() {
    let mut state = State::default();
    prepare(&mut state, "a", "fun double(n: Int) -> Int { n * 2 }");
    commit(&mut state);
    let names = ask(&mut state, &[], |state, _| state.names());
    assert_eq!(names[0]["name"], "double");
    assert_eq!(names[0]["kind"], "function");
    let checked = ask(&mut state, &["double(true)"], |state, lengths| state.check(lengths[0]));
    assert_eq!(checked["diagnostics"][0]["severity"], "error");
    let completions = ask(&mut state, &["dou"], |state, lengths| state.complete(lengths[0], 3));
    assert_eq!(completions["items"][0]["label"], "double");
    let inspected = ask(&mut state, &["double(1)"], |state, lengths| state.inspect(lengths[0], 1));
    assert!(inspected["text"].as_str().unwrap().contains("double"));
    let source = "let (a, b) = (1, 2)\nfun f() { let no = 1 }\nstruct P { x: Int }\nlet mut c = 1.5";
    let defines = ask(&mut state, &[source], |state, lengths| state.defines(lengths[0]));
    assert_eq!(defines, json!(["a", "b", "f", "P", "c"]));
    let removed = ask(&mut state, &["a"], |state, lengths| state.remove(lengths[0]));
    assert_eq!(removed["defined"], json!([]));
    assert_eq!(ask(&mut state, &[], |state, _| state.names()), json!([]));
    assert_eq!(ask(&mut state, &[], |state, _| state.version()), env!("CARGO_PKG_VERSION"));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let mut state = State::default();
    for bytes in ["", "x", "upcells", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"] {
        let answer = ask(&mut state, &[bytes], |state, lengths| state.restore(lengths[0], false));
        assert!(answer["error"].is_string(), "{answer}");
    }
}

#[test]
fn lengths_that_are_too_long_are_cut() {
    let mut state = State::default();
    state.input(3).copy_from_slice(b"1+1");
    state.prepare(0, 1000);
    assert!(state.answer().contains("\"ready\":true"));
    state.input(2).copy_from_slice(&[0xff, 0xc3]);
    state.check(2);
    assert!(state.answer().contains("error"));
}
