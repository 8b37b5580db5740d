//! Machine instructions, their registers, and the code that they become.
