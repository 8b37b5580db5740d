//! All flags, each defined once.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use upshift::{Dispatch, ModuleLimit, Optimization, ProfilingStrategy, Tier, Tiers};
use upshift_wasi::Access;

use crate::flags::options::{Dump, GuestDir, Stats, UnknownImports};
use crate::flags::{Effect, Flag, Given, IsTighter, Section, Takes, Verb, value};
use crate::limits::{DEFAULT_STACK, DEFAULT_TABLE, DEFAULT_THREADS, Growth};
use crate::timeline;

const RUN: &[Verb] = &[Verb::Run];
/// Those that time iterations.
const TIME: &[Verb] = &[Verb::Bench, Verb::Compare];
/// Those that look at a guest while it runs.
const MEASURE: &[Verb] = &[Verb::Bench, Verb::Compare, Verb::Analyze];
const ANALYZE: &[Verb] = &[Verb::Analyze];
/// Those that make code.
const MAKES_CODE: &[Verb] =
    &[Verb::Run, Verb::Bench, Verb::Compare, Verb::Analyze, Verb::Compile, Verb::Wast];
/// Those that have to do with code of earlier runs.
const CACHE: &[Verb] = &[Verb::Run, Verb::Cache];
/// Those that show functions.
const ONE_FUNCTION: &[Verb] = &[Verb::Run, Verb::Analyze];
/// Those that have a guest.
const GUEST: &[Verb] = &[Verb::Run, Verb::Bench, Verb::Compare, Verb::Analyze];
const EXECUTE: &[Verb] = &[Verb::Run, Verb::Bench, Verb::Compare, Verb::Analyze, Verb::Wast];
const LOAD: &[Verb] = &[
    Verb::Run,
    Verb::Bench,
    Verb::Compare,
    Verb::Analyze,
    Verb::Inspect,
    Verb::Validate,
    Verb::Compile,
    Verb::Wast,
];
const LIST: &[Verb] =
    &[Verb::Bench, Verb::Compare, Verb::Analyze, Verb::Inspect, Verb::Features, Verb::Cache];

/// What rows have that give the guest something, or say what is run: they end in this, in [`limit`] or in [`NEUTRAL`].
const GRANT: Flag = plain(Effect::Grants);
/// What rows have that are about how to execute, and what to show.
const NEUTRAL: Flag = plain(Effect::Neutral);

/// What rows have that limit the guest. `is_tighter` says whether a new value allows no more than what there was.
const fn limit(is_tighter: IsTighter) -> Flag {
    plain(Effect::Limits(is_tighter))
}

const fn plain(effect: Effect) -> Flag {
    Flag {
        name: "",
        takes: Takes::Nothing,
        help: "",
        more: "",
        section: Section::Guest,
        verbs: GUEST,
        wasmtime: None,
        effect,
        set: |_, _| Ok(()),
    }
}

pub(crate) const FLAGS: &[Flag] = &[
    Flag {
        name: "invoke",
        takes: Takes::Value("NAME"),
        help: "Call this export; ARGS are its arguments, `run` prints its results",
        more: "Integers are decimal or hexadecimal, signed or unsigned; floats may be `inf` and `nan`; \
               a vector is one unsigned integer of 128 bits; of references there is only `null`. The first of ARGS are \
               the values of its parameters; all of them are what the guest finds as its own arguments.",
        set: |options, given| put(&mut options.invoke, Some(given.text()?.into())),
        ..GRANT
    },
    Flag {
        name: "batch",
        verbs: RUN,
        help: "Call what the input says, a line `NAME ARGS...` for each call",
        more: "All calls are made in one instance. The results of each come on one line. What is wrong \
               with a line is told on the standard error, with its number, and the next one is called; \
               the exit code is 1 then. Empty lines and lines that begin with `#` are skipped. A word with blanks \
               in it, or one that begins with `\"` or `#`, stands in double quotes, within which escapes are those of \
               strings in the text format: `\"two words\" 1`, `\"a \\\"quote\\\"\"`, `\"\\u{a0}\"`. The guest's own input is \
               empty.",
        set: |options, given| put(&mut options.batch, given.switch()?),
        ..GRANT
    },
    Flag {
        name: "argv0",
        takes: Takes::Value("NAME"),
        help: "The guest's name for itself, instead of that of its file",
        set: |options, given| put(&mut options.argv0, Some(given.os().to_owned())),
        ..GRANT
    },
    Flag {
        name: "dir",
        takes: Takes::Value("HOST[::GUEST][:ro]"),
        help: "Give the guest a directory, with `:ro` only to be read; may be repeated",
        more: "GUEST is the guest's name for it, that of HOST if there is none. No path leads out of \
               it, whatever links there are.",
        set: |options, given| {
            let bytes = given.os().as_bytes();
            let (pair, access) = match bytes.strip_suffix(b":ro") {
                Some(pair) => (pair, Access::ReadOnly),
                None => (bytes, Access::ReadWrite),
            };
            let pair = OsStr::from_bytes(pair);
            let (host, guest) = value::split(pair, b"::").unwrap_or((pair, pair));
            let guest = guest.to_str().ok_or("the guest's name must be UTF-8")?.to_owned();
            options.dirs.push(GuestDir { host: host.into(), guest, access });
            Ok(())
        },
        ..GRANT
    },
    Flag {
        name: "env",
        takes: Takes::Value("NAME[=VALUE]"),
        help: "Give the guest a variable, without VALUE our own one; may be repeated",
        set: |options, given| {
            let (name, value) = match given.split(b"=") {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (given.os().to_owned(), std::env::var_os(given.os())),
            };
            // What this process does not have, the guest does not get.
            options.env.extend(value.map(|value| (name, value)));
            Ok(())
        },
        ..GRANT
    },
    Flag {
        name: "inherit-env",
        help: "Give the guest all variables of this process",
        wasmtime: Some(('S', "inherit-env")),
        set: |options, given| put(&mut options.inherit_env, given.switch()?),
        ..GRANT
    },
    Flag {
        name: "input",
        takes: Takes::Value("FILE"),
        verbs: MEASURE,
        help: "What the guest reads, each time from the beginning; nothing unless given",
        more: "With `--invoke` there is one guest, which reads it once.",
        set: |options, given| put(&mut options.input, Some(given.os().to_owned())),
        ..GRANT
    },
    Flag {
        name: "preload",
        takes: Takes::Value("NAME=FILE"),
        help: "Instantiate FILE first, to import from under NAME; may be repeated",
        set: |options, given| {
            let (name, file) = given.split(b"=").ok_or("expected NAME=FILE")?;
            let name = name.to_str().ok_or("the name must be UTF-8")?;
            options.preloads.push((name.into(), file.into()));
            Ok(())
        },
        ..GRANT
    },
    Flag {
        name: "tcplisten",
        verbs: RUN,
        takes: Takes::Value("ADDR:PORT"),
        help: "Listen there for the guest, whose descriptor it is; may be repeated",
        more: "Descriptors are numbered from 3 on, first all directories, then all listeners, each in \
               the order of the flags. The guest can accept connections, and read and write them. ADDR \
               is a number: names are not looked up.",
        wasmtime: Some(('S', "tcplisten")),
        set: |options, given| {
            let address = given.text()?.parse();
            options
                .listeners
                .push(address.map_err(|_| "expected ADDR:PORT, as in `127.0.0.1:8080` or `[::1]:8080`")?);
            Ok(())
        },
        ..GRANT
    },
    Flag {
        name: "threads",
        verbs: RUN,
        help: "Let the guest start threads, as programs for `wasm32-wasip1-threads` do",
        more: "Each runs in an instance of its own, with the memory that the module imports as a shared one; files, \
               streams and limits are the same for all. When one of them traps or exits, or the first one \
               ends, the program ends. Not together with `--deterministic`, `--fuel`, `--stats=count`, \
               `--unknown-imports-trap` and `--preload`.",
        wasmtime: Some(('S', "threads")),
        set: |options, given| put(&mut options.threads, given.switch()?),
        ..GRANT
    },
    Flag {
        name: "sandbox",
        section: Section::Limits,
        help: "Deny everything and limit everything that no flag allows or limits",
        more: "The guest gets the standard streams, 10 s of time (with `--deterministic` 10^10 units of fuel instead, and \
               10 minutes that only end what hangs), 256 MiB for each memory and for structs and arrays, 100 000 elements for each table, 1 MiB of \
               stack, and 16 instances, memories and tables (so 15 threads). On the command line it also keeps settings \
               files from being read that `--config` does not name.",
        set: |options, given| put(&mut options.sandbox, given.switch()?),
        ..limit(|new, old| new.sandbox || !old.sandbox)
    },
    Flag {
        name: "fuel",
        takes: Takes::Value("N"),
        verbs: EXECUTE,
        section: Section::Limits,
        help: "Stop the guest after so many operators",
        more: "For `wast`, that is for each script and each of its threads. `block`, `else`, `end`, `nop` and `drop` are \
               free. Bytes that are moved or made cost one more for each 64, also where WASI does it; calls of the host and \
               exceptions cost more, too.",
        wasmtime: Some(('W', "fuel")),
        set: |options, given| put(&mut options.limits.fuel, Some(given.count()?)),
        ..limit(|new, old| at_most(new.limits.fuel, old.limits.fuel))
    },
    Flag {
        name: "timeout",
        takes: Takes::Value("DURATION"),
        section: Section::Limits,
        help: "Stop the guest after this time: `100ms`, `2s`, `1m`",
        more: "A number alone is in seconds. The time begins with the process: reading and checking modules is in it, and \
               what is still said at the end, if somebody reads it. `bench` and `compare` give as much to loading and to \
               each iteration, `analyze` to the run and to what is told of it. Programs look at the clock at loop heads and \
               calls, which takes some time itself, and so does counting fuel; what waits is ended with the process.",
        wasmtime: Some(('W', "timeout")),
        set: |options, given| put(&mut options.limits.timeout, Some(given.duration()?)),
        ..limit(|new, old| at_most(new.limits.timeout, old.limits.timeout))
    },
    Flag {
        name: "max-memory",
        takes: Takes::Value("SIZE"),
        section: Section::Limits,
        help: "Stop the guest when it would take more in all: `64KiB`, `1MB`, `2GiB`",
        more: "Memories, tables and objects count, those of `--preload` and of all threads, and what all threads \
               but the first may want for themselves: their stack and some more. `-W max-memory-size` limits each \
               memory for itself, and does not stop the guest: its `memory.grow` returns -1.",
        wasmtime: Some(('W', "max-memory-size")),
        set: |options, given| {
            let size = given.size()?;
            if given.grouped {
                options.limits.memory = Some(growth(size, given));
            } else {
                options.limits.total_memory = Some(size);
            }
            Ok(())
        },
        ..limit(|new, old| {
            at_most(new.limits.total_memory, old.limits.total_memory)
                && at_most(most(new.limits.memory), most(old.limits.memory))
        })
    },
    Flag {
        name: "max-gc-heap",
        takes: Takes::Value("SIZE"),
        section: Section::Limits,
        help: "Stop the guest when the heap of its structs and arrays would take more",
        more: "Objects lie in a half of the heap, and those that are still wanted are copied to the other one; both \
               halves count, so objects can take half of the size. Each thread has a heap of its own. Unless set, the \
               heap is limited like a memory.",
        set: |options, given| put(&mut options.limits.gc_heap, Some(given.size()?)),
        ..limit(|new, old| at_most(new.limits.gc_heap, old.limits.heap_in_all()))
    },
    Flag {
        name: "max-table-elements",
        takes: Takes::Value("N"),
        section: Section::Limits,
        help: "Stop the guest when a table would become larger",
        more: "Unless set, its `table.grow` returns -1 above 10 million elements. As `-W max-table-elements` it does not stop the guest: its `table.grow` returns -1.",
        wasmtime: Some(('W', "max-table-elements")),
        set: |options, given| put(&mut options.limits.table, Some(growth(given.length()?, given))),
        ..limit(|new, old| at_most(most(new.limits.table), most(old.limits.table).or(Some(DEFAULT_TABLE))))
    },
    Flag {
        name: "max-threads",
        takes: Takes::Value("N"),
        section: Section::Limits,
        verbs: RUN,
        help: "How many threads the guest may start at once, 1000 unless set",
        more: "The guest is told that one more cannot be started. Each has an instance, for which `--max-instances` \
               has to leave room.",
        set: |options, given| put(&mut options.limits.threads, Some(given.length()?)),
        ..limit(|new, old| at_most(new.limits.threads, old.limits.threads.or(Some(DEFAULT_THREADS))))
    },
    Flag {
        name: "max-stack",
        takes: Takes::Value("SIZE"),
        section: Section::Limits,
        help: "How much calls may be nested: size of the stack, 8 MiB unless set",
        wasmtime: Some(('W', "max-wasm-stack")),
        set: |options, given| {
            let size = given.size()?;
            if !(4096..=1 << 32).contains(&size) {
                return Err("expected a size from 4KiB to 4GiB".into());
            }
            options.limits.stack = Some(size);
            Ok(())
        },
        ..limit(|new, old| at_most(new.limits.stack, old.limits.stack.or(Some(DEFAULT_STACK))))
    },
    Flag {
        name: "stats",
        verbs: RUN,
        takes: Takes::Perhaps("count"),
        section: Section::Look,
        help: "Tell afterwards what the run took; with `=count` also how much fuel",
        more: "Counting makes the run slower. The number is that of `--fuel`. Calls of the host are those of the \
               guest's first thread. Of a run that waits when its time is over, what only the guest knows is left out.",
        set: |options, given| {
            let words = [("count", Some(Stats::Count)), ("true", Some(Stats::Cheap)), ("false", None)];
            options.stats = match given.value {
                Some(_) => given.choose(&words)?,
                None => Some(Stats::Cheap),
            };
            Ok(())
        },
        ..NEUTRAL
    },
    Flag {
        name: "trace-wasi",
        verbs: RUN,
        section: Section::Look,
        help: "Tell each call of WASI, with its arguments and what came of it",
        more: "The lines go to the standard error. They are for people to read; their form may change. \
               With `--deterministic`, what it answers itself is not among them.",
        set: |options, given| put(&mut options.trace_wasi, given.switch()?),
        ..NEUTRAL
    },
    Flag {
        name: "trace-tiers",
        verbs: RUN,
        takes: Takes::Value("FILE"),
        section: Section::Look,
        help: "Write when functions changed tiers, and where time went: .html, .json",
        more: "The `.html` is a page to look at in a browser, the `.json` what https://ui.perfetto.dev and `chrome://tracing` read: \
               when each function was translated, waited, was compiled and went to another tier, and which ran when, by samples, one \
               for each millisecond. Looking for samples slows short loops down. The file is written when the process ends, \
               whatever ends the guest.",
        set: |options, given| {
            if !timeline::is_known(given.os()) {
                return Err("expected a name that ends in `.json` or `.html`".into());
            }
            put(&mut options.trace_tiers, Some(given.os().to_owned()))
        },
        ..GRANT
    },
    Flag {
        name: "dump",
        verbs: RUN,
        takes: Takes::Value("ir|ssa|mach|asm|asm-bytes"),
        section: Section::Look,
        help: "Print functions, do not run: `ir` of tier 0, or machine code",
        more: "`asm` is the code of tier 1, or with `--tier opt` of tier 2, in hexadecimal, with the operators beside it; `asm-bytes` is \
               nothing but the bytes of its instructions, of one function, for a disassembler: \
               `objdump -D -b binary -m i386:x86-64 FILE`. Both can be had on any machine. `ssa` and `mach` are what tier 2 has of a \
               function after each of its steps.",
        set: |options, given| {
            let forms = [
                ("ir", Dump::Ir),
                ("ssa", Dump::Ssa),
                ("mach", Dump::Mach),
                ("asm", Dump::Asm),
                ("asm-bytes", Dump::AsmBytes),
            ];
            for what in given.text()?.split(',') {
                options.dump.push(value::choose(what.as_ref(), &forms)?);
            }
            Ok(())
        },
        ..GRANT
    },
    Flag {
        name: "func",
        verbs: ONE_FUNCTION,
        takes: Takes::Value("NAME|NUMBER"),
        section: Section::Look,
        help: "Of all functions, show only this one",
        more: "`analyze` runs nothing then: it shows what tier 2 makes of the function. In each loop, with those within it, what the \
               processor executes: instructions, how many values come back from the frame (`reloads`) and go there (`spills`) for \
               want of registers, moves, what is checked (bounds of memories, tables and arrays, and all else that may trap), calls, \
               and how often it runs instructions of the interpreter (`embedded`). Of each call, whether the callee is inlined, or \
               why not. Accesses to memories that lie in a large reservation need no check.",
        set: |options, given| put(&mut options.func, Some(given.text()?.into())),
        ..GRANT
    },
    Flag {
        name: "profile",
        takes: Takes::Value("perfmap|jitdump"),
        section: Section::Look,
        help: "Tell `perf` the names of functions with native code",
        more: "`perfmap` writes `/tmp/perf-PID.map`, which `perf report` reads; `jitdump` writes `jit-PID.dump` into the working \
               directory, with the code, for `perf record -k mono` and `perf inject --jit`. What the interpreter executes is \
               counted as the interpreter's: `--tier baseline` leaves it nothing.",
        set: |options, given| {
            let strategies =
                [("perfmap", ProfilingStrategy::PerfMap), ("jitdump", ProfilingStrategy::JitDump)];
            put(&mut options.profiler, given.choose(&strategies)?)
        },
        ..GRANT
    },
    Flag {
        name: "debug-info",
        section: Section::Look,
        help: "Tell a debugger, as gdb, the names of functions with native code",
        wasmtime: Some(('D', "debug-info")),
        set: |options, given| put(&mut options.debug_info, given.switch()?),
        ..NEUTRAL
    },
    Flag {
        name: "json",
        section: Section::Look,
        verbs: LIST,
        help: "Print JSON",
        set: |options, given| put(&mut options.json, given.switch()?),
        ..NEUTRAL
    },
    Flag {
        name: "guest-output",
        section: Section::Look,
        verbs: MEASURE,
        help: "Show what the guest prints, on the standard error",
        more: "Otherwise its output is discarded. What it writes to its standard error is shown in any case, \
               but of several iterations only that of the first.",
        set: |options, given| put(&mut options.guest_output, given.switch()?),
        ..NEUTRAL
    },
    Flag {
        name: "static",
        section: Section::Look,
        verbs: ANALYZE,
        help: "Do not run the program: show only how large functions are",
        set: |options, given| put(&mut options.is_static, given.switch()?),
        ..NEUTRAL
    },
    Flag {
        name: "top",
        takes: Takes::Value("N"),
        section: Section::Look,
        verbs: ANALYZE,
        help: "Show so many functions, 20 unless set; JSON has all",
        set: |options, given| put(&mut options.top, Some(given.length()?)),
        ..NEUTRAL
    },
    Flag {
        name: "all",
        section: Section::Look,
        verbs: ANALYZE,
        help: "Show all functions",
        set: |options, given| {
            if given.switch()? {
                options.top = Some(usize::MAX);
            }
            Ok(())
        },
        ..NEUTRAL
    },
    Flag {
        name: "iterations",
        takes: Takes::Value("N"),
        section: Section::How,
        verbs: TIME,
        help: "Measure so often, instead of as often as fits into the time",
        set: |options, given| put(&mut options.iterations, Some(given.length()?)),
        ..NEUTRAL
    },
    Flag {
        name: "time",
        takes: Takes::Value("DURATION"),
        section: Section::How,
        verbs: TIME,
        help: "Measure for so long, 2s unless set",
        more: "Twelve iterations are measured in any case, and not more than 100 000, unless `--iterations` says \
               how many; with both, whichever comes first ends it.",
        set: |options, given| put(&mut options.time, Some(given.duration()?)),
        ..NEUTRAL
    },
    Flag {
        name: "deterministic",
        section: Section::How,
        help: "Make every run the same: NaNs, random numbers, clocks",
        more: "All NaNs that arithmetic makes are the same one. Random numbers are a fixed sequence. \
               The clocks begin at 2000-01-01 and go on by a microsecond with each look at them; \
               waiting for one makes it jump. Functions are optimized as by `--jit sync`. What the guest reads from files and streams is its own \
               matter. A limit on time is one of the real world: a run that it stops may end in another way \
               next time, which a run without fuel does not, and its message names `--timeout`.",
        set: |options, given| put(&mut options.deterministic, given.switch()?),
        ..GRANT
    },
    Flag {
        name: "tier",
        takes: Takes::Value("interp|baseline|opt|auto"),
        section: Section::How,
        verbs: EXECUTE,
        help: "What executes: `interp`, `baseline`, `opt`, or `auto` (default)",
        more: "All functions run in this tier from their first call: the interpreter, code made in a single pass, or \
               optimized code; for short `0`, `1` and `2`. With `auto` they begin in the interpreter and move up when \
               they are called often or repeat a loop often. A tier that this build or this system does not have is an \
               error; with `auto`, `--stats` tells if there is only the interpreter.",
        set: |options, given| {
            let [interpreter, baseline, optimizing] = Tier::ALL.map(Tiers::Only);
            let tiers = given.choose(&[
                ("interp", interpreter),
                ("baseline", baseline),
                ("opt", optimizing),
                ("auto", Tiers::Auto),
                ("0", interpreter),
                ("1", baseline),
                ("2", optimizing),
            ])?;
            if let Tiers::Only(tier) = tiers
                && !tier.is_available()
            {
                return Err(format!(
                    "this build has no tier {}, `{tier}`: choose {}`interp` or `auto`",
                    tier.number(),
                    if Tier::Baseline.is_available() { "`baseline`, " } else { "" }
                ));
            }
            put(&mut options.tiers, tiers)
        },
        ..NEUTRAL
    },
    Flag {
        name: "jit",
        takes: Takes::Value("off|background|sync"),
        section: Section::How,
        verbs: EXECUTE,
        help: "Whether and how busy functions are optimized; `background` unless set",
        more: "With `--tier auto`: `background` has it done by a thread while the program runs on, or on a single processor as `sync` \
               does: by the program's own, which waits, so that it is the same each time.",
        set: |options, given| {
            let ways = [
                ("off", Optimization::Never),
                ("background", Optimization::Background),
                ("sync", Optimization::AtOnce),
            ];
            put(&mut options.optimization, given.choose(&ways)?)
        },
        ..NEUTRAL
    },
    Flag {
        name: "allow-precompiled",
        section: Section::Rare,
        verbs: RUN,
        help: "Execute the machine code of a FILE that `upshift compile` has made",
        more: "Without this its functions are compiled anew: whoever can write such a file can do whatever the user can. So they are \
               where it was made by another version, for another processor or for other settings, which a line tells. Code is made \
               for runs without `--fuel`, `--stats=count` and `--timeout`.",
        set: |options, given| put(&mut options.allow_precompiled, given.switch()?),
        ..GRANT
    },
    Flag {
        name: "output",
        takes: Takes::Value("FILE"),
        section: Section::How,
        verbs: &[Verb::Compile],
        help: "Write to FILE, also `-o FILE`; else beside the module as `.upwasm`",
        set: |options, given| put(&mut options.output, Some(given.os().to_owned())),
        ..GRANT
    },
    Flag {
        name: "no-cache",
        section: Section::How,
        verbs: RUN,
        help: "Neither use optimized code of earlier runs nor keep any for later ones",
        more: "Otherwise it lies in `$XDG_CACHE_HOME/upshift` or `~/.cache/upshift`, and belongs to the module's bytes, this build, this \
               processor and the settings that code depends on. It is left alone in any case with `--deterministic`, \
               with `--tier interp` and `--tier baseline`, with `--jit off`, and if anybody else may write there.",
        wasmtime: None,
        set: |options, given| put(&mut options.no_cache, given.switch()?),
        ..NEUTRAL
    },
    Flag {
        name: "cache-dir",
        takes: Takes::Value("DIR"),
        section: Section::How,
        verbs: CACHE,
        help: "Keep code in DIR, not where the user's caches are",
        more: "It has to belong to the user, who alone may write there: what lies in it is executed.",
        set: |options, given| put(&mut options.cache_dir, Some(given.os().to_owned())),
        ..GRANT
    },
    Flag {
        name: "tiering",
        takes: Takes::Value("NAME=N,..."),
        section: Section::Rare,
        verbs: EXECUTE,
        help: "How much functions have to run before they move up, for experiments",
        more: "With `--tier auto`, as in `--tiering start=1000,optimize=20_000`; may be repeated. Results are the same, whatever is set. \
               `upshift analyze --tiering` lists the names with their values, and says what each is.",
        set: |options, given| options.thresholds.set(given.text()?).map_err(|error| error.to_string()),
        ..NEUTRAL
    },
    Flag {
        name: "tiering",
        takes: Takes::Perhaps("NAME=N,..."),
        section: Section::Look,
        verbs: ANALYZE,
        help: "Show when functions move up, if that is set; FILE may be left out",
        more: "First all numbers that this depends on, with what each is and where it comes from. Then for each function how many bytes its \
               body has, after how many calls and turns of loops it is compiled in tier 1, and after how many steps there it is \
               optimized: a step is 32 bytes of machine code. With a value, the numbers are set as by `--tiering` of `run`.",
        set: |options, given| {
            if given.value.is_some() {
                options.thresholds.set(given.text()?).map_err(|error| error.to_string())?;
            }
            put(&mut options.shows_tiering, true)
        },
        ..NEUTRAL
    },
    Flag {
        name: "dispatch",
        takes: Takes::Value("loop|tail"),
        section: Section::Rare,
        verbs: EXECUTE,
        help: "How the interpreter goes to the next operator",
        set: |options, given| {
            let ways = [("loop", Dispatch::Loop), ("tail", Dispatch::Tail)];
            options.dispatch = Some(given.choose(&ways)?);
            Ok(())
        },
        ..NEUTRAL
    },
    Flag {
        name: "config",
        takes: Takes::Value("FILE"),
        section: Section::How,
        verbs: LOAD,
        help: "Read settings from FILE, not from `upshift.toml` or the user's own",
        more: "Such a file may say all that flags may: name one only if you would type what is in it. The file in the \
               working directory, which anybody may have put there, may only do what is said below FILES.",
        set: |options, given| put(&mut options.config, Some(given.os().to_owned())),
        ..GRANT
    },
    Flag {
        name: "module-limit",
        takes: Takes::Value("NAME=N"),
        section: Section::Rare,
        verbs: LOAD,
        help: "Limit what a module may contain, before it is read; may be repeated",
        more: "NAME is one of `module-size`, `types`, `type-elements`, `imports`, `exports`, `name-bytes`, `functions`, \
               `function-size`, `locals`, `operands`, `nesting`, `work-per-byte`, `globals`, `constant-operators`, `tables`, \
               `element-items`, `element-segments`, `data-segments`, `memories`, \
               `tags`, `custom-sections` and `text-size`. All have values that no usual \
               module comes near, and lower ones with `--sandbox`.",
        set: |options, given| {
            let text = given.text()?;
            let (name, value) = text.split_once('=').ok_or("expected NAME=N")?;
            let limit = ModuleLimit::from_name(name).ok_or_else(|| {
                let names: Vec<_> = ModuleLimit::ALL.iter().map(|limit| limit.name()).collect();
                format!("expected one of {}", names.join(", "))
            })?;
            let value = value.replace('_', "").parse().map_err(|_| "expected a number behind `=`")?;
            options.limits.module.push((limit, value));
            Ok(())
        },
        ..limit(|new, old| {
            let (new, old) = (new.limits.modules(), old.limits.modules());
            ModuleLimit::ALL.iter().all(|&limit| new.get(limit) <= old.get(limit))
        })
    },
    Flag {
        name: "max-instances",
        takes: Takes::Value("N"),
        section: Section::Rare,
        help: "How many instances there may be, those of `--preload` among them",
        wasmtime: Some(('W', "max-instances")),
        set: |options, given| put(&mut options.limits.instances, Some(given.length()?)),
        ..limit(|new, old| at_most(new.limits.instances, old.limits.instances))
    },
    Flag {
        name: "max-memories",
        takes: Takes::Value("N"),
        section: Section::Rare,
        help: "How many memories there may be",
        wasmtime: Some(('W', "max-memories")),
        set: |options, given| put(&mut options.limits.memories, Some(given.length()?)),
        ..limit(|new, old| at_most(new.limits.memories, old.limits.memories))
    },
    Flag {
        name: "max-tables",
        takes: Takes::Value("N"),
        section: Section::Rare,
        help: "How many tables there may be",
        wasmtime: Some(('W', "max-tables")),
        set: |options, given| put(&mut options.limits.tables, Some(given.length()?)),
        ..limit(|new, old| at_most(new.limits.tables, old.limits.tables))
    },
    Flag {
        name: "trap-on-grow-failure",
        section: Section::Rare,
        help: "Stop the guest at the limit of a memory or table, however that was written",
        wasmtime: Some(('W', "trap-on-grow-failure")),
        set: |options, given| put(&mut options.limits.growth_stops, Some(given.switch()?)),
        ..limit(|new, old| new.limits.growth_stops == Some(true) || old.limits.growth_stops == Some(false))
    },
    Flag {
        name: "returns",
        takes: Takes::Value("paired|jump"),
        verbs: EXECUTE,
        section: Section::Rare,
        help: "How native code calls and returns",
        more: "By calls that the processor can foresee the ends of, or by jumps: for measurements of Upshift itself. Where the \
               system checks return addresses, it is always jumps.",
        set: |options, given| {
            put(&mut options.jump_returns, given.choose(&[("paired", false), ("jump", true)])?)
        },
        ..NEUTRAL
    },
    Flag {
        name: "canonical-nans",
        verbs: MAKES_CODE,
        section: Section::Rare,
        help: "Make all NaNs that arithmetic makes the same",
        wasmtime: Some(('W', "nan-canonicalization")),
        set: |options, given| put(&mut options.canonical_nans, given.switch()?),
        ..NEUTRAL
    },
    Flag {
        name: "unknown-imports-trap",
        section: Section::Rare,
        help: "Let functions that nobody offers fail when they are called, not before",
        wasmtime: Some(('W', "unknown-imports-trap")),
        set: |options, given| {
            put(&mut options.unknown_imports, given.switch()?.then_some(UnknownImports::Trap))
        },
        ..GRANT
    },
    Flag {
        name: "unknown-imports-default",
        section: Section::Rare,
        help: "Let functions that nobody offers do nothing and return zero or null",
        more: "Memories, tables, globals and tags that nobody offers are made as they are imported, full of zeros and \
               nulls. What has a type without null cannot be had so.",
        wasmtime: Some(('W', "unknown-imports-default")),
        set: |options, given| {
            put(&mut options.unknown_imports, given.switch()?.then_some(UnknownImports::Default))
        },
        ..GRANT
    },
];

/// A limit on growth: `wasmtime` has failing growth, we stop the guest.
fn growth(most: usize, given: &Given) -> Growth {
    Growth { most, stops: !given.grouped }
}

/// Whether a new limit allows no more than the old one, if there was one.
fn at_most<T: PartialOrd>(new: Option<T>, old: Option<T>) -> bool {
    old.is_none_or(|old| new.is_some_and(|new| new <= old))
}

fn most(growth: Option<Growth>) -> Option<usize> {
    growth.map(|growth| growth.most)
}

fn put<T>(place: &mut T, value: T) -> Result<(), String> {
    *place = value;
    Ok(())
}
