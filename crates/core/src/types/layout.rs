//! The layout of structs and arrays in the garbage-collected heap.
//!
//! ```text
//! offset 0: type word    4: length of an array, else 0    8: fields, or elements one after the other
//! ```
//!
//! Objects are aligned to 8 bytes and their sizes are multiples of 8. An object of a subtype begins with the layout of its
//! supertype, so code that knows only the supertype finds its fields.

use super::composite::FieldType;

/// Bytes before the fields or elements.
pub const HEADER_BYTES: u32 = 8;

/// Objects take a multiple of so many bytes and begin at one.
pub const ALIGNMENT: u32 = 8;

/// So many bytes in front of all objects are never accessible: an access to null that ends before them faults.
pub const NULL_GUARD: u32 = 64 << 10;

/// Where the fields of a struct lie.
///
/// ```
/// use upshift_core::ValType;
/// use upshift_core::types::composite::{FieldType, StorageType};
/// use upshift_core::types::layout::StructLayout;
///
/// let field = |storage| FieldType { storage, mutable: true };
/// let fields = [field(StorageType::I8), field(StorageType::Val(ValType::F64)), field(StorageType::I16)];
/// let layout = StructLayout::new(&fields, None).unwrap();
/// assert_eq!(layout.offsets(), [18, 8, 16]);
/// assert_eq!(layout.size(), 24);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StructLayout {
    offsets: Box<[u32]>,
    /// Behind the last field.
    end: u32,
}

impl StructLayout {
    /// The layout of a struct; that of its supertype tells where the fields lie that both have. None if an object would have
    /// 4 GiB or more, which no heap can hold.
    #[must_use]
    pub fn new(fields: &[FieldType], supertype: Option<&StructLayout>) -> Option<StructLayout> {
        let mut offsets = supertype.map_or(Vec::new(), |supertype| supertype.offsets.to_vec());
        let mut end = supertype.map_or(HEADER_BYTES, |supertype| supertype.end);
        let inherited = offsets.len();
        offsets.resize(fields.len(), 0);
        // The largest field that needs no gap goes first; fields of one size keep their order.
        let mut waiting: [Vec<usize>; 4] = Default::default();
        for (i, field) in fields.iter().enumerate().skip(inherited).rev() {
            let class = alignment(field).trailing_zeros();
            waiting[class as usize].push(i);
        }
        loop {
            let fits = |class: &usize| !waiting[*class].is_empty() && end.is_multiple_of(1 << class);
            match (0..4).rev().find(fits) {
                Some(class) => {
                    let field = waiting[class].pop().unwrap_or_default();
                    offsets[field] = end;
                    end = end.checked_add(fields[field].storage.bytes())?;
                }
                None if waiting.iter().all(Vec::is_empty) => break,
                None => end = end.checked_add(1)?,
            }
        }
        // The size is rounded up.
        end.checked_next_multiple_of(ALIGNMENT)?;
        Some(StructLayout { offsets: offsets.into(), end })
    }

    /// The offsets of the fields from the start of an object.
    #[must_use]
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// The size of an object.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.end.next_multiple_of(ALIGNMENT)
    }
}

fn alignment(field: &FieldType) -> u32 {
    field.storage.bytes().min(ALIGNMENT)
}

/// The size of a struct with so many fields, of 4 bytes each.
#[inline(always)]
#[must_use]
pub const fn struct32_size(fields: usize) -> u32 {
    (fields as u32 * 4 + HEADER_BYTES + (ALIGNMENT - 1)) & !(ALIGNMENT - 1)
}

/// The size of an array with so many elements of so many bytes; none if no heap can hold it.
#[must_use]
pub fn array_size(element_bytes: u32, len: u32) -> Option<u32> {
    let bytes = u64::from(element_bytes) * u64::from(len) + u64::from(HEADER_BYTES);
    u32::try_from(bytes.next_multiple_of(u64::from(ALIGNMENT))).ok()
}

#[cfg(test)]
mod tests {
    use super::{StructLayout, array_size};
    use crate::types::ValType;
    use crate::types::composite::{FieldType, StorageType};

    fn fields(types: &[StorageType]) -> Vec<FieldType> {
        types.iter().map(|&storage| FieldType { storage, mutable: false }).collect()
    }

    #[test]
    fn subtypes_extend_their_supertype() {
        use StorageType::{I8, I16, Val};
        let all = fields(&[Val(ValType::I32), I8, Val(ValType::I64), I16, Val(ValType::V128), I8]);
        let parent = StructLayout::new(&all[..2], None).unwrap();
        assert_eq!((parent.offsets(), parent.size()), (&[8, 12][..], 16));
        let child = StructLayout::new(&all, Some(&parent)).unwrap();
        // The byte goes into the gap that the supertype left, then the rest by size.
        assert_eq!(child.offsets(), [8, 12, 16, 14, 24, 13]);
        assert_eq!(child.size(), 40);
        assert_eq!(StructLayout::new(&[], None).unwrap().size(), 8);
    }

    #[test]
    fn structs_are_bounded() {
        let all = fields(&[StorageType::Val(ValType::V128); 3]);
        let parent = |end| StructLayout { offsets: [8, 16].into(), end };
        // The last size that 32 bits can hold, and one more.
        assert_eq!(StructLayout::new(&all, Some(&parent(u32::MAX - 23))).unwrap().size(), u32::MAX - 7);
        assert_eq!(StructLayout::new(&all, Some(&parent(u32::MAX - 15))), None);
        assert_eq!(StructLayout::new(&all, Some(&parent(u32::MAX - 14))), None);
    }

    #[test]
    fn arrays_are_bounded() {
        assert_eq!(array_size(1, 0), Some(8));
        assert_eq!(array_size(2, 5), Some(24));
        assert_eq!(array_size(16, u32::MAX), None);
        assert_eq!(array_size(1, u32::MAX), None);
    }
}
