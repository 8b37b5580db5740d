//! Names that somebody may have meant.
//!
//! The names to choose from may be a module's, any number of them and of any length. So the search has a budget, whatever it
//! is given: it looks at names in their order until that is spent.

use upshift_core::shown::Shown;

/// What a search may cost, in names that are looked at and numbers that are computed: some milliseconds.
const EFFORT: usize = 1 << 20;

/// More characters than this nobody mistypes.
const LONGEST: usize = 100;

/// A sentence with the names that are like `name`, best first; nothing if none is.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = Search::new(name).candidates(names);
    let list = near.iter().map(|name| format!("`{}`", Shown::new(name))).collect::<Vec<_>>().join(", ");
    match near.len() {
        0 => None,
        1 => Some(format!("did you mean {list}?")),
        _ => Some(format!("the nearest are {list}")),
    }
}

/// A search for names that are like one.
struct Search<'n> {
    name: &'n str,
    chars: Vec<char>,
    /// What is left of the budget.
    left: usize,
}

impl<'n> Search<'n> {
    fn new(name: &'n str) -> Search<'n> {
        Search { name, chars: name.chars().take(LONGEST + 1).collect(), left: EFFORT }
    }

    /// At most three names that are like the searched one, best first.
    fn candidates<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        if self.chars.len() > LONGEST {
            return Vec::new();
        }
        let far = self.chars.len().div_ceil(3).max(1);
        let mut near: Vec<(usize, &str)> = Vec::new();
        let mut allowed = far;
        for other in names {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            let Some(distance) = self.distance(other, allowed) else { continue };
            // Next to one slip of the finger nothing else is likely.
            if distance <= 1 && distance < allowed {
                allowed = distance;
                near.retain(|&(distance, _)| distance <= allowed);
            }
            near.push((distance, other));
        }
        let mut chosen = Vec::new();
        // There are few: the next best one is looked for three times.
        while let Some(&(_, next)) = near.iter().min().filter(|_| chosen.len() < 3) {
            near.retain(|&(_, other)| other != next);
            chosen.push(next);
        }
        chosen
    }

    /// How far a name is from the searched one, if that is no more than `most`.
    fn distance(&mut self, other: &str, most: usize) -> Option<usize> {
        // Who knows only the beginning or the end of a long name means it too.
        let part = self.name.len() >= 3 && (other.starts_with(self.name) || other.ends_with(self.name));
        if part && other != self.name {
            return (most >= 1).then_some(1);
        }
        let longest = self.chars.len() + most;
        let other: Vec<char> = other.chars().take(longest + 1).collect();
        if other.len() > longest {
            return None;
        }
        edits(&self.chars, &other, most, &mut self.left)
    }
}

/// How many characters have to be put in, taken out, replaced or swapped with their neighbour to make `b` of `a`; nothing if
/// that is more than `most`. Takes what it costs off `left`.
fn edits(a: &[char], b: &[char], most: usize, left: &mut usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    const FAR: usize = usize::MAX / 2;
    // Rows of the table of distances between beginnings of both: that before the last one, and the last one. Only what lies
    // near the diagonal can be near enough.
    let mut before = vec![FAR; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![FAR; b.len() + 1];
        let band = i.saturating_sub(most)..=(i + most).min(b.len());
        *left = left.saturating_sub(band.end() - band.start() + 1);
        for j in band {
            row[j] = if j == 0 {
                i
            } else {
                let same = a[i - 1] == b[j - 1];
                (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(!same))
            };
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        // From the last two rows alone the others come.
        if row.iter().chain(&last).all(|&distance| distance > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|&distance| distance <= most)
}

#[cfg(test)]
mod tests {
    use super::{EFFORT, Search, edits, nearest};

    fn candidates<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        Search::new(name).candidates(names)
    }

    #[test]
    fn edits_are_counted_up_to_a_bound() {
        let count = |a: &str, b: &str, most| {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            edits(&chars(a), &chars(b), most, &mut usize::MAX.clone())
        };
        for most in 3..9 {
            assert_eq!(count("", "abc", most), Some(3));
            assert_eq!(count("fuel", "fuel", most), Some(0));
            assert_eq!(count("fule", "fuel", most), Some(1));
            assert_eq!(count("kitten", "sitting", most), Some(3));
        }
        assert_eq!(count("fule", "fuel", 1), Some(1));
        assert_eq!(count("kitten", "sitting", 2), None);
        assert_eq!(count("", "abc", 2), None);
    }

    #[test]
    fn the_best_come_first_and_strangers_not_at_all() {
        assert_eq!(candidates("fd_wirte", ["fd_read", "fd_write", "fd_pwrite"]), ["fd_write"]);
        assert_eq!(candidates("colours", ["colors_1", "colors_2", "size"]), ["colors_1", "colors_2"]);
        assert_eq!(candidates("memory", ["max-memory", "max-stack"]), ["max-memory"]);
        assert_eq!(nearest("x", ["abc", "def"]), None);
        assert_eq!(nearest("fule", ["fuel"]).as_deref(), Some("did you mean `fuel`?"));
    }

    #[test]
    fn names_have_one_line() {
        assert_eq!(nearest("ok", ["ok\n"]).as_deref(), Some("did you mean `ok\\n`?"));
    }

    #[test]
    fn a_search_has_a_budget() {
        let names: Vec<String> = (0..200_000).map(|i| format!("function_{i:06}")).collect();
        let mut search = Search::new("function_xxxxxx");
        search.candidates(names.iter().map(String::as_str));
        assert_eq!(search.left, 0);
        // What is far too short or long costs next to nothing, so that the whole module is searched.
        let mut search = Search::new("run");
        let all = names.iter().map(String::as_str).chain(["ran"]);
        assert_eq!(search.candidates(all), ["ran"]);
        assert!(EFFORT - search.left < names.len() + 100);
        // Nor does a name that no keyboard has made.
        let long = "a".repeat(1 << 20);
        let mut search = Search::new(&long);
        assert_eq!(search.candidates([long.as_str()]), [""; 0]);
        assert_eq!(search.left, EFFORT);
    }
}
