//! The tail-call backend is quick because handlers keep nothing on the native stack: this looks at their machine code.
//!
//! ```text
//! cargo rustc --emit asm ─┬▶ functions named `handler<…>` ─▶ one per row of the instruction table ─▶ who uses the stack?
//!                         └▶ those that handlers and native code leave through ─▶ who calls, and who jumps on?
//! ```
//!
//! The handlers that may use it are listed in `framed-handlers.txt`. The list is exact: a handler that begins to use the
//! stack fails the test, and so does one that stopped and is still listed. Handlers of scalar instructions other than the
//! few of [`MAY_USE_THE_STACK`] must not come onto the list at all.
//!
//! What handlers leave through may have a frame, but goes on by a jump, too: a call there would leave the frame behind each time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use upshift_ir::{Field, Op};

/// The classes of scalar instructions that may use the stack: what runs code outside of the interpreter, changes the
/// instance, moves spans of slots or fields of any size.
const MAY_USE_THE_STACK: [&str; 17] = [
    "Builtin",
    "CallImport",
    "CallIndirect",
    "CallRef",
    "CopySpan",
    "HostCall",
    "Restore",
    "ReturnCall",
    "ReturnCallImport",
    "ReturnCallIndirect",
    "ReturnCallRef",
    "ReturnSpan",
    "StructNew",
    "StructNewDefault",
    "Throw",
    "ThrowRef",
    "Translate",
];

/// The classes of instructions on shared memories and of atomic ones. They are scarce in programs and wait for other
/// processors, so that a frame does not matter.
const OF_THREADS: [&str; 7] =
    ["AtomicCompareExchange", "AtomicLoad", "AtomicRmw", "AtomicStore", "Fence", "LoadShared", "StoreShared"];

/// The classes of instructions on objects, besides those on references that may be none.
const OF_OBJECTS: [&str; 11] = [
    "ArrayLen",
    "BrOnCast",
    "ElementGet",
    "ElementSet",
    "FieldGet",
    "FieldSet",
    "RefCast",
    "RefTest",
    "StructNew",
    "StructNew32",
    "StructNewDefault",
];

/// The handlers that call functions and come back, which the runtime provides: all others leave by jumps only.
const MAY_CALL: [&str; 5] = ["Builtin", "HostCall", "Throw", "ThrowRef", "Translate"];

/// The functions that handlers and stubs jump to, how often each calls the runtime or what does so for it, and whether it goes on by
/// jumps. All else that they use has to be inlined: what gets the state by reference would make a call of the last jump.
const BESIDE_HANDLERS: [(&str, usize, bool); 10] = [
    ("dispatch::tail::bounds", 0, true),
    ("dispatch::tail::collect", 1, true),
    ("dispatch::tail::foreign", 0, true),
    ("dispatch::tail::hot", 1, true),
    ("dispatch::tail::interrupt", 1, true),
    ("dispatch::tail::trap_at", 0, false),
    ("native::handlers::arrive", 0, true),
    ("native::handlers::choose", 1, true),
    ("native::handlers::land", 0, true),
    ("native::handlers::overflow", 0, false),
];

/// What lies beside those and is not reached by jumps.
const NOT_REACHED_BY_JUMPS: [&str; 3] =
    ["dispatch::tail::handler_of", "dispatch::tail::probe", "native::handlers::note_caller"];

/// The dependencies that have no part in handlers: theirs are semantics of `upshift-core`.
const NOT_OPTIMISED: [&str; 3] = ["'*'", "upshift-ir", "upshift-translate"];

/// The only handler that does nothing but return to the host.
const LEAVES: &str = "Exit";

/// How many instructions the table may have that are there for threads: a handler for each width and operation.
const MAX_OF_THREADS: usize = 70;

/// How many instructions the table may have that are there for objects: a handler for each width, in two forms.
const MAX_OF_OBJECTS: usize = 64;

/// How many other scalar instructions the table may have. Each is a handler, and the handlers in use share the caches.
const MAX_SCALAR: usize = 650;

/// How many instructions on vectors the table may have: about one for each operator of the specification, whose number
/// does not grow, and memory accesses in two forms.
const MAX_SIMD: usize = 300;

/// A row of the instruction table.
struct Row {
    op: Op,
    /// The handler's type, without the modules of its names.
    handler: String,
}

macro_rules! define_rows {
    ($($name:ident $text:tt [$($field:tt)*] $handler:ty;)*) => {
        fn rows() -> Vec<Row> {
            vec![$(Row { op: Op::$name, handler: short(stringify!($handler)) },)*]
        }
    };
}

upshift_ir::for_each_instr!(define_rows);

impl Row {
    fn is_simd(&self) -> bool {
        self.op.fields().iter().any(|field| matches!(field, Field::DstV | Field::SrcV | Field::WideSrcV))
    }

    fn is_of_threads(&self) -> bool {
        OF_THREADS.contains(&self.class())
    }

    fn is_back_edge(&self) -> bool {
        upshift_ir::op::is_back_edge(self.op)
    }

    /// Whether it is a branch that [`is_back_edge`](Self::is_back_edge) might be.
    fn is_branch(&self) -> bool {
        upshift_ir::op::back_edge_form(self.op).is_some()
    }

    /// Whether it tests for one of the types for which there is no form.
    fn is_rare_cast(&self) -> bool {
        self.handler.contains("<AnyCast")
    }

    fn is_of_objects(&self) -> bool {
        OF_OBJECTS.contains(&self.class())
    }

    /// The handler's type without its parameters.
    fn class(&self) -> &str {
        self.handler.split('<').next().unwrap_or_default()
    }
}

/// The text of a type with the last part of each path only, and without blanks.
fn short(ty: &str) -> String {
    let mut short = String::new();
    let mut name = 0;
    for c in ty.chars().filter(|c| !c.is_whitespace()) {
        match c {
            ':' => short.truncate(name),
            _ => short.push(c),
        }
        if !(c.is_alphanumeric() || c == '_' || c == ':') {
            name = short.len();
        }
    }
    short
}

/// What the machine code of a handler does.
#[derive(Debug, Default)]
struct Code {
    instructions: usize,
    uses_stack: bool,
    calls: usize,
    returns: bool,
    jumps_indirectly: bool,
}

impl Code {
    /// Adds an instruction in the syntax of the GNU assembler.
    fn add(&mut self, instruction: &str) {
        let mnemonic = instruction.split_whitespace().next().unwrap_or_default();
        let operands = instruction[mnemonic.len()..].trim();
        let call = mnemonic.starts_with("call");
        self.instructions += 1;
        self.calls += usize::from(call);
        self.returns |= mnemonic.starts_with("ret");
        self.jumps_indirectly |= mnemonic.starts_with("jmp") && operands.starts_with('*');
        // Values below the stack pointer, where the convention has a red zone, are no better than a frame.
        self.uses_stack |= call || mnemonic.starts_with("push") || operands.contains("%rsp");
    }
}

/// The functions in the text of an object, by what `name` makes of their symbols; others are left out.
fn functions(assembly: &str, name: fn(&str) -> Option<String>) -> BTreeMap<String, Code> {
    let mut functions = BTreeMap::new();
    let mut current: Option<(String, Code)> = None;
    for line in assembly.lines() {
        if let Some(label) = line.strip_suffix(':').filter(|label| label.contains("_R")) {
            current = name(label).map(|name| (name, Code::default()));
        } else if line.trim_start().starts_with(".cfi_endproc") {
            if let Some((name, code)) = current.take() {
                assert!(functions.insert(name.clone(), code).is_none(), "two functions are called {name}");
            }
        } else if let Some((_, code)) = &mut current
            && let Some(instruction) = line.strip_prefix('\t').filter(|text| !text.starts_with(['.', '#']))
        {
            code.add(instruction);
        }
    }
    functions
}

/// The short name of the handler's type, if a symbol is that of a handler.
fn handler_type(symbol: &str) -> Option<String> {
    if !symbol.contains("7handler") {
        return None;
    }
    let name = format!("{:#}", rustc_demangle::try_demangle(symbol).ok()?);
    let (_, ty) = name.split_once("::tail::handler::<")?;
    Some(short(ty.strip_suffix('>')?))
}

/// The name in the crate of a function that lies where those are that handlers and stubs jump to, if a symbol is that of one.
fn beside_handlers(symbol: &str) -> Option<String> {
    let name = format!("{:#}", rustc_demangle::try_demangle(symbol).ok()?);
    let name = name.strip_prefix("upshift_interp::")?;
    let own = name.strip_prefix("dispatch::tail::").or_else(|| name.strip_prefix("native::handlers::"))?;
    (!own.contains(['<', ':'])).then(|| name.to_string())
}

/// What is wrong with the functions that handlers and stubs jump to.
fn problems_beside(assembly: &str) -> Vec<String> {
    let mut functions = functions(assembly, beside_handlers);
    functions.retain(|name, _| !NOT_REACHED_BY_JUMPS.contains(&name.as_str()));
    let mut problems = Vec::new();
    for (name, calls, jumps) in BESIDE_HANDLERS {
        let Some(code) = functions.remove(name) else {
            problems.push(format!("{name} is not there"));
            continue;
        };
        if code.calls > calls {
            problems
                .push(format!("{name} has {} calls, not {calls}: what it uses is to be inlined", code.calls));
        }
        if code.jumps_indirectly != jumps {
            problems.push(format!("{name} does not leave as it should: by jumps, {jumps}"));
        }
    }
    problems.extend(functions.keys().map(|name| format!("{name} is new: say how it leaves")));
    problems
}

/// Builds the crate as a release does and answers its assembly text. Crates whose code is in no handler are not optimised:
/// that takes most of the time and changes nothing.
fn assembly() -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("frames");
    let file = target.join("handlers.s");
    let status = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["rustc", "--quiet", "--package", "upshift-interp", "--release", "--lib", "--target-dir"])
        .arg(&target)
        .args(NOT_OPTIMISED.map(|package| format!("--config=profile.release.package.{package}.opt-level=0")))
        .args(["--", "-C", "codegen-units=1", "-C", "symbol-mangling-version=v0"])
        .arg(format!("--emit=asm={}", file.display()))
        // With link-time optimisation the object would hold no machine code.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the release build failed");
    std::fs::read_to_string(&file).expect("the build has written its assembly text")
}

/// The list of handlers that use the stack, as it is committed.
fn listed() -> BTreeSet<String> {
    let list = include_str!("framed-handlers.txt");
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_string).collect()
}

#[test]
fn handlers_are_frameless() {
    if !cfg!(target_arch = "x86_64") {
        eprintln!("skipped: it reads x86-64 assembly text");
        return;
    }
    let rows = rows();
    let assembly = assembly();
    let handlers = functions(&assembly, handler_type);
    let mut problems = problems_beside(&assembly);
    // Handlers with the same machine code are merged, and one name of them remains.
    let mut merged = 0;
    for row in &rows {
        let name = &row.handler;
        let Some(code) = handlers.get(name) else {
            merged += 1;
            continue;
        };
        let may_use_the_stack = row.is_simd()
            || row.is_of_threads()
            || row.is_rare_cast()
            || MAY_USE_THE_STACK.contains(&row.class());
        let may_call = MAY_CALL.contains(&row.class());
        if code.uses_stack && !may_use_the_stack {
            problems.push(format!("{name} uses the stack, which its class must not"));
        }
        if code.calls > 0 && !may_call {
            problems.push(format!("{name} calls a function: everything that it uses has to be inlined"));
        }
        if code.returns && !may_call && row.class() != LEAVES {
            problems.push(format!("{name} returns: its last call did not become a jump"));
        }
        if !code.jumps_indirectly && row.class() != LEAVES {
            problems.push(format!("{name} does not jump to the next handler"));
        }
    }

    let framed: BTreeSet<String> =
        handlers.iter().filter(|(_, code)| code.uses_stack).map(|(name, _)| name.clone()).collect();
    let listed = listed();
    for name in framed.difference(&listed) {
        problems.push(format!("{name} uses the stack now: make it frameless again"));
    }
    for name in listed.difference(&framed) {
        problems.push(format!("{name} is frameless now or gone: remove it from framed-handlers.txt"));
    }

    let instructions: usize = handlers.values().map(|code| code.instructions).sum();
    println!(
        "{} instructions of the table, {merged} of them merged with others; \
         {} handlers with {instructions} machine instructions: {} frameless, {} framed",
        rows.len(),
        handlers.len(),
        handlers.len() - framed.len(),
        framed.len()
    );
    assert_eq!(handlers.len() + merged, rows.len(), "there are handlers that belong to no instruction");
    assert!(merged < rows.len() / 20, "most handlers are not found in the assembly text");
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn the_table_stays_small() {
    let (threads, others): (Vec<Row>, Vec<Row>) = rows().into_iter().partition(Row::is_of_threads);
    let (objects, others): (Vec<Row>, Vec<Row>) = others.into_iter().partition(Row::is_of_objects);
    let (back_edges, others): (Vec<Row>, Vec<Row>) = others.into_iter().partition(Row::is_back_edge);
    let (simd, scalar): (Vec<Row>, Vec<Row>) = others.into_iter().partition(Row::is_simd);
    // Branches that go back have the forms of those that go forward, and no others.
    assert_eq!(back_edges.len(), scalar.iter().filter(|row| row.is_branch()).count());
    let (threads, objects, simd, scalar) = (threads.len(), objects.len(), simd.len(), scalar.len());
    println!("{scalar} scalar instructions, {simd} on vectors, {objects} for objects, {threads} for threads");
    assert!(objects <= MAX_OF_OBJECTS, "{objects} instructions for objects");
    assert!(threads <= MAX_OF_THREADS, "{threads} instructions for threads");
    assert!(scalar <= MAX_SCALAR, "{scalar} scalar instructions");
    assert!(simd <= MAX_SIMD, "{simd} instructions on vectors");
}

#[test]
fn the_reader_of_assembly_text_sees_the_stack() {
    let code = |text: &str| {
        let mut code = Code::default();
        text.lines().for_each(|line| code.add(line));
        code
    };
    let plain = code("movzwl\t10(%rsi), %eax\naddq\t$16, %rsi\njmpq\t*(%rsi)");
    assert!(!plain.uses_stack && plain.calls == 0 && !plain.returns && plain.jumps_indirectly);
    for text in ["pushq\t%rbx", "subq\t$24, %rsp", "movq\t%rax, -8(%rsp)", "callq\tmemmove@PLT"] {
        assert!(code(text).uses_stack, "{text}");
    }
    assert!(code("callq\t*%rax").calls == 1 && !code("callq\t*%rax").jumps_indirectly);
    assert!(code("retq").returns && !code("jmp\t.LBB0_1").jumps_indirectly);
    assert_eq!(short("a::Binary<b::op::I32Add, c::SlotB, c::ImmC>"), "Binary<I32Add,SlotB,ImmC>");
}

/// A function whose last jump became a call, one that is gone, and one that nobody knows.
#[test]
fn what_is_wrong_beside_handlers_is_found() {
    let symbol = |name: &str| format!("_RNvNtNtCs1_14upshift_interp8dispatch4tail{}{name}", name.len());
    let mut text = String::new();
    for (name, body) in
        [("foreign", "callq\t*(%rsi)\n\tretq"), ("bounds", "jmpq\t*(%rsi)"), ("other", "retq")]
    {
        text += &format!("{}:\n\t{body}\n\t.cfi_endproc\n", symbol(name));
    }
    let problems = problems_beside(&text);
    let about =
        |name: &str| problems.iter().filter(|problem| problem.contains(&format!("::{name} "))).count();
    assert_eq!(
        [about("foreign"), about("bounds"), about("other"), about("hot")],
        [2, 0, 1, 1],
        "{problems:#?}"
    );
}
