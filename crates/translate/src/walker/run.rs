//! The loop over a body: straight for the operators that most code consists of, and for the rest by way of `Walker::step`,
//! which is one match for all of them.

use upshift_core::ops::Binary;
use wasmparser::Operator;

use super::frequent::{Code, Frequent, Number};
use super::operators::unanswered;
use super::{Refusal, Step, Walker, frequent, malformed};
use crate::backend::{Backend, Operand};

impl<'m, B: Backend> Walker<'m, '_, B> {
    /// Translates all operators.
    pub(super) fn run(&mut self, code: &mut Code<'m>) -> Step {
        while let Some(frequent) = code.next() {
            self.backend.position(code.offset());
            self.operator_at(frequent, code)?;
        }
        Ok(())
    }

    /// Translates an operator whose first byte was read, and which control reaches.
    #[inline(always)]
    fn operator_at(&mut self, frequent: &Frequent, code: &mut Code<'m>) -> Step {
        match *frequent {
            Frequent::LocalGet => {
                let local = self.index_of(code)?;
                self.stack.push_local(local);
                Ok(())
            }
            Frequent::LocalSet => {
                let local = self.index_of(code)?;
                self.local_set(local, false)
            }
            Frequent::LocalTee => {
                let local = self.index_of(code)?;
                self.local_set(local, true)
            }
            Frequent::GlobalGet => {
                let global = self.index_of(code)?;
                self.global_get(global)
            }
            Frequent::GlobalSet => {
                let global = self.index_of(code)?;
                self.global_set(global)
            }
            Frequent::I32Const => {
                self.charge_one();
                let value = code.i32().map_err(malformed)?;
                self.stack.push_number_const(u64::from(value as u32), Number::I32);
                Ok(())
            }
            Frequent::I64Const => {
                self.charge_one();
                let value = code.i64().map_err(malformed)?;
                self.stack.push_number_const(value as u64, Number::I64);
                Ok(())
            }
            Frequent::IsZero(op) => {
                self.charge_one();
                self.is_zero(op)
            }
            Frequent::Compare(op) => {
                self.charge_one();
                let (lhs, rhs, dst) = self.stack.replace_two_numbers(Number::I32);
                self.backend.binary(op, dst, lhs, rhs);
                Ok(())
            }
            Frequent::Binary(op, result) => {
                self.charge_one();
                self.number_binary(op, result, code.rest())
            }
            Frequent::Unary(op, result) => {
                self.charge_one();
                self.number_unary(op, result, code.rest())
            }
            Frequent::Select => {
                self.charge_for(|| Operator::Select);
                self.select(None, code.rest())
            }
            // It costs nothing.
            Frequent::Drop => self.drop_(),
            Frequent::Else => {
                self.else_()?;
                self.check_size()
            }
            Frequent::Return => {
                self.charge_for(|| Operator::Return);
                self.return_()?;
                self.skip(code)
            }
            Frequent::Load(op, result) => {
                let Some(arg) = code.plain_mem_arg().map_err(malformed)? else {
                    return self.unusual(*frequent, code);
                };
                self.charge_one();
                let (address, dst) = self.stack.replace_number(result);
                self.announce(code.rest());
                self.backend.load(op, result.val_type(), arg, dst, address);
                Ok(())
            }
            Frequent::Store(op) => {
                let Some(arg) = code.plain_mem_arg().map_err(malformed)? else {
                    return self.unusual(*frequent, code);
                };
                self.charge_one();
                let (address, value) = self.pop2();
                self.backend.store(op, arg, address, value);
                Ok(())
            }
            Frequent::Block => match code.plain_block_type().map_err(malformed)? {
                Some(signature) => self.block(signature),
                None => self.rare(code),
            },
            Frequent::Loop => match code.plain_block_type().map_err(malformed)? {
                Some(signature) => {
                    self.offset = code.offset();
                    self.charge_one();
                    self.loop_(signature)
                }
                None => self.rare(code),
            },
            Frequent::If => match code.plain_block_type().map_err(malformed)? {
                Some(signature) => {
                    self.charge_one();
                    self.if_(signature)
                }
                None => self.rare(code),
            },
            Frequent::End => {
                self.end()?;
                self.check_size()
            }
            Frequent::BrIf => {
                let depth = code.index().map_err(malformed)?;
                self.charge_for(|| Operator::BrIf { relative_depth: depth });
                self.br_if(depth)
            }
            Frequent::Br => {
                let depth = code.index().map_err(malformed)?;
                self.charge_for(|| Operator::Br { relative_depth: depth });
                self.br(depth)?;
                self.skip(code)
            }
            Frequent::Call => {
                let function = code.index().map_err(malformed)?;
                self.charge_for(|| Operator::Call { function_index: function });
                self.call_direct(function, false)?;
                self.check_size()
            }
            Frequent::Rare => self.rare(code),
        }
    }

    /// Reads an operator that consists of an index and costs one unit of fuel.
    #[inline(always)]
    fn index_of(&mut self, code: &mut Code<'m>) -> Result<u32, Refusal> {
        self.charge_one();
        code.index().map_err(malformed)
    }

    #[inline(always)]
    fn charge_one(&mut self) {
        if self.options.fuel {
            self.add_charge(1);
        }
    }

    /// Charges for an operator, which is made as a value only where fuel is counted.
    #[inline(always)]
    fn charge_for<'a>(&mut self, operator: impl FnOnce() -> Operator<'a>) {
        if self.options.fuel {
            self.charge(&operator());
        }
    }

    /// Translates a load or a store of the table that names its memory.
    #[cold]
    fn unusual(&mut self, frequent: Frequent, code: &mut Code<'m>) -> Step {
        let operator = code.operator().map_err(malformed)?;
        self.behind = &[];
        if self.options.fuel {
            self.charge(&operator);
        }
        match (frequent, frequent::mem_arg(&operator)) {
            (Frequent::Load(op, result), Some(arg)) => self.load(op, result.val_type(), arg),
            (Frequent::Store(op), Some(arg)) => self.store(op, arg),
            _ => Err(unanswered(&operator)),
        }
    }

    /// Translates an operator as a value.
    fn rare(&mut self, code: &mut Code<'m>) -> Step {
        self.offset = code.offset();
        let operator = code.operator().map_err(malformed)?;
        self.behind = if code.is_of_vectors() { code.rest() } else { &[] };
        self.step(operator)?;
        self.check_size()?;
        if self.reachable { Ok(()) } else { self.skip(code) }
    }

    /// Code that control does not reach is not translated; only its blocks are counted.
    fn skip(&mut self, code: &mut Code<'m>) -> Step {
        let mut blocks = 0u32;
        while !self.reachable
            && let Some(frequent) = code.next()
        {
            self.backend.position(code.offset());
            if *frequent == Frequent::End {
                match blocks.checked_sub(1) {
                    Some(outer) => blocks = outer,
                    None => self.end()?,
                }
                continue;
            }
            match code.operator().map_err(malformed)? {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::TryTable { .. }
                | Operator::Try { .. } => blocks += 1,
                Operator::Delegate { .. } if blocks > 0 => blocks -= 1,
                Operator::Delegate { relative_depth } => self.delegate(relative_depth)?,
                Operator::Else if blocks == 0 => self.else_()?,
                Operator::Catch { tag_index } if blocks == 0 => self.catch(Some(tag_index))?,
                Operator::CatchAll if blocks == 0 => self.catch(None)?,
                _ => {}
            }
        }
        self.check_size()
    }

    /// A comparison with zero; the backends know it as a binary comparison.
    fn is_zero(&mut self, op: Binary) -> Step {
        let (value, dst) = self.stack.replace_number(Number::I32);
        let zero = Operand::Const(0, self.stack.home_above(dst));
        self.backend.binary(op, dst, value, zero);
        Ok(())
    }
}
