//! The C library's names for functions of this crate.

/// The line of assembly that gives the function in whose body it stands a second name.
#[cfg(all(feature = "symbols", target_env = "musl"))]
macro_rules! also_named {
    ($name:literal) => {
        concat!(".globl ", $name, "\n .type ", $name, ", @function\n", $name, ":\n")
    };
}

#[cfg(not(all(feature = "symbols", target_env = "musl")))]
macro_rules! also_named {
    ($name:literal) => {
        ""
    };
}

pub(crate) use also_named;
