//! Tells the crate whether the compiler will turn calls at the end of handlers into jumps: only then the tail-call
//! dispatch is safe to use, else each instruction would deepen the native stack. Optimising for size leaves calls, to
//! code that handlers share, in front of the jump; sanitizers watch over each frame until its function returns.
//!
//! The loop backend is there where the other is not, and else if the feature `loop-dispatch` asks for it.
//!
//! Not all settings of the compiler come by here, so `src/dispatch/check.rs` measures what it really did.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(tail_calls)");
    println!("cargo::rerun-if-changed=build.rs");
    let var = |name| std::env::var(name).unwrap_or_default();
    let sanitizer = std::env::var_os("CARGO_CFG_SANITIZE").is_some();
    // What `inline(always)` puts together is only good for the native stack if an optimiser sees it, and no sanitizer keeps
    // the locals of all handlers apart.
    println!("cargo::rustc-check-cfg=cfg(optimised)");
    if var("OPT_LEVEL") != "0" && !sanitizer {
        println!("cargo::rustc-cfg=optimised");
    }
    let quick = matches!(var("OPT_LEVEL").as_str(), "2" | "3");
    let arch = matches!(var("CARGO_CFG_TARGET_ARCH").as_str(), "x86_64" | "aarch64");
    // Assertions put calls into handlers that need a frame, and with it go the jumps.
    let assertions = std::env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_some();
    let tail_calls = quick && arch && !assertions && !sanitizer;
    if tail_calls {
        println!("cargo::rustc-cfg=tail_calls");
    }
    // Native code beside the handlers: there are stubs in assembly for what is named here.
    println!("cargo::rustc-check-cfg=cfg(native)");
    if tail_calls
        && var("CARGO_CFG_TARGET_ARCH") == "x86_64"
        && var("CARGO_CFG_TARGET_FAMILY").contains("unix")
    {
        println!("cargo::rustc-cfg=native");
    }
    // One backend has to be there, whatever features say.
    println!("cargo::rustc-check-cfg=cfg(loop_dispatch)");
    if !tail_calls || std::env::var_os("CARGO_FEATURE_LOOP_DISPATCH").is_some() {
        println!("cargo::rustc-cfg=loop_dispatch");
    }
}
