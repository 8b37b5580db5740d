//! From bytes to a validated [`ModuleInfo`].
//!
//! ```text
//! bytes ─ decoder ─▶ section ─ validator ─▶ set aside ───────────────────────────▶ recorded in ModuleInfo
//!                └─▶ function body ─ validator's context ─▶ set aside ─▶ validated ─┘      (types go through the registry)
//! ```
//!
//! Except for the types of functions and tags, nothing is recorded before everything is validated: then indices are in range
//! and counts are correct, and a rejected module leaves no types behind. Before validation a count is only a claim: a section
//! that claims more items than it has bytes, or than the engine's limits allow, is rejected before anything is allocated.

use std::ops::Range;

use upshift_core::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex};
use upshift_core::types::{HeapType, RefType, TypeId, TypeKind};
use upshift_core::value::V128;
use wasmparser::{
    BinaryReader, DataKind, ElementItems, ElementKind, ExternalKind, FromReader, FuncToValidate, Operator,
    Parser, Payload, RecGroup, SectionLimited, TableInit, TypeRef, ValidPayload, Validator,
    ValidatorResources,
};

use crate::bytes::ModuleBytes;
use crate::convert;
use crate::effort::{Arities, Arity};
use crate::error::ParseError;
use crate::features::{Feature, Features};
use crate::findings::Findings;
use crate::limits::{ModuleLimit, ModuleLimitExceeded, ModuleLimits};
use crate::module::{
    ConstExpr, ConstOp, DataSegment, DefinedType, ElemItems, ElemSegment, Export, ExternIndex, Import,
    ModuleInfo, SegmentMode,
};
use crate::registry::{TypeRegistry, in_group};
use crate::validate::{Bodies, Rules, useful_threads, validate_bodies};

/// The largest module in bytes, the limit that all engines of the web share: offsets have 32 bits.
const MAX_MODULE_SIZE: u64 = 1 << 30;

/// Decodes and validates a module.
///
/// Everything is validated here, function bodies included; big modules are validated by several threads.
///
/// # Errors
/// The first thing that is wrong with the module, in the order of its bytes.
///
/// ```
/// use upshift_translate::{Features, TypeRegistry, parse};
///
/// let (features, registry) = (Features::default(), TypeRegistry::default());
/// let module = parse(b"\0asm\x01\0\0\0".into(), &features, &registry)?;
/// assert!(module.exports.is_empty());
/// let error = parse(b"\0asm\x0d\0\x01\0".into(), &features, &registry).unwrap_err();
/// assert_eq!(error.to_string(), "malformed module at offset 0x4: this is a component, not a core module");
/// # Ok::<(), upshift_translate::ParseError>(())
/// ```
pub fn parse(
    bytes: ModuleBytes,
    features: &Features,
    registry: &TypeRegistry,
) -> Result<ModuleInfo, ParseError> {
    parse_within(&ModuleLimits::default(), bytes, features, registry)
}

/// Like [`parse`], with limits of what the module may contain.
///
/// # Errors
/// As for [`parse`], and of the kind [`TooLarge`](crate::ParseErrorKind::TooLarge) where the module exceeds a limit.
pub fn parse_within(
    limits: &ModuleLimits,
    bytes: ModuleBytes,
    features: &Features,
    registry: &TypeRegistry,
) -> Result<ModuleInfo, ParseError> {
    let info = parse_with(limits, &bytes, features, registry, BodyCheck::Validate(useful_threads))?;
    Ok(ModuleInfo { bytes, ..info })
}

/// Like [`parse_within`] for a module that is known to be valid: its function bodies are not looked at, and the result is the
/// same. Everything else is validated all the same.
///
/// # Safety
/// `parse_within` must have accepted the same bytes, with the same limits and features, and `findings` must be of what it
/// returned: code is made of bodies as if they had been validated, and contexts have room for the call sites that are known.
///
/// # Errors
/// As for [`parse_within`], but for what may be wrong with bodies.
///
/// ```
/// use upshift_translate::{Features, Findings, ModuleBytes, ModuleLimits, TypeRegistry, parse_valid, parse_within};
///
/// let bytes = ModuleBytes::from(wat::parse_str("(module (func (export \"f\")))")?);
/// let (limits, features, registry) = (ModuleLimits::default(), Features::default(), TypeRegistry::default());
/// let findings = Findings::of(&parse_within(&limits, bytes.clone(), &features, &registry)?);
/// // SAFETY: the findings are of the same bytes, limits and features.
/// let module = unsafe { parse_valid(&limits, bytes, &features, &registry, findings) }?;
/// assert_eq!(module.exports.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub unsafe fn parse_valid(
    limits: &ModuleLimits,
    bytes: ModuleBytes,
    features: &Features,
    registry: &TypeRegistry,
    findings: Findings,
) -> Result<ModuleInfo, ParseError> {
    let info = parse_with(limits, &bytes, features, registry, BodyCheck::Known(findings))?;
    Ok(ModuleInfo { bytes, ..info })
}

/// Like [`parse_within`] for a module that is not kept.
///
/// # Errors
/// As for [`parse_within`].
///
/// ```
/// use upshift_translate::{Features, ModuleLimits, TypeRegistry, validate_within};
///
/// let (limits, features, registry) = (ModuleLimits::strict(), Features::default(), TypeRegistry::default());
/// assert!(validate_within(&limits, b"\0asm\x01\0\0\0", &features, &registry).is_ok());
/// assert!(validate_within(&limits, b"\0asm", &features, &registry).is_err());
/// ```
pub fn validate_within(
    limits: &ModuleLimits,
    bytes: &[u8],
    features: &Features,
    registry: &TypeRegistry,
) -> Result<(), ParseError> {
    parse_with(limits, bytes, features, registry, BodyCheck::Validate(useful_threads)).map(|_| ())
}

/// How what is to be known of function bodies comes to be known.
enum BodyCheck {
    /// They are validated, by as many threads as the function says for so many bytes of code.
    Validate(fn(usize) -> usize),
    /// They are valid, and this is known.
    Known(Findings),
}

/// All about a module but its bytes.
fn parse_with(
    limits: &ModuleLimits,
    bytes: &[u8],
    features: &Features,
    registry: &TypeRegistry,
    check: BodyCheck,
) -> Result<ModuleInfo, ParseError> {
    check_header(bytes, limits)?;
    let mut builder = Builder {
        limits,
        registry,
        info: ModuleInfo::default(),
        first_func: None,
        sections: Vec::new(),
        bytes,
        counts: Counts::default(),
    };
    let outcome = builder.read_sections(features);
    let Findings { call_sites, operators } = match (check, builder.first_func.take()) {
        (BodyCheck::Known(findings), _) => findings,
        // Whatever ended the sections early lies behind all bodies that were read, so an error in a body comes first.
        (BodyCheck::Validate(threads), Some(FuncToValidate { resources, index, features, .. })) => {
            let Builder { info, counts, .. } = &builder;
            let arities = Arities { types: &counts.arities, funcs: &info.funcs, tags: &info.tags };
            let (ranges, types) = (&info.bodies, &info.funcs);
            let code_size = ranges.iter().map(ExactSizeIterator::len).sum();
            let bodies = Bodies { bytes, ranges, types, first: index, resources, features };
            validate_bodies(&bodies, &Rules::new(limits, arities), threads(code_size))?
        }
        (BodyCheck::Validate(_), None) => Findings::default(),
    };
    outcome?;
    for section in std::mem::take(&mut builder.sections) {
        builder.record(section)?;
    }
    builder.info.most_pushed = most_pushed(&builder.info);
    builder.info.call_sites = call_sites;
    builder.info.operators = operators;
    Ok(builder.info)
}

/// The most slots that one operator pushes.
fn most_pushed(info: &ModuleInfo) -> u32 {
    let results = info.types.iter().filter_map(|ty| ty.ty.as_func()).map(|ty| ty.result_slots());
    let payloads = info.tags.iter().map(|tag| info.types[tag.index()].func().param_slots());
    // A vector takes two.
    results.chain(payloads).max().unwrap_or(0).max(2)
}

fn check_header(bytes: &[u8], limits: &ModuleLimits) -> Result<(), ParseError> {
    // Version and layer are 16 bits each; layer 1 is a component of whatever version.
    if bytes.starts_with(b"\0asm") && bytes.get(6..8) == Some(&[1, 0]) {
        return Err(ParseError::malformed(4, "this is a component, not a core module"));
    }
    let (limit, wanted) = (ModuleLimit::ModuleSize, bytes.len() as u64);
    let allowed = limits.get(limit).min(MAX_MODULE_SIZE);
    if wanted > allowed {
        return Err(ModuleLimitExceeded { limit, allowed, wanted, offset: 0 }.into());
    }
    Ok(())
}

/// What the module has had so far of things that are limited but not counted anywhere else.
#[derive(Default)]
struct Counts {
    types: u64,
    type_elements: u64,
    arities: Vec<Arity>,
    name_bytes: u64,
    constant_operators: u64,
    element_items: u64,
    custom_sections: u64,
    /// Imported ones.
    tables: u64,
    memories: u64,
    globals: u64,
}

struct Builder<'a> {
    limits: &'a ModuleLimits,
    registry: &'a TypeRegistry,
    info: ModuleInfo,
    /// The first function with a body; validating the others takes the same.
    first_func: Option<FuncToValidate<ValidatorResources>>,
    /// What has been read, but for the bodies, and waits to be recorded.
    sections: Vec<Payload<'a>>,
    bytes: &'a [u8],
    counts: Counts,
}

/// Does something with any section that is a list of items.
macro_rules! with_items {
    ($payload:expr, |$section:ident| $body:expr, else $otherwise:expr) => {
        match $payload {
            Payload::TypeSection($section) => $body,
            Payload::ImportSection($section) => $body,
            Payload::FunctionSection($section) => $body,
            Payload::TableSection($section) => $body,
            Payload::MemorySection($section) => $body,
            Payload::TagSection($section) => $body,
            Payload::GlobalSection($section) => $body,
            Payload::ExportSection($section) => $body,
            Payload::ElementSection($section) => $body,
            Payload::DataSection($section) => $body,
            _ => $otherwise,
        }
    };
}

impl<'a> Builder<'a> {
    fn read_sections(&mut self, features: &Features) -> Result<(), ParseError> {
        let mut parser = Parser::new(0);
        parser.set_features(features.flags());
        let mut validator = Validator::new_with_features(features.flags());
        for payload in parser.parse_all(self.bytes) {
            let payload = payload.map_err(malformed)?;
            check_count(&payload)?;
            self.check_limits(&payload)?;
            match validator.payload(&payload) {
                Ok(ValidPayload::Func(func, body)) => {
                    self.info.bodies.push(range(body.range()));
                    self.first_func.get_or_insert(func);
                }
                Ok(_) => {
                    self.note(&payload)?;
                    self.sections.push(payload);
                }
                Err(error) if matches!(payload, Payload::UnknownSection { .. }) => {
                    return Err(malformed(error));
                }
                Err(error) => return Err(ParseError::sort(&error, decode_error(payload).as_ref())),
            }
        }
        Ok(())
    }

    /// Notes what validating bodies and checking limits of further sections needs of one that has been validated.
    fn note(&mut self, payload: &Payload<'a>) -> Result<(), ParseError> {
        match payload {
            Payload::ImportSection(section) => self.note_imports(section),
            Payload::FunctionSection(section) => {
                self.info.funcs.reserve_exact(section.count() as usize);
                for item in items(section.clone()) {
                    self.info.funcs.push(TypeIndex(item?.1));
                }
                Ok(())
            }
            Payload::TagSection(section) => {
                for item in items(section.clone()) {
                    self.info.tags.push(TypeIndex(item?.1.func_type_idx));
                }
                Ok(())
            }
            Payload::CodeSectionStart { count, .. } => {
                // As many as there are functions, or validation would have refused the section.
                self.info.bodies.reserve_exact(*count as usize);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The same for imports, which count among the items of their kinds.
    fn note_imports(&mut self, section: &wasmparser::ImportSectionReader<'a>) -> Result<(), ParseError> {
        let Builder { info, counts, .. } = self;
        for import in section.clone().into_imports_with_offsets() {
            match import.map_err(malformed)?.1.ty {
                TypeRef::Func(ty) | TypeRef::FuncExact(ty) => info.funcs.push(TypeIndex(ty)),
                TypeRef::Tag(ty) => info.tags.push(TypeIndex(ty.func_type_idx)),
                TypeRef::Table(_) => counts.tables += 1,
                TypeRef::Memory(_) => counts.memories += 1,
                TypeRef::Global(_) => counts.globals += 1,
            }
        }
        for (limit, count) in [
            (ModuleLimit::Functions, info.funcs.len() as u64),
            (ModuleLimit::Tables, counts.tables),
            (ModuleLimit::Memories, counts.memories),
            (ModuleLimit::Globals, counts.globals),
            (ModuleLimit::Tags, info.tags.len() as u64),
        ] {
            self.limits.check(limit, count, section.range().start)?;
        }
        Ok(())
    }

    /// Records a section that has been validated.
    fn record(&mut self, payload: Payload<'a>) -> Result<(), ParseError> {
        match payload {
            Payload::TypeSection(section) => self.types(section),
            Payload::ImportSection(section) => self.imports(section),
            Payload::CodeSectionStart { unchecked_range, .. } => {
                self.info.code_start = range(unchecked_range).start;
                Ok(())
            }
            Payload::TableSection(section) => self.tables(section),
            Payload::MemorySection(section) => {
                for item in items(section) {
                    self.info.memories.push(convert::memory_type(&item?.1));
                }
                Ok(())
            }
            Payload::GlobalSection(section) => self.globals(section),
            Payload::ExportSection(section) => self.exports(section),
            Payload::StartSection { func, .. } => {
                self.info.start = Some(FuncIndex(func));
                Ok(())
            }
            Payload::ElementSection(section) => self.elems(section),
            Payload::DataSection(section) => self.datas(section),
            Payload::CustomSection(section) => {
                let contents = section.data_range();
                let name = contents.start - section.name().len() as u64..contents.start;
                self.info.customs.push((range(name), range(contents)));
                Ok(())
            }
            // Functions and tags have been noted; versions, counts and ends say nothing that is not known elsewhere.
            _ => Ok(()),
        }
    }

    fn types(&mut self, section: SectionLimited<'a, RecGroup>) -> Result<(), ParseError> {
        for item in items(section) {
            let (offset, group) = item?;
            let start = self.info.types.len() as u32;
            let unsupported = |feature| ParseError::missing(offset, feature);
            let kinds =
                group.types().map(convert::kind).collect::<Result<Vec<_>, _>>().map_err(unsupported)?;
            // A group of no types is nothing that could be registered.
            if kinds.is_empty() {
                continue;
            }
            let concrete = |index: u32| match index.checked_sub(start) {
                Some(position) => (kinds[position as usize], in_group(position)),
                None => canonical(&self.info.types)(index),
            };
            let types = group.types().map(|ty| convert::sub_type(ty, concrete));
            let types = types.collect::<Result<_, _>>().map_err(unsupported)?;
            let types = self.registry.intern_group(types);
            let types = types.map_err(|error| ParseError::unsupported(offset, error.to_string()))?;
            let count = kinds.len() as u32;
            if count > 1 {
                self.info.rec_groups.push(start..start + count);
            }
            self.info.types.extend(types.map(|ty| DefinedType { id: ty.id(), ty }));
        }
        Ok(())
    }

    fn imports(&mut self, section: wasmparser::ImportSectionReader<'a>) -> Result<(), ParseError> {
        for import in section.into_imports_with_offsets() {
            let (offset, import) = import.map_err(malformed)?;
            let unsupported = |feature| ParseError::missing(offset, feature);
            let info = &mut self.info;
            let item = match import.ty {
                TypeRef::Func(_) => {
                    info.imported_funcs += 1;
                    ExternIndex::Func(FuncIndex(info.imported_funcs - 1))
                }
                TypeRef::Table(ty) => {
                    let ty = convert::table_type(&ty, canonical(&info.types)).map_err(unsupported)?;
                    info.tables.push(ty);
                    info.imported_tables += 1;
                    ExternIndex::Table(TableIndex::new(info.tables.len() - 1))
                }
                TypeRef::Memory(ty) => {
                    info.memories.push(convert::memory_type(&ty));
                    info.imported_memories += 1;
                    ExternIndex::Memory(MemoryIndex::new(info.memories.len() - 1))
                }
                TypeRef::Global(ty) => {
                    let ty = convert::global_type(&ty, canonical(&info.types)).map_err(unsupported)?;
                    info.globals.push(ty);
                    info.imported_globals += 1;
                    ExternIndex::Global(GlobalIndex::new(info.globals.len() - 1))
                }
                TypeRef::Tag(_) => {
                    info.imported_tags += 1;
                    ExternIndex::Tag(TagIndex(info.imported_tags - 1))
                }
                TypeRef::FuncExact(_) => return Err(unsupported(Feature::CustomDescriptors)),
            };
            self.info.imports.push(Import { module: import.module.into(), name: import.name.into(), item });
        }
        Ok(())
    }

    /// Counts a name.
    fn name(&mut self, name: &str, offset: u64) -> Result<(), ParseError> {
        self.counts.name_bytes += name.len() as u64;
        Ok(self.limits.check(ModuleLimit::NameBytes, self.counts.name_bytes, offset)?)
    }

    /// Counts items of an element segment.
    fn element_items(&mut self, count: u64, offset: u64) -> Result<(), ParseError> {
        self.counts.element_items = self.counts.element_items.saturating_add(count);
        Ok(self.limits.check(ModuleLimit::ElementItems, self.counts.element_items, offset)?)
    }

    fn tables(&mut self, section: wasmparser::TableSectionReader<'a>) -> Result<(), ParseError> {
        for item in items(section) {
            let (offset, table) = item?;
            let ty = convert::table_type(&table.ty, canonical(&self.info.types));
            self.info.tables.push(ty.map_err(|feature| ParseError::missing(offset, feature))?);
            let init = match table.init {
                TableInit::RefNull => None,
                TableInit::Expr(expr) => Some(self.const_expr(&expr)?),
            };
            self.info.table_inits.push(init);
        }
        Ok(())
    }

    fn globals(&mut self, section: wasmparser::GlobalSectionReader<'a>) -> Result<(), ParseError> {
        for item in items(section) {
            let (offset, global) = item?;
            let ty = convert::global_type(&global.ty, canonical(&self.info.types));
            self.info.globals.push(ty.map_err(|feature| ParseError::missing(offset, feature))?);
            let init = self.const_expr(&global.init_expr)?;
            self.info.global_inits.push(init);
        }
        Ok(())
    }

    fn exports(&mut self, section: wasmparser::ExportSectionReader<'a>) -> Result<(), ParseError> {
        self.info.exports.reserve_exact(section.count() as usize);
        for item in items(section) {
            let (offset, export) = item?;
            let item = match export.kind {
                ExternalKind::Func => ExternIndex::Func(FuncIndex(export.index)),
                ExternalKind::Table => ExternIndex::Table(TableIndex(export.index)),
                ExternalKind::Memory => ExternIndex::Memory(MemoryIndex(export.index)),
                ExternalKind::Global => ExternIndex::Global(GlobalIndex(export.index)),
                ExternalKind::Tag => ExternIndex::Tag(TagIndex(export.index)),
                ExternalKind::FuncExact => {
                    return Err(ParseError::missing(offset, Feature::CustomDescriptors));
                }
            };
            self.name(export.name, offset)?;
            self.info.exports.push(Export { name: export.name.into(), item });
        }
        Ok(())
    }

    fn elems(&mut self, section: wasmparser::ElementSectionReader<'a>) -> Result<(), ParseError> {
        for item in items(section) {
            let (offset, elem) = item?;
            let mode = match elem.kind {
                ElementKind::Passive => SegmentMode::Passive,
                ElementKind::Declared => SegmentMode::Declared,
                ElementKind::Active { table_index, offset_expr } => {
                    SegmentMode::Active(TableIndex(table_index.unwrap_or(0)), self.const_expr(&offset_expr)?)
                }
            };
            let (ty, contents) = match elem.items {
                ElementItems::Functions(funcs) => {
                    self.element_items(funcs.count().into(), offset)?;
                    let funcs = collected(funcs, |func| Ok(FuncIndex(func)))?;
                    // Function indices cannot name null.
                    (RefType { nullable: false, heap: HeapType::Func }, ElemItems::Funcs(funcs))
                }
                ElementItems::Expressions(ty, exprs) => {
                    self.element_items(exprs.count().into(), offset)?;
                    let ty = convert::ref_type(ty, canonical(&self.info.types));
                    let exprs = collected(exprs, |expr| self.const_expr(&expr))?;
                    (ty.map_err(|feature| ParseError::missing(offset, feature))?, ElemItems::Exprs(exprs))
                }
            };
            self.info.elems.push(ElemSegment { ty, mode, items: contents });
        }
        Ok(())
    }

    fn datas(&mut self, section: wasmparser::DataSectionReader<'a>) -> Result<(), ParseError> {
        for item in items(section) {
            let (_, data) = item?;
            let mode = match data.kind {
                DataKind::Passive => SegmentMode::Passive,
                DataKind::Active { memory_index, offset_expr } => {
                    SegmentMode::Active(MemoryIndex(memory_index), self.const_expr(&offset_expr)?)
                }
            };
            let bytes = range(data.range.end - data.data.len() as u64..data.range.end);
            self.info.datas.push(DataSegment { mode, bytes });
        }
        Ok(())
    }
}

impl Builder<'_> {
    fn const_expr(&mut self, expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, ParseError> {
        let (limits, before) = (self.limits, self.counts.constant_operators);
        let expr = const_expr(expr, |count, offset| {
            Ok(limits.check(ModuleLimit::ConstantOperators, before + count as u64, offset)?)
        })?;
        self.counts.constant_operators += expr.ops.len() as u64;
        Ok(expr)
    }

    /// Refuses what exceeds a limit by its count alone, before anything is made of it.
    fn check_limits(&mut self, payload: &Payload<'_>) -> Result<(), ParseError> {
        let Builder { info, counts, .. } = self;
        if let Payload::CustomSection(section) = payload {
            counts.custom_sections += 1;
            let at = section.range().start;
            return Ok(self.limits.check(ModuleLimit::CustomSections, counts.custom_sections, at)?);
        }
        // Imports come first and count among the items of their kinds.
        let (limit, before) = match payload {
            Payload::TypeSection(section) => return self.check_types(section),
            Payload::CodeSectionEntry(body) => {
                let size = body.as_bytes().len() as u64;
                return Ok(self.limits.check(ModuleLimit::FunctionSize, size, body.range().start)?);
            }
            Payload::ImportSection(section) => return self.check_imports(section),
            Payload::FunctionSection(_) => (ModuleLimit::Functions, info.funcs.len() as u64),
            Payload::TableSection(_) => (ModuleLimit::Tables, counts.tables),
            Payload::MemorySection(_) => (ModuleLimit::Memories, counts.memories),
            Payload::TagSection(_) => (ModuleLimit::Tags, info.tags.len() as u64),
            Payload::GlobalSection(_) => (ModuleLimit::Globals, counts.globals),
            Payload::ExportSection(_) => (ModuleLimit::Exports, 0),
            Payload::ElementSection(_) => (ModuleLimit::ElementSegments, 0),
            Payload::DataSection(_) => (ModuleLimit::DataSegments, 0),
            _ => return Ok(()),
        };
        let (count, at) = with_items!(
            payload,
            |section| (section.count(), section.original_position()),
            else return Ok(())
        );
        Ok(self.limits.check(limit, before + u64::from(count), at)?)
    }

    /// The same for imports: some bytes can stand for many, each with the name of the same module.
    fn check_imports(&mut self, section: &wasmparser::ImportSectionReader<'_>) -> Result<(), ParseError> {
        let mut count = u64::from(section.count());
        self.limits.check(ModuleLimit::Imports, count, section.original_position())?;
        for (number, import) in (1..).zip(section.clone().into_imports_with_offsets()) {
            // Whatever cannot be decoded is for the validator to say.
            let Ok((offset, import)) = import else { break };
            count = count.max(number);
            self.limits.check(ModuleLimit::Imports, count, offset)?;
            self.name(import.module, offset)?;
            self.name(import.name, offset)?;
        }
        Ok(())
    }

    /// The same for types, which come in groups: one group at a time is decoded to look at it. Whatever cannot be decoded, or
    /// claims more types than it has bytes, is for the validator to refuse.
    fn check_types(&mut self, section: &SectionLimited<'_, RecGroup>) -> Result<(), ParseError> {
        /// What a group of several types begins with.
        const GROUP: u8 = 0x4e;
        let (start, end) = (section.original_position(), section.range().end);
        let mut reader = BinaryReader::new(&self.bytes[start as usize..end as usize], start);
        let (counts, limits) = (&mut self.counts, self.limits);
        for _ in 0..section.count() {
            let offset = reader.original_position();
            let mut head = reader.clone();
            let group = matches!(head.read_u8(), Ok(GROUP));
            let types = if group { head.read_var_u32().map_or(0, u64::from) } else { 1 };
            if types > end - offset {
                return Ok(());
            }
            counts.types += types;
            limits.check(ModuleLimit::Types, counts.types, offset)?;
            let Ok(group) = reader.read::<RecGroup>() else { return Ok(()) };
            for arity in group.types().map(Arity::of) {
                counts.type_elements += arity.sum();
                counts.arities.push(arity);
            }
            limits.check(ModuleLimit::TypeElements, counts.type_elements, offset)?;
        }
        Ok(())
    }
}

/// The kind and canonical id of a type of the module.
fn canonical(types: &[DefinedType]) -> impl Fn(u32) -> (TypeKind, TypeId) + Copy {
    |index| types[index as usize].named()
}

/// An expression; `check` looks at the number of its operators and the offset of the last one.
fn const_expr(
    expr: &wasmparser::ConstExpr<'_>,
    check: impl Fn(usize, u64) -> Result<(), ParseError>,
) -> Result<ConstExpr, ParseError> {
    let mut ops = Vec::new();
    let mut reader = expr.get_operators_reader();
    loop {
        let (op, offset) = reader.read_with_offset().map_err(malformed)?;
        check(ops.len(), offset)?;
        ops.push(match op {
            Operator::End => return Ok(ConstExpr { ops: ops.into() }),
            Operator::I32Const { value } => ConstOp::I32(value),
            Operator::I64Const { value } => ConstOp::I64(value),
            Operator::F32Const { value } => ConstOp::F32(value.bits()),
            Operator::F64Const { value } => ConstOp::F64(value.bits()),
            Operator::V128Const { value } => ConstOp::V128(V128(*value.bytes())),
            Operator::RefNull { .. } => ConstOp::RefNull,
            Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIndex(function_index)),
            Operator::GlobalGet { global_index } => ConstOp::GlobalGet(GlobalIndex(global_index)),
            Operator::I32Add => ConstOp::I32Add,
            Operator::I32Sub => ConstOp::I32Sub,
            Operator::I32Mul => ConstOp::I32Mul,
            Operator::I64Add => ConstOp::I64Add,
            Operator::I64Sub => ConstOp::I64Sub,
            Operator::I64Mul => ConstOp::I64Mul,
            Operator::RefI31 => ConstOp::RefI31,
            Operator::StructNew { struct_type_index } => ConstOp::StructNew(TypeIndex(struct_type_index)),
            Operator::StructNewDefault { struct_type_index } => {
                ConstOp::StructNewDefault(TypeIndex(struct_type_index))
            }
            Operator::ArrayNew { array_type_index } => ConstOp::ArrayNew(TypeIndex(array_type_index)),
            Operator::ArrayNewDefault { array_type_index } => {
                ConstOp::ArrayNewDefault(TypeIndex(array_type_index))
            }
            Operator::ArrayNewFixed { array_type_index, array_size } => {
                ConstOp::ArrayNewFixed(TypeIndex(array_type_index), array_size)
            }
            // References are the same bits on both sides.
            Operator::AnyConvertExtern | Operator::ExternConvertAny => continue,
            // All other constant operators belong to proposals.
            _ => return Err(ParseError::missing(offset, Feature::CustomDescriptors)),
        });
    }
}

/// Refuses a section with more items than bytes.
fn check_count(payload: &Payload<'_>) -> Result<(), ParseError> {
    let (count, at, end) = with_items!(
        payload,
        |section| (section.count(), section.original_position(), section.range().end),
        else return Ok(())
    );
    if u64::from(count) <= end - at {
        return Ok(());
    }
    let reason = format!("section of {} bytes cannot hold {count} items: unexpected end", end - at);
    Err(ParseError::malformed(at, reason))
}

/// What decoding alone finds wrong with a section.
#[cold]
fn decode_error(payload: Payload<'_>) -> Option<wasmparser::Error> {
    fn first_error<'a, T: FromReader<'a>>(section: SectionLimited<'a, T>) -> Option<wasmparser::Error> {
        section.into_iter().find_map(Result::err)
    }
    with_items!(payload, |section| first_error(section), else None)
}

/// The items of a section with their offsets.
fn items<'a, T: FromReader<'a>>(
    section: SectionLimited<'a, T>,
) -> impl Iterator<Item = Result<(u64, T), ParseError>> {
    section.into_iter_with_offsets().map(|item| item.map_err(malformed))
}

/// What is made of the items of a section that has been validated, in a list that is not larger than it has to be.
fn collected<'a, T: FromReader<'a>, U>(
    section: SectionLimited<'a, T>,
    mut make: impl FnMut(T) -> Result<U, ParseError>,
) -> Result<Box<[U]>, ParseError> {
    let mut made = Vec::new();
    made.reserve_exact(section.count() as usize);
    for item in items(section) {
        made.push(make(item?.1)?);
    }
    Ok(made.into())
}

fn malformed(error: wasmparser::Error) -> ParseError {
    ParseError::sort(&error, Some(&error))
}

/// A range within the module, whose size [`check_header`] has bounded.
fn range(range: Range<u64>) -> Range<u32> {
    range.start as u32..range.end as u32
}

#[cfg(test)]
mod tests;
