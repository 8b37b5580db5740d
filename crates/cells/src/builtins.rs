//! The functions, methods and constants of the language: one line for each.
//!
//! A signature is written as a user would write it: types as in cells, `T` and `U` for any type, `Num` for `Int` or `Float`, `Eq` for
//! any type that can be compared for equality and `Ord` for one with an order (the rules are those of the operators `==` and `<`), `Any`
//! for any type that has a text form. The receiver of a method stands first. Checker, completion, documentation and emitter all go by
//! this table.

macro_rules! builtins {
    ($($variant:ident $signature:literal $doc:literal;)*) => {
        /// A function, method or constant of the language.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Builtin {
            $(#[doc = concat!("`", $signature, "`: ", $doc)] $variant,)*
        }

        impl Builtin {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// How it is called: `print(value: Any)`, `[T].map(f: fun(T) -> U) -> [U]`, `pi: Float`.
            pub fn signature(self) -> &'static str {
                const SIGNATURES: &[&str] = &[$($signature),*];
                SIGNATURES[self as usize]
            }

            /// What it does, for documentation and completion.
            pub fn doc(self) -> &'static str {
                const DOCS: &[&str] = &[$($doc),*];
                DOCS[self as usize]
            }
        }
    };
}

builtins! {
    // Functions.
    Print "print(value: Any, ...)" "Prints the values, with blanks between them, and ends the line.";
    Panic "panic(message: String) -> Never" "Ends the cell with the message.";
    Assert "assert(condition: Bool)" "Ends the cell if the condition is false.";
    Random "random() -> Float" "A number from 0 up to 1, without 1, by chance.";

    // Constants.
    Pi "pi: Float" "The ratio of a circle's circumference to its diameter.";
    E "e: Float" "Euler's number.";
    Infinity "infinity: Float" "The number above all others.";
    Nan "nan: Float" "Not a number.";

    // Values of any type.
    ToString "Any.to_string() -> String" "The text that `print` would print.";

    // Numbers of both types.
    Abs "Num.abs() -> Num" "The absolute value; that of the least Int overflows.";
    Min "Ord.min(other: Ord) -> Ord" "The smaller of the two.";
    Max "Ord.max(other: Ord) -> Ord" "The larger of the two.";
    Clamp "Num.clamp(least: Num, greatest: Num) -> Num" "The nearest number within the bounds.";
    Signum "Num.signum() -> Num" "-1, 0 or 1, as the number's sign is.";

    // Int.
    IntToFloat "Int.to_float() -> Float" "The nearest Float.";
    IntPow "Int.pow(exponent: Int) -> Int" "The power; the exponent is not negative.";
    IntModulo "Int.modulo(divisor: Int) -> Int" "The remainder with the sign of the divisor, for counting in circles.";
    IntToChar "Int.to_char() -> String" "The character with this Unicode number.";
    IntWrappingAdd "Int.wrapping_add(other: Int) -> Int" "The sum modulo 2^64, without overflow.";
    IntWrappingMul "Int.wrapping_mul(other: Int) -> Int" "The product modulo 2^64, without overflow.";
    IntToBase "Int.to_base(base: Int) -> String" "The digits in a base from 2 to 36.";

    // Float.
    FloatToInt "Float.to_int() -> Int" "The number without its decimals; fails outside the range of Int.";
    FloatSqrt "Float.sqrt() -> Float" "The square root.";
    FloatFloor "Float.floor() -> Float" "The largest whole number that is not above.";
    FloatCeil "Float.ceil() -> Float" "The least whole number that is not below.";
    FloatRound "Float.round() -> Float" "The nearest whole number, halves away from zero.";
    FloatTrunc "Float.trunc() -> Float" "The number without its decimals.";
    FloatSin "Float.sin() -> Float" "The sine, of an angle in radians.";
    FloatCos "Float.cos() -> Float" "The cosine, of an angle in radians.";
    FloatTan "Float.tan() -> Float" "The tangent, of an angle in radians.";
    FloatAsin "Float.asin() -> Float" "The angle with this sine.";
    FloatAcos "Float.acos() -> Float" "The angle with this cosine.";
    FloatAtan "Float.atan() -> Float" "The angle with this tangent.";
    FloatAtan2 "Float.atan2(x: Float) -> Float" "The angle of the point (x, self).";
    FloatExp "Float.exp() -> Float" "The power of e.";
    FloatLn "Float.ln() -> Float" "The natural logarithm.";
    FloatLog2 "Float.log2() -> Float" "The logarithm to base 2.";
    FloatLog10 "Float.log10() -> Float" "The logarithm to base 10.";
    FloatPow "Float.pow(exponent: Float) -> Float" "The power.";
    FloatIsNan "Float.is_nan() -> Bool" "Whether it is not a number.";
    FloatFixed "Float.fixed(digits: Int) -> String" "The text with that many decimals.";

    // String. Positions and lengths count characters (Unicode scalar values).
    StringLen "String.len() -> Int" "How many characters it has.";
    StringIsEmpty "String.is_empty() -> Bool" "Whether it has no characters.";
    StringContains "String.contains(part: String) -> Bool" "Whether the part is in it.";
    StringStartsWith "String.starts_with(part: String) -> Bool" "Whether it begins with the part.";
    StringEndsWith "String.ends_with(part: String) -> Bool" "Whether it ends with the part.";
    StringFind "String.find(part: String) -> Int" "Where the part begins first, or -1.";
    StringSlice "String.slice(start: Int, end: Int) -> String" "The characters from start up to end, without end.";
    StringCharAt "String.char_at(index: Int) -> String" "The character there, as text.";
    StringCode "String.code() -> Int" "The Unicode number of the first character; fails if there is none.";
    StringChars "String.chars() -> [String]" "The characters, each as text.";
    StringBytes "String.bytes() -> [Int]" "The bytes in UTF-8.";
    StringLines "String.lines() -> [String]" "The lines, without what ends them.";
    StringWords "String.words() -> [String]" "The parts between white space.";
    StringSplit "String.split(separator: String) -> [String]" "The parts between separators; with an empty one, the characters.";
    StringTrim "String.trim() -> String" "The text without white space at both ends.";
    StringToUpper "String.to_upper() -> String" "The text in upper case.";
    StringToLower "String.to_lower() -> String" "The text in lower case.";
    StringReplace "String.replace(part: String, by: String) -> String" "The text with each part replaced, from left to right.";
    StringRepeat "String.repeat(count: Int) -> String" "The text that many times.";
    StringReverse "String.reverse() -> String" "The characters from last to first.";
    StringPadLeft "String.pad_left(width: Int) -> String" "The text with blanks in front, at least that many characters.";
    StringPadRight "String.pad_right(width: Int) -> String" "The text with blanks behind, at least that many characters.";
    StringToInt "String.to_int() -> Int" "The number that the text is; fails if it is none.";
    StringToFloat "String.to_float() -> Float" "The number that the text is; fails if it is none.";
    StringIsInt "String.is_int() -> Bool" "Whether `to_int` succeeds.";
    StringIsFloat "String.is_float() -> Bool" "Whether `to_float` succeeds.";

    // Arrays, which are shared: what one name changes, all names see.
    ArrayLen "[T].len() -> Int" "How many elements it has.";
    ArrayIsEmpty "[T].is_empty() -> Bool" "Whether it has no elements.";
    ArrayPush "[T].push(value: T)" "Adds an element at the end.";
    ArrayPop "[T].pop() -> T" "Takes the last element off; fails if there is none.";
    ArrayInsert "[T].insert(index: Int, value: T)" "Adds an element in front of the one there.";
    ArrayRemove "[T].remove(index: Int) -> T" "Takes the element there off.";
    ArrayFirst "[T].first() -> T" "The first element; fails if there is none.";
    ArrayLast "[T].last() -> T" "The last element; fails if there is none.";
    ArraySwap "[T].swap(i: Int, j: Int)" "Exchanges two elements.";
    ArrayClear "[T].clear()" "Takes all elements off.";
    ArrayExtend "[T].extend(other: [T])" "Adds all elements of the other at the end.";
    ArrayCopy "[T].copy() -> [T]" "A new array with the same elements.";
    ArraySlice "[T].slice(start: Int, end: Int) -> [T]" "A new array of the elements from start up to end, without end.";
    ArrayContains "[Eq].contains(value: Eq) -> Bool" "Whether an element is equal to the value.";
    ArrayIndexOf "[Eq].index_of(value: Eq) -> Int" "Where the first element is that is equal to the value, or -1.";
    ArrayReverse "[T].reverse()" "Puts the elements into the opposite order, in place.";
    ArraySort "[Ord].sort()" "Sorts the elements in place, from least to greatest, equal ones as they were.";
    ArraySortBy "[T].sort_by(key: fun(T) -> Ord)" "Sorts the elements in place by what the function returns for each.";
    ArraySorted "[Ord].sorted() -> [Ord]" "A new array of the elements, sorted.";
    ArrayReversed "[T].reversed() -> [T]" "A new array of the elements, in the opposite order.";
    ArrayMap "[T].map(f: fun(T) -> U) -> [U]" "What the function returns for each element.";
    ArrayFilter "[T].filter(f: fun(T) -> Bool) -> [T]" "The elements for which the function returns true.";
    ArrayFold "[T].fold(start: U, f: fun(U, T) -> U) -> U" "What the function makes of the start and each element in turn.";
    ArrayEach "[T].each(f: fun(T) -> ())" "Calls the function on each element.";
    ArrayAny "[T].any(f: fun(T) -> Bool) -> Bool" "Whether the function returns true for an element.";
    ArrayAll "[T].all(f: fun(T) -> Bool) -> Bool" "Whether the function returns true for all elements.";
    ArrayCount "[T].count(f: fun(T) -> Bool) -> Int" "For how many elements the function returns true.";
    ArrayEnumerate "[T].enumerate() -> [(Int, T)]" "Each element with its index.";
    ArrayZip "[T].zip(other: [U]) -> [(T, U)]" "Elements with the same index together, as many as both have.";
    ArrayFlatten "[[T]].flatten() -> [T]" "The elements of the elements.";
    ArraySum "[Num].sum() -> Num" "The sum; 0 if there are none.";
    ArrayLeast "[Ord].least() -> Ord" "The least element; fails if there is none.";
    ArrayGreatest "[Ord].greatest() -> Ord" "The greatest element; fails if there is none.";
    ArrayJoin "[String].join(separator: String) -> String" "The texts with the separator between them.";
}
