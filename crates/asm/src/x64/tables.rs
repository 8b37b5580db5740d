//! The macros behind all tables of instructions: a line per encoding, as in the manual, under the shape of its operands.
//!
//! A line is `name: prefix map opcode` with the manual's bytes, `/ digit` where ModRM's `reg` belongs to the opcode, and `, n` where
//! an operand in memory has n bytes whatever the size of the operation. From it come the method, its documentation and, in tests, a
//! case, so that no line goes untested. What a name has behind an underscore tells forms apart and does not belong to the mnemonic.
//!
//! In front of the lines stand the operands that they share and how these are encoded, under the name of the shape that tests know.

/// Lines of one form. See the module.
macro_rules! instructions {
    ($cases:ident; $($title:literal $header:tt { $(
        $(#[$doc:meta])* $name:ident: $prefix:ident $map:ident $opcode:literal $(/ $digit:literal)? $(, $bytes:literal)?;
    )* })*) => {
        $(#[doc = $title] impl Assembler { $(
            instructions! { @method $header [$(#[$doc])*] $name
                (Enc::new(Prefix::$prefix, Map::$map, $opcode)$(.with_digit($digit))?) }
        )* })*

        /// The lines of the table.
        #[cfg(test)]
        pub(super) fn $cases() -> Vec<Case> {
            vec![$($(instructions! { @case $header $name [$($bytes)?] },)*)*]
        }
    };
    (@method [$shape:ident($($param:ident: $type:ty),*) |$asm:ident, $enc:ident| $body:expr]
        [$(#[$doc:meta])*] $name:ident $encoding:tt) => {
        #[doc = concat!("`", stringify!($name $($param),*), "`")]
        ///
        $(#[$doc])*
        #[inline]
        pub fn $name(&mut self, $($param: $type),*) {
            const ENCODING: Enc = $encoding;
            let ($asm, $enc) = (self, ENCODING);
            $body;
        }
    };
    (@case [$shape:ident($($param:ident: $type:ty),*) $($rest:tt)*] $name:ident [$($bytes:literal)?]) => {
        Case::new(stringify!($name), &[$($bytes)?], Shape::$shape(|asm, $($param),*| asm.$name($($param),*)))
    };
}

/// Lines of two forms: that of SSE and the one with VEX, which differ in how they are written only.
macro_rules! vector_instructions {
    ($cases:ident; $($title:literal $legacy:tt $vex:tt { $(
        $(#[$doc:meta])* $name:ident $vex_name:ident: $prefix:ident $map:ident $opcode:literal $(/ $digit:literal)? $(, $bytes:literal)?;
    )* })*) => {
        $(#[doc = $title] impl Assembler { $(
            instructions! { @method $legacy [$(#[$doc])*] $name
                (Enc::new(Prefix::$prefix, Map::$map, $opcode)$(.with_digit($digit))?) }
            instructions! { @method $vex [$(#[$doc])*] $vex_name
                (Enc::new(Prefix::$prefix, Map::$map, $opcode)$(.with_digit($digit))?) }
        )* })*

        /// The lines of the table, both forms.
        #[cfg(test)]
        pub(super) fn $cases() -> Vec<Case> {
            vec![$($(
                instructions! { @case $legacy $name [$($bytes)?] },
                instructions! { @case $vex $vex_name [$($bytes)?] },
            )*)*]
        }
    };
}

/// Lines of two forms that are values, too: `NAME name vex_name: …`, all with the operands of the type in front.
macro_rules! vector_operations {
    ($cases:ident; $($title:literal $op:ident { $(
        $(#[$doc:meta])* $const:ident $name:ident $vex_name:ident: $prefix:ident $map:ident $opcode:literal, $bytes:literal;
    )* })*) => {
        $(
            /// The instructions.
            impl $op { $(
                #[doc = concat!("[`Assembler::", stringify!($name), "`], [`Assembler::", stringify!($vex_name), "`]")]
                pub const $const: $op = $op(Enc::new(Prefix::$prefix, Map::$map, $opcode));
            )* }

            #[doc = $title]
            impl Assembler { $(vector_operations! { @methods $op [$(#[$doc])*] $const $name $vex_name })* }
        )*

        /// What the lines of the table are called in the form without VEX.
        pub(super) const NAMES: &[(Enc, &str)] = &[$($(($op::$const.0, stringify!($name)),)*)*];

        /// The lines of the table, both forms.
        #[cfg(test)]
        pub(super) fn $cases() -> Vec<Case> {
            vec![$($(
                Case::new(stringify!($name), &[$bytes], vector_operations! { @legacy $op $name }),
                Case::new(stringify!($vex_name), &[$bytes], vector_operations! { @vex $op $vex_name }),
            )*)*]
        }
    };
    (@methods XmmBinary [$(#[$doc:meta])*] $const:ident $name:ident $vex_name:ident) => {
        #[doc = concat!("`", stringify!($name), " target, source`")]
        ///
        $(#[$doc])*
        #[inline]
        pub fn $name(&mut self, target: Xmm, source: impl Rm<Xmm>) {
            self.xmm_binary(XmmBinary::$const, target, source);
        }

        #[doc = concat!("`", stringify!($vex_name), " target, first, second`")]
        ///
        $(#[$doc])*
        #[inline]
        pub fn $vex_name(&mut self, target: Xmm, first: Xmm, second: impl Rm<Xmm>) {
            self.vex_binary(XmmBinary::$const, target, first, second);
        }
    };
    (@methods XmmUnary [$(#[$doc:meta])*] $const:ident $name:ident $vex_name:ident) => {
        #[doc = concat!("`", stringify!($name), " target, source`")]
        ///
        $(#[$doc])*
        #[inline]
        pub fn $name(&mut self, target: Xmm, source: impl Rm<Xmm>) {
            self.xmm_unary(XmmUnary::$const, target, source);
        }

        #[doc = concat!("`", stringify!($vex_name), " target, source`")]
        ///
        $(#[$doc])*
        #[inline]
        pub fn $vex_name(&mut self, target: Xmm, source: impl Rm<Xmm>) {
            self.vex_unary(XmmUnary::$const, target, source);
        }
    };
    (@legacy $op:ident $name:ident) => { Shape::XmmRm(|asm, target, source| asm.$name(target, source)) };
    (@vex XmmBinary $name:ident) => { Shape::XmmXmmRm(|asm, target, first, second| asm.$name(target, first, second)) };
    (@vex XmmUnary $name:ident) => { Shape::XmmRm(|asm, target, source| asm.$name(target, source)) };
}

pub(super) use {instructions, vector_instructions, vector_operations};
