//! For which machine and instance code is made: [`Target`].

use upshift_asm::x64::CpuFeatures;
use upshift_core::vm::{MemoryMode, Returns};

/// For what code is made, besides the module and its options.
///
/// ```
/// use upshift_asm::x64::CpuFeatures;
/// use upshift_codegen::Target;
/// use upshift_core::vm::Returns;
///
/// // Any processor, a module without memories, no tier above or below.
/// let features = CpuFeatures::BASELINE;
/// let target = Target { features, returns: Returns::Paired, memories: [].into(), choices: false, counts: false, twins: None };
/// assert!(target.memories.is_empty());
/// ```
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
    /// Lets tier 1 run some operators as instructions of the interpreter although it has machine code for them: for tests of both
    /// against each other. 0 stands for all such operators, other numbers pick some at random. Only builds with assertions do so.
    pub twins: Option<u64>,
}
