//! The names in the table of operators, against the list of operators that wasmparser has.

use std::collections::HashMap;

use upshift_core::ops::{Binary, ExtractLane, ReplaceLane, Ternary, Unary, Wide};

/// What the table says of an operator.
struct Row {
    variant: String,
    text: &'static str,
    operands: usize,
    results: usize,
}

/// All rows of the table.
fn rows() -> Vec<Row> {
    macro_rules! collect {
        ($($shape:ident $results:literal)*) => {
            std::iter::empty()
                $(.chain($shape::ALL.iter().map(|op| Row {
                    variant: format!("{op:?}"),
                    text: op.text(),
                    operands: op.operands().len(),
                    results: $results,
                })))*
                .collect()
        };
    }
    collect!(Unary 1 Binary 1 Wide 2 Ternary 1 ExtractLane 1 ReplaceLane 1)
}

/// An operator as wasmparser knows it.
struct Known {
    group: &'static str,
    variant: &'static str,
    visit: &'static str,
    annotation: &'static str,
}

/// All operators of wasmparser.
fn known() -> Vec<Known> {
    macro_rules! collect {
        ($(@$group:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($annotation:tt)*))*) => {
            vec![$(Known {
                group: stringify!($group),
                variant: stringify!($op),
                visit: stringify!($visit),
                annotation: stringify!($($annotation)*),
            }),*]
        };
    }
    wasmparser::for_each_operator!(collect)
}

#[test]
fn names_are_unique() {
    let mut texts = HashMap::new();
    for row in rows() {
        if let Some(other) = texts.insert(row.text, row.variant.clone()) {
            panic!("{} is the text of {other} and {}", row.text, row.variant);
        }
    }
}

#[test]
fn names_are_those_of_wasmparser() {
    let known: HashMap<_, _> = known().into_iter().map(|known| (known.variant, known)).collect();
    for row in rows() {
        if row.text.ends_with(".canonical_nan") {
            // The engine's own.
            continue;
        }
        let Some(known) = known.get(row.variant.as_str()) else { panic!("no operator {}", row.variant) };
        // The text name is the visitor's name with a dot for the first underscore.
        assert_eq!(known.visit, format!("visit_{}", row.text.replacen('.', "_", 1)));
        if known.annotation.starts_with("arity") {
            let numbers = known.annotation.split_whitespace().filter_map(|word| word.parse().ok());
            assert_eq!(numbers.collect::<Vec<usize>>(), [row.operands, row.results], "arity of {}", row.text);
        }
    }
}

#[test]
fn all_vector_operators_without_memory_are_there() {
    let rows: Vec<String> = rows().into_iter().map(|row| row.variant).collect();
    let mut elsewhere = 0;
    for known in known().iter().filter(|known| known.group.contains("simd")) {
        let memory = known.variant.starts_with("V128Load") || known.variant.starts_with("V128Store");
        if memory || ["V128Const", "I8x16Shuffle"].contains(&known.variant) {
            elsewhere += 1;
            continue;
        }
        assert!(rows.iter().any(|row| row == known.variant), "{} is missing", known.variant);
    }
    // 14 loads and stores of vectors, 8 of single lanes, the constant and the shuffle.
    assert_eq!(elsewhere, 24);
}
