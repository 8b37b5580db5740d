//! From text to tokens.
//!
//! In: the source of a cell. Out: its tokens, the last of which is the end; comments, for those who colour them; and what is wrong.
//! Tokens have no values: [`super::literals`] reads numbers and texts where the parser wants them. A text is several tokens,
//! so what stands in its holes has been cut into tokens too:
//!
//! ```text
//! "a{x}b"   TextStart  TextPiece(a)  HoleStart  Ident(x)  HoleEnd  TextPiece(b)  TextEnd
//! ```
//!
//! Spans are in order and do not overlap, and those of pieces of a text are never empty.

use super::token::{Token, TokenKind};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What the lexer makes of a cell.
pub(crate) struct Lexed {
    /// The tokens; the last is [`TokenKind::End`].
    pub(crate) tokens: Vec<Token>,
    /// The comments, in order.
    pub(crate) comments: Vec<Span>,
    /// What is wrong.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Whether a text or a comment has no end.
    pub(crate) open: bool,
}

/// Cuts `source`, which is shorter than 4 GB, into tokens.
pub(crate) fn lex(source: &str) -> Lexed {
    let mut lexer = Lexer {
        source,
        at: 0,
        newline: false,
        texts: Vec::new(),
        rewound: false,
        lexed: Lexed {
            tokens: Vec::with_capacity(source.len() / 3 + 1),
            comments: Vec::new(),
            diagnostics: Vec::new(),
            open: false,
        },
    };
    lexer.run();
    lexer.lexed
}

/// A text whose hole is being read.
struct OpenText {
    /// Where its quote is.
    quote: usize,
    /// Which token that is.
    token: usize,
    /// Where the hole begins.
    hole: usize,
    /// How many braces are open in the hole.
    braces: u32,
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    newline: bool,
    texts: Vec<OpenText>,
    rewound: bool,
    lexed: Lexed,
}

impl Lexer<'_> {
    fn run(&mut self) {
        if self.source.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        loop {
            self.blanks();
            let Some(c) = self.peek() else {
                match self.texts.first() {
                    // The hole of a text is open: its outermost text is the one to blame.
                    Some(text) => {
                        let (quote, token, hole) = (text.quote, text.token, text.hole);
                        self.unterminated(quote, token, Some(hole));
                        continue;
                    }
                    None => break,
                }
            };
            self.token(c);
        }
        self.push(TokenKind::End, self.source.len());
    }

    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn error(&mut self, start: usize, end: usize, message: &str) -> Option<&mut Diagnostic> {
        self.lexed.diagnostics.push(Diagnostic::error(Span::new(start as u32, end as u32), message));
        self.lexed.diagnostics.last_mut()
    }

    /// A token from `start` to where the lexer is.
    fn push(&mut self, kind: TokenKind, start: usize) {
        let span = Span::new(start as u32, self.at as u32);
        self.lexed.tokens.push(Token { kind, newline: self.newline, span });
        self.newline = false;
    }

    /// Passes over white space and comments.
    fn blanks(&mut self) {
        while let Some(c) = self.peek() {
            let start = self.at;
            if c == '\n' {
                self.newline = true;
                self.at += 1;
            } else if c.is_whitespace() || matches!(c, '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{feff}') {
                self.at += c.len_utf8();
            } else if self.rest().starts_with("//") {
                self.line();
                self.quotient(start);
                self.lexed.comments.push(Span::new(start as u32, self.at as u32));
            } else if self.rest().starts_with("/*") {
                self.comment();
                self.lexed.comments.push(Span::new(start as u32, self.at as u32));
            } else if c == '#' {
                self.line();
                self.lexed.comments.push(Span::new(start as u32, self.at as u32));
                if let Some(error) = self.error(start, start + 1, "`#` does not begin a comment") {
                    error.suggestion = Some("comments begin with `//`".into());
                }
            } else {
                break;
            }
        }
    }

    /// Goes to the end of the line.
    fn line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    /// `10 // 3` is 10 and a comment here, and a quotient elsewhere. So is `a // b`; a word that is no name of this cell is a comment.
    fn quotient(&mut self, start: usize) {
        let behind = self.source[start + 2..self.at].trim();
        let value = self.lexed.tokens.last().is_some_and(|last| {
            matches!(
                last.kind,
                TokenKind::Int | TokenKind::Ident | TokenKind::ParenClose | TokenKind::BracketClose
            )
        });
        if !value || self.newline {
            return;
        }
        let number = !behind.is_empty() && behind.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let named = |token: &Token| {
            token.kind == TokenKind::Ident
                && self.source[token.span.start as usize..token.span.end as usize] == *behind
        };
        // The last names are enough, and keep many comments from taking long.
        if number || self.lexed.tokens.iter().rev().take(500).any(named) {
            let span = Span::new(start as u32, self.at as u32);
            let warning = Diagnostic::warning(span, "this is a comment");
            self.lexed
                .diagnostics
                .push(warning.suggest("a quotient of Int is written `/`, and has no remainder"));
        }
    }

    /// Passes over a comment in `/* */`, which may hold others.
    fn comment(&mut self) {
        let start = self.at;
        let bytes = self.source.as_bytes();
        let mut depth = 0;
        while self.at < bytes.len() {
            match (bytes[self.at], bytes.get(self.at + 1)) {
                (b'/', Some(b'*')) => (depth, self.at) = (depth + 1, self.at + 2),
                (b'*', Some(b'/')) => (depth, self.at) = (depth - 1, self.at + 2),
                (byte, _) => {
                    self.newline |= byte == b'\n';
                    self.at += 1;
                }
            }
            if depth == 0 {
                return;
            }
        }
        self.lexed.open = true;
        if let Some(error) = self.error(start, start + 2, "this comment has no end") {
            error.suggestion = Some("end it by `*/`; each `/*` inside needs one too".into());
        }
    }

    fn token(&mut self, c: char) {
        let start = self.at;
        if c.is_alphabetic() || c == '_' {
            self.word();
            let kind = TokenKind::keyword(&self.source[start..self.at]).unwrap_or(TokenKind::Ident);
            return self.push(kind, start);
        }
        match c {
            '0'..='9' => self.number(),
            '"' => {
                self.at += 1;
                let token = self.lexed.tokens.len();
                self.push(TokenKind::TextStart, start);
                self.text(start, token);
            }
            '}' if self.texts.last().is_some_and(|text| text.braces == 0) => {
                self.at += 1;
                self.push(TokenKind::HoleEnd, start);
                if let Some(text) = self.texts.pop() {
                    self.text(text.quote, text.token);
                }
            }
            _ => match TokenKind::symbol(self.rest()) {
                Some((kind, length)) => {
                    self.at += length;
                    if let Some(text) = self.texts.last_mut() {
                        match kind {
                            TokenKind::BraceOpen => text.braces += 1,
                            TokenKind::BraceClose => text.braces -= 1,
                            _ => {}
                        }
                    }
                    self.push(kind, start);
                }
                None => self.odd(c),
            },
        }
    }

    fn word(&mut self) {
        let rest = self.rest();
        self.at +=
            rest.find(|c: char| !(c.is_alphabetic() || c.is_ascii_digit() || c == '_')).unwrap_or(rest.len());
    }

    /// A number, with all letters that stick to it.
    fn number(&mut self) {
        let start = self.at;
        let bytes = self.source.as_bytes();
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
        let field = self.lexed.tokens.last().is_some_and(|last| {
            // `t.0.1` has two fields and no number with decimals.
            last.kind == TokenKind::Dot && last.span.end as usize == start
        });
        self.word();
        let other_base =
            byte(start) == b'0' && matches!(byte(start + 1), b'x' | b'X' | b'b' | b'B' | b'o' | b'O');
        if field || other_base {
            return self.push(TokenKind::Int, start);
        }
        let mut float = false;
        if byte(self.at) == b'.' && byte(self.at + 1).is_ascii_digit() {
            float = true;
            self.at += 1;
            self.word();
        }
        let written = &self.source[start..self.at];
        let exponent = written.find(['e', 'E']);
        if exponent
            .is_some_and(|at| written[..at].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'_' | b'.')))
        {
            float = true;
            let last = matches!(byte(self.at - 1), b'e' | b'E');
            if last && matches!(byte(self.at), b'+' | b'-') && byte(self.at + 1).is_ascii_digit() {
                self.at += 1;
                self.word();
            }
        }
        self.push(if float { TokenKind::Float } else { TokenKind::Int }, start);
    }

    /// A text from where the lexer is, up to its end or its next hole. `quote` is where it begins, `token` the number of that token.
    fn text(&mut self, quote: usize, token: usize) {
        let start = self.at;
        let bytes = self.source.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\\' => {
                    self.at += 1;
                    self.at += self.peek().map_or(0, char::len_utf8);
                    // `\u{…}`, whose braces are no hole.
                    if bytes[self.at - 1] == b'u' && bytes.get(self.at) == Some(&b'{') {
                        let digits =
                            bytes[self.at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric());
                        let close = self.at + 1 + digits.count();
                        self.at = if bytes.get(close) == Some(&b'}') { close + 1 } else { self.at + 1 };
                    }
                }
                b'"' | b'{' => {
                    let end = self.at;
                    if end > start {
                        self.push(TokenKind::TextPiece, start);
                    }
                    self.at += 1;
                    if byte == b'"' {
                        return self.push(TokenKind::TextEnd, end);
                    }
                    self.push(TokenKind::HoleStart, end);
                    return self.texts.push(OpenText { quote, token, hole: end, braces: 0 });
                }
                _ => self.at += 1,
            }
        }
        let (quote, token, hole) = match self.texts.first() {
            Some(text) => (text.quote, text.token, Some(text.hole)),
            None => (quote, token, None),
        };
        self.unterminated(quote, token, hole);
    }

    /// A text has no end. It is taken to end with its line, so that what comes behind is looked at too; but that once only, lest many
    /// such texts take quadratic time.
    fn unterminated(&mut self, quote: usize, token: usize, hole: Option<usize>) {
        self.lexed.open = true;
        self.texts.clear();
        if self.rewound {
            self.at = self.source.len();
            return;
        }
        self.rewound = true;
        self.lexed.tokens.truncate(token + 1);
        self.at = quote + 1;
        self.line();
        if let Some(text) = self.lexed.tokens.last_mut() {
            text.kind = TokenKind::OpenText;
            text.span.end = self.at as u32;
        }
        self.newline = false;
        self.lexed.comments.retain(|comment| (comment.end as usize) < quote);
        let diagnostic = self.error(quote, quote + 1, "this text has no end");
        if let Some(diagnostic) = diagnostic {
            match hole {
                Some(hole) => {
                    let span = Span::new(hole as u32, hole as u32 + 1);
                    diagnostic.related = Some((span, "an expression in the text begins here".into()));
                    diagnostic.suggestion = Some(
                        "end the expression by `}` and the text by `\"`; for a brace in a text write `\\{`"
                            .into(),
                    );
                }
                None => {
                    diagnostic.suggestion = Some("end it by `\"`; for a quote in a text write `\\\"`".into())
                }
            }
        }
    }

    /// A character that begins no token: perhaps it is only printed like one, or the quote of another language.
    fn odd(&mut self, c: char) {
        let start = self.at;
        self.at += c.len_utf8();
        let close = match c {
            '\'' => "'",
            '`' => "`",
            '“' | '”' | '„' => "\u{201d}\u{201c}\"",
            '‘' | '’' => "\u{2018}\u{2019}'",
            '«' => "»",
            _ => return self.look_alike(c, start),
        };
        let line = self.rest().split('\n').next().unwrap_or("");
        let Some(length) = line.find(|c| close.chars().any(|other| other == c)) else {
            let message = format!("unexpected `{c}`");
            if let Some(error) = self.error(start, start + c.len_utf8(), &message) {
                error.suggestion = Some("texts stand in quotes like this: \"text\"".into());
            }
            return self.push(TokenKind::Unknown, start);
        };
        let inner = line[..length].to_string();
        self.at += length;
        self.at += self.peek().map_or(0, char::len_utf8);
        let message = format!("a text stands between `\"`, not `{c}`");
        if let Some(error) = self.error(start, self.at, &message) {
            error.suggestion = Some(format!("write \"{}\"", inner.replace('"', "\\\"")));
        }
        self.push(TokenKind::OddText, start);
    }

    fn look_alike(&mut self, c: char, start: usize) {
        let meant = look_alike(c);
        let message = if c.is_control() || c.is_whitespace() {
            format!("unknown character U+{:04X}", u32::from(c))
        } else {
            format!("unknown character `{c}`")
        };
        let end = self.at;
        let error = self.error(start, end, &message);
        let kind = match meant {
            Some(meant) => {
                if let Some(error) = error {
                    error.suggestion = Some(format!("write `{meant}`"));
                }
                TokenKind::symbol(meant).map_or(TokenKind::Unknown, |(kind, _)| kind)
            }
            None => TokenKind::Unknown,
        };
        self.push(kind, start);
    }
}

/// The symbol that `c` looks like, or stands for on paper.
fn look_alike(c: char) -> Option<&'static str> {
    Some(match c {
        '×' | '·' | '∗' | '✕' | '⋅' => "*",
        '÷' | '∕' | '⁄' => "/",
        '−' | '–' | '—' | '‐' | '‑' => "-",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '→' => "->",
        '⇒' => "=>",
        '∧' => "&&",
        '∨' => "||",
        '¬' => "!",
        '…' => "..",
        '，' | '、' => ",",
        '；' | '\u{37e}' => ";",
        '：' => ":",
        '．' | '。' => ".",
        '（' => "(",
        '）' => ")",
        '［' | '【' => "[",
        '］' | '】' => "]",
        '＝' => "=",
        '＋' => "+",
        '＜' => "<",
        '＞' => ">",
        '！' => "!",
        '？' => "?",
        '｜' => "|",
        _ => return None,
    })
}
