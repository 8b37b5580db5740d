//! From tokens to the tree.
//!
//! In: the source and its tokens. Out: the tree, and what is wrong. A parser for each form, by recursive descent; infix operators by
//! precedence. What all of them keep:
//!
//! - A function that parses something returns it in any case; where that fails, it is [`ExprKind::Error`] or as much as was found.
//! - The first error of a statement is reported and sets [`Parser::lost`]; while that is set, nothing is reported and all functions
//!   return soon. Lists, blocks and statements find a place behind the trouble where they know again what is meant, and clear it.
//! - Neither the parser's recursion nor the tree is deeper than [`super::MAX_DEPTH`], so those who walk over the tree may recurse.

mod expressions;
mod mistakes;
mod operators;
mod patterns;
mod statements;
mod types;

use super::ast::{Ast, Expr, ExprId, ExprKind, Name, Piece, Statement};
use super::lexer::Lexed;
use super::token::{Token, TokenKind};
use super::{MAX_DEPTH, MAX_DIAGNOSTICS, ReadFloat};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Span;

/// What the parser makes of a cell.
pub(super) struct Tree {
    pub(super) ast: Ast,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether the first error is that the cell ends too early.
    pub(super) early_end: bool,
}

/// The tree of `source`, whose tokens `lexed` has.
pub(super) fn parse(source: &str, lexed: Lexed, read_float: ReadFloat) -> Tree {
    let mut parser = Parser {
        source,
        read_float,
        partners: partners(&lexed.tokens),
        tokens: lexed.tokens,
        at: 0,
        exprs: Vec::new(),
        depths: Vec::new(),
        diagnostics: lexed.diagnostics,
        early_end: false,
        lost: false,
        inside: false,
        head: false,
        suspect: None,
        block_start: usize::MAX,
        block_end: usize::MAX,
        nesting: 0,
        blocks: 0,
    };
    let block = parser.cell();
    let Parser { exprs, mut diagnostics, early_end, .. } = parser;
    diagnostics.sort_unstable_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    diagnostics.truncate(MAX_DIAGNOSTICS);
    Tree { ast: Ast { exprs, block }, diagnostics, early_end }
}

/// Whether anything is worse than a warning.
pub(super) fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

struct Parser<'a> {
    source: &'a str,
    read_float: ReadFloat,
    tokens: Vec<Token>,
    /// For each token that opens something, the one that closes it; for all others, and what nothing closes, itself.
    partners: Vec<u32>,
    /// The number of the next token.
    at: usize,
    exprs: Vec<Expr>,
    /// How deep the tree below each expression is.
    depths: Vec<u16>,
    diagnostics: Vec<Diagnostic>,
    early_end: bool,
    /// Whether an error was reported and the parser does not know where it is.
    lost: bool,
    /// Whether newlines mean nothing: in parentheses and brackets.
    inside: bool,
    /// Whether a brace begins a block in any case, and not the fields of a struct: behind `if`, `while`, `for`, `match`.
    head: bool,
    /// A brace whose block ends on a line that is indented less than its first: the one to blame if braces are missing at the end.
    suspect: Option<Span>,
    /// The token with which a statement begins that is an `if`, a loop or the like.
    block_start: usize,
    /// The token behind the last such thing.
    block_end: usize,
    /// How deep the recursion is.
    nesting: usize,
    /// In how many blocks the parser is.
    blocks: usize,
}

/// Which tokens belong together. A closing token belongs to the nearest open one of its kind, and what is open in between to nothing.
fn partners(tokens: &[Token]) -> Vec<u32> {
    use TokenKind as T;
    let mut partners: Vec<u32> = (0..tokens.len() as u32).collect();
    let mut open: Vec<(u32, TokenKind)> = Vec::new();
    let mut counts = [0_u32; 5];
    let class = |kind| match kind {
        T::ParenOpen | T::ParenClose => Some(0),
        T::BracketOpen | T::BracketClose => Some(1),
        T::BraceOpen | T::BraceClose => Some(2),
        T::HoleStart | T::HoleEnd => Some(3),
        T::TextStart | T::TextEnd => Some(4),
        _ => None,
    };
    for (number, token) in tokens.iter().enumerate() {
        let Some(index) = class(token.kind) else { continue };
        let opens =
            matches!(token.kind, T::ParenOpen | T::BracketOpen | T::BraceOpen | T::HoleStart | T::TextStart);
        if opens {
            open.push((number as u32, token.kind));
            counts[index] += 1;
        } else if counts[index] > 0 {
            while let Some((other, kind)) = open.pop() {
                let other_index = class(kind).unwrap_or(0);
                counts[other_index] -= 1;
                if other_index == index {
                    partners[other as usize] = number as u32;
                    break;
                }
            }
        }
    }
    partners
}

// The next token.
impl Parser<'_> {
    fn token(&self) -> Token {
        self.tokens[self.at]
    }

    fn kind(&self) -> TokenKind {
        self.tokens[self.at].kind
    }

    /// The token `count` behind the next one.
    fn ahead(&self, count: usize) -> Token {
        self.tokens[(self.at + count).min(self.tokens.len() - 1)]
    }

    /// Whether the next token stands on a new line and that matters here.
    fn new_line(&self) -> bool {
        self.token().newline && !self.inside
    }

    /// Whether the next token touches the one behind it.
    fn touches(&self) -> bool {
        self.token().span.end == self.ahead(1).span.start
    }

    fn text(&self, span: Span) -> &str {
        &self.source[span.start as usize..span.end as usize]
    }

    /// Whether the next token is the word `word`, which is no keyword.
    fn word(&self, word: &str) -> bool {
        self.kind() == TokenKind::Ident && self.text(self.token().span) == word
    }

    /// Takes the next token; the end stays.
    fn bump(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    /// Takes the next token if it is of this kind.
    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.bump();
        }
        found
    }

    /// The end of the last token taken.
    fn end(&self) -> u32 {
        self.at.checked_sub(1).map_or(0, |before| self.tokens[before].span.end)
    }

    /// From `start` to the end of the last token taken.
    fn since(&self, start: u32) -> Span {
        Span::new(start, self.end().max(start))
    }
}

// What is wrong.
impl Parser<'_> {
    /// Reports an error and goes on.
    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.lost && self.diagnostics.len() < 2 * MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports an error and goes on. An empty `help` is none. There are many calls, so what they share is here: a browser has to load it.
    #[inline(never)]
    fn tell(&mut self, span: Span, message: &str, help: &str) {
        let mut diagnostic = Diagnostic::error(span, message);
        if !help.is_empty() {
            diagnostic.suggestion = Some(help.into());
        }
        self.report(diagnostic);
    }

    /// Reports an error and does not know how to go on.
    #[inline(never)]
    fn tell_lost(&mut self, span: Span, message: &str, help: &str) {
        self.tell(span, message, help);
        self.lost = true;
    }

    /// The next token, for messages, and where to point: if it stands on another line, behind what is missing something.
    fn found(&self) -> (String, Span) {
        let token = self.token();
        let behind = Span::new(self.end(), self.end());
        match token.kind {
            TokenKind::End => ("the end of the cell".into(), behind),
            _ if self.new_line() => ("the end of the line".into(), behind),
            TokenKind::Ident | TokenKind::Int | TokenKind::Float => {
                (format!("`{}`", self.text(token.span)), token.span)
            }
            kind if kind.is_keyword() => (format!("the keyword `{}`", self.text(token.span)), token.span),
            kind => (kind.said().into(), token.span),
        }
    }

    /// An error: something else should stand here. Nothing is known from here on. What it returns has no suggestion yet.
    #[inline(never)]
    fn expected(&mut self, what: &str) -> Option<&mut Diagnostic> {
        if self.lost || self.kind() == TokenKind::Unknown {
            // The lexer has told about a character that nobody knows.
            self.lost = true;
            return None;
        }
        if self.kind() == TokenKind::End && !has_errors(&self.diagnostics) {
            self.early_end = true;
        }
        if let Some((message, help)) = self.foreign() {
            self.tell_lost(self.token().span, &message, help);
            return None;
        }
        let (found, span) = self.found();
        self.tell_lost(span, &format!("expected {what}, found {found}"), "");
        self.diagnostics.last_mut()
    }

    /// The same, with what to do.
    #[inline(never)]
    fn expected_help(&mut self, what: &str, help: &str) {
        if let Some(error) = self.expected(what) {
            error.suggestion = Some(help.into());
        }
    }

    /// Takes a token of this kind, or reports that it is missing.
    fn expect(&mut self, kind: TokenKind) -> bool {
        if self.lost {
            return false;
        }
        if self.eat(kind) {
            return true;
        }
        self.expected(kind.said());
        false
    }

    /// A name.
    fn name(&mut self, what: &str) -> Name {
        if !self.lost && self.kind() == TokenKind::Ident {
            let span = self.bump().span;
            return Name { text: self.text(span).into(), span };
        }
        let keyword = self.kind().is_keyword() && !self.new_line();
        if keyword {
            self.expected_help(what, "keywords cannot be names");
        } else {
            self.expected(what);
        }
        Name { text: "".into(), span: Span::new(self.end(), self.end()) }
    }
}

// The tree.
impl Parser<'_> {
    /// A new expression.
    fn add(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let mut depth = 0;
        self.each_child(&kind, |child| depth = depth.max(child));
        let (kind, depth) = if usize::from(depth) < MAX_DEPTH {
            (kind, depth + 1)
        } else {
            self.too_deep(span);
            (ExprKind::Error, 1)
        };
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(Expr { kind, span });
        self.depths.push(depth);
        id
    }

    fn error_expr(&mut self) -> ExprId {
        let at = self.token().span.start.max(self.end());
        self.add(ExprKind::Error, Span::new(at, at))
    }

    fn span(&self, id: ExprId) -> Span {
        self.exprs[id.0 as usize].span
    }

    fn expr_kind(&self, id: ExprId) -> &ExprKind {
        &self.exprs[id.0 as usize].kind
    }

    /// Tells `f` the depth of each expression that `kind` holds.
    fn each_child(&self, kind: &ExprKind, mut f: impl FnMut(u16)) {
        let mut child = |id: ExprId| f(self.depths[id.0 as usize]);
        match kind {
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::Name(_) => {}
            ExprKind::Break | ExprKind::Continue | ExprKind::Return(None) | ExprKind::Error => {}
            ExprKind::String(pieces) => {
                for piece in pieces {
                    if let Piece::Expr(id) = piece {
                        child(*id);
                    }
                }
            }
            ExprKind::Unary(_, a) | ExprKind::Field(a, _) | ExprKind::TupleField(a, ..) => child(*a),
            ExprKind::Loop(a) | ExprKind::Return(Some(a)) => child(*a),
            ExprKind::Binary(_, _, a, b) | ExprKind::Index(a, b) | ExprKind::Repeat(a, b) => {
                [*a, *b].into_iter().for_each(child)
            }
            ExprKind::While(a, b) | ExprKind::For(_, a, b) => [*a, *b].into_iter().for_each(child),
            ExprKind::Range(a, b, _) | ExprKind::Assign(a, _, b) => [*a, *b].into_iter().for_each(child),
            ExprKind::Call(a, args) | ExprKind::Method(a, _, args) => {
                child(*a);
                args.iter().copied().for_each(child);
            }
            ExprKind::Array(elements) | ExprKind::Tuple(elements) => elements.iter().copied().for_each(child),
            ExprKind::Struct(_, fields) => fields.iter().for_each(|&(_, id)| child(id)),
            ExprKind::Lambda(function) => child(function.body),
            ExprKind::Block(block) => block.statements.iter().for_each(|statement| match statement {
                Statement::Let(item) => child(item.value),
                Statement::Function(item) => child(item.function.body),
                Statement::Struct(_) => {}
                Statement::Expr(id) => child(*id),
            }),
            ExprKind::If(a, b, c) => {
                child(*a);
                child(*b);
                c.iter().copied().for_each(child);
            }
            ExprKind::Match(a, arms) => {
                child(*a);
                for arm in arms {
                    arm.guard.iter().copied().for_each(&mut child);
                    child(arm.body);
                }
            }
        }
    }

    fn too_deep(&mut self, span: Span) {
        let help = "give parts of it names by `let`, or make them functions";
        self.tell_lost(Span::new(span.start, span.start), "this is nested too deeply", help);
    }

    /// One more level of recursion, unless there are too many. `leave` goes with `true`.
    fn enter(&mut self) -> bool {
        if self.nesting == MAX_DEPTH {
            self.too_deep(self.token().span);
            return false;
        }
        self.nesting += 1;
        true
    }

    fn leave(&mut self) {
        self.nesting -= 1;
    }

    /// Runs `f` where newlines matter or not, and where a brace begins a block in any case or not.
    fn within<T>(&mut self, inside: bool, head: bool, f: impl FnOnce(&mut Self) -> T) -> T {
        let before = (self.inside, self.head);
        (self.inside, self.head) = (inside, head);
        let result = f(self);
        (self.inside, self.head) = before;
        result
    }
}

// Finding the way again.
impl Parser<'_> {
    /// Passes over the next token, and over all that it opens.
    fn skip(&mut self) {
        let partner = self.partners[self.at] as usize;
        self.at = partner;
        self.bump();
    }

    /// Items between the next token and `close`, with commas between them and perhaps behind the last one.
    fn list<T>(&mut self, close: TokenKind, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let open = self.bump();
        let mut items = Vec::new();
        self.within(true, false, |parser| {
            while !parser.lost && parser.kind() != close {
                items.push(item(parser));
                if parser.lost || !parser.comma(close, open) {
                    break;
                }
            }
        });
        self.close(close);
        items
    }

    /// Takes a comma. `false` at the end of the list, or if it is missing.
    fn comma(&mut self, close: TokenKind, open: Token) -> bool {
        if self.eat(TokenKind::Comma) {
            return true;
        }
        if self.kind() != close {
            self.missing_comma(close, open);
        }
        false
    }

    /// Takes what ends a list, or finds it.
    fn close(&mut self, close: TokenKind) {
        if self.lost && !self.find_close(close) {
            return;
        }
        if self.expect(close) {
            self.lost = false;
        }
    }

    /// Goes to the token that ends the list in which the parser is lost; clears that if there is one.
    fn find_close(&mut self, close: TokenKind) -> bool {
        use TokenKind as T;
        let start = self.at;
        loop {
            let token = self.token();
            match token.kind {
                kind if kind == close => {
                    self.lost = false;
                    return true;
                }
                T::End
                | T::ParenClose
                | T::BracketClose
                | T::BraceClose
                | T::HoleEnd
                | T::TextEnd
                | T::Semicolon => break,
                T::Let | T::Fun | T::Struct if token.newline => break,
                _ => self.skip(),
            }
        }
        self.at = start;
        false
    }

    /// Goes to the next statement of the block in which the parser is lost, or to the block's end.
    fn find_statement(&mut self, begin: usize) {
        use TokenKind as T;
        while !matches!(self.kind(), T::End | T::Semicolon | T::BraceClose | T::HoleEnd) {
            if self.at > begin && self.token().newline && self.begins_line() {
                break;
            }
            self.skip();
        }
        self.eat(T::Semicolon);
        self.lost = false;
    }

    /// Whether the next token may begin a statement.
    fn begins_line(&self) -> bool {
        let kind = self.kind();
        kind.begins_expression()
            || matches!(kind, TokenKind::Let | TokenKind::Fun | TokenKind::Struct | TokenKind::Mut)
    }

    /// Goes to the brace that begins the block of the construct in which the parser is lost, if there is one before the next statement.
    fn find_block(&mut self) -> bool {
        use TokenKind as T;
        let start = self.at;
        loop {
            match self.kind() {
                T::BraceOpen => {
                    self.lost = false;
                    return true;
                }
                T::End | T::Semicolon | T::BraceClose | T::HoleEnd => break,
                _ if self.token().newline && self.begins_line() => break,
                _ => self.skip(),
            }
        }
        self.at = start;
        false
    }
}
