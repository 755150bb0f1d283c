//! What may be said about a supplier.

use crate::suppliers::{SupplierTerms, check, is_code};

fn terms() -> SupplierTerms {
    SupplierTerms {
        name: "Alpine Licht".to_owned(),
        currency: "eur".to_owned(),
        locale: "DE-at".to_owned(),
        rank: 100,
        country: Some("at".to_owned()),
    }
}

#[test]
fn codes_are_what_the_page_says() {
    for good in ["a", "0", "alpine", "a-b_c9", &"x".repeat(40)] {
        assert!(is_code(good), "{good}");
    }
    for bad in ["", "-a", "_a", "A", "a b", "ä", "a.b", &"x".repeat(41)] {
        assert!(!is_code(bad), "{bad}");
    }
}

#[test]
fn codes_and_tags_get_their_usual_spelling() {
    let mut terms = terms();
    check::terms(&mut terms).unwrap();
    assert_eq!((terms.currency.as_str(), terms.locale.as_str(), terms.country.as_deref()), ("EUR", "de-AT", Some("AT")));
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let mut terms = SupplierTerms {
        name: " ".to_owned(),
        currency: "EURO".to_owned(),
        locale: "german".repeat(9),
        rank: 0,
        country: Some("Austria".to_owned()),
    };
    let error = check::terms(&mut terms).unwrap_err();
    let pointers: Vec<&str> = error.fields.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(pointers, ["/name", "/currency", "/locale", "/rank", "/country"]);
}
