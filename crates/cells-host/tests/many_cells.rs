//! Thousands of cells: the store is left for fresh ones on the way, and nothing is lost.

mod support;

use support::{failure, host, run, value};
use upshift_cells_host::{FailureKind, Host};

/// Instances that a store may have at most: those that live, as many dead ones, and some.
fn bound(host: &Host) -> usize {
    2 * host.live_instances() + 600
}

#[test]
fn ten_thousand_cells_take_no_more_than_a_few() {
    let mut host = host();
    run(&mut host, "start", "let mut total = 0\nlet log: [Int] = []\nlet tasks: [fun() -> Int] = []");
    let mut most = 0;
    for number in 0..10_000 {
        let source = match number % 5 {
            0 => format!("let x = {number}\ntotal += 1"),
            1 => "total + x".into(),
            2 => format!("fun f(n: Int) -> Int {{ n + {number} + x }}\nlog.push(f(0))"),
            3 => "let x = x + f(1)\nfor i in 0..3 { total += i }".into(),
            _ => "let g = |n: Int| n + x\nif g(1) > 0 { total += 0 } else { total += 1 }".into(),
        };
        run(&mut host, &format!("cell {}", number % 700), &source);
        if number % 1000 == 0 {
            run(&mut host, "task", &format!("let own = {number}\ntasks.push(|| own + log.len())"));
        }
        most = most.max(host.store_instances());
        assert!(host.store_instances() <= bound(&host), "{} instances", host.store_instances());
    }
    assert!(most > 100, "{most}");
    assert_eq!(value(&mut host, "q", "(total, log.len())"), "(8000, 2000)");
    assert_eq!(value(&mut host, "q", "tasks.map(|task: fun() -> Int| task() - log.len()).sum()"), "45000");
    assert!(host.memory_bytes() < 16 << 20, "{} bytes", host.memory_bytes());
}

#[test]
fn ten_thousand_ids_with_closures_are_flat() {
    let mut host = host();
    run(&mut host, "start", "let base = [1, 2]\nlet mut total = 0");
    for number in 0..10_000 {
        let source = match number % 3 {
            0 => format!("base.map(|v| v + {number}).sum()"),
            1 => format!("let own = [{number}; 100]\nlet f = |n: Int| n + own[0]\ntotal += f(1)"),
            _ => format!("let list = base.map(|v| v * {number})\ntotal += list.len()"),
        };
        run(&mut host, &format!("cell {number}"), &source);
        assert!(host.store_instances() <= 600, "{} instances after {number}", host.store_instances());
        assert!(host.memory_bytes() < 2 << 20, "{} bytes after {number}", host.memory_bytes());
    }
    host.compact().expect("there is memory");
    assert!(host.live_instances() <= 3, "{}", host.live_instances());
}

#[test]
fn values_made_with_closures_free_their_memory() {
    let mut host = Host::new(upshift_cells_host::Options { memory: Some(64 << 20), ..Default::default() })
        .expect("there is memory");
    for _ in 0..40 {
        // 8 MB each, and a run with closures.
        run(&mut host, "a", "let big = [0; 1000000].map(|v| v + 1)");
    }
    assert_eq!(value(&mut host, "q", "big.len()"), "1000000");
}

#[test]
fn after_a_lack_of_memory_what_is_not_needed_goes() {
    let mut host = Host::new(upshift_cells_host::Options { memory: Some(64 << 20), ..Default::default() })
        .expect("there is memory");
    // 40 MB, which nothing needs once the cell is run again.
    run(&mut host, "a", "let big = [1; 5000000]\nlet f = || big.len()");
    run(&mut host, "a", "let big = [0].map(|v| v + 1)");
    let much = "let much = [2; 6000000]";
    if let Some(error) = host.execute("b", much).error {
        assert_eq!(error.kind, FailureKind::Limit, "{}", error.rendered);
        run(&mut host, "b", much);
    }
    // What cannot be is no harm to what is there.
    assert_eq!(failure(&mut host, "c", "let more = [3; 6000000]").kind, FailureKind::Limit);
    assert_eq!(value(&mut host, "q", "big.len() + much.len()"), "6000001");
}

#[test]
fn cells_that_are_cancelled_before_they_run_leave_nothing_behind() {
    let mut host = host();
    host.canceller().cancel();
    for number in 0..20 {
        assert_eq!(
            failure(&mut host, &number.to_string(), "let f = |n: Int| n").kind,
            FailureKind::Cancelled
        );
    }
    assert_eq!(host.live_instances(), 0);
}

#[test]
fn a_chain_of_values_is_not_a_chain_of_instances() {
    let mut host = host();
    run(&mut host, "0", "let x = 0");
    for number in 1..2500 {
        run(&mut host, &number.to_string(), "let x = x + 1");
        assert!(host.live_instances() <= 2, "{}", host.live_instances());
    }
    assert_eq!(value(&mut host, "q", "x"), "2499");
}

#[test]
fn functions_that_are_defined_again_leave_nothing_behind() {
    let mut host = host();
    run(&mut host, "a", "let mut n = 0");
    for _ in 0..2500 {
        run(&mut host, "b", "n += 1\nlet add = |k: Int| k + n\nfun show() -> Int { add(1) }");
    }
    host.compact().expect("there is memory");
    assert!(host.live_instances() <= 2, "{}", host.live_instances());
    assert_eq!(value(&mut host, "q", "show()"), "2501");
}

#[test]
fn replaced_values_free_their_memory_at_once() {
    let mut host = Host::new(upshift_cells_host::Options { memory: Some(32 << 20), ..Default::default() })
        .expect("there is memory");
    for _ in 0..100 {
        // 8 MB each.
        run(&mut host, "a", "let big = [1; 1000000]");
    }
    assert_eq!(value(&mut host, "q", "big.len()"), "1000000");
}

#[test]
fn cells_that_fail_leave_nothing_behind() {
    let mut host = host();
    run(&mut host, "a", "let list = [1]");
    for _ in 0..1500 {
        assert_eq!(
            failure(&mut host, "b", "let f = |n: Int| n + list[0]\nlet y = list[f(5)]").kind,
            FailureKind::Trap
        );
        assert!(host.store_instances() <= 2200, "{}", host.store_instances());
    }
    host.compact().expect("there is memory");
    assert!(host.live_instances() <= 1, "{}", host.live_instances());
}
