//! Whether patterns fit all values, and whether one still can fit when others have been tried.
//!
//! The method is that of Maranget ("Warnings for pattern matching"): a row of patterns is useful behind others if there are values
//! that it fits and none of them does. Numbers and texts have more values than anyone writes down, so that only `_` or a name fits all.

use std::rc::Rc;

use crate::check::pattern::Pat;
use crate::types::{StructId, Types};

/// How many steps are taken for a `match` before it is assumed that all is well.
const MAX_STEPS: u32 = 300_000;

/// Patterns that are tried in order.
pub(crate) struct Tried<'p> {
    /// Each one is a row of one pattern; the parts of `|` are rows of their own.
    rows: Vec<Vec<&'p Pat>>,
    steps: u32,
}

impl<'p> Tried<'p> {
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new(), steps: 0 }
    }

    /// One that is tried after those before.
    pub(crate) fn add(&mut self, pat: &'p Pat) {
        match pat {
            Pat::Or(options) => options.iter().for_each(|option| self.add(option)),
            pat => self.rows.push(vec![pat]),
        }
    }

    /// Whether `pat` fits something that none of those before does.
    pub(crate) fn leaves(&mut self, pat: &'p Pat, types: &Types) -> bool {
        if let Pat::Or(options) = pat {
            return options.iter().any(|option| self.leaves(option, types));
        }
        let mut search = Search { types, steps: self.steps };
        let found = search.useful(&self.rows, &[pat], 0).is_some();
        self.steps = search.steps;
        found || self.steps > MAX_STEPS
    }

    /// A value, as a user would write a pattern for it, that none fits.
    pub(crate) fn missing(&self, types: &Types) -> Option<String> {
        let mut search = Search { types, steps: 0 };
        let witness = search.useful(&self.rows, &[&Pat::Wildcard], 0);
        witness.map(|mut witness| witness.pop().unwrap_or_else(|| "_".into()))
    }
}

/// A value that the pattern does not fit.
pub(crate) fn missing(pat: &Pat, types: &Types) -> Option<String> {
    let mut tried = Tried::new();
    tried.add(pat);
    tried.missing(types)
}

/// Whether the text of a missing value says only that there is one.
pub(crate) fn is_vague(missing: &str) -> bool {
    !missing.contains(char::is_alphanumeric)
}

struct Search<'a> {
    types: &'a Types,
    steps: u32,
}

/// The outermost part of a value.
#[derive(Clone, PartialEq)]
enum Constructor {
    Bool(bool),
    Tuple(usize),
    Struct(StructId),
    Numbers(i64, i64),
    Float(u64),
    String(Rc<str>),
}

impl Constructor {
    fn of(pat: &Pat) -> Option<Self> {
        Some(match pat {
            Pat::Wildcard | Pat::Bind(_) | Pat::Or(_) => return None,
            &Pat::Int(value) => Self::Numbers(value, value),
            &Pat::Range(first, last) => Self::Numbers(first, last),
            // Zeros of both signs fit each other.
            &Pat::Float(value) => Self::Float((value + 0.0).to_bits()),
            &Pat::Bool(value) => Self::Bool(value),
            Pat::String(text) => Self::String(text.clone()),
            Pat::Tuple(_, elements) => Self::Tuple(elements.len()),
            Pat::Struct(id, _) => Self::Struct(*id),
        })
    }

    fn arity(&self, types: &Types) -> usize {
        match *self {
            Self::Tuple(len) => len,
            Self::Struct(id) => types.struct_type(id).fields.len(),
            _ => 0,
        }
    }

    /// Whether a pattern with this constructor fits all values of the other.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Numbers(first, last), Self::Numbers(a, b)) => first <= a && b <= last,
            _ => self == other,
        }
    }

    fn write(&self, parts: Vec<String>, types: &Types) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Tuple(_) => format!("({})", parts.join(", ")),
            &Self::Struct(id) => {
                let definition = types.struct_type(id);
                let named = definition.fields.iter().zip(&parts).filter(|(_, part)| *part != "_");
                let mut fields: Vec<String> =
                    named.map(|(field, part)| format!("{}: {part}", field.name)).collect();
                if fields.len() < parts.len() {
                    fields.push("..".into());
                }
                format!("{} {{ {} }}", definition.name, fields.join(", "))
            }
            &Self::Numbers(first, last) if first == last => first.to_string(),
            &Self::Numbers(first, last) => format!("{first}..={last}"),
            // There is always something else, which is `_`.
            Self::Float(_) | Self::String(_) => "_".into(),
        }
    }
}

const WILDCARD: &Pat = &Pat::Wildcard;

impl Search<'_> {
    /// What the row fits and none of `rows` does: a pattern for each column, the first one last.
    fn useful(&mut self, rows: &[Vec<&Pat>], row: &[&Pat], depth: u32) -> Option<Vec<String>> {
        self.steps += 1 + rows.len() as u32;
        if self.steps > MAX_STEPS || depth > 300 {
            return None;
        }
        let Some((&first, rest)) = row.split_first() else {
            return if rows.is_empty() { Some(Vec::new()) } else { None };
        };
        if let Pat::Or(options) = first {
            let mut before = rows.to_vec();
            for option in options {
                let row: Vec<&Pat> = [option].into_iter().chain(rest.iter().copied()).collect();
                if let Some(witness) = self.useful(&before, &row, depth + 1) {
                    return Some(witness);
                }
                before.push(row);
            }
            return None;
        }
        if let Some(constructor) = Constructor::of(first) {
            return self.with_constructor(&constructor, rows, row, depth);
        }
        let mut constructors = Vec::new();
        for row in rows {
            collect(row[0], &mut constructors);
        }
        let complete = match constructors.first() {
            Some(Constructor::Bool(_)) => constructors.len() == 2,
            Some(Constructor::Tuple(_) | Constructor::Struct(_)) => true,
            _ => false,
        };
        if complete {
            return constructors
                .iter()
                .find_map(|constructor| self.with_constructor(constructor, rows, row, depth));
        }
        let defaults: Vec<Vec<&Pat>> = rows.iter().flat_map(|row| default_rows(row)).collect();
        let mut witness = self.useful(&defaults, rest, depth + 1)?;
        witness.push(match constructors.first() {
            Some(&Constructor::Bool(value)) => (!value).to_string(),
            _ => "_".into(),
        });
        Some(witness)
    }

    /// The same for values that begin with the constructor.
    fn with_constructor(
        &mut self,
        constructor: &Constructor,
        rows: &[Vec<&Pat>],
        row: &[&Pat],
        depth: u32,
    ) -> Option<Vec<String>> {
        let arity = constructor.arity(self.types);
        let mut inner = Vec::new();
        for row in rows {
            specialize(constructor, arity, row, &mut inner);
        }
        let mut wanted = Vec::new();
        specialize(constructor, arity, row, &mut wanted);
        let mut witness = self.useful(&inner, wanted.first()?, depth + 1)?;
        let parts = witness.split_off(witness.len().saturating_sub(arity));
        witness.push(constructor.write(parts.into_iter().rev().collect(), self.types));
        Some(witness)
    }
}

fn collect(pat: &Pat, constructors: &mut Vec<Constructor>) {
    if let Pat::Or(options) = pat {
        options.iter().for_each(|option| collect(option, constructors));
        return;
    }
    // Of numbers and texts one is enough to tell that there are others.
    if let Some(Constructor::Numbers(..) | Constructor::Float(_) | Constructor::String(_)) =
        constructors.first()
    {
        return;
    }
    if let Some(constructor) = Constructor::of(pat)
        && !constructors.contains(&constructor)
    {
        constructors.push(constructor);
    }
}

/// The rest of a row whose first pattern fits everything.
fn default_rows<'p>(row: &[&'p Pat]) -> Vec<Vec<&'p Pat>> {
    match row[0] {
        Pat::Wildcard | Pat::Bind(_) => vec![row[1..].to_vec()],
        Pat::Or(options) => options
            .iter()
            .flat_map(|option| {
                let row: Vec<&Pat> = [option].into_iter().chain(row[1..].iter().copied()).collect();
                default_rows(&row)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The row for the parts of values that begin with the constructor, if it fits such.
fn specialize<'p>(constructor: &Constructor, arity: usize, row: &[&'p Pat], out: &mut Vec<Vec<&'p Pat>>) {
    let mut parts: Vec<&'p Pat> = vec![WILDCARD; arity];
    match row[0] {
        Pat::Or(options) => {
            for option in options {
                let row: Vec<&Pat> = [option].into_iter().chain(row[1..].iter().copied()).collect();
                specialize(constructor, arity, &row, out);
            }
            return;
        }
        Pat::Wildcard | Pat::Bind(_) => {}
        Pat::Tuple(_, elements) if elements.len() == arity => parts = elements.iter().collect(),
        Pat::Struct(_, fields) => {
            for (field, pat) in fields {
                if let Some(part) = parts.get_mut(*field as usize) {
                    *part = pat;
                }
            }
        }
        pat => {
            if !Constructor::of(pat).is_some_and(|own| own.covers(constructor)) {
                return;
            }
        }
    }
    parts.extend(&row[1..]);
    out.push(parts);
}
