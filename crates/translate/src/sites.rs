//! Numbers for the call sites of a module that find their function at run time: `call_indirect`, `call_ref` and their tail forms.
//!
//! ```text
//! validation ─ how many in each function ─▶ CallSites ─ number of a function's first site ─▶ walker ─▶ Call::site
//!                                               └ how many in all ─▶ the layout of contexts, where each has a cell
//! ```
//!
//! The sites of a function have consecutive numbers, in the order of its code, those that control does not reach included. So the
//! numbers are the same in all tiers. Only functions with such sites take memory here.

use upshift_core::index::FuncIndex;

/// The call sites of a module that find their function at run time.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CallSites {
    /// The functions that have any, ascending, with the number of the first.
    firsts: Box<[(FuncIndex, u32)]>,
    total: u32,
}

impl CallSites {
    /// Numbers the sites of functions, given how many each has. Each function is there once, in any order.
    pub(crate) fn new(mut counts: Vec<(FuncIndex, u32)>) -> CallSites {
        counts.sort_unstable_by_key(|&(func, _)| func);
        let mut total = 0;
        for (_, sites) in &mut counts {
            // No module has as many bytes as there are numbers.
            total += std::mem::replace(sites, total);
        }
        CallSites { firsts: counts.into(), total }
    }

    /// The functions that have any, ascending, and how many each has.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (FuncIndex, u32)> {
        let ends = self.firsts.iter().skip(1).map(|&(_, first)| first).chain([self.total]);
        self.firsts.iter().zip(ends).map(|(&(func, first), end)| (func, end - first))
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.total
    }

    /// The number of the first site of a function; if it has none, that of the next function's.
    #[must_use]
    pub fn first(&self, func: FuncIndex) -> u32 {
        let at = self.firsts.partition_point(|&(known, _)| known < func);
        self.firsts.get(at).map_or(self.total, |&(_, first)| first)
    }
}

#[cfg(test)]
mod tests {
    use upshift_core::index::FuncIndex;

    use crate::{Features, TypeRegistry, parse};

    #[test]
    fn sites_are_numbered_through_the_module() {
        let bytes = wat::parse_str(
            "(module
                (type $t (func))
                (import \"\" \"\" (func))
                (table 1 funcref)
                (func (call_indirect (type $t) (i32.const 17)) (return_call_indirect (type $t) (i32.const 0)))
                (func (drop (i32.const 0x11)) (call 0))
                (func unreachable (call_indirect (type $t) (i32.const 0)))
                (func (param (ref $t)) (call_ref $t (local.get 0)) (return_call_ref $t (local.get 0))))",
        )
        .unwrap();
        let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default()).unwrap();
        let sites = &module.call_sites;
        let firsts = [0, 1, 2, 3, 4, 5].map(|func| sites.first(FuncIndex(func)));
        assert_eq!((firsts, sites.total()), ([0, 0, 2, 2, 3, 5], 5));
    }
}
