//! `json`: parses a document into a tree and into types, changes both, and writes them again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use upshift_bench_real::input::{Random, WORDS, sentence};

#[derive(Deserialize, Serialize)]
struct Order {
    id: u64,
    customer: Customer,
    lines: Vec<Line>,
    discount: Option<f64>,
    state: State,
    note: String,
}

#[derive(Deserialize, Serialize)]
struct Customer {
    name: String,
    #[serde(default)]
    tags: Vec<String>,
    place: (f64, f64),
}

#[derive(Deserialize, Serialize)]
struct Line {
    item: String,
    count: u32,
    price: f64,
}

#[derive(Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum State {
    Open,
    Paid,
    Sent { day: u16 },
}

fn document() -> String {
    let mut random = Random::new(2);
    let orders: Vec<String> = (0..400)
        .map(|id| {
            let lines: Vec<String> = (0..1 + random.below(8))
                .map(|_| {
                    let (item, count, cents) = (random.pick(WORDS), 1 + random.below(20), random.below(100_000));
                    format!(r#"{{"item": "{item}", "count": {count}, "price": {}.{:02}}}"#, cents / 100, cents % 100)
                })
                .collect();
            let mut order = format!(r#"{{ "id": {}, "lines": [{}], "#, 7_000_000_000u64 + id, lines.join(", "));
            let (name, tag) = (random.pick(WORDS), random.pick(WORDS));
            let (degrees, exponent) = (random.below(180), random.below(9));
            write!(
                order,
                r#""customer": {{"name": "{name} \"\u00e9\ud83d\ude42\" {id}", "tags": ["{tag}", "{name}"], "place": [-{degrees}.25, 1.5e-{exponent}]}}, "#
            )
            .expect("a string grows");
            let state = match random.below(3) {
                0 => r#""open""#.to_owned(),
                1 => r#""paid""#.to_owned(),
                _ => format!(r#"{{"sent": {{"day": {}}}}}"#, random.below(366)),
            };
            let discount = if random.once_in(3) { "0.125" } else { "null" };
            let note = sentence(&mut random);
            write!(order, r#""state": {state}, "discount": {discount}, "note": "{note}\n\t{note}" }}"#).expect("a string grows");
            order
        })
        .collect();
    format!("{{\n  \"version\": 3,\n  \"orders\": [\n    {}\n  ]\n}}\n", orders.join(",\n    "))
}

/// The document as a tree: some values changed, some taken out, some added.
fn tree(text: &str) -> Value {
    let mut document: Value = serde_json::from_str(text).expect("a valid document");
    for order in document["orders"].as_array_mut().expect("a list") {
        let lines = order["lines"].as_array_mut().expect("a list");
        lines.retain(|line| line["count"].as_u64() != Some(1));
        let total: f64 = lines
            .iter()
            .map(|line| {
                line["price"].as_f64().unwrap_or_default() * line["count"].as_f64().unwrap_or_default()
            })
            .sum();
        let count = lines.len();
        let order = order.as_object_mut().expect("an object");
        order.remove("note");
        order.insert("total".to_owned(), json!({ "value": total, "lines": count, "large": total > 5000.0 }));
    }
    document["version"] = json!(4);
    document
}

/// The document as types: the open orders, most expensive line first, by the customer's first tag.
fn typed(text: &str) -> BTreeMap<String, Vec<Order>> {
    #[derive(Deserialize)]
    struct Document {
        orders: Vec<Order>,
    }

    let document: Document = serde_json::from_str(text).expect("a valid document");
    let mut by_tag: BTreeMap<String, Vec<Order>> = BTreeMap::new();
    for mut order in document.orders {
        if order.state == State::Open {
            order.lines.sort_by(|one, other| other.price.total_cmp(&one.price));
            by_tag.entry(order.customer.tags[0].clone()).or_default().push(order);
        }
    }
    by_tag
}

fn work(text: &str) -> Vec<u8> {
    let tree = tree(text);
    let mut output = serde_json::to_vec(&tree).expect("a tree has a text");
    assert!(serde_json::from_slice::<Value>(&output).expect("what was written parses") == tree);
    output.extend(serde_json::to_vec_pretty(&typed(text)).expect("types have a text"));
    output
}

fn main() -> ExitCode {
    upshift_bench_real::run(0xc7ff_2bf3_57f8_2659, document, work)
}
