//! Pages and their cursors.

use super::*;

fn many(count: i64) -> Vec<ProductView> {
    (1..=count)
        .map(|id| {
            // Few values, so that ties are everywhere; every seventh has none.
            let lamp = lamp(id, &format!("BL-{id:04}")).brand("Petzl").title("en", &format!("Lamp {}", id % 10));
            if id % 7 == 0 { lamp } else { lamp.measure("light_output_max", &(100 * (id % 5)).to_string(), "lm") }
        })
        .collect()
}

/// All pages of a search, one after another.
fn pages(shop: &Shop, request: &SearchRequest) -> Vec<String> {
    let mut all = Vec::new();
    let mut request = request.clone();
    loop {
        let page = shop.ask(&request);
        all.extend(skus(&page));
        match page.next {
            Some(next) => request.after = Some(next),
            None => return all,
        }
    }
}

#[test]
fn sorted_pages_hold_every_product_once_and_in_order() {
    let shop = Shop::of(many(100));
    for sort in ["light_output_max", "-light_output_max", "title", "-title", "sku", "-sku", "brand", "updated_at", "-price"] {
        let request = SearchRequest { sort: Some(sort.to_owned()), limit: Some(7), ..SearchRequest::default() };
        let paged = pages(&shop, &request);
        let whole = skus(&shop.ask(&SearchRequest { limit: Some(1_000), ..request }));
        assert_eq!(paged, whole, "{sort}");
        let mut sorted = paged;
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 100, "{sort}");
    }
    let first = |sort: &str| skus(&shop.ask(&SearchRequest { sort: Some(sort.to_owned()), ..SearchRequest::default() }));
    assert_eq!(first("light_output_max")[..2], ["BL-0005", "BL-0010"]);
    assert_eq!(first("-light_output_max")[..2], ["BL-0004", "BL-0009"]);
}

#[test]
fn products_without_the_value_come_last_in_both_directions() {
    let shop = Shop::of(many(14));
    for sort in ["light_output_max", "-light_output_max"] {
        let found = skus(&shop.ask(&SearchRequest { sort: Some(sort.to_owned()), ..SearchRequest::default() }));
        assert_eq!(found[12..], ["BL-0007", "BL-0014"], "{sort}");
    }
}

#[test]
fn a_sorted_cursor_outlives_other_peoples_writes() {
    let shop = Shop::of(many(40));
    let request = SearchRequest { sort: Some("sku".into()), limit: Some(10), ..SearchRequest::default() };
    let first = shop.ask(&request);
    let mut writer = shop.writer();
    // One before the cursor goes, one appears before it: neither moves what follows.
    writer.replace(&[3, 90], &[lamp(90, "BL-0001A")], &ReadyChannels::new()).unwrap();
    writer.advance(at(2));
    writer.commit().unwrap();
    let second = shop.ask(&SearchRequest { after: first.next, ..request });
    assert_eq!(skus(&second)[0], "BL-0011");
}

#[test]
fn a_relevance_cursor_pages_one_view_for_a_minute() {
    let shop = Shop::of(many(60));
    let request = SearchRequest { q: "lamp".into(), limit: Some(25), ..SearchRequest::default() };
    let mut paged = pages(&shop, &request);
    paged.sort();
    paged.dedup();
    assert_eq!(paged.len(), 60);

    let first = shop.ask(&request);
    let ids: Vec<i64> = shop.products.iter().map(|view| view.id).collect();
    let mut writer = shop.writer();
    writer.replace(&ids, &[], &ReadyChannels::new()).unwrap();
    writer.advance(at(2));
    writer.commit().unwrap();
    assert_eq!(shop.find("lamp"), Vec::<String>::new());
    // The view that the first page was cut from is still whole.
    let next = SearchRequest { after: first.next, ..request };
    assert_eq!(shop.ask(&next).items.len(), 25);

    shop.clock.set(start() + TimeDelta::seconds(61));
    assert_eq!(shop.refused(&next).0, Code::CursorExpired);
}

#[test]
fn a_cursor_of_something_else_is_invalid() {
    let shop = Shop::of(many(30));
    let request = SearchRequest { q: "lamp".into(), limit: Some(5), ..SearchRequest::default() };
    let next = shop.ask(&request).next;
    let after = |after: &str| SearchRequest { after: Some(after.to_owned()), ..request.clone() };
    for cursor in ["", "x", "e30", "bnVsbA", "💡", "eyJyIjp7fX0"] {
        assert_eq!(shop.refused(&after(cursor)).0, Code::InvalidCursor, "{cursor}");
    }
    let other = SearchRequest { q: "petzl".into(), after: next, ..request };
    assert_eq!(shop.refused(&other).0, Code::InvalidCursor);
}

#[test]
fn limits_and_unknown_sorts_are_refused() {
    let shop = Shop::of(many(1));
    for limit in [0, 1_001] {
        assert_eq!(shop.refused(&SearchRequest { limit: Some(limit), ..SearchRequest::default() }).0, Code::InvalidParameter);
    }
    let (code, detail) = shop.refused(&SearchRequest { sort: Some("-light_output".into()), ..SearchRequest::default() });
    assert_eq!(code, Code::InvalidParameter);
    assert!(detail.contains("light_output_max"), "{detail}");
    assert_eq!(shop.refused(&SearchRequest { sort: Some("tag".into()), ..SearchRequest::default() }).0, Code::InvalidParameter);
}
