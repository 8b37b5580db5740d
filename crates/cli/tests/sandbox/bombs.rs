//! The collection: modules that try to take more memory or time than they were given, while they are read, while they run, and
//! when their end is told.
//!
//! Small programs are in the text format; where numbers count, bytes are made.

use wasm_encoder::{
    BlockType, Catch, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Module, NameMap,
    NameSection, TagKind, TagSection, TagType, TypeSection, ValType,
};

/// Who reads what the program prints on the standard error.
#[derive(Clone, Copy)]
pub(crate) enum Errors {
    Read,
    Unread,
}

/// A module, and how it is run.
pub(crate) struct Bomb {
    pub(crate) name: &'static str,
    /// Made when it is wanted: the bytes of all of them would count as memory of each run.
    pub(crate) module: Box<dyn Fn() -> Vec<u8>>,
    /// Flags in front of the file, besides those of the sandbox.
    pub(crate) flags: &'static [&'static str],
    /// What comes behind the file.
    pub(crate) args: &'static [&'static str],
    pub(crate) errors: Errors,
    /// Whether the guest itself prints to the standard error.
    pub(crate) prints: bool,
}

fn bomb<M: Into<Vec<u8>>>(name: &'static str, module: impl Fn() -> M + 'static) -> Bomb {
    Bomb {
        name,
        module: Box::new(move || module().into()),
        flags: &[],
        args: &[],
        errors: Errors::Read,
        prints: false,
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Bomb> {
    let mut bombs = loading();
    bombs.extend(memory());
    bombs.extend(time());
    bombs.extend(waiting());
    bombs.extend(printing());
    bombs
}

/// Those that go off while the module is read, validated, translated or instantiated.
fn loading() -> Vec<Bomb> {
    vec![
        bomb("operands: 200,000 calls with 1,000 results", || operands(200_000)),
        bomb("branches: tables over labels of 1,000 values", || branch_tables(20, 50_000)),
        bomb("types: 400,000 different ones", || types(400_000, false)),
        bomb("types: 100,000 and an invalid body", || types(100_000, true)),
        bomb("locals: 2,000 functions with 50,000 vectors", || locals(2_000, 50_000)),
        bomb("blocks: 1,000,000 in each other", || nested(1_000_000)),
        bomb("catches: 1,000 blocks with 1,000 clauses", || catches(1_000, 1_000)),
        bomb("imports: 100,000 with long names", || imports(100_000)),
        bomb("exports: 300,000 of one function", || exports(300_000)),
        bomb("globals: 300,000", || globals(300_000)),
        bomb(
            "table: 4,294,967,295 elements",
            || "(module (table 4294967295 funcref) (func (export \"_start\")))",
        ),
        bomb("tables: 16 with 100,000 elements", || repeated("(table 100000 funcref)", 16)),
        bomb("tables: 10,000", || repeated("(table 1 funcref)", 10_000)),
        bomb("memories: 16 of 4 GiB", || repeated("(memory 65536)", 16)),
        bomb("memory: 2^48 bytes", || "(module (memory i64 0x1_0000_0000) (func (export \"_start\")))"),
        bomb("elements: 3,000,000", || elements(3_000_000)),
        bomb("text: 200,000 parentheses", || nested_text(200_000)),
        bomb("text: 800,000 groups of no types", || format!("(module {})", "(rec)".repeat(800_000))),
        bomb("custom sections: 3,000,000", || {
            [&b"\0asm\x01\0\0\0"[..], &b"\0\x01\0".repeat(3_000_000)].concat()
        }),
        bomb("start: a loop", || "(module (func $f (loop (br 0))) (start $f) (func (export \"_start\")))"),
    ]
}

/// Those that take memory while they run.
fn memory() -> Vec<Bomb> {
    let fill = "(memory.fill MEM (i32.const 0) (i32.const 1) (i32.const 0x1000_0000))";
    let (mut memories, mut fills) = (String::new(), String::new());
    for index in 0..16 {
        memories += "(memory 4096)";
        fills += &fill.replace("MEM", &index.to_string());
    }
    vec![
        bomb("memories: 16 of 256 MiB, filled", move || {
            format!("(module {memories} (func (export \"_start\") {fills}))")
        }),
        bomb("memories: 16 that grow in turns", grow_in_turns),
        bomb("memory: shared ones", || repeated("(memory 1000 1000 shared)", 16)),
        bomb("tables: 16 that grow", || {
            repeated_with("(table 0 externref)", 16, |index| {
                format!("(drop (table.grow {index} (ref.null extern) (i32.const 90000)))")
            })
        }),
        bomb("objects: a list without end", || {
            r#"(module
                (type $node (struct (field (ref null $node)) (field i64)))
                (func (export "_start") (local $last (ref null $node))
                    (loop $next
                        (local.set $last (struct.new $node (local.get $last) (i64.const 1)))
                        (br $next))))"#
        }),
        bomb("objects and memories together", || {
            r#"(module
                (type $bytes (array (mut i8)))
                (type $list (array (mut (ref null $bytes))))
                (memory 0) (memory 0)
                (global $kept (mut (ref null $list)) (ref.null $list))
                (func (export "_start") (local $n i32)
                    (global.set $kept (array.new_default $list (i32.const 100000)))
                    (loop $next
                        (array.set $list (global.get $kept) (local.get $n)
                            (array.new $bytes (i32.const 7) (i32.const 1000000)))
                        (drop (memory.grow 0 (i32.const 16)))
                        (drop (memory.grow 1 (i32.const 16)))
                        (memory.fill 0 (i32.const 0) (i32.const 1) (i32.mul (memory.size 0) (i32.const 65536)))
                        (local.set $n (i32.add (local.get $n) (i32.const 1)))
                        (br_if $next (i32.lt_u (local.get $n) (i32.const 100000))))))"#
        }),
        bomb("array: one of 2^32 - 1 vectors", || array("v128", "i32.const -1")),
        bomb("calls: without end", || "(module (func $f (export \"_start\") (call $f)))"),
        bomb("calls: with 20,000 vectors each", || {
            format!("(module (func $f (export \"_start\") (local {}) (call $f)))", "v128 ".repeat(20_000))
        }),
        bomb("exceptions: a list of them", || {
            r#"(module
                (tag $t (param exnref i64 i64 i64 i64))
                (func (export "_start") (local $e exnref)
                    (loop $next
                        (block $caught (result exnref)
                            (try_table (catch_all_ref $caught)
                                (throw $t (local.get $e) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)))
                            (unreachable))
                        (local.set $e)
                        (br $next))))"#
        }),
    ]
}

/// Those that compute for ever, or make the runtime do so.
fn time() -> Vec<Bomb> {
    vec![
        bomb("loop", || "(module (func (export \"_start\") (loop (br 0))))"),
        Bomb {
            flags: &["--deterministic"],
            ..bomb("loop, deterministic", || "(module (func (export \"_start\") (loop (br 0))))")
        },
        bomb("throw: through 20,000 frames with 20,000 clauses", || deep_throw(20_000, 20_000)),
        bomb("collections: a deep stack and arrays", || {
            r#"(module
                (type $s (struct (field i32)))
                (type $v (array (mut v128)))
                (func $deep (param $d i32) (param $r (ref null $s)) (param $n i32)
                    (if (local.get $d)
                        (then (call $deep (i32.sub (local.get $d) (i32.const 1)) (local.get $r) (local.get $n)))
                        (else (loop $next
                            (drop (array.new_default $v (i32.const 65535)))
                            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))
                (func (export "_start")
                    (call $deep (i32.const 10000) (struct.new $s (i32.const 1)) (i32.const 100000000))))"#
        }),
        Bomb { flags: &["--fuel", "5000000"], ..bomb("random numbers: 64 MiB, paid in fuel", || random(32)) },
        bomb("random numbers: for ever", || random(i32::MAX)),
        bomb("copies: 32 MiB, for ever", || {
            r#"(module (memory 1000) (func (export "_start")
                (loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 32000000)) (br 0))))"#
        }),
        bomb("waiting: nobody wakes", || {
            r#"(module (memory 1 1 shared) (func (export "_start")
                (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))"#
        }),
    ]
}

/// Those that wait for what never comes, with fuel that is never used up, or none.
fn waiting() -> Vec<Bomb> {
    let sleep = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;
    let read = r#"(module
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\40\00\00\00\10\00\00\00")
        (func (export "_start")
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))))"#;
    vec![
        Bomb { flags: &["--fuel", "1000000"], ..bomb("sleep: an hour, with fuel", move || sleep) },
        bomb("sleep: an hour", move || sleep),
        Bomb { flags: &["--fuel", "1000000"], ..bomb("input: nobody writes, with fuel", move || read) },
        Bomb { flags: &["--deterministic"], ..bomb("input: nobody writes, deterministic", move || read) },
    ]
}

/// Those whose end is hard to tell.
fn printing() -> Vec<Bomb> {
    let unread = |name, module: &'static str| Bomb {
        errors: Errors::Unread,
        prints: true,
        ..bomb(name, move || module)
    };
    vec![
        bomb("names: a demangler's expansion", || demangler(50_000, 24_000)),
        bomb("names: 4 MB for one function", || named("f".repeat(4_000_000).as_bytes())),
        bomb("names: lines and escapes", || {
            named(b"\x1b]0;x\x07\nerror: forged\r\n\xe2\x80\xa8\xef\xbb\xbf")
        }),
        Bomb {
            flags: &["--invoke", "there is no such export"],
            ..bomb("names: 100,000 exports that are none", || exports(100_000))
        },
        bomb("trap: below 15,000 calls", || deep_trap(15_000)),
        unread(
            "errors: nobody reads them",
            r#"(module
                (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
                (memory (export "memory") 4)
                (data (i32.const 0) "\40\00\00\00\00\00\02\00")
                (func (export "_start")
                    (loop (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16))) (br 0))))"#,
        ),
        unread("errors: nobody reads them, and a trap", TRAP_BEHIND_FULL_PIPE),
    ]
}

/// Fills a pipe of 64 KiB but for what no longer fits at once, then traps.
const TRAP_BEHIND_FULL_PIPE: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 4)
    (data (i32.const 0) "\40\00\00\00\00\00\01\00")
    (func (export "_start")
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
        (unreachable)))"#;

/// A module with `_start` and the same thing again and again.
fn repeated(thing: &str, times: usize) -> String {
    repeated_with(thing, times, |_| String::new())
}

/// The same, with something done to each in `_start`.
fn repeated_with(thing: &str, times: usize, action: impl Fn(usize) -> String) -> String {
    let actions: String = (0..times).map(action).collect();
    format!("(module {} (func (export \"_start\") {actions}))", thing.repeat(times))
}

fn nested_text(depth: usize) -> String {
    format!("(module (func (export \"_start\") {}{}))", "(block ".repeat(depth), ")".repeat(depth))
}

fn grow_in_turns() -> String {
    let grow = |index| {
        format!(
            "(drop (memory.grow {index} (i32.const 16)))
             (memory.fill {index} (i32.const 0) (i32.const 1) (i32.mul (memory.size {index}) (i32.const 65536)))"
        )
    };
    let turns: String = (0..16).map(grow).collect();
    format!("(module {} (func (export \"_start\") (loop {turns} (br 0))))", "(memory 0)".repeat(16))
}

fn array(element: &str, length: &str) -> String {
    format!(
        "(module (type $a (array (mut {element})))
            (func (export \"_start\") (drop (array.new_default $a ({length})))))"
    )
}

fn random(times: i32) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (memory (export "memory") 900)
            (func (export "_start") (local $n i32)
                (loop $next
                    (drop (call $random (i32.const 0) (i32.const 0x3000000)))
                    (br_if $next (i32.lt_s
                        (local.tee $n (i32.add (local.get $n) (i32.const 1)))
                        (i32.const {times}))))))"#
    )
}

fn deep_trap(depth: u32) -> String {
    format!(
        r#"(module
            (func $down (param i32)
                (if (local.get 0)
                    (then (call $down (i32.sub (local.get 0) (i32.const 1))))
                    (else (unreachable))))
            (func (export "_start") (call $down (i32.const {depth}))))"#
    )
}

/// A module of functions, of which the last one is `_start`.
struct Parts {
    types: TypeSection,
    funcs: FunctionSection,
    code: CodeSection,
}

impl Parts {
    /// Type 0 takes and returns nothing.
    fn new() -> Parts {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        Parts { types, funcs: FunctionSection::new(), code: CodeSection::new() }
    }

    fn func(&mut self, ty: u32, func: &mut Function) {
        func.instructions().end();
        self.funcs.function(ty);
        self.code.function(func);
    }

    fn finish(self) -> Vec<u8> {
        self.finish_with(&NameSection::new())
    }

    fn finish_with(self, names: &NameSection) -> Vec<u8> {
        let mut exports = ExportSection::new();
        exports.export("_start", ExportKind::Func, self.funcs.len() - 1);
        let mut module = Module::new();
        module.section(&self.types).section(&self.funcs).section(&exports).section(&self.code).section(names);
        module.finish()
    }
}

fn empty() -> Function {
    Function::new([])
}

fn operands(calls: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.types.ty().function([], [ValType::I32; 1000]);
    let mut makes = empty();
    makes.instructions().unreachable();
    parts.func(1, &mut makes);
    let mut func = empty();
    for _ in 0..calls {
        func.instructions().call(0);
    }
    func.instructions().unreachable();
    parts.func(0, &mut func);
    parts.func(0, &mut empty());
    parts.finish()
}

fn branch_tables(tables: usize, targets: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.types.ty().function([], [ValType::I32; 1000]);
    let mut makes = empty();
    makes.instructions().unreachable();
    parts.func(1, &mut makes);
    let mut func = empty();
    for _ in 0..tables {
        func.instructions().call(0).i32_const(0).br_table(vec![0; targets], 0);
    }
    parts.func(1, &mut func);
    parts.func(0, &mut empty());
    parts.finish()
}

/// Function types whose parameters spell their number.
fn types(count: u32, invalid: bool) -> Vec<u8> {
    let mut parts = Parts::new();
    for number in 0..count {
        let bit = |bit: u32| if number >> bit & 1 == 0 { ValType::I32 } else { ValType::I64 };
        parts.types.ty().function((0..19).map(bit), []);
    }
    let mut start = empty();
    if invalid {
        start.instructions().i32_add();
    }
    parts.func(0, &mut start);
    parts.finish()
}

/// Each is called, so that each is translated.
fn locals(funcs: u32, locals: u32) -> Vec<u8> {
    let mut parts = Parts::new();
    for _ in 0..funcs {
        parts.func(0, &mut Function::new([(locals, ValType::V128)]));
    }
    let mut start = empty();
    for index in 0..funcs {
        start.instructions().call(index);
    }
    parts.func(0, &mut start);
    parts.finish()
}

fn nested(depth: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let mut start = empty();
    for _ in 0..depth {
        start.instructions().block(BlockType::Empty);
    }
    for _ in 0..depth {
        start.instructions().end();
    }
    parts.func(0, &mut start);
    parts.finish()
}

fn catches(blocks: usize, clauses: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    let mut start = empty();
    let all = vec![Catch::All { label: 0 }; clauses];
    for _ in 0..blocks {
        start.instructions().try_table(BlockType::Empty, all.clone());
    }
    for _ in 0..blocks {
        start.instructions().end();
    }
    parts.func(0, &mut start);
    parts.finish()
}

fn imports(count: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    let long = "n".repeat(60);
    for number in 0..count {
        imports.import("env", &format!("{long}{number}"), EntityType::Function(0));
    }
    let mut module = Module::new();
    module.section(&types).section(&imports);
    module.finish()
}

fn exports(count: usize) -> Vec<u8> {
    let (mut types, mut funcs, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    funcs.function(0);
    let mut exports = ExportSection::new();
    for number in 0..count {
        exports.export(&format!("there is such an export{number}"), ExportKind::Func, 0);
    }
    let mut func = empty();
    func.instructions().end();
    code.function(&func);
    let mut module = Module::new();
    module.section(&types).section(&funcs).section(&exports).section(&code);
    module.finish()
}

fn globals(count: usize) -> Vec<u8> {
    let mut globals = GlobalSection::new();
    for _ in 0..count {
        let ty = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        globals.global(ty, &ConstExpr::i64_const(1));
    }
    let mut module = Module::new();
    module.section(&globals);
    module.finish()
}

fn elements(count: usize) -> Vec<u8> {
    let (mut types, mut funcs, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    funcs.function(0);
    let mut elements = ElementSection::new();
    elements.passive(Elements::Functions(vec![0; count].into()));
    let mut func = empty();
    func.instructions().end();
    code.function(&func);
    let mut module = Module::new();
    module.section(&types).section(&funcs).section(&elements).section(&code);
    module.finish()
}

/// Calls itself so often, each time inside so many blocks that catch something else, and throws at the end.
fn deep_throw(depth: i32, clauses: usize) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.types.ty().function([ValType::I32], []);
    let mut deep = empty();
    for _ in 0..clauses {
        deep.instructions().try_table(BlockType::Empty, [Catch::One { tag: 1, label: 0 }]);
    }
    deep.instructions().local_get(0).if_(BlockType::Empty);
    deep.instructions().local_get(0).i32_const(1).i32_sub().call(0);
    deep.instructions().else_().throw(0).end();
    for _ in 0..clauses {
        deep.instructions().end();
    }
    parts.func(1, &mut deep);
    let mut start = empty();
    start.instructions().loop_(BlockType::Empty).block(BlockType::Empty);
    start.instructions().try_table(BlockType::Empty, [Catch::All { label: 0 }]);
    start.instructions().i32_const(depth).call(0).end().end().br(0).end();
    parts.func(0, &mut start);
    let mut tags = TagSection::new();
    for _ in 0..2 {
        tags.tag(TagType { kind: TagKind::Exception, func_type_idx: 0 });
    }
    let mut exports = ExportSection::new();
    exports.export("_start", ExportKind::Func, 1);
    let mut module = Module::new();
    module.section(&parts.types).section(&parts.funcs).section(&tags).section(&exports).section(&parts.code);
    module.finish()
}

/// A trap in a function whose name, demangled, repeats a part of it again and again.
fn demangler(part: usize, times: usize) -> Vec<u8> {
    named(format!("_ZN{part}{}{}Ev", "a".repeat(part), "C1".repeat(times)).as_bytes())
}

/// A trap in a function with a name.
fn named(name: &[u8]) -> Vec<u8> {
    let mut parts = Parts::new();
    let mut start = empty();
    start.instructions().unreachable();
    parts.func(0, &mut start);
    let (mut names, mut funcs) = (NameSection::new(), NameMap::new());
    funcs.append(0, std::str::from_utf8(name).unwrap());
    names.functions(&funcs);
    parts.finish_with(&names)
}
