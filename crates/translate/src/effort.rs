//! An upper bound of the work that an operator causes, known before it is validated.
//!
//! ```text
//! next operator's bytes, open blocks, types ─▶ how many operands it takes and results it leaves, labels and clauses included
//! ```
//!
//! Most operators take and leave few values and weigh nothing. Operators whose number of values depends on the module's types
//! are weighed: a byte or two of them can cost as much as thousands of others, in the validator and in every tier.

use upshift_core::index::TypeIndex;
use wasmparser::{
    BinaryReader, BlockType, CompositeInnerType, FrameKind, FuncValidator, ModuleArity, SubType,
    WasmModuleResources,
};

/// How many values a type is about: parameters and results of functions, fields of structs.
#[derive(Clone, Copy)]
pub(crate) struct Arity {
    params: u16,
    results: u16,
}

impl Arity {
    pub(crate) fn of(ty: &SubType) -> Arity {
        let (params, results) = match &ty.composite_type.inner {
            CompositeInnerType::Func(func) => (func.params().len(), func.results().len()),
            CompositeInnerType::Struct(fields) => (fields.fields.len(), 0),
            _ => (1, 0),
        };
        // The format allows for ten thousand at most.
        let [params, results] = [params, results].map(|count| u16::try_from(count).unwrap_or(u16::MAX));
        Arity { params, results }
    }

    pub(crate) fn sum(self) -> u64 {
        u64::from(self.params) + u64::from(self.results)
    }

    pub(crate) fn widest(self) -> u64 {
        self.params.max(self.results).into()
    }
}

/// What has to be known of a module to weigh operators.
#[derive(Clone, Copy)]
pub(crate) struct Arities<'m> {
    pub(crate) types: &'m [Arity],
    pub(crate) funcs: &'m [TypeIndex],
    pub(crate) tags: &'m [TypeIndex],
}

/// The most that a byte of code weighs on average where no type has more than so many parameters, results or fields.
pub(crate) fn heaviest_byte(widest: u64) -> u64 {
    // A target of a branch table is a byte, and its values are taken and left. The ends of a block weigh more, but what opens
    // it takes two bytes at least and weighs less than they allow.
    2 * widest
}

/// Whether an operator that begins with the byte may weigh anything.
#[inline]
pub(crate) fn has_weight(code: u8) -> bool {
    static WEIGHTY: [bool; 256] = {
        let mut weighty = [false; 256];
        let mut code = 0;
        while code < 256 {
            weighty[code] =
                matches!(code, 0x02..=0x08 | 0x0b..=0x15 | 0x18 | 0x19 | 0x1f | 0xd5 | 0xd6 | 0xfb);
            code += 1;
        }
        weighty
    };
    WEIGHTY[usize::from(code)]
}

/// Whether an operator that begins with the byte finds the function that it calls at run time: by a table or a reference.
#[inline]
pub(crate) fn finds_callee(code: u8) -> bool {
    // call_indirect, return_call_indirect, call_ref, return_call_ref
    matches!(code, 0x11 | 0x13 | 0x14 | 0x15)
}

/// How many operands and results the operator at the reader's position has at most. One that is malformed or invalid weighs
/// nothing, because the validator refuses it.
pub(crate) fn weigh<T: WasmModuleResources>(
    arities: Arities<'_>,
    validator: &FuncValidator<T>,
    mut reader: BinaryReader<'_>,
) -> u64 {
    Weigher { arities, validator, reader: &mut reader }.operator().unwrap_or(0)
}

struct Weigher<'v, 'r, 'a, T> {
    arities: Arities<'v>,
    validator: &'v FuncValidator<T>,
    reader: &'r mut BinaryReader<'a>,
}

impl<T: WasmModuleResources> Weigher<'_, '_, '_, T> {
    fn operator(&mut self) -> Option<u64> {
        let code = self.reader.read_u8().ok()?;
        Some(match code {
            // block, loop, if, try
            0x02 | 0x03 | 0x04 | 0x06 => 2 * self.block_params()?,
            // else, end, catch_all, delegate
            0x05 | 0x0b | 0x18 | 0x19 => self.ends()?,
            // catch
            0x07 => self.ends()? + self.tag()?,
            // throw
            0x08 => self.tag()?,
            // br, br_if, br_on_null, br_on_non_null
            0x0c | 0x0d | 0xd5 | 0xd6 => 2 * self.label()?,
            // br_table: each target is compared with what lies on the stack.
            0x0e => {
                let targets = u64::from(self.number()?);
                let first = self.label()?;
                2 * (targets + 1) * first + targets
            }
            // return
            0x0f => self.block(self.validator.control_stack_height().checked_sub(1)?)?.1.into(),
            // call, return_call
            0x10 | 0x12 => {
                let func = self.number()?;
                self.of_type(self.arities.funcs.get(func as usize)?.0)?.sum()
            }
            // call_indirect, return_call_indirect, call_ref, return_call_ref
            0x11 | 0x13 | 0x14 | 0x15 => {
                let ty = self.number()?;
                self.of_type(ty)?.sum()
            }
            0x1f => self.try_table()?,
            0xfb => match self.number()? {
                // struct.new
                0 => {
                    let ty = self.number()?;
                    self.of_type(ty)?.sum()
                }
                // br_on_cast, br_on_cast_fail: flags and a label.
                24 | 25 => {
                    self.reader.read_u8().ok()?;
                    2 * self.label()?
                }
                _ => 0,
            },
            _ => 0,
        })
    }

    fn number(&mut self) -> Option<u32> {
        self.reader.read_var_u32().ok()
    }

    /// The parameters of the block type that comes next: an index of a type, or a byte that would be negative.
    fn block_params(&mut self) -> Option<u64> {
        let start = self.reader.clone();
        if self.reader.read_u8().ok()? & 0xc0 == 0x40 {
            return Some(0);
        }
        *self.reader = start;
        let ty = self.number()?;
        Some(self.of_type(ty)?.params.into())
    }

    /// What a branch to the label that comes next carries.
    fn label(&mut self) -> Option<u64> {
        let depth = self.number()?;
        let (params, results) = self.block(depth)?;
        let (_, kind) = self.validator.label_block(depth)?;
        Some(if kind == FrameKind::Loop { params } else { results }.into())
    }

    /// What the end of the innermost block takes and leaves, whatever follows it.
    fn ends(&self) -> Option<u64> {
        let (params, results) = self.block(0)?;
        Some(u64::from(params) + 2 * u64::from(results))
    }

    fn tag(&mut self) -> Option<u64> {
        let tag = self.number()?;
        Some(self.of_type(self.arities.tags.get(tag as usize)?.0)?.params.into())
    }

    /// A block's own operands, and for each clause the values that it hands to a label.
    fn try_table(&mut self) -> Option<u64> {
        // A type that takes a byte only would be longer by more than one byte if it named a heap type.
        let start = self.reader.clone();
        let mut work = 2 * self.block_params()?;
        if matches!(start.clone().read_u8().ok()?, 0x63 | 0x64) {
            self.reader.read_var_s33().ok()?;
        }
        for _ in 0..self.number()? {
            if self.reader.read_u8().ok()? < 2 {
                work += self.tag()?;
            }
            work += self.label()? + 1;
        }
        Some(work)
    }

    /// Parameters and results of an open block.
    fn block(&self, depth: u32) -> Option<(u16, u16)> {
        match self.validator.label_block(depth)?.0 {
            BlockType::Empty => Some((0, 0)),
            BlockType::Type(_) => Some((0, 1)),
            BlockType::FuncType(ty) => self.of_type(ty).map(|Arity { params, results }| (params, results)),
        }
    }

    fn of_type(&self, ty: u32) -> Option<Arity> {
        self.arities.types.get(ty as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::index::TypeIndex;
    use wasmparser::{Operator, Parser, Payload, ValidPayload, Validator};

    use super::{Arities, Arity, has_weight, weigh};

    /// Every operator whose operands the types decide, with types of 7 parameters and 5 results.
    const ALL_KINDS: &str = r#"(module
        (type $t (func (param i32 i32 i32 i32 i32 i32 i32) (result i32 i32 i32 i32 i32)))
        (type $s (struct (field i32) (field i32) (field i32)))
        (tag $tag (param i32 i32 i32 i32))
        (table 1 funcref)
        (func $f (type $t)
            unreachable (block (type $t) unreachable) unreachable (loop (type $t) (br 0)) (br 0)
            (if (type $t) (i32.const 1) (then (br 0)) (else (br 1))) unreachable
            (br_if 0 (i32.const 1)) unreachable
            (br_table 0 0 0 (i32.const 0)) return)
        (func (type $t) unreachable call $f unreachable)
        (func (type $t) unreachable (call_indirect (type $t)) unreachable (call_ref $t) unreachable)
        (func (type $t) unreachable return_call $f)
        (func (type $t) unreachable (return_call_indirect (type $t)))
        (func (type $t) unreachable return_call_ref $t)
        (func (type $t) unreachable struct.new $s unreachable throw $tag)
        (func (type $t)
            (block (result i32 i32 i32 i32)
                (block (result i32 i32 i32 i32 exnref)
                    unreachable
                    (try_table (type $t) (catch $tag 1) (catch_ref $tag 0) unreachable)
                    unreachable)
                unreachable)
            unreachable)
        (func (param externref) (result i32 externref)
            i32.const 1 local.get 0 br_on_non_null 0 local.get 0 local.get 0 br_on_null 0 unreachable))"#;

    /// The number of operands and results as the validator's own library counts them is what the weight is about.
    #[test]
    fn weights_are_those_of_operands_and_results() {
        let bytes = wat::parse_str(ALL_KINDS).unwrap();
        let (mut validator, mut weighed) = (Validator::new(), 0);
        let (mut types, mut funcs) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(&bytes) {
            let payload = payload.unwrap();
            match &payload {
                Payload::TypeSection(section) => {
                    for group in section.clone() {
                        types.extend(group.unwrap().types().map(Arity::of));
                    }
                }
                Payload::FunctionSection(section) => {
                    funcs.extend(section.clone().into_iter().map(|ty| TypeIndex(ty.unwrap())));
                }
                _ => {}
            }
            // The only tag has a type of its own, the third.
            let arities = Arities { types: &types, funcs: &funcs, tags: &[TypeIndex(2)] };
            let ValidPayload::Func(func, body) = validator.payload(&payload).unwrap() else { continue };
            let mut validator = func.into_validator(Default::default());
            let mut reader = body.get_binary_reader();
            validator.read_locals(&mut reader).unwrap();
            let operators = body.get_operators_reader().unwrap();
            for operator in operators.into_iter_with_offsets() {
                let (operator, offset) = operator.unwrap();
                let weight = weigh(arities, &validator, reader.clone());
                let code = bytes[offset as usize];
                assert!(weight == 0 || has_weight(code), "{operator:?}");
                let arity = operator.operator_arity(&validator.visitor(offset));
                let (params, results) = arity.unwrap_or_else(|| panic!("{operator:?}"));
                let all = u64::from(params + results);
                // Conditions, indices, references and results of other operators are not weighed.
                if all > 5 && !matches!(operator, Operator::BrTable { .. }) {
                    assert!(weight + 2 >= all && weight <= 4 * all, "{operator:?}: {weight}, {all}");
                    weighed += 1;
                } else if let Operator::BrTable { targets } = operator {
                    // Each target's five values, and those of the default.
                    assert!(weight >= 5 * (u64::from(targets.len()) + 1), "{weight}");
                    weighed += 1;
                }
                reader.visit_operator(&mut validator.visitor(offset)).unwrap().unwrap();
            }
        }
        assert!(weighed >= 25, "{weighed}");
    }
}
