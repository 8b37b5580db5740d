//! Names of functions as they were in the source.
//!
//! In: a symbol that a compiler for Rust or C++ has mangled. Out: the name of the function with the scopes around it, without
//! hashes, template arguments and types: `core::fmt::write`, `shop::Shelf::share`. What is mangled in another way, or not at
//! all, stays as it is.
//!
//! Names come from modules that nobody may trust, so time and output are in proportion to the name, and what is longer than
//! any name of a program is cut. General demanglers for C++ expand substitutions and try expressions in several ways: a name
//! of 200 bytes can keep them busy for hours.

use std::borrow::Cow;

use upshift_core::shown::bounded;

/// How much longer than the symbol a name may be: back references and repeated names are short.
const MAX_GROWTH: usize = 8;
/// The longest name that is told in full.
const MAX_LEN: usize = 4096;

/// The name of a function as it was in the source, if a compiler for Rust or C++ has mangled it: with the scopes around it,
/// without hashes, template arguments and types. Any other name stays as it is.
///
/// The name may come from a module that nobody trusts: time and result are in proportion to it, and a demangled name has at
/// most 4096 bytes and 8 times those of the symbol, with `…` where it was cut. What it consists of is not changed, so it may
/// hold characters that play with a terminal.
///
/// ```
/// use upshift::demangle;
///
/// assert_eq!(demangle("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
/// assert_eq!(demangle("_ZN5Shelf5shareEv"), "Shelf::share");
/// assert_eq!(demangle("main"), "main");
/// ```
#[must_use]
pub fn demangle(name: &str) -> Cow<'_, str> {
    let most = (MAX_GROWTH * name.len()).min(MAX_LEN);
    if let Ok(demangled) = rustc_demangle::try_demangle(name) {
        let demangled = bounded(format_args!("{demangled:#}"), most);
        return if demangled.is_empty() { name.into() } else { demangled.into() };
    }
    let Some(rest) = name.strip_prefix("_Z") else { return name.into() };
    let mut cpp = Cpp { rest, name: String::new(), most };
    match cpp.encoding() {
        // What comes behind the room is not looked at any more.
        _ if cpp.is_full() => bounded(cpp.name, most).into(),
        Some(()) => cpp.name.into(),
        None => name.into(),
    }
}

/// A reader of the Itanium C++ ABI's mangling (section 5.1 of the ABI), as far as names go.
struct Cpp<'a> {
    rest: &'a str,
    /// What was read so far.
    name: String,
    /// How long that may get.
    most: usize,
}

/// Codes of operators that functions can overload.
const OPERATORS: &[(&str, &str)] = &[
    ("nw", " new"),
    ("na", " new[]"),
    ("dl", " delete"),
    ("da", " delete[]"),
    ("ng", "-"),
    ("ad", "&"),
    ("de", "*"),
    ("co", "~"),
    ("pl", "+"),
    ("mi", "-"),
    ("ml", "*"),
    ("dv", "/"),
    ("rm", "%"),
    ("an", "&"),
    ("or", "|"),
    ("eo", "^"),
    ("aS", "="),
    ("pL", "+="),
    ("mI", "-="),
    ("mL", "*="),
    ("dV", "/="),
    ("ls", "<<"),
    ("rs", ">>"),
    ("eq", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("gt", ">"),
    ("le", "<="),
    ("ge", ">="),
    ("ss", "<=>"),
    ("nt", "!"),
    ("aa", "&&"),
    ("oo", "||"),
    ("pp", "++"),
    ("mm", "--"),
    ("cm", ","),
    ("pt", "->"),
    ("cl", "()"),
    ("ix", "[]"),
];

/// Abbreviations of names in `std`.
const STANDARD: &[(char, &str)] = &[
    ('t', "std"),
    ('a', "std::allocator"),
    ('b', "std::basic_string"),
    ('s', "std::string"),
    ('i', "std::istream"),
    ('o', "std::ostream"),
    ('d', "std::iostream"),
];

impl<'a> Cpp<'a> {
    /// Whether the name is longer than it may be.
    fn is_full(&self) -> bool {
        self.name.len() > self.most
    }

    /// Adds a part to the name; `None` if it was full before.
    fn push(&mut self, part: &str) -> Option<()> {
        let fits = !self.is_full();
        if fits {
            self.name.push_str(part);
        }
        fits.then_some(())
    }

    /// The name of a function or variable; the types behind it are not read. `None` for special names, for local ones, and where a
    /// name is abbreviated by a back reference.
    fn encoding(&mut self) -> Option<()> {
        if self.eat('N') {
            return self.nested();
        }
        self.eat('L');
        if self.rest.starts_with("St") {
            self.rest = &self.rest[2..];
            self.push("std::")?;
        }
        match self.source_name() {
            Some(own) => self.push(own),
            None => self.operator(),
        }
    }

    /// The parts up to the closing `E`.
    fn nested(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start_matches(['r', 'V', 'K']);
        self.rest = self.rest.trim_start_matches(['R', 'O']);
        let mut last: &str = "";
        while !self.eat('E') {
            self.eat('L');
            if self.rest.starts_with('I') {
                if last.is_empty() {
                    return None;
                }
                self.template_arguments()?;
                continue;
            }
            if self.eat('B') {
                // A tag of the ABI belongs to the name before it.
                self.source_name()?;
                continue;
            }
            if !self.name.is_empty() {
                self.push("::")?;
            }
            if let Some(own) = self.source_name() {
                self.push(own)?;
                last = own;
            } else if self.eat('S') {
                let code = self.next()?;
                let (_, own) = *STANDARD.iter().find(|(letter, _)| *letter == code)?;
                self.push(own)?;
                last = own.rsplit(':').next()?;
            } else if self.rest.starts_with(['C', 'D']) && !last.is_empty() {
                if self.next()? == 'D' {
                    self.push("~")?;
                }
                self.next().filter(char::is_ascii_digit)?;
                self.push(last)?;
            } else {
                self.operator()?;
                last = "operator";
            }
        }
        (!self.name.is_empty()).then_some(())
    }

    fn operator(&mut self) -> Option<()> {
        let code = self.rest.get(..2)?;
        let (_, text) = OPERATORS.iter().find(|(known, _)| *known == code)?;
        self.rest = &self.rest[2..];
        self.push("operator")?;
        self.push(text)
    }

    /// A length and as many bytes.
    fn source_name(&mut self) -> Option<&'a str> {
        let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let length: usize = self.rest[..digits].parse().ok()?;
        let name = self.rest.get(digits..digits.checked_add(length)?).filter(|name| !name.is_empty())?;
        self.rest = &self.rest[digits + length..];
        Some(if name.starts_with("_GLOBAL__N") { "(anonymous namespace)" } else { name })
    }

    /// Skips `I … E`. Only what ends with an `E` of its own has to be recognised in between.
    fn template_arguments(&mut self) -> Option<()> {
        let mut depth = 0;
        loop {
            if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
                self.source_name()?;
                continue;
            }
            match self.next()? {
                'I' | 'N' | 'X' | 'J' | 'F' => depth += 1,
                // A literal: a type, then digits that are no length.
                'L' => {
                    if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
                        self.source_name()?;
                    }
                    let end = self.rest.find('E')?;
                    self.rest = &self.rest[end + 1..];
                }
                // Substitutions and template parameters: `S_`, `S1_`, `St`, `T_`, `T0_`. A number there is no length.
                'S' | 'T' => {
                    let number =
                        self.rest.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase());
                    if let Some(rest) = number.strip_prefix('_') {
                        self.rest = rest;
                    } else {
                        self.next()?;
                    }
                }
                // An array: its length ends with `_`.
                'A' => {
                    let end = self.rest.find('_')?;
                    self.rest = &self.rest[end + 1..];
                }
                'E' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(());
                    }
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        Some(next)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::demangle;

    #[test]
    fn names_of_rust() {
        assert_eq!(demangle("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        assert_eq!(demangle("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
    }

    /// What the compilers make of functions with these names.
    #[test]
    fn names_of_cpp() {
        for (mangled, expected) in [
            ("_Z3addii", "add"),
            ("_ZL6helperv", "helper"),
            ("_ZN4shop5Shelf5shareIlEEiT_i", "shop::Shelf::share"),
            ("_ZNK4shop5Shelf4sizeEv", "shop::Shelf::size"),
            ("_ZN4shop5ShelfC2Ev", "shop::Shelf::Shelf"),
            ("_ZN4shop5ShelfD0Ev", "shop::Shelf::~Shelf"),
            ("_ZN4shop5ShelfixEm", "shop::Shelf::operator[]"),
            ("_ZN12_GLOBAL__N_14hideEv", "(anonymous namespace)::hide"),
            ("_ZNSt3__16vectorIiNS_9allocatorIiEEE9push_backB8ne180100ERKi", "std::__1::vector::push_back"),
            ("_ZNSt5arrayIiLm4EE4fillERKi", "std::array::fill"),
            ("_ZNSsC1EPKc", "std::string::string"),
            ("_ZSt9terminatev", "std::terminate"),
            ("_ZplRK3VecS1_", "operator+"),
            ("_ZN3MapIA4_cN1a1bEE3getEv", "Map::get"),
        ] {
            assert_eq!(demangle(mangled), expected, "{mangled}");
        }
    }

    #[test]
    fn everything_else_stays() {
        let others = [
            "main",
            "_start",
            "",
            "ä",
            "_Z",
            "_ZN",
            "_ZNE",
            "_Z5ab",
            "_Z2aä",
            "_ZTV3Foo",
            "_ZZ4mainENKUlvE_clEv",
            "_R",
        ];
        for name in others {
            assert_eq!(demangle(name), name);
        }
    }

    /// These keep a general demangler busy for minutes, or fill the memory.
    #[test]
    fn hostile_names_take_no_time() {
        let doubled: String = (1..60).map(|i| format!("S_IS{i}_S{i}_E")).collect();
        for name in [
            format!("_Z1fIiEDT{}", "dl".repeat(100)),
            format!("_Z1f1AIiiE{doubled}"),
            format!("_ZN1a{}E", "I".repeat(100_000)),
            format!("_ZN1a{}{}E", "I".repeat(50_000), "E".repeat(50_000)),
            format!("_ZN{}E", "1a".repeat(50_000)),
            "_Z99999999999999999999999a".to_owned(),
        ] {
            assert!(demangle(&name).len() <= 3 * name.len());
        }
    }

    /// Each of these says little, many times.
    #[test]
    fn hostile_names_do_not_explode() {
        let long = "a".repeat(50_000);
        let tuples = |depth: usize| format!("_RINvC1a1b{}E", format!("T{}", "B9_".repeat(8)).repeat(depth));
        for name in [
            // Constructors have the name of their class, as often as there are some.
            format!("_ZN50000{long}{}Ev", "C1".repeat(24_000)),
            format!("_ZN50000{long}{}Ev", "D1".repeat(24_000)),
            format!("_ZN1a{}Ev", "C1".repeat(300_000)),
            format!("_ZN{}E", "dl".repeat(50_000)),
            format!("_ZN{}E", "Sb".repeat(50_000)),
            // Rust's back references: each type is all those before it, several times.
            format!("_RINvC1a1b{}E", "TB9_B9_E".repeat(10_000)),
            tuples(100),
            format!("_RNvC50000{long}1a"),
            format!("_ZN50000{long}17h0123456789abcdefE"),
        ] {
            let demangled = demangle(&name);
            let kept = demangled == name;
            assert!(kept || demangled.len() <= 4096 + 3, "{} bytes of {}", demangled.len(), &name[..20]);
        }
        // What is cut is still of use, and the name of a program is never cut.
        assert!(demangle(&format!("_ZN3abc{}Ev", "C1".repeat(9000))).starts_with("abc::abc::abc"));
        let real = format!("_ZN4core{}17h0123456789abcdefE", "5outer".repeat(200));
        assert!(demangle(&real).ends_with("::outer"));
    }
}
