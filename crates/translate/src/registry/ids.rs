//! Allocator of type ids: hands out runs of consecutive ids and takes them back.
//!
//! A run is taken from the smallest gap that is large enough (the lowest of these), or from the end. Adjacent gaps are merged,
//! and a gap at the end disappears, so ids stay low and tables indexed by them stay small.

use std::collections::{BTreeMap, BTreeSet};

/// The numbers below a limit.
#[derive(Debug)]
pub(super) struct Ids {
    /// All numbers from here on are free.
    end: u32,
    /// No number is this or higher.
    limit: u32,
    /// The free numbers below the end: first number → how many.
    gaps: BTreeMap<u32, u32>,
    /// The same by size: how many, first number.
    sizes: BTreeSet<(u32, u32)>,
}

impl Ids {
    /// All numbers from `first` up to `limit` are free.
    pub(super) fn new(first: u32, limit: u32) -> Ids {
        Ids { end: first, limit, gaps: BTreeMap::new(), sizes: BTreeSet::new() }
    }

    /// All numbers from here on are free.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    /// Takes so many numbers in a row and returns the first; none if there are no more.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        if let Some(&(size, first)) = self.sizes.range((count, 0)..).next() {
            self.remove_gap(first, size);
            if size > count {
                self.add_gap(first + count, size - count);
            }
            return Some(first);
        }
        let first = self.end;
        self.end = first.checked_add(count).filter(|&end| end <= self.limit)?;
        Some(first)
    }

    /// Takes numbers back, which were taken together.
    pub(super) fn give_back(&mut self, first: u32, count: u32) {
        let (mut start, mut end) = (first, first + count);
        if let Some((&before, &size)) = self.gaps.range(..start).next_back()
            && before + size == start
        {
            self.remove_gap(before, size);
            start = before;
        }
        if let Some(&size) = self.gaps.get(&end) {
            self.remove_gap(end, size);
            end += size;
        }
        if end == self.end {
            self.end = start;
        } else {
            self.add_gap(start, end - start);
        }
    }

    fn add_gap(&mut self, first: u32, size: u32) {
        self.gaps.insert(first, size);
        self.sizes.insert((size, first));
    }

    fn remove_gap(&mut self, first: u32, size: u32) {
        self.gaps.remove(&first);
        self.sizes.remove(&(size, first));
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn gaps_are_used_again_and_become_one() {
        let mut ids = Ids::new(1, 100);
        let firsts: Vec<_> = [1, 2, 3, 1].into_iter().map(|count| ids.take(count).unwrap()).collect();
        assert_eq!((firsts, ids.end()), (vec![1, 2, 4, 7], 8));
        ids.give_back(2, 2);
        // The gap of two fits better than the end, and one of its numbers is left.
        assert_eq!((ids.take(1), ids.take(2), ids.take(1)), (Some(2), Some(8), Some(3)));
        ids.give_back(3, 1);
        ids.give_back(1, 1);
        ids.give_back(2, 1);
        assert_eq!(ids.take(3), Some(1));
        // What is free at the end makes the numbers fewer.
        for (first, count) in [(4, 3), (8, 2), (7, 1)] {
            ids.give_back(first, count);
        }
        assert_eq!((ids.end(), ids.gaps.len(), ids.sizes.len()), (4, 0, 0));
    }

    #[test]
    fn numbers_end() {
        let mut ids = Ids::new(1, 4);
        assert_eq!((ids.take(4), ids.take(3), ids.take(1)), (None, Some(1), None));
        ids.give_back(1, 3);
        assert_eq!((ids.take(u32::MAX), ids.take(1)), (None, Some(1)));
    }

    #[test]
    fn taken_numbers_are_never_given_twice() {
        let mut ids = Ids::new(1, 1 << 20);
        let (mut taken, mut held, mut random) = (std::collections::HashSet::new(), Vec::new(), 1u64);
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let choice = (random >> 33) as u32;
            if choice.is_multiple_of(2) && !held.is_empty() {
                let (first, count) = held.swap_remove(choice as usize / 2 % held.len());
                assert!((first..first + count).all(|id| taken.remove(&id)));
                ids.give_back(first, count);
            } else {
                let count = 1 + choice / 2 % 5;
                let first = ids.take(count).unwrap();
                assert!((first..first + count).all(|id| taken.insert(id)));
                held.push((first, count));
            }
            assert!(taken.iter().all(|&id| id < ids.end()));
        }
        // The gaps and what is taken are all that there is.
        let gaps: u32 = ids.gaps.values().sum();
        assert_eq!((gaps + taken.len() as u32, ids.gaps.len()), (ids.end() - 1, ids.sizes.len()));
        for (first, count) in held {
            ids.give_back(first, count);
        }
        assert_eq!((ids.end(), ids.gaps.len(), ids.sizes.len()), (1, 0, 0));
    }
}
