//! What is logged of a slow statement.

use super::{MOST, statement, waits};
use crate::db::schema::suppliers;
use diesel::prelude::*;
use diesel::{debug_query, sqlite::Sqlite};

#[test]
fn the_values_are_left_out() {
    let query = suppliers::table.filter(suppliers::name.eq("Jane Doe")).select(suppliers::id);
    let whole = debug_query::<Sqlite, _>(&query);
    assert!(whole.to_string().contains("Jane Doe"));
    let text = statement(&whole);
    assert!(text.starts_with("SELECT") && text.contains("`suppliers`.`name` = ?"), "{text}");
    assert!(!text.contains("Jane") && !text.contains("binds"), "{text}");
}

#[test]
fn a_long_statement_is_cut_before_its_values() {
    let many: Vec<String> = (0..5_000).map(|n| format!("Jané {n}")).collect();
    let query = suppliers::table.filter(suppliers::name.eq_any(&many)).select(suppliers::id);
    let text = statement(&debug_query::<Sqlite, _>(&query));
    assert!(text.len() <= MOST + '…'.len_utf8() && text.ends_with('…') && !text.contains("Jan"), "{text}");
    for length in MOST - 3..MOST + 20 {
        let text = statement(&format!("{}é -- binds: [\"Jane\"]", "x".repeat(length)));
        assert!(text.len() <= MOST + super::VALUES.len() + '…'.len_utf8() && !text.contains("Jane"), "{length} {text}");
    }
}

#[test]
fn waiting_is_not_slowness() {
    assert!(waits("BEGIN IMMEDIATE") && waits("SELECT pg_advisory_xact_lock(7301)"));
    assert!(!waits("COMMIT") && !waits("SELECT 1"));
}
