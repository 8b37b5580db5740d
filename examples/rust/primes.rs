//! Counts primes with several threads: `primes [LIMIT [THREADS]]`, 20000 and 4 unless given.
//!
//! Pieces of work come over a channel that the workers share behind a lock, and what they find goes into a map behind another
//! one. A last thread sums up as soon as all pieces are counted, which a condition variable tells it. The output does not
//! depend on which thread does what.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::{env, process, thread};

/// How many numbers one piece of work has.
const PIECE: u32 = 1000;

/// What all threads have in common.
struct Shared {
    /// The first numbers of the pieces that nobody has taken.
    pieces: Mutex<Receiver<u32>>,
    /// How many primes each counted piece has.
    counts: Mutex<BTreeMap<u32, usize>>,
    /// That a piece was counted.
    counted: Condvar,
    /// How many numbers were looked at.
    looked_at: AtomicUsize,
}

fn is_prime(n: u32) -> bool {
    n >= 2 && (2..).take_while(|divisor| divisor * divisor <= n).all(|divisor| n % divisor != 0)
}

fn work(shared: &Shared, limit: u32) {
    loop {
        // The lock is held while a piece is waited for: whoever waits behind it would wait anyway.
        let Ok(first) = shared.pieces.lock().unwrap().recv() else { return };
        let numbers = first..limit.min(first + PIECE);
        shared.looked_at.fetch_add(numbers.len(), Ordering::Relaxed);
        let count = numbers.filter(|&n| is_prime(n)).count();
        shared.counts.lock().unwrap().insert(first, count);
        shared.counted.notify_all();
    }
}

fn number(arg: Option<String>, otherwise: u32) -> u32 {
    let Some(arg) = arg else { return otherwise };
    arg.parse().ok().filter(|n| (1..=1_000_000).contains(n)).unwrap_or_else(|| {
        eprintln!("`{arg}` is no number from 1 to 1000000");
        process::exit(2)
    })
}

fn main() {
    let mut args = env::args().skip(1);
    let (limit, threads) = (number(args.next(), 20_000), number(args.next(), 4));
    let (send, pieces) = channel();
    let shared = Arc::new(Shared {
        pieces: Mutex::new(pieces),
        counts: Mutex::default(),
        counted: Condvar::new(),
        looked_at: AtomicUsize::new(0),
    });
    let pieces = (limit as usize).div_ceil(PIECE as usize);
    let last = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let counts = shared.counts.lock().unwrap();
            let counts = shared.counted.wait_while(counts, |counts| counts.len() < pieces).unwrap();
            counts.values().sum::<usize>()
        })
    };
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared, limit))
        })
        .collect();
    for first in (0..limit).step_by(PIECE as usize) {
        send.send(first).unwrap();
    }
    drop(send);
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let primes = last.join().unwrap();
    let counts = shared.counts.lock().unwrap();
    // There is at least one piece, as the limit is at least 1.
    let (first, most) = counts.iter().max_by_key(|&(_, count)| count).unwrap();
    println!("{primes} primes below {limit}");
    println!("{} numbers looked at in {pieces} pieces", shared.looked_at.load(Ordering::Relaxed));
    println!("most of them, {most}, from {first} on");
}
