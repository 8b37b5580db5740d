//! The functions, methods and constants of the language: one row for each, either a few instructions, a function of the runtime, or a
//! helper ([`crate::emit::array_functions`]).

use wasm_encoder::{BlockType, ValType};

use crate::builtins::Builtin;
use crate::check::program::{BinaryOp, Expr, ExprId, ExprKind};
use crate::emit::arithmetic::Operand;
use crate::emit::emitter::Emitter;
use crate::emit::layout::list;
use crate::emit::module::Helper;
use crate::emit::runtime::Runtime;
use crate::emit::text::Depth;
use crate::host::{Failure, Math};
use crate::types::{Type, TypeId};

impl<'a> Emitter<'_, 'a> {
    pub(crate) fn builtin(&mut self, builtin: Builtin, args: &'a [ExprId], expr: &'a Expr) {
        match builtin {
            Builtin::Print => self.print(args),
            Builtin::Panic => {
                self.by_runtime(Runtime::Panic, args, expr);
                self.c.i().unreachable();
            }
            Builtin::Assert => {
                if let [condition] = *args {
                    self.condition(condition, true);
                    self.at(expr.span);
                    self.fail_if(Failure::Assertion);
                }
            }
            Builtin::Random => self.runtime(Runtime::Random),
            Builtin::Pi => self.float(std::f64::consts::PI),
            Builtin::E => self.float(std::f64::consts::E),
            Builtin::Infinity => self.float(f64::INFINITY),
            Builtin::Nan => self.float(f64::NAN),
            Builtin::ToString => self.text_of(args),
            Builtin::Abs => self.abs(args, expr),
            Builtin::Min => self.least_of(args, BinaryOp::Less),
            Builtin::Max => self.least_of(args, BinaryOp::Greater),
            Builtin::Clamp => self.clamp(args),
            Builtin::Signum => self.signum(args),
            Builtin::IntToFloat => {
                self.all(args);
                self.c.i().f64_convert_i64_s();
            }
            Builtin::IntPow => self.by_runtime(Runtime::IntPow, args, expr),
            Builtin::IntModulo => self.modulo(args, expr),
            Builtin::IntToChar => self.by_runtime(Runtime::IntToChar, args, expr),
            Builtin::IntWrappingAdd => {
                self.all(args);
                self.c.i().i64_add();
            }
            Builtin::IntWrappingMul => {
                self.all(args);
                self.c.i().i64_mul();
            }
            Builtin::IntToBase => self.by_runtime(Runtime::IntToBase, args, expr),
            Builtin::FloatToInt => self.float_to_int(args, expr),
            Builtin::FloatSqrt => {
                self.all(args);
                self.c.i().f64_sqrt();
            }
            Builtin::FloatFloor => {
                self.all(args);
                self.c.i().f64_floor();
            }
            Builtin::FloatCeil => {
                self.all(args);
                self.c.i().f64_ceil();
            }
            Builtin::FloatRound => self.round(args),
            Builtin::FloatTrunc => {
                self.all(args);
                self.c.i().f64_trunc();
            }
            Builtin::FloatSin => self.math(Math::Sin, args),
            Builtin::FloatCos => self.math(Math::Cos, args),
            Builtin::FloatTan => self.math(Math::Tan, args),
            Builtin::FloatAsin => self.math(Math::Asin, args),
            Builtin::FloatAcos => self.math(Math::Acos, args),
            Builtin::FloatAtan => self.math(Math::Atan, args),
            Builtin::FloatAtan2 => self.math(Math::Atan2, args),
            Builtin::FloatExp => self.math(Math::Exp, args),
            Builtin::FloatLn => self.math(Math::Ln, args),
            Builtin::FloatLog2 => self.math(Math::Log2, args),
            Builtin::FloatLog10 => self.math(Math::Log10, args),
            Builtin::FloatPow => self.math(Math::Pow, args),
            Builtin::FloatIsNan => {
                self.all(args);
                let x = self.c.temp(ValType::F64);
                self.c.i().local_tee(x).local_get(x).f64_ne();
                self.c.release(x);
            }
            Builtin::FloatFixed => self.by_runtime(Runtime::FloatFixed, args, expr),
            Builtin::StringLen => self.by_runtime(Runtime::Len, args, expr),
            Builtin::StringIsEmpty => {
                self.all(args);
                self.c.i().array_len().i32_eqz();
            }
            Builtin::StringContains => self.by_runtime(Runtime::Contains, args, expr),
            Builtin::StringStartsWith => self.by_runtime(Runtime::StartsWith, args, expr),
            Builtin::StringEndsWith => self.by_runtime(Runtime::EndsWith, args, expr),
            Builtin::StringFind => self.by_runtime(Runtime::Find, args, expr),
            Builtin::StringSlice => self.by_runtime(Runtime::Slice, args, expr),
            Builtin::StringCharAt => self.by_runtime(Runtime::CharAt, args, expr),
            Builtin::StringCode => self.by_runtime(Runtime::Code, args, expr),
            Builtin::StringChars => self.by_runtime(Runtime::Chars, args, expr),
            Builtin::StringBytes => self.by_runtime(Runtime::Bytes, args, expr),
            Builtin::StringLines => self.by_runtime(Runtime::Lines, args, expr),
            Builtin::StringWords => self.by_runtime(Runtime::Words, args, expr),
            Builtin::StringSplit => self.by_runtime(Runtime::Split, args, expr),
            Builtin::StringTrim => self.by_runtime(Runtime::Trim, args, expr),
            Builtin::StringToUpper => self.with_flag(Runtime::Case, args, expr, 1),
            Builtin::StringToLower => self.with_flag(Runtime::Case, args, expr, 0),
            Builtin::StringReplace => self.by_runtime(Runtime::Replace, args, expr),
            Builtin::StringRepeat => self.by_runtime(Runtime::Repeat, args, expr),
            Builtin::StringReverse => self.by_runtime(Runtime::Reverse, args, expr),
            Builtin::StringPadLeft => self.with_flag(Runtime::Pad, args, expr, 1),
            Builtin::StringPadRight => self.with_flag(Runtime::Pad, args, expr, 0),
            Builtin::StringToInt => self.by_runtime(Runtime::ToInt, args, expr),
            Builtin::StringToFloat => self.by_runtime(Runtime::ToFloat, args, expr),
            Builtin::StringIsInt => self.by_runtime(Runtime::IsInt, args, expr),
            Builtin::StringIsFloat => self.by_runtime(Runtime::IsFloat, args, expr),
            Builtin::ArrayLen => {
                self.list_len(args);
                self.c.i().i64_extend_i32_u();
            }
            Builtin::ArrayIsEmpty => {
                self.list_len(args);
                self.c.i().i32_eqz();
            }
            Builtin::ArrayJoin => self.by_runtime(Runtime::Join, args, expr),
            Builtin::ArrayPush
            | Builtin::ArrayPop
            | Builtin::ArrayInsert
            | Builtin::ArrayRemove
            | Builtin::ArrayFirst
            | Builtin::ArrayLast
            | Builtin::ArraySwap
            | Builtin::ArrayClear
            | Builtin::ArrayExtend
            | Builtin::ArrayCopy
            | Builtin::ArraySlice
            | Builtin::ArrayContains
            | Builtin::ArrayIndexOf
            | Builtin::ArrayReverse
            | Builtin::ArraySort
            | Builtin::ArraySortBy
            | Builtin::ArraySorted
            | Builtin::ArrayReversed
            | Builtin::ArrayMap
            | Builtin::ArrayFilter
            | Builtin::ArrayFold
            | Builtin::ArrayEach
            | Builtin::ArrayAny
            | Builtin::ArrayAll
            | Builtin::ArrayCount
            | Builtin::ArrayEnumerate
            | Builtin::ArrayZip
            | Builtin::ArrayFlatten
            | Builtin::ArraySum
            | Builtin::ArrayLeast
            | Builtin::ArrayGreatest => self.by_helper(builtin, args, expr),
        }
    }

    fn all(&mut self, args: &'a [ExprId]) {
        for &arg in args {
            self.expr(arg);
        }
    }

    fn float(&mut self, value: f64) {
        self.c.i().f64_const(value.into());
    }

    fn by_runtime(&mut self, function: Runtime, args: &'a [ExprId], expr: &Expr) {
        self.all(args);
        self.at(expr.span);
        self.runtime(function);
    }

    fn with_flag(&mut self, function: Runtime, args: &'a [ExprId], expr: &Expr, flag: i32) {
        self.all(args);
        self.at(expr.span);
        self.c.i().i32_const(flag);
        self.runtime(function);
    }

    /// Helpers take the operands and the position; their code goes by the types of the first operand, of the last, and of the result.
    fn by_helper(&mut self, builtin: Builtin, args: &'a [ExprId], expr: &Expr) {
        self.all(args);
        self.at(expr.span);
        self.push_position();
        let (Some(&first), Some(&last)) = (args.first(), args.last()) else { return };
        let types = [self.type_of(first), self.type_of(last), expr.ty];
        self.helper(Helper::Builtin(builtin, types));
    }

    fn list_len(&mut self, args: &'a [ExprId]) {
        if let [array] = *args {
            let object = self.m.layout.object(self.m.types, self.type_of(array));
            self.expr(array);
            self.c.i().struct_get(object, list::LEN);
        }
    }

    /// Everything is evaluated before anything is printed.
    fn print(&mut self, args: &'a [ExprId]) {
        let mut values = Vec::new();
        for &arg in args {
            let is_text = matches!(self.get_expr(arg).kind, ExprKind::String(_));
            values.push(if is_text { None } else { self.expr_to_temp(arg) });
        }
        self.c.i().i32_const(1);
        self.runtime(Runtime::Open);
        for (k, (&arg, value)) in args.iter().zip(values).enumerate() {
            if k > 0 {
                self.put_constant(" ");
            }
            match &self.get_expr(arg).kind {
                ExprKind::String(text) => self.put_constant(text),
                _ => {
                    self.unspill(value);
                    self.put(self.type_of(arg), Depth::Raw);
                    self.release(value);
                }
            }
        }
        self.put_constant("\n");
        self.runtime(Runtime::Close);
    }

    fn text_of(&mut self, args: &'a [ExprId]) {
        let [value] = *args else { return };
        let ty = self.type_of(value);
        if ty == TypeId::STRING {
            return self.expr(value);
        }
        let start = self.begin_text();
        self.expr(value);
        self.put(ty, Depth::Raw);
        self.end_text(start);
    }

    fn abs(&mut self, args: &'a [ExprId], expr: &Expr) {
        let [x] = *args else { return };
        if expr.ty == TypeId::FLOAT {
            self.expr(x);
            self.c.i().f64_abs();
            return;
        }
        let x = self.held(x, ValType::I64, &[]);
        self.at(expr.span);
        self.c.get(x.local).i().i64_const(0).i64_lt_s();
        self.c.if_(BlockType::Result(ValType::I64));
        self.int(BinaryOp::Subtract, Operand::Const(0), x);
        self.c.else_();
        self.c.get(x.local);
        self.c.end();
        self.release_operand(x);
    }

    /// The least of two values, or the greatest; the first if neither is less.
    fn least_of(&mut self, args: &'a [ExprId], op: BinaryOp) {
        let [a, b] = *args else { return };
        let ty = self.type_of(a);
        let Some(value) = self.value(ty) else { return };
        if ty == TypeId::FLOAT {
            self.all(args);
            if op == BinaryOp::Less {
                self.c.i().f64_min();
            } else {
                self.c.i().f64_max();
            }
            return;
        }
        let a = self.held(a, value, &[b]);
        let b = self.held(b, value, &[]);
        if ty == TypeId::INT {
            self.c.get(b.local).get(a.local).get(b.local).get(a.local);
            self.ordered(op, ty);
            self.c.i().select();
        } else {
            self.c.get(b.local).get(a.local);
            self.ordered(op, ty);
            self.c.if_(BlockType::Result(value));
            self.c.get(b.local);
            self.c.else_();
            self.c.get(a.local);
            self.c.end();
        }
        self.release_operand(a);
        self.release_operand(b);
    }

    fn clamp(&mut self, args: &'a [ExprId]) {
        let [x, least, greatest] = *args else { return };
        let ty = self.type_of(x);
        if ty == TypeId::FLOAT {
            self.expr(x);
            self.expr(least);
            self.c.i().f64_max();
            self.expr(greatest);
            self.c.i().f64_min();
            return;
        }
        let x = self.held(x, ValType::I64, &[least, greatest]);
        let least = self.held(least, ValType::I64, &[greatest]);
        let greatest = self.held(greatest, ValType::I64, &[]);
        let r = self.c.temp(ValType::I64);
        self.c
            .get(least.local)
            .get(x.local)
            .get(x.local)
            .get(least.local)
            .i()
            .i64_lt_s()
            .select()
            .local_set(r);
        self.c.get(greatest.local).get(r).get(r).get(greatest.local).i().i64_gt_s().select();
        self.c.release(r);
        for held in [x, least, greatest] {
            self.release_operand(held);
        }
    }

    fn signum(&mut self, args: &'a [ExprId]) {
        let [x] = *args else { return };
        if self.type_of(x) == TypeId::INT {
            let x = self.held(x, ValType::I64, &[]);
            self.c
                .get(x.local)
                .i()
                .i64_const(0)
                .i64_gt_s()
                .local_get(x.local)
                .i64_const(0)
                .i64_lt_s()
                .i32_sub()
                .i64_extend_i32_s();
            return self.release_operand(x);
        }
        // Zeroes and NaN are their own.
        let x = self.held(x, ValType::F64, &[]);
        self.float(1.0);
        self.c.get(x.local).i().f64_copysign().local_get(x.local);
        self.c.get(x.local).i().f64_abs();
        self.float(0.0);
        self.c.i().f64_gt().select();
        self.release_operand(x);
    }

    fn modulo(&mut self, args: &'a [ExprId], expr: &Expr) {
        let [a, b] = *args else { return };
        let a = self.int_operand(a, &[b]);
        let b = self.int_operand(b, &[]);
        self.at(expr.span);
        let r = self.c.temp(ValType::I64);
        self.int(BinaryOp::Remainder, a, b);
        self.c.i().local_tee(r);
        self.push_int(b);
        self.c.i().i64_add().local_get(r).local_get(r);
        self.push_int(b);
        self.c.i().i64_xor().i64_const(0).i64_lt_s().local_get(r).i64_const(0).i64_ne().i32_and().select();
        self.c.release(r);
        self.release_operand(a);
        self.release_operand(b);
    }

    fn float_to_int(&mut self, args: &'a [ExprId], expr: &Expr) {
        let [x] = *args else { return };
        let x = self.held(x, ValType::F64, &[]);
        self.at(expr.span);
        self.c.get(x.local);
        self.float(-9_223_372_036_854_775_808.0);
        self.c.i().f64_ge().local_get(x.local);
        self.float(9_223_372_036_854_775_808.0);
        self.c.i().f64_lt().i32_and().i32_eqz();
        self.fail_if(Failure::FloatToInt);
        self.c.get(x.local).i().i64_trunc_f64_s();
        self.release_operand(x);
    }

    /// Halves go away from zero. What is cut off is exact, so no sum is rounded.
    fn round(&mut self, args: &'a [ExprId]) {
        let [x] = *args else { return };
        let x = self.held(x, ValType::F64, &[]);
        let t = self.c.temp(ValType::F64);
        self.c.get(x.local).i().f64_trunc().local_tee(t);
        self.float(1.0);
        self.c.get(x.local).i().f64_copysign().f64_add().local_get(t);
        self.c.get(x.local).get(t).i().f64_sub().f64_abs();
        self.float(0.5);
        self.c.i().f64_ge().select();
        self.c.release(t);
        self.release_operand(x);
    }

    fn math(&mut self, function: Math, args: &'a [ExprId]) {
        self.c.i().i32_const(function as i32);
        self.all(args);
        if args.len() == 1 {
            self.float(0.0);
        }
        self.runtime(Runtime::Math);
    }

    /// The parameters and the result of a function type.
    pub(crate) fn function_parts(&self, ty: TypeId) -> (&'a [TypeId], TypeId) {
        match self.ty(ty) {
            Type::Function(params, result) => (params, *result),
            _ => (&[], TypeId::UNIT),
        }
    }
}
