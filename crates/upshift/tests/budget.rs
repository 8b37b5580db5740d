//! One budget for memories, tables, heaps, stores and threads: what counts, who is told, and what comes back.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "common/ways.rs"]
mod ways;

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use upshift::{
    Config, Engine, Error, Extern, Instance, LimitExceeded, Memory, MemoryBudget, MemoryType, MemoryUse,
    Module, Ref, RefType, ResourceLimiter, Result, SharedMemory, Store, StoreLimits, StoreLimitsBuilder,
    Table, TableType, Trap,
};

use crate::ways::Way;

const PAGE: usize = 1 << 16;

fn store(engine: &Engine, limits: StoreLimitsBuilder) -> Store<StoreLimits> {
    let mut store = Store::new(engine, limits.build());
    store.limiter(|limits| limits);
    store
}

fn budgeted(engine: &Engine, budget: &MemoryBudget) -> Store<StoreLimits> {
    store(engine, StoreLimitsBuilder::new().memory_budget(budget))
}

fn instance<T: 'static>(store: &mut Store<T>, wat: &str) -> Result<Instance> {
    let module = Module::new(store.engine(), wat)?;
    Instance::new(store, &module, &[])
}

fn call<T: 'static>(store: &mut Store<T>, instance: Instance, name: &str, argument: i32) -> Result<i32> {
    instance.get_typed_func::<i32, i32>(&mut *store, name)?.call(store, argument)
}

/// Grows each of sixteen memories by so many pages as it can, and answers how many it has got.
fn many_memories() -> String {
    let memories: String = (0..16).map(|i| format!("(memory $m{i} 0)")).collect();
    let grow: String = (0..16)
        .map(|i| {
            format!(
                "(if (i32.ne (memory.grow $m{i} (local.get 0)) (i32.const -1))
                    (then (memory.fill $m{i} (i32.const 0) (i32.const 1) (i32.shl (local.get 0) (i32.const 16)))
                        (local.set $n (i32.add (local.get $n) (i32.const 1)))))"
            )
        })
        .collect();
    format!(
        r#"(module {memories} (func (export "grow") (param i32) (result i32) (local $n i32) {grow} (local.get $n)))"#
    )
}

#[test]
fn all_memories_of_a_program_are_limited_together() {
    for reservation in [8 << 30, 0] {
        let engine = Engine::new(Config::new().memory_reservation(reservation)).unwrap();
        let budget = MemoryBudget::new(10 * PAGE + 1);
        let mut store = budgeted(&engine, &budget);
        let bomb = instance(&mut store, &many_memories()).unwrap();
        assert_eq!(call(&mut store, bomb, "grow", 3).unwrap(), 3);
        assert_eq!(call(&mut store, bomb, "grow", 1).unwrap(), 1);
        assert_eq!(call(&mut store, bomb, "grow", 1).unwrap(), 0);
        assert_eq!((budget.used(), store.usage().memory_bytes), (10 * PAGE, 10 * PAGE as u64));
        drop(store);
        assert_eq!((budget.used(), budget.peak()), (0, 10 * PAGE));
    }
}

#[test]
fn what_was_not_made_takes_nothing() {
    let engine = Engine::default();
    let budget = MemoryBudget::new(4 * PAGE);
    let mut store = budgeted(&engine, &budget);
    let error = instance(&mut store, "(module (memory 2) (memory 3))").unwrap_err();
    let exceeded = LimitExceeded::Budget { limit: 4 * PAGE, desired: 5 * PAGE, what: MemoryUse::Memory };
    assert_eq!(error.downcast_ref(), Some(&exceeded));
    assert!(error.to_string().contains("3 pages"), "{error:#}");
    // The first memory is in the store: something could refer to it.
    assert_eq!(budget.used(), 2 * PAGE);
    assert!(Memory::new(&mut store, MemoryType::new(3, None)).is_err());
    assert!(SharedMemory::new_in(&mut store, MemoryType::shared(3, 3)).is_err());
    assert!(Table::new(&mut store, TableType::new(RefType::FUNCREF, 16385, None), Ref::Func(None)).is_err());
    // What the type or the system refuses costs nothing either.
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(2))).unwrap();
    assert!(memory.grow(&mut store, 2).is_err() && memory.grow(&mut store, 1 << 40).is_err());
    assert_eq!(budget.used(), 3 * PAGE);
    drop(store);
    assert_eq!(budget.used(), 0);
    let budget = MemoryBudget::new(usize::MAX);
    let mut store = budgeted(&engine, &budget);
    let wide = instance(
        &mut store,
        r#"(module (memory i64 1) (table i64 1 funcref)
            (func (export "memory") (result i64) (memory.grow (i64.const 0x7fff_0000_0000)))
            (func (export "table") (result i64) (table.grow (ref.null func) (i64.const 0x0fff_0000_0000_0000))))"#,
    )
    .unwrap();
    for name in ["memory", "table"] {
        let grow = wide.get_typed_func::<(), i64>(&mut store, name).unwrap();
        assert_eq!(grow.call(&mut store, ()).unwrap(), -1);
    }
    assert_eq!((budget.used(), budget.peak() > PAGE + 8), (PAGE + 8, true));
}

#[test]
fn a_limiter_can_stop_the_program_at_the_budget() {
    let engine = Engine::default();
    let limits = StoreLimitsBuilder::new().total_memory(3 * PAGE).trap_on_grow_failure(true);
    let mut store = store(&engine, limits);
    let bomb = instance(&mut store, &many_memories()).unwrap();
    let error = call(&mut store, bomb, "grow", 1).unwrap_err();
    let exceeded = LimitExceeded::Budget { limit: 3 * PAGE, desired: 4 * PAGE, what: MemoryUse::Memory };
    assert_eq!(error.downcast_ref(), Some(&exceeded));
    let text = format!("with a larger memory the program would take {} bytes", 4 * PAGE);
    assert!(format!("{error:#}").contains(&text), "{error:#}");
    // Less than a page is left.
    let error = instance(&mut store, "(module (memory 1))").unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&exceeded));
}

#[test]
fn small_pages_count_as_the_system_gives_them() {
    let engine = Engine::new(Config::new().wasm_custom_page_sizes(true)).unwrap();
    let budget = MemoryBudget::new(10 * 4096);
    let mut store = budgeted(&engine, &budget);
    let memories: String = (0..11).map(|_| "(memory 1 (pagesize 1))").collect();
    assert!(instance(&mut store, &format!("(module {memories})")).is_err());
    assert_eq!((budget.used(), store.usage().memory_bytes), (10 * 4096, 10));
}

#[test]
fn tables_count_by_the_room_of_their_elements() {
    let engine = Engine::default();
    let budget = MemoryBudget::new(1 << 20);
    let mut store = budgeted(&engine, &budget);
    let wat = r#"(module
        (table $a 10 funcref) (table $b 0 externref)
        (func (export "a") (param i32) (result i32) (table.grow $a (ref.null func) (local.get 0)))
        (func (export "b") (param i32) (result i32) (table.grow $b (ref.null extern) (local.get 0))))"#;
    let tables = instance(&mut store, wat).unwrap();
    assert_eq!(budget.used(), 80);
    assert_eq!(call(&mut store, tables, "b", 1000).unwrap(), 0);
    assert_eq!(budget.used(), 80 + 8000);
    // Step by step there is room for twice as many, so that elements are not copied each time.
    for size in 10..100_000 {
        assert_eq!(call(&mut store, tables, "a", 1).unwrap(), size);
        assert!(budget.used() <= 8000 + 16 * (size as usize + 1));
    }
    // In the end, all that there is can be used.
    let left = (1 << 20) / 8 - 1000 - 100_000;
    assert_eq!(call(&mut store, tables, "a", left + 1).unwrap(), -1);
    assert_eq!(call(&mut store, tables, "a", left).unwrap(), 100_000);
    assert_eq!(budget.used(), 1 << 20);
    assert_eq!(call(&mut store, tables, "b", 1).unwrap(), -1);
    drop(store);
    assert_eq!(budget.used(), 0);
}

#[test]
fn tables_can_be_as_large_as_the_limiter_says() {
    let engine = Engine::default();
    let wat = "(module (table 10000001 funcref))";
    let mut unlimited = Store::new(&engine, ());
    assert!(instance(&mut unlimited, wat).is_err());
    let mut unset = store(&engine, StoreLimitsBuilder::new());
    assert!(instance(&mut unset, wat).is_err());
    let mut large = store(&engine, StoreLimitsBuilder::new().table_elements(20_000_000));
    let module = Module::new(&engine, r#"(module (table (export "t") 10000001 funcref))"#).unwrap();
    let made = Instance::new(&mut large, &module, &[]).unwrap();
    let table = made.get_table(&mut large, "t").unwrap();
    assert_eq!(table.grow(&mut large, 9_999_999, Ref::Func(None)).unwrap(), 10_000_001);
    assert!(table.grow(&mut large, 1, Ref::Func(None)).is_err());
}

/// Keeps so many objects of 16 bytes and answers how many; makes as many that nobody keeps.
const OBJECTS: &str = r#"(module
    (type $node (struct (field i32) (field (ref null $node))))
    (global $list (mut (ref null $node)) (ref.null $node))
    (func (export "keep") (param $n i32) (result i32) (local $made i32)
        (loop $more
            (global.set $list (struct.new $node (i32.const 1) (global.get $list)))
            (local.set $made (i32.add (local.get $made) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $made) (local.get $n))))
        (local.get $made))
    (func (export "waste") (param $n i32) (result i32)
        (loop $more
            (drop (struct.new $node (i32.const 1) (ref.null $node)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $n))
    (func (export "forget") (param i32) (result i32) (global.set $list (ref.null $node)) (i32.const 0)))"#;

#[test]
fn the_heap_takes_both_halves_from_the_budget() {
    for way in Way::all() {
        let engine = Engine::new(&way.config()).unwrap();
        let budget = MemoryBudget::new(16 << 20);
        let mut store = budgeted(&engine, &budget);
        let objects = instance(&mut store, OBJECTS).unwrap();
        for _ in 0..2 {
            let error = call(&mut store, objects, "keep", i32::MAX).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::GcHeapOutOfMemory), "{error:#}");
            assert!(budget.peak() <= 16 << 20);
            // A half of it is for copying.
            let kept = store.usage().gc_bytes;
            assert!((6 << 20..=8 << 20).contains(&kept), "{kept}");
            call(&mut store, objects, "forget", 0).unwrap();
            call(&mut store, objects, "waste", 1_000_000).unwrap();
        }
        // What the heap has given back, memories can have.
        store.gc().unwrap();
        let used = budget.used();
        assert!(used <= 12 << 20, "{used}");
        Memory::new(&mut store, MemoryType::new((((16 << 20) - used) / PAGE) as u32, None)).unwrap();
        assert_eq!(call(&mut store, objects, "keep", 1000).unwrap(), 1000);
        drop(store);
        assert_eq!(budget.used(), 0);
    }
}

#[test]
fn a_full_heap_can_be_collected_when_others_have_taken_the_rest() {
    let engine = Engine::default();
    let budget = MemoryBudget::new(20 << 20);
    for gc_heap in [usize::MAX, 9 << 20] {
        let limits = StoreLimitsBuilder::new().memory_budget(&budget).gc_heap_size(gc_heap);
        let mut store = store(&engine, limits);
        let objects = instance(&mut store, OBJECTS).unwrap();
        assert!(call(&mut store, objects, "keep", i32::MAX).is_err());
        let kept = store.usage().gc_bytes;
        let mut pages = 0;
        let memory = Memory::new(&mut store, MemoryType::new(0, None)).unwrap();
        while memory.grow(&mut store, 1).is_ok() {
            pages += 1;
        }
        assert!(budget.limit() - budget.used() < PAGE, "{pages}");
        assert!(call(&mut store, objects, "keep", 1 << 16).is_err());
        // Nothing of what there is was lost, and what is forgotten makes room.
        assert!(store.usage().gc_bytes >= kept);
        call(&mut store, objects, "forget", 0).unwrap();
        call(&mut store, objects, "waste", 1_000_000).unwrap();
        assert!(store.usage().gc_bytes < kept / 2);
        store.gc().unwrap();
        assert_eq!(call(&mut store, objects, "keep", 10_000).unwrap(), 10_000);
    }
}

/// A heap asks for more than it needs only as long as others need it less.
#[test]
fn a_heap_that_grows_leaves_room_for_memories() {
    const LIST: &str = r#"(module (memory 1)
        (type $n (struct (field (mut i64)) (field (mut (ref null $n)))))
        (func (export "run") (param $pages i32) (result i32) (local $h (ref null $n)) (local $i i32)
            (loop $l
                (local.set $h (struct.new $n (i64.const 1) (local.get $h)))
                (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 60_000))))
            (memory.grow (local.get $pages))))"#;
    for way in Way::all() {
        let engine = Engine::new(&way.config()).unwrap();
        let mut store = budgeted(&engine, &MemoryBudget::new(16 << 20));
        let instance = instance(&mut store, LIST).unwrap();
        // The list has 1.4 MiB, and its heap two halves.
        assert_eq!(call(&mut store, instance, "run", 160).unwrap(), 1, "{way:?}");
    }
}

#[test]
fn a_heap_beside_a_memory_that_takes_everything() {
    let engine = Engine::default();
    let budget = MemoryBudget::new(16 << 20);
    let mut store = budgeted(&engine, &budget);
    let memory = Memory::new(&mut store, MemoryType::new(255, None)).unwrap();
    let objects = instance(&mut store, OBJECTS).unwrap();
    // There is one page left, and a heap takes at least two.
    let error = call(&mut store, objects, "keep", 1).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::GcHeapOutOfMemory));
    assert_eq!(budget.used(), memory.data_size(&store));

    let limits = StoreLimitsBuilder::new().total_memory(3 << 20).trap_on_grow_failure(true);
    let mut store = self::store(&engine, limits);
    let objects = instance(&mut store, OBJECTS).unwrap();
    let error = call(&mut store, objects, "keep", i32::MAX).unwrap_err();
    let Some(&LimitExceeded::Budget { limit, desired, what }) = error.downcast_ref() else {
        panic!("{error:#}");
    };
    assert_eq!((limit, what), (3 << 20, MemoryUse::GcHeap));
    assert!(desired > limit);
}

#[test]
fn shared_memories_count_once_and_as_long_as_they_live() {
    let engine = Engine::default();
    let budget = MemoryBudget::new(8 * PAGE);
    let wat = r#"(module
        (import "" "" (memory 1 100 shared))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut first = budgeted(&engine, &budget);
    let memory = SharedMemory::new_in(&mut first, MemoryType::shared(2, 100)).unwrap();
    let grow = |store: &mut Store<StoreLimits>, pages| {
        let instance = Instance::new(&mut *store, &module, &[memory.clone().into()]).unwrap();
        call(store, instance, "grow", pages).unwrap()
    };
    let (mut second, mut elsewhere) = (budgeted(&engine, &budget), store(&engine, StoreLimitsBuilder::new()));
    assert_eq!(grow(&mut first, 1), 2);
    assert_eq!(grow(&mut second, 1), 3);
    // Whoever grows it, and whatever other budget there is, it takes from the one that it was made with.
    assert_eq!(grow(&mut elsewhere, 1), 4);
    assert_eq!(memory.grow(1).unwrap(), 5);
    assert_eq!(budget.used(), 6 * PAGE);
    assert_eq!(grow(&mut elsewhere, 3), -1);
    let error = memory.grow(3).unwrap_err();
    assert!(error.downcast_ref::<LimitExceeded>().is_some(), "{error:#}");
    Memory::new(&mut second, MemoryType::new(2, None)).unwrap();
    assert_eq!(grow(&mut first, 1), -1);
    drop((first, second));
    assert_eq!(budget.used(), 6 * PAGE, "others have the memory still");
    drop(elsewhere);
    drop(memory);
    assert_eq!(budget.used(), 0);
    // Without a store it is the host's.
    SharedMemory::new(&engine, MemoryType::shared(9, 9)).unwrap();
}

/// Takes what it can get, in all the ways there are, until nothing is left.
const GREEDY: &str = r#"(module
    (type $bytes (array (mut i8)))
    (type $node (struct (field (ref $bytes)) (field (ref null $node))))
    (import "" "shared" (memory $shared 1 1000 shared))
    (memory $own 1)
    (table $t 1 externref)
    (global $list (mut (ref null $node)) (ref.null $node))
    (func (export "objects") (param i32) (result i32)
        (loop $more
            (global.set $list (struct.new $node (array.new $bytes (i32.const 1) (i32.const 1000)) (global.get $list)))
            (br $more))
        (unreachable))
    (func (export "memories") (param $rounds i32) (result i32)
        (loop $more
            (drop (memory.grow $own (i32.const 1)))
            (drop (memory.grow $shared (i32.const 1)))
            (drop (table.grow $t (ref.null extern) (i32.const 1000)))
            (br_if $more (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
        (i32.const 0)))"#;

#[test]
fn threads_with_everything_stay_within_one_budget() {
    const LIMIT: usize = 24 << 20;
    let engine = Engine::default();
    let budget = MemoryBudget::new(LIMIT);
    let module = Module::new(&engine, GREEDY).unwrap();
    let mut main = budgeted(&engine, &budget);
    let shared = SharedMemory::new_in(&mut main, MemoryType::shared(1, 1000)).unwrap();
    // Nothing would be left for those that come late.
    let (full, made) = (AtomicUsize::new(0), Barrier::new(6));
    thread::scope(|scope| {
        for number in 0..6 {
            let (engine, budget, module, shared) = (&engine, &budget, &module, shared.clone());
            let (full, made) = (&full, &made);
            scope.spawn(move || {
                let mut store = budgeted(engine, budget);
                let greedy = Instance::new(&mut store, module, &[Extern::from(shared)]).unwrap();
                made.wait();
                if number % 2 == 0 {
                    let error = call(&mut store, greedy, "objects", 0).unwrap_err();
                    assert_eq!(error.downcast_ref(), Some(&Trap::GcHeapOutOfMemory), "{error:#}");
                } else {
                    call(&mut store, greedy, "memories", 1000).unwrap();
                }
                full.fetch_add(1, Ordering::Relaxed);
                assert!(budget.used() <= LIMIT);
            });
        }
    });
    assert_eq!(full.load(Ordering::Relaxed), 6);
    assert!(budget.peak() <= LIMIT && budget.peak() > LIMIT / 2, "{}", budget.peak());
    assert_eq!(budget.used(), shared.data_size());
    drop((main, shared));
    assert_eq!(budget.used(), 0);
}

/// Counts what it allows, as limiters with a budget of their own do.
#[derive(Default)]
struct Counting {
    memory: usize,
    table: usize,
    budget: Option<MemoryBudget>,
    told: Vec<LimitExceeded>,
}

impl ResourceLimiter for Counting {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.memory += desired - current;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.table += desired - current;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, current: usize, desired: usize) -> Result<()> {
        self.memory -= desired - current;
        Ok(())
    }

    fn table_grow_failed(&mut self, current: usize, desired: usize) -> Result<()> {
        self.table -= desired - current;
        Ok(())
    }

    fn memory_budget(&self) -> Option<MemoryBudget> {
        self.budget.clone()
    }

    fn budget_exceeded(&mut self, exceeded: LimitExceeded) -> Result<()> {
        self.told.push(exceeded);
        Ok(())
    }
}

#[test]
fn limiters_that_count_are_told_of_every_failure() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Counting::default());
    store.limiter(|counting| counting);
    store.data_mut().budget = Some(MemoryBudget::new(4 * PAGE));
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let ty = TableType::new(RefType::FUNCREF, 2, None);
    let table = Table::new(&mut store, ty, Ref::Func(None)).unwrap();
    let refused: [Result<(), Error>; 5] = [
        Memory::new(&mut store, MemoryType::new(9, None)).map(drop),
        SharedMemory::new_in(&mut store, MemoryType::shared(9, 9)).map(drop),
        memory.grow(&mut store, 4).map(drop),
        Table::new(&mut store, TableType::new(RefType::FUNCREF, 99_999, None), Ref::Func(None)).map(drop),
        table.grow(&mut store, 99_999, Ref::Func(None)).map(drop),
    ];
    assert!(refused.iter().all(Result::is_err));
    let counting = store.data();
    assert_eq!((counting.memory, counting.table), (PAGE, 2));
    assert_eq!(counting.told.len(), 5, "{:?}", counting.told);
    // The system refuses: it was never a question of budget.
    store.data_mut().budget = None;
    assert!(Memory::new(&mut store, MemoryType::new64(1 << 40, None)).is_err());
    assert_eq!((store.data().memory, store.data().told.len()), (PAGE, 5));
}
