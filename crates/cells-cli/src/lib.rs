//! The formats of notebook files, for whatever reads or writes them. The program `upshift-cells`, which runs them, is `main.rs`.

pub mod ipynb;
pub mod notebook;
