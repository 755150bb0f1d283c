//! What `beamline demo` makes of samples/, held against samples/truth.csv and read by readers that are not ours.

use crate::support::{House, Server};
use quick_xml::events::Event;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::process::Command;

type Row = BTreeMap<String, String>;

/// Runs the demo as a person would, without serving; what it printed.
pub fn demo(house: &House) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beamline"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    let data = command.arg("--data").arg(&house.config.data);
    let output = data.args(["--log", "warn", "--database-url", &house.database_url(), "demo", "--no-serve"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

struct Truth {
    /// What should be the product, by supplier and its number; none where the row has to be rejected.
    offers: BTreeMap<(String, String), Option<String>>,
}

fn truth() -> Truth {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/truth.csv");
    let mut offers = BTreeMap::new();
    for row in csv::Reader::from_path(path).unwrap().into_records().map(Result::unwrap) {
        let product = Some(row[2].to_owned()).filter(|product| !product.is_empty());
        offers.insert((row[0].to_owned(), row[1].to_owned()), product);
    }
    Truth { offers }
}

/// The product that each offer was given, by supplier and its number.
async fn given(server: &Server) -> BTreeMap<(String, String), String> {
    let mut given = BTreeMap::new();
    for supplier in server.all("/api/v1/suppliers").await {
        let code = supplier["code"].as_str().unwrap();
        for offer in server.all(&format!("/api/v1/suppliers/{code}/offers")).await {
            let key = (code.to_owned(), offer["supplier_sku"].as_str().unwrap().to_owned());
            given.insert(key, offer["product"].as_str().unwrap().to_owned());
        }
    }
    given
}

async fn feed(server: &Server, path: &str) -> String {
    let answer = server.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// Items of an RSS file as Google reads them: element to text, of repeated ones the first.
fn rss(xml: &str) -> Vec<Row> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut path, mut items) = (Vec::<String>::new(), Vec::<Row>::new());
    let mut first = false;
    loop {
        let mut add = |path: &[String], text: &str| {
            if path.len() == 4 && first {
                items.last_mut().unwrap().get_mut(&path[3]).unwrap().push_str(text);
            }
        };
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                path.push(tag.name().as_ref().to_owned());
                match path.as_slice() {
                    [_, _, item] if item == "item" => items.push(Row::new()),
                    [_, _, _, name] => {
                        let item = items.last_mut().unwrap();
                        first = !item.contains_key(name);
                        item.entry(name.clone()).or_default();
                    }
                    _ => {}
                }
            }
            Event::Text(text) => add(&path, &text),
            Event::GeneralRef(name) => {
                let known = [("lt", "<"), ("gt", ">"), ("amp", "&"), ("quot", "\""), ("apos", "'")];
                add(&path, known.iter().find(|(known, _)| *known == &*name).unwrap_or_else(|| panic!("&{};", &*name)).1);
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Eof => return items,
            _ => {}
        }
    }
}

fn table(text: &str, separator: u8) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn price(product: &Value) -> String {
    format!("{} {}", product["price"]["amount"].as_str().unwrap(), product["price"]["currency"].as_str().unwrap())
}

both_databases! {
    async fn every_lamp_stands_once(house: House) {
        let said = demo(&house);
        assert!(said.lines().any(|line| line.starts_with("key: bl_")), "{said}");
        let server = Server::start_idle(&house).await;
        let (truth, given) = (truth(), given(&server).await);
        let mut skus: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        let mut lamps: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        for (key, lamp) in &truth.offers {
            match (lamp, given.get(key)) {
                (None, None) => {}
                (Some(lamp), Some(sku)) => {
                    skus.entry(lamp).or_default().insert(sku);
                    lamps.entry(sku).or_default().insert(lamp);
                }
                (lamp, sku) => panic!("{key:?} should be {lamp:?} and is {sku:?}"),
            }
        }
        let apart: Vec<_> = skus.iter().filter(|(_, skus)| skus.len() > 1).collect();
        assert!(apart.is_empty(), "one lamp, several products: {apart:?}");
        let mixed: Vec<_> = lamps.iter().filter(|(_, lamps)| lamps.len() > 1).collect();
        assert!(mixed.is_empty(), "several lamps, one product: {mixed:?}");
        assert_eq!((given.len(), skus.len(), server.all("/api/v1/products").await.len()), (302, 148, 148));
        assert_eq!(truth.offers.values().flatten().count(), given.len(), "no offer that the truth does not know");

        // The README says what is in the files and what has to be rejected.
        let mut imports = server.all("/api/v1/imports").await;
        imports.sort_by_key(|import| import["id"].as_str().unwrap().to_owned());
        let counts: Vec<_> = imports.iter().map(|import| (import["files"][0].as_str().unwrap(), import["rows_read"].as_i64().unwrap(), import["rejected"].as_i64().unwrap())).collect();
        let told = [
            ("katalog.csv", 89, 2), ("price-book.xlsx", 79, 1), ("vareliste.xml", 57, 1), ("mehsullar.json", 48, 1), ("orodha.tsv", 40, 1),
            ("bestand.csv", 154, 4), ("stock.ndjson", 131, 3), ("prisliste.csv", 56, 1),
        ];
        assert_eq!(counts, told);
    }

    async fn a_second_run_changes_nothing(house: House) {
        demo(&house);
        let server = Server::start_idle(&house).await;
        let read = async || {
            let mut all = Vec::new();
            for path in ["products", "stock", "brands", "product-groups"] {
                all.extend(server.all(&format!("/api/v1/{path}")).await);
            }
            for level in &mut all {
                // Reported again, at a later time, is not changed.
                level.as_object_mut().unwrap().remove("reported_at");
            }
            let events = server.all_events("product.created,product.updated,stock.changed,price.changed,listing.changed").await;
            (all, events, given(&server).await)
        };
        let feeds = async || (feed(&server, "/feeds/google/google.xml").await, feed(&server, "/feeds/google/google.tsv").await, feed(&server, "/feeds/shopify/shopify.csv").await);
        house.seen().await;
        let (before, published) = (read().await, feeds().await);
        let said = demo(&house);
        house.seen().await;
        assert!(read().await == before, "the second run changed something");
        assert!(feeds().await == published, "the second run wrote other feeds");
        let unchanged = said.lines().filter(|line| line.contains("(0 added, 0 changed, 0 removed, ")).count();
        assert_eq!(unchanged, 12, "{said}");
        // The key of the earlier run is revoked.
        let keys = server.all("/api/v1/keys").await;
        let live = keys.iter().filter(|key| key["name"] == "demo" && key["revoked_at"].is_null()).count();
        assert_eq!((keys.iter().filter(|key| key["name"] == "demo").count(), live), (2, 1));
    }

    async fn a_gtin_in_any_dress_finds_its_product_first(house: House) {
        demo(&house);
        let server = Server::start(&house).await;
        indexed(&server).await;
        let products = server.all("/api/v1/products").await;
        let marked: Vec<_> = products.iter().filter(|product| product["gtin"].is_string()).collect();
        assert!(marked.len() > 100, "{}", marked.len());
        // Every third is enough to have all kinds.
        for product in marked.iter().step_by(3) {
            let gtin = product["gtin"].as_str().unwrap();
            // A carton's number has 14 digits that count; any other is written as UPC or EAN too.
            let number = gtin.strip_prefix('0').unwrap_or(gtin);
            let spaced = format!("{}%20{}%20{}", &number[..1], &number[1..7], &number[7..]);
            let dashed = format!("{}-{}-{}", &number[..3], &number[3..12], &number[12..]);
            for dress in [gtin, number, gtin.trim_start_matches('0'), &spaced, &dashed] {
                let found = server.get(&format!("/api/v1/search?limit=3&q={dress}")).await.expect(200);
                assert_eq!(found["items"][0]["sku"], product["sku"], "{dress}: {found}");
            }
        }
        for (dress, mpn) in [("E065-AA00", "E065AA00"), ("e065aa00", "E065AA00"), ("E065%20AA00", "E065AA00")] {
            let found = server.get(&format!("/api/v1/search?q={dress}")).await.expect(200);
            let got: String = found["items"][0]["mpn"].as_str().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
            assert_eq!(got, mpn, "{dress}: {found}");
        }
        let sku = products[7]["sku"].as_str().unwrap();
        let found = server.get(&format!("/api/v1/search?q={}", sku.to_lowercase())).await.expect(200);
        assert_eq!(found["items"][0]["sku"], sku);
    }

    async fn the_right_lamp_stands_in_the_right_row_of_each_feed(house: House) {
        demo(&house);
        let server = Server::start_idle(&house).await;
        let products: HashMap<String, Value> = server.all("/api/v1/products").await.into_iter().map(|product| (product["sku"].as_str().unwrap().to_owned(), product)).collect();
        let given = given(&server).await;
        let actik = &given[&("lichtkontor".to_owned(), "LK-234310".to_owned())];

        let google = rss(&feed(&server, "/feeds/google/google.xml").await);
        let ready = server.all("/api/v1/channels/google/listings?state=ready").await;
        assert_eq!((google.len(), ready.len()), (148, 148));
        let ids: BTreeSet<&str> = google.iter().map(|item| item["g:id"].as_str()).collect();
        assert_eq!(ids.len(), google.len(), "no lamp twice");
        for item in &google {
            let product = &products[&item["g:id"]];
            let title = item["title"].as_str();
            assert!(!title.is_empty() && title.chars().count() <= 150, "{item:?}");
            assert_eq!(item["g:price"], price(product), "{item:?}");
            assert_eq!(item["g:availability"], if product["available"] == 0 { "out_of_stock" } else { "in_stock" }, "{item:?}");
            assert_eq!(item["link"], format!("https://shop.example.com/p/{}", item["g:id"]));
            let brand = item.get("g:brand").map(String::as_str);
            assert_eq!(brand, product["brand"].as_str());
            if let Some(gtin) = item.get("g:gtin") {
                let wanted = product["gtin"].as_str().unwrap();
                assert_eq!(gtin.trim_start_matches('0'), wanted.trim_start_matches('0'), "{item:?}");
            }
        }
        // By hand: 76.95 EUR recommended x 1.08.
        let item = google.iter().find(|item| item["g:id"] == *actik).unwrap();
        assert!(item["title"].contains("Petzl Actik Core 600"), "{item:?}");
        assert_eq!((item["g:price"].as_str(), item["g:availability"].as_str()), ("83.11 USD", "in_stock"));
        assert_eq!((item["g:gtin"].trim_start_matches('0'), item["g:mpn"].replace(['-', ' '], "").as_str()), ("3342540570016", "E065AA00"));
        assert_eq!(item["g:image_link"], "https://images.example.com/lichtkontor/petzl-actik-core-600-grey-front.jpg");
        let sheet = table(&feed(&server, "/feeds/google/google.tsv").await, b'\t');
        assert_eq!(sheet.len(), google.len());
        for (row, item) in sheet.iter().zip(&google) {
            assert_eq!((&row["id"], &row["title"], &row["price"], &row["availability"]), (&item["g:id"], &item["title"], &item["g:price"], &item["g:availability"]));
        }

        let shopify = table(&feed(&server, "/feeds/shopify/shopify.csv").await, b',');
        let variants: Vec<&Row> = shopify.iter().filter(|row| !row["SKU"].is_empty()).collect();
        let ready = server.all("/api/v1/channels/shopify/listings?state=ready").await;
        assert_eq!((variants.len(), ready.len()), (148, 148));
        assert_eq!(variants.iter().map(|row| &row["SKU"]).collect::<BTreeSet<_>>().len(), variants.len());
        let mut handle = String::new();
        for row in &shopify {
            assert!(!row["URL handle"].is_empty(), "{row:?}");
            // A title begins a product; its further rows, of variants and pictures, carry the same handle.
            if row["Title"].is_empty() {
                assert_eq!(row["URL handle"], handle, "{row:?}");
            }
            handle.clone_from(&row["URL handle"]);
        }
        for row in &variants {
            let product = &products[&row["SKU"]];
            assert_eq!(json!(row["Inventory quantity"].parse::<i64>().unwrap()), product["available"], "{row:?}");
            assert_eq!(row["Barcode"].trim_start_matches('0'), product["gtin"].as_str().unwrap_or_default().trim_start_matches('0'), "{row:?}");
        }
        // By hand: 45.88 EUR cost x 1.45.
        let row = variants.iter().find(|row| row["SKU"] == *actik).unwrap();
        assert_eq!((row["Price"].as_str(), row["Barcode"].trim_start_matches('0')), ("66.53", "3342540570016"));
        let begun = shopify.iter().find(|one| one["URL handle"] == row["URL handle"]).unwrap();
        assert!(begun["Title"].contains("Petzl Actik Core 600") && begun["Vendor"] == "Petzl", "{begun:?}");
    }
}

/// Waits until the server has taken up the index that the demo's process built.
async fn indexed(server: &Server) {
    let begun = std::time::Instant::now();
    while server.get("/api/v1/search").await.status != 200 {
        assert!(begun.elapsed().as_secs() < 60, "the index is never taken up");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    server.get("/api/v1/search?q=lamp").await.expect(200);
}

impl Server {
    /// Every event of these types.
    async fn all_events(&self, types: &str) -> Vec<Value> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/api/v1/events?limit=1000&types={types}{after}")).await.expect(200);
            let events = page["items"].as_array().unwrap();
            items.extend(events.iter().cloned());
            if events.len() < 1000 {
                return items;
            }
            after = format!("&after={}", page["next"].as_str().unwrap());
        }
    }
}
