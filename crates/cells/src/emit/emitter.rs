//! What all emission has in common: the module, the code at hand, where failures are reported, and how values go into objects and
//! out of them.

use wasm_encoder::{BlockType, ValType};

use crate::check::program::{Function, FunctionId, GlobalId, ImportId};
use crate::emit::checkpoint::{Kind, load, save};
use crate::emit::code::{Code, Label, Symbol};
use crate::emit::layout::is_abstract;
use crate::emit::module::{Helper, Module};
use crate::emit::runtime::Runtime;
use crate::emit::{array, array_functions, equal, fail, order, sort, text};
use crate::host::Failure;
use crate::source::Span;
use crate::types::{Type, TypeId};

/// Where code that can fail says that it is in the source.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// At this byte.
    At(u32),
    /// At the byte that a local holds: helpers are told by who calls them.
    Local(u32),
}

/// Symbols of what a program names by numbers.
#[derive(Clone, Default)]
pub(crate) struct Names {
    /// By [`ImportId`].
    pub imports: Vec<Symbol>,
    /// By [`GlobalId`].
    pub globals: Vec<Symbol>,
}

/// What belongs to a function of the program, while its code is written.
#[derive(Default)]
pub(crate) struct Frame<'a> {
    /// The function; nothing in helpers.
    pub function: Option<&'a Function>,
    /// By number of the variable: the local that it or its box is in.
    pub locals: Vec<Option<u32>>,
    /// Which of them are assigned after their `let`.
    pub assigned: Vec<bool>,
    /// The local with the closure itself, and its type.
    pub closure: Option<(u32, u32)>,
    /// Where `break` and `continue` go, innermost last.
    pub loops: Vec<(Label, Label)>,
    /// The texts whose holes the code at hand is in, outermost first: the local that says where one starts, and how many loops are
    /// around it.
    pub texts: Vec<(u32, usize)>,
    /// Whether the code at hand runs at most once.
    pub once: bool,
    /// How deep the expression at hand is nested.
    pub depth: u32,
    /// The function, if it is a named one at the top level.
    pub itself: Option<FunctionId>,
}

/// A function while it is written.
pub(crate) struct Emitter<'m, 'a> {
    pub m: &'m mut Module<'a>,
    pub names: &'m Names,
    pub c: Code,
    pub place: Place,
    pub frame: Frame<'a>,
}

/// The type of a block that leaves a value, or none.
pub(crate) fn block_type(value: Option<ValType>) -> BlockType {
    value.map_or(BlockType::Empty, BlockType::Result)
}

/// Writes the code of all helpers that have been asked for, and of those that they ask for.
pub(crate) fn finish_helpers(m: &mut Module<'_>, names: &Names) {
    while let Some((helper, index)) = m.pending.pop_front() {
        match helper {
            Helper::Fail => fail::simple(m, names, index),
            Helper::FailAbout => fail::about(m, names, index),
            Helper::Text(ty) => text::helper(m, names, index, ty),
            Helper::Equal(ty) => equal::helper(m, names, index, ty),
            Helper::Compare(ty) => order::helper(m, names, index, ty),
            Helper::Builtin(builtin, types) => array_functions::helper(m, names, index, builtin, types),
            Helper::Concat(element) => array::concat(m, names, index, element),
            Helper::Grow(element) => array::grow(m, names, index, element),
            Helper::Sort(keys, values) => sort::helper(m, names, index, keys, values),
            Helper::Save(ty) => save::value(m, names, index, ty),
            Helper::Load(ty) => load::value(m, names, index, ty),
            Helper::SaveReference(ty, boxed) => save::reference(m, names, index, Kind { ty, boxed }),
            Helper::LoadReference(ty, boxed) => load::reference(m, names, index, Kind { ty, boxed }),
            Helper::SaveContent(ty, boxed) => save::content(m, names, index, Kind { ty, boxed }),
            Helper::LoadContent(ty, boxed) => load::content(m, names, index, Kind { ty, boxed }),
        }
    }
}

impl<'m, 'a> Emitter<'m, 'a> {
    /// A helper with that many parameters, which reports failures at `place`.
    pub(crate) fn new(m: &'m mut Module<'a>, names: &'m Names, params: u32, place: Place) -> Self {
        Self { m, names, c: Code::new(params), place, frame: Frame::default() }
    }

    /// Ends the code and gives it to the module.
    pub(crate) fn define(mut self, index: u32, params: &[ValType], results: &[ValType]) {
        let ty = self.m.layout.function_type(params, results);
        self.c.i().end();
        let span = self.frame.function.map_or(Span::default(), |function| function.span);
        self.m.define(index, ty, self.c, span);
    }

    /// What a type is.
    pub(crate) fn ty(&self, ty: TypeId) -> &'a Type {
        self.m.types.get(ty)
    }

    /// A value of the type on the stack.
    pub(crate) fn value(&mut self, ty: TypeId) -> Option<ValType> {
        self.m.value(ty)
    }

    /// What the emitter says happens here, for backtraces.
    pub(crate) fn at(&mut self, span: Span) {
        self.place = Place::At(span.start);
        self.c.mark(span.start);
    }

    pub(crate) fn runtime(&mut self, function: Runtime) {
        if function.takes_place() {
            self.c.global_get(Symbol::Instance);
            self.push_position();
        }
        self.c.call(Symbol::Runtime(function));
    }

    pub(crate) fn helper(&mut self, helper: Helper) {
        let symbol = self.m.helper(helper);
        self.c.call(symbol);
    }

    pub(crate) fn push_position(&mut self) {
        match self.place {
            Place::At(position) => self.c.i().i32_const(position as i32),
            Place::Local(local) => self.c.i().local_get(local),
        };
    }

    /// The cell fails here.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.c.i().i32_const(failure as i32);
        self.push_position();
        self.helper(Helper::Fail);
        self.c.i().unreachable();
    }

    /// The cell fails if the number on the stack is not zero.
    pub(crate) fn fail_if(&mut self, failure: Failure) {
        self.c.if_(BlockType::Empty);
        self.fail(failure);
        self.c.end();
    }

    /// The cell fails here, about the two numbers that `a` and `b` leave on the stack.
    pub(crate) fn fail_about(
        &mut self,
        failure: Failure,
        a: impl FnOnce(&mut Self),
        b: impl FnOnce(&mut Self),
    ) {
        self.c.i().i32_const(failure as i32);
        self.push_position();
        a(self);
        b(self);
        self.helper(Helper::FailAbout);
        self.c.i().unreachable();
    }

    /// Takes the value on the stack into a local for a while.
    pub(crate) fn spill(&mut self, ty: TypeId) -> Option<u32> {
        let value = self.value(ty)?;
        let local = self.c.temp(value);
        self.c.set(local);
        Some(local)
    }

    /// Puts it back onto the stack.
    pub(crate) fn unspill(&mut self, local: Option<u32>) {
        if let Some(local) = local {
            self.c.get(local);
        }
    }

    /// Gives the local back.
    pub(crate) fn release(&mut self, local: Option<u32>) {
        if let Some(local) = local {
            self.c.release(local);
        }
    }

    /// Drops the value on the stack.
    pub(crate) fn drop(&mut self, ty: TypeId) {
        if self.value(ty).is_some() {
            self.c.i().drop();
        }
    }

    /// Makes the value on the stack one that objects hold: those without a value hold something.
    pub(crate) fn as_stored(&mut self, ty: TypeId) {
        if matches!(self.ty(ty), Type::Unit | Type::Never) {
            self.c.i().i32_const(0);
        }
    }

    /// Casts what an object or a closure's code has given.
    pub(crate) fn cast(&mut self, ty: TypeId) {
        if is_abstract(self.m.types, ty) {
            let object = self.m.layout.object(self.m.types, ty);
            self.c.cast(object);
        }
    }

    /// From the object on the stack to the value of its field.
    pub(crate) fn get_field(&mut self, object: u32, field: u32, ty: TypeId) {
        match self.ty(ty) {
            Type::Unit | Type::Never => {
                self.c.i().struct_get_u(object, field).drop();
            }
            Type::Bool => {
                self.c.i().struct_get_u(object, field);
            }
            _ => {
                self.c.i().struct_get(object, field);
                self.cast(ty);
            }
        }
    }

    /// Stores the value on the stack into a field of the object below it.
    pub(crate) fn set_field(&mut self, object: u32, field: u32, ty: TypeId) {
        self.as_stored(ty);
        self.c.i().struct_set(object, field);
    }

    /// From array and index on the stack to the element.
    pub(crate) fn get_element(&mut self, data: u32, ty: TypeId) {
        match self.ty(ty) {
            Type::Unit | Type::Never => {
                self.c.i().array_get_u(data).drop();
            }
            Type::Bool => {
                self.c.i().array_get_u(data);
            }
            _ => {
                self.c.i().array_get(data);
                self.cast(ty);
            }
        }
    }

    /// Stores the value on the stack into the array, at the index, that are below it.
    pub(crate) fn set_element(&mut self, data: u32, ty: TypeId) {
        self.as_stored(ty);
        self.c.i().array_set(data);
    }

    /// A constant text. Those that are needed more than once are made once.
    pub(crate) fn text(&mut self, text: &[u8]) {
        let string = self.m.layout.string();
        if self.frame.once && self.frame.loops.is_empty() {
            let at = self.m.text(text);
            self.c.i().i32_const(at as i32).i32_const(text.len() as i32).array_new_data(string, 0);
            return;
        }
        let (at, global) = self.m.kept_text(text);
        let value = self.m.layout.string_value();
        let done = self.c.block(BlockType::Result(value));
        self.c.global_get(global);
        let local = self.c.temp(value);
        self.c.i().local_tee(local).local_get(local).ref_is_null().i32_eqz();
        self.c.br_if(done);
        self.c
            .i()
            .drop()
            .i32_const(at as i32)
            .i32_const(text.len() as i32)
            .array_new_data(string, 0)
            .local_tee(local);
        self.c.global_set(global);
        self.c.get(local);
        self.c.end();
        self.c.release(local);
    }

    pub(crate) fn global_symbol(&self, id: GlobalId) -> Symbol {
        self.names.globals[id.0 as usize]
    }

    pub(crate) fn import_symbol(&self, id: ImportId) -> Symbol {
        self.names.imports[id.0 as usize]
    }
}
