//! What the browser does for the compiler; where there is none, the standard library does it.

#[cfg(target_family = "wasm")]
mod host {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        /// `performance.now()`, in milliseconds.
        safe fn now() -> f64;
        /// The number that a text of digits is.
        safe fn number(text: *const u8, len: usize) -> f64;
    }

    pub(super) fn nanoseconds() -> u64 {
        (now() * 1e6) as u64
    }

    pub(super) fn read_float(text: &str) -> f64 {
        number(text.as_ptr(), text.len())
    }
}

#[cfg(not(target_family = "wasm"))]
mod host {
    use std::sync::LazyLock;
    use std::time::Instant;

    pub(super) fn nanoseconds() -> u64 {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed().as_nanos() as u64
    }

    pub(super) fn read_float(text: &str) -> f64 {
        text.parse().unwrap_or(f64::NAN)
    }
}

/// Nanoseconds since some moment.
pub(crate) fn nanoseconds() -> u64 {
    host::nanoseconds()
}

/// The nearest number to a text of digits, see [`upshift_cells::syntax::ReadFloat`].
pub(crate) fn read_float(text: &str) -> f64 {
    host::read_float(text)
}
