//! Lets guests on several threads work in one memory: each has a store of its own, and takes the next piece of the work.

use std::thread;

use upshift::{Engine, Instance, MemoryType, Module, Result, SharedMemory, Store};

const THREADS: usize = 4;

/// Counts primes, in pieces of 100 numbers. Word 0 is the number of pieces that were asked for, word 4 that of primes.
const GUEST: &str = r#"
    (module
        (import "env" "memory" (memory 1 1 shared))
        (func $is_prime (param $n i32) (result i32)
            (local $divisor i32)
            (if (i32.lt_u (local.get $n) (i32.const 2)) (then (return (i32.const 0))))
            (local.set $divisor (i32.const 2))
            (loop $again
                (if (i32.le_u (i32.mul (local.get $divisor) (local.get $divisor)) (local.get $n))
                    (then
                        (if (i32.eqz (i32.rem_u (local.get $n) (local.get $divisor)))
                            (then (return (i32.const 0))))
                        (local.set $divisor (i32.add (local.get $divisor) (i32.const 1)))
                        (br $again))))
            (i32.const 1))
        (func (export "work")
            (local $n i32) (local $end i32)
            (loop $piece
                ;; Two threads never get the same piece: what is added at once is read at once.
                (local.set $n (i32.mul (i32.const 100) (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))
                (if (i32.lt_u (local.get $n) (i32.const 10000))
                    (then
                        (local.set $end (i32.add (local.get $n) (i32.const 100)))
                        (loop $number
                            (drop (i32.atomic.rmw.add (i32.const 4) (call $is_prime (local.get $n))))
                            (local.set $n (i32.add (local.get $n) (i32.const 1)))
                            (br_if $number (i32.lt_u (local.get $n) (local.get $end))))
                        (br $piece))))))"#;

/// What one thread does. Only the engine, the module and the memory are those of the others too.
fn work(engine: &Engine, module: &Module, memory: &SharedMemory) -> Result<()> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[memory.clone().into()])?;
    instance.get_typed_func::<(), ()>(&mut store, "work")?.call(&mut store, ())
}

fn word(memory: &SharedMemory, address: usize) -> Result<u32> {
    let mut bytes = [0; 4];
    memory.read(address, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1))?;
    thread::scope(|scope| {
        let workers = [(); THREADS].map(|()| scope.spawn(|| work(&engine, &module, &memory)));
        workers.into_iter().try_for_each(|worker| worker.join().expect("the host does not panic"))
    })?;
    println!("{} primes below 10000", word(&memory, 4)?);
    // Each thread has asked once more, and there was no piece left.
    println!("{} pieces asked for", word(&memory, 0)?);
    // The maximum is part of the type, and its address space is set aside from the beginning.
    println!("{}", memory.grow(1).unwrap_err());
    Ok(())
}
