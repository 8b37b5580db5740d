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

/// What an instruction accesses without a check: whoever handles its fault can tell which address it was.
///
/// ```
/// use upshift_asm::x64::Gpr;
/// use upshift_baseline::Unchecked;
///
/// let access = Unchecked::from_bits(Unchecked::new(3, Some(Gpr::RCX)).bits());
/// assert_eq!((access.memory(), access.address()), (3, Some(Gpr::RCX.number())));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unchecked(u32);

impl Unchecked {
    /// Bits of the number of a memory: no module has so many.
    const MEMORY_BITS: u32 = 24;

    /// An access to a memory. A register has the address, to which the instruction adds the offset; if none has it, the access
    /// is always inside the memory.
    ///
    /// # Panics
    /// When the number of the memory has more than 24 bits.
    #[must_use]
    pub fn new(memory: u32, address: Option<Gpr>) -> Unchecked {
        assert!(memory >> Unchecked::MEMORY_BITS == 0, "no module has so many memories");
        let register = address.map_or(0, |register| u32::from(register.number()) + 1);
        Unchecked(memory | register << Unchecked::MEMORY_BITS)
    }

    /// As a number.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// From a number that [`bits`](Self::bits) has given.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Unchecked {
        Unchecked(bits)
    }

    /// The number of the memory.
    #[must_use]
    pub const fn memory(self) -> u32 {
        self.0 & ((1 << Unchecked::MEMORY_BITS) - 1)
    }

    /// The number of the register that has the address.
    #[must_use]
    pub const fn address(self) -> Option<u8> {
        match self.0 >> Unchecked::MEMORY_BITS {
            0 => None,
            number => Some((number - 1) as u8),
        }
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
    /// Offsets of the instructions that access memories without a check, ascending, and the [bits](Unchecked::bits) of what each
    /// of them accesses.
    pub faults: Box<[(u32, u32)]>,
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
    pub fn fault(&self, offset: u32) -> Option<Unchecked> {
        let at = self.faults.binary_search_by_key(&offset, |&(at, _)| at).ok()?;
        Some(Unchecked::from_bits(self.faults[at].1))
    }

    /// The offset of the word through which code of another tier comes in at the head of a loop, if anything reaches it.
    #[must_use]
    pub fn loop_head(&self, number: u32) -> Option<u32> {
        self.loops.get(number as usize).copied().filter(|&word| word != 0)
    }
}
