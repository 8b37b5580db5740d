//! The tree that the parser makes of a cell: what is written, with names that nobody has looked up yet.

use std::rc::Rc;

use crate::source::Span;

/// The number of an expression in [`Ast::exprs`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExprId(pub u32);

/// A name and where it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The text.
    pub text: Rc<str>,
    /// Where.
    pub span: Span,
}

/// A whole cell.
#[derive(Clone, Debug, Default)]
pub struct Ast {
    /// All expressions of the cell, which name each other by number.
    pub exprs: Vec<Expr>,
    /// What the cell does, in order; the value of the last one is that of the cell.
    pub block: Block,
}

/// Statements in braces, or a whole cell.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// In order.
    pub statements: Vec<Statement>,
    /// Whether the last statement is an expression whose value is the block's: no semicolon stands behind it.
    pub has_value: bool,
    /// With its braces.
    pub span: Span,
}

/// One step of a block.
#[derive(Clone, Debug)]
pub enum Statement {
    /// `let x = 1`, `let mut x: Int = 1`, `let (a, b) = f()`.
    Let(Let),
    /// `fun f(a: Int) -> Int { … }`: known in the whole block, also to the functions before it.
    Function(FunctionItem),
    /// `struct P { x: Int }`: known in the whole cell; only at the cell's top level.
    Struct(StructItem),
    /// An expression, assignments and loops among them.
    Expr(ExprId),
}

/// `let`.
#[derive(Clone, Debug)]
pub struct Let {
    /// What is bound.
    pub pattern: Pattern,
    /// Behind the colon.
    pub ty: Option<TypeExpr>,
    /// Behind `=`.
    pub value: ExprId,
    /// All of it.
    pub span: Span,
}

/// A named function.
#[derive(Clone, Debug)]
pub struct FunctionItem {
    /// Its name.
    pub name: Name,
    /// Its parameters, result and body.
    pub function: Function,
    /// All of it.
    pub span: Span,
}

/// Parameters, result and body of a function or closure.
#[derive(Clone, Debug)]
pub struct Function {
    /// The parameters.
    pub params: Vec<Param>,
    /// Behind the arrow; inferred if there is none.
    pub result: Option<TypeExpr>,
    /// A block, or for closures any expression.
    pub body: ExprId,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// A name, `mut` and a name, `_`, or a tuple of these.
    pub pattern: Pattern,
    /// Inferred if there is none.
    pub ty: Option<TypeExpr>,
}

/// `struct`.
#[derive(Clone, Debug)]
pub struct StructItem {
    /// Its name.
    pub name: Name,
    /// Its fields.
    pub fields: Vec<(Name, TypeExpr)>,
    /// All of it.
    pub span: Span,
}

/// A type as it is written.
#[derive(Clone, Debug)]
pub struct TypeExpr {
    /// What it is.
    pub kind: TypeExprKind,
    /// Where.
    pub span: Span,
}

/// What a written type is.
#[derive(Clone, Debug)]
pub enum TypeExprKind {
    /// `Int`, or the name of a struct.
    Name(Rc<str>),
    /// `[T]`.
    Array(Box<TypeExpr>),
    /// `()`, `(A, B)`. One type in parentheses is that type itself.
    Tuple(Vec<TypeExpr>),
    /// `fun(A, B) -> R`; without an arrow the result is `()`.
    Function(Vec<TypeExpr>, Option<Box<TypeExpr>>),
    /// `_`: inferred.
    Hole,
}

/// A pattern of `let`, `match`, `for` or a parameter.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Where.
    pub span: Span,
}

/// What a pattern is.
#[derive(Clone, Debug)]
pub enum PatternKind {
    /// `_`.
    Wildcard,
    /// `x`, `mut x`.
    Bind {
        /// The name.
        name: Name,
        /// Whether it may be assigned again.
        mutable: bool,
    },
    /// `3`, `-3`.
    Int(i64),
    /// `1.5`, `-1.5`.
    Float(f64),
    /// `true`.
    Bool(bool),
    /// `"text"`, without interpolation.
    String(Rc<str>),
    /// `1..5` (`inclusive`: `1..=5`).
    Range {
        /// The least.
        start: i64,
        /// The first that is too large, or with `inclusive` the largest.
        end: i64,
        /// `..=`.
        inclusive: bool,
    },
    /// `(a, b)`; `()` has none.
    Tuple(Vec<Pattern>),
    /// `P { x, y: 0 }`, `P { x, .. }`.
    Struct {
        /// The name of the struct.
        name: Name,
        /// Field and pattern; `x` alone is `x: x`.
        fields: Vec<(Name, Pattern)>,
        /// `..`: other fields are anything.
        rest: bool,
    },
    /// `1 | 2`: at least two, which bind nothing.
    Or(Vec<Pattern>),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `42`, `0xff`, `1_000`.
    Int(i64),
    /// `1.5`, `1e9`.
    Float(f64),
    /// `true`.
    Bool(bool),
    /// `"a{x}b"`: pieces in order; one piece of text if nothing is interpolated, none if it is empty.
    String(Vec<Piece>),
    /// `x`.
    Name(Rc<str>),
    /// `-x`, `!x`.
    Unary(UnaryOp, ExprId),
    /// `a + b`, with where the operator is written.
    Binary(BinaryOp, Span, ExprId, ExprId),
    /// `f(a, b)`.
    Call(ExprId, Vec<ExprId>),
    /// `a.f(b)`.
    Method(ExprId, Name, Vec<ExprId>),
    /// `p.x`.
    Field(ExprId, Name),
    /// `t.0`.
    TupleField(ExprId, u32, Span),
    /// `a[i]`.
    Index(ExprId, ExprId),
    /// `[a, b]`.
    Array(Vec<ExprId>),
    /// `[value; count]`.
    Repeat(ExprId, ExprId),
    /// `()`, `(a, b)`.
    Tuple(Vec<ExprId>),
    /// `P { x: 1, y }`.
    Struct(Name, Vec<(Name, ExprId)>),
    /// `|a, b| a + b`.
    Lambda(Box<Function>),
    /// `{ … }`.
    Block(Box<Block>),
    /// `if c { … } else { … }`: both are blocks, or the second another `if`.
    If(ExprId, ExprId, Option<ExprId>),
    /// `match x { … }`.
    Match(ExprId, Vec<Arm>),
    /// `while c { … }`.
    While(ExprId, ExprId),
    /// `loop { … }`, which ends by `break`.
    Loop(ExprId),
    /// `for p in a..b { … }`, `for p in array { … }`: pattern, what is gone through, body.
    For(Box<Pattern>, ExprId, ExprId),
    /// `a..b` (`true`: `a..=b`), which only `for` and indices of strings and arrays take.
    Range(ExprId, ExprId, bool),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `return x`.
    Return(Option<ExprId>),
    /// `x = 1`; with an operator `x += 1`. Its value is `()`.
    Assign(ExprId, Option<(BinaryOp, Span)>, ExprId),
    /// What could not be parsed; a diagnostic says why. It has any type, so that checking goes on.
    Error,
}

/// A piece of a text.
#[derive(Clone, Debug)]
pub enum Piece {
    /// As it is, escapes resolved.
    Text(Rc<str>),
    /// `{x}`.
    Expr(ExprId),
}

/// An arm of `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What fits.
    pub pattern: Pattern,
    /// Behind `if`.
    pub guard: Option<ExprId>,
    /// Behind `=>`.
    pub body: ExprId,
}

/// A prefix operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `-`.
    Negate,
    /// `!`.
    Not,
}

/// An infix operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `+`, of texts and arrays too.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Remainder,
    /// `==`, of all types without functions.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`, of numbers, texts, `Bool`, and tuples and arrays of these.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `&`, of `Int`.
    BitAnd,
    /// `|`.
    BitOr,
    /// `^`.
    BitXor,
    /// `<<`; the count is taken modulo 64.
    ShiftLeft,
    /// `>>`, which keeps the sign.
    ShiftRight,
}
