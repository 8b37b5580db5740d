//! Checkpoints: what is saved comes back into a fresh store, with sharing and cycles, and damage is found.

use std::rc::Rc;

use upshift::Extern;
use upshift_cells::artifact::Artifact;
use upshift_cells::emit::checkpoint::{Saved, checkpoint, stand_in};
use upshift_cells::environment::{InstanceId, SymbolKind};
use upshift_cells::host::Failure;
use upshift_cells::types::TypeId;

use crate::harness::{Failed, Notebook, Seen, validate};

/// The values that a cell has: those that it defines, and hidden ones.
fn values(artifact: &Artifact) -> Vec<(Rc<str>, TypeId)> {
    let definitions = artifact.definitions.iter().filter_map(|definition| match definition.kind {
        SymbolKind::Value { ty, .. } => Some((definition.name.clone(), ty)),
        _ => None,
    });
    definitions.chain(artifact.hidden.iter().cloned()).collect()
}

/// Has a notebook run `save` or `load`.
fn call(
    notebook: &mut Notebook,
    roots: &[bool],
    export: &str,
    to_read: Vec<u8>,
) -> Result<Vec<u8>, Option<Failed>> {
    let artifacts: Vec<_> = notebook.cells.iter().map(|cell| cell.1.clone()).collect();
    let list: Vec<Saved<'_>> = (0..)
        .zip(&artifacts)
        .map(|(number, artifact)| Saved {
            number,
            instance: InstanceId(number),
            root: roots[number as usize],
            values: values(artifact),
            lambdas: &artifact.lambdas,
            needs: Vec::new(),
        })
        .collect();
    let (wasm, imports) = checkpoint(&notebook.types, &list);
    validate(&wasm);
    let externs: Vec<Extern> =
        imports.iter().map(|(instance, name)| notebook.export(instance.0, name)).collect();
    let module = notebook.instantiate(&wasm, 0, &externs);
    *notebook.store.data_mut() = Seen { to_read, ..Seen::default() };
    let function = module.get_typed_func::<(), ()>(&mut notebook.store, export).unwrap();
    let result = function.call(&mut notebook.store, ());
    let seen = std::mem::take(notebook.store.data_mut());
    match result {
        Ok(()) => Ok(seen.written),
        Err(_) => Err(seen.failure),
    }
}

/// A notebook with the same cells, none of which has run.
fn restored(cells: &[&str]) -> Notebook {
    let mut notebook = Notebook::new();
    for cell in cells {
        notebook.define(cell);
    }
    notebook
}

fn run_all(cells: &[&str]) -> Notebook {
    let mut notebook = Notebook::new();
    for cell in cells {
        assert_eq!(notebook.run(cell).result, Ok(()), "{cell}");
    }
    notebook
}

/// Saves, loads into a fresh store, and says what an expression is there; it has to be what it is here.
#[track_caller]
fn survives(cells: &[&str], question: &str, expected: &str) {
    let mut notebook = run_all(cells);
    let roots = vec![true; cells.len()];
    let data = call(&mut notebook, &roots, "save", Vec::new()).unwrap();
    // Nothing is left behind by the first.
    assert_eq!(call(&mut notebook, &roots, "save", Vec::new()).unwrap(), data);
    let mut fresh = restored(cells);
    call(&mut fresh, &roots, "load", data.clone()).unwrap();
    assert_eq!(call(&mut fresh, &roots, "save", Vec::new()).unwrap(), data);
    assert_eq!(notebook.run(question).value, expected);
    assert_eq!(fresh.run(question).value, expected);
}

#[test]
fn values_of_all_types_survive() {
    survives(
        &[
            "struct P { x: Int, s: String }\nlet i = -5\nlet f = 0.1\nlet b = true\nlet s = \"aß😀\"\nlet u = ()\nlet a = [1, 2]\nlet p = P { x: 9, s: \"q\" }\nlet t = (1, (\"x\", [false]))\nlet least = -9_223_372_036_854_775_807 - 1",
        ],
        "(i, f, b, s, u, a, p, t, least)",
        "(-5, 0.1, true, \"aß😀\", (), [1, 2], P { x: 9, s: \"q\" }, (1, (\"x\", [false])), -9223372036854775808)",
    );
    survives(&["let a = [(); 3]\nlet n = nan\nlet e: [String] = []"], "(a, n, e)", "([(), (), ()], NaN, [])");
}

#[test]
fn sharing_and_cycles_survive() {
    survives(
        &["let a = [1]\nlet b = [a, a]", "let c = b[0]"],
        "{ c.push(2)\n(a, b) }",
        "([1, 2], [[1, 2], [1, 2]])",
    );
    survives(
        &["struct N { v: Int, next: [N] }\nlet n = N { v: 1, next: [] }\nn.next.push(n)"],
        "{ n.next[0].next[0].v = 7\nn.v }",
        "7",
    );
}

#[test]
fn closures_survive() {
    survives(
        &[
            "fun counter(step: Int) { let mut n = 0\n(|| { n += step\nn }, || n) }\nlet (up, get) = counter(5)\nup()",
            "let fs = [|x| x + 1, |x| x * 2]\nfun inc(x: Int) -> Int { x + 100 }\nfs.push(inc)",
            "fs.push(inc)\nlet text = \"t\"\nlet wrap = |s: String| text + s",
        ],
        "{ up()\nup()\n(get(), fs.map(|f| f(10)), wrap(\"!\")) }",
        "(15, [11, 20, 110, 110], \"t!\")",
    );
    survives(
        &[
            "fun f() { fun even(n: Int) -> Bool { if n == 0 { true } else { odd(n - 1) } }\nfun odd(n: Int) -> Bool { if n == 0 { false } else { even(n - 1) } }\neven }\nlet g = f()",
        ],
        "(g(10), g(7))",
        "(true, false)",
    );
}

#[test]
fn long_chains_need_no_stack() {
    survives(
        &[
            "struct N { v: Int, next: [N] }\nlet mut head = N { v: 0, next: [] }\nfor i in 1..200_000 { head = N { v: i, next: [head] } }",
        ],
        "{ let mut n = head\nlet mut s = 0\nwhile n.next.len() > 0 { s += n.v\nn = n.next[0] }\ns }",
        &(199_999u64 * 200_000 / 2).to_string(),
    );
    survives(&["let mut f = |x: Int| x\nfor i in 0..1000 { let g = f\nf = |x| g(x) + 1 }"], "f(1)", "1001");
}

#[test]
fn a_closure_keeps_its_instance_alive() {
    let cells = ["let hidden = 5\nlet get = || hidden", "let keep = [get]", "let other = 1"];
    let mut notebook = run_all(&cells);
    let data = call(&mut notebook, &[false, true, false], "save", Vec::new()).unwrap();
    let words: Vec<u32> = data[data.len() - 12..]
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
        .collect();
    assert_eq!(words, [0, 1, 2]);
    let mut fresh = restored(&cells);
    call(&mut fresh, &[false; 3], "load", data).unwrap();
    assert_eq!(fresh.run("keep[0]()").value, "5");
    assert_eq!(fresh.run("other").value, "0");
}

#[test]
fn damage_is_found() {
    let cells = [
        "struct N { s: String, next: [N], f: fun(Int) -> Int }\nlet n = N { s: \"äöü\", next: [], f: |x| x + 1 }\nn.next.push(n)\nlet a = [1.5, 2.5]\nlet t = (1, \"x\")",
    ];
    let mut notebook = run_all(&cells);
    let data = call(&mut notebook, &[true], "save", Vec::new()).unwrap();
    for len in 0..data.len() - 12 {
        let failed = call(&mut restored(&cells), &[true], "load", data[..len].to_vec()).unwrap_err().unwrap();
        assert_eq!(failed.failure, Failure::Corrupt, "{len}");
    }
    // Whatever a byte becomes: it is another value, or it is damage; the engine itself finds nothing wrong.
    let mut fresh = restored(&cells);
    for at in 0..data.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = data.clone();
            changed[at] ^= change;
            if let Err(failed) = call(&mut fresh, &[true], "load", changed) {
                assert_eq!(failed.map(|failed| failed.failure), Some(Failure::Corrupt), "{at}");
            }
        }
    }
}

#[test]
fn lengths_are_not_believed() {
    let cells = ["let a = [1]\nlet s = \"\""];
    // Instance 0; a new array; a text of 2^30 bytes; the contents of the array: 2^30 elements.
    let mut data = vec![0, 0, 0, 0, 1, 1];
    data.extend([0x80, 0x80, 0x80, 0x80, 4]);
    let failed = call(&mut restored(&cells), &[true], "load", data).unwrap_err().unwrap();
    assert_eq!(failed.failure, Failure::Corrupt);
    let mut data = vec![0, 0, 0, 0, 1, 1, 0];
    data.extend([0x80, 0x80, 0x80, 0x80, 4]);
    let failed = call(&mut restored(&cells), &[true], "load", data).unwrap_err().unwrap();
    assert_eq!(failed.failure, Failure::Corrupt);
}

#[test]
fn stand_ins_have_the_types_of_exports() {
    let mut notebook = Notebook::new();
    let cells = [
        "struct P { x: Int }\nlet i = 1\nlet s = \"a\"\nlet p = P { x: 1 }\nlet u = ()\nfun f(a: Int, u: (), p: P) -> [String] { [] }",
    ];
    notebook.run(cells[0]);
    let names = ["i", "s", "p", "u", "f"];
    let kinds: Vec<_> = names.iter().map(|name| notebook.kind(name)).collect();
    let wasm = stand_in(&notebook.types, &kinds);
    validate(&wasm);
    let instance = notebook.instantiate(&wasm, 7, &[]);
    // A cell that uses all of them can be linked with it.
    let user = notebook.compile("fun g() { (i, s, p, u, f(i, u, p)) }");
    let externs: Vec<Extern> = user
        .imports
        .iter()
        .map(|import| {
            let k = names.iter().position(|name| **name == *import.name).unwrap();
            instance.get_export(&mut notebook.store, &format!("${k}")).unwrap()
        })
        .collect();
    notebook.instantiate(&user.wasm, 1, &externs);
}
