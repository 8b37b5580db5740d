//! Functions as values.

use wasm_encoder::ValType;

use crate::artifact::Lambda;
use crate::check::program::{Captured, FunctionId, ImportId, Variable};
use crate::emit::code::Symbol;
use crate::emit::emitter::{Emitter, Place};
use crate::emit::layout::ANY_STRUCT;
use crate::emit::module::LambdaOf;
use crate::types::{Type, TypeId};

impl Emitter<'_, '_> {
    /// Makes a closure of a function of the program, with what it captures.
    pub(crate) fn lambda(&mut self, id: FunctionId, ty: TypeId) {
        let program = self.m.program;
        let function = &program.functions[id.0 as usize];
        let captures: Vec<(TypeId, bool)> =
            function.captures.iter().map(|capture| (capture.ty, capture.boxed)).collect();
        let object = self.m.layout.closure_with(self.m.types, ty, &captures);
        let number = self.lambda_number(LambdaOf::Closure(id), ty, captures, |_, _| id.0);
        self.closure_head(number, Symbol::Function(id.0));
        for capture in &function.captures {
            let variable = match capture.from {
                Captured::Local(local) => Variable::Local(local),
                Captured::Capture(capture) => Variable::Capture(capture),
            };
            self.get_captured(variable, capture.ty);
        }
        self.c.i().struct_new(object);
    }

    /// A named function at the top level as a value: a closure without captures, whose code calls it.
    pub(crate) fn function_value(&mut self, id: FunctionId, ty: TypeId) {
        self.adapted(LambdaOf::Function(id), Symbol::Function(id.0), ty);
    }

    /// A function of another cell as a value.
    pub(crate) fn import_value(&mut self, id: ImportId, ty: TypeId) {
        let symbol = self.import_symbol(id);
        self.adapted(LambdaOf::Import(id), symbol, ty);
    }

    fn adapted(&mut self, of: LambdaOf, target: Symbol, ty: TypeId) {
        let object = self.m.layout.object(self.m.types, ty);
        let number = self.lambda_number(of, ty, Vec::new(), |e, ty| e.adaptor(target, ty));
        let (_, code) = self.m.lambda_codes[number as usize];
        self.closure_head(number, Symbol::Function(code));
        self.c.i().struct_new(object);
    }

    /// Mark, instance, number and code.
    fn closure_head(&mut self, number: u32, code: Symbol) {
        self.c.i().i32_const(0);
        self.c.global_get(Symbol::Instance);
        self.c.i().i32_const(number as i32);
        self.c.ref_func(code);
    }

    /// The number of the closures of `of`; the first time, `code` gives the index of their code.
    fn lambda_number(
        &mut self,
        of: LambdaOf,
        ty: TypeId,
        captures: Vec<(TypeId, bool)>,
        code: impl FnOnce(&mut Self, TypeId) -> u32,
    ) -> u32 {
        let known = self.m.lambda_codes.iter().position(|known| known.0 == of);
        if let Some(number) = known {
            return number as u32;
        }
        let code = code(self, ty);
        let number = self.m.lambdas.len() as u32;
        let export = number.to_string();
        self.m.export(format!("${export}"), Symbol::Function(code));
        self.m.lambdas.push(Lambda { ty, captures, export });
        self.m.lambda_codes.push((of, code));
        number
    }

    /// The code of a closure that calls a function: takes the closure away, casts what is abstract.
    fn adaptor(&mut self, target: Symbol, ty: TypeId) -> u32 {
        let index = self.m.declare();
        let Type::Function(params, result) = self.ty(ty) else { return index };
        let mut types = vec![ANY_STRUCT];
        for &param in params {
            types.extend(self.m.layout.passed(self.m.types, param));
        }
        let results: Vec<ValType> = self.m.layout.passed(self.m.types, *result).into_iter().collect();
        let names = self.names;
        let mut e = Emitter::new(self.m, names, types.len() as u32, Place::At(0));
        let mut local = 1;
        for &param in params {
            if e.value(param).is_some() {
                e.c.get(local);
                e.cast(param);
                local += 1;
            }
        }
        e.c.call(target);
        if *result == TypeId::NEVER {
            e.c.i().unreachable();
        }
        e.define(index, &types, &results);
        index
    }
}
