//! What comes out of the compiler: [`BaselineCode`], and for which machine and instance it was made: [`Target`].
//!
//! A *position* is an offset in the function's code, in the *main line*, which follows the program's order. Cold paths behind it,
//! and the words in the pool that the interpreter runs or jumps through, belong to positions: [`BaselineCode::position`] tells which.

use upshift_asm::NativeCode;
use upshift_asm::x64::{CpuFeatures, Gpr};
use upshift_core::vm::{MemoryMode, Returns};
use upshift_ir::handlers::Handlers;
use upshift_ir::references::ReferenceMaps;
use upshift_translate::backend::Frame;

/// For what code is made, besides the module and its options.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// What the processor has.
    pub features: CpuFeatures,
    /// How functions return.
    pub returns: Returns,
    /// The mode of each memory of the module.
    pub memories: Box<[MemoryMode]>,
    /// Whether code asks the runtime at the head of each loop whether to go on elsewhere: for tests of changes between tiers.
    pub choices: bool,
    /// Whether code counts its calls and the turns of its loops, and asks the runtime when the function's
    /// [counter](upshift_core::vm::FuncRec::counter) has run out.
    pub counts: bool,
}

/// An instruction that accesses a memory without a check, in four bytes: whoever handles its fault can tell which address it was.
///
/// ```
/// use upshift_asm::x64::Gpr;
/// use upshift_baseline::Fault;
///
/// let fault = Fault::new(0x123456, 3, Some(Gpr::RCX));
/// assert_eq!((fault.offset(), fault.memory(), fault.address()), (0x123456, 3, Some(Gpr::RCX.number())));
/// assert_eq!(Fault::new(0, 0, None).address(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fault(u32);

impl Fault {
    /// Bits of the offset, the highest ones; then come those of the register.
    const OFFSET_BITS: u32 = 24;
    const MEMORY_BITS: u32 = 3;

    /// Behind the offsets of such instructions: further on in a function's code, all accesses are checked.
    pub const END: u32 = 1 << Fault::OFFSET_BITS;

    /// How many memories of a module such instructions access: those of the others are checked.
    pub const MEMORIES: u32 = 1 << Fault::MEMORY_BITS;

    /// The access to a memory by the instruction at an offset. A register has the address, to which the instruction adds the offset of
    /// the access; if none has it, the access is always inside the memory.
    ///
    /// # Panics
    /// When there is no room for the offset or the memory.
    #[must_use]
    pub fn new(offset: u32, memory: u32, address: Option<Gpr>) -> Fault {
        assert!(offset < Fault::END && memory < Fault::MEMORIES, "such accesses are checked");
        let register = address.map_or(0, |register| u32::from(register.number()) + 1);
        Fault(offset << (32 - Fault::OFFSET_BITS) | register << Fault::MEMORY_BITS | memory)
    }

    /// Where the instruction is in the code.
    #[must_use]
    pub const fn offset(self) -> u32 {
        self.0 >> (32 - Fault::OFFSET_BITS)
    }

    /// The number of the memory.
    #[must_use]
    pub const fn memory(self) -> u32 {
        self.0 & (Fault::MEMORIES - 1)
    }

    /// The number of the register that has the address.
    #[must_use]
    pub const fn address(self) -> Option<u8> {
        match (self.0 >> Fault::MEMORY_BITS) as u8 & 31 {
            0 => None,
            number => Some(number - 1),
        }
    }

    /// The access of the instruction at an offset, in a table in ascending order.
    #[must_use]
    pub fn find(faults: &[Fault], offset: u32) -> Option<Fault> {
        let at = faults.binary_search_by_key(&offset, |fault| fault.offset()).ok()?;
        faults.get(at).copied()
    }
}

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
    /// use upshift_baseline::{Target, compile};
    /// use upshift_core::index::FuncIndex;
    /// use upshift_core::vm::Returns;
    /// use upshift_translate::{CodeOptions, Features, TypeRegistry, parse};
    ///
    /// let bytes = wat::parse_str("(module (func (param i32) (result i32) (local.get 0)))")?;
    /// let module = parse(bytes.into(), &Features::default(), &TypeRegistry::default())?;
    /// let target = Target { features: CpuFeatures::BASELINE, returns: Returns::Paired, memories: [].into(), choices: false, counts: false };
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
        let behind = self.owners.partition_point(|&(start, _)| start <= offset);
        behind.checked_sub(1).map_or(0, |at| self.owners[at].1)
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
