//! Validation of function bodies, the one part of a module that is worth several threads.
//!
//! ```text
//! bodies in module order ─▶ queue ─ batches ─▶ worker, worker, … ─▶ the first error in module order
//! ```
//!
//! Batches leave the queue in module order, and the queue closes at the first error, or when all bodies together have made
//! more work than a module may make. So whoever finds an error, every
//! body before it is with a worker that will look at it, and the lowest error found is the first one there is: the
//! result does not depend on the number of threads.

use std::sync::{Mutex, PoisonError};
use std::thread;

use wasmparser::{FuncToValidate, FuncValidator, FuncValidatorAllocations, FunctionBody, ValidatorResources};

use crate::effort::{self, Arities};
use crate::error::ParseError;
use crate::limits::{ModuleLimit, ModuleLimitExceeded, ModuleLimits};

/// Code of less than this many bytes is validated by the calling thread alone: starting a thread takes as long as
/// validating ten to twenty KiB, and asking for the number of processors as long again.
const PARALLEL_BYTES: usize = 128 << 10;

/// At most this much code is handed to a worker at once: enough to make the queue's lock unimportant.
const BATCH_BYTES: usize = 16 << 10;

/// A function body that waits for validation.
pub(crate) struct Body<'a> {
    pub(crate) func: FuncToValidate<ValidatorResources>,
    pub(crate) body: FunctionBody<'a>,
}

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
#[derive(Clone, Copy)]
struct Excess {
    work: u64,
    /// What is said if this is too much.
    error: ModuleLimitExceeded,
}

impl Excess {
    /// For a body of so many bytes at an offset.
    fn of(work: u64, bytes: u64, per_byte: u64, offset: u64) -> Option<Excess> {
        let beyond = work.checked_sub(per_byte.saturating_mul(bytes)).filter(|&beyond| beyond > 0)?;
        let (limit, wanted) = (ModuleLimit::WorkPerByte, work.div_ceil(bytes.max(1)));
        Some(Excess { work: beyond, error: ModuleLimitExceeded { limit, allowed: per_byte, wanted, offset } })
    }
}

impl Body<'_> {
    fn size(&self) -> usize {
        self.body.as_bytes().len()
    }

    fn validate(
        self,
        allocations: &mut FuncValidatorAllocations,
        rules: &Rules<'_>,
    ) -> Result<Option<Excess>, ParseError> {
        let mut validator = self.func.into_validator(std::mem::take(allocations));
        let result = validate(&mut validator, &self.body, rules);
        *allocations = validator.into_allocations();
        result.map_err(|refusal| match refusal {
            Refusal::Invalid(error) => ParseError::sort(&error, decode_error(&self.body).as_ref()),
            Refusal::TooLarge(error) => error.into(),
        })
    }
}

/// Validates a body.
fn validate(
    validator: &mut FuncValidator<ValidatorResources>,
    body: &FunctionBody<'_>,
    rules: &Rules<'_>,
) -> Result<Option<Excess>, Refusal> {
    let (start, size) = (body.range().start, body.as_bytes().len() as u64);
    let weight = if rules.can_be_exceeded(size) {
        validate_and_watch(validator, body, rules)?
    } else {
        validator.validate(body)?;
        0
    };
    let locals = u64::from(validator.len_locals());
    rules.limits.check(ModuleLimit::Locals, locals, start)?;
    Ok(Excess::of(locals + weight, size, rules.limits.get(ModuleLimit::WorkPerByte), start))
}

/// Validates a body that may exceed limits, and returns the weight of its operators. Heights are looked at after each operator,
/// and its work before it is done, so that a body that exceeds a limit does not take much more than it allows.
fn validate_and_watch(
    validator: &mut FuncValidator<ValidatorResources>,
    body: &FunctionBody<'_>,
    rules: &Rules<'_>,
) -> Result<u64, Refusal> {
    let limits = rules.limits;
    let (start, bytes) = (body.range().start, body.as_bytes());
    let (size, per_byte) = (bytes.len() as u64, limits.get(ModuleLimit::WorkPerByte));
    let most = per_byte.saturating_mul(size).saturating_add(FREE_WORK);
    let [operands, nesting] = [ModuleLimit::Operands, ModuleLimit::Nesting].map(|limit| limits.get(limit));
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    reader.set_features(*validator.features());
    let mut work = 0;
    while !reader.eof() {
        let offset = reader.original_position();
        if let Some(arities) = rules.arities
            && effort::has_weight(bytes[(offset - start) as usize])
        {
            work += effort::weigh(arities, validator, reader.clone());
            if work > most
                && let Some(excess) = Excess::of(work, size, per_byte, offset)
            {
                return Err(excess.error.into());
            }
        }
        reader.visit_operator(&mut validator.visitor(offset))??;
        let height = u64::from(validator.operand_stack_height());
        let blocks = u64::from(validator.control_stack_height());
        if height > operands || blocks > nesting {
            limits.check(ModuleLimit::Operands, height, offset)?;
            limits.check(ModuleLimit::Nesting, blocks, offset)?;
        }
    }
    reader.finish_expression(&validator.visitor(reader.original_position()))?;
    Ok(work)
}

/// How many threads are worth their start for so much code, given in bytes.
pub(crate) fn useful_threads(code_size: usize) -> usize {
    if code_size < PARALLEL_BYTES {
        return 1;
    }
    let available = thread::available_parallelism().map_or(1, |n| n.get());
    available.min(code_size / (PARALLEL_BYTES / 2))
}

/// Validates bodies, given in module order, by at most so many threads, the calling one among them.
///
/// # Errors
/// The first error in module order.
pub(crate) fn validate_bodies(
    bodies: Vec<Body<'_>>,
    rules: &Rules<'_>,
    threads: usize,
) -> Result<(), ParseError> {
    if threads <= 1 {
        let mut allocations = FuncValidatorAllocations::default();
        let mut beyond = 0;
        for body in bodies {
            if let Some(excess) = body.validate(&mut allocations, rules)? {
                beyond += excess.work;
                if beyond > FREE_WORK {
                    return Err(excess.error.into());
                }
            }
        }
        return Ok(());
    }
    let queue = Queue { bodies: bodies.into_iter(), error: None, excesses: Vec::new(), beyond: 0 };
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that cannot be started leaves its share to the others.
            if thread::Builder::new().spawn_scoped(scope, || work(&queue, rules)).is_err() {
                break;
            }
        }
        work(&queue, rules);
    });
    queue.into_inner().unwrap_or_else(PoisonError::into_inner).result()
}

struct Queue<'a> {
    bodies: std::vec::IntoIter<Body<'a>>,
    /// The first error so far, with the index of its function.
    error: Option<(u32, ParseError)>,
    /// The functions that make more work than their bytes allow, and how much that is in all.
    excesses: Vec<(u32, Excess)>,
    beyond: u64,
}

impl<'a> Queue<'a> {
    /// The next bodies; none if nothing is left to do.
    fn next_batch(&mut self) -> Vec<Body<'a>> {
        if self.error.is_some() || self.beyond > FREE_WORK {
            return Vec::new();
        }
        let mut size = 0;
        let full = self.bodies.as_slice().iter().position(|body| {
            let full = size >= BATCH_BYTES;
            size += body.size();
            full
        });
        let len = full.unwrap_or(self.bodies.len());
        self.bodies.by_ref().take(len).collect()
    }

    fn report(&mut self, func: u32, error: ParseError) {
        if self.error.as_ref().is_none_or(|&(first, _)| func < first) {
            self.error = Some((func, error));
        }
    }

    /// The first error, once all workers are done.
    fn result(mut self) -> Result<(), ParseError> {
        // As if the bodies had been validated one after the other: all before the first error have been.
        self.excesses.sort_unstable_by_key(|&(func, _)| func);
        let mut beyond = 0;
        for (func, excess) in std::mem::take(&mut self.excesses) {
            beyond += excess.work;
            if beyond > FREE_WORK {
                self.report(func, excess.error.into());
                break;
            }
        }
        self.error.map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// Validates batches until the queue is empty or an error is known.
fn work(queue: &Mutex<Queue<'_>>, rules: &Rules<'_>) {
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let mut allocations = FuncValidatorAllocations::default();
    loop {
        let batch = lock().next_batch();
        if batch.is_empty() {
            return;
        }
        for body in batch {
            let index = body.func.index;
            match body.validate(&mut allocations, rules) {
                Ok(None) => {}
                Ok(Some(excess)) => {
                    let mut queue = lock();
                    queue.beyond += excess.work;
                    queue.excesses.push((index, excess));
                }
                Err(error) => {
                    // Later bodies of the batch cannot hold the first error.
                    lock().report(index, error);
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
