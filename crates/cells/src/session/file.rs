//! The bytes of a checkpoint as they are kept: who wrote them, the session's header, the data, a checksum.
//!
//! ```text
//! "upshift cells\n" │ format: u16 │ length of header: u32 │ header │ data │ checksum of all that: u64       (little endian)
//! ```

/// What every checkpoint begins with.
const MAGIC: &[u8] = b"upshift cells\n";

/// The number of this layout, and of those of header and data.
const FORMAT: u16 = 1;

/// The bytes of a checkpoint of header and data.
///
/// ```
/// use upshift_cells::session::{pack, unpack};
///
/// let mut bytes = pack(b"header", b"data");
/// assert_eq!(unpack(&bytes), Ok((&b"header"[..], &b"data"[..])));
/// bytes[20] ^= 1;
/// assert!(unpack(&bytes).is_err());
/// ```
pub fn pack(header: &[u8], data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MAGIC.len() + 14 + header.len() + data.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&(header.len() as u32).to_le_bytes());
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(data);
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Header and data of a checkpoint.
///
/// # Errors
///
/// If the bytes are no checkpoint, one of another version, or damaged.
pub fn unpack(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("this is no checkpoint of cells")?;
    let (format, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
    let format = u16::from_le_bytes(*format);
    if format != FORMAT {
        return Err(format!("the checkpoint has format {format}, but this version reads format {FORMAT}"));
    }
    let (rest, sum) = rest.split_last_chunk().ok_or(DAMAGED)?;
    if checksum(&bytes[..bytes.len() - 8]) != u64::from_le_bytes(*sum) {
        return Err(DAMAGED.into());
    }
    let (length, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(|| DAMAGED.into())
}

/// What is said of a checkpoint whose bytes are not those that were written.
pub(super) const DAMAGED: &str = "the checkpoint is damaged";

/// FNV-1a, eight bytes at a time: each step can be undone, so a change in one place changes the sum.
fn checksum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let step = |sum: u64, word: u64| {
        let sum = (sum ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        sum ^ (sum >> 32)
    };
    let sum = words.iter().fold(0xcbf2_9ce4_8422_2325, |sum, word| step(sum, u64::from_le_bytes(*word)));
    rest.iter().fold(sum, |sum, &byte| step(sum, u64::from(byte)))
}
