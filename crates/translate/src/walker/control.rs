//! The walker's control stack: the open blocks, their labels and where their results go.

use upshift_core::index::TypeIndex;
use upshift_core::types::ValType;

use crate::ModuleInfo;
use crate::backend::{Handler, Label, Slot};

/// Parameters and results of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signature {
    /// Neither.
    Empty,
    /// One result.
    Result(ValType),
    /// As the function type says.
    Func(TypeIndex),
}

impl Signature {
    /// The parameters.
    #[inline]
    pub(crate) fn params(self, module: &ModuleInfo) -> &[ValType] {
        match self {
            Signature::Empty | Signature::Result(_) => &[],
            Signature::Func(ty) => module.types[ty.index()].func().params(),
        }
    }

    /// The results.
    #[inline]
    pub(crate) fn results<'a>(&'a self, module: &'a ModuleInfo) -> &'a [ValType] {
        match self {
            Signature::Empty => &[],
            Signature::Result(ty) => std::slice::from_ref(ty),
            Signature::Func(ty) => module.types[ty.index()].func().results(),
        }
    }
}

/// What opened a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The function body: a branch here returns.
    Func,
    /// `block`
    Block,
    /// `loop`, with its number
    Loop(u32),
    /// `if`, with the label where control goes if the condition does not hold.
    If { otherwise: Label },
    /// `if` behind its `else`.
    Else,
    /// `try` of the first draft of exceptions, with its handler.
    Try(Handler),
    /// One of its `catch` parts. The exception lies in the first operand home of the block, below what it carries.
    Catch(Handler),
}

/// An open block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Control {
    pub(crate) kind: Kind,
    pub(crate) signature: Signature,
    /// Height of the operand stack below the block's parameters.
    pub(crate) height: usize,
    /// Where branches lead; made at the first branch.
    pub(crate) label: Option<Label>,
    /// Home of the first value that a branch carries.
    pub(crate) base: Slot,
    /// Where exceptions go that come out of the block's operators.
    pub(crate) handler: Option<Handler>,
    /// How many values a branch carries.
    pub(crate) carried: u32,
}

impl Control {
    /// The types that a branch to this block carries.
    pub(crate) fn label_types<'a>(&'a self, module: &'a ModuleInfo) -> &'a [ValType] {
        match self.kind {
            Kind::Loop(_) => self.signature.params(module),
            _ => self.signature.results(module),
        }
    }
}
