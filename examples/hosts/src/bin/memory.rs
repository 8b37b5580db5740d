//! Exchanges text with a guest through its memory: the guest allocates, the host copies and trusts no pointer.

use upshift::{
    AsContextMut, Caller, Engine, Error, Instance, Linker, Memory, Module, Result, Store, TypedFunc,
};

/// Makes text upper case. Guests in C or Rust export functions like these two; this one's allocator never frees.
const GUEST: &str = r#"
    (module
        (import "host" "log" (func $log (param i32 i32)))
        (memory (export "memory") 1)
        (data (i32.const 16) "upper was called")
        (global $free (mut i32) (i32.const 32))
        (func (export "alloc") (param $len i32) (result i32)
            (local $at i32)
            (local.set $at (global.get $free))
            (global.set $free (i32.add (global.get $free) (local.get $len)))
            ;; More pages when the memory ends before the new block does.
            (block $enough
                (br_if $enough (i32.le_u (global.get $free) (i32.shl (memory.size) (i32.const 16))))
                (br_if $enough (i32.ne (i32.const -1) (memory.grow
                    (i32.add (i32.shr_u (local.get $len) (i32.const 16)) (i32.const 1)))))
                unreachable)
            (local.get $at))
        (func (export "upper") (param $at i32) (param $len i32) (result i32 i32)
            (local $i i32) (local $byte i32)
            (call $log (i32.const 16) (i32.const 16))
            (block $done
                (loop $again
                    (br_if $done (i32.eq (local.get $i) (local.get $len)))
                    (local.set $byte (i32.load8_u (i32.add (local.get $at) (local.get $i))))
                    ;; From `a` to `z` there are 26 letters, and `A` is 32 before `a`.
                    (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
                        (then (i32.store8 (i32.add (local.get $at) (local.get $i))
                            (i32.sub (local.get $byte) (i32.const 32)))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br $again)))
            (local.get $at) (local.get $len)))"#;

/// What the host uses of a guest.
struct Guest {
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    upper: TypedFunc<(u32, u32), (u32, u32)>,
}

impl Guest {
    fn new(mut store: impl AsContextMut, instance: Instance) -> Result<Guest> {
        let memory = instance.get_memory(&mut store, "memory").ok_or(Error::msg("there is no memory"))?;
        let alloc = instance.get_typed_func(&mut store, "alloc")?;
        let upper = instance.get_typed_func(&mut store, "upper")?;
        Ok(Guest { memory, alloc, upper })
    }

    fn upper(&self, mut store: impl AsContextMut, text: &str) -> Result<String> {
        // Host to guest: the guest says where, and `write` checks that this is inside of its memory.
        let len = u32::try_from(text.len())?;
        let at = self.alloc.call(&mut store, len)?;
        self.memory.write(&mut store, at as usize, text.as_bytes())?;
        // Guest to host: the memory may have moved or grown during the call, so it is looked at only now.
        let (at, len) = self.upper.call(&mut store, (at, len))?;
        let store = store.as_context_mut();
        text_at(self.memory.data(store), at, len)
    }
}

/// The text that a guest points to, if it is inside of the guest's memory and valid.
fn text_at(memory: &[u8], at: u32, len: u32) -> Result<String> {
    let bytes = memory.get(at as usize..).and_then(|rest| rest.get(..len as usize));
    let bytes = bytes.ok_or_else(|| Error::msg(format!("the guest has no {len} bytes at {at:#x}")))?;
    Ok(String::from_utf8(bytes.to_vec())?)
}

/// The host function: reads the memory of the guest that calls it, and writes to the host's data.
fn log(mut caller: Caller<'_, Vec<String>>, at: u32, len: u32) -> Result<()> {
    let memory = caller.get_export("memory").and_then(|export| export.into_memory());
    let memory = memory.ok_or(Error::msg("the guest exports no memory"))?;
    // Both at once, and without a copy of the whole memory.
    let (bytes, lines) = memory.data_and_store_mut(&mut caller);
    lines.push(text_at(bytes, at, len)?);
    Ok(())
}

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "log", log)?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module)?;
    let guest = Guest::new(&mut store, instance)?;

    println!("{}", guest.upper(&mut store, "Grüße from the host")?);
    // More than a page, so the guest's allocator grows its memory.
    let long = guest.upper(&mut store, &"ha".repeat(50_000))?;
    println!("{} … ({} bytes, {} pages)", &long[..6], long.len(), guest.memory.size(&store));
    // A guest that points out of its memory gets an error, not the host's bytes.
    println!("{}", text_at(guest.memory.data(&store), u32::MAX, 5).unwrap_err());
    println!("logged: {:?}", store.data());
    Ok(())
}
