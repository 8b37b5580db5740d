//! Places in the range: what is found where, while sets come and go. What lies there is looked at in `code/tests`.

use std::sync::atomic::{AtomicBool, Ordering};

use upshift_asm::{NativeCode, Reloc, RelocKind, Stub};

use super::{CHUNK, CodeSet, MOST_CHUNKS, PROVIDED};
use crate::vm::code::index::Place;
use crate::vm::code::pages::{CALLS, Way};
use crate::vm::code::range::CodeRange;
use crate::vm::code::{Fault, NativeKind, NoNativeCode};

const RANGE: usize = 16 << 20;

fn range() -> CodeRange {
    CodeRange::reserve(RANGE, &Way::ALL).expect("there is address space")
}

/// Room for so many bytes, which stay zero.
fn place(set: &CodeSet<'_>, bytes: usize, kind: NativeKind, func: u32) -> Option<usize> {
    match set.place(bytes, kind, func, Box::default(), |_, _, _| {}) {
        Ok(at) => Some(at),
        Err(NoNativeCode::Full) => None,
        Err(error) => panic!("{error}"),
    }
}

/// What lies at an address of a set that lives, or of none.
fn find(range: &CodeRange, pc: usize) -> Option<(NativeKind, u32, usize)> {
    // SAFETY: as above.
    let place = unsafe { range.find(pc) };
    place.map(|Place { bytes, kind, func, .. }| (kind, func, range.base() + bytes.start as usize))
}

/// The bytes at an address of a set that lives.
fn read(at: usize, bytes: usize) -> Vec<u8> {
    let at: *const u8 = std::ptr::with_exposed_provenance(at);
    // SAFETY: code may be read where it runs.
    (0..bytes).map(|byte| unsafe { at.add(byte).read_volatile() }).collect()
}

#[test]
fn addresses_lead_to_functions() {
    let range = range();
    let set = CodeSet::new(&range);
    let code: Vec<usize> =
        (0..5000).map(|func| place(&set, 50, NativeKind::Baseline, func).unwrap()).collect();
    for (func, &at) in (0..).zip(&code) {
        assert!(range.contains(at));
        assert_eq!(at % 16, 0);
        for inside in [at, at + 49] {
            assert_eq!(find(&range, inside), Some((NativeKind::Baseline, func, at)));
        }
        // 14 bytes are left over, and belong to nobody.
        assert_eq!(find(&range, at + 50), None);
    }
    assert_eq!(find(&range, range.base() - 1), None);
    assert!(!range.contains(range.base() - 1));
    assert!(!range.contains(range.base() + range.chunks() * CHUNK));
    assert_eq!(find(&range, usize::MAX), None);
}

#[test]
fn code_is_copied_and_its_words_are_relocated() {
    for ways in [&[Way::File] as &'static [Way], &[Way::Pages]] {
        let range = CodeRange::reserve(RANGE, ways).expect("there is address space");
        let set = CodeSet::new(&range);
        let mut bytes: Vec<u8> = (0..64).collect();
        bytes[32..40].copy_from_slice(&7u64.to_le_bytes());
        let relocs = [(32, RelocKind::Base), (40, RelocKind::Handler(3)), (48, RelocKind::Stub(Stub::Trap))];
        let relocs = relocs.map(|(at, kind)| Reloc { at, kind }).to_vec();
        let code = NativeCode { bytes, pool: 32, relocs };
        let resolve = |kind| match kind {
            RelocKind::Base => panic!("the set knows it"),
            RelocKind::Handler(op) => 1000 + u64::from(op),
            RelocKind::Stub(stub) => 2000 + stub as u64,
        };
        let faults: [Fault; 2] = [Fault::new(4, 0, None), Fault::new(9, 2, None)];
        // Not at the start of a page.
        place(&set, 100, NativeKind::Thunk, 0).unwrap();
        let at = set.add(&mut code.clone(), NativeKind::Baseline, 5, faults.into(), resolve).unwrap();
        let mut expected = code.bytes.clone();
        expected[32..40].copy_from_slice(&(at as u64 + 7).to_le_bytes());
        expected[40..48].copy_from_slice(&1003u64.to_le_bytes());
        expected[48..56].copy_from_slice(&(2000 + Stub::Trap as u64).to_le_bytes());
        assert_eq!(read(at, 64), expected);
        // SAFETY: the set lives.
        let place = unsafe { range.find(at + 63) }.unwrap();
        assert_eq!((place.kind, place.func, place.faults), (NativeKind::Baseline, 5, &faults[..]));
    }
}

#[test]
fn large_code_has_chunks_that_follow_each_other() {
    let range = range();
    let set = CodeSet::new(&range);
    place(&set, 1, NativeKind::Thunk, 0).unwrap();
    let at = place(&set, 5 * CHUNK + 1, NativeKind::Optimized, 7).unwrap();
    for byte in (0..=5 * CHUNK).step_by(1000) {
        assert_eq!(find(&range, at + byte), Some((NativeKind::Optimized, 7, at)));
    }
    assert_eq!(find(&range, at + 5 * CHUNK + 1), None);
}

#[test]
fn what_was_freed_is_found_no_more_and_used_again() {
    let range = range();
    let kept = CodeSet::new(&range);
    let at = place(&kept, 100, NativeKind::Baseline, 1).unwrap();
    // Far more sets than there are chunks, one after the other.
    for number in 0..10 * range.chunks() as u32 {
        let set = CodeSet::new(&range);
        let at = place(&set, CHUNK + 1, NativeKind::Baseline, number).expect("the chunks are free again");
        assert_eq!(find(&range, at + CHUNK), Some((NativeKind::Baseline, number, at)));
        drop(set);
        assert_eq!(find(&range, at + CHUNK), None);
    }
    assert_eq!(find(&range, at + 99), Some((NativeKind::Baseline, 1, at)));
}

#[test]
fn code_that_is_used_again_has_nothing_of_what_was_there() {
    let range = range();
    let code = NativeCode { bytes: vec![0xcc; 4000], pool: 4000, relocs: Vec::new() };
    let mut first = None;
    for _ in 0..3 {
        let set = CodeSet::new(&range);
        let at = place(&set, 4000, NativeKind::Baseline, 0).unwrap();
        assert_eq!(*first.get_or_insert(at), at);
        assert!(read(at, 4000).iter().all(|&byte| byte == 0));
        let at = set.add(&mut code.clone(), NativeKind::Baseline, 1, Box::default(), |_| 0).unwrap();
        assert!(read(at, 4000).iter().all(|&byte| byte == 0xcc));
    }
}

#[test]
fn a_full_range_says_so() {
    let range = range();
    let set = CodeSet::new(&range);
    assert_eq!(place(&set, range.chunks() * CHUNK + 1, NativeKind::Baseline, 0), None);
    let added = (0..).take_while(|&func| place(&set, CHUNK, NativeKind::Baseline, func).is_some()).count();
    // What is taken in advance is given in full.
    assert_eq!(added, range.chunks());
    // What is there stays.
    let at = range.base() + CHUNK;
    assert_eq!(find(&range, at), Some((NativeKind::Baseline, 1, at)));
    drop(set);
    assert!(place(&CodeSet::new(&range), range.chunks() * CHUNK, NativeKind::Baseline, 0).is_some());
}

/// The first function costs a span; all others only what they are long.
#[test]
fn the_last_of_many_functions_costs_what_the_first_did() {
    let range = range();
    let set = CodeSet::new(&range);
    let code = NativeCode { bytes: vec![0x90; 160], pool: 160, relocs: Vec::new() };
    let mut calls = Vec::new();
    for func in 0..20_000 {
        let before = CALLS.get();
        set.add(&mut code.clone(), NativeKind::Baseline, func, Box::default(), |_| 0).unwrap();
        calls.push(CALLS.get() - before);
    }
    let spans = set.lock().spans.len();
    let bytes = 20_000 * 160;
    // Spans of one chunk, one, two, four, eight, and then of so many.
    assert!(spans <= 5 + bytes / (MOST_CHUNKS * CHUNK) + 1, "{spans}");
    let (most, sum) = (calls.iter().max().unwrap(), calls.iter().sum::<usize>());
    assert!(calls[0] <= 10 && *most <= calls[0] + 1, "{most} after {}", calls[0]);
    assert!(sum <= spans * (calls[0] + 2) + bytes / PROVIDED, "{sum}");
}

#[test]
fn threads_look_up_while_code_is_added_and_sets_come_and_go() {
    let range = range();
    let (kept, grown) = (CodeSet::new(&range), CodeSet::new(&range));
    let fixed: Vec<usize> =
        (0..2000).map(|func| place(&kept, 64, NativeKind::Baseline, func).unwrap()).collect();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut rounds = 0;
                    while rounds == 0 || !done.load(Ordering::Relaxed) {
                        for (func, &at) in (0..).zip(&fixed) {
                            assert_eq!(find(&range, at + 63), Some((NativeKind::Baseline, func, at)));
                        }
                        rounds += 1;
                    }
                })
            })
            .collect();
        // Whoever is told of an address finds it at once, with all that was written.
        let (tell, told) = std::sync::mpsc::channel();
        let range = &range;
        let follower = scope.spawn(move || {
            for (func, at) in told {
                assert_eq!(find(range, at), Some((NativeKind::Optimized, func, at)));
                assert!(read(at, 200).iter().all(|&byte| byte == func as u8));
            }
        });
        for func in 0..5000 {
            let code = NativeCode { bytes: vec![func as u8; 200], pool: 200, relocs: Vec::new() };
            let at =
                grown.add(&mut code.clone(), NativeKind::Optimized, func, Box::default(), |_| 0).unwrap();
            tell.send((func, at)).unwrap();
            // Its neighbours appear and go.
            let passing = CodeSet::new(range);
            place(&passing, CHUNK / 2 + func as usize, NativeKind::Thunk, func).unwrap();
        }
        drop(tell);
        follower.join().unwrap();
        done.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}
