//! Typed `u32` indices: a function index cannot be used where a table index is meant.

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident $prefix:literal)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as a position in a slice.
            #[inline]
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The index for a position in a slice.
            ///
            /// # Panics
            /// When `position` does not fit into 32 bits, which no validated module reaches.
            #[inline]
            #[must_use]
            pub fn new(position: usize) -> Self {
                Self(u32::try_from(position).expect("index spaces are bounded to 32 bits by validation"))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self, f)
            }
        }
    )*};
}

indices! {
    /// A function in a module's index space, imports first.
    FuncIndex "func"
    /// A table in a module's index space, imports first.
    TableIndex "table"
    /// A memory in a module's index space, imports first.
    MemoryIndex "memory"
    /// A global in a module's index space, imports first.
    GlobalIndex "global"
    /// A local variable of a function, parameters first.
    LocalIndex "local"
    /// A tag in a module's index space, imports first.
    TagIndex "tag"
    /// A type in a module's type section, counted through its recursion groups.
    TypeIndex "type"
    /// An element segment.
    ElemIndex "elem"
    /// A data segment.
    DataIndex "data"
}
