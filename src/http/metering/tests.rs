//! The list of metrics and what is said about it.

use super::{ALL, LONG_ONES};
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../docs/operations.md");

#[test]
fn names_carry_their_unit_and_stand_once() {
    let names: BTreeSet<&str> = ALL.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names.len(), ALL.len());
    for (name, kind, unit, help) in &ALL {
        let ending = match unit {
            ::metrics::Unit::Seconds => "_seconds",
            ::metrics::Unit::Bytes => "_bytes_total",
            _ => "",
        };
        assert!(name.starts_with("beamline_") && name.ends_with(ending) && !help.is_empty(), "{name}");
        assert_eq!(name.ends_with("_total"), *kind == super::Counter, "{name}");
    }
    assert!(LONG_ONES.iter().all(|name| names.contains(name)));
}

#[test]
fn the_page_for_operators_lists_them_all_and_no_other() {
    let told: BTreeSet<&str> = PAGE
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("beamline_") && !word.ends_with('_'))
        .map(|word| word.trim_end_matches("_bucket").trim_end_matches("_sum"))
        .collect();
    let names: BTreeSet<&str> = ALL.iter().map(|(name, ..)| *name).collect();
    assert_eq!(told, names);
}
