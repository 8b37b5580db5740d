//! The thread that optimizes, beside a host that does as it likes: forks, drops everything at any moment, makes engines by the thousand.
//!
//! Most of that takes a process of its own.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use upshift::{Config, Engine, Instance, Module, Optimization, Store, Tier, TypedFunc};

/// Longer than anything here takes on a machine that is not stuck.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs a test of that name in a process of its own; whether this is it.
fn is_alone(name: &str) -> bool {
    const MARK: &str = "UPSHIFT_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).env(MARK, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{output:?}");
    false
}

fn engine() -> Engine {
    let mut config = Config::new();
    config.tier_up_after(1).optimize_after(2).optimization(Optimization::Background);
    Engine::new(&config).unwrap()
}

/// A module with so many functions, each of which calls itself and the next one. The first one's result is `n * funcs`.
fn text(funcs: usize) -> String {
    let func = |number: usize| {
        let next = if number + 1 < funcs {
            format!("(call ${} (local.get 0))", number + 1)
        } else {
            "(i32.const 0)".into()
        };
        format!(
            r#"(func ${number} (export "{number}") (param $n i32) (result i32) (local $sum i32)
                (local.set $sum {next})
                (block $out (loop $l
                    (br_if $out (i32.eqz (local.get $n)))
                    (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br $l)))
                (local.get $sum))"#
        )
    };
    format!("(module {})", (0..funcs).map(func).collect::<Vec<_>>().join("\n"))
}

fn first(store: &mut Store<()>, module: &Module) -> TypedFunc<i32, i32> {
    let instance = Instance::new(&mut *store, module, &[]).unwrap();
    instance.get_typed_func(&mut *store, "0").unwrap()
}

/// Calls until the first function is optimized.
fn until_optimized(store: &mut Store<()>, module: &Module, funcs: i32) {
    let (func, begin) = (first(store, module), Instant::now());
    while module.tier(0) != Some(Tier::Optimizing) {
        assert_eq!(func.call(&mut *store, 9).unwrap(), 9 * funcs);
        assert!(begin.elapsed() < PATIENCE, "nothing is optimized");
    }
    assert_eq!(func.call(&mut *store, 100).unwrap(), 100 * funcs);
}

/// Whatever the thread is at when the process is forked, the child compiles, optimizes and drops everything.
#[test]
fn children_that_are_forked_at_any_moment_go_on() {
    const FORKS: usize = 150;
    const FUNCS: i32 = 12;
    if !is_alone("children_that_are_forked_at_any_moment_go_on") {
        return;
    }
    let engine = engine();
    let bytes = wat::parse_str(text(FUNCS as usize)).unwrap();
    let old = Module::new(&engine, &bytes).unwrap();
    let mut old_store = Store::new(&engine, ());
    until_optimized(&mut old_store, &old, FUNCS);
    let old_func = first(&mut old_store, &old);
    for number in 0..FORKS {
        let module = Module::new(&engine, &bytes).unwrap();
        let mut store = Store::new(&engine, ());
        let func = first(&mut store, &module);
        // What is requested here keeps the thread busy; the module of every other turn is gone before it is done.
        for n in 0..6 {
            assert_eq!(func.call(&mut store, n).unwrap(), n * FUNCS);
        }
        let mut kept = (number % 2 == 0).then_some((store, module, func));
        // SAFETY: the child has what it needs in this thread, and ends without going back to the test.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: a number; a child that waits for ever is ended.
            unsafe { libc::alarm(PATIENCE.as_secs() as u32) };
            let run = || {
                assert_eq!(old_func.call(&mut old_store, 50).unwrap(), 50 * FUNCS);
                if let Some((mut store, module, func)) = kept.take() {
                    assert_eq!(func.call(&mut store, 50).unwrap(), 50 * FUNCS);
                    until_optimized(&mut store, &module, FUNCS);
                }
                let module = Module::new(&engine, &bytes).unwrap();
                let mut store = Store::new(&engine, ());
                until_optimized(&mut store, &module, FUNCS);
                drop((store, module, old_store, old, engine));
            };
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            // SAFETY: the process ends.
            unsafe { libc::_exit(result.is_err().into()) };
        }
        // The parent goes on meanwhile.
        assert_eq!(old_func.call(&mut old_store, 20).unwrap(), 20 * FUNCS);
        drop(kept);
        let mut status = 0;
        // SAFETY: the child is ours.
        let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!((waited, status), (child, 0), "fork {number}");
    }
    let (mut store, module) = (Store::new(&engine, ()), Module::new(&engine, &bytes).unwrap());
    until_optimized(&mut store, &module, FUNCS);
}

/// How many threads optimize in this process, and how many bytes of memory it has.
fn threads_and_memory() -> (usize, usize) {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    // A thread may end while this looks.
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    let threads = names.filter(|name| name.trim() == "upshift-opt").count();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    (threads, memory.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10)
}

/// Waits until no thread optimizes any longer.
fn until_over() {
    let begin = Instant::now();
    while threads_and_memory().0 > 0 {
        assert!(begin.elapsed() < PATIENCE, "a thread stays");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_thousand_engines_leave_nothing() {
    const ENGINES: usize = 1000;
    if !is_alone("a_thousand_engines_leave_nothing") {
        return;
    }
    let bytes = wat::parse_str(text(3)).unwrap();
    let use_one = |number: usize| {
        let engine = engine();
        let module = Module::new(&engine, &bytes).unwrap();
        let mut store = Store::new(&engine, ());
        if number.is_multiple_of(10) {
            until_optimized(&mut store, &module, 3);
            return;
        }
        // Here some wait and one is compiled when everything is dropped, in each order.
        let func = first(&mut store, &module);
        for n in 0..8 {
            assert_eq!(func.call(&mut store, n).unwrap(), n * 3);
        }
        match number % 3 {
            0 => drop((store, module, engine)),
            1 => drop((engine, module, store)),
            _ => drop((module, store, engine)),
        }
    };
    (0..100).for_each(use_one);
    until_over();
    let (_, before) = threads_and_memory();
    (0..ENGINES).for_each(use_one);
    until_over();
    let (_, after) = threads_and_memory();
    // A thread's stack, or the code of a module, would each be more than this by far.
    assert!(after < before + ENGINES * 2048, "{before} bytes became {after}");
}

/// Each thread of the host's makes engines of its own and uses one with all, and drops what it has while functions of it are compiled.
#[test]
fn everything_goes_at_any_moment() {
    const THREADS: usize = 4;
    let (shared, barrier) = (engine(), Barrier::new(THREADS));
    let bytes = wat::parse_str(text(8)).unwrap();
    let common = Module::new(&shared, &bytes).unwrap();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (shared, common, barrier, bytes) = (&shared, &common, &barrier, &bytes);
            scope.spawn(move || {
                barrier.wait();
                for turn in 0..25 {
                    let own = engine();
                    let modules = [
                        (&own, Module::new(&own, bytes).unwrap()),
                        (shared, Module::new(shared, bytes).unwrap()),
                    ];
                    for (engine, module) in modules {
                        let mut store = Store::new(engine, ());
                        let func = first(&mut store, &module);
                        for n in 0..(turn % 7) + 2 {
                            assert_eq!(func.call(&mut store, n).unwrap(), n * 8);
                        }
                        if (turn + number as i32) % 2 == 0 {
                            drop(module);
                            // The instance has it still.
                            assert_eq!(func.call(&mut store, 30).unwrap(), 240);
                        }
                    }
                    let mut store = Store::new(shared, ());
                    let func = first(&mut store, common);
                    assert_eq!(func.call(&mut store, 30).unwrap(), 240);
                }
            });
        }
    });
    let mut store = Store::new(&shared, ());
    until_optimized(&mut store, &common, 8);
    drop((store, common));
    // Types belong to the modules that use them.
    let begin = Instant::now();
    while shared.type_count() > 0 {
        assert!(begin.elapsed() < PATIENCE, "a module stays");
        thread::sleep(Duration::from_millis(1));
    }
}
