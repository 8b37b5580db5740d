//! What profilers and debuggers are told of native code: the files are read as `perf` reads them, by the formats' specifications
//! (`jit-interface.txt` and `jitdump-specification.txt` in `tools/perf/Documentation` of Linux), and the list of functions as gdb
//! does ("JIT Compilation Interface" in its manual).
//!
//! The files belong to the process and one of them to its working directory, so one test is about both.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};

use upshift::{Config, Engine, Instance, Module, ProfilingStrategy, Result, Store, Tier, Tiers};

const MODULE: &str = r#"(module $shop
    (memory 1)
    (func $_ZN4shop5total17h0123456789abcdefE (export "total") (param i32 i32) (result i32)
        (i32.mul (i32.load (local.get 0)) (local.get 1)))
    (func (export "a\nb") (result i32) (i32.const 7))
    (func $never))"#;

/// Calls all functions of the module but the last one in native code, and answers the machine code of each, and what the process
/// had mapped.
fn run(strategy: ProfilingStrategy) -> Result<(Vec<Vec<u8>>, String)> {
    let engine = Engine::new(Config::new().tiers(Tiers::Only(Tier::Baseline)).profiler(strategy))?;
    let module = Module::new(&engine, MODULE)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let total = instance.get_typed_func::<(i32, i32), i32>(&mut store, "total")?;
    assert_eq!(total.call(&mut store, (8, 3))?, 0);
    // A second call compiles nothing.
    assert_eq!(total.call(&mut store, (8, 3))?, 0);
    assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "a\nb")?.call(&mut store, ())?, 7);
    let code = (0..2).map(|func| module.machine_code(func, Tier::Baseline)).collect::<Result<_>>()?;
    Ok((code, fs::read_to_string("/proc/self/maps")?))
}

const NAMES: [&str; 2] = ["shop!shop::total", r"shop!a\nb"];

#[test]
fn profilers_find_names_and_code() -> Result<()> {
    if !Tier::Baseline.is_available() {
        return Ok(());
    }
    let pid = std::process::id();
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("profile-{pid}"));
    fs::create_dir_all(&dir)?;
    std::env::set_current_dir(&dir)?;
    let map = format!("/tmp/perf-{pid}.map");

    run(ProfilingStrategy::None)?;
    assert!(!Path::new(&map).exists() && fs::read_dir(&dir)?.next().is_none());

    let (code, maps) = run(ProfilingStrategy::PerfMap)?;
    let text = fs::read_to_string(&map)?;
    fs::remove_file(&map)?;
    check_map(&text, &code, &maps);

    let dump = dir.join(format!("jit-{pid}.dump"));
    let (code, maps) = run(ProfilingStrategy::JitDump)?;
    let marks = maps.lines().filter(|line| line.contains("/jit-") && line.contains(" r-xp "));
    assert_eq!(marks.count(), 1, "{maps}");
    let first = fs::read(&dump)?;
    let mut seen = check_dump(&first, pid, &code);
    assert_eq!(seen.closed, 1);
    assert!(!fs::read_to_string("/proc/self/maps")?.contains("/jit-"), "the mark of the file is still there");
    // The next engine's functions come behind, and none has a number that there was.
    run(ProfilingStrategy::JitDump)?;
    let both = fs::read(&dump)?;
    assert_eq!(both[..first.len()], first);
    seen = check_dump(&both, pid, &[code.clone(), code].concat());
    seen.indices.dedup();
    assert_eq!((seen.closed, seen.indices.len()), (2, 4));
    fs::remove_dir_all(&dir)?;
    Ok(())
}

/// Each line is `address size name`. `perf` looks into the map for what lies in memory without a name, shared memory included, which
/// the system calls `/dev/zero`.
fn check_map(text: &str, code: &[Vec<u8>], maps: &str) {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.splitn(3, ' ').collect()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    let mut end = 0;
    for ((line, name), code) in lines.iter().zip(NAMES).zip(code) {
        let number = |text: &str| usize::from_str_radix(text, 16).expect("a number in hexadecimal");
        let (address, len) = (number(line[0]), number(line[1]));
        assert_eq!((line[2], len), (name, code.len()), "{text}");
        assert!(address >= end && address.is_multiple_of(16), "{text}");
        end = address + len;
        let mapped = maps.lines().find(|line| {
            let (first, behind) =
                line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
            (number(first)..number(behind)).contains(&address)
        });
        let mapped = mapped.expect("code lies in memory");
        assert!(mapped.contains(" r-xs ") && mapped.contains("/dev/zero"), "{mapped}");
    }
}

#[derive(Default)]
struct Seen {
    closed: usize,
    indices: Vec<u64>,
}

/// Numbers from the start of bytes, which are taken away.
fn u32_of(bytes: &mut &[u8]) -> u32 {
    let (number, rest) = bytes.split_at(4);
    *bytes = rest;
    u32::from_ne_bytes(number.try_into().expect("4 bytes"))
}

fn u64_of(bytes: &mut &[u8]) -> u64 {
    let (number, rest) = bytes.split_at(8);
    *bytes = rest;
    u64::from_ne_bytes(number.try_into().expect("8 bytes"))
}

/// A header of 40 bytes, then records: kind, length, time, and of loaded code process, thread, where it runs, where it is, its
/// length, its number, its name and itself.
fn check_dump(dump: &[u8], pid: u32, expected: &[Vec<u8>]) -> Seen {
    let mut rest = dump;
    let head = [(); 6].map(|()| u32_of(&mut rest));
    assert_eq!(head, [u32::from_be_bytes(*b"JiTD"), 1, 40, 62, 0, pid]);
    let (mut time, flags) = (u64_of(&mut rest), u64_of(&mut rest));
    assert_eq!(flags, 0);
    let (mut seen, mut codes) = (Seen::default(), Vec::new());
    while !rest.is_empty() {
        let (kind, len) = (u32_of(&mut rest), u32_of(&mut rest) as usize);
        let at = u64_of(&mut rest);
        assert!(at >= time, "time goes back");
        time = at;
        let (mut record, behind) = rest.split_at(len - 16);
        rest = behind;
        if kind == 3 {
            assert!(record.is_empty());
            seen.closed += 1;
            continue;
        }
        assert_eq!((kind, u32_of(&mut record)), (0, pid));
        let _thread = u32_of(&mut record);
        let (runs, is) = (u64_of(&mut record), u64_of(&mut record));
        assert_eq!(runs, is);
        let len = u64_of(&mut record) as usize;
        seen.indices.push(u64_of(&mut record));
        let (name, code) = record.split_at(record.len() - len);
        let name = name.strip_suffix(b"\0").expect("a name ends with a zero");
        assert_eq!(name, NAMES[codes.len() % 2].as_bytes());
        codes.push(code.to_vec());
    }
    assert_eq!(codes, expected);
    seen
}

/// What a debugger looks at.
#[cfg(target_arch = "x86_64")]
mod list {
    #[repr(C)]
    pub(crate) struct Descriptor {
        pub(crate) version: u32,
        pub(crate) action: u32,
        pub(crate) relevant: *const Entry,
        pub(crate) first: *const Entry,
    }

    #[repr(C)]
    pub(crate) struct Entry {
        pub(crate) next: *const Entry,
        pub(crate) previous: *const Entry,
        pub(crate) file: *const u8,
        pub(crate) len: u64,
    }

    unsafe extern "C" {
        pub(crate) static __jit_debug_descriptor: Descriptor;
    }

    /// The files of all functions in the list.
    pub(crate) fn files() -> Vec<Vec<u8>> {
        let mut files = Vec::new();
        // SAFETY: one test alone lets the list change, the one that asks.
        unsafe {
            let descriptor = &raw const __jit_debug_descriptor;
            assert_eq!(((*descriptor).version, (*descriptor).action), (1, 0));
            let (mut entry, mut previous) = ((*descriptor).first, std::ptr::null());
            while !entry.is_null() {
                assert_eq!((*entry).previous, previous);
                files.push(std::slice::from_raw_parts((*entry).file, (*entry).len as usize).to_vec());
                (previous, entry) = (entry, (*entry).next);
            }
        }
        files
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn debuggers_know_a_function_as_long_as_its_code_is_there() -> Result<()> {
    if !Tier::Baseline.is_available() {
        return Ok(());
    }
    let engine = Engine::new(Config::new().tiers(Tiers::Only(Tier::Baseline)).debug_info(true))?;
    let module = |name: &str| {
        let text = format!(r#"(module ${name} (func $f (export "f")) (func $g (export "g")) (func $never))"#);
        Module::new(&engine, text)
    };
    let call = |module: &Module| -> Result<()> {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, module, &[])?;
        for name in ["f", "g"] {
            instance.get_typed_func::<(), ()>(&mut store, name)?.call(&mut store, ())?;
        }
        Ok(())
    };
    let names = || {
        let mut names = Vec::new();
        for file in list::files() {
            assert!(file.starts_with(b"\x7fELF"));
            let text = String::from_utf8_lossy(&file).into_owned();
            names
                .extend(["a!f", "a!g", "b!f", "b!g", "never"].into_iter().filter(|name| text.contains(name)));
        }
        names.sort_unstable();
        names
    };
    let (a, b) = (module("a")?, module("b")?);
    assert_eq!(names(), [""; 0]);
    call(&a)?;
    call(&b)?;
    // Another instance has the same code.
    call(&a)?;
    assert_eq!(names(), ["a!f", "a!g", "b!f", "b!g"]);
    drop(a);
    assert_eq!(names(), ["b!f", "b!g"]);
    drop(b);
    assert_eq!(names(), [""; 0]);
    Ok(())
}
