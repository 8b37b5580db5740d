//! What code is kept for: [`Key`].

use std::{fmt, thread};

use blake3::hazmat::{HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root};
use blake3::{Hash, Hasher};

/// Names the code of a module for one build of the program, one kind of processor and the settings that code depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) [u8; Key::BYTES]);

impl Key {
    pub(crate) const BYTES: usize = blake3::OUT_LEN;

    /// That of a module with these bytes; `settings` is a text that is another one whenever code may be another one.
    pub(crate) fn of(bytes: &[u8], settings: &str) -> Key {
        let module = hash(bytes);
        let mut hasher = Hasher::new_derive_key("upshift code cache, entry of a module");
        hasher.update(module.as_bytes());
        hasher.update(BUILD.as_bytes());
        hasher.update(settings.as_bytes());
        Key(*hasher.finalize().as_bytes())
    }
}

/// From so many bytes on two threads hash, each some part of BLAKE3's tree.
const MANY: usize = 4 << 20;

/// The hash of bytes, by two threads if they are many.
fn hash(bytes: &[u8]) -> Hash {
    if bytes.len() < MANY {
        return blake3::hash(bytes);
    }
    // The left part of a tree is as large as can be, so that its halves are trees too.
    let (left, right) = bytes.split_at(left_subtree_len(bytes.len() as u64) as usize);
    let (first, second) = left.split_at(left.len() / 2);
    let part =
        |bytes: &[u8], at: usize| Hasher::new().set_input_offset(at as u64).update(bytes).finalize_non_root();
    let (first, (second, right)) = thread::scope(|scope| {
        let rest = || (part(second, first.len()), part(right, left.len()));
        let other = thread::Builder::new().spawn_scoped(scope, rest);
        let first = part(first, 0);
        // Where there is no thread, this one does it all.
        (first, other.map_or_else(|_| rest(), |other| other.join().expect("hashing does not panic")))
    });
    let left = merge_subtrees_non_root(&first, &second, Mode::Hash);
    merge_subtrees_root(&left, &right, Mode::Hash)
}

/// What is another text for another build of the program: code refers to its handlers and stubs by numbers, and to its records.
pub(crate) const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), " ", env!("UPSHIFT_BUILD"));

/// As the name of a file.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, MANY, hash};

    #[test]
    fn threads_hash_as_one_does() {
        let bytes: Vec<u8> = (0..3 * MANY).map(|at| (at ^ at >> 7 ^ at >> 15) as u8).collect();
        for len in
            [0, 1, MANY - 1, MANY, MANY + 1, MANY + 1024, MANY + 5000, 2 * MANY - 1, 2 * MANY, 3 * MANY]
        {
            assert_eq!(hash(&bytes[..len]), blake3::hash(&bytes[..len]), "{len} bytes");
        }
    }

    #[test]
    fn everything_counts() {
        let key = Key::of(b"ab", "c");
        assert_eq!(key, Key::of(b"ab", "c"));
        assert!(
            [Key::of(b"a", "bc"), Key::of(b"abc", ""), Key::of(b"ab", "d")].iter().all(|&other| other != key)
        );
        assert_eq!(key.to_string().len(), 2 * Key::BYTES);
    }
}
