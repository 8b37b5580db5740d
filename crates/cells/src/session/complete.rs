//! What may stand at a place of a source, and what stands there.

use super::Session;
use crate::builtins::Builtin;
use crate::check::signature::{self, Signature};
use crate::check::tools::{self, VisibleKind};
use crate::environment::SymbolKind;
use crate::source::Span;
use crate::syntax::{self, TokenClass};
use crate::types::TypeId;

/// The types that have names of their own.
const TYPES: [(&str, &str); 4] = [
    ("Int", "A signed number of 64 bits."),
    ("Float", "A floating-point number of 64 bits."),
    ("Bool", "`true` or `false`."),
    ("String", "Text."),
];

/// What may stand at a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completions {
    /// What an item replaces: the word before and around the place.
    pub span: Span,
    /// What may stand there, the nearest first: names of the cell, of other cells, of the language.
    pub items: Vec<Completion>,
}

/// One thing that may stand there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// The text.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// Its type or signature.
    pub detail: String,
    /// What it does, if that is written somewhere.
    pub doc: String,
}

/// What a completion is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompletionKind {
    /// A value that no one may assign.
    Value,
    /// A value that may be assigned.
    Variable,
    /// A function.
    Function,
    /// A struct.
    Struct,
    /// A function that stands behind a value and a dot.
    Method,
    /// A part of a struct or tuple.
    Field,
    /// A value of the language.
    Constant,
    /// A word of the language.
    Keyword,
    /// A type of the language.
    Type,
}

impl CompletionKind {
    /// `value`, `variable`, `function`, `struct`, `method`, `field`, `constant`, `keyword` or `type`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Variable => "variable",
            Self::Function => "function",
            Self::Struct => "struct",
            Self::Method => "method",
            Self::Field => "field",
            Self::Constant => "constant",
            Self::Keyword => "keyword",
            Self::Type => "type",
        }
    }
}

/// What stands at a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inspection {
    /// What it is, as Markdown.
    pub text: String,
    /// What that is about.
    pub span: Span,
}

impl Session {
    /// What may stand at byte `offset` of a source: behind a dot what the value before it has, and names elsewhere, in both cases only
    /// what begins as the word that stands there. In texts and comments nothing.
    pub fn complete(&mut self, source: &str, offset: u32) -> Completions {
        let offset = boundary(source, offset);
        let start = word_start(source, offset);
        let end = word_end(source, offset);
        let word = &source[start..offset];
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        let after_dot = source[..start].ends_with('.') && !source[..start].ends_with("..");
        let mark = self.types.mark();
        let items = match receiver_end(source, start, end) {
            _ if in_text(source, offset) => Vec::new(),
            Some(dot) => self.members(source, dot, end),
            None if is_number || after_dot => Vec::new(),
            None => self.words(source, start, end),
        };
        self.types.truncate(mark);
        let mut items: Vec<_> = items.into_iter().filter(|item| item.label.starts_with(word)).collect();
        let mut seen = rustc_hash::FxHashSet::default();
        items.retain(|item| seen.insert(item.label.clone()));
        Completions { span: span(start, end), items }
    }

    /// What stands at byte `offset` of a source.
    pub fn inspect(&mut self, source: &str, offset: u32) -> Option<Inspection> {
        let mark = self.types.mark();
        let inspection = self.look_at(source, offset);
        self.types.truncate(mark);
        inspection
    }

    fn look_at(&mut self, source: &str, offset: u32) -> Option<Inspection> {
        let offset = boundary(source, offset);
        let (start, end) = (word_start(source, offset), word_end(source, offset));
        let word = &source[start..end];
        let at = span(start, end);
        if let Some(dot) = receiver_end(source, start, end) {
            let member = self.members(source, dot, end).into_iter().find(|item| item.label == word)?;
            return Some(Inspection { text: describe(&member.detail, &member.doc), span: at });
        }
        let parsed = syntax::parse_with(source, self.tools.read_float);
        let analysis = tools::analyze(&parsed.ast, source, &mut self.types, &self.environment);
        if !word.is_empty() {
            let mut names = analysis.names(start as u32).into_iter();
            if let Some(visible) = names.find(|visible| *visible.name == *word) {
                return Some(Inspection {
                    text: describe(&declaration(word, visible.kind.into(), &visible.ty), ""),
                    span: at,
                });
            }
            if let Some(symbol) = self.environment.get(word) {
                let detail = declaration(word, symbol.kind.into(), &self.describe(symbol.kind));
                return Some(Inspection { text: describe(&detail, ""), span: at });
            }
            if let Some(builtin) = signature::function(word) {
                return Some(Inspection { text: describe(builtin.signature(), builtin.doc()), span: at });
            }
            if let Some((name, doc)) = TYPES.iter().find(|(name, _)| *name == word) {
                return Some(Inspection { text: describe(name, doc), span: at });
            }
        }
        let node = analysis.at(offset as u32)?;
        node.ty
            .filter(|&ty| ty != TypeId::UNIT)
            .map(|_| Inspection { text: describe(&node.text, ""), span: node.span })
    }

    /// Fields and methods of the value that ends at `dot`; what stands from there to `end` is not looked at.
    fn members(&mut self, source: &str, dot: usize, end: usize) -> Vec<Completion> {
        let Some(ty) = self.type_before(source, dot, end) else { return Vec::new() };
        let members = tools::members(&self.types, ty).into_iter().map(|member| Completion {
            label: member.name.to_string(),
            kind: if member.is_field { CompletionKind::Field } else { CompletionKind::Method },
            detail: member.detail,
            doc: member.doc.into(),
        });
        members.collect()
    }

    fn type_before(&mut self, source: &str, dot: usize, end: usize) -> Option<TypeId> {
        let blanks = " ".repeat(end - dot);
        let text = [&source[..dot], &blanks, &source[end..]].concat();
        let parsed = syntax::parse_with(&text, self.tools.read_float);
        let analysis = tools::analyze(&parsed.ast, &text, &mut self.types, &self.environment);
        analysis.ending_at(dot as u32)?.ty
    }

    fn words(&mut self, source: &str, start: usize, end: usize) -> Vec<Completion> {
        let mut items = Vec::new();
        // With a name in place of the word, or of nothing, more of the rest makes sense.
        let text = [&source[..start], "_x", &source[end..]].concat();
        let parsed = syntax::parse_with(&text, self.tools.read_float);
        let analysis = tools::analyze(&parsed.ast, &text, &mut self.types, &self.environment);
        for visible in analysis.names(start as u32) {
            items.push(item(&visible.name, visible.kind.into(), visible.ty, ""));
        }
        let mut symbols: Vec<_> = self.environment.iter().collect();
        symbols.sort_unstable_by_key(|(name, _)| *name);
        for (name, symbol) in symbols {
            items.push(item(name, symbol.kind.into(), self.describe(symbol.kind), ""));
        }
        for &builtin in Builtin::ALL {
            let signature = Signature::of(builtin);
            if signature.receiver.is_none() {
                let kind =
                    if signature.constant { CompletionKind::Constant } else { CompletionKind::Function };
                items.push(item(signature.name, kind, builtin.signature().into(), builtin.doc()));
            }
        }
        for (name, doc) in TYPES {
            items.push(item(name, CompletionKind::Type, String::new(), doc));
        }
        for keyword in syntax::KEYWORDS {
            items.push(item(keyword, CompletionKind::Keyword, String::new(), ""));
        }
        items
    }
}

fn item(label: &str, kind: CompletionKind, detail: String, doc: &str) -> Completion {
    Completion { label: label.into(), kind, detail, doc: doc.into() }
}

impl From<SymbolKind> for CompletionKind {
    fn from(kind: SymbolKind) -> Self {
        match kind {
            SymbolKind::Value { mutable: false, .. } => Self::Value,
            SymbolKind::Value { mutable: true, .. } => Self::Variable,
            SymbolKind::Function(_) => Self::Function,
            SymbolKind::Struct(_) => Self::Struct,
        }
    }
}

impl From<VisibleKind> for CompletionKind {
    fn from(kind: VisibleKind) -> Self {
        match kind {
            VisibleKind::Local | VisibleKind::Global => Self::Value,
            VisibleKind::Function => Self::Function,
            VisibleKind::Struct => Self::Struct,
        }
    }
}

/// A name as it would be declared.
fn declaration(name: &str, kind: CompletionKind, ty: &str) -> String {
    match kind {
        CompletionKind::Struct => format!("struct {name} {ty}"),
        CompletionKind::Function => format!("fun {name}{}", ty.strip_prefix("fun").unwrap_or(ty)),
        CompletionKind::Variable => format!("let mut {name}: {ty}"),
        _ => format!("let {name}: {ty}"),
    }
}

/// Code and text as Markdown.
fn describe(code: &str, doc: &str) -> String {
    let separator = if doc.is_empty() { "" } else { "\n\n" };
    format!("```cells\n{code}\n```{separator}{doc}")
}

fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}

/// The boundary of a character at or before `offset`, within the source.
fn boundary(source: &str, offset: u32) -> usize {
    source.floor_char_boundary(offset as usize)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_start(source: &str, offset: usize) -> usize {
    offset - source[..offset].chars().rev().take_while(|&c| is_word(c)).map(char::len_utf8).sum::<usize>()
}

fn word_end(source: &str, offset: usize) -> usize {
    offset + source[offset..].chars().take_while(|&c| is_word(c)).map(char::len_utf8).sum::<usize>()
}

/// Whether the place is inside of a text or comment, where nothing has a meaning.
fn in_text(source: &str, offset: usize) -> bool {
    let at = offset as u32;
    syntax::tokens(source).into_iter().any(|(span, class)| match class {
        TokenClass::Text => {
            span.start < at
                && (at < span.end || at == span.end && offset == source.len() && !closed(source, span))
        }
        TokenClass::Comment => {
            span.start < at && (at < span.end || at == span.end && !source[..offset].ends_with("*/"))
        }
        _ => false,
    })
}

/// Whether a piece of a text, which has the quotes of the text, ends with the closing one.
fn closed(source: &str, piece: Span) -> bool {
    let (before, piece) =
        (&source[..piece.start as usize], &source[piece.start as usize..piece.end as usize]);
    piece.ends_with('"') && (piece.len() > 1 || before.ends_with('}'))
}

/// Where the value ends of which the word from `start` to `end` is a member: where its dot stands, blanks before it left out.
fn receiver_end(source: &str, start: usize, end: usize) -> Option<usize> {
    let before = source[..start].strip_suffix('.')?;
    let value = before.trim_end();
    let word = word_start(value, value.len());
    let digits = value[word..].chars().all(|c| c.is_ascii_digit());
    // `0..n` is a range, and `1.` the beginning of a number.
    let is_number = word < value.len() && digits && start == end && !value[..word].ends_with('.');
    let is_value = word < value.len() || value.ends_with([')', ']', '"', '}']);
    (is_value && !is_number).then_some(value.len())
}
