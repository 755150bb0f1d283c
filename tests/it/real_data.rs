//! Two real sources that nobody on this project wrote, read with the profiles in profiles/. Skipped, plainly, where they are not here.

use crate::support::{Server, Upload, counts, shared};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn files() -> Option<[PathBuf; 2]> {
    let lamps = shared("data/flashlights-parametrek/headlamps.csv")?;
    Some([lamps, shared("data/torch-wiki/torch_wiki_products.json")?])
}

fn upload(supplier: &str, file: &Path, profile: &str) -> Upload {
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles").join(profile);
    let name = file.file_name().unwrap().to_str().unwrap();
    Upload::new(supplier, name, std::fs::read(file).unwrap()).profile(&std::fs::read_to_string(profile).unwrap())
}

/// Both imports, in order.
async fn imports(server: &Server, [lamps, torches]: &[PathBuf; 2]) -> [Value; 2] {
    let first = upload("parametrek", lamps, "parametrek.toml").done(server).await;
    [first, upload("torch-wiki", torches, "torch-wiki.toml").done(server).await]
}

fn lumens(product: &Value) -> Option<f64> {
    product["values"]["light_output_max"]["amount"].as_str()?.parse().ok()
}

/// Digit of an IP code's water part; none where it says X or nothing.
fn water(product: &Value) -> Option<u32> {
    product["values"]["ip_rating"].as_str()?.chars().nth(3)?.to_digit(10)
}

fn dust(product: &Value) -> Option<u32> {
    product["values"]["ip_rating"].as_str()?.chars().nth(2)?.to_digit(10)
}

both_databases! {
    async fn no_row_is_lost_without_a_reason(house: House) {
        let Some(files) = files() else { return };
        let server = Server::start(&house).await;
        for (import, rows) in imports(&server, &files).await.iter().zip([284, 206]) {
            let [read, created, updated, unchanged, rejected, gone] = counts(import);
            assert_eq!((read, updated, gone), (rows, 0, 0), "{import}");
            let issues = server.all(&format!("/api/v1/imports/{}/issues", import["id"].as_str().unwrap())).await;
            let of = |code: &str| issues.iter().filter(|issue| issue["code"] == code).count();
            let lost = issues.iter().filter(|issue| issue["severity"] == "rejected").count();
            assert_eq!((rejected, lost), (0, 0), "a row of this source is whole: {import}");
            assert_eq!(usize::try_from(unchanged).unwrap(), of("duplicate_key"), "{import}");
            assert!(created > rows * 9 / 10, "{import}");
            for issue in &issues {
                assert!(issue["row"].as_i64().is_some_and(|row| (1..=rows).contains(&row)), "{issue}");
                assert!(!issue["message"].as_str().unwrap().is_empty() && issue["raw"].is_string(), "{issue}");
            }
        }
        let again = imports(&server, &files).await;
        assert_eq!((counts(&again[0]), counts(&again[1])), ([284, 0, 0, 284, 0, 0], [206, 0, 0, 206, 0, 0]));
    }

    async fn the_search_box_finds_what_a_person_means(house: House) {
        let Some(files) = files() else { return };
        let server = Server::start(&house).await;
        let last = imports(&server, &files).await[1].clone();
        let petzl = server.get_after(&last, "/api/v1/search?q=petzl&limit=100").await;
        let brands: Vec<&str> = petzl["items"].as_array().unwrap().iter().map(|item| item["brand"].as_str().unwrap_or_default()).collect();
        let first = brands.iter().take_while(|brand| **brand == "Petzl").count();
        let products = server.all("/api/v1/products").await;
        let all = products.iter().filter(|product| product["brand"] == "Petzl").count();
        assert!(first > 3 && first == all, "{first} of {all} stand first: {brands:?}");

        // Against the values themselves, both ways.
        let filter = "ip_rating%20%3E%3D%20IP67%20AND%20light_output_max%20%3E%20500";
        let found = server.all(&format!("/api/v1/search?filter={filter}")).await;
        let wanted: Vec<&Value> = products.iter().filter(|product| lumens(product).is_some_and(|lumens| lumens > 500.0) && water(product).is_some_and(|digit| digit >= 7)).collect();
        let sure = wanted.iter().filter(|product| dust(product) == Some(6)).count();
        assert!(sure > 5, "there are such lamps: {sure}");
        for item in &found {
            let product = products.iter().find(|product| product["sku"] == item["sku"]).unwrap();
            assert!(wanted.iter().any(|wanted| wanted["sku"] == item["sku"]), "{}: {} {:?}", item["title"], product["values"]["ip_rating"], lumens(product));
        }
        for product in wanted.iter().filter(|product| dust(product) == Some(6)) {
            assert!(found.iter().any(|item| item["sku"] == product["sku"]), "missed: {} {}", product["brand"], product["values"]["ip_rating"]);
        }

        let faceted = server.get("/api/v1/search?facets=brand,category,supplier&limit=1").await.expect(200);
        let brands = faceted["facets"]["brand"].as_array().unwrap();
        for facet in brands {
            let count = products.iter().filter(|product| product["brand"] == facet["value"]).count();
            assert_eq!(facet["count"], count, "{facet}");
        }
        assert!(brands.windows(2).all(|pair| pair[0]["count"].as_i64() >= pair[1]["count"].as_i64()), "{brands:?}");
        let suppliers: Vec<&str> = faceted["facets"]["supplier"].as_array().unwrap().iter().filter_map(|facet| facet["value"].as_str()).collect();
        assert_eq!(suppliers, ["parametrek", "torch-wiki"]);
        // A facet narrows with its filter.
        let narrowed = server.get("/api/v1/search?facets=category&filter=brand%20%3D%20%22Petzl%22&limit=1").await.expect(200);
        let sum: i64 = narrowed["facets"]["category"].as_array().unwrap().iter().map(|facet| facet["count"].as_i64().unwrap()).sum();
        assert_eq!((usize::try_from(sum).unwrap(), &narrowed["total"]["value"]), (all, &Value::from(all)));
    }
}

/// What a supplier's own profile makes of a file: rows read, rejected, warned, and the issues by code.
struct Expected {
    profile: &'static str,
    file: &'static str,
    counts: [i64; 6],
    issues: &'static [(&'static str, usize)],
}

const SMALL: [Expected; 11] = [
    Expected {
        profile: "awin.toml",
        file: "supplier-feed-awin/awin-sample.csv",
        counts: [3, 3, 0, 0, 0, 0],
        // Its EANs went through a spreadsheet.
        issues: &[("gtin_all_zeros", 1), ("gtin_zero_tail", 2), ("unknown_category", 2)],
    },
    Expected {
        profile: "awin.toml",
        file: "supplier-feed-awin/awin-TEST-DE-bergfreunde-de.csv",
        counts: [10, 10, 0, 0, 0, 0],
        issues: &[("gtin_zero_tail", 10), ("unknown_category", 9)],
    },
    Expected {
        profile: "awin.toml",
        file: "supplier-feed-awin/awin-TEST-US-rei.csv",
        counts: [10, 10, 0, 0, 0, 0],
        issues: &[("gtin_zero_tail", 10), ("unknown_category", 9)],
    },
    Expected {
        profile: "partner-ads.toml",
        file: "supplier-xml/partner-ads_backpackerlife-sample.xml",
        counts: [1, 1, 0, 0, 0, 0],
        issues: &[("stock_not_a_number", 1), ("unknown_category", 1)],
    },
    Expected {
        profile: "bmecat.toml",
        file: "supplier-xml/bmecat12__testdata__new_catalog.golden.xml",
        counts: [1, 1, 0, 0, 0, 0],
        issues: &[("bad_image_address", 1), ("gtin_check_digit", 1)],
    },
    Expected {
        profile: "bestbuy.toml",
        file: "misc-catalogues/bestbuy_sample_products.json",
        counts: [33, 33, 0, 0, 0, 0],
        // No headlamp among them.
        issues: &[("unknown_category", 33)],
    },
    Expected {
        profile: "shopify.toml",
        file: "misc-catalogues/shopify_home-and-garden.csv",
        counts: [21, 21, 0, 0, 0, 0],
        issues: &[("unknown_category", 21)],
    },
    Expected {
        profile: "brickfox.toml",
        file: "supplier-feed-de/brickfox_pdf_export_2025-11-04T16-23-33.csv",
        counts: [6, 6, 0, 0, 0, 0],
        issues: &[],
    },
    Expected { profile: "akkus.toml", file: "supplier-feed-de/test_akkus.csv", counts: [10, 10, 0, 0, 0, 0], issues: &[] },
    Expected {
        profile: "kasta-xlsx.toml",
        file: "supplier-feed-ua/markets__mappings.xlsx",
        counts: [10, 10, 0, 0, 0, 0],
        issues: &[("unknown_category", 10)],
    },
    // Only a header stands in this file.
    Expected { profile: "prom-ua.toml", file: "supplier-feed-ua/eserver__import_products.csv", counts: [0; 6], issues: &[] },
];

/// How often each code was told.
async fn told(server: &Server, import: &Value) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for issue in server.all(&format!("/api/v1/imports/{}/issues", import["id"].as_str().unwrap())).await {
        *codes.entry(issue["code"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    codes
}

/// The product that this supplier's SKU became.
async fn product(server: &Server, import: &Value, supplier: &str, sku: &str) -> Value {
    let offers = server.all(&format!("/api/v1/suppliers/{supplier}/offers")).await;
    let offer = offers.iter().find(|offer| offer["supplier_sku"] == sku).unwrap_or_else(|| panic!("{supplier} has no {sku}"));
    server.get_after(import, &format!("/api/v1/products/{}", offer["product"].as_str().unwrap())).await
}

fn amount(product: &Value, attribute: &str) -> String {
    let value = &product["values"][attribute];
    format!("{} {}", value["amount"].as_str().unwrap_or("?"), value["unit"].as_str().unwrap_or("?"))
}

both_databases! {
    async fn every_small_file_is_told_of_rightly(house: House) {
        if shared("data/supplier-xml").is_none() {
            return;
        }
        let server = Server::start(&house).await;
        let mut imports = BTreeMap::new();
        for Expected { profile, file, counts: expected, issues } in SMALL {
            let Some(path) = shared(&format!("data/{file}")) else { continue };
            // One supplier a file, with a name of its own.
            let supplier = Path::new(file).file_stem().unwrap().to_str().unwrap().to_lowercase().replace(['.', '_'], "-");
            let supplier: String = supplier.chars().take(30).collect();
            let import = upload(&supplier, &path, profile).done(&server).await;
            assert_eq!(counts(&import), expected, "{file}: {import}");
            let issues: BTreeMap<String, usize> = issues.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
            assert_eq!(told(&server, &import).await, issues, "{file}");
            let status = if expected[0] == 0 { "failed" } else { "done" };
            assert_eq!(import["status"], status, "{file}");
            imports.insert(supplier, import);
        }
        let find = async |start: &str, sku: &str| {
            let (supplier, import) = imports.iter().find(|(supplier, _)| supplier.starts_with(start)).unwrap();
            product(&server, import, supplier, sku).await
        };
        let cell = find("test-akkus", "lg hg2|18650").await;
        assert_eq!((amount(&cell, "weight_with_battery"), amount(&cell, "battery_capacity")), ("45 g".into(), "3000 mAh".into()));
        assert_eq!((&cell["brand"], &cell["category"], &cell["status"]), (&"LG".into(), &"batteries".into(), &"active".into()));
        let pack = find("brickfox", "2447303360").await;
        assert_eq!((&pack["gtin"], &pack["category"], &pack["values"]["rechargeable"]), (&"04013674222148".into(), &"batteries".into(), &true.into()));
        let keyboard = find("bestbuy", "9984203").await;
        assert_eq!((&keyboard["gtin"], &keyboard["mpn"], &keyboard["category"]), (&"00783750002448".into(), &"Pck-208b".into(), &Value::Null));
        let pots = [find("shopify", "clay-plant-pot|regular||").await, find("shopify", "clay-plant-pot|large||").await];
        assert_eq!((&pots[0]["brand"], &pots[0]["group"]), (&"Company 123".into(), &pots[1]["group"]));
        assert!(pots[0]["group"].is_string() && pots[0]["available"] == 1 && pots[1]["available"] == 3, "{pots:?}");
        let box_of = find("bmecat12", "1000").await;
        assert_eq!((&box_of["values"]["pack_quantity"], &box_of["gtin"]), (&6.into(), &Value::Null));
        let card = find("markets", "rzid_15217915").await;
        assert_eq!((&card["brand"], &card["values"]["housing_material"]), (&Value::Null, &serde_json::json!(["abs"])));
    }

    async fn every_kind_of_light_is_taken_as_what_it_is(house: House) {
        let Some(file) = shared("data/flashlights-parametrek/flashlights_all.csv") else { return };
        let server = Server::start(&house).await;
        let import = upload("lights", &file, "parametrek-lights.toml").done(&server).await;
        assert_eq!(counts(&import), [1630, 1626, 0, 4, 0, 0], "{import}");
        let codes = told(&server, &import).await;
        let expected = [("duplicate_key", 4), ("no_figures", 1), ("out_of_range", 1), ("unknown_battery", 15), ("unknown_category", 14)];
        for (code, count) in expected {
            assert_eq!(codes.get(code), Some(&count), "{codes:?}");
        }
        // A searchlight's throw is not unusual; a thing or two is.
        let crossed = ["beam_contradicts_intensity", "maximum_below_modes", "runtime_beyond_battery"];
        let (crossed, rest): (Vec<_>, Vec<_>) = codes.iter().partition(|(code, _)| crossed.contains(&code.as_str()));
        assert!(rest.iter().map(|(_, count)| **count).sum::<usize>() < 60, "{codes:?}");
        // The source's own figures contradict each other in some rows of a hundred, not in more.
        assert!((20..80).contains(&crossed.iter().map(|(_, count)| **count).sum::<usize>()), "{codes:?}");
        let thrower = product(&server, &import, "lights", "wurkkos|ts30s pro").await;
        assert_eq!((amount(&thrower, "light_output_max"), &thrower["category"]), ("6000 lm".into(), &"flashlights".into()));
        let scene = product(&server, &import, "lights", "milwaukee|m18 radius").await;
        assert_eq!((amount(&scene, "weight_with_battery"), &scene["category"]), ("12300 g".into(), &"lanterns".into()));
        // The source's numbers came through whole: the far ends of the catalogue are the file's own.
        let products = server.all("/api/v1/products").await;
        let most = products.iter().filter_map(lumens).fold(0.0_f64, f64::max);
        assert!((most - 60_000.0).abs() < 0.5, "{most}");
        assert_eq!(products.iter().filter(|product| product["category"] == "headlamps").count(), 308);
    }

    async fn without_a_profile_the_proposed_one_is_sensible(house: House) {
        if shared("data/supplier-feed-de").is_none() {
            return;
        }
        let server = Server::start(&house).await;
        for (name, file, expected, warned) in [
            ("bb", "misc-catalogues/bestbuy_sample_products.json", [33, 33, 0, 0, 0, 0], 33),
            ("shop", "misc-catalogues/shopify_home-and-garden.csv", [21, 21, 0, 0, 0, 0], 0),
            ("pim", "supplier-feed-de/brickfox_pdf_export_2025-11-04T16-23-33.csv", [6, 6, 0, 0, 0, 0], 0),
            ("cells", "supplier-feed-de/test_akkus.csv", [10, 10, 0, 0, 0, 0], 0),
            ("kasta", "supplier-feed-ua/markets__mappings.xlsx", [10, 10, 0, 0, 0, 0], 10),
            ("danish", "supplier-xml/partner-ads_backpackerlife-sample.xml", [1, 1, 0, 0, 0, 0], 1),
            // Rules for mapping attributes, and no product at all.
            ("rules", "supplier-feed-ua/secur__secur_mapping_rules.csv", [349, 0, 0, 0, 349, 0], 0),
        ] {
            let Some(path) = shared(&format!("data/{file}")) else { continue };
            let bytes = std::fs::read(&path).unwrap();
            let import = Upload::new(name, path.file_name().unwrap().to_str().unwrap(), bytes).done(&server).await;
            assert_eq!((counts(&import), import["warned"].as_i64()), (expected, Some(warned)), "{file}: {import}");
        }
    }

    async fn the_features_of_the_ukrainian_layout_are_read_by_name(house: House) {
        let Some(path) = shared("data/supplier-feed-ua/eserver__import_products.csv") else { return };
        // Its header as it stands, and a row of our own below it.
        let header = std::fs::read_to_string(&path).unwrap();
        let header = header.trim_start_matches('\u{feff}').trim();
        let names: Vec<&str> = header.split(';').collect();
        let mut cells = vec![String::new(); names.len()];
        let first = names.iter().position(|name| *name == "Назва_Характеристики").unwrap();
        for (name, text) in [("Код_товару", "NL-1"), ("Назва_позиції_укр", "Ліхтар Норд"), ("Назва_позиції", "Фонарь Норд"), ("Ціна", "1250"), ("Валюта", "UAH"), ("Кількість", "7"), ("Виробник", "Nordlicht")] {
            text.clone_into(&mut cells[names.iter().position(|known| *known == name).unwrap()]);
        }
        for (at, text) in ["Вага", "г", "86", "Колір", "", "чорний", "Дальність світла", "км", "0,2", "Світловий потік", "", "600", "Ступінь захисту", "", "IP67"].into_iter().enumerate() {
            text.clone_into(&mut cells[first + at]);
        }
        let file = format!("{}\n{}\n", header, cells.join(";"));
        let server = Server::start(&house).await;
        let profile = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/prom-ua.toml")).unwrap();
        for (supplier, upload) in [("own", Upload::new("own", "a.csv", file.clone()).profile(&profile)), ("proposed", Upload::new("proposed", "a.csv", file))] {
            let import = upload.done(&server).await;
            assert_eq!(counts(&import), [1, 1, 0, 0, 0, 0], "{import}");
            let lamp = product(&server, &import, supplier, "NL-1").await;
            assert_eq!((amount(&lamp, "weight_with_battery"), amount(&lamp, "light_output_max")), ("86 g".into(), "600 lm".into()), "{lamp}");
            assert_eq!(amount(&lamp, "beam_distance_max"), "200 m", "{lamp}");
            assert_eq!((&lamp["values"]["ip_rating"], &lamp["values"]["body_color"]), (&"IP67".into(), &serde_json::json!(["black"])));
            // Only a person knows that the header's last letters are a language.
            if supplier == "own" {
                assert_eq!((&lamp["values"]["title"]["uk"], &lamp["values"]["title"]["ru"]), (&"Ліхтар Норд".into(), &"Фонарь Норд".into()));
            }
        }
    }
}
