//! What calls, instructions of the interpreter and returns of a function are, besides the operands that the allocator sees: the
//! instruction has the number of one of these.

use std::fmt;

use upshift_core::index::TagIndex;
use upshift_translate::backend::Slot;

use super::MBlock;
use crate::ssa::Ty;

/// Makes instructions of the interpreter, once it is known where their operands are: from the slot on, counted as the walker does.
pub struct Words(Box<MakeWords>);

type MakeWords = dyn Fn(&mut upshift_ir::build::Builder<'_>, Slot) + Send;

impl Words {
    /// By a function.
    pub fn new(make: impl Fn(&mut upshift_ir::build::Builder<'_>, Slot) + Send + 'static) -> Words {
        Words(Box::new(make))
    }

    /// Makes them.
    pub fn make(&self, builder: &mut upshift_ir::build::Builder<'_>, base: Slot) {
        (self.0)(builder, base);
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words")
    }
}

/// Where the callee of a call comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// Its record lies at an offset of the context.
    Own(i32),
    /// It is the running function, whose record lies at an offset of the context.
    Itself(i32),
    /// It is an import, and belongs to another instance or the host: the address of its record lies at an offset of the context.
    Elsewhere(i32),
    /// It is the element of a table, whose record's address lies at an offset of the context; its type has to have the number.
    Element {
        /// The offset.
        table: i32,
        /// The number of the type in the engine.
        ty: u32,
        /// What is certain of the table.
        known: Elements,
    },
    /// A reference, which may be null.
    Reference,
}

/// What is certain of the elements of a table.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Elements {
    /// How many there are.
    pub len: Option<u32>,
    /// Whether all that are not null are functions of the running instance.
    pub are_own: bool,
    /// Whether all that are not null have the expected type.
    pub are_typed: bool,
}

/// A call.
#[derive(Debug)]
pub struct CallSite {
    /// What is called.
    pub found: Found,
    /// The types of all arguments.
    pub params: Vec<Ty>,
    /// The types of all results.
    pub results: Vec<Ty>,
    /// Whether the header of the callee's frame is as it was when the callee is back: it does not replace itself.
    pub keeps_header: bool,
    /// Whether the result, an integer or a reference that the callee may leave in its register only, is wanted in its slot.
    pub stores_result: bool,
    /// How the interpreter calls: wherever native code cannot.
    pub words: Option<Words>,
    /// Where exceptions lead; their blocks are the successors behind the first.
    pub landings: Vec<Landing>,
    /// What a search for a handler pays for here.
    pub steps: u32,
    /// How many of its operands are references over the call: the last ones before the result.
    pub live: u32,
}

/// Instructions of the interpreter in the middle of the function.
#[derive(Debug)]
pub struct EmbedSite {
    /// The instructions.
    pub words: Words,
    /// Whether they access memory 0 or call.
    pub memory: bool,
    /// In which slots of the area for arguments references are while they run.
    pub references: Vec<u32>,
    /// Where exceptions lead.
    pub landings: Vec<Landing>,
    /// What a search for a handler pays for here.
    pub steps: u32,
}

/// Where an exception leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Landing {
    /// Exceptions of which tag; all if there is none.
    pub tag: Option<TagIndex>,
    /// The first slot for the exception's values if there is a tag: in the frame's fixed part.
    pub payload: Slot,
    /// The slot for a reference to the exception, if the clause wants one.
    pub reference: Option<Slot>,
    /// The block.
    pub block: MBlock,
}
