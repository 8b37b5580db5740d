//! What to write instead: the nearest name, the word of this language for one of another, a conversion.

use crate::builtins::Builtin;
use crate::check::checker::Checker;
use crate::check::infer::{Node, Ty};
use crate::check::program::{ExprId, ExprKind};
use crate::check::signature::{self, Signature};
use crate::diagnostic::Diagnostic;
use crate::environment::SymbolKind;
use crate::syntax::ast::{self, Name, Piece};
use crate::types::{StructType, TypeId};

/// `no arguments`, `1 argument`, `2 arguments`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

/// The candidate that `name` is most probably a slip of.
pub(crate) fn nearest<'n>(name: &str, candidates: &mut dyn Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = match name.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = if candidate.eq_ignore_ascii_case(name) {
            0
        } else {
            distance(name, candidate, limit).unwrap_or(limit + 1)
        };
        // Names of two letters are all near each other.
        let near = distance <= limit && (distance == 0 || distance * 2 <= name.chars().count());
        let better = best.is_none_or(|(other, text)| (distance, candidate) < (other, text));
        if near && better {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, taken out, replaced or exchanged with their neighbour, if it is not more than `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|&distance| distance <= limit)
}

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.split(' ').any(|word| word == name)).map(|&(_, to)| to)
}

/// For a type that there is not.
pub(crate) fn type_name(checker: &Checker<'_>, name: &str) -> Option<String> {
    const FOREIGN: &[(&str, &str)] = &[
        ("int i8 i16 i32 i64 u8 u16 u32 u64 isize usize integer Integer long number Number", "Int"),
        ("float double f32 f64 Double real", "Float"),
        ("str string char Char text Text Str", "String"),
        ("bool boolean Boolean", "Bool"),
        ("void Void unit Unit None nil null", "()"),
        ("Vec List Array list array Vector", "[Int]"),
    ];
    if let Some(ty) = find(FOREIGN, name) {
        return Some(format!("write `{ty}`"));
    }
    let structs = checker.structs.keys().map(|name| &**name);
    let outside = checker
        .environment
        .iter()
        .filter(|(_, symbol)| matches!(symbol.kind, SymbolKind::Struct(_)))
        .map(|(name, _)| &**name);
    let mut all = ["Int", "Float", "Bool", "String"].into_iter().chain(structs).chain(outside);
    nearest(name, &mut all).map(|name| format!("did you mean `{name}`?"))
}

/// All values that could have been meant.
fn known_names<'n>(checker: &'n Checker<'_>) -> impl Iterator<Item = &'n str> {
    let locals = checker.frames.iter().flat_map(|frame| frame.names.iter().map(|(name, _)| &**name));
    let globals = checker.bound_globals.keys().chain(checker.top_level.keys()).map(|name| &**name);
    let outside = checker
        .environment
        .iter()
        .filter(|(_, symbol)| !matches!(symbol.kind, SymbolKind::Struct(_)))
        .map(|(name, _)| &**name);
    let builtins = Builtin::ALL
        .iter()
        .map(|&builtin| Signature::of(builtin))
        .filter(|signature| signature.receiver.is_none())
        .map(|signature| signature.name);
    locals.chain(globals).chain(outside).chain(builtins)
}

/// For a value that there is not.
pub(crate) fn value_name(checker: &Checker<'_>, name: &str) -> Option<String> {
    const FOREIGN: &[(&str, &str)] = &[
        (
            "null nil None undefined NULL nullptr",
            "every name has a value: use an empty array or text, or a Bool beside it",
        ),
        ("True", "write `true`"),
        ("False", "write `false`"),
        ("NaN NAN", "write `nan`"),
        ("Infinity inf INFINITY", "write `infinity`"),
        ("PI Pi", "write `pi`"),
        ("this self", "there are no methods of your own: give the object as a parameter"),
        ("var const auto", "write `let`, or `let mut` for what changes"),
        ("def func function lambda", "write `fun name(…) { … }`, or `|x| …`"),
        ("elif elsif elseif", "write `else if`"),
        ("not", "write `!`"),
        ("and", "write `&&`"),
        ("or", "write `||`"),
        ("println printf echo puts", "write `print(…)`"),
        ("import use require from include", "all names of other cells are there already"),
        ("class", "write `struct`"),
        ("switch case", "write `match`"),
    ];
    if let Some(suggestion) = find(FOREIGN, name) {
        return Some(suggestion.to_owned());
    }
    let mut closures = checker.frames.iter().map(|frame| &checker.functions[frame.function.0 as usize]);
    if closures.any(|closure| closure.name.as_deref() == Some(name)) {
        return Some(format!("a closure does not know its own name: write `fun {name}(…) {{ … }}`"));
    }
    if checker.globals.iter().any(|global| !global.bound && *global.name == *name) {
        return Some("it is defined below: move this behind it".to_owned());
    }
    nearest(name, &mut known_names(checker)).map(|name| format!("did you mean `{name}`?"))
}

/// For a function that there is not, called with these arguments.
pub(crate) fn function_name(
    checker: &Checker<'_>,
    name: &str,
    args: &[ast::ExprId],
    checked: &[ExprId],
) -> Option<String> {
    const FOREIGN: &[(&str, &str)] = &[
        ("str Str string String toString", "to_string"),
        ("int Int parseInt i64", "to_int"),
        ("float Float parseFloat f64", "to_float"),
        ("length size count", "len"),
        ("chr", "to_char"),
        ("ord", "code"),
        ("round_to toFixed", "fixed"),
    ];
    if let ("range", [start, end, step]) = (name, args) {
        let [start, end, step] = [start, end, step].map(|&arg| checker.short(checker.span(arg)));
        return Some(format!("ranges go in steps of 1: write `while`, from {start} to {end} by {step}"));
    }
    if let ("round", [number, places]) = (name, args) {
        let number = operand(checker.short(checker.span(*number)));
        return Some(format!("write `{number}.fixed({})` for a text", checker.short(checker.span(*places))));
    }
    if let ("range", [.., end]) = (name, args) {
        let start = if args.len() > 1 { checker.short(checker.span(args[0])) } else { "0" };
        return Some(format!("write `{start}..{}`", checker.short(checker.span(*end))));
    }
    let method = find(FOREIGN, name).unwrap_or(name);
    if let ([receiver, rest @ ..], [first, ..]) = (args, checked)
        && !signature::methods(method).is_empty()
    {
        let span = checker.span(*receiver);
        let asked = Name { text: method.into(), span };
        let ty = checker.ty(*first);
        let rest: Vec<&str> = rest.iter().map(|&arg| checker.short(checker.span(arg))).collect();
        let receiver = operand(checker.short(span));
        if checker.infer.is_unknown(ty) || checker.choose_method(ty, &asked).is_some() {
            return Some(format!("write `{receiver}.{method}({})`", rest.join(", ")));
        }
        if checker.infer.is(ty, Ty::INT) && checker.choose_method(Ty::FLOAT, &asked).is_some() {
            return Some(format!("write `{receiver}.to_float().{method}({})`", rest.join(", ")));
        }
    }
    value_name(checker, name)
}

/// What methods are called elsewhere.
const FOREIGN_METHODS: &[(&str, &str)] = &[
    ("length size count", "len"),
    ("append add push_back", "push"),
    ("toString to_str str", "to_string"),
    ("toUpperCase upper uppercase to_uppercase", "to_upper"),
    ("toLowerCase lower lowercase to_lowercase", "to_lower"),
    ("strip", "trim"),
    ("includes has", "contains"),
    ("indexOf index", "index_of"),
    ("indexOf index position", "find"),
    ("substring substr sub", "slice"),
    ("forEach for_each", "each"),
    ("reduce", "fold"),
    ("min", "least"),
    ("max", "greatest"),
    ("clone", "copy"),
    ("parse", "to_int"),
    ("concat", "extend"),
    ("toFixed", "fixed"),
    ("powi powf", "pow"),
];

/// For a method that no type has.
pub(crate) fn any_method_name(name: &str) -> Option<String> {
    let methods = Builtin::ALL.iter().map(|&builtin| Signature::of(builtin));
    let mut methods =
        methods.filter(|signature| signature.receiver.is_some()).map(|signature| signature.name);
    let found = find(FOREIGN_METHODS, name).or_else(|| nearest(name, &mut methods));
    found.map(|method| format!("did you mean `{method}`?"))
}

/// For a method, or field, that the type has not.
pub(crate) fn method_name(
    checker: &Checker<'_>,
    ty: Ty,
    name: &Name,
    receiver: Option<&str>,
) -> Option<String> {
    let has =
        |method: &str| checker.choose_method(ty, &Name { text: method.into(), span: name.span }).is_some();
    for (words, method) in FOREIGN_METHODS {
        if words.split(' ').any(|word| *word == *name.text) && has(method) {
            let takes_any =
                signature::methods(method).iter().any(|&builtin| !Signature::of(builtin).params.is_empty());
            return Some(format!("write `.{method}({})`", if takes_any { "…" } else { "" }));
        }
    }
    if checker.infer.is(ty, Ty::INT) && checker.choose_method(Ty::FLOAT, name).is_some() {
        let receiver = receiver.map_or("x".to_owned(), operand);
        return Some(format!("write `{receiver}.to_float().{}()`", name.text));
    }
    let node = checker.infer.node(ty);
    let mut methods = Builtin::ALL.iter().filter_map(|&builtin| {
        let signature = Signature::of(builtin);
        let receives = signature.receiver.as_ref().is_some_and(|ty| crate::check::calls::receives(ty, node));
        receives.then_some(signature.name)
    });
    nearest(&name.text, &mut methods).map(|method| format!("did you mean `{method}`?"))
}

/// A field that the struct has not.
pub(crate) fn unknown_field(definition: &StructType, field: &Name) -> Diagnostic {
    let message = format!("`{}` has no field `{}`", definition.name, field.text);
    let diagnostic = Diagnostic::error(field.span, message);
    let names = definition.fields.iter().map(|field| &*field.name);
    match nearest(&field.text, &mut names.clone()) {
        Some(name) => diagnostic.suggest(format!("did you mean `{name}`?")),
        None if definition.fields.is_empty() => diagnostic.label("it has no fields"),
        None => {
            let names: Vec<String> = names.take(10).map(|name| format!("`{name}`")).collect();
            diagnostic.label(format!("it has {}", names.join(", ")))
        }
    }
}

/// For a method that was called with a wrong number of arguments.
pub(crate) fn instead_of(builtin: Builtin) -> Option<&'static str> {
    match builtin {
        Builtin::Min => Some("for the least element of an array write `.least()`"),
        Builtin::Max => Some("for the greatest element of an array write `.greatest()`"),
        _ => None,
    }
}

/// The text with parentheses, if a point behind it would belong to a part of it only.
pub(crate) fn operand(text: &str) -> String {
    let simple =
        text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '(' | ')' | '[' | ']' | '"'));
    if simple { text.to_owned() } else { format!("({text})") }
}

/// What makes a value of one type that of another.
pub(crate) fn conversion(checker: &Checker<'_>, id: ExprId, actual: Ty, expected: Ty) -> Option<String> {
    let expr = &checker.exprs[id.0 as usize];
    let text = checker.short(expr.span);
    let (from, to) = (checker.infer.node(actual), checker.infer.node(expected));
    let simple = |node: &Node| match node {
        &Node::Simple(id) => Some(id),
        _ => None,
    };
    let method = |name: &str| Some(format!("write `{}.{name}()`", operand(text)));
    if let (ExprKind::String(text), Node::Simple(TypeId::INT | TypeId::FLOAT)) = (&expr.kind, to)
        && !text.starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    match (simple(from), simple(to)) {
        (Some(TypeId::INT), Some(TypeId::FLOAT)) => {
            if matches!(expr.kind, ExprKind::Int(_)) && text.chars().all(|c| c.is_ascii_digit() || c == '_') {
                return Some(format!("write `{text}.0`"));
            }
            return method("to_float");
        }
        (Some(TypeId::FLOAT), Some(TypeId::INT)) => {
            // A literal says what its writer wants, and a conversion would cut it.
            return match expr.kind {
                ExprKind::Float(_) => text.strip_suffix(".0").map(|whole| format!("write `{whole}`")),
                _ => method("to_int"),
            };
        }
        (Some(TypeId::STRING), Some(TypeId::INT)) => return method("to_int"),
        (Some(TypeId::STRING), Some(TypeId::FLOAT)) => return method("to_float"),
        (Some(TypeId::INT), Some(TypeId::BOOL)) => return Some(format!("write `{text} != 0`")),
        (Some(TypeId::BOOL), Some(TypeId::INT)) => {
            return Some(format!("write `if {text} {{ 1 }} else {{ 0 }}`"));
        }
        (Some(TypeId::UNIT), _) => {
            if let ExprKind::Block(list, None) = &expr.kind
                && let Some(last) = list.last()
                && checker.infer.root(checker.ty(*last)) == checker.infer.root(expected)
            {
                return Some("take away the `;` behind the last expression".to_owned());
            }
            return None;
        }
        (_, Some(TypeId::UNIT)) => return Some("put `;` behind it to drop its value".to_owned()),
        (_, Some(TypeId::STRING)) if !matches!(from, Node::Function(..)) => return method("to_string"),
        _ => {}
    }
    match (from, to) {
        (Node::Function(params, result), _)
            if params.is_empty() && checker.infer.root(*result) == checker.infer.root(expected) =>
        {
            Some(format!("call it: `{text}()`"))
        }
        (_, Node::Array(element)) if checker.infer.root(*element) == checker.infer.root(actual) => {
            Some(format!("write `[{text}]`"))
        }
        _ => None,
    }
}

/// For `text + value`: one text with the value in it.
pub(crate) fn interpolation(checker: &Checker<'_>, left: ast::ExprId, right: ast::ExprId) -> String {
    let piece = |id: ast::ExprId| {
        let tree = checker.tree(id);
        let text = checker.short(tree.span);
        match &tree.kind {
            ast::ExprKind::String(pieces) if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) => {
                text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
            }
            _ if text.contains(['"', '{', '}']) => "{…}".to_owned(),
            _ => format!("{{{text}}}"),
        }
    };
    format!("write `\"{}{}\"`", piece(left), piece(right))
}
