//! Gives a guest functions of the host. They share the data of the guest's store, and one of them can stop the guest.

use std::fmt;

use upshift::{Caller, Engine, Linker, Module, Result, Store};

/// Sums up what the sensor measures, until there is nothing more or the sum is too large.
const GUEST: &str = r#"
    (module
        (import "sensor" "left" (func $left (result i32)))
        (import "sensor" "next" (func $next (result i32)))
        (import "host" "report" (func $report (param i32)))
        (func (export "run")
            (local $sum i32)
            (loop $again
                (if (call $left)
                    (then
                        (local.set $sum (i32.add (local.get $sum) (call $next)))
                        (call $report (local.get $sum))
                        (br $again))))))"#;

/// What the host keeps for one guest.
struct Host {
    measurements: Vec<i32>,
    reports: Vec<i32>,
}

/// Why a guest was stopped.
#[derive(Debug)]
struct TooMuch(i32);

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a sum of {} is too much", self.0)
    }
}

impl std::error::Error for TooMuch {}

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;

    // The types of the closures tell the types of the imports. `Caller` is the store, seen from inside of a call.
    let mut linker = Linker::<Host>::new(&engine);
    linker.func_wrap("sensor", "left", |caller: Caller<'_, Host>| caller.data().measurements.len() as u32)?;
    linker.func_wrap("sensor", "next", |mut caller: Caller<'_, Host>| {
        caller.data_mut().measurements.pop().unwrap_or(0)
    })?;
    linker.func_wrap("host", "report", |mut caller: Caller<'_, Host>, sum: i32| -> Result<()> {
        if sum > 100 {
            return Err(TooMuch(sum).into());
        }
        caller.data_mut().reports.push(sum);
        Ok(())
    })?;

    // One linker serves many stores, each with data of its own.
    let pre = linker.instantiate_pre(&module)?;
    for measurements in [vec![3, 20, 10], vec![7, 90, 10, 60]] {
        let mut store = Store::new(&engine, Host { measurements, reports: Vec::new() });
        let instance = pre.instantiate(&mut store)?;
        let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
        let outcome = match run.call(&mut store, ()) {
            Ok(()) => "done".to_owned(),
            // The error of the host function comes out as it went in.
            Err(error) => error.downcast::<TooMuch>()?.to_string(),
        };
        let host = store.into_data();
        println!("{outcome}; reports {:?}, {} measurements left", host.reports, host.measurements.len());
    }
    Ok(())
}
