//! Validation of function bodies, the one part of loading a module that is worth several threads.
//!
//! ```text
//! bodies in module order ─▶ queue ─ batches ─▶ worker, worker, … ─▶ the first error in module order
//!                                              └ plain, or wasmparser's validator
//! ```
//!
//! Bodies are ranges of the module's bytes, and all workers share what the validator knows of the module: nothing is
//! allocated for a waiting function, and workers contend for no shared counter.
//!
//! Batches leave the queue in module order, and the queue closes at the first error, or when the bodies together have cost
//! more work than a module may. When a worker finds an error, every earlier body has been handed out and will be validated,
//! so the lowest error found is the first in the module: the result does not depend on the number of threads.

mod plain;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread;

use upshift_core::index::{FuncIndex, TypeIndex};
use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidator, FuncValidatorAllocations, FunctionBody, ValidatorResources,
    WasmFeatures,
};

use crate::effort::{self, Arities};
use crate::error::ParseError;
use crate::findings::Findings;
use crate::limits::{ModuleLimit, ModuleLimitExceeded, ModuleLimits};
use crate::operators::Operators;
use crate::sites::CallSites;
use plain::{Plain, Workspace};

/// Code of less than this many bytes is validated by the calling thread alone: starting a thread takes as long as
/// validating ten to twenty KiB, and asking for the number of processors as long again.
const PARALLEL_BYTES: usize = 128 << 10;

/// At most this much code is handed to a worker at once: enough to make the queue's lock unimportant.
const BATCH_BYTES: usize = 16 << 10;

/// A worker keeps its memory from body to body, but not what one of more bytes than this took.
const KEPT_BYTES: usize = 64 << 10;

/// The function bodies of a module.
pub(crate) struct Bodies<'a> {
    /// The module.
    pub(crate) bytes: &'a [u8],
    /// Where the bodies are.
    pub(crate) ranges: &'a [Range<u32>],
    /// The types of all functions, the imported ones first.
    pub(crate) types: &'a [TypeIndex],
    /// The index of the first function that has a body.
    pub(crate) first: u32,
    /// What the validator knows of the module.
    pub(crate) resources: ValidatorResources,
    pub(crate) features: WasmFeatures,
}

/// The validator of a body. It borrows what it knows of the module, so that workers have no count in common.
pub(crate) type BodyValidator<'a> = FuncValidator<&'a ValidatorResources>;

/// How much work all bodies together may make beyond what their bytes allow, see [`ModuleLimit::WorkPerByte`].
const FREE_WORK: u64 = 1 << 20;

/// What bodies have to keep to.
pub(crate) struct Rules<'l> {
    limits: &'l ModuleLimits,
    /// What operators are weighed by. Nothing, if the bytes of a body allow for all the work that they can make.
    arities: Option<Arities<'l>>,
    /// How many operands a byte of code can leave.
    per_byte: u64,
}

impl<'l> Rules<'l> {
    /// The rules for the functions of a module.
    pub(crate) fn new(limits: &'l ModuleLimits, arities: Arities<'l>) -> Rules<'l> {
        let widest = arities.types.iter().map(|arity| arity.widest()).max().unwrap_or(0);
        let per_byte = effort::heaviest_byte(widest.max(1));
        let weigh = per_byte > limits.get(ModuleLimit::WorkPerByte);
        Rules { limits, arities: weigh.then_some(arities), per_byte }
    }

    /// Whether a body of so many bytes can exceed a limit at all.
    fn can_be_exceeded(&self, size: u64) -> bool {
        self.arities.is_some()
            || self.per_byte.saturating_mul(size) > self.limits.get(ModuleLimit::Operands)
            || size + 1 > self.limits.get(ModuleLimit::Nesting)
    }
}

/// Why a body is refused.
enum Refusal {
    Invalid(wasmparser::Error),
    TooLarge(ModuleLimitExceeded),
}

impl From<wasmparser::Error> for Refusal {
    fn from(error: wasmparser::Error) -> Refusal {
        Refusal::Invalid(error)
    }
}

impl From<ModuleLimitExceeded> for Refusal {
    fn from(error: ModuleLimitExceeded) -> Refusal {
        Refusal::TooLarge(error)
    }
}

/// What a body makes of work beyond what its bytes allow.
fn excess(work: u64, bytes: u64, per_byte: u64) -> u64 {
    work.saturating_sub(per_byte.saturating_mul(bytes))
}

/// What is said of a body of so many bytes at an offset if its excess is too much.
fn too_much_work(excess: u64, bytes: u64, per_byte: u64, offset: u64) -> ModuleLimitExceeded {
    let work = excess.saturating_add(per_byte.saturating_mul(bytes));
    let (limit, wanted) = (ModuleLimit::WorkPerByte, work.div_ceil(bytes.max(1)));
    ModuleLimitExceeded { limit, allowed: per_byte, wanted, offset }
}

impl Bodies<'_> {
    fn range(&self, number: usize) -> Range<u32> {
        self.ranges[number].clone()
    }

    fn get(&self, number: usize) -> FunctionBody<'_> {
        let Range { start, end } = self.range(number);
        let bytes = &self.bytes[start as usize..end as usize];
        FunctionBody::new(BinaryReader::new_features(bytes, start.into(), self.features))
    }

    /// Validates a body: at a glance if it is plain, otherwise at length.
    fn validate(
        &self,
        number: usize,
        worker: &mut Worker,
        rules: &Rules<'_>,
        plain: Option<&Plain>,
    ) -> Result<Counts, ParseError> {
        let accepted = plain.and_then(|plain| self.accept(plain, number, &mut worker.workspace, rules));
        match accepted {
            Some(counts) => {
                debug_assert_eq!(self.validate_at_length(number, &mut worker.allocations, rules), Ok(counts));
                Ok(counts)
            }
            None => self.validate_at_length(number, &mut worker.allocations, rules),
        }
    }

    fn validate_at_length(
        &self,
        number: usize,
        allocations: &mut FuncValidatorAllocations,
        rules: &Rules<'_>,
    ) -> Result<Counts, ParseError> {
        let (index, body) = (self.first + number as u32, self.get(number));
        let ty = self.types[index as usize].0;
        let func = FuncToValidate { resources: &self.resources, index, ty, features: self.features };
        let mut validator = func.into_validator(std::mem::take(allocations));
        let result = validate(&mut validator, &body, rules);
        if self.range(number).len() <= KEPT_BYTES {
            *allocations = validator.into_allocations();
        }
        result.map_err(|refusal| match refusal {
            Refusal::Invalid(error) => ParseError::sort(&error, decode_error(&body).as_ref()),
            Refusal::TooLarge(error) => error.into(),
        })
    }
}

/// What a worker needs for one body after the other.
#[derive(Default)]
struct Worker {
    allocations: FuncValidatorAllocations,
    workspace: Workspace,
}

/// What is counted while a body is validated.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Counts {
    /// Its work beyond what its bytes allow.
    excess: u64,
    /// Its calls that find their function at run time.
    sites: u32,
    /// Which operators it has that matter beyond it.
    operators: Operators,
}

/// Validates a body.
fn validate(
    validator: &mut BodyValidator<'_>,
    body: &FunctionBody<'_>,
    rules: &Rules<'_>,
) -> Result<Counts, Refusal> {
    let (start, size) = (body.range().start, body.as_bytes().len() as u64);
    let (work, sites, operators) = if rules.can_be_exceeded(size) {
        validate_operators::<true>(validator, body, rules)?
    } else {
        validate_operators::<false>(validator, body, rules)?
    };
    let locals = u64::from(validator.len_locals());
    rules.limits.check(ModuleLimit::Locals, locals, start)?;
    let excess = excess(locals + work, size, rules.limits.get(ModuleLimit::WorkPerByte));
    Ok(Counts { excess, sites, operators })
}

/// Validates a body, and returns the weight of its operators, its calls that find their function at run time, and which operators
/// it has that matter beyond it.
///
/// A body that may exceed limits is watched: heights are looked at after each operator, and its work before it is done, so that
/// a body that exceeds a limit does not take much more than it allows. Others weigh nothing.
fn validate_operators<const WATCH: bool>(
    validator: &mut BodyValidator<'_>,
    body: &FunctionBody<'_>,
    rules: &Rules<'_>,
) -> Result<(u64, u32, Operators), Refusal> {
    let limits = rules.limits;
    let (start, bytes) = (body.range().start, body.as_bytes());
    let (size, per_byte) = (bytes.len() as u64, limits.get(ModuleLimit::WorkPerByte));
    let [operands, nesting] = [ModuleLimit::Operands, ModuleLimit::Nesting].map(|limit| limits.get(limit));
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    reader.set_features(*validator.features());
    let (mut work, mut sites, mut operators) = (0, 0, Operators::default());
    while !reader.eof() {
        let offset = reader.original_position();
        let code = bytes[(offset - start) as usize];
        sites += u32::from(effort::finds_callee(code));
        if Operators::matter(code) {
            operators.note(code, bytes.get((offset - start) as usize + 1).copied());
        }
        if WATCH
            && let Some(arities) = rules.arities
            && effort::has_weight(code)
        {
            work += effort::weigh(arities, validator, reader.clone());
            let excess = excess(work, size, per_byte);
            if excess > FREE_WORK {
                return Err(too_much_work(excess, size, per_byte, offset).into());
            }
        }
        reader.visit_operator(&mut validator.visitor(offset))??;
        if !WATCH {
            continue;
        }
        let height = u64::from(validator.operand_stack_height());
        let blocks = u64::from(validator.control_stack_height());
        if height > operands || blocks > nesting {
            limits.check(ModuleLimit::Operands, height, offset)?;
            limits.check(ModuleLimit::Nesting, blocks, offset)?;
        }
    }
    reader.finish_expression(&validator.visitor(reader.original_position()))?;
    Ok((work, sites, operators))
}

/// How many threads are worth their start for so much code, given in bytes.
pub(crate) fn useful_threads(code_size: usize) -> usize {
    if code_size < PARALLEL_BYTES {
        return 1;
    }
    let available = thread::available_parallelism().map_or(1, |n| n.get());
    available.min(code_size / (PARALLEL_BYTES / 2))
}

/// Validates bodies by at most so many threads, the calling one among them.
///
/// # Errors
/// The first error in module order.
pub(crate) fn validate_bodies(
    bodies: &Bodies<'_>,
    rules: &Rules<'_>,
    threads: usize,
) -> Result<Findings, ParseError> {
    let queue = Queue {
        bodies,
        next: 0,
        error: None,
        excesses: Vec::new(),
        beyond: 0,
        sites: Vec::new(),
        operators: Operators::default(),
    };
    let queue = Mutex::new(queue);
    let plain = Plain::new(&bodies.resources, bodies.features, rules.limits);
    let work = || work(&queue, bodies, rules, plain.as_ref());
    thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that cannot be started leaves its share to the others.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    queue.into_inner().unwrap_or_else(PoisonError::into_inner).result(rules.limits)
}

struct Queue<'a> {
    bodies: &'a Bodies<'a>,
    /// The number of the first body that nobody has.
    next: usize,
    /// The first error so far, with the number of its body.
    error: Option<(usize, ParseError)>,
    /// The bodies that make more work than their bytes allow, with their excess, and how much that is in all.
    excesses: Vec<(u32, u64)>,
    beyond: u64,
    /// The functions with calls that find their function at run time, and how many.
    sites: Vec<(FuncIndex, u32)>,
    operators: Operators,
}

impl Queue<'_> {
    /// The numbers of the next bodies; none if nothing is left to do.
    fn next_batch(&mut self) -> Range<usize> {
        let start = self.next;
        if self.error.is_some() || self.beyond > FREE_WORK {
            return start..start;
        }
        let mut size = 0;
        while self.next < self.bodies.ranges.len() && size < BATCH_BYTES {
            size += self.bodies.range(self.next).len();
            self.next += 1;
        }
        start..self.next
    }

    fn report(&mut self, body: usize, error: ParseError) {
        if self.error.as_ref().is_none_or(|&(first, _)| body < first) {
            self.error = Some((body, error));
        }
    }

    /// The first error, once all workers are done, or what they counted.
    fn result(mut self, limits: &ModuleLimits) -> Result<Findings, ParseError> {
        // As if the bodies had been validated one after the other: all before the first error have been.
        self.excesses.sort_unstable();
        let mut beyond = 0;
        for (body, excess) in std::mem::take(&mut self.excesses) {
            beyond += excess;
            if beyond > FREE_WORK {
                let (range, per_byte) =
                    (self.bodies.range(body as usize), limits.get(ModuleLimit::WorkPerByte));
                let error = too_much_work(excess, range.len() as u64, per_byte, range.start.into());
                self.report(body as usize, error.into());
                break;
            }
        }
        match self.error {
            Some((_, error)) => Err(error),
            None => Ok(Findings { call_sites: CallSites::new(self.sites), operators: self.operators }),
        }
    }
}

/// Validates batches until the queue is empty or an error is known.
fn work(queue: &Mutex<Queue<'_>>, bodies: &Bodies<'_>, rules: &Rules<'_>, plain: Option<&Plain>) {
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let mut worker = Worker::default();
    let (mut sites, mut operators) = (Vec::new(), Operators::default());
    loop {
        let batch = {
            let mut queue = lock();
            queue.sites.append(&mut sites);
            queue.operators.add(operators);
            queue.next_batch()
        };
        if batch.is_empty() {
            return;
        }
        for body in batch {
            match bodies.validate(body, &mut worker, rules, plain) {
                Ok(counts) => {
                    if counts.excess > 0 {
                        let mut queue = lock();
                        queue.beyond += counts.excess;
                        queue.excesses.push((body as u32, counts.excess));
                    }
                    operators.add(counts.operators);
                    if counts.sites > 0 {
                        sites.push((FuncIndex(bodies.first + body as u32), counts.sites));
                    }
                }
                Err(error) => {
                    // Later bodies of the batch cannot hold the first error.
                    lock().report(body, error);
                    return;
                }
            }
        }
    }
}

/// What decoding alone finds wrong with a body.
#[cold]
fn decode_error(body: &FunctionBody<'_>) -> Option<wasmparser::Error> {
    let mut operators = match body.get_operators_reader() {
        Ok(operators) => operators,
        Err(error) => return Some(error),
    };
    while !operators.eof() {
        if let Err(error) = operators.read() {
            return Some(error);
        }
    }
    operators.finish().err()
}
