//! Slips in statements, blocks, parameters, patterns and types.

use super::Ended;
use crate::source::Span;
use crate::syntax::ast::{
    Block, ExprId, ExprKind, Let, Name, Pattern, PatternKind, Statement, TypeExpr, TypeExprKind,
};
use crate::syntax::parser::Parser;
use crate::syntax::token::{Token, TokenKind as T};

/// What a word that begins a statement stands for in other languages.
#[derive(Clone, Copy)]
enum Habit {
    /// Nothing that is said here.
    Drop,
    /// `match`.
    Match,
    /// `for`.
    For,
    /// `let mut`.
    Var,
    /// `let`.
    Let,
    /// `fun`.
    Fun,
    /// `struct`.
    Struct,
    /// A block of a kind that is not there, and what to do.
    Block(&'static str),
    /// Something else that is not there, and what to do.
    Item(&'static str),
}

/// Words, and what they stand for.
const HABITS: &[(&str, Habit)] = &[
    ("var", Habit::Var),
    ("const val local my set", Habit::Let),
    ("func def function sub proc defn define", Habit::Fun),
    ("class record data", Habit::Struct),
    ("switch when", Habit::Match),
    ("foreach", Habit::For),
    ("pub public private export static async final", Habit::Drop),
    (
        "try unless until repeat do",
        Habit::Block(
            "loops are `while`, `loop` and `for`, choices `if` and `match`; there are no exceptions",
        ),
    ),
    (
        "import use from include require package module namespace",
        Habit::Item(
            "nothing is imported: the names of all cells are there, and so are functions like `print`",
        ),
    ),
    ("throw raise", Habit::Item("`panic(\"message\")` ends the cell; there are no exceptions")),
    (
        "enum interface trait impl type",
        Habit::Item("there are structs, `struct P { x: Int }`, and functions that take them"),
    ),
];

/// The type that a word stands for, here or in some other language.
fn type_name(word: &str) -> Option<&str> {
    Some(match word {
        "int" | "long" | "i32" | "i64" | "usize" => "Int",
        "float" | "double" | "f32" | "f64" => "Float",
        "bool" | "boolean" => "Bool",
        "string" | "str" | "char" => "String",
        "auto" => "_",
        _ if word.starts_with(|c: char| c.is_ascii_uppercase()) => word,
        _ => return None,
    })
}

impl Parser<'_> {
    /// A statement has been parsed, and something else stands on its line.
    pub(in crate::syntax::parser) fn not_ended(&mut self) -> Ended {
        let before = self.tokens[self.at - 1];
        let token = self.token();
        match token.kind {
            T::ParenClose | T::BracketClose | T::BraceClose => {
                self.stray_close();
                return Ended::Here;
            }
            T::If => {
                let message = "expected `;` or a new line, found the keyword `if`";
                self.tell_lost(token.span, message, "a choice is written `if a { b } else { c }`");
                return Ended::Lost;
            }
            T::Let
            | T::Fun
            | T::Struct
            | T::While
            | T::For
            | T::Loop
            | T::Match
            | T::Return
            | T::Break
            | T::Continue => {
                let message = format!("expected `;` or a new line, found the keyword {}", token.kind.said());
                self.tell(token.span, &message, "write `;` between two statements on a line");
                return Ended::Here;
            }
            _ => {}
        }
        let callee = (before.kind == T::Ident).then(|| self.text(before.span).to_string());
        let braced =
            self.at > 1 && self.tokens[self.at - 2].kind == T::BraceOpen || before.kind == T::TextEnd;
        let called = matches!(
            token.kind,
            T::Ident | T::TextStart | T::Int | T::Float | T::OddText | T::True | T::False
        );
        let Some(error) = self.expected("`;` or a new line") else { return Ended::Lost };
        error.suggestion = match (token.kind, callee) {
            (T::Colon, _) if braced => Some(
                "there are no maps: use a struct, `P { x: 1 }`, or an array of tuples, `[(\"x\", 1)]`; in the head of `if`, `while`, \
                 `for` and `match`, a struct stands in parentheses"
                    .into(),
            ),
            (T::Comma, _) => Some(
                "several values in one are a tuple: `(a, b)`; several statements have `;` between them"
                    .into(),
            ),
            (_, Some(callee)) if called => Some(format!("a call is written `{callee}(…)`")),
            _ if token.kind.begins_expression() => Some("write `;` between two statements on a line".into()),
            _ => None,
        };
        Ended::Lost
    }

    /// `mut x = 1`.
    pub(in crate::syntax::parser) fn habit_of_mut(&mut self) -> Statement {
        let span = self.token().span;
        self.tell(span, "expected a statement, found `mut`", "write `let mut`");
        let statement = self.let_statement();
        make_mutable(statement)
    }

    /// A statement that begins with a word which is a keyword elsewhere.
    pub(in crate::syntax::parser) fn habit_of_statement(&mut self) -> Option<Statement> {
        let (first, second, third) = (self.token(), self.ahead(1), self.ahead(2));
        if second.newline {
            return None;
        }
        if second.kind == T::Colon {
            return self.habit_of_bare_let(third);
        }
        let begins = second.kind.begins_expression() || second.kind.is_keyword() || second.kind == T::Less;
        if !begins {
            return None;
        }
        let word = self.text(first.span).to_string();
        let named = second.kind == T::Ident;
        let name = if named { self.text(second.span).to_string() } else { String::new() };
        let habit = HABITS
            .iter()
            .find(|(words, _)| words.split(' ').any(|known| known == word))
            .map(|&(_, habit)| habit);
        let help = match habit {
            Some(Habit::Drop) if named || second.kind.is_keyword() => format!("leave `{word}` out"),
            Some(Habit::Match) if self.head_of_block(second) => "write `match x { 1 => …, _ => … }`".into(),
            Some(Habit::For) if self.head_of_block(second) => "write `for x in xs { … }`".into(),
            Some(Habit::Block(help)) if self.head_of_block(second) => help.into(),
            Some(Habit::Item(help))
                if named || matches!(second.kind, T::TextStart | T::OddText | T::Less) =>
            {
                help.into()
            }
            Some(Habit::Struct) if named && third.kind == T::BraceOpen => format!("write `struct {name}`"),
            Some(Habit::Var) if named => format!("write `let mut {name}`"),
            Some(Habit::Let) if named => format!("write `let {name}`"),
            Some(Habit::Fun) if named => format!("write `fun {name}`"),
            _ if named && third.kind == T::Eq => {
                let help = match type_name(&word) {
                    Some(ty) => format!(
                        "write `let {name} = …`, or with the type behind the name, `let {name}: {ty} = …`"
                    ),
                    None => format!("write `let {name} = …`"),
                };
                self.tell(first.span, &format!("expected a statement, found `{word} {name}`"), &help);
                return Some(self.let_statement());
            }
            _ => return None,
        };
        self.tell(first.span, &format!("there is no keyword `{word}`"), &help);
        Some(match habit? {
            Habit::Drop => {
                self.bump();
                if !self.enter() {
                    return Some(Statement::Expr(self.error_expr()));
                }
                let statement = self.statement();
                self.leave();
                statement
            }
            Habit::Match => Statement::Expr(self.match_expr()),
            Habit::For => Statement::Expr(self.for_expr()),
            Habit::Var => make_mutable(self.let_statement()),
            Habit::Let => self.let_statement(),
            Habit::Fun => self.function(),
            Habit::Struct => self.structure(),
            Habit::Block(_) | Habit::Item(_) => {
                self.lost = true;
                if third.kind == T::BraceOpen && named {
                    // What stands in the braces is no statement of this language.
                    self.at += 2;
                    self.skip();
                }
                Statement::Expr(self.error_expr())
            }
        })
    }

    /// `x := 1`, `x: Int = 1`.
    fn habit_of_bare_let(&mut self, behind: Token) -> Option<Statement> {
        let start = self.token().span.start;
        let walrus = behind.kind == T::Eq;
        let typed = behind.kind == T::Ident && self.ahead(3).kind == T::Eq || behind.kind == T::BracketOpen;
        if !walrus && !typed {
            return None;
        }
        let name = self.name("a name");
        let help = format!("write `let {} = …`", name.text);
        self.tell(name.span, "a new variable is declared with `let`", &help);
        self.bump();
        let ty = (!walrus).then(|| self.ty());
        let value = if self.expect(T::Eq) { self.expr() } else { self.error_expr() };
        let pattern = Pattern { span: name.span, kind: PatternKind::Bind { name, mutable: true } };
        Some(Statement::Let(Let { pattern, ty, value, span: self.since(start) }))
    }

    /// Whether `next`, the token behind the next one, may begin an expression behind which a block follows on the same line.
    fn head_of_block(&self, next: Token) -> bool {
        if !next.kind.begins_expression() || matches!(next.kind, T::Minus | T::Or | T::OrOr | T::BracketOpen)
        {
            return false;
        }
        let mut at = self.at + 1;
        while at < self.tokens.len() && at < self.at + 40 {
            let token = self.tokens[at];
            match token.kind {
                T::BraceOpen => return true,
                T::End | T::Semicolon | T::BraceClose => return false,
                _ if token.newline => return false,
                _ => at = self.partners[at] as usize + 1,
            }
        }
        false
    }

    /// `let x` without `=`.
    pub(in crate::syntax::parser) fn habit_of_let(&mut self, pattern: &Pattern) -> ExprId {
        if self.kind() == T::EqEq && !self.new_line() {
            let span = self.bump().span;
            self.tell(span, "expected `=`, found `==`", "");
            return self.expr();
        }
        let name = self.text(pattern.span).to_string();
        self.expected_help(
            "`=` and a value",
            &format!("a variable has a value from the beginning: `let {name} = 0`"),
        );
        self.error_expr()
    }

    /// `let a, b = …`.
    pub(in crate::syntax::parser) fn habit_of_comma(&mut self, pattern: Pattern) -> Pattern {
        let span = self.token().span;
        let help = "several names are bound by a tuple, `let (a, b) = (1, 2)`, or by one `let` for each";
        self.tell_lost(span, "expected `=`, found `,`", help);
        pattern
    }

    /// `fun f<T>(…)`, at `<`.
    pub(in crate::syntax::parser) fn habit_of_generics(&mut self) {
        let span = self.token().span;
        self.tell(
            span,
            "functions have no type parameters",
            "types of parameters may be left out: they are inferred from the cell",
        );
        while !matches!(self.kind(), T::ParenOpen | T::BraceOpen | T::End) && !self.token().newline {
            self.bump();
        }
    }

    /// Takes the arrow before the type of a result.
    pub(in crate::syntax::parser) fn arrow(&mut self) -> bool {
        if self.kind() == T::Colon && self.ahead(1).kind.begins_expression() {
            let span = self.token().span;
            self.tell(span, "expected `->` or `{`, found `:`", "the type of the result stands behind `->`");
            self.bump();
            return true;
        }
        self.eat(T::Arrow)
    }

    /// `fun f(x) = x + 1`, at `=` or `=>`.
    pub(in crate::syntax::parser) fn habit_of_body(&mut self) -> ExprId {
        let token = self.bump();
        let message = format!("expected `{{`, found {}", token.kind.said());
        self.tell(token.span, &message, "the body of a function stands in braces");
        if self.kind() == T::BraceOpen { self.braces() } else { self.expr_as_block() }
    }

    /// An expression where a block should be.
    fn expr_as_block(&mut self) -> ExprId {
        let start = self.token().span.start;
        let value = self.expr();
        let span = self.since(start);
        let block = Block { statements: vec![Statement::Expr(value)], has_value: true, span };
        self.add(ExprKind::Block(Box::new(block)), span)
    }

    /// There is no brace where the body of something, `what`, should begin.
    pub(in crate::syntax::parser) fn habit_of_block(&mut self, what: &str) -> ExprId {
        const BRACES: &str = "bodies stand in braces: `if a { b } else { c }`";
        let token = self.token();
        if token.kind == T::Colon {
            self.tell_lost(token.span, "expected `{`, found `:`", BRACES);
            // The body mostly stands in the next line.
            return self.error_expr();
        }
        let body = token.kind.begins_expression() && self.foreign().is_none();
        if body && !self.new_line() && token.kind != T::Minus {
            let (found, span) = self.found();
            let message = format!("expected `{{` and {what}, found {found}");
            self.tell(span, &message, BRACES);
            return self.expr_as_block();
        }
        self.expected(&format!("`{{` and {what}"));
        self.error_expr()
    }

    /// `struct P` without a brace.
    pub(in crate::syntax::parser) fn habit_of_struct(&mut self) {
        self.expected_help("`{` and the fields", "a struct is written `struct P { x: Int, y: Int }`");
    }

    /// `x Int` in a struct, behind `x`.
    pub(in crate::syntax::parser) fn habit_of_typed_name(&mut self, name: &Name) {
        if self.kind() == T::Ident && !self.new_line() {
            let (first, second) = (name.text.to_string(), self.text(self.token().span).to_string());
            let help = match type_name(&first) {
                Some(ty) => format!("write `{second}: {ty}`"),
                None => format!("write `{first}: {}`", type_name(&second).unwrap_or(&second)),
            };
            let span = self.token().span;
            self.tell(span, &format!("expected `:`, found `{second}`"), &help);
            return;
        }
        self.expected_help("`:` and a type", "a field is written `x: Int`");
    }

    /// `x Int` or `int x` among parameters, at the second word.
    pub(in crate::syntax::parser) fn habit_of_typed_param(&mut self, pattern: Pattern) -> Pattern {
        let first = self.text(pattern.span).to_string();
        let name = self.name("a name");
        let swapped = type_name(&first);
        let help = match swapped {
            Some(ty) => format!("write `{}: {ty}`", name.text),
            None => format!("write `{first}: {}`", type_name(&name.text).unwrap_or(&name.text)),
        };
        self.tell(name.span, &format!("expected `:`, found `{}`", name.text), &help);
        if swapped.is_none() {
            return pattern;
        }
        Pattern { span: name.span, kind: PatternKind::Bind { name, mutable: false } }
    }

    /// No pattern begins here.
    pub(in crate::syntax::parser) fn habit_of_pattern(&mut self) {
        let keyword = self.kind().is_keyword();
        let kind = self.kind();
        if let Some(error) = self.expected("a pattern") {
            error.suggestion = match kind {
                T::BracketOpen => {
                    Some("arrays are not taken apart by patterns: use `a[0]` and `a.len()`".into())
                }
                T::DotDot | T::DotDotEq => Some("a range of a pattern has both ends: `0..=5`".into()),
                _ if keyword => Some("keywords cannot be names".into()),
                _ => None,
            };
        }
    }

    /// `Int[]`, `Int?`, behind `Int`.
    pub(in crate::syntax::parser) fn habit_behind_type(&mut self, ty: &mut TypeExpr) {
        let written = self.text(ty.span).to_string();
        let token = self.token();
        if token.kind == T::Question {
            self.tell(
                token.span,
                "there is no null, so no type may be missing",
                "use a value that says so, like -1, \"\" or an empty array",
            );
            self.bump();
        } else if token.kind == T::BracketOpen && self.ahead(1).kind == T::BracketClose && !self.new_line() {
            let span = Span::new(token.span.start, self.ahead(1).span.end);
            self.tell(span, "the type of an array stands in brackets", &format!("write `[{written}]`"));
            self.skip();
            let element =
                TypeExpr { kind: std::mem::replace(&mut ty.kind, TypeExprKind::Hole), span: ty.span };
            *ty = TypeExpr { kind: TypeExprKind::Array(Box::new(element)), span: ty.span.to(span) };
        }
    }

    /// `Array<Int>`, at `<`; the name is at `span`.
    pub(in crate::syntax::parser) fn habit_of_type_arguments(&mut self, span: Span) -> TypeExprKind {
        let name = self.text(span).to_string();
        let open = self.bump();
        let mut arguments = vec![self.ty()];
        while !self.lost && self.eat(T::Comma) {
            arguments.push(self.ty());
        }
        if self.lost {
            return TypeExprKind::Hole;
        }
        let written = self.text(Span::new(open.span.end, self.end()));
        let written = if written.bytes().any(|byte| byte == b'<') { "T" } else { written }.to_string();
        if self.kind() == T::Shr {
            // The first half of it ends this type, the second one that around it.
            self.tokens[self.at].kind = T::Greater;
        } else if !self.expect(T::Greater) {
            return TypeExprKind::Hole;
        }
        let array =
            arguments.len() == 1 && !matches!(name.as_str(), "Option" | "Optional" | "Set" | "Box" | "Rc");
        let help = if array { format!("an array is written `[{written}]`") } else { String::new() };
        self.tell(span.to(open.span), "types have no parameters", &help);
        match arguments.pop() {
            Some(element) if array => TypeExprKind::Array(Box::new(element)),
            _ => TypeExprKind::Hole,
        }
    }
}

/// The same, its name may be assigned.
fn make_mutable(mut statement: Statement) -> Statement {
    if let Statement::Let(item) = &mut statement
        && let PatternKind::Bind { mutable, .. } = &mut item.pattern.kind
    {
        *mutable = true;
    }
    statement
}
