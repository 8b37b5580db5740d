//! What tokens of a cell are, for those who colour them.

use super::token::{Token, TokenKind as T};
use super::{MAX_SOURCE, lexer};
use crate::source::Span;

/// What a token is, for colours.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenClass {
    /// `let`, `true`.
    Keyword,
    /// A name.
    Name,
    /// A name that is called, or a function's where it is defined.
    Function,
    /// A name that begins with `A` to `Z`: a type or a struct.
    Type,
    /// A number.
    Number,
    /// A text or a piece of one, its quotes too.
    Text,
    /// The braces of an expression in a text.
    Hole,
    /// An operator.
    Operator,
    /// Brackets, commas, colons, semicolons.
    Punctuation,
    /// A comment.
    Comment,
    /// What is no token of the language.
    Unknown,
}

/// The tokens and comments of `source` in order, each with what it is; what lies between them is white space. Right for any text, also
/// while it is being typed. A source that is too large for a cell has none.
///
/// ```
/// use upshift_cells::syntax::{TokenClass, tokens};
///
/// let classes: Vec<_> = tokens("let x = 1 // one").into_iter().map(|(_, class)| class).collect();
/// use TokenClass::{Comment, Keyword, Name, Number, Operator};
/// assert_eq!(classes, [Keyword, Name, Operator, Number, Comment]);
/// ```
pub fn tokens(source: &str) -> Vec<(Span, TokenClass)> {
    if source.len() > MAX_SOURCE {
        return Vec::new();
    }
    let lexed = lexer::lex(source);
    let mut tokens = Vec::with_capacity(lexed.tokens.len() + lexed.comments.len());
    let mut comments = lexed.comments.iter().peekable();
    for (number, token) in lexed.tokens.iter().enumerate() {
        while let Some(&&comment) = comments.peek()
            && comment.start <= token.span.start
        {
            tokens.push((comment, TokenClass::Comment));
            comments.next();
        }
        if token.kind != T::End {
            tokens.push((token.span, class(source, &lexed.tokens, number, token)));
        }
    }
    tokens
}

fn class(source: &str, tokens: &[Token], number: usize, token: &Token) -> TokenClass {
    match token.kind {
        T::Ident => {
            let name = &source[token.span.start as usize..token.span.end as usize];
            let called =
                tokens.get(number + 1).is_some_and(|next| next.kind == T::ParenOpen && !next.newline);
            if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                TokenClass::Type
            } else if called {
                TokenClass::Function
            } else {
                TokenClass::Name
            }
        }
        T::Int | T::Float => TokenClass::Number,
        T::TextStart | T::TextPiece | T::TextEnd | T::OddText | T::OpenText => TokenClass::Text,
        T::HoleStart | T::HoleEnd => TokenClass::Hole,
        T::Unknown => TokenClass::Unknown,
        T::ParenOpen | T::ParenClose | T::BracketOpen | T::BracketClose | T::BraceOpen | T::BraceClose => {
            TokenClass::Punctuation
        }
        T::Comma | T::Semicolon | T::Colon | T::Dot => TokenClass::Punctuation,
        kind if kind.is_keyword() => TokenClass::Keyword,
        _ => TokenClass::Operator,
    }
}
