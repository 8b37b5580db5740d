//! Native code as memory: it runs, no page of it is writable where it is executable, it goes with its set, and processes that are
//! forked do not see each other's. Most of that takes a process of its own.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::Resource;
use upshift_asm::NativeCode;

use super::pages::Way;
use super::range::{self, CHUNK, CodeRange};
use super::{CodeKind, CodeSet, Fault, NativeKind, NoNativeCode, Stub, kind_of, stubs};
use crate::vm::apart::{self, forbid_executable_pages, limit};

/// Code that returns a number.
fn returning(number: u32) -> NativeCode {
    let mut bytes = vec![0xb8];
    bytes.extend(number.to_le_bytes());
    bytes.push(0xc3);
    let pool = bytes.len() as u32;
    NativeCode { bytes, pool, relocs: Vec::new() }
}

fn add(set: &CodeSet<'_>, number: u32) -> usize {
    set.add(&mut returning(number), NativeKind::Baseline, number, Box::default(), |_| 0)
        .expect("there is memory")
}

/// Calls what `returning` made.
fn call(at: usize) -> u32 {
    let code: *const u8 = std::ptr::with_exposed_provenance(at);
    // SAFETY: the code of a set that lives is a function of this kind.
    unsafe { std::mem::transmute::<*const u8, extern "C" fn() -> u32>(code)() }
}

fn range_of(way: Way) -> CodeRange {
    let ways: &'static [Way] = match way {
        Way::File => &[Way::File],
        Way::Pages => &[Way::Pages],
    };
    CodeRange::reserve(16 << 20, ways).expect("there is address space")
}

/// The mappings of this process: bounds, permissions and the rest of the line.
fn mappings() -> Vec<(usize, usize, String, String)> {
    let text = std::fs::read_to_string("/proc/self/maps").unwrap();
    let parse = |line: &str| {
        let (bounds, rest) = line.split_once(' ')?;
        let (start, end) = bounds.split_once('-')?;
        let address = |text| usize::from_str_radix(text, 16).ok();
        Some((address(start)?, address(end)?, rest[..4].to_string(), rest[4..].to_string()))
    };
    text.lines().map(|line| parse(line).expect("the system's format")).collect()
}

/// How an address may be accessed.
fn permissions(at: usize) -> String {
    let found = mappings().into_iter().find(|(start, end, ..)| (*start..*end).contains(&at));
    found.expect("something is mapped there").2
}

#[test]
fn stubs_native_code_and_the_rest_are_told_apart() {
    // SAFETY: each address is in no set, or in one that lives.
    let kind = |pc| unsafe { kind_of(pc) };
    assert_eq!(kind(stubs::exit().addr()), CodeKind::Stub(Stub::Exit));
    assert_eq!(kind(stubs::restore().addr()), CodeKind::Stub(Stub::Restore));
    assert_eq!(kind(stubs::translate().addr() + 8), CodeKind::Stub(Stub::Translate));
    assert_eq!(kind(stubs::host_call().addr() + 8), CodeKind::Stub(Stub::HostCall));
    let words = [0u64; 2];
    assert_eq!(kind(words.as_ptr().addr()), CodeKind::Interpreter);

    let set = CodeSet::new(range::reserved().expect("there is address space"));
    let at = add(&set, 3);
    assert_eq!(kind(at + returning(3).bytes.len() - 1), CodeKind::Native(NativeKind::Baseline));
    assert_eq!(kind(at + returning(3).bytes.len()), CodeKind::Nothing);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn code_runs_and_is_never_writable_there() {
    for way in Way::ALL {
        let range = range_of(way);
        let set = CodeSet::new(&range);
        let code: Vec<usize> = (0..3000).map(|number| add(&set, number)).collect();
        for (number, &at) in (0..).zip(&code) {
            assert_eq!(call(at), number);
        }
        let large = NativeCode { bytes: vec![0x90; 3 * CHUNK], pool: 0, relocs: Vec::new() };
        let large = set.add(&mut large.clone(), NativeKind::Baseline, 1, Box::default(), |_| 0).unwrap();
        for at in [code[0], code[2999], large, large + 3 * CHUNK - 1] {
            assert_eq!(permissions(at), "r-xs", "{way:?}");
        }
        let end = range.base() + range.chunks() * CHUNK;
        for (start, _, permissions, rest) in mappings() {
            assert!(
                !(permissions.contains('w') && permissions.contains('x')),
                "{start:x} {permissions} {rest}"
            );
            let inside = (range.base()..end).contains(&start);
            assert!(
                !inside || permissions == "r-xs" || permissions == "---p",
                "{start:x} {permissions} {rest}"
            );
        }
        drop(set);
        assert_eq!(permissions(code[0]), "---p", "{way:?}");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn code_runs_while_more_is_added() {
    let range = range_of(Way::File);
    let set = CodeSet::new(&range);
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (number, at) in told {
                assert_eq!(call(at), number);
            }
        });
        (0..20_000).for_each(|number| tell.send((number, add(&set, number))).unwrap());
        drop(tell);
    });
}

#[test]
fn what_the_system_refuses_costs_no_address_space() {
    let range = CodeRange::reserve(16 << 20, &[]).expect("there is address space");
    for _ in 0..range.chunks() + 1 {
        match range.map(1) {
            Err(NoNativeCode::Memory(ways)) => assert!(ways.is_empty()),
            other => panic!("{other:?}"),
        }
    }
    match range.map(range.chunks() + 1) {
        Err(NoNativeCode::Full) => {}
        other => panic!("{other:?}"),
    }
}

/// The parts of a process that grow if something is not given back: mappings, kilobytes of address space and of memory, files.
fn use_of_process() -> [usize; 4] {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the system tells");
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().unwrap()
    };
    let files = std::fs::read_dir("/proc/self/fd").unwrap().count();
    [mappings().len(), field("VmSize:"), field("VmRSS:"), files]
}

#[test]
#[cfg(target_arch = "x86_64")]
fn code_memory_stays_flat_over_many_sets() {
    if apart::task().is_none() {
        apart::succeeds("", "vm::code::tests::code_memory_stays_flat_over_many_sets", "flat");
        return;
    }
    for way in Way::ALL {
        let range = range_of(way);
        // Some live on beside those that come and go.
        let kept: Vec<_> = (0..10).map(|_| CodeSet::new(&range)).collect();
        let kept_code: Vec<usize> = (0..).zip(&kept).map(|(number, set)| add(set, number)).collect();
        let mut before = [0; 4];
        for number in 0..10_000 {
            if number == 100 {
                before = use_of_process();
            }
            let set = CodeSet::new(&range);
            let code = NativeCode { bytes: vec![0x90; 20_000], pool: 0, relocs: Vec::new() };
            set.add(
                &mut code.clone(),
                NativeKind::Baseline,
                0,
                vec![Fault::new(1, 0, None); 100].into(),
                |_| 0,
            )
            .unwrap();
            assert_eq!(call(add(&set, number)), number);
        }
        let after = use_of_process();
        // Less than a kilobyte for ten sets.
        let slack = [2, 1000, 1000, 0];
        for (what, slack) in slack.into_iter().enumerate() {
            assert!(after[what] <= before[what] + slack, "{way:?}: {before:?} {after:?}");
        }
        for (number, &at) in (0..).zip(&kept_code) {
            assert_eq!(call(at), number);
        }
    }
}

/// What the memory of the process's own range is, by its name among the mappings; or why there is none.
fn try_native_code() -> Result<String, NoNativeCode> {
    let set = CodeSet::create()?;
    let at = add(&set, 5);
    assert_eq!(call(at), 5);
    let found = mappings().into_iter().find(|(start, end, ..)| (*start..*end).contains(&at));
    Ok(found.expect("it is mapped").3)
}

#[test]
#[cfg(target_arch = "x86_64")]
fn limits_and_prohibitions() {
    const TEST: &str = "vm::code::tests::limits_and_prohibitions";
    let Some(task) = apart::task() else {
        let tasks = [
            ("", "nothing"),
            ("ulimit -f 0;", "file size"),
            ("ulimit -f 1000;", "nothing"),
            ("ulimit -v 1000000;", "address space"),
            ("", "no address space"),
            ("", "no files"),
            ("", "no executable pages"),
            ("ulimit -f 0;", "no executable memory"),
        ];
        tasks.iter().for_each(|(limit, task)| apart::succeeds(limit, TEST, task));
        return;
    };
    let is_file = |result: Result<String, NoNativeCode>| result.unwrap().contains("memfd:upshift-code");
    match task.as_str() {
        "nothing" => assert!(is_file(try_native_code())),
        "file size" => assert!(!is_file(try_native_code())),
        "address space" => {
            assert!(is_file(try_native_code()));
            let range = range::known().unwrap();
            // Memories get most of the 1,000,000 kilobytes.
            assert!(range.chunks() * CHUNK <= 128 << 20, "{}", range.chunks());
            // It is in use nevertheless, to its end.
            let set = CodeSet::create().unwrap();
            let code = NativeCode { bytes: vec![0x90; 40 << 20], pool: 0, relocs: Vec::new() };
            set.add(&mut code.clone(), NativeKind::Baseline, 0, Box::default(), |_| 0).unwrap();
        }
        "no address space" => {
            limit(Resource::As, use_of_process()[1] as u64 * 1024 + (4 << 20));
            let error = try_native_code().unwrap_err();
            assert!(matches!(error, NoNativeCode::AddressSpace(_)), "{error}");
            assert!(error.to_string().contains("no address space"), "{error}");
        }
        "no files" => {
            assert!(is_file(try_native_code()));
            limit(Resource::Nofile, 0);
            let set = CodeSet::create().unwrap();
            assert_eq!(call(add(&set, 5)), 5);
        }
        "no executable pages" => {
            forbid_executable_pages();
            // The file was never writable there.
            assert!(is_file(try_native_code()));
            let pages = range_of(Way::Pages);
            let Err(NoNativeCode::Memory(ways)) = pages.map(1) else { panic!("there are none") };
            assert_eq!(ways.len(), 1);
        }
        "no executable memory" => {
            forbid_executable_pages();
            let error = try_native_code().unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("the system gives no memory that may be executed: as a file in memory: "),
                "{text}"
            );
            assert!(text.contains(", as shared pages: ") && !text.contains('\n'), "{text}");
            // Nobody has to know before: a later attempt may succeed, and costs nothing that lasts.
            let before = use_of_process();
            (0..1000).for_each(|_| assert!(CodeSet::create().is_err()));
            let after = use_of_process();
            assert!(after[0] <= before[0] + 1 && after[1] <= before[1] + 1000, "{before:?} {after:?}");
        }
        _ => panic!("{task}"),
    }
}

/// A way to wait for the other process, and to let it go on.
struct Turns(PipeReader, PipeWriter);

impl Turns {
    fn pair() -> [Turns; 2] {
        let ((read_a, write_a), (read_b, write_b)) = (std::io::pipe().unwrap(), std::io::pipe().unwrap());
        [Turns(read_a, write_b), Turns(read_b, write_a)]
    }

    fn give(&mut self) {
        self.1.write_all(&[1]).unwrap();
    }

    fn take(&mut self) {
        self.0.read_exact(&mut [0]).unwrap();
    }
}

/// Forks; each process goes on with what there is, and both have to succeed.
fn fork<T>(state: T, child: impl FnOnce(T, Turns), parent: impl FnOnce(T, Turns)) {
    let [ours, theirs] = Turns::pair();
    // SAFETY: the child only uses what belongs to the thread that forks.
    match unsafe { libc::fork() } {
        0 => {
            drop(ours);
            let result = catch_unwind(AssertUnwindSafe(|| child(state, theirs)));
            // SAFETY: the process ends.
            unsafe { libc::_exit(result.is_err().into()) };
        }
        pid => {
            drop(theirs);
            let result = catch_unwind(AssertUnwindSafe(|| parent(state, ours)));
            let mut status = 0;
            // SAFETY: the child is ours.
            let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
            assert_eq!((waited, status), (pid, 0), "the child succeeds");
            result.unwrap();
        }
    }
}

/// Fills a set with code that returns a number, over all that was in its chunks.
fn overwrite(set: &CodeSet<'_>, number: u32) -> usize {
    (0..CHUNK / 16).map(|_| add(set, number)).last().unwrap()
}

fn fork_with_code(way: Way) {
    let range = range_of(way);
    let (set, other) = (CodeSet::new(&range), CodeSet::new(&range));
    let (first, kept) = (add(&set, 1), add(&other, 9));
    fork(
        (set, other),
        |(set, other), mut turns| {
            assert_eq!((call(first), call(kept)), (1, 9));
            // Nothing of the parent's can be written here.
            assert!(mappings().iter().all(|(_, _, permissions, rest)| {
                !(permissions.contains('w') && rest.contains("upshift-code"))
            }));
            let second = add(&set, 2);
            assert_eq!(call(second), 2);
            let mine = CodeSet::new(&range);
            let third = overwrite(&mine, 3);
            turns.give();
            turns.take();
            // The parent has dropped its set and written over where it was.
            assert_eq!((call(first), call(second), call(third), call(kept)), (1, 2, 3, 9));
            // In its child it is the same.
            fork(
                &set,
                |set, _| {
                    assert_eq!((call(first), call(second), call(third)), (1, 2, 3));
                    assert_eq!(call(overwrite(set, 4)), 4);
                    assert_eq!((call(first), call(second), call(third)), (1, 2, 3));
                },
                |set, _| {
                    assert_eq!(call(overwrite(set, 5)), 5);
                    assert_eq!((call(first), call(second), call(third)), (1, 2, 3));
                },
            );
            drop((mine, other));
            let fourth = overwrite(&CodeSet::new(&range), 7);
            assert!(range.contains(fourth));
            turns.give();
            turns.take();
        },
        |(set, other), mut turns| {
            turns.take();
            let second = add(&set, 12);
            assert_eq!((call(first), call(second), call(kept)), (1, 12, 9));
            drop(set);
            let new = CodeSet::new(&range);
            // It has the place of the one that was dropped.
            let at = overwrite(&new, 99);
            assert_eq!(at / CHUNK, first / CHUNK);
            turns.give();
            turns.take();
            // The child has dropped the other one, and written over where it was.
            assert_eq!((call(kept), call(at), call(add(&other, 10))), (9, 99, 10));
            turns.give();
        },
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
fn processes_that_are_forked_have_code_of_their_own() {
    if apart::task().is_none() {
        apart::succeeds("", "vm::code::tests::processes_that_are_forked_have_code_of_their_own", "fork");
        return;
    }
    Way::ALL.into_iter().for_each(fork_with_code);
}
