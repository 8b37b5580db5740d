//! A module's bytes: kept once, however many owners share them.
//!
//! ```text
//! Vec, Box, Arc, 'static ─ taken over ─┬▶ ModuleBytes ─ clone ─▶ the same bytes
//! any other slice ───────────── copied ┘
//! ```
//!
//! The bytes must never change: functions are translated from them long after they were validated. So only types with
//! immutable contents can become `ModuleBytes`, not everything that derefs to a slice.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The bytes of a module. Cheap to clone: clones share the bytes.
///
/// A `Vec<u8>`, a `Box<[u8]>` and an `Arc<[u8]>` become it without a copy, slices are copied.
///
/// ```
/// use upshift_translate::ModuleBytes;
///
/// let bytes = vec![0; 8];
/// let at = bytes.as_ptr();
/// let bytes = ModuleBytes::from(bytes);
/// assert_eq!(bytes.clone().as_ptr(), at);
/// ```
#[derive(Clone)]
pub struct ModuleBytes(Owner);

#[derive(Clone)]
enum Owner {
    /// Sharing it by a second allocation is what spares copying the bytes behind the counts of an `Arc<[u8]>`.
    Vec(Arc<Vec<u8>>),
    Shared(Arc<[u8]>),
    Static(&'static [u8]),
}

impl ModuleBytes {
    /// Bytes that are part of the program, such as those of `include_bytes!`.
    ///
    /// ```
    /// use upshift_translate::ModuleBytes;
    ///
    /// static EMPTY: &[u8] = b"\0asm\x01\0\0\0";
    /// assert_eq!(ModuleBytes::from_static(EMPTY).as_ptr(), EMPTY.as_ptr());
    /// ```
    #[must_use]
    pub const fn from_static(bytes: &'static [u8]) -> ModuleBytes {
        ModuleBytes(Owner::Static(bytes))
    }
}

impl Deref for ModuleBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Owner::Vec(bytes) => bytes,
            Owner::Shared(bytes) => bytes,
            Owner::Static(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for ModuleBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Default for ModuleBytes {
    /// No bytes, which are no module.
    fn default() -> ModuleBytes {
        ModuleBytes::from_static(&[])
    }
}

impl fmt::Debug for ModuleBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModuleBytes({} bytes)", self.len())
    }
}

impl From<Vec<u8>> for ModuleBytes {
    fn from(bytes: Vec<u8>) -> ModuleBytes {
        ModuleBytes(Owner::Vec(Arc::new(bytes)))
    }
}

impl From<Box<[u8]>> for ModuleBytes {
    fn from(bytes: Box<[u8]>) -> ModuleBytes {
        bytes.into_vec().into()
    }
}

impl From<Arc<[u8]>> for ModuleBytes {
    fn from(bytes: Arc<[u8]>) -> ModuleBytes {
        ModuleBytes(Owner::Shared(bytes))
    }
}

impl From<Arc<Vec<u8>>> for ModuleBytes {
    fn from(bytes: Arc<Vec<u8>>) -> ModuleBytes {
        ModuleBytes(Owner::Vec(bytes))
    }
}

impl From<&[u8]> for ModuleBytes {
    /// Copies the bytes.
    fn from(bytes: &[u8]) -> ModuleBytes {
        bytes.to_vec().into()
    }
}

impl<const N: usize> From<&[u8; N]> for ModuleBytes {
    /// Copies the bytes.
    fn from(bytes: &[u8; N]) -> ModuleBytes {
        bytes[..].into()
    }
}

impl From<&Vec<u8>> for ModuleBytes {
    /// Copies the bytes.
    fn from(bytes: &Vec<u8>) -> ModuleBytes {
        bytes[..].into()
    }
}

impl From<&ModuleBytes> for ModuleBytes {
    /// Shares the bytes.
    fn from(bytes: &ModuleBytes) -> ModuleBytes {
        bytes.clone()
    }
}

impl From<Cow<'_, [u8]>> for ModuleBytes {
    /// Copies the bytes if they are borrowed.
    fn from(bytes: Cow<'_, [u8]>) -> ModuleBytes {
        bytes.into_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over_is_not_copied() {
        let (vec, boxed, shared) =
            (vec![1, 2, 3], Box::<[u8]>::from([1, 2, 3]), Arc::<[u8]>::from([1, 2, 3]));
        let (at_vec, at_boxed, at_shared) = (vec.as_ptr(), boxed.as_ptr(), shared.as_ptr());
        for (bytes, at) in [
            (ModuleBytes::from(vec), at_vec),
            (ModuleBytes::from(boxed), at_boxed),
            (ModuleBytes::from(Arc::clone(&shared)), at_shared),
            (ModuleBytes::from(&ModuleBytes::from(shared)), at_shared),
        ] {
            assert_eq!((bytes.as_ptr(), &*bytes), (at, &[1, 2, 3][..]));
        }
        let borrowed = [1, 2, 3];
        assert_ne!(ModuleBytes::from(&borrowed).as_ptr(), borrowed.as_ptr());
    }
}
