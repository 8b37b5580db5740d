//! An entry of the cache, and an artifact: code of the functions of a module, as far as it was made.
//!
//! ```text
//! header: magic, version, key, where the index is, checksum ─┬─▶ index: for which circumstances, and of each function where its code is
//!                                                            │                                   and a checksum
//!                                                            └─▶ code, function by function, as `upshift_opt::stored` has it
//! ```
//!
//! The index is read at once, code when it is asked for.

use std::fs::File;
use std::io::{Read, Result as IoResult};
use std::ops::Range;
use std::sync::Arc;

use blake3::Hasher;
use serde::{Deserialize, Serialize};
use upshift_opt::stored::decode;
use upshift_opt::{OptCode, Refusal};

use super::key::Key;

/// What files of this kind begin with. The last byte is the version of the form.
const MAGIC: [u8; 16] = *b"\x7fupshift code\0\0\x01";

/// Bytes of the header: [`MAGIC`], key, length of the index, length of the file, checksum of all that and of the index.
const HEADER: usize = 16 + Key::BYTES + 8 + 8 + 32;

/// Bytes of the header that the checksum is of.
const SUMMED: usize = HEADER - 32;

/// Bytes of the checksum of a function's code. It is against accidents: who can write entries can write checksums.
const SUM: usize = 16;

/// What the index says.
#[derive(Serialize, Deserialize)]
struct Index {
    /// What validation has found out about function bodies.
    findings: Vec<u8>,
    /// What the code depends on that the key does not have, because it is not known when an entry is looked for.
    circumstances: String,
    /// Ascending by function and loop.
    items: Vec<Item>,
}

/// The code of a function, or of what follows from a loop on, or that it is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    /// The number of the function, counted without the imports.
    pub(crate) own: u32,
    pub(crate) from_loop: Option<u32>,
    /// Where it is behind the index.
    offset: u64,
    len: u32,
    sum: [u8; SUM],
}

/// Where an entry is.
pub(crate) enum Source {
    File(File),
    Bytes(Arc<[u8]>),
}

/// An entry that was found.
pub(crate) struct Stored {
    source: Source,
    index: Index,
    /// Where code is.
    code: Range<u64>,
}

impl Stored {
    /// The entry of a key, if that is what is there, and whole.
    pub(crate) fn open(source: Source, key: &Key) -> Option<Stored> {
        let mut header = [0; HEADER];
        source.read(0, &mut header).ok()?;
        let number = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("8 bytes"));
        let (index_len, len) = (number(16 + Key::BYTES), number(24 + Key::BYTES));
        if header[..16] != MAGIC || header[16..16 + Key::BYTES] != key.0 || len != source.len().ok()? {
            return None;
        }
        // No more is asked for than the file has.
        let index_len = usize::try_from(index_len).ok().filter(|&bytes| bytes as u64 <= len)?;
        let mut index = vec![0; index_len];
        source.read(HEADER as u64, &mut index).ok()?;
        if header[SUMMED..] != checksum(&header[..SUMMED], &index) {
            return None;
        }
        let (index_len, index) = (index.len(), postcard::from_bytes::<Index>(&index).ok()?);
        let place = |item: &Item| (item.own, item.from_loop);
        let code = HEADER as u64 + index_len as u64..len;
        index.items.is_sorted_by(|a, b| place(a) < place(b)).then_some(Stored { source, index, code })
    }

    /// What validation has found out about function bodies.
    pub(crate) fn findings(&self) -> &[u8] {
        &self.index.findings
    }

    /// Whether the code is for these circumstances.
    pub(crate) fn is_for(&self, circumstances: &str) -> bool {
        self.index.circumstances == circumstances
    }

    /// What there is of a function.
    pub(crate) fn of(&self, own: usize) -> &[Item] {
        let items = &self.index.items;
        let start = items.partition_point(|item| (item.own as usize) < own);
        let count = items[start..].iter().take_while(|item| item.own as usize == own).count();
        &items[start..start + count]
    }

    /// Everything there is.
    pub(crate) fn items(&self) -> &[Item] {
        &self.index.items
    }

    /// The bytes of something that there is, if they are as they were written.
    pub(crate) fn bytes(&self, item: &Item) -> Option<Vec<u8>> {
        let start = self.code.start.checked_add(item.offset)?;
        // No more is asked for than the file has.
        start.checked_add(item.len.into()).filter(|&end| end <= self.code.end)?;
        let mut bytes = vec![0; item.len as usize];
        self.source.read(start, &mut bytes).ok()?;
        (sum_of(&bytes) == item.sum).then_some(bytes)
    }

    /// What the compiler had made, if it can be read.
    pub(crate) fn read(&self, item: &Item) -> Option<Result<OptCode, Refusal>> {
        decode(&self.bytes(item)?).ok()
    }
}

impl Source {
    fn len(&self) -> IoResult<u64> {
        match self {
            Source::File(file) => Ok(file.metadata()?.len()),
            Source::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    fn read(&self, at: u64, into: &mut [u8]) -> IoResult<()> {
        match self {
            Source::File(file) => read_at(file, at, into),
            Source::Bytes(bytes) => {
                let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[start..]).read_exact(into)
            }
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, into: &mut [u8]) -> IoResult<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

/// Elsewhere there is no native code, and no file of this kind.
#[cfg(not(unix))]
fn read_at(_: &File, _: u64, _: &mut [u8]) -> IoResult<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// What an entry begins with, header and index. Behind it follow the codes of `items` one after the other: what
/// [`encode`](upshift_opt::stored::encode) gives, for numbers of functions and loops in ascending order.
pub(crate) fn head(
    key: &Key,
    findings: Vec<u8>,
    circumstances: &str,
    items: &[(u32, Option<u32>, Vec<u8>)],
) -> Vec<u8> {
    let mut offset = 0;
    let items = items.iter().map(|(own, from_loop, bytes)| {
        let len = u32::try_from(bytes.len()).expect("code of a function is shorter than 4 GiB");
        let item = Item { own: *own, from_loop: *from_loop, offset, len, sum: sum_of(bytes) };
        offset += u64::from(len);
        item
    });
    let index = Index { findings, circumstances: circumstances.to_owned(), items: items.collect() };
    let index = postcard::to_allocvec(&index).expect("all of its lengths are known");
    let mut head = Vec::with_capacity(HEADER + index.len());
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&key.0);
    head.extend_from_slice(&(index.len() as u64).to_le_bytes());
    head.extend_from_slice(&((HEADER + index.len()) as u64 + offset).to_le_bytes());
    let sum = checksum(&head, &index);
    head.extend_from_slice(&sum);
    head.extend_from_slice(&index);
    head
}

fn checksum(header: &[u8], index: &[u8]) -> [u8; 32] {
    let mut hasher = Hasher::new_derive_key("upshift code cache, header and index");
    hasher.update(header).update(index);
    *hasher.finalize().as_bytes()
}

fn sum_of(bytes: &[u8]) -> [u8; SUM] {
    *blake3::hash(bytes).as_bytes().first_chunk().expect("it is longer")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use upshift_opt::stored::encode;
    use upshift_opt::{OptCode, Reason, Refusal};

    use super::{Key, Source, Stored, head};

    fn refused(offset: u32) -> Result<OptCode, Refusal> {
        Err(Refusal { reason: Reason::TooLarge, offset, detail: "text".into() })
    }

    fn entry(key: &Key) -> Vec<u8> {
        let items = [(3, None, 1), (3, Some(0), 2), (3, Some(7), 3), (9, None, 4)];
        let items = items.map(|(own, from_loop, offset)| (own, from_loop, encode(&refused(offset))));
        let code = items.iter().map(|(_, _, bytes)| &bytes[..]).collect::<Vec<_>>().concat();
        [head(key, vec![1, 2, 3], "these", &items), code].concat()
    }

    fn open(bytes: &[u8], key: &Key) -> Option<Stored> {
        Stored::open(Source::Bytes(Arc::from(bytes)), key)
    }

    #[test]
    fn what_was_written_is_read() {
        let key = Key::of(b"module", "settings");
        let stored = open(&entry(&key), &key).unwrap();
        assert!(stored.is_for("these") && !stored.is_for("others"));
        assert_eq!(stored.findings(), [1, 2, 3]);
        assert_eq!([0, 3, 4, 9, 10].map(|own| stored.of(own).len()), [0, 3, 0, 1, 0]);
        assert_eq!(
            stored.of(3).iter().map(|item| item.from_loop).collect::<Vec<_>>(),
            [None, Some(0), Some(7)]
        );
        for (item, offset) in stored.items().iter().zip(1..) {
            assert_eq!(stored.read(item), Some(refused(offset)));
        }
        assert!(open(&entry(&key), &Key::of(b"module", "other settings")).is_none());
    }

    /// Each byte that is another one, and each that is missing or too much, is noticed, at the latest where it counts.
    #[test]
    fn what_is_damaged_is_not_read() {
        let key = Key::of(b"module", "settings");
        let whole = entry(&key);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                let Some(stored) = open(&bytes, &key) else { continue };
                let read: Vec<_> = stored.items().iter().map(|item| stored.read(item)).collect();
                assert_eq!(read.iter().filter(|made| made.is_none()).count(), 1, "byte {at}");
                let rest = read.into_iter().zip(1..).filter(|(made, _)| made.is_some());
                rest.for_each(|(made, offset)| assert_eq!(made, Some(refused(offset))));
            }
            assert!(open(&whole[..at], &key).is_none(), "{at} bytes");
        }
        assert!(open(&[&whole[..], &[0]].concat(), &key).is_none());
    }
}
