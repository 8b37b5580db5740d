//! The first calls of a process: what the processor can do is asked in the midst of one of them, which has to go on as if it had not.
//!
//! Each function asks in a process of its own, this one started anew, since it is asked once.

#![cfg(target_arch = "x86_64")]

use std::env;
use std::process::Command;

use upshift_memops::{compare, copy, fill};

/// More bytes than may pass before the question, in calls of which many come before and some after.
const CALLS: usize = 4000;
const LEN: usize = 777;

/// Runs the test of this name again, as the process that is to do it.
fn alone(name: &str, test: impl FnOnce()) {
    const CHILD: &str = "UPSHIFT_MEMOPS_CHILD";
    if env::var_os(CHILD).is_some() {
        return test();
    }
    let program = env::current_exe().unwrap();
    let status = Command::new(program).args(["--exact", name]).env(CHILD, "1").status().unwrap();
    assert!(status.success());
}

#[test]
fn of_copies() {
    alone("of_copies", || {
        let from: Vec<_> = (0..LEN).map(|i| i as u8).collect();
        for call in 0..CALLS {
            let mut to = vec![0; LEN];
            // SAFETY: both have this length.
            unsafe { copy(to.as_mut_ptr(), from.as_ptr(), LEN) };
            assert!(to.iter().zip(&from).all(|(a, b)| a == b), "call {call}");
        }
    });
}

#[test]
fn of_fills() {
    alone("of_fills", || {
        for call in 0..CALLS {
            let mut to = vec![0; LEN];
            // SAFETY: it has this length.
            unsafe { fill(to.as_mut_ptr(), call as u8, LEN) };
            assert!(to.iter().all(|&byte| byte == call as u8), "call {call}");
        }
    });
}

#[test]
fn of_comparisons() {
    alone("of_comparisons", || {
        let a = vec![3; LEN];
        let mut b = a.clone();
        for call in 0..CALLS {
            b[LEN - 1] = 3 + (call % 2) as u8;
            // SAFETY: both have this length.
            let order = unsafe { compare(a.as_ptr(), b.as_ptr(), LEN) };
            assert_eq!(order.signum(), -((call % 2) as i32), "call {call}");
        }
    });
}

#[test]
fn of_one_large_copy() {
    alone("of_one_large_copy", || {
        let mut bytes: Vec<_> = (0..3 << 20).map(|i: usize| (i / 3) as u8).collect();
        let expected: Vec<_> = bytes[..2 << 20].to_vec();
        let start = bytes.as_mut_ptr();
        // SAFETY: both places lie in the vector.
        unsafe { copy(start.add(1 << 20), start, 2 << 20) };
        assert!(bytes[1 << 20..].iter().zip(&expected).all(|(a, b)| a == b));
    });
}
