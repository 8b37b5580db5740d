//! What the heap keeps and gives back: many objects, deep stacks.

use upshift::{
    AnyRef, Caller, Config, Engine, Exception, Func, Instance, Module, Result, Store, Trap, TypedFunc,
};

use super::{engines, instance, store};

/// Objects in lists, trees and cyclic graphs. `make` keeps a graph of so many objects of 48 bytes, `change` replaces parts of
/// it, `check` answers how many objects can be reached.
const GRAPHS: &str = r#"(module
    (type $node (struct (field $a (mut (ref null $node))) (field $b (mut (ref null $node))) (field $seen (mut i32))
        (field $x i64) (field $y i64) (field $z i64)))
    (type $nodes (array (mut (ref null $node))))
    (global $root (mut (ref null $node)) (ref.null $node))
    (global $round (mut i32) (i32.const 0))
    (global $seed (mut i32) (i32.const 1))
    (func $random (param $below i32) (result i32)
        (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))
        (i32.rem_u (i32.shr_u (global.get $seed) (i32.const 8)) (local.get $below)))
    (func $new (param (ref null $node) (ref null $node)) (result (ref $node))
        (struct.new $node (local.get 0) (local.get 1) (global.get $round) (i64.const 1) (i64.const 2) (i64.const 3)))
    (func $tree (param $n i32) (result (ref null $node)) (local $half i32)
        (if (i32.eqz (local.get $n)) (then (return (ref.null $node))))
        (local.set $half (i32.shr_u (i32.sub (local.get $n) (i32.const 1)) (i32.const 1)))
        (call $new (call $tree (local.get $half))
            (call $tree (i32.sub (i32.sub (local.get $n) (i32.const 1)) (local.get $half)))))
    (func $list (param $n i32) (local $it (ref null $node))
        (loop $more
            (local.set $it (call $new (local.get $it) (ref.null $node)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (global.set $root (local.get $it)))
    ;; Everything is reached by the list through the first field; the second goes anywhere.
    (func $graph (param $n i32) (local $all (ref $nodes)) (local $it (ref null $node)) (local $i i32)
        (call $list (local.get $n))
        (local.set $all (array.new_default $nodes (local.get $n)))
        (local.set $it (global.get $root))
        (loop $more
            (array.set $nodes (local.get $all) (local.get $i) (local.get $it))
            (local.set $it (struct.get $node $a (local.get $it)))
            (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (loop $more
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (struct.set $node $b (array.get $nodes (local.get $all) (local.get $i))
                (array.get $nodes (local.get $all) (call $random (local.get $n))))
            (br_if $more (local.get $i)))
        (global.set $cyclic (i32.const 1))
        (struct.set $node $a (array.get $nodes (local.get $all) (i32.sub (local.get $n) (i32.const 1))) (global.get $root)))
    (func (export "make") (param $kind i32) (param $n i32)
        (block $done
            (block $graph
                (block $tree
                    (block $list (br_table $list $tree $graph (local.get $kind)))
                    (call $list (local.get $n)) (br $done))
                (global.set $root (call $tree (local.get $n))) (br $done))
            (call $graph (local.get $n))))
    ;; Makes as many objects as it is told, each of which takes the place of another one in the graph. In a graph with cycles
    ;; the second field of all leads to the root afterwards, so nothing refers to what was replaced.
    (func (export "change") (param $n i32) (local $it (ref null $node)) (local $next (ref null $node))
        (local.set $it (global.get $root))
        (loop $more
            (if (ref.is_null (struct.get $node $a (local.get $it))) (then (local.set $it (global.get $root))))
            (local.set $next (struct.get $node $a (local.get $it)))
            (struct.set $node $a (local.get $it)
                (call $new (struct.get $node $a (local.get $next)) (struct.get $node $b (local.get $next))))
            (if (global.get $cyclic) (then (struct.set $node $b (local.get $it) (global.get $root))))
            (local.set $it (struct.get $node $a (local.get $it)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (if (global.get $cyclic) (then (struct.set $node $b (local.get $it) (global.get $root)))))
    (global $cyclic (mut i32) (i32.const 0))
    (func $count (param $it (ref null $node)) (result i32) (local $n i32)
        (block $end (loop $more
            (br_if $end (ref.is_null (local.get $it)))
            (br_if $end (i32.eq (struct.get $node $seen (local.get $it)) (global.get $round)))
            (struct.set $node $seen (local.get $it) (global.get $round))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (if (i64.ne (struct.get $node $z (local.get $it)) (i64.const 3)) (then unreachable))
            (if (i32.eqz (ref.is_null (struct.get $node $b (local.get $it))))
                (then (if (i32.ne (struct.get $node $seen (struct.get $node $b (local.get $it))) (global.get $round))
                    (then (if (global.get $deep) (then
                        (local.set $n (i32.add (local.get $n) (call $count (struct.get $node $b (local.get $it)))))))))))
            (local.set $it (struct.get $node $a (local.get $it)))
            (br $more)))
        (local.get $n))
    (global $deep (mut i32) (i32.const 0))
    (func (export "count") (param $deep i32) (result i32)
        (global.set $deep (local.get $deep))
        (global.set $round (i32.add (global.get $round) (i32.const 1)))
        (call $count (global.get $root)))
    (func (export "litter") (param $n i32)
        (loop $more
            (drop (call $new (ref.null $node) (ref.null $node)))
            (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "forget") (global.set $root (ref.null $node))))"#;

const NODE_BYTES: u64 = 48;

struct Graphs {
    store: Store<()>,
    instance: Instance,
}

impl Graphs {
    fn new(engine: &Engine) -> Graphs {
        let mut store = Store::new(engine, ());
        let instance = instance(&mut store, GRAPHS);
        Graphs { store, instance }
    }

    fn func<P: upshift::WasmParams, R: upshift::WasmResults>(&mut self, name: &str) -> TypedFunc<P, R> {
        self.instance.get_typed_func(&mut self.store, name).unwrap()
    }

    fn make(&mut self, kind: i32, objects: i32) {
        self.func::<(i32, i32), ()>("make").call(&mut self.store, (kind, objects)).unwrap();
    }

    /// Replaces all objects but the root, if they are in a list or a graph.
    fn change(&mut self, objects: i32) {
        self.func::<i32, ()>("change").call(&mut self.store, objects - 1).unwrap();
    }

    fn litter(&mut self, objects: i32) {
        self.func::<i32, ()>("litter").call(&mut self.store, objects).unwrap();
    }

    fn count(&mut self, kind: i32) -> i32 {
        self.func::<i32, i32>("count").call(&mut self.store, i32::from(kind == 1)).unwrap()
    }
}

#[test]
fn objects_in_lists_trees_and_graphs_survive_change() {
    const OBJECTS: i32 = 200_000;
    for kind in 0..3 {
        let mut graphs = Graphs::new(&Engine::default());
        graphs.make(kind, OBJECTS);
        assert_eq!(graphs.count(kind), OBJECTS);
        let before = graphs.store.usage().collections;
        for _ in 0..5 {
            // In a tree, as many objects as lie on one branch change places again and again.
            graphs.change(OBJECTS);
            assert_eq!(graphs.count(kind), OBJECTS, "{kind}");
            graphs.litter(OBJECTS);
        }
        let usage = graphs.store.usage();
        assert!(usage.collections >= before + 3, "{usage:?}");
        assert!(usage.gc_bytes * 10 <= OBJECTS as u64 * NODE_BYTES * 22, "{usage:?}");
        graphs.func::<(), ()>("forget").call(&mut graphs.store, ()).unwrap();
        graphs.litter(OBJECTS * 3);
        // What nothing refers to goes, cycles too.
        let usage = graphs.store.usage();
        assert!(usage.gc_bytes < OBJECTS as u64 * NODE_BYTES / 4, "{usage:?}");
    }
}

/// Large arrays lie beside small objects, and some of them are replaced by others of another size, so that they move to other places.
#[test]
fn large_arrays_survive() {
    const WAT: &str = r#"(module
        (type $n (struct (field $i (mut i32)))) (type $refs (array (mut (ref null $n)))) (type $bytes (array (mut i8)))
        (type $arrays (array (mut (ref null $bytes))))
        (global $refs (mut (ref null $refs)) (ref.null $refs))
        (global $arrays (mut (ref null $arrays)) (ref.null $arrays))
        (func (export "make") (param $n i32) (local $i i32)
            (global.set $arrays (array.new_default $arrays (i32.const 8)))
            (global.set $refs (array.new_default $refs (local.get $n)))
            (loop $more
                (array.set $refs (global.get $refs) (local.get $i) (struct.new $n (local.get $i)))
                (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
        (func (export "replace") (param $at i32) (param $len i32)
            (local $b (ref $bytes)) (local $i i32)
            (local.set $b (array.new_default $bytes (local.get $len)))
            (loop $more
                (array.set $bytes (local.get $b) (local.get $i) (i32.add (local.get $i) (local.get $at)))
                (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 251))) (local.get $len))))
            (array.set $arrays (global.get $arrays) (local.get $at) (local.get $b)))
        (func (export "litter") (param $n i32)
            (loop $more (drop (struct.new $n (local.get $n)))
                (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        ;; How many elements are not what they should be.
        (func (export "check") (result i32)
            (local $bad i32) (local $i i32) (local $at i32) (local $b (ref null $bytes))
            (loop $more
                (local.set $bad (i32.add (local.get $bad)
                    (i32.ne (local.get $i) (struct.get $n $i (array.get $refs (global.get $refs) (local.get $i))))))
                (br_if $more
                    (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (global.get $refs)))))
            (loop $next
                (local.set $b (array.get $arrays (global.get $arrays) (local.get $at)))
                (block $none
                    (br_if $none (ref.is_null (local.get $b)))
                    (local.set $i (i32.const 0))
                    (loop $more
                        (local.set $bad (i32.add (local.get $bad)
                            (i32.ne (i32.and (i32.add (local.get $i) (local.get $at)) (i32.const 255))
                                (array.get_u $bytes (local.get $b) (local.get $i)))))
                        (local.set $bad (i32.add (local.get $bad)
                            (array.get_u $bytes (local.get $b) (i32.add (local.get $i) (i32.const 1)))))
                        (br_if $more (i32.lt_u (i32.add (local.tee $i (i32.add (local.get $i) (i32.const 251)))
                            (i32.const 1)) (array.len (local.get $b))))))
                (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 8))))
            (local.get $bad)))"#;
    for stress in [false, true] {
        let engine = Engine::new(Config::new().gc_stress(stress)).unwrap();
        let mut store = store(&engine);
        let instance = instance(&mut store, WAT);
        let call = |store: &mut Store<()>, name: &str, args: &[i32]| {
            let args: Vec<_> = args.iter().map(|&arg| upshift::Val::I32(arg)).collect();
            let func = instance.get_func(&mut *store, name).unwrap();
            let mut results = vec![upshift::Val::I32(0); usize::from(name == "check")];
            func.call(&mut *store, &args, &mut results).unwrap();
            results.first().map_or(0, upshift::Val::unwrap_i32)
        };
        // Each object of it costs a collection.
        call(&mut store, "make", &[if stress { 2000 } else { 200_001 }]);
        for round in 0..if stress { 30 } else { 150 } {
            let len = [600_000, 524_288 - 8, 524_289, 4096 * 130 - 8, 900_001, 100, 3_000_007][round % 7];
            call(&mut store, "replace", &[(round * 5 % 8) as i32, len + round as i32 % 3]);
            call(&mut store, "litter", &[if stress { 10 } else { 100_000 }]);
            assert_eq!(call(&mut store, "check", &[]), 0, "{round}");
        }
        store.gc().unwrap();
        assert_eq!(call(&mut store, "check", &[]), 0);
        assert!(stress || store.usage().collections > 20, "{:?}", store.usage());
    }
}

/// A number of kilobytes that the system knows of this process, in bytes.
#[cfg(target_os = "linux")]
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
#[ignore = "measures its process; another test runs it alone"]
#[cfg(target_os = "linux")]
fn in_a_process_of_its_own() {
    const OBJECTS: i32 = 400_000;
    let live = OBJECTS as u64 * NODE_BYTES;
    for kind in 0..3 {
        let mut graphs = Graphs::new(&Engine::default());
        graphs.make(kind, 100);
        graphs.count(kind);
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = status("VmRSS");
        graphs.make(kind, OBJECTS);
        // From here on nothing is kept but the graph, not even what its objects referred to before they were replaced.
        graphs.change(OBJECTS);
        graphs.litter(3 * OBJECTS);
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let start = graphs.store.usage().collections;
        graphs.change(OBJECTS);
        graphs.litter(3 * OBJECTS);
        let collections = graphs.store.usage().collections - start;
        assert!(collections >= 2, "{collections}");
        let (peak, now) = (status("VmHWM") - before, status("VmRSS") - before);
        println!("kind {kind}: live {live}, peak {peak}, now {now}, {collections} collections");
        assert!(peak * 10 <= live * 33, "kind {kind}: {peak} of {live}");
        // One half is in use, up to twice of what is live; of the other one a part stays for next time.
        assert!(now * 10 <= live * 23 + (160 << 20), "kind {kind}: {now} of {live}");
        graphs.func::<(), ()>("forget").call(&mut graphs.store, ()).unwrap();
        graphs.litter(3 * OBJECTS);
        let now = status("VmRSS").saturating_sub(before);
        assert!(now * 4 < live, "kind {kind}: {now} of {live} after all was dropped");
    }
    println!("own process: done");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_is_bounded_and_given_back() {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "heap::in_a_process_of_its_own",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ]);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("own process: done"), "{output:?}");
}

#[test]
fn deep_stacks_keep_their_objects() {
    let wat = r#"(module
        (type $box (struct (field (mut i32))))
        (type $array (array (mut (ref null $box))))
        (import "" "" (func $host (param i32 anyref) (result anyref)))
        (func $down (export "down") (param $n i32) (param $above (ref null $box)) (result i32)
            (local $mine (ref null $box)) (local $sum i32)
            (if (i32.eqz (local.get $n)) (then (return (struct.get $box 0 (local.get $above)))))
            (local.set $mine (struct.new $box (i32.and (local.get $n) (i32.const 7))))
            (struct.new $box (i32.const 1))
            (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 100)))
                (then (drop (array.new_default $array (i32.const 100000)))))
            (local.set $sum (call $down (i32.sub (local.get $n) (i32.const 1)) (local.get $mine)))
            (if (i32.ne (struct.get $box 0 (local.get $mine)) (i32.and (local.get $n) (i32.const 7))) (then unreachable))
            (struct.get $box 0)
            (i32.add (local.get $sum) (struct.get $box 0 (local.get $above)))
            (i32.add))
        ;; The same with the host between the frames.
        (func (export "through") (param $n i32) (param $above anyref) (result anyref) (local $mine (ref null $box))
            (if (i32.eqz (local.get $n)) (then (return (local.get $above))))
            (local.set $mine (struct.new $box (local.get $n)))
            (local.set $above (call $host (i32.sub (local.get $n) (i32.const 1)) (struct.new $box (i32.const 5))))
            (drop (array.new_default $array (i32.const 10000)))
            (if (i32.ne (struct.get $box 0 (local.get $mine)) (local.get $n)) (then unreachable))
            (local.get $above))
        (func (export "box") (param i32) (result (ref null $box)) (struct.new $box (local.get 0)))
        (func (export "value") (param anyref) (result i32) (struct.get $box 0 (ref.cast (ref $box) (local.get 0)))))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let host = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32, it: Option<AnyRef>| {
            let func = caller.get_export("through").and_then(upshift::Extern::into_func).unwrap();
            let func = func.typed::<(i32, Option<AnyRef>), Option<AnyRef>>(&caller)?;
            let result = func.call(&mut caller, (n, it))?;
            let it = it.unwrap().as_struct(&caller)?.unwrap();
            assert_eq!(it.field(&caller, 0)?.unwrap_i32(), 5);
            Ok::<_, upshift::Error>(result)
        });
        let module = Module::new(&engine, wat).unwrap();
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let depth = if collects_always(&engine) { 1000 } else { 10_000 };
        let first = [upshift::Val::I32(1)];
        let mut results = [upshift::Val::null_any_ref()];
        instance.get_func(&mut store, "box").unwrap().call(&mut store, &first, &mut results).unwrap();
        let down = instance.get_func(&mut store, "down").unwrap();
        let mut sum = [upshift::Val::I32(0)];
        down.call(&mut store, &[upshift::Val::I32(depth), results[0]], &mut sum).unwrap();
        // Each frame adds its own 1 and the number of the frame above; the lowest one that of its caller twice.
        let expected: i32 =
            (1..=depth).map(|n| 1 + if n == depth { 1 } else { (n + 1) & 7 }).sum::<i32>() + 1;
        assert_eq!(sum[0].unwrap_i32(), expected);
        let through = instance.get_typed_func::<(i32, Option<AnyRef>), Option<AnyRef>>(&mut store, "through");
        let it = through.unwrap().call(&mut store, (60, None)).unwrap();
        let value = instance.get_typed_func::<Option<AnyRef>, i32>(&mut store, "value").unwrap();
        assert_eq!(value.call(&mut store, it).unwrap(), 5);
        assert!(store.usage().collections > 10);
    }
}

#[test]
fn exceptions_unwind_ten_thousand_blocks_with_objects() {
    let wat = |depth: usize| {
        let open = "(try_table (catch $other 0) (struct.new $box (local.get $n)) ".repeat(depth);
        let close = "(drop))".repeat(depth);
        format!(
            r#"(module
                (type $box (struct (field (mut i32))))
                (tag $tag (param anyref))
                (tag $other)
                (func $throw (param $n i32) (throw $tag (struct.new $box (local.get $n))))
                (func (export "run") (param $n i32) (result i32)
                    (struct.new $box (i32.const 1000))
                    (block $h (result anyref)
                        (try_table (catch $tag $h) {open} (call $throw (local.get $n)) {close})
                        unreachable)
                    (drop (struct.new $box (i32.const 1)))
                    (local.set $n (struct.get $box 0 (ref.cast (ref $box))))
                    (i32.add (struct.get $box 0) (local.get $n))))"#
        )
    };
    for engine in engines() {
        let mut store = store(&engine);
        // A collection for each object takes the longer, the more there are.
        let wat = wat(if collects_always(&engine) { 500 } else { 10_000 });
        let run = instance(&mut store, &wat).get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, 7).unwrap(), 1007);
        assert_eq!(run.call(&mut store, 9).unwrap(), 1009);
    }
}

/// Whether the engine collects at each allocation.
fn collects_always(engine: &Engine) -> bool {
    let mut store = store(engine);
    let wat =
        r#"(module (type $s (struct)) (func (export "run") (drop (struct.new $s)) (drop (struct.new $s))))"#;
    let run = instance(&mut store, wat).get_typed_func::<(), ()>(&mut store, "run").unwrap();
    run.call(&mut store, ()).unwrap();
    store.usage().collections > 0
}

#[test]
fn exceptions_with_objects_leave_through_the_host() {
    let wat = r#"(module
        (type $box (struct (field (mut i32))))
        (import "" "" (func $host (param i32)))
        (tag $tag (export "tag") (param anyref (ref null $box)))
        (func (export "down") (param $n i32) (local $mine anyref)
            (local.set $mine (struct.new $box (local.get $n)))
            (if (i32.eqz (local.get $n))
                (then (throw $tag (local.get $mine) (struct.new $box (i32.const 42)))))
            (call $host (i32.sub (local.get $n) (i32.const 1))))
        (func (export "catch") (param $n i32) (result i32) (local $b (ref null $box))
            (struct.new $box (i32.const 100))
            (block $h (result anyref (ref null $box))
                (try_table (catch $tag $h) (call $host (local.get $n)))
                unreachable)
            (local.set $b)
            (drop)
            (drop (struct.new $box (i32.const 1)))
            (i32.add (struct.get $box 0) (struct.get $box 0 (local.get $b)))))"#;
    for engine in engines() {
        let mut store = store(&engine);
        let host = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, n: i32| -> Result<()> {
            let func = caller.get_export("down").and_then(upshift::Extern::into_func).unwrap();
            let result = func.typed::<i32, ()>(&caller)?.call(&mut caller, n);
            if let Some(exception) = result.as_ref().err().and_then(|error| error.downcast_ref::<Exception>())
            {
                // Whoever passes it on may look at it.
                let value = exception.values()[1].unwrap_any_ref().unwrap().as_struct(&caller)?.unwrap();
                assert_eq!(value.field(&caller, 0)?.unwrap_i32(), 42);
            }
            result
        });
        let module = Module::new(&engine, wat).unwrap();
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let catch = instance.get_typed_func::<i32, i32>(&mut store, "catch").unwrap();
        for depth in [0, 1, 50] {
            assert_eq!(catch.call(&mut store, depth).unwrap(), 142);
        }
        let down = instance.get_typed_func::<i32, ()>(&mut store, "down").unwrap();
        let error = down.call(&mut store, 20).unwrap_err();
        assert_eq!(catch.call(&mut store, 3).unwrap(), 142);
        let exception = error.downcast_ref::<Exception>().unwrap();
        let value = exception.values()[0].unwrap_any_ref().unwrap().as_struct(&store).unwrap().unwrap();
        assert_eq!(value.field(&store, 0).unwrap().unwrap_i32(), 0);
    }
}

#[test]
fn the_host_makes_objects_while_a_program_is_interrupted() {
    let wat = r#"(module
        (type $box (struct (field (mut i32))))
        (func $f (param $a anyref) (param $n i32) (result i32) (local $b (ref null $box))
            (local.set $b (struct.new $box (local.get $n)))
            (struct.new $box (i32.const 3))
            (ref.i31 (i32.const 9))
            (loop $more (param anyref) (result anyref)
                (drop)
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (struct.new $box (i32.const 4))
                (br_if $more (i32.gt_s (local.get $n) (i32.const 0))))
            (local.set $n (struct.get $box 0 (ref.cast (ref $box))))
            (local.set $n (i32.add (struct.get $box 0) (i32.mul (local.get $n) (i32.const 10))))
            (i32.add (i32.mul (struct.get $box 0 (local.get $b)) (i32.const 100))
                (i32.add (local.get $n) (struct.get $box 0 (ref.cast (ref $box) (local.get $a))))))
        (func (export "litter") (drop (struct.new $box (i32.const -1))) (drop (struct.new $box (i32.const -1))))
        (func (export "run") (param $n i32) (result i32)
            (call $f (struct.new $box (i32.const 1000)) (local.get $n))))"#;
    for engine in engines() {
        let mut store = Store::new(&engine, None::<TypedFunc<(), ()>>);
        let module = Module::new(&engine, wat).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let litter = instance.get_typed_func::<(), ()>(&mut store, "litter").unwrap();
        *store.data_mut() = Some(litter);
        store.epoch_deadline_callback(|mut store| {
            // Wasm code in the callback must not be interrupted itself.
            store.set_epoch_deadline(1);
            let litter = store.data().unwrap();
            litter.call(&mut store, ())?;
            Ok(upshift::UpdateDeadline::Continue(0))
        });
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        for n in [1, 2, 5] {
            assert_eq!(run.call(&mut store, n).unwrap(), n * 100 + 1043);
        }
    }
}

#[test]
fn a_program_that_fails_leaves_a_heap_that_works() {
    let wat = r#"(module
        (type $box (struct (field (mut i32))))
        (global $kept (mut (ref null $box)) (ref.null $box))
        (func $deep (param (ref null $box)) (result i32)
            (i32.add (call $deep (struct.new $box (i32.const 2))) (struct.get $box 0 (local.get 0))))
        (func (export "fail") (result i32) (global.set $kept (struct.new $box (i32.const 6)))
            (call $deep (global.get $kept)))
        (func (export "null") (result i32) (drop (struct.new $box (i32.const 1)))
            (struct.get $box 0 (ref.null $box)))
        (func (export "kept") (result i32) (drop (struct.new $box (i32.const 1)))
            (struct.get $box 0 (global.get $kept))))"#;
    let mut config = Config::new();
    let engine = Engine::new(config.max_wasm_stack(64 << 10).gc_stress(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = instance(&mut store, wat);
    let mut call = |name| instance.get_typed_func::<(), i32>(&mut store, name).unwrap().call(&mut store, ());
    for _ in 0..3 {
        assert_eq!(call("fail").unwrap_err().downcast_ref(), Some(&Trap::StackOverflow));
        assert_eq!(call("null").unwrap_err().downcast_ref(), Some(&Trap::NullReference));
        assert_eq!(call("kept").unwrap(), 6);
    }
}
