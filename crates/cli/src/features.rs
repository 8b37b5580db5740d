//! `upshift features`: the decoder's table of features.

use std::fmt::Write;

use anyhow::Result;
use upshift_translate::features::Feature;

use crate::flags::{Listing, Options};
use crate::json::Json;
use crate::report::print;

/// Prints the table.
///
/// # Errors
/// If that fails.
pub(crate) fn features(options: &Options) -> Result<()> {
    match options.listing() {
        Listing::Json => print(&format!("{}\n", Json::list(Feature::ALL.iter().map(json)))),
        Listing::Text => {
            let mut text = String::new();
            for feature in Feature::ALL {
                let standard = feature.standard().map_or("proposal".into(), |version| format!("{version}.0"));
                let (name, availability) = (feature.name(), feature.availability());
                writeln!(text, "{name:<26} {availability:<12} {standard:<9} {}", feature.description())?;
            }
            print(&text)
        }
    }
}

fn json(feature: &Feature) -> Json {
    Json::from([
        ("name", feature.name().into()),
        ("availability", feature.availability().to_string().into()),
        ("standard", feature.standard().into()),
        ("description", feature.description().into()),
    ])
}
