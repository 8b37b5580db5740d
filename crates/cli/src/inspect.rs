//! `upshift inspect`: what a module consists of and what it needs, without running it.
//!
//! ```text
//! bytes ─ load ─▶ Module ─ facts ─▶ Json ─┬─▶ printed
//!                                         └─ the same facts as text
//! ```

use std::cmp::Reverse;
use std::fmt::Write;

use anyhow::Result;
use upshift::{Engine, ExternType, Module};
use upshift_core::index::{FuncIndex, TagIndex};
use upshift_core::shown::Shown;
use upshift_core::types::composite::FieldType;
use upshift_core::types::{TypeKind, ValType};
use upshift_translate::features::Feature;
use upshift_translate::hints::BranchHint;
use upshift_translate::module::ExternIndex;
use upshift_translate::{Features, ModuleInfo, names, needed_features};

use crate::flags::{Listing, Options};
use crate::json::Json;
use crate::load;
use crate::report::print;
use crate::types::{Composite, Defined, Types};

/// Prints what is known of the file of the command line.
///
/// # Errors
/// If it is no valid module.
pub(crate) fn inspect(options: &Options) -> Result<()> {
    let (path, mut config) = (&options.files[0], options.config());
    let allowed = *Engine::new(&config)?.config().features();
    // What a module needs is told even of what is off.
    let module = load::module(&Engine::new(config.every_feature())?, path)?;
    let file = path.to_string_lossy();
    match options.listing() {
        Listing::Json => print(&format!("{}\n", json(&file, &module))),
        Listing::Text => print(&text(&file, &module, &allowed)?),
    }
}

/// How many things a list of the text has at most.
const MOST: usize = 1000;

/// A function with a body.
struct Function<'m> {
    index: u32,
    name: Option<&'m str>,
    /// Size of the body.
    bytes: usize,
    hints: &'m [BranchHint],
}

fn functions(info: &ModuleInfo) -> Vec<Function<'_>> {
    let mut hints = vec![&[][..]; info.funcs.len()];
    for (func, found) in info.branch_hints().iter() {
        hints[func.index()] = found;
    }
    let bodies = (info.imported_funcs..).zip(&info.bodies);
    bodies
        .map(|(index, body)| Function {
            index,
            name: names::function_name(info, FuncIndex(index)),
            bytes: body.len(),
            hints: hints[index as usize],
        })
        .collect()
}

/// The text of a function type.
fn func(info: &ModuleInfo, types: &Types<'_>, index: usize) -> String {
    let ty = info.types[index].func();
    types.func(ty.params().iter().copied(), ty.results().iter().copied())
}

/// A feature that the module needs, and how to have it if it is off.
fn needed_text(feature: Feature, allowed: &Features) -> String {
    let hint =
        if allowed.has(feature) { String::new() } else { format!(", off: `-W {feature}` turns it on") };
    format!("{feature}{hint}")
}

fn custom_sections(info: &ModuleInfo) -> impl ExactSizeIterator<Item = (String, usize)> {
    let customs = info.customs.iter();
    customs.map(|(name, contents)| (String::from_utf8_lossy(info.slice(name)).into_owned(), contents.len()))
}

fn data_bytes(info: &ModuleInfo) -> usize {
    info.datas.iter().map(|segment| segment.bytes.len()).sum()
}

fn text(file: &str, module: &Module, allowed: &Features) -> Result<String> {
    let info = module.info();
    let types = Types::of(info);
    let mut text = String::new();
    let name = module.name().map_or(String::new(), |name| format!(", named `{}`", Shown::new(name)));
    writeln!(text, "{}: {} bytes{name}", Shown::new(file), info.bytes.len())?;
    types_text(&mut text, &types, &types.defined())?;
    list(
        &mut text,
        "imports",
        module.imports().map(|import| {
            let (module, name) = (Shown::new(import.module()), Shown::new(import.name()));
            format!("{module}::{name}: {}", types.describe(&import.ty()))
        }),
    )?;
    list(
        &mut text,
        "exports",
        module
            .exports()
            .map(|export| format!("{}: {}", Shown::new(export.name()), types.describe(&export.ty()))),
    )?;
    list(&mut text, "memories", memories(info).map(|memory| memory.text))?;
    list(&mut text, "tables", tables(info, &types).map(|table| table.text))?;
    list(&mut text, "globals", globals(info, &types).map(|global| global.text))?;
    list(&mut text, "tags", tags(info, &types).map(|tag| tag.text))?;
    if let Some(start) = info.start {
        writeln!(text, "start: function {}", start.0)?;
    }
    functions_text(&mut text, info, &types)?;
    if !info.branch_hints().is_empty() {
        writeln!(text, "branch hints: {}", info.branch_hints().len())?;
    }
    if !info.datas.is_empty() {
        writeln!(text, "data: {} segments, {} bytes", info.datas.len(), data_bytes(info))?;
    }
    if !info.elems.is_empty() {
        let elements: usize = info.elems.iter().map(|segment| segment.items.len()).sum();
        writeln!(text, "elements: {} segments, {elements} elements", info.elems.len())?;
    }
    list(
        &mut text,
        "custom sections",
        custom_sections(info).map(|(name, bytes)| format!("{}: {bytes} bytes", Shown::new(&name))),
    )?;
    let needed = needed_features(info);
    list(&mut text, "features needed", needed.iter().map(|&feature| needed_text(feature, allowed)))?;
    Ok(text)
}

/// A line with a number, and a line for each thing; nothing if there is none.
fn list(text: &mut String, title: &str, lines: impl ExactSizeIterator<Item = String>) -> std::fmt::Result {
    let all = lines.len();
    if all > 0 {
        writeln!(text, "{title}: {all}")?;
    }
    lines.take(MOST).try_for_each(|line| writeln!(text, "  {line}"))?;
    if all > MOST { writeln!(text, "  and {} more; `--json` has all", all - MOST) } else { Ok(()) }
}

/// How many types there are of each kind, and those that are more than functions.
fn types_text(text: &mut String, types: &Types<'_>, all: &[Defined<'_>]) -> std::fmt::Result {
    const MOST: usize = 20;
    if all.is_empty() {
        return Ok(());
    }
    let count = |kind| all.iter().filter(|ty| ty.composite.kind() == kind).count();
    let kinds = [TypeKind::Func, TypeKind::Struct, TypeKind::Array].map(|kind| (count(kind), kind));
    let kinds = kinds.into_iter().filter(|&(count, _)| count > 0);
    let kinds = kinds.map(|(count, kind)| format!("{count} of {}s", kind_name(kind)));
    writeln!(text, "types: {}", kinds.collect::<Vec<_>>().join(", "))?;
    let plain = |ty: &&Defined<'_>| {
        let function = matches!(ty.composite, Composite::Func);
        function && ty.is_final && ty.supertype.is_none() && ty.group.len() == 1
    };
    let shown: Vec<_> = all.iter().filter(|ty| !plain(ty)).collect();
    for ty in shown.iter().take(MOST) {
        let grouped = ty.group.len() > 1;
        if grouped && ty.index == ty.group.start {
            writeln!(text, "  recursion group {} to {}:", ty.group.start, ty.group.end - 1)?;
        }
        let indent = if grouped { "    " } else { "  " };
        let name = types.name(ty.index).map_or(String::new(), |name| format!(" `{}`", Shown::new(name)));
        writeln!(text, "{indent}{}{name}: {}", ty.index, types.definition(ty))?;
    }
    if shown.len() > MOST {
        writeln!(text, "  and {} more; `--json` has all", shown.len() - MOST)?;
    }
    Ok(())
}

fn kind_name(kind: TypeKind) -> &'static str {
    match kind {
        TypeKind::Func => "function",
        TypeKind::Struct => "struct",
        TypeKind::Array => "array",
    }
}

fn type_json(info: &ModuleInfo, types: &Types<'_>, ty: &Defined<'_>) -> Json {
    let field = |field: &FieldType| {
        vec![("type", types.storage(field.storage).into()), ("mutable", field.mutable.into())]
    };
    let mut members = vec![
        ("index", ty.index.into()),
        ("name", types.name(ty.index).into()),
        ("kind", kind_name(ty.composite.kind()).into()),
        ("type", types.definition(ty).into()),
        ("final", ty.is_final.into()),
        ("supertype", ty.supertype.and_then(|heap| types.index(heap)).into()),
        ("group", Json::list([ty.group.start, ty.group.end - 1])),
    ];
    match &ty.composite {
        Composite::Func => {
            let func = info.types[ty.index].func();
            let values = |values: &[ValType]| Json::list(values.iter().map(|&ty| types.value(ty)));
            members.extend([("params", values(func.params())), ("results", values(func.results()))]);
        }
        Composite::Struct(fields) => {
            let fields = fields.iter().map(|(name, ty)| {
                let mut members = vec![("name", (*name).into())];
                members.extend(field(ty));
                Json::Object(members)
            });
            members.push(("fields", Json::list(fields)));
        }
        Composite::Array(element) => members.push(("element", Json::Object(field(element)))),
    }
    Json::Object(members)
}

fn functions_text(text: &mut String, info: &ModuleInfo, types: &Types<'_>) -> std::fmt::Result {
    const LARGEST: usize = 5;
    let mut functions = functions(info);
    let bytes: usize = functions.iter().map(|function| function.bytes).sum();
    let named = functions.iter().filter(|function| function.name.is_some()).count();
    let (imported, own) = (info.imported_funcs, functions.len());
    writeln!(
        text,
        "functions: {own} with {bytes} bytes of code, {named} of them named; {imported} imported"
    )?;
    functions.sort_unstable_by_key(|function| (Reverse(function.bytes), function.index));
    for &Function { index, name, bytes, .. } in functions.iter().take(LARGEST) {
        let name = name.map_or(String::new(), |name| format!(" `{}`", Shown::new(name)));
        let ty = func(info, types, info.funcs[index as usize].index());
        writeln!(text, "  {index}{name}: {ty}, {bytes} bytes")?;
    }
    if own > LARGEST {
        writeln!(text, "  and {} smaller ones", own - LARGEST)?;
    }
    Ok(())
}

/// An entry of an index space, in both forms.
struct Entry {
    text: String,
    json: Json,
}

fn entry(index: usize, imported: u32, text: &str, members: Vec<(&'static str, Json)>) -> Entry {
    let imported = index < imported as usize;
    let origin = if imported { ", imported" } else { "" };
    let mut all = vec![("index", index.into()), ("imported", imported.into())];
    all.extend(members);
    Entry { text: format!("{index}: {text}{origin}"), json: Json::Object(all) }
}

fn limits(minimum: u64, maximum: Option<u64>) -> String {
    maximum.map_or(format!("{minimum} or more"), |maximum| format!("{minimum} to {maximum}"))
}

fn memories(info: &ModuleInfo) -> impl ExactSizeIterator<Item = Entry> {
    info.memories.iter().enumerate().map(|(index, ty)| {
        let (page, address) = (1u64 << ty.page_size_log2, ty.index.val_type());
        let shared = if ty.shared { ", shared" } else { "" };
        let bytes = if page == 1 { "byte" } else { "bytes" };
        let text = format!(
            "{} pages of {page} {bytes}, addresses are {address}{shared}",
            limits(ty.minimum, ty.maximum)
        );
        let members = vec![
            ("minimum", ty.minimum.into()),
            ("maximum", ty.maximum.into()),
            ("page_size", page.into()),
            ("shared", ty.shared.into()),
            ("address", address.to_string().into()),
        ];
        entry(index, info.imported_memories, &text, members)
    })
}

fn tables(info: &ModuleInfo, types: &Types<'_>) -> impl ExactSizeIterator<Item = Entry> {
    info.tables.iter().enumerate().map(|(index, ty)| {
        let (element, address) = (types.reference(ty.element), ty.index.val_type());
        let text = format!("{} of {element}, indices are {address}", limits(ty.minimum, ty.maximum));
        let members = vec![
            ("element", element.into()),
            ("minimum", ty.minimum.into()),
            ("maximum", ty.maximum.into()),
            ("address", address.to_string().into()),
        ];
        entry(index, info.imported_tables, &text, members)
    })
}

fn globals(info: &ModuleInfo, types: &Types<'_>) -> impl ExactSizeIterator<Item = Entry> {
    info.globals.iter().enumerate().map(|(index, ty)| {
        let content = types.value(ty.content);
        let text = format!("{}{content}", if ty.mutable { "mutable " } else { "" });
        let members = vec![("type", content.into()), ("mutable", ty.mutable.into())];
        entry(index, info.imported_globals, &text, members)
    })
}

fn tags(info: &ModuleInfo, types: &Types<'_>) -> impl ExactSizeIterator<Item = Entry> {
    info.tags.iter().enumerate().map(|(index, ty)| {
        let name = names::tag_name(info, TagIndex::new(index));
        let ty = func(info, types, ty.index());
        let text = format!("{}{ty}", name.map_or(String::new(), |name| format!("`{}` ", Shown::new(name))));
        entry(index, info.imported_tags, &text, vec![("name", name.into()), ("type", ty.into())])
    })
}

fn json(file: &str, module: &Module) -> Json {
    let info = module.info();
    let types = Types::of(info);
    let entries = |entries: Vec<Entry>| Json::List(entries.into_iter().map(|entry| entry.json).collect());
    let functions = functions(info);
    let bytes: usize = functions.iter().map(|function| function.bytes).sum();
    Json::from([
        ("file", file.into()),
        ("bytes", info.bytes.len().into()),
        ("name", module.name().into()),
        ("types", Json::list(types.defined().into_iter().map(|ty| type_json(info, &types, &ty)))),
        (
            "imports",
            Json::list(module.imports().map(|import| {
                let mut members = vec![("module", import.module().into()), ("name", import.name().into())];
                members.extend(of_type(&types, &import.ty()));
                Json::Object(members)
            })),
        ),
        (
            "exports",
            Json::list(module.exports().zip(&info.exports).map(|(export, item)| {
                let mut members = vec![("name", export.name().into()), ("index", index(item.item).into())];
                members.extend(of_type(&types, &export.ty()));
                Json::Object(members)
            })),
        ),
        ("memories", entries(memories(info).collect())),
        ("tables", entries(tables(info, &types).collect())),
        ("globals", entries(globals(info, &types).collect())),
        ("tags", entries(tags(info, &types).collect())),
        ("start", info.start.map(|func| func.0).into()),
        (
            "functions",
            Json::from([
                ("imported", info.imported_funcs.into()),
                ("own", functions.len().into()),
                ("bytes", bytes.into()),
                (
                    "bodies",
                    Json::list(functions.into_iter().map(|function| function_json(info, &types, function))),
                ),
            ]),
        ),
        ("data", Json::from([("segments", info.datas.len().into()), ("bytes", data_bytes(info).into())])),
        (
            "elements",
            Json::from([
                ("segments", info.elems.len().into()),
                ("elements", info.elems.iter().map(|segment| segment.items.len()).sum::<usize>().into()),
            ]),
        ),
        (
            "custom_sections",
            Json::list(
                custom_sections(info)
                    .map(|(name, bytes)| Json::from([("name", name.into()), ("bytes", bytes.into())])),
            ),
        ),
        ("features", Json::list(needed_features(info).into_iter().map(Feature::name))),
    ])
}

fn function_json(info: &ModuleInfo, types: &Types<'_>, function: Function<'_>) -> Json {
    let Function { index, name, bytes, hints } = function;
    let ty = func(info, types, info.funcs[index as usize].index());
    let hints =
        hints.iter().map(|hint| Json::from([("offset", hint.offset.into()), ("likely", hint.likely.into())]));
    Json::from([
        ("index", index.into()),
        ("name", name.into()),
        ("type", ty.into()),
        ("bytes", bytes.into()),
        ("branch_hints", Json::list(hints)),
    ])
}

/// The index of something in the space of its kind.
fn index(item: ExternIndex) -> u32 {
    match item {
        ExternIndex::Func(index) => index.0,
        ExternIndex::Table(index) => index.0,
        ExternIndex::Memory(index) => index.0,
        ExternIndex::Global(index) => index.0,
        ExternIndex::Tag(index) => index.0,
    }
}

/// The kind and the type of an import or export.
fn of_type(types: &Types<'_>, ty: &ExternType) -> [(&'static str, Json); 2] {
    let kind = match ty {
        ExternType::Func(_) => "function",
        ExternType::Global(_) => "global",
        ExternType::Table(_) => "table",
        ExternType::Memory(_) => "memory",
        ExternType::Tag(_) => "tag",
    };
    let text = match ty {
        ExternType::Func(ty) => types.func_type(ty),
        ExternType::Tag(ty) => types.func_type(ty.ty()),
        ty => types.describe(ty),
    };
    [("kind", kind.into()), ("type", text.into())]
}
