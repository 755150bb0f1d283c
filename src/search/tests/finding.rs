//! Words, identifiers, languages, filters and facets.

use super::*;

fn shop() -> Shop {
    let mut actik = lamp(1, "BL-ACTIK")
        .brand("Petzl")
        .title("en", "Petzl Actik Core headlamp 600 lm")
        .title("da", "Petzl Actik Core pandelampe")
        .title("az", "Petzl Actik Core baş fənəri")
        .title("sw", "Taa ya kichwa Petzl Actik Core")
        .text("description", "da", "Genopladelig pandelampe til løb og vandring.")
        .value("model_name", Value::text("Actik Core"))
        .measure("light_output_max", "600", "lm")
        .measure("weight_with_battery", "88", "g")
        .value("ip_rating", Value::text("IPX4"))
        .value("rechargeable", Value::Boolean(true))
        .value("body_color", Value::text("black"))
        .value(
            "operating_temperature",
            Value::Range(Range { min: Decimal::from(-30), max: Decimal::from(60), unit: "degC".to_owned() }),
        )
        .price("79.90", "EUR");
    actik.gtin = Some("03342540846388".to_owned());
    actik.mpn = Some("E065AA00".to_owned());
    actik.available = 42;
    actik.suppliers = vec!["nordlys".to_owned()];
    actik.tags = vec!["Trail running".to_owned()];
    let band = lamp(2, "BL-BAND").brand("Silverpoint").title("en", "Spare headband for Petzl Actik Core and Petzl Tikka").text(
        "description",
        "en",
        "Petzl Petzl Petzl. Fits every Petzl.",
    );
    let band = ProductView { category: Some("headlamp_accessories".to_owned()), ..band };
    let fenix = lamp(3, "BL-FENIX")
        .brand("Fenix")
        .title("en", "Fenix HM65R-T V2.0")
        .value("model_name", Value::text("HM65R-T V2.0"))
        .measure("light_output_max", "1600", "lm")
        .measure("weight_with_battery", "140", "g")
        .value("ip_rating", Value::text("IP68"))
        .value(
            "battery_options",
            Value::Batteries(vec![crate::normalize::BatteryOption { quantity: 1, cell: "18650".to_owned() }]),
        )
        .value("light_colors", Value::List(vec!["white".to_owned(), "red".to_owned()]))
        .price("99.95", "USD");
    let sunree = lamp(4, "BL-SUNREE")
        .brand("Black Diamond")
        .title("sv", "Pannlampa Storm 450")
        .title("de", "Stirnlampe Storm 450 für Kletterer")
        .measure("light_output_max", "450", "lm")
        .measure("weight_with_battery", "120", "g")
        .value("ip_rating", Value::text("IP67"));
    let gone = lamp(5, "BL-GONE").brand("Petzl").title("en", "Petzl Zipka headlamp");
    let gone = ProductView { status: ProductStatus::Discontinued, ..gone };
    Shop::of(vec![band, actik, fenix, sunree, gone])
}

#[test]
fn a_brand_typed_gives_its_products_first() {
    let shop = shop();
    for q in ["petzl", "PETZL", "petz", "Petzl headlamp"] {
        assert_eq!(shop.find(q).first().map(String::as_str), Some("BL-ACTIK"), "{q}");
    }
    assert_eq!(shop.find("petzl"), ["BL-ACTIK", "BL-BAND"]);
    assert_eq!(shop.find("black diamond"), ["BL-SUNREE"]);
    // Every word must be found.
    assert_eq!(shop.find("petzl headband"), ["BL-BAND"]);
}

#[test]
fn a_brands_own_products_stand_above_what_only_names_it() {
    // The name is common among brands and rare in titles, where it therefore weighs most.
    let mut products: Vec<_> = (1..=30).map(|id| lamp(id, &format!("BL-{id:02}")).brand("Petzl").title("en", "Lamp")).collect();
    products.push(lamp(31, "BL-STRAP").brand("Silverpoint").title("en", "Petzl strap"));
    products.push(lamp(32, "BL-OTHER").brand("Silverpoint").title("en", "Lamp"));
    let shop = Shop::of(products);
    assert_eq!(shop.find("petzl").last().map(String::as_str), Some("BL-STRAP"));
    assert_eq!(shop.find("petzl").len(), 31);
}

#[test]
fn an_identifier_in_any_form_gives_its_product_first() {
    let shop = shop();
    for q in [
        "03342540846388",
        "3342540846388",
        "3342 5408 4638 8",
        "3-342540-846388",
        "E065AA00",
        "e065aa00",
        "E065-AA00",
        "e065 aa 00",
        "BL-ACTIK",
        "bl actik",
    ] {
        assert_eq!(shop.find(q).first().map(String::as_str), Some("BL-ACTIK"), "{q}");
    }
    assert_eq!(shop.find("hm65r"), ["BL-FENIX"]);
    assert_eq!(shop.find("hm65rt"), ["BL-FENIX"]);
    assert_eq!(shop.find("HM65R-T"), ["BL-FENIX"]);
}

#[test]
fn a_slip_of_the_finger_still_finds() {
    let shop = shop();
    for (q, sku) in [("petlz", "BL-ACTIK"), ("Fennix", "BL-FENIX"), ("hedlamp actik", "BL-ACTIK"), ("pannlmapa", "BL-SUNREE")] {
        assert_eq!(shop.find(q).first().map(String::as_str), Some(sku), "{q}");
    }
    // When no product has all words, some suffice.
    assert_eq!(shop.find("fenix toothbrush"), ["BL-FENIX"]);
    assert!(shop.find("toothbrush").is_empty());
}

#[test]
fn each_language_finds_in_its_letters_and_without_them() {
    let shop = shop();
    for (locale, q, sku) in [
        ("az", "baş fənəri", "BL-ACTIK"),
        ("az", "bas feneri", "BL-ACTIK"),
        ("az", "BAŞ FƏNƏRİ", "BL-ACTIK"),
        ("da", "pandelamper til vandringer", "BL-ACTIK"),
        ("da", "løb", "BL-ACTIK"),
        ("sw", "taa ya kichwa", "BL-ACTIK"),
        ("de", "stirnlampen storm", "BL-SUNREE"),
        ("de-AT", "fur kletterer", "BL-SUNREE"),
        ("en", "pannlampa storm", "BL-SUNREE"),
        ("sv", "actik core", "BL-ACTIK"),
    ] {
        assert_eq!(shop.find_in(locale, q).first().map(String::as_str), Some(sku), "{locale} {q}");
    }
    let page = shop.ask(&SearchRequest { q: "actik".into(), locale: Some("da".into()), ..SearchRequest::default() });
    assert_eq!(page.items[0].title.as_deref(), Some("Petzl Actik Core pandelampe"));
}

#[test]
fn words_that_mean_a_value_find_products_that_have_it() {
    let shop = shop();
    // No title says so; the category, the colour and the battery do.
    assert!(shop.find("headtorch").contains(&"BL-FENIX".to_owned()));
    assert!(!shop.find("headtorch").contains(&"BL-BAND".to_owned()));
    assert_eq!(shop.find("schwarz petzl"), ["BL-ACTIK"]);
    assert_eq!(shop.find("600lm"), ["BL-ACTIK"]);
}

#[test]
fn filters_compare_by_type_and_unit() {
    let shop = shop();
    for (filter, expected) in [
        ("light_output_max >= 400 AND NOT brand = \"Petzl\"", &["BL-FENIX", "BL-SUNREE"][..]),
        ("light_output_max > 450", &["BL-ACTIK", "BL-FENIX"]),
        ("light_output_max = 0.6 klm", &["BL-ACTIK"]),
        ("weight_with_battery < 4 oz", &["BL-ACTIK"]),
        ("weight_with_battery < 4oz", &["BL-ACTIK"]),
        ("weight_with_battery >= 0.12 kg", &["BL-FENIX", "BL-SUNREE"]),
        ("ip_rating >= IP67", &["BL-FENIX", "BL-SUNREE"]),
        ("ip_rating >= IPX4", &["BL-ACTIK", "BL-FENIX", "BL-SUNREE"]),
        ("ip_rating > IP67", &["BL-FENIX"]),
        ("ip_rating < IPX7", &["BL-ACTIK"]),
        ("ip_rating IN [IPX4, ip67]", &["BL-ACTIK", "BL-SUNREE"]),
        ("ip_rating NOT IN [IPX4, IP67] AND ip_rating EXISTS", &["BL-FENIX"]),
        ("brand = PETZL", &["BL-ACTIK"]),
        ("brand IN (petzl, \"black diamond\")", &["BL-ACTIK", "BL-SUNREE"]),
        ("brand = petzl AND status = discontinued", &["BL-GONE"]),
        ("category = headlamp_accessories", &["BL-BAND"]),
        ("category = Stirnlampen AND available > 0", &["BL-ACTIK"]),
        ("available = true", &["BL-ACTIK"]),
        ("price < 80", &["BL-ACTIK"]),
        ("price < 100 USD", &["BL-FENIX"]),
        ("price EXISTS AND NOT price <= 79.90", &["BL-FENIX"]),
        ("rechargeable = yes", &["BL-ACTIK"]),
        ("body_color = schwarz", &["BL-ACTIK"]),
        ("light_colors = red", &["BL-FENIX"]),
        ("battery_options = 18650", &["BL-FENIX"]),
        ("operating_temperature <= -20", &["BL-ACTIK"]),
        ("operating_temperature = -4 degF", &["BL-ACTIK"]),
        ("operating_temperature >= 61", &[]),
        ("supplier = nordlys", &["BL-ACTIK"]),
        ("tag = \"trail running\"", &["BL-ACTIK"]),
        ("gtin = 3342540846388", &["BL-ACTIK"]),
        ("gtin = \"0 3342540 846388\"", &["BL-ACTIK"]),
        ("mpn = e065-aa00", &["BL-ACTIK"]),
        ("sku = BL-FENIX", &["BL-FENIX"]),
        ("updated_at >= 2026-03-01 AND updated_at = 2026-03-01 AND gtin EXISTS", &["BL-ACTIK"]),
        ("updated_at > 2026-03-01", &[]),
        ("title EXISTS AND NOT light_output_max EXISTS", &["BL-BAND"]),
    ] {
        assert_eq!(shop.filter(filter), expected, "{filter}");
    }
}

#[test]
fn a_filter_that_cannot_be_meant_says_where_and_what() {
    let shop = shop();
    for (filter, character, hint) in [
        ("brand = Petzl AND light_output_mx > 3", 19, "did you mean 'light_output_max'?"),
        ("light_output > 3", 1, "did you mean 'light_output_max'?"),
        ("weight_with_battery < 3 lm", 23, "'lm' is no unit that converts to g"),
        ("weight_with_battery < heavy", 23, "no number"),
        ("brand > Petzl", 9, "has no order"),
        ("ip_rating >= waterproof", 14, "no IP code"),
        ("rechargeable = maybe", 16, "true or false"),
        ("status = sold", 10, "draft, active and discontinued"),
        ("title = Petzl", 1, "'title EXISTS'"),
        ("updated_at > yesterday", 14, "no time"),
        ("price < 3 dollars", 9, "ISO 4217"),
    ] {
        let (code, detail) = shop.refused(&SearchRequest { filter: Some(filter.to_owned()), ..SearchRequest::default() });
        assert_eq!(code, Code::InvalidFilter);
        assert!(detail.contains(&format!("at character {character}:")) && detail.contains(hint), "{filter}: {detail}");
    }
}

#[test]
fn facets_count_the_whole_result() {
    let shop = shop();
    let page = shop.ask(&SearchRequest {
        facets: ["brand", "ip_rating", "rechargeable", "light_output_max", "light_colors", "status"].map(String::from).to_vec(),
        limit: Some(1),
        ..SearchRequest::default()
    });
    let counts = |name: &str| page.facets[name].iter().map(|facet| (facet.value.as_str(), facet.count)).collect::<Vec<_>>();
    assert_eq!(page.items.len(), 1);
    assert_eq!((page.total.value, page.total.relation), (4, Relation::Eq));
    assert_eq!(counts("brand"), [("Black Diamond", 1), ("Fenix", 1), ("Petzl", 1), ("Silverpoint", 1)]);
    assert_eq!(counts("ip_rating"), [("IP67", 1), ("IP68", 1), ("IPX4", 1)]);
    assert_eq!(counts("rechargeable"), [("true", 1)]);
    assert_eq!(counts("light_output_max"), [("1600", 1), ("450", 1), ("600", 1)]);
    assert_eq!(counts("light_colors"), [("red", 1), ("white", 1)]);
    assert_eq!(counts("status"), [("active", 4)]);
    let narrowed = shop.ask(&SearchRequest { q: "petzl".into(), facets: vec!["brand".into()], ..SearchRequest::default() });
    assert_eq!(narrowed.facets["brand"].len(), 2);
    let (code, detail) = shop.refused(&SearchRequest { facets: vec!["brnd".into()], ..SearchRequest::default() });
    assert_eq!(code, Code::InvalidParameter);
    assert!(detail.contains("did you mean 'brand'?"), "{detail}");
}

#[test]
fn suggestions_complete_brands_models_and_titles() {
    let shop = shop();
    let texts = |q: &str| {
        let found = shop.search.complete(q, "en", None, &SearchScope::default()).unwrap();
        found.items.into_iter().map(|item| item.text).collect::<Vec<_>>()
    };
    assert_eq!(texts("pet")[..2], ["Petzl", "Petzl Actik Core"]);
    assert_eq!(texts("actik c")[0], "Petzl Actik Core");
    assert!(texts("fennix").contains(&"Fenix".to_owned()));
    assert!(texts("").is_empty());
}

#[test]
fn a_channel_sees_only_what_is_ready_on_it() {
    let ready = ReadyChannels::from([(1, vec!["google".to_owned()])]);
    let shop = Shop::ready(vec![lamp(1, "BL-A").brand("Petzl"), lamp(2, "BL-B").brand("Petzl")], &ready);
    let scope = SearchScope { ready_on_channel: Some("google".to_owned()) };
    let request = SearchRequest { q: "petzl".into(), ..SearchRequest::default() };
    assert_eq!(skus(&shop.search.query(&request, &scope).unwrap()), ["BL-A"]);
    assert_eq!(shop.find("petzl").len(), 2);
}

#[test]
fn no_words_however_odd_break_the_search() {
    let shop = shop();
    for q in [
        "\"",
        "((",
        "💡",
        "a",
        "--",
        "\u{0}",
        "petzl AND",
        "*:*",
        "ﷺ",
        "e\u{301}\u{301}",
        "1x 18650/CR123A.AAA_b'c-d-e-f-g-h",
        "ß",
    ] {
        let _ = shop.find(q);
    }
    let _ = shop.find(&"a b c d ".repeat(60));
    let (code, _) = shop.refused(&SearchRequest { q: "x".repeat(600), ..SearchRequest::default() });
    assert_eq!(code, Code::InvalidParameter);
}
