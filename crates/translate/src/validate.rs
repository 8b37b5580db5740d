//! Validation of function bodies, the one part of a module that is worth several threads.
//!
//! ```text
//! bodies in module order ─▶ queue ─ batches ─▶ worker, worker, … ─▶ the first error in module order
//! ```
//!
//! Batches leave the queue in module order, and the queue closes at the first error. So whoever finds an error, every
//! body before it is with a worker that will look at it, and the lowest error found is the first one there is: the
//! answer does not depend on the number of threads.

use std::sync::{Mutex, PoisonError};
use std::thread;

use wasmparser::{FuncToValidate, FuncValidatorAllocations, FunctionBody, ValidatorResources};

use crate::error::ParseError;

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

impl Body<'_> {
    fn size(&self) -> usize {
        self.body.as_bytes().len()
    }

    fn validate(self, allocations: &mut FuncValidatorAllocations) -> Result<(), ParseError> {
        let mut validator = self.func.into_validator(std::mem::take(allocations));
        let result = validator.validate(&self.body);
        *allocations = validator.into_allocations();
        result.map_err(|error| ParseError::sort(&error, decode_error(&self.body).as_ref()))
    }
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
pub(crate) fn validate_bodies(bodies: Vec<Body<'_>>, threads: usize) -> Result<(), ParseError> {
    if threads <= 1 {
        let mut allocations = FuncValidatorAllocations::default();
        return bodies.into_iter().try_for_each(|body| body.validate(&mut allocations));
    }
    let queue = Mutex::new(Queue { bodies: bodies.into_iter(), error: None });
    thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that cannot be started leaves its share to the others.
            if thread::Builder::new().spawn_scoped(scope, || work(&queue)).is_err() {
                break;
            }
        }
        work(&queue);
    });
    let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    queue.error.map_or(Ok(()), |(_, error)| Err(error))
}

struct Queue<'a> {
    bodies: std::vec::IntoIter<Body<'a>>,
    /// The first error so far, with the index of its function.
    error: Option<(u32, ParseError)>,
}

impl<'a> Queue<'a> {
    /// The next bodies; none if nothing is left to do.
    fn next_batch(&mut self) -> Vec<Body<'a>> {
        if self.error.is_some() {
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
}

/// Validates batches until the queue is empty or an error is known.
fn work(queue: &Mutex<Queue<'_>>) {
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let mut allocations = FuncValidatorAllocations::default();
    loop {
        let batch = lock().next_batch();
        if batch.is_empty() {
            return;
        }
        for body in batch {
            let index = body.func.index;
            if let Err(error) = body.validate(&mut allocations) {
                // Later bodies of the batch cannot hold the first error.
                lock().report(index, error);
                return;
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
