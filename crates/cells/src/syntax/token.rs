//! Tokens: what the lexer makes of text, and how messages call them.

use crate::source::Span;

macro_rules! tokens {
    (keywords { $($keyword:ident $word:literal;)* } symbols { $($symbol:ident $text:literal;)* } others { $($other:ident $said:literal;)* }) => {
        /// What a token is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum TokenKind {
            $(#[doc = concat!("`", $word, "`.")] $keyword,)*
            $(#[doc = concat!("`", $text, "`.")] $symbol,)*
            $(#[doc = $said] $other,)*
        }

        impl TokenKind {
            /// The keyword that `word` is; `fn` is another spelling of `fun`.
            pub(crate) fn keyword(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$keyword),)*
                    "fn" => Some(Self::Fun),
                    _ => None,
                }
            }

            /// Whether it is a keyword.
            pub(crate) fn is_keyword(self) -> bool {
                matches!(self, $(Self::$keyword)|*)
            }

            /// What messages call it.
            pub(crate) fn said(self) -> &'static str {
                match self {
                    $(Self::$keyword => concat!("`", $word, "`"),)*
                    $(Self::$symbol => concat!("`", $text, "`"),)*
                    $(Self::$other => $said,)*
                }
            }
        }

        /// All keywords; `_` is one.
        pub const KEYWORDS: &[&str] = &[$($word),*];

        /// Symbols, those of three characters first, so that the first that fits is the longest.
        const SYMBOLS: &[(&str, TokenKind)] = &[$(($text, TokenKind::$symbol)),*];
    };
}

tokens! {
    keywords {
        Let "let"; Mut "mut"; Fun "fun"; Struct "struct"; If "if"; Else "else"; Match "match"; While "while"; Loop "loop"; For "for";
        In "in"; Break "break"; Continue "continue"; Return "return"; True "true"; False "false"; Underscore "_";
    }
    symbols {
        DotDotEq "..="; ShlEq "<<="; ShrEq ">>=";
        EqEq "=="; NotEq "!="; LessEq "<="; GreaterEq ">="; AndAnd "&&"; OrOr "||"; Shl "<<"; Shr ">>"; DotDot ".."; Arrow "->";
        FatArrow "=>"; PlusEq "+="; MinusEq "-="; StarEq "*="; SlashEq "/="; PercentEq "%="; AndEq "&="; OrEq "|="; CaretEq "^=";
        ColonColon "::";
        Eq "="; Less "<"; Greater ">"; Plus "+"; Minus "-"; Star "*"; Slash "/"; Percent "%"; And "&"; Or "|"; Caret "^"; Not "!";
        Dot "."; Comma ","; Semicolon ";"; Colon ":"; Question "?"; ParenOpen "("; ParenClose ")"; BracketOpen "["; BracketClose "]";
        BraceOpen "{"; BraceClose "}";
    }
    others {
        Ident "a name"; Int "a number"; Float "a number"; TextStart "a text"; TextPiece "a text"; HoleStart "`{` in a text";
        HoleEnd "the `}` of an expression in a text"; TextEnd "the end of the text"; OddText "a text"; OpenText "a text"; Unknown "an unknown character";
        End "the end of the cell";
    }
}

impl TokenKind {
    /// The longest symbol that `text` begins with, and its length.
    pub(crate) fn symbol(text: &str) -> Option<(Self, usize)> {
        SYMBOLS
            .iter()
            .find(|(symbol, _)| text.starts_with(symbol))
            .map(|&(symbol, kind)| (kind, symbol.len()))
    }

    /// Whether an expression can begin with it.
    pub(crate) fn begins_expression(self) -> bool {
        use TokenKind as T;
        matches!(
            self,
            T::Ident
                | T::Int
                | T::Float
                | T::TextStart
                | T::OddText
                | T::OpenText
                | T::True
                | T::False
                | T::ParenOpen
                | T::BracketOpen
        ) || matches!(self, T::BraceOpen | T::If | T::Match | T::While | T::Loop | T::For)
            || matches!(self, T::Minus | T::Not | T::Or | T::OrOr | T::Break | T::Continue | T::Return)
    }
}

/// A token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Whether a line ends between it and the token before it.
    pub(crate) newline: bool,
    /// Where it is.
    pub(crate) span: Span,
}
