//! Which of several products an offer is of.

use crate::dictionary::Dictionary;
use crate::identity::find::{Judged, choose};
use crate::identity::{Decision, MatchRules, Reason, Verdict};
use std::sync::{Arc, LazyLock};

fn judged(product_id: i64, decision: Decision, score: u16, code: &'static str, same_supplier: bool) -> Judged {
    let reasons = vec![Reason { code, field: "", left: String::new(), right: String::new() }];
    Judged { product_id, verdict: Verdict { decision, score, reasons }, same_supplier }
}

fn rules() -> Arc<MatchRules> {
    static RULES: LazyLock<Arc<MatchRules>> = LazyLock::new(|| MatchRules::of(&Dictionary::embedded().unwrap()).unwrap());
    Arc::clone(&RULES)
}

#[test]
fn the_best_is_chosen_and_of_equals_that_are_one_the_oldest() {
    let merges = || {
        vec![
            judged(7, Decision::Merge, 930, "same_brand_and_model", false),
            judged(3, Decision::Merge, 930, "same_brand_and_model", false),
            judged(5, Decision::Merge, 400, "title", false),
        ]
    };
    let found = choose(&rules(), merges(), |_, _| true);
    assert_eq!(found.product.map(|(id, _)| id), Some(3));
    // Two that are not one product themselves: a person decides.
    let found = choose(&rules(), merges(), |_, _| false);
    assert!(found.product.is_none());
    assert_eq!(found.suspected.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [3, 7, 5]);
}

#[test]
fn one_supplier_joins_its_own_by_a_number_alone() {
    let own = |code| choose(&rules(), vec![judged(3, Decision::Merge, 930, code, true)], |_, _| true);
    assert!(own("same_brand_and_model").product.is_none() && own("same_brand_and_model").suspected.is_empty());
    assert!(own("same_gtin").product.is_some());
    let asked = |code| choose(&rules(), vec![judged(3, Decision::Review, 700, code, true)], |_, _| true).suspected.len();
    assert_eq!((asked("title"), asked("same_gtin")), (0, 1));
}

#[test]
fn a_colour_joins_the_likeliest_group_and_asks_nothing() {
    let variants = vec![
        judged(3, Decision::Variant, 900, "other_color", false),
        judged(4, Decision::Variant, 940, "other_color", true),
        judged(5, Decision::Review, 500, "like_model", false),
    ];
    let found = choose(&rules(), variants, |_, _| true);
    assert_eq!((found.product.is_none(), found.like, found.suspected.len()), (true, Some(4), 1));
}

#[test]
fn few_questions_are_asked_at_once() {
    let many = (1..=20).map(|id| judged(id, Decision::Review, 500, "title", false)).collect();
    assert_eq!(choose(&rules(), many, |_, _| true).suspected.len(), 3);
}
