//! Which products a channel carries, what people say of single listings, and texts by template.

use super::*;
use crate::channels::condition::Condition;
use crate::channels::extract::{Choice, GroupPart, Product};
use crate::channels::pictures::Pictures;
use crate::channels::readiness::{Level, ListingState};
use crate::pricing::NoPrice;

fn holds(expression: &str, view: &ProductView) -> bool {
    let choice = Choice::default();
    let price = Ok(Money { minor: 4_990, currency: Currency::EUR });
    let product = Product {
        view,
        price,
        group: GroupPart { members: 3, ..GroupPart::default() },
        choice: &choice,
        pictures: Pictures::default(),
    };
    Condition::parse(expression).unwrap().holds(&product, &*WORDS)
}

#[test]
fn an_expression_means_for_one_product_what_it_means_in_search() {
    let view = lamp(1, "BL-1", "Ridge 400");
    for (expression, expected) in [
        ("light_output_max >= 400", true),
        ("light_output_max > 400", false),
        ("light_output_max < 0.5 klm", true),
        ("weight_with_battery < 3 oz", false),
        ("weight_with_battery < 4 oz", true),
        ("ip_rating >= IPX4", true),
        ("ip_rating >= IP67", false),
        ("ip_rating IN [IPX4, IPX8]", true),
        ("body_color = black", true),
        ("body_color = schwarz", true),
        ("body_color != red", true),
        ("rechargeable = true", true),
        ("brand = \"nordfjell\"", true),
        ("NOT brand = Petzl", true),
        ("category = headlamps", true),
        ("tag = hiking AND available > 5", true),
        ("price < 40", false),
        ("variants = 3", true),
        ("images >= 2", true),
        ("supplier = acme", true),
        ("beam_angle EXISTS", false),
        ("NOT beam_angle > 10", true),
        ("cri >= 90 OR battery_options = AAA", true),
    ] {
        assert_eq!(holds(expression, &view), expected, "{expression}");
    }
    let error = Condition::parse("lumens > 3").unwrap().check(&*WORDS).unwrap_err();
    assert!(error.to_string().contains("lumens") && error.at == 1, "{error}");
}

fn with(settings: &serde_json::Value) -> ChannelDesk {
    let mut all = serde_json::json!({ "link_template": "https://shop.example/p/{sku}" });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    desk_with("google", all)
}

fn judge_said(desk: &ChannelDesk, view: ProductView, choice: Choice) -> Evaluation {
    let id = view.id;
    let batch = Batch {
        blocks: vec![vec![view]],
        terms: HashMap::from([(id, offer(2_000))]),
        choices: HashMap::from([((desk.profile.code.clone(), id), choice)]),
    };
    desk.judge(&batch, &*WORDS).pop().unwrap()
}

#[test]
fn the_assortment_decides_and_a_person_decides_before_it() {
    let bright = with(&serde_json::json!({ "assortment": "light_output_max >= 500" }));
    let lamp = || lamp(1, "BL-1", "Ridge 400");
    let judged = judge_said(&bright, lamp(), Choice::default());
    assert_eq!((judged.state, judged.reasons[0].code.as_str()), (ListingState::Excluded, "not_in_assortment"));
    assert!(judged.reasons[0].message.contains("light_output_max >= 500") && judged.row.is_none(), "{:?}", judged.reasons);
    let put_in = Choice { include: Some(true), ..Choice::default() };
    assert_eq!(judge_said(&bright, lamp(), put_in).state, ListingState::Ready);
    let all = with(&serde_json::json!({}));
    let taken_out = Choice { include: Some(false), ..Choice::default() };
    assert_eq!(judge_said(&all, lamp(), taken_out).reasons[0].code, "taken_out");
}

#[test]
fn a_value_said_for_one_listing_replaces_what_the_sources_give_and_keeps_the_limits() {
    let desk = with(&serde_json::json!({}));
    let choice = |title: &str| Choice { include: None, fields: BTreeMap::from([("title".to_owned(), title.to_owned())]) };
    let judged = judge_said(&desk, lamp(1, "BL-1", "Ridge 400"), choice("A title of my own"));
    assert_eq!(field(&desk, &judged, "title"), ["A title of my own"]);
    let judged = judge_said(&desk, lamp(1, "BL-1", "Ridge 400"), choice(&"word ".repeat(60)));
    assert_eq!((judged.state, judged.reasons[0].code.as_str()), (ListingState::Warned, "cut"));
    assert_eq!(judged.reasons[0].level, Level::Warning);
    assert!(field(&desk, &judged, "title").join("").chars().count() <= 150);
}

#[test]
fn titles_are_made_by_the_owners_template_in_the_channels_locale() {
    let templates = serde_json::json!({"title": {"en": "{{ brand }} {{ model }} ({{ light_output_max }}, {{ ip_rating }}){% if nothing %}!{% endif %}"}});
    let desk = with(&serde_json::json!({ "templates": templates }));
    let judged = judge(&desk, lamp(1, "BL-1", "Ridge 400"));
    assert_eq!(field(&desk, &judged, "title"), ["Nordfjell Ridge 400 (400 lm, IPX4)"]);
    let german = with(&serde_json::json!({ "templates": templates, "locale": "de" }));
    assert_eq!(field(&german, &judge(&german, lamp(1, "BL-1", "Ridge 400")), "title"), ["Nordfjell Ridge 400 Stirnlampe"]);
}

#[test]
fn a_template_that_fails_or_never_ends_blocks_the_product_and_nothing_else() {
    for (template, word) in [
        ("{{ 1 / 0 }}", "template"),
        ("{{ brand.nothing.at.all() }}", "template"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "fuel"),
    ] {
        let desk = with(&serde_json::json!({"templates": {"title": {"en": template}}}));
        let judged = judge(&desk, lamp(1, "BL-1", "Ridge 400"));
        assert_eq!((judged.state, judged.reasons[0].code.as_str()), (ListingState::Blocked, "template_failed"), "{template}");
        assert!(judged.reasons[0].message.contains(word), "{template}: {:?}", judged.reasons);
    }
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let google = CHANNELS.get("google").unwrap();
    let refused = |change: serde_json::Value| {
        let settings = crate::channels::judge::settings(&google, &change).unwrap();
        let error = settings.check(&google, &*WORDS).unwrap_err();
        error.fields.iter().map(|field| field.pointer.clone()).collect::<Vec<_>>()
    };
    assert_eq!(refused(serde_json::json!({"assortment": "lumens > 3"})), ["/assortment"]);
    assert_eq!(refused(serde_json::json!({"templates": {"title": {"en": "{{ oops"}}})), ["/templates/title/en"]);
    assert_eq!(refused(serde_json::json!({"templates": {"titel": {"en": "x"}}})), ["/templates/titel"]);
    assert_eq!(refused(serde_json::json!({"options": {"seller": "x"}})), ["/options/seller"]);
    assert_eq!(refused(serde_json::json!({"guard": {"removed": "1.5"}})), ["/guard/removed"]);
    assert_eq!(refused(serde_json::json!({"schedule": {"every_minutes": 0}})), ["/schedule/every_minutes"]);
}

#[test]
fn what_only_the_owner_knows_is_asked_for_by_name() {
    let desk = desk_with("ebay", serde_json::json!({ "options": {"category_id": "106987", "location_key": "main"} }));
    let judged = judge(&desk, lamp(1, "BL-1", "Ridge 400"));
    let asked: Vec<&str> =
        judged.reasons.iter().filter(|reason| reason.code == "no_setting").map(|reason| reason.field.as_str()).collect();
    assert_eq!(asked, ["fulfillment_policy_id", "payment_policy_id", "return_policy_id"]);
    assert!(
        judged.reasons.iter().any(|reason| reason.fix == "set options.return_policy_id of channel ebay"),
        "{:?}",
        judged.reasons
    );
    assert_eq!(desk.price(&[]), Err(NoPrice::NoOffer));
}
