//! What counts as agreeing, contested, lost and outvoted.

use super::{Standing, count};
use crate::catalog::resolve::{Edit, Source};
use crate::dictionary::Dictionary;
use crate::normalize::{Claim, Value};
use chrono::DateTime;
use std::collections::BTreeMap;

fn says(supplier: &str, rank: i32, attribute: &str, value: Value) -> Source {
    let claim = Claim {
        attribute: attribute.to_owned(),
        locale: None,
        value,
        raw: String::new(),
        field: String::new(),
        rule: String::new(),
        confidence: 95,
    };
    Source {
        offer_id: i64::from(rank),
        supplier: supplier.to_owned(),
        rank,
        supplier_sku: "1".to_owned(),
        live: true,
        import_id: String::new(),
        file: String::new(),
        row: 1,
        claims: vec![claim],
        images: Vec::new(),
        tags: Vec::new(),
    }
}

fn standing(supplier: &str, sources: &[Source], edits: &[Edit]) -> Option<Standing> {
    let mut standings = BTreeMap::new();
    count(supplier, sources, edits, &Dictionary::embedded().unwrap(), &mut standings);
    standings.into_values().next()
}

fn grams(amount: i64) -> Value {
    Value::measure(amount.into(), "g")
}

#[test]
fn a_claim_that_others_contradict_is_contested_and_may_lose() {
    let weight = "weight_with_battery";
    let three = [says("a", 1, weight, grams(86)), says("b", 2, weight, grams(120)), says("c", 3, weight, grams(121))];
    let counts = |shared, contested, lost, outvoted| Some(Standing { shared, contested, lost, outvoted });
    assert_eq!(standing("a", &three, &[]), counts(1, 1, 0, 1), "it stands by its rank, and two others agree on something else");
    assert_eq!(standing("b", &three, &[]), counts(1, 1, 1, 0), "one of two others says the same");
    assert_eq!(standing("a", &three[..1], &[]), None, "nobody else says anything");
    let near = [says("a", 1, weight, grams(100)), says("b", 2, weight, grams(101))];
    assert_eq!(standing("b", &near, &[]), counts(1, 0, 0, 0), "rounding is no contradiction");
    let person = Edit {
        attribute: weight.to_owned(),
        locale: None,
        value: grams(120),
        author: "key:me".to_owned(),
        at: DateTime::UNIX_EPOCH,
    };
    assert_eq!(standing("a", &three, std::slice::from_ref(&person)), counts(1, 1, 1, 1), "a person sided with the others");
    assert_eq!(standing("b", &three, &[person]), counts(1, 1, 0, 0));
}

#[test]
fn free_texts_are_not_compared() {
    let names = [says("a", 1, "model_name", Value::text("HM65R")), says("b", 2, "model_name", Value::text("Fenix HM65R"))];
    assert_eq!(standing("a", &names, &[]), None);
    let codes = [says("a", 1, "ip_rating", Value::text("IPX4")), says("b", 2, "ip_rating", Value::text("IP68"))];
    assert_eq!(standing("b", &codes, &[]), Some(Standing { shared: 1, contested: 1, lost: 1, outvoted: 0 }));
}
