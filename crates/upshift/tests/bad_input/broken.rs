//! Bytes that are no module, or hardly one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use upshift::{Engine, Linker, Module, Result, Store};

use crate::rng::Rng;
use crate::{fixtures, in_parallel};

/// Where sections end: only there a module may be cut off and still be one.
fn section_ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = vec![8];
    let mut at = 8;
    while at < bytes.len() {
        let (mut size, mut shift) = (0, 0);
        at += 1;
        loop {
            let byte = bytes[at];
            at += 1;
            size |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += size;
        ends.push(at);
    }
    ends
}

/// The errors of broken modules say what and where.
fn assert_clear(result: Result<Module>, what: &str) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => {
            let text = format!("{error:#}");
            assert!(text.contains("offset 0x"), "{what}: {text}");
            false
        }
    }
}

/// Some hundreds of numbers from `least` to below `end`, each by the same factor larger than the one before.
fn growing(least: usize, end: usize) -> impl Iterator<Item = usize> {
    const COUNT: i32 = 300;
    let factor = (end as f64 / least.max(1) as f64).powf(1.0 / f64::from(COUNT));
    let numbers = (0..COUNT).map(move |i| (least as f64 * factor.powi(i)) as usize);
    numbers.filter(move |number| (least..end).contains(number))
}

#[test]
fn truncated() {
    // Up to this length each one is tried, and some hundreds beyond it, fewer the longer they are: every prefix is read from
    // its start, and what stands before the cut does not matter to it.
    let dense =
        std::env::var("UPSHIFT_FUZZ_TRUNCATE").map_or(2 << 10, |text| text.parse().expect("it is a number"));
    let engine = Engine::default();
    let (mut cases, mut valid) = (0, 0);
    for (name, bytes) in fixtures() {
        let ends = section_ends(&bytes);
        assert_eq!(ends.last(), Some(&bytes.len()), "{name}");
        let sparse = growing(dense, bytes.len());
        let near_ends = ends.iter().flat_map(|&end| end.saturating_sub(3)..(end + 3).min(bytes.len()));
        let mut lens: Vec<usize> = (0..bytes.len().min(dense)).chain(sparse).chain(near_ends).collect();
        lens.sort_unstable();
        lens.dedup();
        let whole = AtomicUsize::new(0);
        in_parallel(lens.len(), |i| {
            let len = lens[i];
            if assert_clear(Module::from_binary(&engine, &bytes[..len]), &format!("{name} cut at {len}")) {
                assert!(ends.contains(&len), "{name} cut at {len} is accepted");
                whole.fetch_add(1, Ordering::Relaxed);
            }
        });
        cases += lens.len();
        valid += whole.into_inner();
    }
    println!("truncated: {cases} prefixes, {valid} of them modules");
    assert!(cases > 30_000 && valid > 20);
}

fn mutate(rng: &mut Rng, fixtures: &[(String, Vec<u8>)]) -> (String, Vec<u8>) {
    let (name, bytes) = rng.pick(fixtures);
    let mut bytes = bytes.clone();
    for _ in 0..1 + rng.below(2) {
        let at = rng.below(bytes.len());
        let len = 1 + rng.below(4).min(bytes.len() - at - 1);
        match rng.below(6) {
            0 | 1 => bytes[at] = rng.next() as u8,
            2 => bytes[at] ^= 1 << rng.below(8),
            3 => drop(bytes.splice(at..at, rng.bytes(len))),
            4 => drop(bytes.drain(at..at + len)),
            _ => {
                let from = rng.below(bytes.len() - len);
                bytes.copy_within(from..from + len, at);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    (name.clone(), bytes)
}

#[test]
fn mutated() {
    const CASES: usize = 10_000;
    let fixtures = fixtures();
    let engine = Engine::default();
    let counts = [const { AtomicUsize::new(0) }; 4];
    let [valid, translated, instantiated, failed] = &counts;
    in_parallel(CASES, |i| {
        let mut rng = Rng::of_item(5, i as u64);
        let (name, bytes) = mutate(&mut rng, &fixtures);
        let Ok(module) = Module::from_binary(&engine, &bytes) else {
            assert_clear(Module::from_binary(&engine, &bytes), &format!("{name}, mutation {i}"));
            return;
        };
        valid.fetch_add(1, Ordering::Relaxed);
        for func in module.func_bodies() {
            // This translates the function, verifies and decodes the result.
            module.dump_ir(func).unwrap();
            translated.fetch_add(1, Ordering::Relaxed);
        }
        if module.info().start.is_some() {
            return;
        }
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.allow_shadowing(true).define_unknown_imports_as_traps(&module).unwrap();
        match linker.instantiate(&mut store, &module) {
            Ok(_) => instantiated.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                assert!(!format!("{error:#}").is_empty());
                failed.fetch_add(1, Ordering::Relaxed)
            }
        };
    });
    let [valid, translated, instantiated, failed] = counts.map(AtomicUsize::into_inner);
    println!(
        "mutated: {CASES} modules, {valid} valid, {translated} functions translated, {instantiated} instantiated, \
         {failed} failed to"
    );
    assert!(valid > 400 && translated > 20_000 && instantiated > 400);
}

/// A number in LEB128.
fn leb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = value as u8 & 0x7f;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A module of sections with their contents.
fn module(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in sections {
        bytes.push(*id);
        bytes.extend(leb(content.len() as u64));
        bytes.extend(*content);
    }
    bytes
}

#[test]
fn counts_without_bytes() {
    let engine = Engine::default();
    // Section numbers of the specification, from types to the count of data segments.
    let sections = 1..=12u8;
    let counts = [1 << 10, 100_001, 1_000_001, 1 << 28, 1 << 30, u64::from(u32::MAX)];
    let mut cases = 0;
    let mut check = |what: String, bytes: &[u8]| {
        let start = Instant::now();
        assert!(!assert_clear(Module::from_binary(&engine, bytes), &what), "{what} is accepted");
        let took = start.elapsed();
        assert!(took.as_secs_f64() < 0.5, "{what} took {took:?}");
        cases += 1;
    };
    for section in sections {
        for count in counts {
            // Alone, and with some zeros that may pass for items.
            for zeros in [0, 1, 100, 2000] {
                let content = [leb(count), vec![0; zeros]].concat();
                check(format!("section {section} claims {count} items"), &module(&[(section, &content)]));
            }
        }
    }
    let types: &[u8] = &[1, 0x60, 0, 0];
    for count in counts {
        let claim = leb(count);
        let body = |content: &[u8]| {
            let body = [leb(content.len() as u64), content.to_vec()].concat();
            [vec![1], body].concat()
        };
        // Functions without bodies, which is the cheapest large claim there is.
        check(
            format!("{count} functions"),
            &module(&[(1, types), (3, &[claim.clone(), vec![0; 50]].concat())]),
        );
        let mut check_body = |what: &str, content: Vec<u8>| {
            check(format!("{count} {what}"), &module(&[(1, types), (3, &[1, 0]), (10, &body(&content))]));
        };
        check_body("groups of locals", [claim.clone(), vec![0x7f; 10]].concat());
        check_body(
            "targets of br_table",
            [vec![0, 0x41, 0, 0x0e], claim.clone(), vec![0; 10], vec![0x0b]].concat(),
        );
        check_body("types of select", [vec![0, 0x1c], claim.clone(), vec![0x7f, 0x0b]].concat());
        check_body("bytes of one body", [vec![0], vec![0x02, 0x40], vec![0x0b]].concat());
        check(
            format!("{count} parameters"),
            &module(&[(1, &[vec![1, 0x60], claim.clone(), vec![0x7f; 9]].concat())]),
        );
        check(
            format!("{count} results"),
            &module(&[(1, &[vec![1, 0x60, 0], claim.clone(), vec![0x7f; 9]].concat())]),
        );
        check(
            format!("{count} bytes of a name"),
            &module(&[(7, &[vec![1], claim.clone(), vec![b'a'; 9]].concat())]),
        );
        check(
            format!("{count} elements of a segment"),
            &module(&[(9, &[vec![1, 1, 0], claim.clone(), vec![0; 9]].concat())]),
        );
        check(
            format!("{count} bytes of a data segment"),
            &module(&[(11, &[vec![1, 1], claim, vec![0; 9]].concat())]),
        );
    }
    // More locals than a function may have, in one group.
    for count in [50_001, 1 << 20, u64::from(u32::MAX)] {
        let content = [vec![1], leb(count), vec![0x7f, 0x0b]].concat();
        let body = [vec![1], leb(content.len() as u64), content].concat();
        check(format!("{count} locals"), &module(&[(1, types), (3, &[1, 0]), (10, &body)]));
    }
    println!("claims: {cases} cases");
}

#[test]
fn other_files() {
    let engine = Engine::default();
    let mut cases = 0;
    let mut check = |bytes: &[u8]| {
        let text = format!("{:#}", Module::from_binary(&engine, bytes).unwrap_err());
        assert!(!text.is_empty());
        let _ = Module::new(&engine, bytes).unwrap_err();
        cases += 1;
    };
    check(b"");
    check(b"\0");
    check(b"\0asm");
    check(b"\0asm\x01\0\0");
    check(b"\x7fELF\x02\x01\x01\0");
    check(b"(module");
    check(b"(module (func (result i32)))");
    check("(module (func \u{202e}))".as_bytes());
    check(&[b'('; 100_000]);
    check(&[0xff; 100_000]);
    let mut rng = Rng::new(11);
    for _ in 0..2000 {
        let len = rng.below(300);
        let noise = rng.bytes(len);
        if !noise.is_empty() {
            check(&[b"\0asm\x01\0\0\0", &*noise].concat());
            check(&noise);
        }
    }
    println!("other files: {cases} cases");
}
