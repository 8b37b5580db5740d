//! What comes out of the compiler: [`BaselineCode`].
//!
//! A *position* is an offset in the function's code, in the *main line*, which follows the program's order. Cold paths behind it,
//! and the words in the pool that the interpreter runs or jumps through, belong to positions: [`BaselineCode::position`] tells which.

use upshift_asm::NativeCode;
use upshift_codegen::{Fault, owner};
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;
use upshift_translate::backend::Frame;

/// The code of one function, and what lies beside it.
#[derive(Clone, Debug)]
pub struct BaselineCode {
    /// How the frame is divided; all code of a function divides it so.
    pub frame: Frame,
    /// Slots from `fp` to the end of the frame.
    pub frame_slots: u32,
    /// The machine code and its pool, which may lie at any address.
    pub code: NativeCode,
    /// Offset of the preamble word, behind which the word with the entry's address lies: what a
    /// [`FuncRec`](upshift_core::vm::FuncRec) holds as `code`.
    pub entry: u32,
    /// Offset of the code for native callers, what a `FuncRec` holds as `native`.
    pub native_entry: u32,
    /// Offset of the code for native callers with arguments in registers, what a `FuncRec` holds as `reg_entry`.
    pub reg_entry: u32,
    /// Where the main line ends: offsets below are positions.
    pub main: u32,
    /// By the number of a loop the offset of the word through which code of another tier comes in at its head; 0 if nothing
    /// reaches the loop.
    pub loops: Box<[u32]>,
    /// Which position what lies behind the main line belongs to: an offset from which on a position counts, ascending.
    pub owners: Box<[(u32, u32)]>,
    /// What catches exceptions, by positions; the targets of clauses are offsets of words through which to come in.
    pub handlers: Handlers,
    /// Which slots are references, by positions.
    pub references: ReferenceMaps,
    /// The instructions that access memories without a check, in ascending order.
    pub faults: Box<[Fault]>,
    /// Where tables of branches begin, ascending, and how many entries each has: four bytes, the distance from the table's begin to where
    /// it leads.
    pub tables: Box<[(u32, u32)]>,
    /// How many instructions of the interpreter it runs.
    pub embedded: u32,
}

impl BaselineCode {
    /// The position that an offset in the code or its pool belongs to.
    ///
    /// # Examples
    /// ```
    /// use upshift_asm::x64::CpuFeatures;
    /// use upshift_baseline::compile;
    /// use upshift_codegen::Target;
    /// use upshift_core::index::FuncIndex;
    /// use upshift_core::vm::Returns;
    /// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};
    ///
    /// let bytes = wat::parse_str("(module (func (param i32) (result i32) (local.get 0)))")?;
    /// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
    /// let target = Target { features: CpuFeatures::BASELINE, returns: Returns::Paired, memories: [].into(), choices: false, counts: false, twins: None };
    /// let code = compile(&module, FuncIndex(0), CodeOptions::default(), &target)?;
    /// assert_eq!(code.position(code.main - 1), code.main - 1);
    /// assert!(code.position(code.entry) < code.main);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn position(&self, offset: u32) -> u32 {
        if offset < self.main {
            return offset;
        }
        owner(&self.owners, offset)
    }

    /// What the instruction at an offset accesses without a check.
    #[must_use]
    pub fn fault(&self, offset: u32) -> Option<Fault> {
        Fault::find(&self.faults, offset)
    }

    /// The offset of the word through which code of another tier comes in at the head of a loop, if anything reaches it.
    #[must_use]
    pub fn loop_head(&self, number: u32) -> Option<u32> {
        self.loops.get(number as usize).copied().filter(|&word| word != 0)
    }
}
