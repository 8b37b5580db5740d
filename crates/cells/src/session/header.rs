//! The header of a checkpoint: what a session has to know to go on.
//!
//! ```text
//! version of the compiler │ texts │ structs' names, types, structs' fields │ instances │ names │ cells
//! ```
//!
//! Numbers are LEB128, and a text is its number in the list of texts. A type refers to types before it and to structs, so fields of
//! structs come after all types. An instance with code has its source and what it looked up: compiled against that it becomes the same
//! module again. Nothing that is read is trusted: counts are held against the bytes that are left, numbers against what there is.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::cells::{Cell, Uses};
use super::compile::compile;
use super::file::DAMAGED;
use super::graph::{Code, Content, Node};
use super::{Restoration, Session, Tools, resolve};
use crate::environment::{Environment, InstanceId, Symbol, SymbolKind};
use crate::types::{FieldType, StructDefinition, StructId, Type, TypeId, Types};

/// Headers of other compilers are refused: closures have numbers that only the same compiler gives again.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How deep types may be nested: more than any source says, and little enough for functions that follow a type down.
const MOST_DEPTH: u32 = 200;

/// How many parts the types of all fields may have together, written out.
const MOST_PARTS: usize = 1 << 16;

impl Session {
    /// What the session needs to come back. Only a header that was made right after [`Session::saved`] fits to the data.
    pub fn header(&self) -> Vec<u8> {
        let mut out = Writer::new(&self.types);
        out.number(self.graph.len() as u32);
        for (instance, node) in self.graph.iter() {
            out.number(instance.0);
            out.text(&node.cell);
            match &node.content {
                Content::Values(names) => {
                    out.body.push(0);
                    out.number(names.len() as u32);
                    for (name, kind) in names {
                        out.text(name);
                        out.kind(*kind);
                    }
                }
                Content::Code(code) => {
                    out.body.push(1);
                    out.text(&code.source);
                    out.uses(&code.uses);
                }
            }
        }
        let mut names: Vec<_> = self.environment.iter().collect();
        names.sort_unstable_by_key(|(name, _)| *name);
        out.number(names.len() as u32);
        for (name, symbol) in names {
            out.text(name);
            out.symbol(symbol);
        }
        let cells: Vec<_> = self.cells.iter().collect();
        out.number(cells.len() as u32);
        for cell in cells {
            out.text(&cell.id);
            out.number(cell.instance.0);
            out.uses(&cell.uses);
            out.number(cell.names.len() as u32);
            for name in cell.names.iter() {
                out.text(name);
            }
        }
        out.finish()
    }

    /// The session of a checkpoint, and how the host brings its instances back.
    ///
    /// # Errors
    ///
    /// If the header is damaged or of another version.
    pub fn restore(header: &[u8], tools: Tools) -> Result<(Self, Restoration), String> {
        let mut session = Self::new(tools);
        let restoration = session.absorb(header)?;
        Ok((session, restoration))
    }

    /// Adds the cells of a checkpoint to those that there are, with numbers of instances from [`Session::next_instance`] on. Its names
    /// replace equal ones.
    ///
    /// # Errors
    ///
    /// If the header is damaged or of another version, or if there are more instances than numbers. The cells are then as before.
    pub fn absorb(&mut self, header: &[u8]) -> Result<Restoration, String> {
        let mark = self.types.mark();
        let result = self.read(header);
        if result.is_err() {
            self.types.truncate(mark);
            // What was compiled for it may have its types.
            self.cache.clear();
        }
        result
    }

    fn read(&mut self, header: &[u8]) -> Result<Restoration, String> {
        let first = self.next;
        let mut input = Reader::new(header, first, &mut self.types)?;
        let raw = input.read_nodes()?;
        let names = input.read_names()?;
        let cells = input.read_cells()?;
        if !input.bytes.is_empty() {
            return Err(DAMAGED.into());
        }

        let mut nodes = Vec::with_capacity(raw.len());
        for node in raw {
            nodes.push((node.instance, self.build(node)?));
        }
        let instances: FxHashSet<_> = nodes.iter().map(|(instance, _)| *instance).collect();
        let sound =
            names.iter().all(|(name, symbol)| {
                let node = nodes.binary_search_by_key(&symbol.instance, |(instance, _)| *instance);
                node.is_ok_and(|at| defines(&nodes[at].1, name, symbol.kind))
            }) && nodes.iter().all(|(_, node)| node.needs().all(|needed| instances.contains(&needed)));
        if !sound {
            return Err(DAMAGED.into());
        }

        self.next = input.next;
        let mut dropped = Vec::new();
        for cell in &cells {
            self.undefine(&cell.id, &mut dropped);
        }
        for node in nodes {
            self.graph.add(node);
        }
        for (name, symbol) in names {
            self.define(&name, Some(symbol), &mut dropped);
        }
        for instance in instances {
            self.graph.settle(instance, &mut dropped);
        }
        for cell in cells {
            self.cells.insert(cell, &self.graph);
        }
        self.cells.all_changed(&self.environment);
        let mut restoration = self.restoration(first);
        restoration.dropped = dropped.into_iter().filter(|instance| instance.0 < first).collect();
        Ok(restoration)
    }

    /// The number that the next run of a cell gets.
    pub fn next_instance(&self) -> InstanceId {
        InstanceId(self.next)
    }

    /// Compiles an instance with code again.
    fn build(&mut self, node: RawNode) -> Result<Node, String> {
        let content = match node.content {
            RawContent::Values(names) => Content::Values(names),
            RawContent::Code(source, uses) => {
                let mut environment = Environment::default();
                for (name, symbol) in uses.iter() {
                    if let Some(symbol) = symbol {
                        environment.define(Rc::clone(name), *symbol);
                    }
                }
                let artifact = match self.cache.get(&source, &environment) {
                    Some((_, artifact)) => artifact,
                    None => {
                        let (result, _) = compile(&source, &environment, &mut self.types, self.tools);
                        let artifact = result.map_err(|diagnostics| {
                            let why = diagnostics.first().map_or("", |diagnostic| &diagnostic.message);
                            format!("cell {} of the checkpoint cannot be compiled again: {why}", node.cell)
                        })?;
                        let artifact = Rc::new(artifact);
                        self.cache.put(&source, &artifact);
                        artifact
                    }
                };
                let (uses, imports) = resolve(&artifact, &environment).ok_or(DAMAGED)?;
                if imports.iter().any(|&import| import >= node.instance) {
                    return Err(DAMAGED.into());
                }
                Content::Code(Code { artifact, source, uses, imports })
            }
        };
        Ok(Node::new(node.cell, content))
    }
}

/// Whether an instance has defined this.
fn defines(node: &Node, name: &Rc<str>, kind: SymbolKind) -> bool {
    match &node.content {
        Content::Values(names) => names.iter().any(|(defined, is)| defined == name && *is == kind),
        Content::Code(code) => code
            .artifact
            .definitions
            .iter()
            .any(|definition| definition.name == *name && definition.kind == kind),
    }
}

/// Collects texts and types while the rest is written.
struct Writer<'a> {
    types: &'a Types,
    texts: FxHashMap<Rc<str>, u32>,
    in_order: Vec<Rc<str>>,
    type_numbers: FxHashMap<TypeId, u32>,
    type_bytes: Vec<u8>,
    structs: Vec<StructId>,
    struct_numbers: FxHashMap<StructId, u32>,
    body: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new(types: &'a Types) -> Self {
        Self {
            types,
            texts: FxHashMap::default(),
            in_order: Vec::new(),
            type_numbers: FxHashMap::default(),
            type_bytes: Vec::new(),
            structs: Vec::new(),
            struct_numbers: FxHashMap::default(),
            body: Vec::new(),
        }
    }

    fn number(&mut self, number: u32) {
        leb(&mut self.body, number);
    }

    fn text_number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.texts.get(text) {
            return number;
        }
        let number = self.in_order.len() as u32;
        let text: Rc<str> = text.into();
        self.in_order.push(Rc::clone(&text));
        self.texts.insert(text, number);
        number
    }

    fn text(&mut self, text: &str) {
        let number = self.text_number(text);
        self.number(number);
    }

    fn struct_number(&mut self, id: StructId) -> u32 {
        let next = self.structs.len() as u32;
        let number = *self.struct_numbers.entry(id).or_insert(next);
        if number == next {
            self.structs.push(id);
        }
        number
    }

    /// The number of a type, whose bytes are written if they are not yet; those of what it refers to come first.
    fn type_number(&mut self, id: TypeId) -> u32 {
        if let Some(&number) = self.type_numbers.get(&id) {
            return number;
        }
        let types = self.types;
        let mut bytes = Vec::new();
        match types.get(id) {
            Type::Unit => bytes.push(0),
            Type::Int => bytes.push(1),
            Type::Float => bytes.push(2),
            Type::Bool => bytes.push(3),
            Type::String => bytes.push(4),
            Type::Never => bytes.push(5),
            Type::Array(element) => {
                bytes.push(6);
                leb(&mut bytes, self.type_number(*element));
            }
            Type::Tuple(elements) => {
                bytes.push(7);
                self.type_list(&mut bytes, elements);
            }
            Type::Function(params, result) => {
                bytes.push(8);
                self.type_list(&mut bytes, params);
                leb(&mut bytes, self.type_number(*result));
            }
            Type::Struct(id) => {
                bytes.push(9);
                leb(&mut bytes, self.struct_number(*id));
            }
        }
        self.type_bytes.append(&mut bytes);
        let number = self.type_numbers.len() as u32;
        self.type_numbers.insert(id, number);
        number
    }

    fn type_list(&mut self, bytes: &mut Vec<u8>, list: &[TypeId]) {
        leb(bytes, list.len() as u32);
        for &id in list {
            leb(bytes, self.type_number(id));
        }
    }

    fn kind(&mut self, kind: SymbolKind) {
        let (tag, number) = match kind {
            SymbolKind::Value { ty, mutable: false } => (0, self.type_number(ty)),
            SymbolKind::Value { ty, mutable: true } => (1, self.type_number(ty)),
            SymbolKind::Function(ty) => (2, self.type_number(ty)),
            SymbolKind::Struct(id) => (3, self.struct_number(id)),
        };
        self.body.push(tag);
        self.number(number);
    }

    fn symbol(&mut self, symbol: &Symbol) {
        self.kind(symbol.kind);
        self.number(symbol.instance.0);
    }

    fn uses(&mut self, uses: &Uses) {
        self.number(uses.len() as u32);
        for (name, symbol) in uses.iter() {
            self.text(name);
            self.body.push(u8::from(symbol.is_some()));
            if let Some(symbol) = symbol {
                self.symbol(symbol);
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        // Fields may have types that nothing else has, and these other structs.
        let mut fields = Vec::new();
        let mut at = 0;
        while let Some(&id) = self.structs.get(at) {
            let of = &self.types.struct_type(id).fields;
            leb(&mut fields, of.len() as u32);
            for field in of {
                leb(&mut fields, self.text_number(&field.name));
                leb(&mut fields, self.type_number(field.ty));
            }
            at += 1;
        }
        let mut names = Vec::new();
        for id in self.structs.clone() {
            leb(&mut names, self.text_number(&self.types.struct_type(id).name));
        }
        let mut out = Vec::new();
        text(&mut out, VERSION);
        leb(&mut out, self.in_order.len() as u32);
        for each in &self.in_order {
            text(&mut out, each);
        }
        leb(&mut out, self.structs.len() as u32);
        out.extend_from_slice(&names);
        leb(&mut out, self.type_numbers.len() as u32);
        out.extend_from_slice(&self.type_bytes);
        out.extend_from_slice(&fields);
        out.extend_from_slice(&self.body);
        out
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    leb(out, text.len() as u32);
    out.extend_from_slice(text.as_bytes());
}

fn leb(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// An instance as it is written.
struct RawNode {
    instance: InstanceId,
    cell: Rc<str>,
    content: RawContent,
}

enum RawContent {
    Values(Vec<(Rc<str>, SymbolKind)>),
    Code(Rc<str>, Uses),
}

/// A header that is not what [`Session::header`] writes.
struct Damaged;

impl From<Damaged> for String {
    fn from(_: Damaged) -> Self {
        DAMAGED.into()
    }
}

/// A type as it is written: others and structs by their numbers.
enum RawType {
    Simple(TypeId),
    Array(usize),
    Tuple(Vec<usize>),
    Function(Vec<usize>, usize),
    Struct(usize),
}

/// A type of a field, which names structs that are not defined yet. `left` is how many parts it may have.
fn field_type(raw: &[RawType], number: usize, left: &mut usize) -> Result<FieldType, Damaged> {
    *left = left.checked_sub(1).ok_or(Damaged)?;
    let mut all =
        |list: &[usize]| list.iter().map(|&number| field_type(raw, number, left)).collect::<Result<_, _>>();
    Ok(match &raw[number] {
        RawType::Simple(ty) => FieldType::Known(*ty),
        RawType::Array(element) => FieldType::Array(Box::new(field_type(raw, *element, left)?)),
        RawType::Tuple(elements) => FieldType::Tuple(all(elements)?),
        RawType::Function(params, result) => {
            let params = all(params)?;
            FieldType::Function(params, Box::new(field_type(raw, *result, left)?))
        }
        RawType::Struct(number) => FieldType::Group(*number),
    })
}

/// What is left of a header, and what was before.
struct Reader<'a> {
    bytes: &'a [u8],
    /// What is added to numbers of instances.
    first: u32,
    /// A number greater than those of all instances that were read.
    next: u32,
    texts: Vec<Rc<str>>,
    types: Vec<TypeId>,
    structs: Vec<StructId>,
}

impl<'a> Reader<'a> {
    /// Reads up to the types, which it adds to those of the session.
    fn new(bytes: &'a [u8], first: u32, types: &mut Types) -> Result<Self, String> {
        let mut input =
            Self { bytes, first, next: first, texts: Vec::new(), types: Vec::new(), structs: Vec::new() };
        let version = input.raw_text()?;
        if version != VERSION {
            return Err(format!(
                "the checkpoint is of version {version} of the compiler, and this is version {VERSION}"
            ));
        }
        for _ in 0..input.count()? {
            let text = input.raw_text()?.into();
            input.texts.push(text);
        }
        let names = input.list(Self::text)?;
        input.read_types(types, &names)?;
        Ok(input)
    }

    /// Reads types and the fields of structs: the structs are defined first, of what the types look like, and then the types are those
    /// with these structs in them.
    fn read_types(&mut self, types: &mut Types, names: &[Rc<str>]) -> Result<(), Damaged> {
        let (mut raw, mut depths) = (Vec::new(), Vec::new());
        for _ in 0..self.count()? {
            let (ty, depth) = self.read_type(&depths, names.len())?;
            raw.push(ty);
            depths.push(depth);
        }
        let mut left = MOST_PARTS;
        let mut definitions = Vec::with_capacity(names.len());
        for name in names {
            let mut fields = Vec::new();
            for _ in 0..self.count()? {
                let name = self.text()?;
                let number = self.number()? as usize;
                if number >= raw.len() {
                    return Err(Damaged);
                }
                fields.push((name.as_ref().into(), field_type(&raw, number, &mut left)?));
            }
            definitions.push(StructDefinition { name: name.as_ref().into(), fields });
        }
        self.structs = types.define_structs(&definitions);
        for ty in &raw {
            let of = |number: &usize| self.types[*number];
            let ty = match ty {
                RawType::Simple(ty) => *ty,
                RawType::Array(element) => types.array(of(element)),
                RawType::Tuple(elements) => types.tuple(&elements.iter().map(of).collect::<Vec<_>>()),
                RawType::Function(params, result) => {
                    types.function(&params.iter().map(of).collect::<Vec<_>>(), of(result))
                }
                RawType::Struct(number) => types.structure(self.structs[*number]),
            };
            self.types.push(ty);
        }
        Ok(())
    }

    /// Reads a type that refers to types before it, whose depths these are, and to some of so many structs; and how deep it is.
    fn read_type(&mut self, depths: &[u32], structs: usize) -> Result<(RawType, u32), Damaged> {
        let mut depth = 0;
        let mut inner = |number: u32| {
            depth = depth.max(*depths.get(number as usize).ok_or(Damaged)? + 1);
            if depth > MOST_DEPTH { Err(Damaged) } else { Ok(number as usize) }
        };
        let ty = match self.byte()? {
            0 => RawType::Simple(TypeId::UNIT),
            1 => RawType::Simple(TypeId::INT),
            2 => RawType::Simple(TypeId::FLOAT),
            3 => RawType::Simple(TypeId::BOOL),
            4 => RawType::Simple(TypeId::STRING),
            5 => RawType::Simple(TypeId::NEVER),
            6 => RawType::Array(inner(self.number()?)?),
            7 => RawType::Tuple(self.list(|input| inner(input.number()?))?),
            8 => {
                let params = self.list(|input| inner(input.number()?))?;
                RawType::Function(params, inner(self.number()?)?)
            }
            9 => {
                let number = self.number()? as usize;
                RawType::Struct(if number < structs { number } else { return Err(Damaged) })
            }
            _ => return Err(Damaged),
        };
        Ok((ty, depth))
    }

    fn read_nodes(&mut self) -> Result<Vec<RawNode>, Damaged> {
        let mut nodes: Vec<RawNode> = Vec::new();
        for _ in 0..self.count()? {
            let instance = InstanceId(self.instance_number()?);
            if nodes.last().is_some_and(|last| last.instance >= instance) {
                return Err(Damaged);
            }
            let cell = self.text()?;
            let content = match self.byte()? {
                0 => {
                    let mut names = Vec::new();
                    for _ in 0..self.count()? {
                        names.push((self.text()?, self.kind()?));
                    }
                    RawContent::Values(names)
                }
                1 => RawContent::Code(self.text()?, self.uses()?),
                _ => return Err(Damaged),
            };
            nodes.push(RawNode { instance, cell, content });
        }
        Ok(nodes)
    }

    fn read_names(&mut self) -> Result<Vec<(Rc<str>, Symbol)>, Damaged> {
        let count = self.count()?;
        (0..count).map(|_| Ok((self.text()?, self.symbol()?))).collect()
    }

    fn read_cells(&mut self) -> Result<Vec<Cell>, Damaged> {
        let mut cells = Vec::new();
        for _ in 0..self.count()? {
            let id = self.text()?;
            let instance = InstanceId(self.instance_number()?);
            let uses = self.uses()?;
            let count = self.count()?;
            let names = (0..count).map(|_| self.text()).collect::<Result<_, _>>()?;
            cells.push(Cell { id, instance, uses, names });
        }
        Ok(cells)
    }

    fn byte(&mut self) -> Result<u8, Damaged> {
        let (&byte, rest) = self.bytes.split_first().ok_or(Damaged)?;
        self.bytes = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u32, Damaged> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(number).map_err(|_| Damaged);
            }
        }
        Err(Damaged)
    }

    /// How many of something follow, each of which takes a byte at least.
    fn count(&mut self) -> Result<usize, Damaged> {
        let count = self.number()? as usize;
        if count <= self.bytes.len() { Ok(count) } else { Err(Damaged) }
    }

    fn raw_text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.count()?;
        let (text, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        std::str::from_utf8(text).map_err(|_| Damaged)
    }

    fn text(&mut self) -> Result<Rc<str>, Damaged> {
        let number = self.number()?;
        self.texts.get(number as usize).cloned().ok_or(Damaged)
    }

    fn ty(&mut self) -> Result<TypeId, Damaged> {
        let number = self.number()?;
        self.types.get(number as usize).copied().ok_or(Damaged)
    }

    /// Several of what `read` reads.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T, Damaged>) -> Result<Vec<T>, Damaged> {
        let count = self.count()?;
        (0..count).map(|_| read(self)).collect()
    }

    fn structure(&mut self) -> Result<StructId, Damaged> {
        let number = self.number()?;
        self.structs.get(number as usize).copied().ok_or(Damaged)
    }

    fn instance_number(&mut self) -> Result<u32, Damaged> {
        let number = self.number()?;
        // The greatest one marks the end in the data.
        let number = self.first.checked_add(number).filter(|&number| number < u32::MAX).ok_or(Damaged)?;
        self.next = self.next.max(number + 1);
        Ok(number)
    }

    fn kind(&mut self) -> Result<SymbolKind, Damaged> {
        Ok(match self.byte()? {
            0 => SymbolKind::Value { ty: self.ty()?, mutable: false },
            1 => SymbolKind::Value { ty: self.ty()?, mutable: true },
            2 => SymbolKind::Function(self.ty()?),
            3 => SymbolKind::Struct(self.structure()?),
            _ => return Err(Damaged),
        })
    }

    fn symbol(&mut self) -> Result<Symbol, Damaged> {
        Ok(Symbol { kind: self.kind()?, instance: InstanceId(self.instance_number()?) })
    }

    fn uses(&mut self) -> Result<Uses, Damaged> {
        let mut uses = Vec::new();
        for _ in 0..self.count()? {
            let name = self.text()?;
            let symbol = match self.byte()? {
                0 => None,
                1 => Some(self.symbol()?),
                _ => return Err(Damaged),
            };
            uses.push((name, symbol));
        }
        Ok(uses.into())
    }
}
