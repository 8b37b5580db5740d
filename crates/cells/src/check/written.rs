//! Types as they are written, and the definitions of structs.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::check::checker::Checker;
use crate::check::infer::Ty;
use crate::check::items::repeated;
use crate::check::suggest;
use crate::source::Span;
use crate::syntax::ast::{Name, Statement, StructItem, TypeExpr, TypeExprKind};
use crate::types::{FieldType, StructDefinition, StructId};

/// How deep a written type may be.
const MAX_DEPTH: u32 = 60;

/// The type of the language with this name.
fn simple(name: &str) -> Option<Ty> {
    Some(match name {
        "Int" => Ty::INT,
        "Float" => Ty::FLOAT,
        "Bool" => Ty::BOOL,
        "String" => Ty::STRING,
        _ => return None,
    })
}

impl<'a> Checker<'a> {
    /// The type that is written, or an unknown one.
    pub(crate) fn written_or_unknown(&mut self, written: &'a Option<TypeExpr>) -> Ty {
        match written {
            Some(written) => self.written(written),
            None => self.infer.unknown(),
        }
    }

    /// The type that is written.
    pub(crate) fn written(&mut self, written: &'a TypeExpr) -> Ty {
        self.written_at(written, 0)
    }

    /// The type behind an arrow, where `Never` may stand.
    pub(crate) fn written_result(&mut self, written: &'a TypeExpr) -> Ty {
        self.result_at(written, 0)
    }

    fn result_at(&mut self, written: &'a TypeExpr, depth: u32) -> Ty {
        match &written.kind {
            TypeExprKind::Name(name) if &**name == "Never" => Ty::NEVER,
            _ => self.written_at(written, depth),
        }
    }

    fn written_at(&mut self, written: &'a TypeExpr, depth: u32) -> Ty {
        if depth > MAX_DEPTH {
            self.error(written.span, "this type is nested too deeply");
            return Ty::ERROR;
        }
        match &written.kind {
            TypeExprKind::Name(name) => self.named_type(name, written.span),
            TypeExprKind::Array(element) => {
                let element = self.written_at(element, depth + 1);
                self.infer.array(element)
            }
            TypeExprKind::Tuple(elements) => {
                let elements = elements.iter().map(|element| self.written_at(element, depth + 1)).collect();
                self.infer.tuple(elements)
            }
            TypeExprKind::Function(params, result) => {
                let params = params.iter().map(|param| self.written_at(param, depth + 1)).collect();
                let result = result.as_ref().map_or(Ty::UNIT, |result| self.result_at(result, depth + 1));
                self.infer.function(params, result)
            }
            TypeExprKind::Hole => self.infer.unknown(),
        }
    }

    fn named_type(&mut self, name: &Rc<str>, span: Span) -> Ty {
        if let Some(ty) = simple(name) {
            return ty;
        }
        if &**name == "Never" {
            self.error(span, "`Never` can only be the result of a function");
            return Ty::ERROR;
        }
        match self.find_struct(name) {
            Some(id) => self.infer.structure(id, self.types),
            None => {
                self.report_unknown_type(name, span);
                Ty::ERROR
            }
        }
    }

    pub(crate) fn report_unknown_type(&mut self, name: &Rc<str>, span: Span) {
        let suggestion = suggest::type_name(self, name);
        self.complain_with(span, &format!("there is no type `{name}`"), "", suggestion);
    }

    /// Defines the structs of the cell.
    pub(crate) fn define_structs(&mut self) {
        let ast = self.ast;
        let mut items: Vec<&'a StructItem> = Vec::new();
        let mut numbers: FxHashMap<Rc<str>, usize> = FxHashMap::default();
        for statement in &ast.block.statements {
            let Statement::Struct(item) = statement else { continue };
            let name = &item.name;
            if simple(&name.text).is_some() || &*name.text == "Never" {
                let message = format!("`{}` is a type of the language", name.text);
                self.complain(name.span, &message, "", "choose another name");
            } else if !numbers.contains_key(&name.text) {
                // A second definition is reported with the other names.
                numbers.insert(name.text.clone(), items.len());
                items.push(item);
            }
        }
        let mut definitions = Vec::with_capacity(items.len());
        for item in &items {
            let mut fields: Vec<(String, FieldType)> = Vec::with_capacity(item.fields.len());
            let names: Vec<&Name> = item.fields.iter().map(|(name, _)| name).collect();
            let repeated = repeated(&names);
            for (name, first) in &repeated {
                let message = format!("two fields have the name `{}`", name.text);
                self.complain_of_two(name.span, &message, first.span, "the first one is here");
            }
            for (name, written) in &item.fields {
                if repeated.iter().any(|(other, _)| other.span == name.span) {
                    continue;
                }
                let ty = self.field_type_written(written, &numbers, 0);
                fields.push((name.text.to_string(), ty));
            }
            definitions.push(StructDefinition { name: item.name.text.to_string(), fields });
        }
        self.report_endless(&items, &definitions);
        let ids = self.types.define_structs(&definitions);
        for (item, id) in items.iter().zip(ids) {
            self.structs.insert(item.name.text.clone(), id);
        }
    }

    /// A type of a field, in which structs of the same cell are numbers.
    fn field_type_written(
        &mut self,
        written: &'a TypeExpr,
        numbers: &FxHashMap<Rc<str>, usize>,
        depth: u32,
    ) -> FieldType {
        if depth > MAX_DEPTH {
            self.error(written.span, "this type is nested too deeply");
            return FieldType::Known(crate::types::TypeId::UNIT);
        }
        match &written.kind {
            TypeExprKind::Name(name) if numbers.contains_key(name) => FieldType::Group(numbers[name]),
            TypeExprKind::Name(name) => {
                let ty = self.named_type(name, written.span);
                self.field_type_known(ty)
            }
            TypeExprKind::Array(element) => {
                FieldType::Array(Box::new(self.field_type_written(element, numbers, depth + 1)))
            }
            TypeExprKind::Tuple(elements) => FieldType::Tuple(
                elements.iter().map(|element| self.field_type_written(element, numbers, depth + 1)).collect(),
            ),
            TypeExprKind::Function(params, result) => {
                let params =
                    params.iter().map(|param| self.field_type_written(param, numbers, depth + 1)).collect();
                let result = match result {
                    None => FieldType::Known(crate::types::TypeId::UNIT),
                    Some(result) => match &result.kind {
                        TypeExprKind::Name(name) if &**name == "Never" => {
                            FieldType::Known(crate::types::TypeId::NEVER)
                        }
                        _ => self.field_type_written(result, numbers, depth + 1),
                    },
                };
                FieldType::Function(params, Box::new(result))
            }
            TypeExprKind::Hole => {
                self.complain(written.span, "the type of a field cannot be left out", "", "write the type");
                FieldType::Known(crate::types::TypeId::UNIT)
            }
        }
    }

    fn field_type_known(&mut self, ty: Ty) -> FieldType {
        let mut resolver = crate::check::infer::Resolver::default();
        let id = resolver.resolve(ty, &self.infer, self.types);
        FieldType::Known(id.unwrap_or(crate::types::TypeId::UNIT))
    }

    /// Reports structs that hold a value of themselves, which nobody could ever make.
    fn report_endless(&mut self, items: &[&'a StructItem], definitions: &[StructDefinition]) {
        for (number, item) in items.iter().enumerate() {
            let mut seen = vec![false; items.len()];
            let mut rest: Vec<(usize, usize)> =
                (0..definitions[number].fields.len()).map(|field| (number, field)).collect();
            let mut found = None;
            // Which field of this struct leads to what is looked at.
            let mut entry: Vec<usize> = (0..rest.len()).collect();
            while let (Some((owner, field)), Some(first)) = (rest.pop(), entry.pop()) {
                let mut direct = Vec::new();
                directly_held(&definitions[owner].fields[field].1, &mut direct);
                for held in direct {
                    if held == number {
                        found = Some(first);
                    } else if !std::mem::replace(&mut seen[held], true) {
                        for next in 0..definitions[held].fields.len() {
                            rest.push((held, next));
                            entry.push(first);
                        }
                    }
                }
            }
            if let Some((field, written)) = found.and_then(|found| item.fields.get(found)) {
                let message =
                    format!("no value of `{}` can be made, as it would hold another one", item.name.text);
                let ty = self.short(written.span);
                self.complain(
                    written.span,
                    &message,
                    "this holds it directly",
                    &format!("write `{}: [{ty}]`: an array may be empty", field.text),
                );
            }
        }
    }

    /// The structs that the cell defines, by name.
    pub(crate) fn own_struct(&self, name: &str) -> Option<StructId> {
        self.structs.get(name).copied()
    }
}

/// The structs of the same cell that a value of the type cannot be without.
fn directly_held(ty: &FieldType, out: &mut Vec<usize>) {
    match ty {
        &FieldType::Group(number) => out.push(number),
        FieldType::Tuple(elements) => elements.iter().for_each(|element| directly_held(element, out)),
        FieldType::Known(_) | FieldType::Array(_) | FieldType::Function(..) => {}
    }
}
