//! What a module may contain: a table of limits, and the error that names the one that was exceeded.
//!
//! ```text
//! module_limits! table ─┬▶ ModuleLimit    one variant a row: name, default, strict, what is counted
//!                       └▶ ModuleLimits   a value for each, which `parse` looks at before it spends memory or time
//! ```
//!
//! Together the limits keep the memory and time that loading a module takes proportional to its bytes, or bound them
//! outright. No module made by a compiler is known to come near the defaults.

use std::fmt;

macro_rules! module_limits {
    ($($name:ident $text:literal $default:literal $strict:literal $what:literal $doc:literal $(, $fixed:literal)?;)*) => {
        /// Something that is limited about a module.
        ///
        /// | limit | default | strict | what it covers |
        /// |---|---|---|---|
        $(#[doc = concat!("| `", $text, "` | ", $default, " | ", $strict, " | ", $doc $(, " ", $fixed)?, " |")])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum ModuleLimit {
            $(#[doc = concat!($doc $(, " ", $fixed)?)] $name,)*
        }

        impl ModuleLimit {
            /// All limits, in the order of the table.
            pub const ALL: &'static [ModuleLimit] = &[$(ModuleLimit::$name,)*];

            /// The name, which stays the same from version to version.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(ModuleLimit::$name => $text,)*
                }
            }

            /// What it covers, in a sentence.
            #[must_use]
            pub fn doc(self) -> &'static str {
                match self {
                    $(ModuleLimit::$name => concat!($doc $(, " ", $fixed)?),)*
                }
            }

            /// Whether a larger value than the default has no effect, as the default is what modules may have at all.
            #[must_use]
            pub fn is_fixed(self) -> bool {
                match self {
                    $(ModuleLimit::$name => false $(|| !$fixed.is_empty())?,)*
                }
            }

            /// What is counted, in the plural.
            fn what(self) -> &'static str {
                match self {
                    $(ModuleLimit::$name => $what,)*
                }
            }
        }

        const DEFAULT: [u64; ModuleLimit::ALL.len()] = [$($default,)*];
        const STRICT: [u64; ModuleLimit::ALL.len()] = [$($strict,)*];
    };
}

module_limits! {
    ModuleSize "module-size" 1_073_741_824 33_554_432 "bytes"
        "Bytes of the module.", "More than the default has no effect.";
    Types "types" 200_000 50_000 "types"
        "Types that the module defines.";
    TypeElements "type-elements" 4_000_000 500_000 "parameters, results and fields"
        "Parameters, results and fields of all types together.";
    Imports "imports" 100_000 10_000 "imports"
        "Imports of all kinds.";
    Exports "exports" 1_000_000 100_000 "exports"
        "Exports of all kinds.";
    NameBytes "name-bytes" 67_108_864 8_388_608 "bytes of names"
        "Bytes of the names of all imports and exports together.";
    Functions "functions" 1_000_000 200_000 "functions"
        "Functions, the imported ones among them.", "More than the default has no effect.";
    FunctionSize "function-size" 7_654_321 4_194_304 "bytes in a function"
        "Bytes of the body of one function.", "More than the default has no effect.";
    Locals "locals" 50_000 20_000 "locals in a function"
        "Parameters and other locals of one function.", "More than the default has no effect.";
    Operands "operands" 1_000_000 100_000 "operands at once"
        "Operands that lie on the stack of one function at the same time.";
    Nesting "nesting" 1_000_000 50_000 "nested blocks"
        "Blocks of one function that are open at the same time, the function's own among them.";
    WorkPerByte "work-per-byte" 64 32 "operands and results of operators for each byte"
        "Operands and results of all operators, and locals of all functions, for each byte of code, beyond the first million.";
    Globals "globals" 1_000_000 100_000 "globals"
        "Globals, the imported ones among them.";
    ConstantOperators "constant-operators" 10_000_000 1_000_000 "operators in constant expressions"
        "Operators of all constant expressions together, such as values of globals and offsets of segments.";
    Tables "tables" 100_000 1_000 "tables"
        "Tables, the imported ones among them.", "More than the default has no effect.";
    ElementItems "element-items" 20_000_000 2_000_000 "items of element segments"
        "Items of all element segments together. Sizes of tables are a matter of their store.";
    ElementSegments "element-segments" 100_000 10_000 "element segments"
        "Element segments.", "More than the default has no effect.";
    DataSegments "data-segments" 100_000 50_000 "data segments"
        "Data segments.", "More than the default has no effect.";
    Memories "memories" 100 16 "memories"
        "Memories, the imported ones among them.", "More than the default has no effect.";
    Tags "tags" 100_000 10_000 "tags"
        "Tags, the imported ones among them.";
    CustomSections "custom-sections" 100_000 10_000 "custom sections"
        "Custom sections, those with names and debug information among them.";
    TextSize "text-size" 1_073_741_824 1_048_576 "bytes of text"
        "Bytes of a module in the text format, which takes up to a hundred times as much memory while it is read.";
}

impl ModuleLimit {
    /// The limit with a name.
    ///
    /// ```
    /// use upshift_translate::limits::ModuleLimit;
    ///
    /// assert_eq!(ModuleLimit::from_name("operands"), Some(ModuleLimit::Operands));
    /// assert_eq!(ModuleLimit::from_name("legs"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<ModuleLimit> {
        ModuleLimit::ALL.iter().copied().find(|limit| limit.name() == name)
    }
}

/// What a module may contain: a value for each [`ModuleLimit`].
///
/// ```
/// use upshift_translate::limits::{ModuleLimit, ModuleLimits};
///
/// let limits = ModuleLimits::strict().with(ModuleLimit::Functions, 1000);
/// assert_eq!(limits.get(ModuleLimit::Functions), 1000);
/// assert!(limits.get(ModuleLimit::Types) < ModuleLimits::default().get(ModuleLimit::Types));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ModuleLimits {
    values: [u64; ModuleLimit::ALL.len()],
}

impl Default for ModuleLimits {
    /// What no module that is meant well comes near.
    fn default() -> ModuleLimits {
        ModuleLimits { values: DEFAULT }
    }
}

impl ModuleLimits {
    /// Enough for programs of usual size, for modules of unknown origin: those that are within these limits take at most some
    /// hundreds of megabytes and some seconds before they run. Functions that are called take up to 200 bytes more for each of
    /// their own, as under all limits, and usually less than eight.
    #[must_use]
    pub fn strict() -> ModuleLimits {
        ModuleLimits { values: STRICT }
    }

    /// The value of a limit.
    #[must_use]
    pub fn get(&self, limit: ModuleLimit) -> u64 {
        self.values[limit as usize]
    }

    /// The same limits but for one.
    #[must_use]
    pub fn with(mut self, limit: ModuleLimit, value: u64) -> ModuleLimits {
        self.values[limit as usize] = value;
        self
    }

    /// Makes sure that a module may have so many of something; `offset` is where it says so.
    ///
    /// # Errors
    /// When it may not.
    pub fn check(&self, limit: ModuleLimit, wanted: u64, offset: u64) -> Result<(), ModuleLimitExceeded> {
        let allowed = self.get(limit);
        if wanted <= allowed { Ok(()) } else { Err(ModuleLimitExceeded { limit, allowed, wanted, offset }) }
    }
}

impl fmt::Debug for ModuleLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(ModuleLimit::ALL.iter().map(|&limit| (limit.name(), self.get(limit)))).finish()
    }
}

/// A module was refused because it exceeds a limit. It may be valid.
///
/// Prints as ``module too large at offset 0x1f: it has 70000 types, and the limit `types` is 50000``.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ModuleLimitExceeded {
    /// Which limit.
    pub limit: ModuleLimit,
    /// What is allowed.
    pub allowed: u64,
    /// What the module has, as far as it was read.
    pub wanted: u64,
    /// Where that showed, in bytes from the module's start.
    pub offset: u64,
}

impl ModuleLimitExceeded {
    pub(crate) fn reason(&self) -> String {
        let ModuleLimitExceeded { limit, allowed, wanted, .. } = self;
        format!("it has {wanted} {}, and the limit `{}` is {allowed}", limit.what(), limit.name())
    }
}

impl fmt::Display for ModuleLimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "module too large at offset {:#x}: {}", self.offset, self.reason())
    }
}

impl std::error::Error for ModuleLimitExceeded {}

#[cfg(test)]
mod tests {
    use super::{ModuleLimit, ModuleLimits};

    #[test]
    fn strict_is_never_looser_and_names_are_unique() {
        let (strict, default) = (ModuleLimits::strict(), ModuleLimits::default());
        for &limit in ModuleLimit::ALL {
            assert!(strict.get(limit) <= default.get(limit), "{}", limit.name());
            assert_eq!(ModuleLimit::from_name(limit.name()), Some(limit));
            assert!(limit.name().chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        }
    }
}
