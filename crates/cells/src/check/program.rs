//! The typed form of a cell, between checking and emission: all names resolved, all types known, nothing left to decide.

use std::rc::Rc;

use crate::builtins::Builtin;
use crate::environment::SymbolKind;
use crate::source::Span;
pub use crate::syntax::ast::BinaryOp;
use crate::types::TypeId;

/// An index into [`Program::exprs`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExprId(pub u32);

/// An index into [`Program::functions`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FunctionId(pub u32);

/// An index into [`Program::globals`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GlobalId(pub u32);

/// An index into [`Program::imports`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ImportId(pub u32);

/// An index into [`Function::locals`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LocalId(pub u32);

/// An index into [`Function::captures`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CaptureId(pub u32);

/// A cell that has been checked.
#[derive(Clone, Debug)]
pub struct Program {
    /// All expressions, of all functions.
    pub exprs: Vec<Expr>,
    /// The values and functions of other cells that this one uses, each once.
    pub imports: Vec<Import>,
    /// What `let` binds at the cell's top level, in order. A name that is bound twice has two, of which the last is exported.
    pub globals: Vec<Global>,
    /// Named functions and closures. Those at the top level are exported by their names.
    pub functions: Vec<Function>,
    /// The cell itself: no parameters, no captures; its result is the cell's value.
    pub body: FunctionId,
    /// What later cells can use, in order, each name once.
    pub definitions: Vec<Definition>,
    /// All names that were looked up in the environment and what was found: the cell means the same wherever these are the same.
    pub uses: Vec<(Rc<str>, Option<SymbolKind>)>,
}

/// Something of another cell.
#[derive(Clone, PartialEq, Debug)]
pub struct Import {
    /// Its name.
    pub name: Rc<str>,
    /// A value or a function; structs are not imported.
    pub kind: SymbolKind,
}

/// A binding at the top level.
#[derive(Clone, PartialEq, Debug)]
pub struct Global {
    /// Its name.
    pub name: Rc<str>,
    /// Its type.
    pub ty: TypeId,
    /// Whether it may be assigned again.
    pub mutable: bool,
    /// Where its name is written.
    pub span: Span,
}

/// Something that a cell defines.
#[derive(Clone, PartialEq, Debug)]
pub struct Definition {
    /// Its name.
    pub name: Rc<str>,
    /// What it is.
    pub kind: SymbolKind,
    /// Which of the cell's globals or functions; `None` for a struct.
    pub place: Option<DefinitionPlace>,
    /// Where its name is written.
    pub span: Span,
}

/// What stands behind a definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DefinitionPlace {
    /// A binding.
    Global(GlobalId),
    /// A named function at the top level.
    Function(FunctionId),
}

/// A function, closure, or the cell's body.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, for messages: that of the item, or of the binding that a closure is for, or nothing.
    pub name: Option<Rc<str>>,
    /// The first locals, in order.
    pub params: u32,
    /// Variables of functions around it. Functions at the top level have none, their variables being globals.
    pub captures: Vec<Capture>,
    /// All variables, parameters first.
    pub locals: Vec<Local>,
    /// What it returns.
    pub result: TypeId,
    /// What it does. Patterns of parameters have become `Let` at its beginning.
    pub body: ExprId,
    /// Where it is written.
    pub span: Span,
    /// Whether it is a named function at the top level of the cell, whose calls need no closure.
    pub top_level: bool,
}

/// A variable of a function.
#[derive(Clone, PartialEq, Debug)]
pub struct Local {
    /// Its name, for dumps.
    pub name: Rc<str>,
    /// Its type.
    pub ty: TypeId,
    /// Whether it lies in an object of its own: a closure captures it and someone assigns it after its `let`, or a closure captures it
    /// before it is bound (named functions in blocks that call each other).
    pub boxed: bool,
}

/// A variable that a closure takes from the function around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capture {
    /// Where it is in the function around.
    pub from: Captured,
    /// Its type.
    pub ty: TypeId,
    /// As [`Local::boxed`]; the box is taken, not the value.
    pub boxed: bool,
}

/// Where a closure finds what it captures, in the function around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Captured {
    /// A variable.
    Local(LocalId),
    /// A capture of that function.
    Capture(CaptureId),
}

/// A typed expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it does.
    pub kind: ExprKind,
    /// What it yields. [`TypeId::NEVER`] if it does not come to that.
    pub ty: TypeId,
    /// Where it is written; what fails is reported there.
    pub span: Span,
}

/// A variable, wherever it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variable {
    /// Of the function itself.
    Local(LocalId),
    /// Of a function around it.
    Capture(CaptureId),
    /// Of the cell.
    Global(GlobalId),
    /// Of another cell.
    Import(ImportId),
}

/// What is assigned.
#[derive(Clone, Debug)]
pub enum Place {
    /// A variable.
    Variable(Variable),
    /// `object.field`, by number.
    Field(ExprId, u32),
    /// `array[index]`.
    Index(ExprId, ExprId),
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callee {
    /// A named function at the top level of this cell.
    Function(FunctionId),
    /// A function of another cell.
    Import(ImportId),
    /// A closure.
    Value(ExprId),
}

/// What a typed expression does. Operands are evaluated from left to right.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `()`.
    Unit,
    /// A number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A text.
    String(Rc<str>),
    /// A text made of pieces, each of any type that has a text form.
    Interpolate(Vec<ExprId>),
    /// The value of a variable.
    Variable(Variable),
    /// A named function at the top level of this cell, as a value.
    FunctionValue(FunctionId),
    /// A function of another cell, as a value.
    ImportValue(ImportId),
    /// A new closure.
    Lambda(FunctionId),
    /// `-x`, of `Int` or `Float`.
    Negate(ExprId),
    /// `!x`.
    Not(ExprId),
    /// An operator on two operands of the same type, `&&` and `||` among them, which evaluate the second one only if needed.
    Binary(BinaryOp, ExprId, ExprId),
    /// A call.
    Call(Callee, Vec<ExprId>),
    /// A function or method of the language; the receiver comes first.
    Builtin(Builtin, Vec<ExprId>),
    /// `[a, b]`.
    Array(Vec<ExprId>),
    /// `[value; count]`.
    Repeat(ExprId, ExprId),
    /// `(a, b)`.
    Tuple(Vec<ExprId>),
    /// A new struct: number of the field and value, in the order written, each field once.
    Struct(Vec<(u32, ExprId)>),
    /// `t.0`.
    TupleField(ExprId, u32),
    /// `p.x`, by number.
    Field(ExprId, u32),
    /// `array[index]`.
    Index(ExprId, ExprId),
    /// `x = v`.
    Assign(Place, ExprId),
    /// `x += v`; objects and indices of the place are evaluated once.
    AssignOp(Place, BinaryOp, ExprId),
    /// `let`: the pattern fits always. Each time it is evaluated, boxed variables that it binds get a new box.
    Let(Pattern, ExprId),
    /// A new, empty box for a boxed variable, which an `Assign` fills later: a function of a block that is named before its definition.
    /// Reading it before that fails. Its value is `()`.
    Declare(LocalId),
    /// What comes first, and then the value; `()` if there is none.
    Block(Vec<ExprId>, Option<ExprId>),
    /// Without a second branch its value is `()`.
    If(ExprId, ExprId, Option<ExprId>),
    /// The arms are tried in order; one of them fits, as far as the checker could tell. If none does, it fails.
    Match(ExprId, Vec<Arm>),
    /// `while`.
    While(ExprId, ExprId),
    /// `loop`.
    Loop(ExprId),
    /// `for i in start..end`; both are evaluated once, before.
    ForRange {
        /// The variable, new in each turn: a pattern that fits always.
        pattern: Pattern,
        /// The first value.
        start: ExprId,
        /// The end.
        end: ExprId,
        /// Whether the end is a value too.
        inclusive: bool,
        /// What is done.
        body: ExprId,
    },
    /// `for p in array`: as many turns as the array has elements, looked at before each turn. Of a `String`: its characters.
    ForEach {
        /// What an element is bound to; fits always.
        pattern: Pattern,
        /// The array or text, evaluated once.
        over: ExprId,
        /// What is done.
        body: ExprId,
    },
    /// Leaves the innermost loop.
    Break,
    /// Goes to the next turn of the innermost loop.
    Continue,
    /// Leaves the function.
    Return(Option<ExprId>),
}

/// An arm of `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What fits.
    pub pattern: Pattern,
    /// What has to be true as well.
    pub guard: Option<ExprId>,
    /// The value.
    pub body: ExprId,
}

/// A typed pattern.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Anything.
    Wildcard,
    /// Anything, which is bound: to a local or a global.
    Bind(Variable),
    /// This number.
    Int(i64),
    /// This number.
    Float(f64),
    /// This truth value.
    Bool(bool),
    /// This text.
    String(Rc<str>),
    /// A number from the first to the second, both included.
    Range(i64, i64),
    /// A tuple of the type, element by element; `Tuple` of nothing is `()`.
    Tuple(TypeId, Vec<Pattern>),
    /// A struct of the type: fields by number; those not named are anything.
    Struct(TypeId, Vec<(u32, Pattern)>),
    /// One of these, which bind nothing.
    Or(Vec<Pattern>),
}
