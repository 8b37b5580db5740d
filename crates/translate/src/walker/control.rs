//! The walker's control stack: the open blocks, their labels and where their results go.

use std::sync::Arc;

use upshift_core::types::{FuncType, ValType};

use crate::backend::{Handler, Label, Slot};

/// Parameters and results of a block.
#[derive(Clone, Debug)]
pub(crate) enum Signature {
    /// Neither.
    Empty,
    /// One result.
    Result(ValType),
    /// As the function type says.
    Func(Arc<FuncType>),
}

impl Signature {
    /// The parameters.
    pub(crate) fn params(&self) -> &[ValType] {
        match self {
            Signature::Empty | Signature::Result(_) => &[],
            Signature::Func(ty) => ty.params(),
        }
    }

    /// The results.
    pub(crate) fn results(&self) -> &[ValType] {
        match self {
            Signature::Empty => &[],
            Signature::Result(ty) => std::slice::from_ref(ty),
            Signature::Func(ty) => ty.results(),
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
    /// `loop`
    Loop,
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
#[derive(Clone, Debug)]
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
}

impl Control {
    /// The types that a branch to this block carries.
    pub(crate) fn label_types(&self) -> &[ValType] {
        if self.kind == Kind::Loop { self.signature.params() } else { self.signature.results() }
    }
}
