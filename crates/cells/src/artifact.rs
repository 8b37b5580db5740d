//! What the compiler makes of a cell.

use std::rc::Rc;

use crate::check::program::{Definition, Import};
use crate::diagnostic::Diagnostic;
use crate::environment::SymbolKind;
use crate::source::Span;
use crate::types::TypeId;

/// A compiled cell. It names what it needs by name only, so one artifact serves for all cells with the same source whose names have the
/// same types.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The module, see [`crate::host`] for what it imports and exports.
    pub wasm: Vec<u8>,
    /// What it takes from other cells: imports `"cells" "NAME"`, values as mutable globals.
    pub imports: Vec<Import>,
    /// For each import, whether functions or closures of the cell use it. What only the cell itself uses is not needed any more once it
    /// has run.
    pub later: Vec<bool>,
    /// What it exports under its name, and structs.
    pub definitions: Vec<Definition>,
    /// Globals that are no definitions because a later `let` of the cell took their name, and that functions or closures use: exported
    /// under this name with `$` before it, like definitions. A checkpoint has their values too.
    pub hidden: Vec<(Rc<str>, TypeId)>,
    /// The names that it looked up, as [`crate::check::program::Program::uses`] has them.
    pub uses: Vec<(Rc<str>, Option<SymbolKind>)>,
    /// The type of the cell's value, [`TypeId::UNIT`] if there is none.
    pub value: TypeId,
    /// The type of the cell's value as text, `[Int]`; `None` if nothing is shown.
    pub value_type: Option<String>,
    /// The closures whose values may lie in variables, by number.
    pub lambdas: Vec<Lambda>,
    /// The functions of the module that are the cell's, by their index in the module, in ascending order. Others are helpers of the
    /// language, which a traceback leaves out.
    pub functions: Vec<FunctionName>,
    /// Which part of the source the code from an offset in the module on was made for, in ascending order of offsets.
    pub positions: Vec<(u32, u32)>,
    /// What is worth a warning.
    pub warnings: Vec<Diagnostic>,
}

/// The name of a function in the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionName {
    /// Its index in the module.
    pub index: u32,
    /// Its name in the source; `None` for the cell itself and for closures without a name.
    pub name: Option<Rc<str>>,
    /// Whether it is the cell itself.
    pub is_cell: bool,
    /// Where it is written.
    pub span: Span,
}

/// A closure of a cell: how its values are taken into a checkpoint and back.
#[derive(Clone, PartialEq, Debug)]
pub struct Lambda {
    /// The type of the function.
    pub ty: TypeId,
    /// What it holds, in order: type, and whether it is a box with a value of the type.
    pub captures: Vec<(TypeId, bool)>,
    /// The export that is its code, without the `$` before it: the number of the closure.
    pub export: String,
}
