//! Programs as trees, which can be made smaller, and their binary form.
//!
//! ```text
//! generate ─▶ Program (modules, functions, trees of nodes) ─ encode ─▶ bytes of each module
//!                         └─ reduce: parts of it are dropped ─┘
//! ```
//!
//! Labels have names that are unique in their function, and local variables keep their numbers, so that a part can be taken away
//! without looking at the others. Whether what is left is valid, validation says.

use std::collections::HashMap;

use wasm_encoder::{
    ArrayType, BlockType, Catch, CodeSection, CompositeInnerType, CompositeType, ConstExpr, DataCountSection,
    DataSection, ElementSection, Elements, EntityType, ExportKind, ExportSection, FieldType, FuncType,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction as I, MemorySection,
    MemoryType, Module, RefType, StorageType, StructType, SubType, TableSection, TableType, TagKind,
    TagSection, TagType, TypeSection, ValType,
};

/// The name of a label.
pub(crate) type Label = u32;

/// The label of a function's body.
pub(crate) const WHOLE: Label = 0;

/// Something that leaves values of some types.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// An instruction and what makes its operands.
    Op {
        op: I<'static>,
        args: Vec<Node>,
        results: Vec<ValType>,
    },
    /// A branch. Its operands are those of the label, and what it decides by.
    Branch {
        op: Branch,
        targets: Vec<Label>,
        args: Vec<Node>,
        results: Vec<ValType>,
    },
    Block(Box<Block>),
    /// Values that are on the stack already: parameters at the start of a block.
    Rest(Vec<ValType>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Branch {
    Always,
    If,
    /// The last target is the default.
    Table,
    OnNull,
    OnNonNull,
    OnCast {
        from: RefType,
        to: RefType,
    },
    OnCastFail {
        from: RefType,
        to: RefType,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    pub(crate) label: Label,
    pub(crate) args: Vec<Node>,
    pub(crate) params: Vec<ValType>,
    pub(crate) results: Vec<ValType>,
    /// Two of an `if`.
    pub(crate) bodies: Vec<Body>,
    pub(crate) catches: Vec<Clause>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BlockKind {
    Block,
    Loop,
    If,
    Try,
}

/// A clause of a `try_table`: the tag, unless it catches all, and whether it wants the reference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause {
    pub(crate) tag: Option<u32>,
    pub(crate) reference: bool,
    pub(crate) label: Label,
}

/// Nodes that leave nothing, then nodes that leave the results.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// So many statements at the start keep a loop from running for ever: they stay.
    pub(crate) kept: usize,
    pub(crate) statements: Vec<Node>,
    pub(crate) values: Vec<Node>,
}

impl Node {
    pub(crate) fn results(&self) -> &[ValType] {
        match self {
            Node::Op { results, .. } | Node::Branch { results, .. } | Node::Rest(results) => results,
            Node::Block(block) => &block.results,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Func(Vec<ValType>, Vec<ValType>),
    /// The fields, those of the parent among them, and the parent.
    Struct(Vec<StorageType>, Option<u32>),
    Array(StorageType),
}

#[derive(Clone, Debug)]
pub(crate) struct Func {
    pub(crate) ty: u32,
    /// Those behind the parameters.
    pub(crate) locals: Vec<ValType>,
    pub(crate) body: Body,
}

/// What is defined in the first module, and imported by a second one.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Types of both modules. Objects' types come first.
    pub(crate) types: Vec<Type>,
    /// The types of functions of the host, which both modules import.
    pub(crate) host: Vec<u32>,
    pub(crate) memories: Vec<MemoryType>,
    /// The functions in table 0, by number as in `funcs`.
    pub(crate) table: Vec<Option<u32>>,
    /// The other tables, all of whose elements are null.
    pub(crate) tables: Vec<TableType>,
    /// Segments of bytes that each module has, and that are copied by instructions.
    pub(crate) data: Vec<Vec<u8>>,
    /// The same of functions; those of the first module.
    pub(crate) elements: Vec<Vec<u32>>,
    /// All mutable. Number 0 bounds how many functions are entered, values are mixed into number 1.
    pub(crate) globals: Vec<(ValType, ConstExpr)>,
    /// The types of the tags.
    pub(crate) tags: Vec<u32>,
    /// The functions of the first module, then those of the second.
    pub(crate) funcs: Vec<Func>,
    /// How many are in the first one.
    pub(crate) first: usize,
}

impl Program {
    /// The bytes of the modules; `None` when a branch has lost its label.
    pub(crate) fn encode(&self) -> Option<Vec<Vec<u8>>> {
        let mut modules = vec![self.module(false)?];
        if self.first < self.funcs.len() {
            modules.push(self.module(true)?);
        }
        Some(modules)
    }

    fn module(&self, second: bool) -> Option<Vec<u8>> {
        let mut types = Types::new(&self.types);
        let (mut imports, mut exports) = (ImportSection::new(), ExportSection::new());
        for (number, &ty) in self.host.iter().enumerate() {
            imports.import("host", &format!("h{number}"), EntityType::Function(ty));
        }
        let (mut funcs, mut code) = (FunctionSection::new(), CodeSection::new());
        for (number, func) in self.funcs.iter().enumerate() {
            let name = format!("f{number}");
            match (second, number < self.first) {
                (true, true) => {
                    imports.import("first", &name, EntityType::Function(func.ty));
                }
                (false, false) => {}
                _ => {
                    funcs.function(func.ty);
                    exports.export(&name, ExportKind::Func, (self.host.len() + number) as u32);
                    code.function(&function(func, &mut types)?);
                }
            }
        }
        let (mut tables, mut elements) = (TableSection::new(), ElementSection::new());
        let table = TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: self.table.len() as u64,
            maximum: Some(self.table.len() as u64 + 4),
            shared: false,
        };
        let (mut memories, mut globals, mut tags) =
            (MemorySection::new(), GlobalSection::new(), TagSection::new());
        if second {
            imports.import("first", "t0", table);
        } else {
            tables.table(table);
            exports.export("t0", ExportKind::Table, 0);
        }
        for (number, &table) in (1..).zip(&self.tables) {
            let name = format!("t{number}");
            if second {
                imports.import("first", &name, table);
            } else {
                tables.table(table);
                exports.export(&name, ExportKind::Table, number);
            }
        }
        for (number, &memory) in self.memories.iter().enumerate() {
            let name = format!("m{number}");
            if second {
                imports.import("first", &name, memory);
            } else {
                memories.memory(memory);
                exports.export(&name, ExportKind::Memory, number as u32);
            }
        }
        for (number, (val_type, init)) in self.globals.iter().enumerate() {
            let (name, ty) =
                (format!("g{number}"), GlobalType { val_type: *val_type, mutable: true, shared: false });
            if second {
                imports.import("first", &name, ty);
            } else {
                globals.global(ty, init);
                exports.export(&name, ExportKind::Global, number as u32);
            }
        }
        for (number, &func_type_idx) in self.tags.iter().enumerate() {
            let (name, ty) = (format!("e{number}"), TagType { kind: TagKind::Exception, func_type_idx });
            if second {
                // The second module may know one tag by two names.
                let twice = number == 1 && func_type_idx == self.tags[0];
                imports.import("first", if twice { "e0" } else { &name }, ty);
            } else {
                tags.tag(ty);
                exports.export(&name, ExportKind::Tag, number as u32);
            }
        }
        for funcs in &self.elements {
            let funcs: Vec<u32> = funcs.iter().map(|func| self.host.len() as u32 + func).collect();
            elements.passive(Elements::Functions(funcs.into()));
        }
        for (at, func) in self.table.iter().enumerate() {
            let own = |func: &&u32| second == (**func as usize >= self.first);
            if let Some(&func) = func.as_ref().filter(own) {
                let func = self.host.len() as u32 + func;
                let offset = ConstExpr::i32_const(at as i32);
                elements.active(None, &offset, Elements::Functions([func].as_slice().into()));
            }
        }
        // Functions that are only referred to have to be declared.
        let count = if second { self.funcs.len() } else { self.first };
        let all: Vec<u32> = (0..(self.host.len() + count) as u32).collect();
        elements.declared(Elements::Functions(all.as_slice().into()));
        let mut module = Module::new();
        module.section(&types.section()).section(&imports).section(&funcs).section(&tables);
        module.section(&memories).section(&tags).section(&globals).section(&exports);
        let mut data = DataSection::new();
        for bytes in &self.data {
            data.passive(bytes.iter().copied());
        }
        module.section(&elements).section(&DataCountSection { count: data.len() });
        module.section(&code).section(&data);
        Some(module.finish())
    }
}

/// The type section as it grows by the types of blocks.
struct Types {
    list: Vec<Type>,
    blocks: HashMap<(Vec<ValType>, Vec<ValType>), u32>,
}

impl Types {
    fn new(list: &[Type]) -> Types {
        Types { list: list.to_vec(), blocks: HashMap::new() }
    }

    fn block(&mut self, params: &[ValType], results: &[ValType]) -> BlockType {
        match (params, results) {
            ([], []) => BlockType::Empty,
            ([], [ty]) => BlockType::Result(*ty),
            _ => {
                let key = (params.to_vec(), results.to_vec());
                let list = &mut self.list;
                BlockType::FunctionType(*self.blocks.entry(key).or_insert_with_key(|(params, results)| {
                    list.push(Type::Func(params.clone(), results.clone()));
                    list.len() as u32 - 1
                }))
            }
        }
    }

    fn section(&self) -> TypeSection {
        let mut types = TypeSection::new();
        let field = |element_type| FieldType { element_type, mutable: true };
        for ty in &self.list {
            let (inner, is_final, supertype_idx) = match ty {
                Type::Func(params, results) => {
                    let ty = FuncType::new(params.iter().copied(), results.iter().copied());
                    (CompositeInnerType::Func(ty), true, None)
                }
                Type::Struct(fields, parent) => {
                    let fields = fields.iter().map(|&ty| field(ty)).collect();
                    (CompositeInnerType::Struct(StructType { fields }), false, *parent)
                }
                Type::Array(element) => (CompositeInnerType::Array(ArrayType(field(*element))), true, None),
            };
            let composite_type = CompositeType { inner, shared: false, describes: None, descriptor: None };
            let supertype_idxs = supertype_idx.into_iter().collect();
            types.ty().subtype(&SubType { is_final, supertype_idxs, composite_type });
        }
        types
    }
}

fn function(func: &Func, types: &mut Types) -> Option<Function> {
    let mut runs: Vec<(u32, ValType)> = Vec::new();
    for ty in &func.locals {
        match runs.last_mut() {
            Some((count, last)) if last == ty => *count += 1,
            _ => runs.push((1, *ty)),
        }
    }
    let mut writer = Writer { out: Function::new(runs), types, labels: vec![WHOLE] };
    writer.body(&func.body)?;
    writer.out.instruction(&I::End);
    Some(writer.out)
}

struct Writer<'a> {
    out: Function,
    types: &'a mut Types,
    labels: Vec<Label>,
}

impl Writer<'_> {
    fn depth(&self, label: Label) -> Option<u32> {
        self.labels.iter().rev().position(|&other| other == label).map(|depth| depth as u32)
    }

    fn body(&mut self, body: &Body) -> Option<()> {
        body.statements.iter().chain(&body.values).try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Rest(_) => {}
            Node::Op { op, args, .. } => {
                args.iter().try_for_each(|arg| self.node(arg))?;
                self.out.instruction(op);
            }
            Node::Branch { op, targets, args, .. } => {
                args.iter().try_for_each(|arg| self.node(arg))?;
                let mut depths =
                    targets.iter().map(|&target| self.depth(target)).collect::<Option<Vec<_>>>()?;
                let last = depths.pop()?;
                self.out.instruction(&match op {
                    Branch::Always => I::Br(last),
                    Branch::If => I::BrIf(last),
                    Branch::Table => I::BrTable(depths.into(), last),
                    Branch::OnNull => I::BrOnNull(last),
                    Branch::OnNonNull => I::BrOnNonNull(last),
                    Branch::OnCast { from, to } => {
                        I::BrOnCast { relative_depth: last, from_ref_type: *from, to_ref_type: *to }
                    }
                    Branch::OnCastFail { from, to } => {
                        I::BrOnCastFail { relative_depth: last, from_ref_type: *from, to_ref_type: *to }
                    }
                });
            }
            Node::Block(block) => self.block(block)?,
        }
        Some(())
    }

    fn block(&mut self, block: &Block) -> Option<()> {
        block.args.iter().try_for_each(|arg| self.node(arg))?;
        let ty = self.types.block(&block.params, &block.results);
        let catches = block.catches.iter().map(|clause| {
            let label = self.depth(clause.label)?;
            Some(match (clause.tag, clause.reference) {
                (Some(tag), false) => Catch::One { tag, label },
                (Some(tag), true) => Catch::OneRef { tag, label },
                (None, false) => Catch::All { label },
                (None, true) => Catch::AllRef { label },
            })
        });
        let catches = catches.collect::<Option<Vec<_>>>()?;
        self.out.instruction(&match block.kind {
            BlockKind::Block => I::Block(ty),
            BlockKind::Loop => I::Loop(ty),
            BlockKind::If => I::If(ty),
            BlockKind::Try => I::TryTable(ty, catches.into()),
        });
        self.labels.push(block.label);
        for (number, body) in block.bodies.iter().enumerate() {
            if number > 0 {
                self.out.instruction(&I::Else);
            }
            self.body(body)?;
        }
        self.labels.pop();
        self.out.instruction(&I::End);
        Some(())
    }
}
