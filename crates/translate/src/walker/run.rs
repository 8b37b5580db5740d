//! The loop over a body: straight for the operators that most code consists of, and for the rest by way of `Walker::step`,
//! which is one match for all of them.

use upshift_core::index::MemoryIndex;
use upshift_core::ops::Binary;
use upshift_core::ops::memory::{Load, Store};
use wasmparser::Operator;

use super::code::Code;
use super::frequent::{Frequent, Number};
use super::operators::unanswered;
use super::{Step, Walker, frequent, malformed};
use crate::backend::{Backend, MemArg, Operand};

impl<'m, B: Backend> Walker<'m, '_, B> {
    /// Translates all operators.
    pub(super) fn run(&mut self, code: &mut Code<'m>) -> Step {
        // The loop's own copy can be in registers, as nobody else sees it.
        let mut own = *code;
        let done = self.run_from(&mut own);
        *code = own;
        done?;
        code.check_end().map_err(malformed)
    }

    /// Translates the operators from a place on that control reaches.
    #[inline(always)]
    fn run_from(&mut self, code: &mut Code<'m>) -> Step {
        while let Some((frequent, word)) = code.next() {
            self.backend.position(code.offset());
            match *frequent {
                Frequent::LocalGet => {
                    let local = self.index_of(code, word);
                    self.local_and_next(local, code)?;
                }
                Frequent::LocalSet => {
                    let local = self.index_of(code, word);
                    self.local_set(local, false)?;
                }
                Frequent::LocalTee => {
                    let local = self.index_of(code, word);
                    self.local_set(local, true)?;
                }
                Frequent::GlobalGet => {
                    let global = self.index_of(code, word);
                    self.global_get(global)?;
                }
                Frequent::GlobalSet => {
                    let global = self.index_of(code, word);
                    self.global_set(global)?;
                }
                Frequent::I32Const => {
                    self.charge_one();
                    let value = u64::from(code.i32(word) as u32);
                    self.const_and_next(value, Number::I32, code)?;
                }
                Frequent::I64Const => {
                    self.charge_one();
                    let value = code.i64(word) as u64;
                    self.const_and_next(value, Number::I64, code)?;
                }
                Frequent::IsZero(op) => {
                    code.plain();
                    self.charge_one();
                    self.is_zero(op)?;
                }
                Frequent::Compare(op) => {
                    code.plain();
                    self.charge_one();
                    self.compare(op);
                }
                Frequent::Binary(op, result) => {
                    code.plain();
                    self.charge_one();
                    self.number_binary(op, result, code.rest())?;
                }
                Frequent::Unary(op, result) => {
                    code.plain();
                    self.charge_one();
                    self.number_unary(op, result, code.rest())?;
                }
                Frequent::Select => {
                    code.plain();
                    self.charge_for(|| Operator::Select);
                    self.select(None, code.rest())?;
                }
                Frequent::Drop => {
                    // It costs nothing.
                    code.plain();
                    self.drop_()?;
                }
                Frequent::Else => {
                    self.else_()?;
                    self.check_size()?;
                    code.plain();
                }
                Frequent::Return => {
                    code.plain();
                    self.charge_for(|| Operator::Return);
                    self.return_()?;
                    code.apart(|code| self.skip(code))?;
                }
                Frequent::Load(op, result) => match code.plain_mem_arg(word) {
                    Some(offset) => {
                        self.charge_one();
                        self.number_load(op, result, offset, code.rest());
                    }
                    None => code.apart(|code| self.unusual(*frequent, code))?,
                },
                Frequent::Store(op) => match code.plain_mem_arg(word) {
                    Some(offset) => {
                        self.charge_one();
                        self.number_store(op, offset);
                    }
                    None => code.apart(|code| self.unusual(*frequent, code))?,
                },
                Frequent::Block => match code.plain_block_type(word) {
                    Some(signature) => self.block(signature)?,
                    None => code.apart(|code| self.rare(code))?,
                },
                Frequent::Loop => {
                    self.offset = code.offset();
                    match code.plain_block_type(word) {
                        Some(signature) => {
                            self.charge_one();
                            self.loop_(signature)?;
                        }
                        None => code.apart(|code| self.rare(code))?,
                    }
                }
                Frequent::If => match code.plain_block_type(word) {
                    Some(signature) => {
                        self.charge_one();
                        self.if_(signature)?;
                    }
                    None => code.apart(|code| self.rare(code))?,
                },
                Frequent::End => {
                    self.end()?;
                    self.check_size()?;
                    code.plain();
                }
                Frequent::BrIf => {
                    let depth = code.index(word);
                    self.charge_for(|| Operator::BrIf { relative_depth: depth });
                    self.br_if(depth)?;
                }
                Frequent::Br => {
                    let depth = code.index(word);
                    self.charge_for(|| Operator::Br { relative_depth: depth });
                    self.br(depth)?;
                    code.apart(|code| self.skip(code))?;
                }
                Frequent::Call => {
                    let function = code.long_index(word);
                    self.charge_for(|| Operator::Call { function_index: function });
                    self.call_direct(function, false)?;
                    self.check_size()?;
                }
                Frequent::CallIndirect => {
                    let (ty, table) = code.two_indices(word);
                    self.charge_for(|| Operator::CallIndirect { type_index: ty, table_index: table });
                    self.call_indirect(ty, table, false)?;
                    self.check_size()?;
                }
                Frequent::Unreachable => {
                    code.plain();
                    self.charge_one();
                    self.trap()?;
                    code.apart(|code| self.skip(code))?;
                }
                Frequent::Rare => code.apart(|code| self.rare(code))?,
            }
        }
        Ok(())
    }

    /// Translates a `local.get` and the operator behind it, if that only uses the value: most values of locals are used at once, and
    /// need not go by way of the stack. Otherwise the value is pushed.
    #[inline(always)]
    fn local_and_next(&mut self, local: u32, code: &mut Code<'m>) -> Step {
        match code.next() {
            Some((&Frequent::Load(op, result), word)) if Code::has_plain_mem_arg(word) => {
                self.backend.position(code.offset());
                let offset = code.mem_offset(word);
                self.charge_one();
                let address = self.stack.unpushed_local(local);
                let dst = self.stack.push_number(result);
                self.announce(code.rest());
                let arg = MemArg { memory: MemoryIndex(0), offset };
                self.backend.load(op, result.val_type(), arg, dst, address);
            }
            Some((&Frequent::I32Const, word)) => {
                let mut behind = *code;
                let value = u64::from(behind.i32(word) as u32);
                return self.local_const_and_next(local, value, behind, code);
            }
            Some((&Frequent::I64Const, word)) => {
                let mut behind = *code;
                let value = behind.i64(word) as u64;
                return self.local_const_and_next(local, value, behind, code);
            }
            Some((&Frequent::Store(op), word)) if Code::has_plain_mem_arg(word) => {
                self.backend.position(code.offset());
                let offset = code.mem_offset(word);
                self.charge_one();
                let value = self.stack.unpushed_local_above(local);
                self.number_store_of(op, offset, value);
            }
            _ => self.stack.push_local(local),
        }
        Ok(())
    }

    /// Translates a `local.get` and a constant, behind which the code is known, and the operator behind them if that only computes
    /// something of these values. Otherwise only the value of the local is pushed, and the code is where it was.
    #[inline(always)]
    fn local_const_and_next(
        &mut self,
        local: u32,
        bits: u64,
        mut behind: Code<'m>,
        code: &mut Code<'m>,
    ) -> Step {
        let (op, result, is_compare) = match behind.next() {
            Some((&Frequent::Binary(op, result), _)) => (op, result, false),
            Some((&Frequent::Compare(op), _)) => (op, Number::I32, true),
            _ => {
                self.stack.push_local(local);
                return Ok(());
            }
        };
        self.charge_one();
        self.backend.position(behind.offset());
        behind.plain();
        self.charge_one();
        *code = behind;
        let behind = if is_compare { &[] } else { behind.rest() };
        self.local_const_binary(local, bits, op, result, behind)
    }

    /// The same for a constant.
    #[inline(always)]
    fn const_and_next(&mut self, bits: u64, ty: Number, code: &mut Code<'m>) -> Step {
        match code.next() {
            Some((&Frequent::Binary(op, result), _)) => {
                self.backend.position(code.offset());
                code.plain();
                self.charge_one();
                let rhs = self.stack.unpushed_const(bits);
                self.number_binary_with(op, result, rhs, code.rest())
            }
            Some((&Frequent::Compare(op), _)) => {
                self.backend.position(code.offset());
                code.plain();
                self.charge_one();
                let rhs = self.stack.unpushed_const(bits);
                let (lhs, dst) = self.stack.replace_number(Number::I32);
                self.backend.binary(op, dst, lhs, rhs);
                Ok(())
            }
            Some((&Frequent::Store(op), word)) if Code::has_plain_mem_arg(word) => {
                self.backend.position(code.offset());
                let offset = code.mem_offset(word);
                self.charge_one();
                let value = self.stack.unpushed_const(bits);
                self.number_store_of(op, offset, value);
                Ok(())
            }
            _ => {
                self.stack.push_number_const(bits, ty);
                Ok(())
            }
        }
    }

    /// Reads an operator that consists of an index and costs one unit of fuel.
    #[inline(always)]
    fn index_of(&mut self, code: &mut Code<'m>, word: u64) -> u32 {
        self.charge_one();
        code.index(word)
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
        let is_of_vectors = code.next().is_some_and(|(_, word)| Code::is_of_vectors(word));
        // Where it is refused, the place in the code is still its own.
        let mut behind = *code;
        let operator = behind.operator().map_err(malformed)?;
        self.behind = if is_of_vectors { behind.rest() } else { &[] };
        self.step(operator)?;
        self.check_size()?;
        *code = behind;
        if self.reachable { Ok(()) } else { self.skip(code) }
    }

    /// Code that control does not reach is not translated; only its blocks are counted.
    fn skip(&mut self, code: &mut Code<'m>) -> Step {
        let mut blocks = 0u32;
        while !self.reachable
            && let Some((frequent, _)) = code.next()
        {
            self.backend.position(code.offset());
            if *frequent == Frequent::End {
                code.plain();
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

    #[inline(always)]
    fn compare(&mut self, op: Binary) {
        let (lhs, rhs, dst) = self.stack.replace_two_numbers(Number::I32);
        self.backend.binary(op, dst, lhs, rhs);
    }

    /// A load of a number from memory 0.
    #[inline(always)]
    fn number_load(&mut self, op: Load, result: Number, offset: u64, behind: &[u8]) {
        let (address, dst) = self.stack.replace_number(result);
        self.announce(behind);
        let arg = MemArg { memory: MemoryIndex(0), offset };
        self.backend.load(op, result.val_type(), arg, dst, address);
    }

    /// A store of a number that was not pushed to memory 0.
    #[inline(never)]
    fn number_store_of(&mut self, op: Store, offset: u64, value: Operand) {
        let address = self.stack.pop_operand();
        self.backend.store(op, MemArg { memory: MemoryIndex(0), offset }, address, value);
    }

    /// A store of a number to memory 0.
    #[inline(always)]
    fn number_store(&mut self, op: Store, offset: u64) {
        let (address, value) = self.stack.pop_two_numbers();
        self.backend.store(op, MemArg { memory: MemoryIndex(0), offset }, address, value);
    }
}
