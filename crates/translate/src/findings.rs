//! What validating function bodies finds out about them, as bytes for whoever knows the next time that they are valid.
//!
//! ```text
//! parse ─▶ ModuleInfo ─ of ─▶ Findings ─ to_bytes ─▶ kept somewhere ─ from_bytes ─▶ Findings ─▶ parse_valid ─▶ the same ModuleInfo
//! ```

use upshift_core::index::FuncIndex;

use crate::module::ModuleInfo;
use crate::operators::Operators;
use crate::sites::CallSites;

/// What is known of a module's function bodies once they have been validated, see [`parse_valid`](crate::parse_valid).
///
/// ```
/// use upshift_translate::{Features, Findings, TypeRegistry, parse};
///
/// let bytes = wat::parse_str("(module (table 1 funcref) (func (call_indirect (i32.const 0))))")?;
/// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
/// let findings = Findings::of(&module);
/// assert_eq!(Findings::from_bytes(&findings.to_bytes()), Some(findings));
/// assert_eq!(Findings::from_bytes(b"anything else"), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Findings {
    pub(crate) call_sites: CallSites,
    pub(crate) operators: Operators,
}

/// The bits of the first byte.
const HAVE_TAIL_CALLS: u8 = 1;
const CHANGE_TABLES: u8 = 2;

impl Findings {
    /// What was found out about the bodies of a module.
    #[must_use]
    pub fn of(module: &ModuleInfo) -> Findings {
        Findings { call_sites: module.call_sites.clone(), operators: module.operators }
    }

    /// A byte for the operators, then for each function with call sites its index and how many they are.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Operators { have_tail_calls, change_tables } = self.operators;
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let mut bytes = vec![flag(have_tail_calls, HAVE_TAIL_CALLS) | flag(change_tables, CHANGE_TABLES)];
        for (func, sites) in self.call_sites.counts() {
            bytes.extend(func.0.to_le_bytes());
            bytes.extend(sites.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`to_bytes`](Findings::to_bytes) has written; nothing, if it cannot have written that.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Findings> {
        let (&flags, counts) = bytes.split_first()?;
        let (counts, []) = counts.as_chunks::<8>() else { return None };
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        let counts: Vec<_> =
            counts.iter().map(|pair| (FuncIndex(number(&pair[..4])), number(&pair[4..]))).collect();
        let total = counts.iter().try_fold(0_u32, |total, &(_, sites)| total.checked_add(sites));
        let is_sound = total.is_some()
            && flags & !(HAVE_TAIL_CALLS | CHANGE_TABLES) == 0
            && counts.is_sorted_by(|a, b| a.0 < b.0)
            && counts.iter().all(|&(_, sites)| sites > 0);
        is_sound.then(|| Findings {
            call_sites: CallSites::new(counts),
            operators: Operators {
                have_tail_calls: flags & HAVE_TAIL_CALLS != 0,
                change_tables: flags & CHANGE_TABLES != 0,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(counts: &[(u32, u32)], have_tail_calls: bool, change_tables: bool) -> Findings {
        let counts = counts.iter().map(|&(func, sites)| (FuncIndex(func), sites)).collect();
        Findings {
            call_sites: CallSites::new(counts),
            operators: Operators { have_tail_calls, change_tables },
        }
    }

    #[test]
    fn findings_are_read_as_they_were_written() {
        for findings in [
            Findings::default(),
            findings(&[], true, false),
            findings(&[(0, 1)], false, true),
            findings(&[(3, 2), (4, 70_000), (u32::MAX, 1)], true, true),
        ] {
            assert_eq!(Findings::from_bytes(&findings.to_bytes()), Some(findings));
        }
    }

    #[test]
    fn what_cannot_have_been_written_is_refused() {
        let written = findings(&[(3, 2), (4, 5)], true, true).to_bytes();
        for len in (0..written.len()).filter(|len| len % 8 != 1) {
            assert_eq!(Findings::from_bytes(&written[..len]), None, "{len} bytes");
        }
        let changed = |at: usize, byte: u8| {
            let mut bytes = written.clone();
            bytes[at] = byte;
            Findings::from_bytes(&bytes)
        };
        assert_eq!(changed(0, 4), None, "an unknown flag");
        assert_eq!(changed(1, 4), None, "a function twice");
        assert_eq!(changed(1, 5), None, "functions in the wrong order");
        assert_eq!(changed(5, 0), None, "a function without sites");
        let all = [&written[..5], &[0xff; 4], &written[9..]].concat();
        assert_eq!(Findings::from_bytes(&all), None, "more sites than numbers");
    }
}
