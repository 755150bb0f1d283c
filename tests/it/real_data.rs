//! Two real sources that nobody on this project wrote, read with the profiles in profiles/. Skipped, plainly, where they are not here.

use crate::support::{Server, Upload, counts, shared};
use serde_json::Value;
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
