//! The loop over a body: straight for the operators that most code consists of, and for the rest by way of `Walker::step`,
//! which is one match for all of them.

use upshift_core::ops::Binary;
use wasmparser::Operator;

use super::control::Signature;
use super::frequent::{Code, Frequent, Number};
use super::operators::unanswered;
use super::{Refusal, Step, Walker, frequent, malformed};
use crate::backend::Backend;

impl<'m, B: Backend> Walker<'m, '_, B> {
    /// Translates all operators.
    pub(super) fn run(&mut self, code: &mut Code<'m>) -> Step {
        while let Some(frequent) = code.peek() {
            self.offset = code.offset();
            self.backend.position(self.offset);
            self.operator_at(frequent, code)?;
        }
        Ok(())
    }

    /// Translates the next operator, which control reaches.
    #[inline(always)]
    fn operator_at(&mut self, frequent: Frequent, code: &mut Code<'m>) -> Step {
        match frequent {
            Frequent::LocalGet => {
                let local = self.index_of(code, 1)?;
                self.stack.push_local(local);
                Ok(())
            }
            Frequent::LocalSet => {
                let local = self.index_of(code, 1)?;
                self.local_set(local, false)
            }
            Frequent::LocalTee => {
                let local = self.index_of(code, 1)?;
                self.local_set(local, true)
            }
            Frequent::GlobalGet => {
                let global = self.index_of(code, 1)?;
                self.global_get(global)
            }
            Frequent::GlobalSet => {
                let global = self.index_of(code, 1)?;
                self.global_set(global)
            }
            Frequent::I32Const => {
                self.begin_operator(code, 1)?;
                let value = code.i32().map_err(malformed)?;
                self.stack.push_number_const(u64::from(value as u32), Number::I32);
                Ok(())
            }
            Frequent::I64Const => {
                self.begin_operator(code, 1)?;
                let value = code.i64().map_err(malformed)?;
                self.stack.push_number_const(value as u64, Number::I64);
                Ok(())
            }
            Frequent::IsZero(op, operand) => {
                self.begin_operator(code, 1)?;
                self.is_zero(op, operand)
            }
            Frequent::Binary(op, result) => {
                self.begin_operator(code, 1)?;
                self.number_binary(op, result)
            }
            Frequent::Unary(op, result) => {
                self.begin_operator(code, 1)?;
                self.number_unary(op, result)
            }
            Frequent::Load(op, result) if code.has_plain_mem_arg() => {
                self.begin_operator(code, 1)?;
                let arg = code.plain_mem_arg().map_err(malformed)?;
                let address = self.pop();
                let dst = self.stack.push_number(result);
                self.backend.load(op, arg, dst, address);
                Ok(())
            }
            Frequent::Store(op) if code.has_plain_mem_arg() => {
                self.begin_operator(code, 1)?;
                let arg = code.plain_mem_arg().map_err(malformed)?;
                let (address, value) = self.pop2();
                self.backend.store(op, arg, address, value);
                Ok(())
            }
            Frequent::Block => match code.plain_block_type() {
                Some(result) => {
                    self.begin_block(code, 0)?;
                    self.block(Signature::of_number(result))
                }
                None => self.rare(code),
            },
            Frequent::Loop => match code.plain_block_type() {
                Some(result) => {
                    self.begin_block(code, 1)?;
                    self.loop_(Signature::of_number(result))
                }
                None => self.rare(code),
            },
            Frequent::If => match code.plain_block_type() {
                Some(result) => {
                    self.begin_block(code, 1)?;
                    self.if_(Signature::of_number(result))
                }
                None => self.rare(code),
            },
            Frequent::End => {
                self.begin_operator(code, 0)?;
                self.end()?;
                self.check_size()
            }
            Frequent::BrIf => {
                let depth = self.index_of(code, 0)?;
                self.charge_operator(&Operator::BrIf { relative_depth: depth });
                self.br_if(depth)
            }
            Frequent::Br => {
                let depth = self.index_of(code, 0)?;
                self.charge_operator(&Operator::Br { relative_depth: depth });
                self.br(depth)?;
                self.skip(code)
            }
            Frequent::Call => {
                let function = self.index_of(code, 0)?;
                self.charge_operator(&Operator::Call { function_index: function });
                self.call_direct(function, false)?;
                self.check_size()
            }
            Frequent::Load(op, result) => {
                let arg = self.unusual_mem_arg(code)?;
                self.load(op, result.val_type(), arg)
            }
            Frequent::Store(op) => {
                let arg = self.unusual_mem_arg(code)?;
                self.store(op, arg)
            }
            Frequent::Rare => self.rare(code),
        }
    }

    /// Reads the byte of an operator that costs so much fuel.
    #[inline(always)]
    fn begin_operator(&mut self, code: &mut Code<'m>, cost: u32) -> Step {
        code.skip_byte().map_err(malformed)?;
        if self.options.fuel && cost > 0 {
            self.add_charge(cost);
        }
        Ok(())
    }

    /// The same for one that opens a block, with the byte of its type.
    #[inline(always)]
    fn begin_block(&mut self, code: &mut Code<'m>, cost: u32) -> Step {
        code.skip_byte().map_err(malformed)?;
        self.begin_operator(code, cost)
    }

    /// Reads an operator that costs so much fuel and consists of an index.
    #[inline(always)]
    fn index_of(&mut self, code: &mut Code<'m>, cost: u32) -> Result<u32, Refusal> {
        self.begin_operator(code, cost)?;
        code.index().map_err(malformed)
    }

    #[inline(always)]
    fn charge_operator(&mut self, operator: &Operator<'_>) {
        if self.options.fuel {
            self.charge(operator);
        }
    }

    /// Reads a load or a store of the table that names its memory.
    #[cold]
    fn unusual_mem_arg(&mut self, code: &mut Code<'m>) -> Result<wasmparser::MemArg, Refusal> {
        let operator = code.operator().map_err(malformed)?;
        self.charge_operator(&operator);
        frequent::mem_arg(&operator).ok_or_else(|| unanswered(&operator))
    }

    /// Translates an operator as a value.
    fn rare(&mut self, code: &mut Code<'m>) -> Step {
        let operator = code.operator().map_err(malformed)?;
        self.step(operator)?;
        self.check_size()?;
        if self.reachable { Ok(()) } else { self.skip(code) }
    }

    /// Code that control does not reach is not translated; only its blocks are counted.
    fn skip(&mut self, code: &mut Code<'m>) -> Step {
        let mut blocks = 0u32;
        while !self.reachable
            && let Some(frequent) = code.peek()
        {
            self.offset = code.offset();
            self.backend.position(self.offset);
            if frequent == Frequent::End {
                code.skip_byte().map_err(malformed)?;
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
    fn is_zero(&mut self, op: Binary, operand: Number) -> Step {
        self.stack.push_number_const(0, operand);
        self.number_binary(op, Number::I32)
    }
}
