//! The signatures of [`crate::builtins`], read.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::builtins::Builtin;

/// A type in a signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignatureType {
    /// `()`.
    Unit,
    /// `Int`.
    Int,
    /// `Float`.
    Float,
    /// `Bool`.
    Bool,
    /// `String`.
    String,
    /// `Never`.
    Never,
    /// A type that each call chooses.
    Variable(Variable),
    /// `[T]`.
    Array(Box<SignatureType>),
    /// `(A, B)`.
    Tuple(Vec<SignatureType>),
    /// `fun(A) -> B`.
    Function(Vec<SignatureType>, Box<SignatureType>),
}

/// A type that each call chooses: one and the same in all places of the signature where it is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variable {
    /// Any type.
    T,
    /// Any type.
    U,
    /// `Int` or `Float`.
    Num,
    /// A type with `==`.
    Eq,
    /// A type with `<`.
    Ord,
    /// Any type with a text form.
    Any,
}

/// How a builtin is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// The type of what stands before the point; none for functions and constants.
    pub receiver: Option<SignatureType>,
    /// Its name.
    pub name: &'static str,
    /// Names and types of the parameters, without the receiver.
    pub params: Vec<(&'static str, SignatureType)>,
    /// Whether the last parameter may be given any number of times.
    pub variadic: bool,
    /// What it returns, or is.
    pub result: SignatureType,
    /// Whether it is a constant, without parentheses.
    pub constant: bool,
}

struct Table {
    signatures: Vec<Signature>,
    functions: FxHashMap<&'static str, Builtin>,
    methods: FxHashMap<&'static str, Vec<Builtin>>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let signatures: Vec<Signature> =
            Builtin::ALL.iter().map(|&builtin| read(builtin.signature())).collect();
        let mut functions = FxHashMap::default();
        let mut methods: FxHashMap<&'static str, Vec<Builtin>> = FxHashMap::default();
        for (&builtin, signature) in Builtin::ALL.iter().zip(&signatures) {
            if signature.receiver.is_some() {
                methods.entry(signature.name).or_default().push(builtin);
            } else {
                functions.insert(signature.name, builtin);
            }
        }
        Table { signatures, functions, methods }
    })
}

impl Signature {
    /// The signature of `builtin`.
    pub fn of(builtin: Builtin) -> &'static Self {
        &table().signatures[builtin as usize]
    }
}

/// The function or constant with this name.
///
/// ```
/// use upshift_cells::builtins::Builtin;
/// use upshift_cells::check::signature::function;
///
/// assert_eq!(function("print"), Some(Builtin::Print));
/// assert_eq!(function("println"), None);
/// ```
pub fn function(name: &str) -> Option<Builtin> {
    table().functions.get(name).copied()
}

/// The methods with this name, of whatever receivers.
pub fn methods(name: &str) -> &'static [Builtin] {
    table().methods.get(name).map_or(&[], Vec::as_slice)
}

/// Reads a line of the table. The table is ours: what is malformed is found by the test below.
fn read(text: &'static str) -> Signature {
    let mut reader = Reader { text, at: 0 };
    let receiver = dot(text).map(|end| {
        let receiver = reader.ty();
        reader.at = end + 1;
        receiver
    });
    let name = reader.word();
    let (mut params, mut variadic) = (Vec::new(), false);
    let constant = !reader.eat("(");
    if constant {
        reader.eat(": ");
        return Signature { receiver, name, params, variadic, result: reader.ty(), constant };
    }
    while !reader.eat(")") {
        if reader.eat("...") {
            variadic = true;
        } else {
            let name = reader.word();
            reader.eat(": ");
            params.push((name, reader.ty()));
        }
        if !reader.eat(", ") && !reader.text[reader.at..].starts_with(')') {
            break;
        }
    }
    let result = if reader.eat(" -> ") { reader.ty() } else { SignatureType::Unit };
    Signature { receiver, name, params, variadic, result, constant }
}

/// Where the point behind the receiver is.
fn dot(text: &str) -> Option<usize> {
    let dot = text.find('.')?;
    (!text[..dot].contains('(')).then_some(dot)
}

struct Reader {
    text: &'static str,
    at: usize,
}

impl Reader {
    fn eat(&mut self, word: &str) -> bool {
        let found = self.text[self.at..].starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn word(&mut self) -> &'static str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn list(&mut self) -> Vec<SignatureType> {
        let mut list = Vec::new();
        while !self.eat(")") && self.at < self.text.len() {
            list.push(self.ty());
            self.eat(", ");
        }
        list
    }

    fn ty(&mut self) -> SignatureType {
        if self.eat("[") {
            let element = self.ty();
            self.eat("]");
            return SignatureType::Array(Box::new(element));
        }
        if self.eat("(") {
            let list = self.list();
            return if list.is_empty() { SignatureType::Unit } else { SignatureType::Tuple(list) };
        }
        if self.eat("fun(") {
            let params = self.list();
            let result = if self.eat(" -> ") { self.ty() } else { SignatureType::Unit };
            return SignatureType::Function(params, Box::new(result));
        }
        match self.word() {
            "Int" => SignatureType::Int,
            "Float" => SignatureType::Float,
            "Bool" => SignatureType::Bool,
            "String" => SignatureType::String,
            "Never" => SignatureType::Never,
            "U" => SignatureType::Variable(Variable::U),
            "Num" => SignatureType::Variable(Variable::Num),
            "Eq" => SignatureType::Variable(Variable::Eq),
            "Ord" => SignatureType::Variable(Variable::Ord),
            "Any" => SignatureType::Variable(Variable::Any),
            _ => SignatureType::Variable(Variable::T),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(ty: &SignatureType) -> String {
        let list = |list: &[SignatureType]| list.iter().map(write).collect::<Vec<_>>().join(", ");
        match ty {
            SignatureType::Unit => "()".into(),
            SignatureType::Variable(variable) => format!("{variable:?}"),
            SignatureType::Array(element) => format!("[{}]", write(element)),
            SignatureType::Tuple(elements) => format!("({})", list(elements)),
            SignatureType::Function(params, result) => format!("fun({}) -> {}", list(params), write(result)),
            simple => format!("{simple:?}"),
        }
    }

    /// What has been read, written again, is the table.
    #[test]
    fn reads_the_whole_table() {
        for &builtin in Builtin::ALL {
            let signature = Signature::of(builtin);
            let receiver = signature.receiver.as_ref().map_or(String::new(), |ty| write(ty) + ".");
            let mut params: Vec<String> =
                signature.params.iter().map(|(name, ty)| format!("{name}: {}", write(ty))).collect();
            if signature.variadic {
                params.push("...".into());
            }
            let written = match (signature.constant, &signature.result) {
                (true, ty) => format!("{}: {}", signature.name, write(ty)),
                (false, SignatureType::Unit) => {
                    format!("{receiver}{}({})", signature.name, params.join(", "))
                }
                (false, ty) => {
                    format!("{receiver}{}({}) -> {}", signature.name, params.join(", "), write(ty))
                }
            };
            assert_eq!(written, builtin.signature());
        }
    }
}
