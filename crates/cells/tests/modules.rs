//! What the emitter makes of small cells, as text: `tests/wat/NAME.wat` has the cell in comments and the module below it.
//! `UPSHIFT_BLESS=1` writes the modules anew.

use std::path::PathBuf;
use std::{env, fs};

use upshift_cells::artifact::Artifact;
use upshift_cells::check::check;
use upshift_cells::emit::emit;
use upshift_cells::environment::Environment;
use upshift_cells::syntax::parse;
use upshift_cells::types::Types;

fn compile(source: &str) -> Artifact {
    let mut types = Types::new();
    let parsed = parse(source);
    let checked = check(&parsed.ast, source, &mut types, &Environment::default());
    let Some(program) = checked.program else { panic!("{source}\n{:#?}", checked.diagnostics) };
    emit(&program, &types).unwrap()
}

#[test]
fn modules_are_as_expected() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wat");
    let bless = env::var_os("UPSHIFT_BLESS").is_some();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let lines = text
            .lines()
            .map_while(|line| line.strip_prefix(";;"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        let source: String = lines.map(|line| format!("{line}\n")).collect();
        let head: String =
            text.lines().take_while(|line| line.starts_with(";;")).map(|line| format!("{line}\n")).collect();
        let printed = wasmprinter::print_bytes(compile(&source).wasm).unwrap();
        let expected = format!("{head}{printed}");
        if text != expected {
            if bless {
                fs::write(&path, &expected).unwrap();
            } else {
                wrong.push(format!("{}:\n{expected}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn small_cells_are_small() {
    for (source, most) in [
        ("let x = 42", 100),
        ("1 + 2 * 3", 300),
        ("fun double(n: Int) -> Int { n * 2 }", 300),
        ("print(\"hello\")", 300),
    ] {
        let size = compile(source).wasm.len();
        assert!(size <= most, "{source}: {size} bytes");
    }
}

/// What engines would refuse is an error of the cell.
#[test]
fn limits_are_errors() {
    let check_only = |source: &str| {
        let mut types = Types::new();
        let parsed = parse(source);
        let checked = check(&parsed.ast, source, &mut types, &Environment::default());
        let Some(program) = checked.program else {
            panic!("{:?} {:#?}", parsed.diagnostics, checked.diagnostics)
        };
        emit(&program, &types)
    };
    let lets: String = (0..50_001).map(|k| format!("let x{k} = {k}\n")).collect();
    let error = check_only(&format!("fun f() {{ {lets} }}")).unwrap_err();
    assert_eq!(error.message, "this function has too many variables: 50000 is the limit");
}

/// Each position is in the code of the module, and they ascend.
#[test]
fn positions_are_in_order() {
    let source = "fun f(n: Int) -> Int { n / 2 }\nlet a = [1, 2]\na[f(3)] + 1";
    let artifact = compile(source);
    assert!(artifact.positions.windows(2).all(|pair| pair[0].0 < pair[1].0), "{:?}", artifact.positions);
    assert!(
        artifact
            .positions
            .iter()
            .all(|&(at, position)| (at as usize) < artifact.wasm.len() && (position as usize) < source.len())
    );
    // The call of `f` is where the source says: there is one `call` instruction at an offset that stands for it.
    let call = source.rfind("f(3)").unwrap() as u32;
    let f = artifact.functions.iter().find(|function| function.name.as_deref() == Some("f")).unwrap().index;
    let found = artifact.positions.iter().zip(artifact.positions.iter().skip(1)).any(|(here, next)| {
        here.1 == call
            && artifact.wasm[here.0 as usize..next.0 as usize].windows(2).any(|pair| pair == [0x10, f as u8])
    });
    assert!(found, "{:?}", artifact.positions);
}
