//! Which fields go back.

use super::image::{Fields, Merged, OFFER, PRODUCT, fields, merge, no_offer, set_offer};
use serde_json::{Value, json};

fn of(value: Value) -> Fields {
    fields(value)
}

fn row(import: &str, cost: &str) -> Fields {
    of(json!({"raw": {"title": import}, "import": import, "file": "f.csv", "row": 1, "live": true, "claims": [import],
        "cost": {"amount": cost, "currency": "EUR"}, "product_id": 1}))
}

#[test]
fn what_is_as_it_was_left_goes_back() {
    let merged = merge(OFFER, &row("old", "1.00"), None, &row("new", "2.00"));
    assert_eq!(merged.conflicts, Vec::<String>::new());
    assert_eq!(merged.set["claims"], json!(["old"]));
    assert_eq!(merged.set["cost"]["amount"], "1.00");
    assert!(!merged.set.contains_key("live"), "it was live before and is: {:?}", merged.set);
}

#[test]
fn what_was_changed_since_stays_and_the_rest_goes_back() {
    let merged = merge(OFFER, &row("old", "1.00"), Some(&row("new", "2.00")), &row("new", "3.00"));
    assert_eq!(merged.conflicts, ["cost"]);
    assert_eq!(merged.set["raw"], json!({"title": "old"}));
    assert!(!merged.set.contains_key("cost"));
}

#[test]
fn what_was_changed_since_and_brought_back_is_no_conflict() {
    let merged = merge(OFFER, &row("old", "1.00"), Some(&row("new", "2.00")), &row("new", "2.00"));
    assert!(merged.conflicts.is_empty() && merged.set.contains_key("raw") && merged.set.contains_key("cost"));
}

#[test]
fn what_is_as_it_was_before_needs_nothing() {
    assert_eq!(merge(OFFER, &row("old", "1.00"), Some(&row("new", "2.00")), &row("old", "1.00")), Merged::default());
    let status = |status: &str| of(json!({"status": status, "status_by": "import"}));
    assert_eq!(merge(PRODUCT, &status("active"), Some(&status("discontinued")), &status("active")), Merged::default());
}

#[test]
fn a_row_read_again_is_the_same_row() {
    let mut again = row("new", "2.00");
    again.insert("claims".to_owned(), json!(["better"]));
    let merged = merge(OFFER, &row("old", "2.00"), Some(&row("new", "2.00")), &again);
    assert_eq!((merged.conflicts.len(), &merged.set["claims"]), (0, &json!(["old"])));
}

#[test]
fn an_image_that_names_little_touches_little() {
    let before = of(json!({"live": true}));
    let gone = of(json!({"live": false, "gone_at": "2026-01-01T00:00:00Z", "raw": {"a": 1}, "cost": null}));
    assert_eq!(merge(OFFER, &before, None, &gone).set, before);
}

#[test]
fn an_offer_that_was_made_says_nothing_afterwards() {
    use crate::catalog::queries::{OfferBody, OfferRecord};
    use crate::db::{JsonText, Time};
    let at = Time(chrono::DateTime::UNIX_EPOCH);
    let text = |value: Value| JsonText::of(&value).unwrap();
    let mut body = OfferBody {
        supplier_id: 1,
        supplier_sku: "A".to_owned(),
        product_id: Some(7),
        live: true,
        gone_at: None,
        row_hash: "ab".to_owned(),
        warned: false,
        gtin: Some("0".to_owned()),
        brand: Some("petzl".to_owned()),
        mpn_key: Some("e093".to_owned()),
        parent: None,
        cost_minor: Some(100),
        cost_currency: Some("EUR".to_owned()),
        recommended_minor: None,
        recommended_currency: None,
        import_id: "imp_1".to_owned(),
        file: "f.csv".to_owned(),
        row_number: 1,
        created_at: at,
        updated_at: at,
        record: OfferRecord {
            raw: text(json!({"title": "Lamp"})),
            claims: text(json!([1])),
            images: text(json!([])),
            tags: text(json!(["x"])),
            issues: Some(text(json!([]))),
        },
    };
    let now = fields(crate::catalog::intake::offer_image(&body).unwrap().read().unwrap());
    let merged = merge(OFFER, &no_offer(at), None, &now);
    assert!(merged.conflicts.is_empty());
    set_offer(&mut body, &merged.set, at).unwrap();
    assert_eq!((body.live, body.product_id, body.gtin, body.cost_minor, body.cost_currency), (false, Some(7), None, None, None));
    assert_eq!((body.record.claims.as_str(), body.record.tags.as_str(), body.row_hash.as_str()), ("[]", "[]", ""));
    assert_eq!(body.record.issues, None, "what was wrong is found when the record is read again");
}
