//! Shared memories on several threads: each has a store of its own, and all use one memory at the same time.
//!
//! What is asserted holds for every order in which the threads may run; nothing here waits for a certain time.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use upshift::{
    Config, Engine, Instance, Memory, MemoryType, Module, ResourceLimiter, Result, SharedMemory, Store, Trap,
    TypedFunc, WaitResult, WasmParams, WasmResults,
};

use crate::ways::Way;

const ROUNDS: u32 = 1000;

/// Everything is done in each way to run code.
fn engines() -> Vec<Engine> {
    Way::all().iter().map(|way| Engine::new(&way.config()).unwrap()).collect()
}

/// An instance with its store, for one thread.
struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new(module: &Module, memory: &SharedMemory) -> Guest {
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, module, &[memory.clone().into()]).unwrap();
        Guest { store, instance }
    }

    fn func<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> TypedFunc<P, R> {
        self.instance.get_typed_func(&mut self.store, name).unwrap()
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, params: P) -> R {
        self.func(name).call(&mut self.store, params).unwrap()
    }
}

/// A module that imports the memory, and a memory of up to `maximum` pages.
fn module(engine: &Engine, maximum: u32, functions: &str) -> (Module, SharedMemory) {
    let text = format!("(module (import \"env\" \"memory\" (memory 1 {maximum} shared)) {functions})");
    (Module::new(engine, text).unwrap(), SharedMemory::new(engine, MemoryType::shared(1, maximum)).unwrap())
}

fn read_u32(memory: &SharedMemory, address: usize) -> u32 {
    let mut bytes = [0; 4];
    memory.read(address, &mut bytes).unwrap();
    u32::from_le_bytes(bytes)
}

#[test]
fn of_two_stores_each_before_a_load_one_is_seen() {
    // Dekker's pattern. With weaker orders both threads could find the other's flag unset.
    for engine in engines() {
        let (module, memory) = module(
            &engine,
            1,
            r#"(func (export "raise") (param $mine i32) (param $other i32) (result i32)
                (i32.atomic.store (local.get $mine) (i32.const 1))
                (i32.atomic.load (local.get $other)))"#,
        );
        let barrier = Barrier::new(2);
        let raise = |mine: u32, other: u32| {
            let mut guest = Guest::new(&module, &memory);
            let raise = guest.func::<(u32, u32), u32>("raise");
            let mut seen = Vec::new();
            for _ in 0..ROUNDS {
                memory.write(mine as usize, &[0; 4]).unwrap();
                barrier.wait();
                seen.push(raise.call(&mut guest.store, (mine, other)).unwrap());
                barrier.wait();
            }
            seen
        };
        let (first, second) = thread::scope(|scope| {
            let first = scope.spawn(|| raise(0, 64));
            (raise(64, 0), first.join().unwrap())
        });
        for (first, second) in first.into_iter().zip(second) {
            assert!(first == 1 || second == 1, "neither saw the other");
        }
    }
}

#[test]
fn a_spin_lock_protects_what_is_not_atomic() {
    for engine in engines() {
        let (module, memory) = module(
            &engine,
            1,
            r#"(func (export "work") (param $rounds i32)
                (loop $again
                    (loop $spin
                        (br_if $spin (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))
                    ;; An unaligned number and a vector, by plain accesses.
                    (i64.store (i32.const 65) (i64.add (i64.load (i32.const 65)) (i64.const 1)))
                    (v128.store (i32.const 128) (i32x4.add (v128.load (i32.const 128)) (v128.const i32x4 1 2 3 4)))
                    (memory.copy (i32.const 192) (i32.const 64) (i32.const 16))
                    (i32.atomic.store (i32.const 0) (i32.const 0))
                    (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))))))"#,
        );
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| Guest::new(&module, &memory).call::<u32, ()>("work", ROUNDS));
            }
        });
        let mut number = [0; 8];
        for address in [65, 193] {
            memory.read(address, &mut number).unwrap();
            assert_eq!(u64::from_le_bytes(number), u64::from(3 * ROUNDS));
        }
        let lanes = [0, 1, 2, 3].map(|lane| read_u32(&memory, 128 + 4 * lane));
        assert_eq!(lanes, [1, 2, 3, 4].map(|n| n * 3 * ROUNDS));
    }
}

#[test]
fn every_width_adds_up() {
    let (module, memory) = module(
        &Engine::default(),
        1,
        r#"(func (export "work") (param $rounds i32)
            (loop $again
                (drop (i32.atomic.rmw8.add_u (i32.const 1) (i32.const 1)))
                (drop (i32.atomic.rmw16.sub_u (i32.const 2) (i32.const 1)))
                (drop (i64.atomic.rmw32.add_u (i32.const 4) (i64.const 3)))
                (drop (i64.atomic.rmw.sub (i32.const 8) (i64.const 1)))
                (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1))))))"#,
    );
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| Guest::new(&module, &memory).call::<u32, ()>("work", ROUNDS));
        }
    });
    let mut bytes = [0; 16];
    memory.read(0, &mut bytes).unwrap();
    let all = 3 * ROUNDS;
    // The neighbours of narrow values are untouched.
    assert_eq!(bytes[..2], [0, all as u8]);
    assert_eq!(bytes[2..4], (all as u16).wrapping_neg().to_le_bytes());
    assert_eq!(bytes[4..8], (3 * all).to_le_bytes());
    assert_eq!(bytes[8..], u64::from(all).wrapping_neg().to_le_bytes());
}

/// A ring of four numbers. Word 0 is a lock that waits, 4 counts additions, 8 removals; 12 is the number of numbers, 16
/// the first one's place; the ring begins at 32.
const QUEUE: &str = r#"
    (func $lock
        (loop $again
            (if (i32.atomic.rmw.xchg (i32.const 0) (i32.const 1))
                (then
                    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
                    (br $again)))))
    (func $unlock
        (i32.atomic.store (i32.const 0) (i32.const 0))
        (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
    (func $push (param $number i32)
        (local $removals i32)
        (loop $again
            (call $lock)
            (if (i32.eq (i32.load (i32.const 12)) (i32.const 4))
                (then
                    (local.set $removals (i32.atomic.load (i32.const 8)))
                    (call $unlock)
                    (drop (memory.atomic.wait32 (i32.const 8) (local.get $removals) (i64.const -1)))
                    (br $again))))
        (i32.store offset=32
            (i32.shl (i32.and (i32.add (i32.load (i32.const 16)) (i32.load (i32.const 12))) (i32.const 3)) (i32.const 2))
            (local.get $number))
        (i32.store (i32.const 12) (i32.add (i32.load (i32.const 12)) (i32.const 1)))
        (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
        (call $unlock)
        (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
    (func $pop (export "pop") (result i32)
        (local $additions i32) (local $number i32)
        (loop $again
            (call $lock)
            (if (i32.eqz (i32.load (i32.const 12)))
                (then
                    (local.set $additions (i32.atomic.load (i32.const 4)))
                    (call $unlock)
                    (drop (memory.atomic.wait32 (i32.const 4) (local.get $additions) (i64.const -1)))
                    (br $again))))
        (local.set $number (i32.load offset=32 (i32.shl (i32.load (i32.const 16)) (i32.const 2))))
        (i32.store (i32.const 16) (i32.and (i32.add (i32.load (i32.const 16)) (i32.const 1)) (i32.const 3)))
        (i32.store (i32.const 12) (i32.sub (i32.load (i32.const 12)) (i32.const 1)))
        (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
        (call $unlock)
        (drop (memory.atomic.notify (i32.const 8) (i32.const 1)))
        (local.get $number))
    (func (export "push_all") (param $first i32) (param $end i32)
        (loop $again
            (call $push (local.get $first))
            (local.set $first (i32.add (local.get $first) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $first) (local.get $end)))))"#;

#[test]
fn a_bounded_queue_loses_nothing_and_keeps_the_order() {
    for engine in engines() {
        let (module, memory) = module(&engine, 1, QUEUE);
        let consume = || {
            let mut guest = Guest::new(&module, &memory);
            let pop = guest.func::<(), u32>("pop");
            (0..ROUNDS).map(|_| pop.call(&mut guest.store, ()).unwrap()).collect::<Vec<_>>()
        };
        let produce = |first: u32| {
            Guest::new(&module, &memory).call::<_, ()>("push_all", (first, first + ROUNDS));
        };
        let consumed = thread::scope(|scope| {
            let consumers = [(); 2].map(|()| scope.spawn(consume));
            for producer in 0..2 {
                scope.spawn(move || produce(producer * ROUNDS));
            }
            consumers.map(|consumer| consumer.join().unwrap())
        });
        for numbers in &consumed {
            for producer in 0..2 {
                let own = producer * ROUNDS..(producer + 1) * ROUNDS;
                assert!(numbers.iter().filter(|number| own.contains(number)).is_sorted());
            }
        }
        let mut all = consumed.concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..2 * ROUNDS));
    }
}

#[test]
fn a_memory_grows_while_others_read_it() {
    for engine in engines() {
        let (module, memory) = module(
            &engine,
            ROUNDS + 1,
            r#"(func (export "grow") (result i32) (memory.grow (i32.const 1)))
            ;; Reads the last word that it knows of, adds one behind the first page, and answers the size.
            (func (export "touch") (result i32)
                (local $size i32)
                (local.set $size (memory.size))
                (if (i32.load (i32.sub (i32.shl (local.get $size) (i32.const 16)) (i32.const 4)))
                    (then unreachable))
                (if (i32.gt_u (local.get $size) (i32.const 1))
                    (then (drop (i32.atomic.rmw.add (i32.const 0x1_0000) (i32.const 1)))))
                (local.get $size))"#,
        );
        let base = memory.data().as_ptr();
        let (grown, touched) = thread::scope(|scope| {
            let growers = [(); 2].map(|()| {
                scope.spawn(|| {
                    let mut guest = Guest::new(&module, &memory);
                    let grow = guest.func::<(), u32>("grow");
                    (0..ROUNDS / 2).map(|_| grow.call(&mut guest.store, ()).unwrap()).collect::<Vec<_>>()
                })
            });
            let toucher = scope.spawn(|| {
                let mut guest = Guest::new(&module, &memory);
                let touch = guest.func::<(), u32>("touch");
                let mut sizes = Vec::new();
                while sizes.last() != Some(&(ROUNDS + 1)) {
                    sizes.push(touch.call(&mut guest.store, ()).unwrap());
                }
                sizes
            });
            (growers.map(|grower| grower.join().unwrap()), toucher.join().unwrap())
        });
        // Every size was the old one of one growth.
        assert!(grown.iter().all(|sizes| sizes.is_sorted()));
        let mut all = grown.concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(1..=ROUNDS));
        assert!(touched.is_sorted());
        let behind_the_first_page = touched.iter().filter(|&&size| size > 1).count();
        assert_eq!(read_u32(&memory, 0x1_0000), behind_the_first_page as u32);
        assert_eq!(memory.data().as_ptr(), base, "a shared memory does not move");
        assert!(memory.grow(1).is_err());
    }
}

/// A loop that waits for news of a page finds the page: nobody goes by a length of long ago.
#[test]
fn a_loop_finds_pages_that_another_thread_adds() {
    for way in Way::all() {
        let engine = Engine::new(way.config().memory_reservation(0)).unwrap();
        let (module, memory) = module(
            &engine,
            2,
            r#"(func (export "wait") (result i32) (local $seen i32)
                (loop
                    (i32.store offset=8 (i32.const 0) (i32.add (i32.load offset=8 (i32.const 0)) (i32.const 1)))
                    (local.set $seen (i32.atomic.load (i32.const 0)))
                    (br_if 0 (i32.eqz (local.get $seen))))
                (i32.store (local.get $seen) (i32.const 7))
                (i32.load (local.get $seen)))
            (func (export "tell")
                (drop (memory.grow (i32.const 1)))
                (i32.atomic.store (i32.const 0) (i32.const 0x1_0000)))"#,
        );
        thread::scope(|scope| {
            let waiter = scope.spawn(|| Guest::new(&module, &memory).call::<(), u32>("wait", ()));
            while read_u32(&memory, 8) < 10 {
                thread::yield_now();
            }
            Guest::new(&module, &memory).call::<(), ()>("tell", ());
            assert_eq!(waiter.join().unwrap(), 7);
        });
    }
}

/// Allows so many bytes; the first answer waits until the other thread asks too.
struct Meeting {
    most: usize,
    barrier: Option<Arc<Barrier>>,
    /// What was allowed and has not failed.
    allowed: usize,
}

impl ResourceLimiter for Meeting {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        if let Some(barrier) = self.barrier.take() {
            barrier.wait();
        }
        let allowed = desired <= self.most;
        self.allowed += if allowed { desired - current } else { 0 };
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, current: usize, desired: usize) -> Result<()> {
        self.allowed -= desired - current;
        Ok(())
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn two_stores_do_not_grow_a_memory_above_the_limit_of_both() {
    let (module, memory) =
        module(&Engine::default(), 10, r#"(func (export "grow") (result i32) (memory.grow (i32.const 1)))"#);
    let barrier = Arc::new(Barrier::new(2));
    let grow = || {
        let meeting = Meeting { most: 2 << 16, barrier: Some(Arc::clone(&barrier)), allowed: 0 };
        let mut store = Store::new(module.engine(), meeting);
        store.limiter(|meeting| meeting);
        let instance = Instance::new(&mut store, &module, &[memory.clone().into()]).unwrap();
        let grow = instance.get_typed_func::<(), i32>(&mut store, "grow").unwrap();
        (grow.call(&mut store, ()).unwrap(), store.data().allowed)
    };
    let mut grown = thread::scope(|scope| {
        let other = scope.spawn(grow);
        [grow(), other.join().unwrap()]
    });
    // Both were allowed to grow it from one page to two, and one has.
    grown.sort_unstable();
    assert_eq!(grown, [(-1, 0), (1, 1 << 16)]);
    assert_eq!(memory.size(), 2);
}

#[test]
fn host_and_guest_wake_each_other() {
    let (module, memory) = module(
        &Engine::default(),
        1,
        r#"(func (export "wait") (param $address i32) (result i32)
            (memory.atomic.wait32 (local.get $address) (i32.const 0) (i64.const -1)))
        (func (export "notify") (param $address i32) (result i32)
            (memory.atomic.notify (local.get $address) (i32.const 1)))"#,
    );
    thread::scope(|scope| {
        let waiting = scope.spawn(|| Guest::new(&module, &memory).call::<u32, u32>("wait", 8));
        while memory.atomic_notify(8, 1).unwrap() == 0 {
            thread::yield_now();
        }
        assert_eq!(waiting.join().unwrap(), WaitResult::Ok as u32);

        let waiting = scope.spawn(|| memory.atomic_wait32(16, 0, None).unwrap());
        let mut guest = Guest::new(&module, &memory);
        let notify = guest.func::<u32, u32>("notify");
        while notify.call(&mut guest.store, 16).unwrap() == 0 {
            thread::yield_now();
        }
        assert_eq!(waiting.join().unwrap(), WaitResult::Ok);
    });
    let moment = Some(Duration::from_micros(1));
    assert_eq!(memory.atomic_wait64(0, 0, moment).unwrap(), WaitResult::TimedOut);
    assert_eq!(memory.atomic_wait64(0, 1, None).unwrap(), WaitResult::Mismatch);
    assert_eq!(memory.atomic_wait32(2, 0, None).unwrap_err(), Trap::HeapMisaligned);
    assert_eq!(memory.atomic_notify(1 << 16, 1).unwrap_err(), Trap::MemoryOutOfBounds);
}

#[test]
fn a_thread_that_waits_can_be_interrupted() {
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let (module, memory) = module(
        &engine,
        1,
        r#"(func (export "wait")
            (i32.atomic.store (i32.const 4) (i32.const 1))
            (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))"#,
    );
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1);
    let instance = Instance::new(&mut store, &module, &[memory.clone().into()]).unwrap();
    let wait = instance.get_typed_func::<(), ()>(&mut store, "wait").unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait.call(&mut store, ()).unwrap_err());
        // Behind this store there is nothing but the wait that looks at the epoch.
        while read_u32(&memory, 4) == 0 {
            thread::yield_now();
        }
        engine.increment_epoch();
        assert_eq!(waiting.join().unwrap().downcast_ref(), Some(&Trap::Interrupt));
    });
    assert_eq!(memory.atomic_notify(0, u32::MAX).unwrap(), 0, "it does not wait any more");
}

#[test]
fn shared_memories_are_imported_exported_and_limited() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let exporting =
        Module::new(&engine, r#"(module (memory (export "m") 1 3 shared) (data (i32.const 5) "x"))"#)?;
    let exporting = Instance::new(&mut store, &exporting, &[])?;
    assert!(exporting.get_memory(&mut store, "m").is_none());
    let memory = exporting.get_shared_memory(&mut store, "m").unwrap();
    assert_eq!(memory.ty(), MemoryType::shared(1, 3));
    assert_eq!((memory.grow(1)?, memory.size(), memory.data_size()), (1, 2, 2 << 16));
    let mut byte = [0];
    memory.read(5, &mut byte)?;
    assert_eq!(byte, *b"x");
    assert!(memory.read(2 << 16, &mut byte).is_err() && memory.write((2 << 16) - 1, &[1, 2]).is_err());

    // In another store it is the same memory, also under a second import.
    let importing = Module::new(
        &engine,
        r#"(module
            (import "a" "m" (memory $a 1 3 shared)) (import "a" "n" (memory $b 1 5 shared))
            (func (export "set") (i32.store8 $a (i32.const 5) (i32.const 7)))
            (func (export "get") (result i32) (i32.load8_u $b (i32.const 5))))"#,
    )?;
    let mut other = Store::new(&engine, ());
    let imports = [memory.clone().into(), memory.clone().into()];
    let instance = Instance::new(&mut other, &importing, &imports)?;
    instance.get_typed_func::<(), ()>(&mut other, "set")?.call(&mut other, ())?;
    assert_eq!(instance.get_typed_func::<(), u32>(&mut other, "get")?.call(&mut other, ())?, 7);

    // What does not fit is refused with a reason.
    let unshared = Module::new(&engine, r#"(module (import "a" "m" (memory 1)))"#)?;
    let refused = |store: &mut Store<()>, module: &Module, item| {
        format!("{:#}", Instance::new(store, module, &[item]).unwrap_err())
    };
    let message = refused(&mut store, &unshared, memory.clone().into());
    assert!(message.contains("found a shared memory"), "{message}");
    let smaller = Module::new(&engine, r#"(module (import "a" "m" (memory 1 2 shared)))"#)?;
    let message = refused(&mut store, &smaller, memory.clone().into());
    assert!(message.contains("provided limits (min: 2, max: 3)"), "{message}");
    let foreign = SharedMemory::new(&Engine::default(), MemoryType::shared(1, 2))?;
    assert!(Instance::new(&mut store, &smaller, &[foreign.into()]).is_err());
    assert!(SharedMemory::new(&engine, MemoryType::new(1, Some(2))).is_err());
    assert!(SharedMemory::new(&engine, MemoryType::shared(3, 2)).is_err());
    assert!(Memory::new(&mut store, MemoryType::shared(1, 2)).is_err());
    Ok(())
}

#[test]
fn traps_of_atomic_accesses_tell_the_address() {
    let (module, memory) = module(
        &Engine::default(),
        1,
        r#"(func (export "add") (param i32) (drop (i32.atomic.rmw.add offset=2 (local.get 0) (i32.const 1))))
        (func (export "plain") (param i32) (drop (i32.load offset=2 (local.get 0))))"#,
    );
    let mut guest = Guest::new(&module, &memory);
    let mut fails = |name: &str, address: u32, part: &str| {
        let error = guest.func::<u32, ()>(name).call(&mut guest.store, address).unwrap_err();
        assert!(format!("{error:#}").contains(part), "{error:#}");
    };
    fails(
        "add",
        0xfffe,
        "store of 4 bytes at address 0x10000 (0xfffe + offset 0x2), but memory 0 has 0x10000 bytes",
    );
    fails("add", 1, "address 0x3 (0x1 + offset 0x2) is no multiple of 4");
    fails("plain", 0xfffe, "load of 4 bytes at address 0x10000");
}
