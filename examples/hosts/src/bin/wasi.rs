//! Runs a WASI program with input from memory and output to memory: no file, no variable, no stream of the host.
//!
//! The program is a file named on the command line, such as `examples/c/wordcount.wasm`.

use upshift::{Engine, Error, Linker, Module, Result, Store};
use upshift_wasi::{Exit, Input, MemoryOutput, WasiCtx, WasiCtxBuilder, add_to_linker};

/// What the host keeps for one guest.
struct Host {
    wasi: WasiCtx,
}

/// How a guest ended, and what it wrote.
struct Outcome {
    code: i32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

fn run(engine: &Engine, module: &Module, args: &[&str], input: &str) -> Result<Outcome> {
    let mut linker = Linker::new(engine);
    add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)?;

    // The capacity is a limit too: whoever writes more than 1 MiB gets an error.
    let (stdout, stderr) = (MemoryOutput::new(1 << 20), MemoryOutput::new(1 << 20));
    let wasi = WasiCtxBuilder::new()
        .args(args)
        .stdin(Input::memory(input))
        .stdout(stdout.clone())
        .stderr(stderr.clone())
        .build();
    let mut store = Store::new(engine, Host { wasi });

    let instance = linker.instantiate(&mut store, module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    let code = match start.call(&mut store, ()) {
        Ok(()) => 0,
        // `proc_exit` comes as an error, because it has to leave all of the guest's functions.
        Err(error) => error.downcast::<Exit>()?.0,
    };
    Ok(Outcome { code, stdout: stdout.contents(), stderr: stderr.contents() })
}

fn main() -> Result<()> {
    let file = std::env::args_os().nth(1).ok_or(Error::msg("which file should be run?"))?;
    let engine = Engine::default();
    let module = Module::from_file(&engine, file)?;

    for args in [&["wordcount", "-n", "2"][..], &["wordcount", "secret.txt"]] {
        let outcome = run(&engine, &module, args, "the sea and the wind and the gulls\n")?;
        println!("{} ends with {}", args.join(" "), outcome.code);
        print!("{}", String::from_utf8_lossy(&outcome.stdout));
        println!("and says {:?}", String::from_utf8_lossy(&outcome.stderr));
    }
    Ok(())
}
