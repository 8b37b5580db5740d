//! The last results of cells, within a bound.

use std::collections::VecDeque;

use serde_json::{Map, Value};

/// The most bytes of all results together, as JSON.
const MAX_BYTES: usize = 64 << 20;

/// What stands for output that had to go.
const DROPPED: &str = "(This output is not kept any more: later ones have taken its place.)\n";

/// The last result of each cell in this session, so that a page that is loaded again has them. If they are too many bytes, the oldest lose
/// their output, and if that is not enough, they go.
#[derive(Default)]
pub(super) struct Results {
    /// The oldest first.
    kept: VecDeque<Kept>,
    bytes: usize,
}

struct Kept {
    cell: String,
    result: Value,
    bytes: usize,
}

impl Results {
    /// Keeps the result of a cell, instead of the one before.
    pub(super) fn insert(&mut self, cell: String, result: Value) {
        self.insert_within(MAX_BYTES, cell, result);
    }

    fn insert_within(&mut self, most: usize, cell: String, result: Value) {
        self.remove(&cell);
        let bytes = size(&cell, &result);
        self.bytes += bytes;
        self.kept.push_back(Kept { cell, result, bytes });
        for old in &mut self.kept {
            if self.bytes <= most {
                return;
            }
            let output = &mut old.result["output"];
            if output.as_str().is_some_and(|text| text.len() > DROPPED.len()) {
                *output = DROPPED.into();
                self.bytes -= old.bytes;
                old.bytes = size(&old.cell, &old.result);
                self.bytes += old.bytes;
            }
        }
        while self.bytes > most
            && let Some(old) = self.kept.pop_front()
        {
            self.bytes -= old.bytes;
        }
    }

    /// Forgets the result of a cell.
    pub(super) fn remove(&mut self, cell: &str) {
        if let Some(index) = self.kept.iter().position(|kept| kept.cell == cell)
            && let Some(old) = self.kept.remove(index)
        {
            self.bytes -= old.bytes;
        }
    }

    /// Forgets them all.
    pub(super) fn clear(&mut self) {
        *self = Results::default();
    }

    /// All of them, by cells.
    pub(super) fn json(&self) -> Value {
        self.kept.iter().map(|kept| (kept.cell.clone(), kept.result.clone())).collect::<Map<_, _>>().into()
    }
}

fn size(cell: &str, result: &Value) -> usize {
    cell.len() + result.to_string().len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{DROPPED, Results};

    #[test]
    fn the_oldest_outputs_go_first_and_then_the_oldest_results() {
        let mut results = Results::default();
        let result = |output: String| json!({ "value": "1", "output": output });
        for cell in ["a", "b", "a"] {
            results.insert_within(700, cell.into(), result("x".repeat(200)));
        }
        assert_eq!(results.json(), json!({ "a": result("x".repeat(200)), "b": result("x".repeat(200)) }));
        // Now `b` is the oldest.
        results.insert_within(600, "c".into(), result("y".repeat(200)));
        assert_eq!(results.json()["b"], result(DROPPED.into()));
        assert_eq!(results.json()["a"], result("x".repeat(200)));
        results.insert_within(300, "d".into(), result(String::new()));
        assert_eq!(results.json()["d"], result(String::new()));
        assert_eq!(results.json().get("b"), None);
        assert!(results.bytes <= 300);
        results.remove("d");
        results.clear();
        assert_eq!((results.json(), results.bytes), (json!({}), 0));
    }
}
