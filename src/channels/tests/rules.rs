//! Every rule that decides between ready and blocked, and every limit.

use super::*;
use crate::channels::readiness::ListingState;
use crate::pricing::NoPrice;

fn codes(evaluation: &Evaluation) -> Vec<(&str, &str)> {
    evaluation.reasons.iter().map(|reason| (reason.field.as_str(), reason.code.as_str())).collect()
}

#[test]
fn a_lamp_that_lacks_nothing_is_ready_everywhere() {
    for channel in ["google", "shopify"] {
        let desk = desk(channel);
        let judged = judge(&desk, lamp(1, "BL-1", "Ridge 400"));
        assert_eq!((judged.state, codes(&judged)), (ListingState::Ready, vec![]), "{channel}");
        assert!(judged.completeness > 900, "{channel}: {}", judged.completeness);
    }
}

#[test]
fn values_are_written_as_google_wants_them() {
    let desk = desk("google");
    let judged = judge(&desk, lamp(1, "BL 1/ä", "Ridge 400"));
    let of = |name: &str| field(&desk, &judged, name);
    assert_eq!(of("price"), ["32.52 USD"], "20.01 EUR x 1.3 x 1.25 = 32.516");
    assert_eq!(of("gtin"), ["4006381333931"]);
    assert_eq!(of("link"), ["https://shop.example/p/BL%201%2F%C3%A4"]);
    assert_eq!(of("description"), ["Light & bright.\nRed light"]);
    assert_eq!(of("product_weight"), ["86.4 g"]);
    assert_eq!(of("product_length"), ["6.2 cm"]);
    assert_eq!(of("google_product_category"), ["2454"]);
    assert_eq!(of("color"), ["Black"]);
    assert_eq!(of("material"), ["Aluminium/Plastic"]);
    assert_eq!(of("availability"), ["in_stock"]);
    assert!(of("product_detail").contains(&"Light|Light output|400 lm".to_owned()), "{:?}", of("product_detail"));
    assert!(of("multipack").is_empty() && of("is_bundle").is_empty() && of("identifier_exists").is_empty());
    assert!(of("item_group_id").is_empty());
}

#[test]
fn each_missing_thing_blocks_with_its_own_reason() {
    let google = desk("google");
    let without = |change: fn(&mut ProductView)| {
        let mut view = lamp(1, "BL-1", "Ridge 400");
        change(&mut view);
        judge(&google, view)
    };
    assert_eq!(codes(&without(|view| view.brand = None)), [("brand", "missing")]);
    assert_eq!(codes(&without(|view| view.images.clear())), [("image_link", "missing")]);
    assert_eq!(codes(&without(|view| view.images[0].url = "photos/a.jpg".to_owned())), [], "the second image counts");
    assert_eq!(codes(&without(|view| view.sku = "S".repeat(51))), [("id", "too_long")]);
    assert_eq!(codes(&without(|view| view.gtin = Some("04006381333932".to_owned()))), [("gtin", "invalid_gtin")]);
    let link = judge(&desk_with("google", serde_json::json!({})), lamp(1, "BL-1", "Ridge 400"));
    assert_eq!(codes(&link), [("link", "no_link")]);
    assert!(link.reasons[0].fix.contains("link_template"), "{:?}", link.reasons);
    let gtin_link = desk_with("google", serde_json::json!({ "link_template": "https://shop.example/{gtin}" }));
    let mut view = lamp(1, "BL-1", "Ridge 400");
    view.gtin = None;
    assert_eq!(codes(&judge(&gtin_link, view)), [("link", "no_link")]);
}

#[test]
fn without_gtin_brand_and_mpn_google_is_told_so() {
    let desk = desk("google");
    let mut view = lamp(1, "BL-1", "Ridge 400");
    view.gtin = None;
    assert!(field(&desk, &judge(&desk, view.clone()), "identifier_exists").is_empty(), "brand and mpn are enough");
    view.mpn = None;
    assert_eq!(field(&desk, &judge(&desk, view), "identifier_exists"), ["no"]);
}

#[test]
fn a_price_needs_an_offer_a_cost_and_a_rate() {
    let google = desk("google");
    let view = || lamp(1, "BL-1", "Ridge 400");
    let by = |desk: &ChannelDesk, terms: Vec<OfferTerms>| {
        let batch = Batch { blocks: vec![vec![view()]], terms: HashMap::from([(1, terms)]), ..Batch::default() };
        desk.judge(&batch, &*WORDS).pop().unwrap()
    };
    assert_eq!(codes(&by(&google, Vec::new())), [("price", "no_price")]);
    let mut free = offer(1);
    free[0].cost = None;
    assert_eq!(codes(&by(&google, free)), [("price", "no_price")]);
    let pounds = desk_with("google", serde_json::json!({ "link_template": "https://s.example/{sku}", "currency": "GBP" }));
    let judged = by(&pounds, offer(1_000));
    assert_eq!(codes(&judged), [("price", "no_rate")]);
    assert!(judged.reasons[0].message.contains("EUR") && judged.reasons[0].message.contains("GBP"), "{:?}", judged.reasons);
    let mut gone = offer(1_000);
    gone[0].live = false;
    assert_eq!(google.price(&gone).map(|price| price.minor), Ok(1_625), "the last price of an offer that is gone");
    assert_eq!(google.price(&[]), Err(NoPrice::NoOffer));
}

#[test]
fn drafts_and_discontinued_products_are_excluded_and_say_what_they_lack() {
    let google = desk("google");
    let mut view = lamp(1, "BL-1", "Ridge 400");
    view.status = ProductStatus::Draft;
    view.brand = None;
    let judged = judge(&google, view.clone());
    assert_eq!((judged.state, codes(&judged)), (ListingState::Excluded, vec![("status", "draft")]));
    assert!(judged.reasons[0].message.contains("a brand"), "{:?}", judged.reasons);
    assert!(judged.row.is_none() && judged.row_hash.is_none());
    view.status = ProductStatus::Discontinued;
    assert_eq!(codes(&judge(&google, view)), [("status", "discontinued")]);
}

#[test]
fn texts_are_of_the_channels_locale_or_made_in_it_never_of_another() {
    let german = desk_with("google", serde_json::json!({ "link_template": "https://s.example/{sku}", "locale": "de" }));
    let mut view = lamp(1, "BL-1", "Ridge 400");
    let judged = judge(&german, view.clone());
    assert_eq!(field(&german, &judged, "title"), ["Nordfjell Ridge 400 Stirnlampe"]);
    let made = field(&german, &judged, "description").join("");
    assert!(made.starts_with("Nordfjell Ridge 400 Stirnlampe. "), "{made}");
    assert!(made.contains("400 lm") && made.contains("120,5 m") && !made.contains("bright"), "{made}");
    assert_eq!(field(&german, &judged, "color"), ["schwarz"]);
    view.values.remove("title");
    assert_eq!(field(&german, &judge(&german, view.clone()), "title"), ["Nordfjell Ridge 400 Stirnlampe, 400 Lumen"]);
    view.values.remove("model_name");
    view.mpn = None;
    let blocked = judge(&german, view);
    assert_eq!(codes(&blocked), [("title", "missing"), ("description", "missing")]);
}

#[test]
fn long_texts_are_cut_at_a_word_and_lists_at_their_count() {
    let desk = desk("google");
    let mut view = lamp(1, "BL-1", "Ridge 400");
    view.values.insert("title".to_owned(), texts(&[("en", &"lampe ".repeat(40))]));
    view.images = (0..20).map(|at| Picture { url: format!("https://i.example/{at}.jpg"), ..Picture::default() }).collect();
    let judged = judge(&desk, view);
    let title = field(&desk, &judged, "title").join("");
    assert!(title.len() <= 150 && title.ends_with("lampe"), "{title}");
    assert_eq!(field(&desk, &judged, "additional_image_link").len(), 10);
}

#[test]
fn variants_of_a_group_are_told_apart_or_blocked() {
    let shop = desk("shopify");
    let block = [
        colored(lamp(1, "BL-1", "Ridge 400"), "ridge-400", "black"),
        colored(lamp(2, "BL-2", "Ridge 400"), "ridge-400", "red"),
        colored(lamp(3, "BL-3", "Ridge 400"), "ridge-400", "red"),
    ];
    let judged = judge_block(&shop, &block);
    assert_eq!(field(&shop, &judged[0], "Option1 name"), ["Colour"]);
    assert_eq!(field(&shop, &judged[1], "Option1 value"), ["Red"]);
    assert_eq!(field(&shop, &judged[1], "URL handle"), ["ridge-400"]);
    assert_eq!(codes(&judged[2]), [("group", "same_variant")]);
    assert!(judged[2].reasons[0].message.contains("BL-2"));
    let mut blank = block.clone();
    blank[2].values.remove("body_color");
    assert_eq!(codes(&judge_block(&shop, &blank)[2]), [("group", "missing_option")]);
    let google = desk("google");
    let judged = judge_block(&google, &block);
    assert_eq!(field(&google, &judged[0], "item_group_id"), ["ridge-400"]);
    assert_eq!(judged[2].state, ListingState::Ready, "Google does not mind");
}

#[test]
fn the_hash_changes_with_the_row_and_with_nothing_else() {
    let desk = desk("google");
    let mut view = lamp(1, "BL-1", "Ridge 400");
    let first = judge(&desk, view.clone()).row_hash;
    view.version = 9;
    view.updated_at = "2027-01-01T00:00:00Z".parse().unwrap();
    view.available = 3;
    assert_eq!(judge(&desk, view.clone()).row_hash, first, "Google is not told a number of pieces");
    view.available = 0;
    assert_ne!(judge(&desk, view).row_hash, first, "out of stock");
}

#[test]
fn a_converted_number_is_said_in_four_digits_and_stays_exact_where_a_number_is_wanted() {
    let mut view = lamp(1, "BL-1", "Ridge 400");
    view.values.insert("beam_distance_max".to_owned(), measure("134.112", "m"));
    view.values.insert("weight_with_battery".to_owned(), measure("85.0485693750", "g"));
    view.values.insert("light_output_max".to_owned(), measure("12345", "lm"));
    let template = serde_json::json!({ "link_template": "https://shop.example/p/{sku}",
        "templates": { "title": { "en": "{{ model }}, {{ beam_distance_max }}, {{ light_output_max }}" } } });
    let google = desk_with("google", template);
    let judged = judge(&google, view.clone());
    assert_eq!(field(&google, &judged, "title"), ["Ridge 400, 134.1 m, 12345 lm"]);
    let said = [field(&google, &judged, "product_detail"), field(&google, &judged, "product_highlight")].concat().join("; ");
    assert!(said.contains("134.1 m") && said.contains("85.05 g") && said.contains("12345 lm"), "{said}");
    assert!(!said.contains("134.112") && !said.contains("85.048"), "{said}");
    assert_eq!(field(&google, &judged, "product_weight"), ["85.0486 g"], "a field of its own keeps four decimals");
    let shop = desk("shopify");
    let judged = judge(&shop, view);
    assert_eq!(field(&shop, &judged, "Beam distance (product.metafields.custom.beam_distance)"), ["134.112"]);
}

#[test]
fn variants_that_read_the_same_once_rounded_are_the_same_variant() {
    let of = |id: i64, amount: &str| {
        let mut view = colored(lamp(id, &format!("BL-{id}"), "Ridge"), "ridge", "black");
        view.values.insert("light_output_max".to_owned(), measure(amount, "lm"));
        view
    };
    let shop = desk("shopify");
    let judged = judge_block(&shop, &[of(1, "400.04"), of(2, "400.041"), of(3, "600")]);
    assert_eq!(field(&shop, &judged[0], "Option1 value"), ["400 lm"]);
    assert_eq!(codes(&judged[1]), [("group", "same_variant")]);
}
