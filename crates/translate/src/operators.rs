//! Which operators a module has that matter beyond their function: what compilers may rely on if it has none.
//!
//! ```text
//! validation ─ of each body ─▶ Operators, added up ─▶ ModuleInfo::operators
//! ```
//! Operators that control does not reach count as well.

/// Whether a module has operators that matter beyond their function.
///
/// # Examples
/// ```
/// use upshift_translate::{Features, TypeRegistry, parse};
///
/// let bytes = wat::parse_str("(module (func $f (return_call $f)))")?;
/// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
/// assert!(module.operators.have_tail_calls && !module.operators.change_tables);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Operators {
    /// Functions replace themselves: `return_call` and its like.
    pub have_tail_calls: bool,
    /// Elements of tables change: `table.set`, `table.init`, `table.copy`, `table.grow` or `table.fill`, of whatever table.
    pub change_tables: bool,
}

impl Operators {
    /// Whether operators that begin with the byte may matter.
    #[inline]
    pub(crate) fn matter(code: u8) -> bool {
        matches!(code, 0x12 | 0x13 | 0x15 | 0x26 | 0xFC)
    }

    /// Notes an operator that begins with such a byte, given the one behind it.
    pub(crate) fn note(&mut self, code: u8, next: Option<u8>) {
        match code {
            // return_call, return_call_indirect, return_call_ref
            0x12 | 0x13 | 0x15 => self.have_tail_calls = true,
            // table.set
            0x26 => self.change_tables = true,
            // All but operators of numbers and memories, elem.drop, and table.size. Numbers may be written with more bytes than they
            // need.
            _ => self.change_tables |= !matches!(next, Some(0..=11 | 13 | 16)),
        }
    }

    /// Those of another function as well.
    pub(crate) fn add(&mut self, other: Operators) {
        self.have_tail_calls |= other.have_tail_calls;
        self.change_tables |= other.change_tables;
    }
}

#[cfg(test)]
mod tests {
    use crate::{Features, TypeRegistry, parse};

    /// Tail calls, changes of tables.
    fn of(body: &str) -> (bool, bool) {
        let text = format!(
            "(module (memory 1) (type $t (func)) (table 1 funcref) (elem $e func) (func $f)
                (func {body}) (func $last))"
        );
        let bytes = wat::parse_str(text).unwrap();
        let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
        (module.operators.have_tail_calls, module.operators.change_tables)
    }

    #[test]
    fn tail_calls_and_changes_of_tables_are_found() {
        for body in [
            "",
            "(call $f)",
            "(call_indirect (type $t) (i32.const 0))",
            "(drop (i32.const 0x12))",
            "(drop (table.get 0 (i32.const 0)))",
            "(drop (i32.trunc_sat_f32_s (f32.const 0)))",
            "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))",
            "(drop (table.size 0))",
            "(elem.drop $e)",
        ] {
            assert_eq!(of(body), (false, false), "{body}");
        }
        for body in [
            "(return_call $f)",
            "unreachable (return_call $f)",
            "(return_call_indirect (type $t) (i32.const 0))",
            "(return_call_ref $t (ref.null $t))",
        ] {
            assert_eq!(of(body), (true, false), "{body}");
        }
        for body in [
            "(table.set 0 (i32.const 0) (ref.null func))",
            "(table.init $e (i32.const 0) (i32.const 0) (i32.const 0))",
            "(table.copy 0 0 (i32.const 0) (i32.const 0) (i32.const 0))",
            "(drop (table.grow 0 (ref.null func) (i32.const 1)))",
            "(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))",
        ] {
            assert_eq!(of(body), (false, true), "{body}");
        }
    }
}
