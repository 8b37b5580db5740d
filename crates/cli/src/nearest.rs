//! Names that somebody may have meant.

/// A sentence with the names that are like `name`, best first; nothing if none is.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = candidates(name, names);
    let list = near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match near.len() {
        0 => None,
        1 => Some(format!("did you mean {list}?")),
        _ => Some(format!("the nearest are {list}")),
    }
}

/// At most three names that are like `name`, best first.
fn candidates<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let far = name.chars().count().div_ceil(3).max(1);
    let distance = |other: &str| {
        // Who knows only the beginning or the end of a long name means it too.
        let part = name.len() >= 3 && (other.starts_with(name) || other.ends_with(name));
        if part { 1 } else { edits(name, other) }
    };
    let mut near: Vec<_> = names.into_iter().map(|other| (distance(other), other)).collect();
    // Next to one slip of the finger nothing else is likely.
    let best = near.iter().map(|&(distance, _)| distance).min().unwrap_or(0);
    near.retain(|&(distance, _)| distance <= if best <= 1 { best.min(far) } else { far });
    let mut chosen = Vec::new();
    // There are few: the next best one is looked for three times.
    while let Some(&(_, next)) = near.iter().min().filter(|_| chosen.len() < 3) {
        near.retain(|&(_, other)| other != next);
        chosen.push(next);
    }
    chosen
}

/// How many characters have to be put in, taken out, replaced or swapped with their neighbour to make `b` of `a`.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Rows of the table of distances between beginnings of both: that before the last one, and the last one.
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(!same));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{candidates, edits, nearest};

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("fuel", "fuel"), 0);
        assert_eq!(edits("fule", "fuel"), 1);
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn the_best_come_first_and_strangers_not_at_all() {
        assert_eq!(candidates("fd_wirte", ["fd_read", "fd_write", "fd_pwrite"]), ["fd_write"]);
        assert_eq!(candidates("colours", ["colors_1", "colors_2", "size"]), ["colors_1", "colors_2"]);
        assert_eq!(candidates("memory", ["max-memory", "max-stack"]), ["max-memory"]);
        assert_eq!(nearest("x", ["abc", "def"]), None);
        assert_eq!(nearest("fule", ["fuel"]).as_deref(), Some("did you mean `fuel`?"));
    }
}
