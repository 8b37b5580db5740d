//! Which parts of WebAssembly a module may use, declared once.
//!
//! ```text
//! features! table ─┬▶ Feature    one variant a row: name, what it is, whether it is there
//!                  ├▶ Features   the set that an engine allows
//!                  └▶ the validator's flags
//! ```
//!
//! Each row names the first version of the standard that has the feature, or says that it is a `proposal`.
//! A row is `on` (allowed unless the embedder forbids it), `off` (forbidden unless the embedder allows it; currently none)
//! or `unsupported` (listed so that errors can name it; no engine can allow it).

use std::fmt;

use wasmparser::WasmFeatures;

/// Whether a feature can be used at all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Availability {
    /// Allowed unless forbidden.
    On,
    /// Forbidden unless allowed.
    Off,
    /// Not implemented: always forbidden.
    Unsupported,
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Availability::On => "on",
            Availability::Off => "off",
            Availability::Unsupported => "unsupported",
        })
    }
}

macro_rules! availability {
    (on) => {
        Availability::On
    };
    (off) => {
        Availability::Off
    };
    (unsupported) => {
        Availability::Unsupported
    };
}

macro_rules! standard {
    (proposal) => {
        None
    };
    ($version:literal) => {
        Some($version)
    };
}

macro_rules! features {
    ($($name:ident $text:literal $default:ident $standard:tt ($($flag:ident)|+) $doc:literal;)*) => {
        /// A part of WebAssembly that can be allowed or forbidden.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Feature {
            $(#[doc = $doc] $name,)*
        }

        impl Feature {
            /// All features, in the order of the table.
            pub const ALL: &'static [Feature] = &[$(Feature::$name,)*];

            /// The name, as the proposal that brought it has it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Feature::$name => $text,)*
                }
            }

            /// What the feature consists of, in one line.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self {
                    $(Feature::$name => $doc,)*
                }
            }

            /// Whether the feature can be used.
            #[must_use]
            pub fn availability(self) -> Availability {
                match self {
                    $(Feature::$name => availability!($default),)*
                }
            }

            /// The first version of the standard that has the feature; none has it while it is a proposal.
            #[must_use]
            pub fn standard(self) -> Option<u32> {
                match self {
                    $(Feature::$name => standard!($standard),)*
                }
            }

            pub(crate) fn flags(self) -> WasmFeatures {
                match self {
                    $(Feature::$name => WasmFeatures::empty()$(.union(WasmFeatures::$flag))+,)*
                }
            }
        }
    };
}

features! {
    MutableGlobal "mutable-global" on 1 (MUTABLE_GLOBAL)
        "Import and export of mutable globals.";
    SaturatingFloatToInt "saturating-float-to-int" on 2 (SATURATING_FLOAT_TO_INT)
        "Conversions from floats to integers that never trap.";
    SignExtension "sign-extension" on 2 (SIGN_EXTENSION)
        "Sign extension of narrow integers.";
    // Without `GC_TYPES` the validator knows no references but those to functions.
    ReferenceTypes "reference-types" on 2 (REFERENCE_TYPES | GC_TYPES)
        "References as values, several tables, table instructions.";
    MultiValue "multi-value" on 2 (MULTI_VALUE)
        "Several results of functions and blocks, parameters of blocks.";
    BulkMemory "bulk-memory" on 2 (BULK_MEMORY)
        "Copying, filling and initialising of memories and tables, passive segments.";
    Simd "simd" on 2 (SIMD)
        "128-bit vectors.";
    RelaxedSimd "relaxed-simd" on 3 (RELAXED_SIMD)
        "Vector instructions whose results may differ between machines.";
    TailCall "tail-call" on 3 (TAIL_CALL)
        "Calls that replace their caller.";
    ExtendedConst "extended-const" on 3 (EXTENDED_CONST)
        "Integer arithmetic in constant expressions.";
    MultiMemory "multi-memory" on 3 (MULTI_MEMORY)
        "Several memories in one module.";
    Memory64 "memory64" on 3 (MEMORY64)
        "Memories and tables with 64-bit addresses.";
    FunctionReferences "function-references" on 3 (FUNCTION_REFERENCES)
        "References to functions of one type, calls through them.";
    Floats "floats" on 1 (FLOATS)
        "Floating-point types and instructions.";
    CompactImports "compact-imports" on proposal (COMPACT_IMPORTS)
        "Import sections that name a module once for several imports.";
    Gc "gc" on 3 (GC)
        "Garbage-collected structs and arrays, recursive types, subtypes, casts.";
    Exceptions "exceptions" on 3 (EXCEPTIONS)
        "Exceptions with tags and exception references.";
    LegacyExceptions "legacy-exceptions" on proposal (LEGACY_EXCEPTIONS)
        "The first draft of exceptions.";
    Threads "threads" on proposal (THREADS)
        "Shared memories and atomic instructions.";
    SharedEverythingThreads "shared-everything-threads" unsupported proposal (SHARED_EVERYTHING_THREADS)
        "Shared tables, globals and functions.";
    CustomPageSizes "custom-page-sizes" on proposal (CUSTOM_PAGE_SIZES)
        "Memories with pages of one byte.";
    WideArithmetic "wide-arithmetic" on proposal (WIDE_ARITHMETIC)
        "128-bit addition, subtraction and multiplication.";
    StackSwitching "stack-switching" unsupported proposal (STACK_SWITCHING)
        "Continuations.";
    MemoryControl "memory-control" unsupported proposal (MEMORY_CONTROL)
        "Giving memory back with memory.discard.";
    CustomDescriptors "custom-descriptors" unsupported proposal (CUSTOM_DESCRIPTORS)
        "Descriptors and exact types of structs.";
    AcquireReleaseAtomics "acquire-release-atomics" unsupported proposal (ACQUIRE_RELEASE_ATOMICS)
        "Atomic instructions with weaker ordering.";
    MultibyteArrayAccess "multibyte-array-access" unsupported proposal (MULTIBYTE_ARRAY_ACCESS)
        "Loads and stores of numbers in byte arrays.";
}

impl Feature {
    /// The feature of the given name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Feature> {
        Feature::ALL.iter().copied().find(|feature| feature.name() == name)
    }

    /// The feature that one of the validator's flags belongs to.
    pub(crate) fn from_flags(flags: WasmFeatures) -> Option<Feature> {
        Feature::ALL.iter().copied().find(|feature| feature.flags().intersects(flags))
    }

    fn bit(self) -> u64 {
        1 << self as u32
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The feature cannot be allowed because it is not implemented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnsupportedFeature(pub Feature);

impl fmt::Display for UnsupportedFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "feature `{}` is not supported", self.0)
    }
}

impl std::error::Error for UnsupportedFeature {}

/// The features that an engine allows.
///
/// ```
/// use upshift_translate::features::{Feature, Features};
///
/// let mut features = Features::default();
/// assert!(features.has(Feature::Simd));
/// features.set(Feature::Simd, false)?;
/// assert!(!features.has(Feature::Simd));
/// assert!(features.set(Feature::StackSwitching, true).is_err());
/// # Ok::<(), upshift_translate::features::UnsupportedFeature>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Features {
    bits: u64,
}

impl Default for Features {
    fn default() -> Features {
        let on = |feature: &&Feature| feature.availability() == Availability::On;
        Features { bits: Feature::ALL.iter().filter(on).fold(0, |bits, feature| bits | feature.bit()) }
    }
}

impl Features {
    /// None at all.
    pub(crate) const NONE: Features = Features { bits: 0 };

    /// All that are implemented.
    #[must_use]
    pub fn all() -> Features {
        let there = |feature: &&Feature| feature.availability() != Availability::Unsupported;
        Features { bits: Feature::ALL.iter().filter(there).fold(0, |bits, feature| bits | feature.bit()) }
    }

    /// Whether the feature is allowed.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.bits & feature.bit() != 0
    }

    /// Allows or forbids a feature.
    ///
    /// # Errors
    /// When the feature is to be allowed but is not implemented.
    pub fn set(&mut self, feature: Feature, allowed: bool) -> Result<(), UnsupportedFeature> {
        if allowed && feature.availability() == Availability::Unsupported {
            return Err(UnsupportedFeature(feature));
        }
        self.bits = if allowed { self.bits | feature.bit() } else { self.bits & !feature.bit() };
        Ok(())
    }

    /// The validator's flags.
    pub(crate) fn flags(&self) -> WasmFeatures {
        let allowed = Feature::ALL.iter().filter(|&&feature| self.has(feature));
        allowed.fold(WasmFeatures::empty(), |flags, feature| flags.union(feature.flags()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Availability, Feature, Features};

    #[test]
    fn every_feature_has_its_own_bit_and_name() {
        assert!(Feature::ALL.len() <= 64);
        for &feature in Feature::ALL {
            assert_eq!(Feature::from_name(feature.name()), Some(feature));
            assert_eq!(Feature::from_flags(feature.flags()), Some(feature));
        }
    }

    #[test]
    fn nothing_of_the_standard_is_missing() {
        // The runner of the specification's scripts relies on it: what is refused for a feature is not refused for a gap.
        for &feature in Feature::ALL {
            let standard = feature.standard().is_some();
            assert!(!standard || feature.availability() == Availability::On, "{feature}");
        }
    }

    #[test]
    fn defaults_are_those_of_the_table() {
        let mut features = Features::default();
        assert!(features.has(Feature::Memory64) && features.has(Feature::Floats));
        assert!(!features.has(Feature::StackSwitching) && features.has(Feature::CompactImports));
        for &feature in Feature::ALL {
            assert_eq!(features.has(feature), feature.availability() == Availability::On);
        }
        assert!(features.set(Feature::StackSwitching, true).is_err());
        assert!(features.set(Feature::StackSwitching, false).is_ok());
        assert!(features.set(Feature::CompactImports, false).is_ok());
        assert!(!features.has(Feature::CompactImports));
    }
}
