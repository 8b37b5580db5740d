//! Reference maps: which slots of a frame hold references to objects that the collector may move. They lie beside the code.
//!
//! ```text
//! position of the instruction where the frame stands ─ points ─▶ list of operands ─▶ slot ─▶ slot ─▶ …
//!                                                  and always ─▶ locals, which hold null until they are set
//! ```
//!
//! Slots are counted from `fp`. Lists share their tails, so all of them together are no longer than the code that made the
//! operands. Positions are words of the function's code, preamble included; the text form counts from the first instruction.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The end of a list.
const NONE: u32 = u32::MAX;

/// The references of a function's frames.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ReferenceMaps {
    locals: Box<[i32]>,
    nodes: Box<[Node]>,
    points: Box<[Point]>,
}

/// An element of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Node {
    slot: i32,
    /// The element below.
    below: u32,
}

/// From a word on, the operands of a list are references.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Point {
    start: u32,
    list: u32,
}

impl ReferenceMaps {
    /// Maps without lists, for locals that are references.
    #[must_use]
    pub fn new(locals: impl IntoIterator<Item = i32>) -> ReferenceMaps {
        ReferenceMaps { locals: locals.into_iter().collect(), ..ReferenceMaps::default() }
    }

    /// Sets the lists: slots with the number of the element below, and from which word on which list counts, ascending.
    #[must_use]
    pub fn with_lists(
        mut self,
        nodes: impl IntoIterator<Item = (i32, Option<u32>)>,
        points: impl IntoIterator<Item = (u32, Option<u32>)>,
    ) -> ReferenceMaps {
        let node = |(slot, below): (i32, Option<u32>)| Node { slot, below: below.unwrap_or(NONE) };
        let point = |(start, list): (u32, Option<u32>)| Point { start, list: list.unwrap_or(NONE) };
        self.nodes = nodes.into_iter().map(node).collect();
        self.points = points.into_iter().map(point).collect();
        self
    }

    /// Whether there is nothing to know.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.locals.is_empty() && self.points.is_empty()
    }

    /// The locals.
    #[must_use]
    pub fn locals(&self) -> &[i32] {
        &self.locals
    }

    /// The operands, for a frame that stands at the instruction which `word` belongs to.
    ///
    /// ```
    /// use upshift_ir::references::ReferenceMaps;
    ///
    /// let nodes = [(7, None), (9, Some(0))];
    /// let maps = ReferenceMaps::new([2]).with_lists(nodes, [(3, Some(1)), (8, None)]);
    /// assert_eq!(maps.operands(2).count(), 0);
    /// assert_eq!(maps.operands(5).collect::<Vec<_>>(), [9, 7]);
    /// assert_eq!(maps.operands(8).count(), 0);
    /// ```
    pub fn operands(&self, word: usize) -> impl Iterator<Item = i32> + '_ {
        let behind = self.points.partition_point(|point| point.start as usize <= word);
        self.list(behind.checked_sub(1).map_or(NONE, |at| self.points[at].list))
    }

    /// From which words on which operands count.
    pub fn points(&self) -> impl Iterator<Item = (u32, Vec<i32>)> + '_ {
        self.points.iter().map(|point| (point.start, self.list(point.list).collect()))
    }

    fn list(&self, start: u32) -> impl Iterator<Item = i32> + '_ {
        let mut next = start;
        std::iter::from_fn(move || {
            let node = self.nodes.get(next as usize)?;
            next = node.below;
            Some(node.slot)
        })
    }

    /// What is wrong with maps of code with so many words and these slots, and at which word.
    pub(crate) fn verify(&self, words: usize, frame: &Range<i64>) -> Result<(), (u32, String)> {
        let slots = self.locals.iter().copied().chain(self.nodes.iter().map(|node| node.slot));
        for slot in slots {
            if !frame.contains(&i64::from(slot)) {
                return Err((
                    0,
                    format!("the reference in slot {slot} is outside of the frame of slots {frame:?}"),
                ));
            }
        }
        for (number, node) in (0..).zip(&self.nodes) {
            if node.below != NONE && node.below >= number {
                return Err((0, format!("element {number} of a list of references is below a later one")));
            }
        }
        let mut next = 1;
        for point in &self.points {
            if point.start < next || point.start as usize > words {
                return Err((
                    point.start,
                    "a list of references begins out of order or behind the code".into(),
                ));
            }
            if point.list != NONE && point.list as usize >= self.nodes.len() {
                return Err((point.start, format!("there is no list {} of references", point.list)));
            }
            next = point.start + 1;
        }
        Ok(())
    }
}
