//! Modules for each way to be expensive. In: about how many bytes one should have. Out: its bytes.

use wasm_encoder::{
    BlockType, BranchHint, BranchHints, Catch, CodeSection, CompositeInnerType, CompositeType, ConstExpr,
    CustomSection, DataSection, ElementSection, Elements, EntityType, ExportKind, ExportSection, FieldType,
    Function, FunctionSection, GlobalSection, GlobalType, HeapType, ImportSection, Imports, Instruction as I,
    MemorySection, MemoryType, RawSection, RefType, StorageType, StructType, SubType, TableSection,
    TableType, TagKind, TagSection, TagType, TypeSection, ValType,
};

/// A module of some kind.
pub(crate) struct Bomb {
    pub(crate) name: &'static str,
    /// About so many bytes.
    pub(crate) build: fn(usize) -> Vec<u8>,
}

/// The sections of a module in the order of the format, as far as they are there.
#[derive(Default)]
struct Parts {
    types: TypeSection,
    imports: ImportSection,
    funcs: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    tags: TagSection,
    globals: GlobalSection,
    exports: ExportSection,
    elems: ElementSection,
    code: CodeSection,
    datas: DataSection,
    branch_hints: BranchHints,
}

impl Parts {
    /// Type 0 is `() -> ()`, type 1 has a thousand `i32` parameters and results, 2 is `() -> 1000 × i32`, 3 the same with `anyref`.
    fn new() -> Parts {
        let mut parts = Parts::default();
        let many = [ValType::I32; 1000];
        parts.types.ty().function([], []);
        parts.types.ty().function(many, many);
        parts.types.ty().function([], many);
        parts.types.ty().function([], [ValType::Ref(RefType::ANYREF); 1000]);
        parts
    }

    fn func(&mut self, ty: u32, locals: &[(u32, ValType)], body: impl FnOnce(&mut Function)) -> u32 {
        self.funcs.function(ty);
        let mut function = Function::new(locals.iter().copied());
        body(&mut function);
        function.instruction(&I::End);
        self.code.function(&function);
        self.funcs.len() - 1
    }

    fn finish(&self) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        macro_rules! sections {
            ($($name:ident)*) => {
                $(if !self.$name.is_empty() {
                    module.section(&self.$name);
                })*
            };
        }
        sections!(types imports funcs tables memories tags globals exports elems);
        if !self.branch_hints.is_empty() {
            module.section(&self.branch_hints);
        }
        sections!(code datas);
        module.finish()
    }
}

fn repeat(function: &mut Function, count: usize, instructions: &[I<'_>]) {
    for _ in 0..count {
        for instruction in instructions {
            function.instruction(instruction);
        }
    }
}

/// A module with one function of type `() -> ()`; function 0 and 1 answer a thousand numbers or references.
fn body(locals: &[(u32, ValType)], body: impl FnOnce(&mut Function)) -> Vec<u8> {
    let mut parts = Parts::new();
    parts.func(2, &[], |f| repeat(f, 1, &[I::Unreachable]));
    parts.func(3, &[], |f| repeat(f, 1, &[I::Unreachable]));
    parts.func(1, &[], |f| repeat(f, 1, &[I::Unreachable]));
    parts.func(0, locals, body);
    parts.finish()
}

const ANYREF: ValType = ValType::Ref(RefType::ANYREF);
const EMPTY: BlockType = BlockType::Empty;
const MANY: BlockType = BlockType::FunctionType(1);
const RESULTS: BlockType = BlockType::FunctionType(2);

fn field(ty: ValType) -> FieldType {
    FieldType { element_type: StorageType::Val(ty), mutable: true }
}

fn object(is_final: bool, supertype_idx: Option<u32>, fields: &[FieldType]) -> SubType {
    let inner = CompositeInnerType::Struct(StructType { fields: fields.into() });
    let composite_type = CompositeType { inner, shared: false, descriptor: None, describes: None };
    SubType { is_final, supertype_idxs: supertype_idx.into_iter().collect(), composite_type }
}

/// Distinct lists of types of the given length, told apart by their digits.
fn digits(number: usize, len: usize) -> Vec<ValType> {
    let digit = |i| [ValType::I32, ValType::I64, ValType::F32, ValType::F64][number >> (2 * i) & 3];
    (0..len).map(digit).collect()
}

const MEMORY: MemoryType =
    MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };

fn table(minimum: u64) -> TableType {
    TableType { element_type: RefType::FUNCREF, minimum, maximum: None, table64: false, shared: false }
}

const GLOBAL: GlobalType = GlobalType { val_type: ValType::I32, mutable: false, shared: false };

/// Bombs of sections other than the code.
pub(crate) const SECTIONS: &[Bomb] = &[
    Bomb {
        name: "distinct function types",
        build: |bytes| {
            let mut parts = Parts::default();
            for i in 0..bytes / 13 {
                parts.types.ty().function(digits(i, 10), []);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "equal function types",
        build: |bytes| {
            let mut parts = Parts::default();
            for _ in 0..bytes / 3 {
                parts.types.ty().function([], []);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "function types of a thousand",
        build: |bytes| {
            let mut parts = Parts::default();
            for i in 0..bytes / 2000 {
                let mut params = digits(i, 10);
                params.resize(1000, ValType::I32);
                parts.types.ty().function(params, [ValType::I64; 1000]);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "one group of many types",
        build: |bytes| {
            let mut parts = Parts::default();
            parts.types.ty().rec((0..bytes / 4).map(|_| object(true, None, &[])));
            parts.finish()
        },
    },
    Bomb {
        name: "groups without types",
        build: |bytes| {
            let mut parts = Parts::default();
            for _ in 0..bytes / 2 {
                parts.types.ty().rec([]);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "groups that differ in the last type only",
        build: |bytes| {
            let mut parts = Parts::default();
            for i in 0..bytes / 4000 {
                let last = digits(i, 8).iter().map(|&ty| field(ty)).collect::<Vec<_>>();
                parts
                    .types
                    .ty()
                    .rec((0..1000).map(|n| object(true, None, if n == 999 { &last } else { &[] })));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "chains of subtypes",
        build: |bytes| {
            let mut parts = Parts::default();
            for i in 0..bytes as u32 / 6 {
                let supertype = if i % 60 == 0 { None } else { Some(i - 1) };
                parts.types.ty().subtype(&object(false, supertype, &[]));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "structs of ten thousand fields, each below the last",
        build: |bytes| {
            let mut parts = Parts::default();
            let fields = [field(ANYREF); 10_000];
            for i in 0..bytes as u32 / 20_000 {
                let supertype = if i % 60 == 0 { None } else { Some(i - 1) };
                parts.types.ty().subtype(&object(false, supertype, &fields));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "structs of bytes",
        build: |bytes| {
            let mut parts = Parts::default();
            let byte = FieldType { element_type: StorageType::I8, mutable: false };
            for i in 0..bytes / 20_000 {
                let mut fields: Vec<FieldType> = digits(i, 8).iter().map(|&ty| field(ty)).collect();
                fields.resize(10_000, byte);
                parts.types.ty().struct_(fields);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "imports without names",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 4 {
                parts.imports.import("", "", EntityType::Function(0));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "imports of globals",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 5 {
                parts.imports.import("", "", EntityType::Global(GLOBAL));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "imports of a byte each",
        build: |bytes| {
            let mut parts = Parts::new();
            let ty = EntityType::Global(GLOBAL);
            parts.imports.imports(Imports::Compact2 { module: "", ty, names: vec![""; bytes].into() });
            parts.finish()
        },
    },
    Bomb {
        name: "imports from a module with a long name",
        build: |bytes| {
            let mut parts = Parts::new();
            let names: Vec<String> = (0..bytes / 6).map(|i| format!("{i:x}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let (module, ty) = ("n".repeat(90_000), EntityType::Function(0));
            parts.imports.imports(Imports::Compact2 { module: &module, ty, names: names.into() });
            parts.finish()
        },
    },
    Bomb {
        name: "imports from a module with a long name, fewer than the limit",
        build: |_| {
            let mut parts = Parts::new();
            let names: Vec<String> = (0..90_000).map(|i| format!("{i:x}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let (module, ty) = ("n".repeat(90_000), EntityType::Function(0));
            parts.imports.imports(Imports::Compact2 { module: &module, ty, names: names.into() });
            parts.finish()
        },
    },
    Bomb {
        name: "imports with long names",
        build: |bytes| {
            let mut parts = Parts::new();
            let name = "n".repeat(90_000);
            for _ in 0..bytes / 180_000 {
                parts.imports.import(&name, &name, EntityType::Function(0));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "exports of one function",
        build: |bytes| {
            let mut parts = Parts::new();
            parts.func(0, &[], |_| ());
            for i in 0..bytes / 7 {
                parts.exports.export(&format!("{i:x}"), ExportKind::Func, 0);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "exports with long names that differ at their ends",
        build: |bytes| {
            let mut parts = Parts::new();
            parts.func(0, &[], |_| ());
            let name = "n".repeat(50_000);
            for i in 0..bytes / 50_000 {
                parts.exports.export(&format!("{name}{i}"), ExportKind::Func, 0);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "empty functions",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 4 {
                parts.func(0, &[], |_| ());
            }
            parts.finish()
        },
    },
    Bomb {
        name: "globals",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 5 {
                parts.globals.global(GLOBAL, &ConstExpr::i32_const(0));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "a long constant expression",
        build: |bytes| {
            let mut parts = Parts::new();
            let mut value = ConstExpr::i32_const(0);
            for _ in 0..bytes / 3 {
                value = value.with_i32_const(0).with_i32_add();
            }
            parts.globals.global(GLOBAL, &value);
            parts.finish()
        },
    },
    Bomb {
        name: "a constant expression of many operands",
        build: |bytes| {
            let mut parts = Parts::new();
            let mut value = ConstExpr::i32_const(0);
            for _ in 0..bytes / 3 {
                value = value.with_i32_const(0);
            }
            for _ in 0..bytes / 3 {
                value = value.with_i32_add();
            }
            parts.globals.global(GLOBAL, &value);
            parts.finish()
        },
    },
    Bomb {
        name: "tables",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 3 {
                parts.tables.table(table(0));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "huge tables",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 6 {
                parts.tables.table(table(9_000_000));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "memories",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 2 {
                parts.memories.memory(MEMORY);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "tags",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 2 {
                parts.tags.tag(TagType { kind: TagKind::Exception, func_type_idx: 0 });
            }
            parts.finish()
        },
    },
    Bomb {
        name: "empty element segments",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 3 {
                parts.elems.passive(Elements::Functions([][..].into()));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "an element segment of functions",
        build: |bytes| {
            let mut parts = Parts::new();
            parts.func(0, &[], |_| ());
            parts.elems.passive(Elements::Functions(vec![0; bytes].into()));
            parts.finish()
        },
    },
    Bomb {
        name: "an element segment of expressions",
        build: |bytes| {
            let mut parts = Parts::new();
            let null = vec![ConstExpr::ref_null(HeapType::FUNC); bytes / 3];
            parts.elems.passive(Elements::Expressions(RefType::FUNCREF, null.into()));
            parts.finish()
        },
    },
    Bomb {
        name: "empty data segments",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 2 {
                parts.datas.passive([]);
            }
            parts.finish()
        },
    },
    Bomb {
        name: "one data segment",
        build: |bytes| {
            let mut parts = Parts::new();
            parts.datas.passive(vec![0; bytes]);
            parts.finish()
        },
    },
    Bomb {
        name: "custom sections",
        build: |bytes| {
            let mut module = wasm_encoder::Module::new();
            for _ in 0..bytes / 3 {
                module.section(&CustomSection { name: "".into(), data: [][..].into() });
            }
            module.finish()
        },
    },
    Bomb {
        name: "branch hints",
        build: |bytes| {
            let mut parts = Parts::new();
            let hints =
                (0..bytes as u32 / 8).map(|i| BranchHint { branch_func_offset: 1 + i, branch_hint_value: 1 });
            parts.branch_hints.function_hints(0, hints.collect::<Vec<_>>());
            parts.func(0, &[], |f| repeat(f, bytes / 8, &[I::Nop, I::Nop]));
            parts.finish()
        },
    },
    Bomb {
        name: "a claim of many items",
        build: |bytes| {
            let mut contents = vec![0xff, 0xff, 0xff, 0x7f];
            contents.resize(bytes, 0);
            let mut module = wasm_encoder::Module::new();
            module.section(&RawSection { id: 6, data: &contents });
            module.finish()
        },
    },
];

/// Bombs of functions.
pub(crate) const FUNCTIONS: &[Bomb] = &[
    Bomb {
        name: "results that pile up",
        build: |bytes| body(&[], |f| repeat(f, bytes / 2, &[I::Call(0), I::Unreachable])),
    },
    Bomb {
        name: "results that pile up where control never comes",
        build: |bytes| body(&[], |f| repeat(f, bytes / 2, &[I::Unreachable, I::Call(0)])),
    },
    Bomb {
        name: "results that pile up in reach",
        build: |bytes| {
            body(&[], |f| {
                repeat(f, bytes / 2, &[I::Call(0)]);
                repeat(f, 1, &[I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "results that are dropped by a branch",
        build: |bytes| body(&[], |f| repeat(f, bytes / 7, &[I::Block(EMPTY), I::Call(0), I::Br(0), I::End])),
    },
    Bomb {
        name: "references that are dropped by a branch",
        build: |bytes| {
            body(&[], |f| {
                repeat(
                    f,
                    bytes / 12,
                    &[I::Block(EMPTY), I::Call(1), I::Loop(EMPTY), I::End, I::Br(0), I::End],
                );
            })
        },
    },
    Bomb {
        name: "calls with a thousand parameters and results",
        build: |bytes| {
            body(&[], |f| {
                repeat(f, 1, &[I::Call(0)]);
                repeat(f, bytes / 2, &[I::Call(2)]);
                repeat(f, 1, &[I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "calls in unreachable code",
        build: |bytes| {
            body(&[], |f| {
                repeat(f, 1, &[I::Unreachable]);
                repeat(f, bytes / 3, &[I::Call(2), I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "blocks with a thousand parameters",
        build: |bytes| {
            body(&[], |f| {
                repeat(f, 1, &[I::Call(0)]);
                repeat(f, bytes / 3, &[I::Block(MANY), I::End]);
                repeat(f, 1, &[I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "loops with a thousand parameters",
        build: |bytes| {
            body(&[], |f| {
                repeat(f, 1, &[I::Call(0)]);
                repeat(f, bytes / 3, &[I::Loop(MANY), I::End]);
                repeat(f, 1, &[I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "conditionals with a thousand parameters",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                repeat(f, 1, &[I::Call(0)]);
                repeat(f, bytes / 6, &[I::LocalGet(0), I::If(MANY), I::Else, I::End]);
                repeat(f, 1, &[I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "branches with a thousand values",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                repeat(f, 1, &[I::Block(RESULTS), I::Call(0)]);
                repeat(f, bytes / 4, &[I::LocalGet(0), I::BrIf(0)]);
                repeat(f, 1, &[I::End, I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "a branch table over labels of a thousand values",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                repeat(f, 1, &[I::Block(RESULTS), I::Call(0), I::LocalGet(0)]);
                repeat(f, 1, &[I::BrTable(vec![0; bytes].into(), 0), I::End, I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "a branch table to distinct labels of a thousand values",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                let labels = bytes / 6;
                repeat(f, labels, &[I::Block(RESULTS)]);
                repeat(f, 1, &[I::Call(0), I::LocalGet(0)]);
                repeat(f, 1, &[I::BrTable((0..labels as u32).collect(), 0)]);
                repeat(f, labels, &[I::End]);
                repeat(f, 1, &[I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "a branch table to one label without values",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                repeat(f, 1, &[I::Block(EMPTY), I::LocalGet(0)]);
                repeat(f, 1, &[I::BrTable(vec![0; bytes].into(), 0), I::End]);
            })
        },
    },
    Bomb {
        name: "many branch tables over labels of a thousand values",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                repeat(f, 1, &[I::Block(RESULTS)]);
                for _ in 0..bytes / 30 {
                    let table = I::BrTable([1; 20][..].into(), 1);
                    repeat(f, 1, &[I::Block(EMPTY), I::Call(0), I::LocalGet(0), table, I::End]);
                }
                repeat(f, 1, &[I::Unreachable, I::End, I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "deep nesting",
        build: |bytes| {
            body(&[], |f| {
                repeat(f, bytes / 3, &[I::Block(EMPTY)]);
                repeat(f, bytes / 3, &[I::End]);
            })
        },
    },
    Bomb {
        name: "deep nesting of handlers",
        build: |bytes| {
            body(&[], |f| {
                let clauses: Vec<Catch> = [Catch::All { label: 0 }].into();
                repeat(f, bytes / 6, &[I::TryTable(EMPTY, clauses.into())]);
                repeat(f, bytes / 6, &[I::End]);
            })
        },
    },
    Bomb {
        name: "many clauses",
        build: |bytes| {
            body(&[], |f| {
                let clauses = vec![Catch::All { label: 0 }; 10_000];
                repeat(f, bytes / 20_000, &[I::TryTable(EMPTY, clauses.into()), I::End]);
            })
        },
    },
    Bomb {
        name: "many clauses for labels of a thousand values",
        build: |bytes| {
            let mut parts = Parts::new();
            parts.types.ty().function([ValType::I32; 1000], []);
            parts.tags.tag(TagType { kind: TagKind::Exception, func_type_idx: 4 });
            parts.func(2, &[], |f| {
                let clauses = vec![Catch::One { tag: 0, label: 0 }; 10_000];
                repeat(f, bytes / 30_000, &[I::TryTable(EMPTY, clauses.into()), I::End]);
                repeat(f, 1, &[I::Unreachable]);
            });
            parts.finish()
        },
    },
    Bomb {
        name: "operands",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                repeat(f, bytes / 3, &[I::LocalGet(0)]);
                repeat(f, bytes / 3, &[I::Drop]);
            })
        },
    },
    Bomb {
        name: "operands of vectors",
        build: |bytes| {
            body(&[(1, ValType::V128)], |f| {
                repeat(f, bytes / 5, &[I::LocalGet(0)]);
                repeat(f, bytes / 5, &[I::I8x16Add, I::LocalGet(0)]);
                repeat(f, bytes / 5, &[I::Drop]);
                repeat(f, 1, &[I::Unreachable]);
            })
        },
    },
    Bomb {
        name: "many locals in each function",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 8 {
                parts.func(0, &[(50_000, ValType::V128)], |_| ());
            }
            parts.finish()
        },
    },
    Bomb {
        name: "many locals that are references",
        build: |bytes| {
            let mut parts = Parts::new();
            for _ in 0..bytes / 11 {
                parts.func(0, &[(50_000, ANYREF)], |f| repeat(f, 1, &[I::Loop(EMPTY), I::End]));
            }
            parts.finish()
        },
    },
    Bomb {
        name: "locals of types in turn",
        build: |bytes| {
            let locals: Vec<_> =
                (0..25_000).flat_map(|_| [(1, ValType::I32), (1, ANYREF)]).take(bytes / 2).collect();
            body(&locals, |f| repeat(f, 1, &[I::Loop(EMPTY), I::End]))
        },
    },
    Bomb { name: "groups of no locals", build: |bytes| body(&vec![(0, ValType::I32); bytes / 2], |_| ()) },
    Bomb {
        name: "locals that must be set, in many blocks",
        build: |bytes| {
            let never_null = RefType { nullable: false, heap_type: HeapType::FUNC };
            let mut parts = Parts::new();
            parts.func(0, &[], |_| ());
            parts.elems.declared(Elements::Functions([0][..].into()));
            parts.func(0, &[(100, ValType::Ref(never_null))], |f| {
                for i in 0..bytes as u32 / 7 {
                    let set = [I::Block(EMPTY), I::RefFunc(0), I::LocalSet(i % 100), I::End];
                    repeat(f, 1, &set);
                }
            });
            parts.finish()
        },
    },
    Bomb {
        name: "empty loops",
        build: |bytes| body(&[], |f| repeat(f, bytes / 3, &[I::Loop(EMPTY), I::End])),
    },
    Bomb {
        name: "branches out of loops",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                repeat(f, bytes / 7, &[I::Loop(EMPTY), I::LocalGet(0), I::BrIf(0), I::End]);
            })
        },
    },
    Bomb {
        name: "conditionals",
        build: |bytes| {
            body(&[(1, ValType::I32)], |f| {
                repeat(f, bytes / 6, &[I::LocalGet(0), I::If(EMPTY), I::Else, I::End]);
            })
        },
    },
    Bomb { name: "calls", build: |bytes| body(&[], |f| repeat(f, bytes / 2, &[I::Call(3)])) },
    Bomb {
        name: "fuel for short runs",
        build: |bytes| body(&[], |f| repeat(f, bytes / 5, &[I::Block(EMPTY), I::Br(0), I::End])),
    },
    Bomb {
        name: "sums above 65,536 slots",
        build: |bytes| {
            body(&[(49_000, ValType::V128)], |f| {
                repeat(f, bytes / 9, &[I::LocalGet(48_000), I::LocalGet(48_001), I::I8x16Add, I::Drop]);
            })
        },
    },
    Bomb {
        name: "structs of ten thousand fields",
        build: |bytes| {
            let mut parts = Parts::new();
            parts.types.ty().struct_([field(ValType::I32); 10_000]);
            parts.func(0, &[], |f| repeat(f, bytes / 4, &[I::Unreachable, I::StructNew(4)]));
            parts.finish()
        },
    },
    Bomb {
        name: "an array of a huge fixed size where control never comes",
        build: |bytes| {
            let mut parts = Parts::new();
            parts.types.ty().array(&StorageType::Val(ValType::I32), true);
            parts.func(0, &[], |f| {
                repeat(f, 1, &[I::Unreachable]);
                let fixed = I::ArrayNewFixed { array_type_index: 4, array_size: u32::MAX };
                repeat(f, bytes / 9, &[fixed, I::Unreachable]);
            });
            parts.finish()
        },
    },
];
