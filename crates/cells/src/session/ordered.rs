//! A map whose keys mostly come in ascending order, which keeps them in it: numbers of instances, of cells, times of use.
//!
//! A vector in the order of keys, with gaps where something was removed; when half of it is gaps they are closed. In a browser this is
//! a tenth of the code of the standard library's tree.

/// A map from numbers, in their order.
pub(super) struct Ordered<T> {
    entries: Vec<(u32, Option<T>)>,
    /// How many entries are no gaps.
    len: usize,
    /// Before this place there are only gaps.
    first: usize,
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), len: 0, first: 0 }
    }
}

impl<T> Ordered<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn find(&self, key: u32) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |(key, _)| *key)
    }

    pub(super) fn get(&self, key: u32) -> Option<&T> {
        self.entries[self.find(key).ok()?].1.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        let at = self.find(key).ok()?;
        self.entries[at].1.as_mut()
    }

    pub(super) fn contains(&self, key: u32) -> bool {
        self.get(key).is_some()
    }

    /// Puts a value in the place of the one with this key, if there is one. Quick if the key is greater than all others.
    pub(super) fn insert(&mut self, key: u32, value: T) {
        let at = match self.entries.last() {
            Some((last, _)) if *last >= key => match self.find(key) {
                Ok(at) => {
                    self.len += usize::from(self.entries[at].1.is_none());
                    self.entries[at].1 = Some(value);
                    self.first = self.first.min(at);
                    return;
                }
                Err(at) => at,
            },
            _ => self.entries.len(),
        };
        self.entries.insert(at, (key, Some(value)));
        self.len += 1;
        self.first = self.first.min(at);
    }

    pub(super) fn remove(&mut self, key: u32) -> Option<T> {
        let at = self.find(key).ok()?;
        let value = self.entries[at].1.take()?;
        self.len -= 1;
        if self.entries.len() > 2 * self.len + 16 {
            self.entries.retain(|(_, value)| value.is_some());
            self.first = 0;
        }
        Some(value)
    }

    /// Takes out what has the least key.
    pub(super) fn pop_first(&mut self) -> Option<(u32, T)> {
        while self.entries.get(self.first)?.1.is_none() {
            self.first += 1;
        }
        let key = self.entries[self.first].0;
        Some((key, self.remove(key)?))
    }

    /// In ascending order of keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.entries[self.first..].iter().filter_map(|(key, value)| Some((*key, value.as_ref()?)))
    }

    /// In descending order of keys.
    pub(super) fn iter_back(&self) -> impl Iterator<Item = (u32, &T)> {
        self.entries[self.first..].iter().rev().filter_map(|(key, value)| Some((*key, value.as_ref()?)))
    }

    /// In ascending order of keys.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.entries[self.first..].iter_mut().filter_map(|(key, value)| Some((*key, value.as_mut()?)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_does_what_a_tree_does() {
        let mut ordered = Ordered::default();
        let mut tree = BTreeMap::new();
        let mut seed = 1u32;
        for step in 0..20_000u32 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = seed >> 24;
            match seed >> 8 & 7 {
                0..3 => {
                    ordered.insert(key, step);
                    tree.insert(key, step);
                }
                3..5 => assert_eq!(ordered.remove(key), tree.remove(&key)),
                5 => assert_eq!(ordered.pop_first(), tree.pop_first()),
                6 => assert_eq!(ordered.get(key), tree.get(&key)),
                _ => {
                    let high = 300 + step;
                    ordered.insert(high, step);
                    tree.insert(high, step);
                    assert_eq!(ordered.get_mut(high), tree.get_mut(&high));
                }
            }
            assert_eq!(ordered.len(), tree.len());
            if step % 100 == 0 {
                assert!(ordered.iter().eq(tree.iter().map(|(&key, value)| (key, value))));
                assert!(ordered.iter_back().eq(tree.iter().rev().map(|(&key, value)| (key, value))));
            }
        }
        assert!(!ordered.contains(u32::MAX));
        assert!(ordered.iter_mut().map(|(key, _)| key).eq(tree.into_keys()));
    }
}
