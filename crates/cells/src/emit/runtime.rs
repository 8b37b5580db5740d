//! The functions of the runtime (`runtime/*.wat`) that cells import, by name and signature.

use wasm_encoder::ValType;

use crate::emit::layout::Layout;
use crate::types::{TypeId, Types};

macro_rules! runtime {
    ($($variant:ident $name:literal ($params:literal) -> $result:literal;)*) => {
        /// A function of the runtime.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub(crate) enum Runtime {
            $(#[doc = concat!("`", $name, "`.")] $variant,)*
        }

        impl Runtime {
            pub(crate) const COUNT: usize = [$(Self::$variant),*].len();

            /// The export's name.
            pub(crate) fn name(self) -> &'static str {
                const NAMES: &[&str] = &[$($name),*];
                NAMES[self as usize]
            }

            /// Parameters and result, a letter for each: `i` `i32`, `l` `i64`, `d` `f64`, `s` `String`, `a` `[String]`, `n` `[Int]`.
            pub(crate) fn signature(self) -> (&'static str, &'static str) {
                const SIGNATURES: &[(&str, &str)] = &[$(($params, $result)),*];
                SIGNATURES[self as usize]
            }
        }
    };
}

runtime! {
    // Failures; `ii` at the end of parameters are instance and position.
    Fail "fail" ("iiill") -> "";
    Panic "panic" ("sii") -> "";
    // Int and Float.
    Multiply "multiply" ("llii") -> "l";
    IntPow "int_pow" ("llii") -> "l";
    Math "math" ("idd") -> "d";
    Random "random" ("") -> "d";
    // The builder of text forms.
    Begin "begin" ("") -> "i";
    End "end" ("i") -> "s";
    Drop "drop" ("i") -> "";
    Open "open" ("i") -> "";
    Close "close" ("") -> "";
    Forget "forget" ("") -> "";
    Room "room" ("") -> "i";
    Put "put" ("s") -> "";
    PutQuoted "put_quoted" ("s") -> "";
    PutShort "put_short" ("l") -> "";
    PutInt "put_int" ("l") -> "";
    PutFloat "put_float" ("d") -> "";
    PutBool "put_bool" ("i") -> "";
    // Texts.
    Concat "concat" ("ssii") -> "s";
    Equal "equal" ("ss") -> "i";
    Compare "compare" ("ss") -> "i";
    Contains "contains" ("ss") -> "i";
    Find "find" ("ss") -> "l";
    StartsWith "starts_with" ("ss") -> "i";
    EndsWith "ends_with" ("ss") -> "i";
    Len "len" ("s") -> "l";
    CharAt "char_at" ("slii") -> "s";
    Char "char" ("si") -> "s";
    Slice "slice" ("sllii") -> "s";
    Code "code" ("sii") -> "l";
    IntToChar "int_to_char" ("lii") -> "s";
    Chars "chars" ("s") -> "a";
    Bytes "bytes" ("s") -> "n";
    Split "split" ("ss") -> "a";
    Lines "lines" ("s") -> "a";
    Words "words" ("s") -> "a";
    Trim "trim" ("s") -> "s";
    Replace "replace" ("sss") -> "s";
    Repeat "repeat" ("slii") -> "s";
    Reverse "reverse" ("s") -> "s";
    Pad "pad" ("sliii") -> "s";
    Join "join" ("as") -> "s";
    Case "case" ("si") -> "s";
    IntToBase "int_to_base" ("llii") -> "s";
    FloatFixed "float_fixed" ("dlii") -> "s";
    IsInt "is_int" ("s") -> "i";
    ToInt "to_int" ("sii") -> "l";
    IsFloat "is_float" ("s") -> "i";
    ToFloat "to_float" ("sii") -> "d";
    // Checkpoints.
    Corrupt "corrupt" ("") -> "";
    Start "start" ("") -> "";
    Send "send" ("") -> "";
    WriteNumber "write_number" ("l") -> "";
    WriteInt "write_int" ("l") -> "";
    WriteWord "write_word" ("i") -> "";
    WriteFloat "write_float" ("d") -> "";
    WriteText "write_text" ("s") -> "";
    ReadNumber "read_number" ("") -> "l";
    ReadBelow "read_below" ("i") -> "i";
    ReadInt "read_int" ("") -> "l";
    ReadWord "read_word" ("") -> "i";
    ReadFloat "read_float" ("") -> "d";
    ReadText "read_text" ("") -> "s";
}

impl Runtime {
    /// Whether its last two parameters are where it is called: instance and position.
    pub(crate) fn takes_place(self) -> bool {
        self.signature().0.ends_with("ii") && self != Self::Fail
    }

    /// The index of its type.
    pub(crate) fn function_type(self, layout: &mut Layout, types: &Types) -> u32 {
        let (params, results) = self.signature();
        let mut list = |letters: &str| -> Vec<ValType> {
            letters
                .bytes()
                .map(|letter| match letter {
                    b'i' => ValType::I32,
                    b'l' => ValType::I64,
                    b'd' => ValType::F64,
                    b's' => layout.string_value(),
                    b'a' => layout.list_value(types, TypeId::STRING),
                    _ => layout.list_value(types, TypeId::INT),
                })
                .collect()
        };
        let (params, results) = (list(params), list(results));
        layout.function_type(&params, &results)
    }
}
