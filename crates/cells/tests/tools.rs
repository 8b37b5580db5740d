//! What editors are told about cells, whole and unfinished ones.

use upshift_cells::check::tools::{Analysis, VisibleKind, analyze, members};
use upshift_cells::environment::Environment;
use upshift_cells::syntax::parse;
use upshift_cells::types::{FieldType, StructDefinition, TypeId, Types};

fn analysis(source: &str) -> Analysis {
    analyze(&parse(source).ast, source, &mut Types::new(), &Environment::default())
}

/// The type of what is at the `n`-th `what` in the source.
fn type_at(source: &str, what: &str, n: usize) -> String {
    let (offset, _) = source.match_indices(what).nth(n).unwrap();
    analysis(source).at(offset as u32).unwrap().text.clone()
}

#[test]
fn types_of_names_and_expressions() {
    let source = "fun twice(f, x) { f(f(x)) }\nlet n = twice(|k| k * 2, 10)\nlet p = (n, \"a\")\np.1.len()";
    assert_eq!(type_at(source, "twice", 0), "fun(fun(Int) -> Int, Int) -> Int");
    assert_eq!(type_at(source, "twice", 1), "fun(fun(Int) -> Int, Int) -> Int");
    assert_eq!(type_at(source, "f(f", 0), "fun(Int) -> Int");
    assert_eq!(type_at(source, "k", 0), "Int");
    assert_eq!(type_at(source, "p = ", 0), "(Int, String)");
    assert_eq!(type_at(source, "n, ", 0), "Int");
    assert_eq!(
        analysis(source).at(source.find("len").unwrap() as u32).unwrap().builtin.map(|b| b.signature()),
        Some("String.len() -> Int")
    );
}

#[test]
fn types_in_cells_with_errors() {
    let source = "let xs = [1.5, 2.5]\nlet y = nothing(xs)\nfun f(a) { a + y.b }\nxs[0] + \"a\"";
    assert_eq!(type_at(source, "xs", 0), "[Float]");
    assert_eq!(type_at(source, "xs[", 0), "[Float]");
    assert_eq!(type_at(source, "y", 0), "_");
}

#[test]
fn what_a_point_follows_on() {
    let source = "let xs = [1]\nxs.map(|x| x).first()";
    let analysis = analysis(source);
    let end = source.find(".first").unwrap() as u32;
    assert_eq!(analysis.ending_at(end).unwrap().text, "[Int]");
    assert_eq!(analysis.ending_at(source.len() as u32).unwrap().text, "Int");
}

#[test]
fn names_in_scope() {
    let source = "let a = 1\nfun f(b) { let c = b + a; for d in 0..c { print(d) }; { let c = \"x\"; c }; c }\nstruct P { x: Int }";
    let analysis = analysis(source);
    let names = |what: &str| {
        let mut names: Vec<String> = analysis
            .names(source.find(what).unwrap() as u32)
            .into_iter()
            .filter(|visible| visible.kind == VisibleKind::Local)
            .map(|visible| format!("{}: {}", visible.name, visible.ty))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("print"), ["b: Int", "c: Int", "d: Int"]);
    assert_eq!(names("c }; c"), ["b: Int", "c: String"]);
    assert_eq!(names("c }\nstruct"), ["b: Int", "c: Int"]);
    assert_eq!(names("struct"), [""; 0]);
    let kinds: Vec<_> =
        analysis.names(0).into_iter().map(|visible| (visible.name.to_string(), visible.kind)).collect();
    assert!(kinds.contains(&("a".into(), VisibleKind::Global)));
    assert!(kinds.contains(&("f".into(), VisibleKind::Function)));
    assert!(kinds.contains(&("P".into(), VisibleKind::Struct)));
}

#[test]
fn members_of_types() {
    let mut types = Types::new();
    let ints = types.array(TypeId::INT);
    let texts = types.array(TypeId::STRING);
    let names =
        |types: &Types, ty| members(types, ty).into_iter().map(|member| member.name).collect::<Vec<_>>();
    assert!(names(&types, ints).contains(&"sum".into()) && !names(&types, ints).contains(&"join".into()));
    assert!(names(&types, texts).contains(&"join".into()) && !names(&types, texts).contains(&"sum".into()));
    let pair = types.tuple(&[TypeId::INT, TypeId::BOOL]);
    assert_eq!(names(&types, pair)[..2], ["0", "1"]);
}

/// Structs that hold each other, defined again in another order, are the same ones.
#[test]
fn equal_structs_are_one() {
    let group = |number| FieldType::Array(Box::new(FieldType::Group(number)));
    let define = |name: &str, ty| StructDefinition { name: name.into(), fields: vec![("next".into(), ty)] };
    let mut types = Types::new();
    let first = types.define_structs(&[define("A", group(1)), define("B", group(0))]);
    let again = types.define_structs(&[define("B", group(1)), define("A", group(0))]);
    assert_eq!(again, [first[1], first[0]]);
    assert!(first.iter().all(|&id| types.struct_type(id).recursive));
    // B holds another A here, so both are new.
    let other = types.define_structs(&[define("A", FieldType::Known(TypeId::INT)), define("B", group(0))]);
    assert!(!first.contains(&other[0]) && !first.contains(&other[1]));
    assert!(other.iter().all(|&id| !types.struct_type(id).recursive));
    let function = FieldType::Function(vec![FieldType::Group(0)], Box::new(FieldType::Known(TypeId::INT)));
    let [through_function] = types.define_structs(&[define("F", function)])[..] else { panic!("one struct") };
    assert!(types.struct_type(through_function).recursive);
}
