//! A channel that somebody describes: its files are read back by readers that know nothing of us, and a mistake in it is told with line and field.

use crate::support::{House, Server, Upload};
use beamline::app::App;
use beamline::channels::{Channels, follow};
use calamine::{Data, Reader, Xlsx};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Cursor;

const PROFILE: &str = r#"code = "priceengine"
name = "A price engine"
docs = { url = "https://example.com/feed-rules", date = "2026-11-22" }

[defaults]
enabled = true
currency = "EUR"
locale = "de"
country = "DE"
markup = "0.50"

[[format]]
code = "csv"
layout = "csv"
file = "priceengine.csv"
content_type = "text/csv; charset=utf-8"
spreadsheet = true

[[format]]
code = "xlsx"
layout = "xlsx"
file = "priceengine.xlsx"
content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

[[format]]
code = "json"
layout = "json"
file = "priceengine.json"
content_type = "application/json"
envelope = '{"country": "$country", "articles": "$items"}'
item = '''
{"id": "$ArtNr", "title": "$Titel", "offer": {"price": "$Preis:number", "currency": "EUR"}, "kg": "$Gewicht:number", "throw": "$Leuchtweite"}
'''

[[field]]
name = "ArtNr"
from = ["sku"]
required = true

[[field]]
name = "Titel"
from = ["title"]
required = true

[[field]]
name = "Preis"
from = ["price"]
required = true
render = "decimal"
terms = true

[[field]]
name = "Gewicht"
from = ["value:weight_packaged", "value:weight_with_battery"]
render = "number"
unit = "kg"

[[field]]
name = "Leuchtweite"
from = ["label:beam_distance_max"]
"#;

/// The house, knowing the channel; `folder` holds the profile.
async fn with_profile(mut house: House, folder: &std::path::Path) -> House {
    std::fs::create_dir(folder.join("channels")).unwrap();
    std::fs::write(folder.join("channels/priceengine.toml"), PROFILE).unwrap();
    house.config.schema = Some(folder.to_owned());
    house.app = App::open(house.config.clone(), house.clock.clone()).await.unwrap();
    house
}

const LAMPS: &str = "SKU;Brand;Model;Title;Category;Weight;Beam distance;Stock;Cost\n\
    L-1;Acme;Ridge;=Ridge, \"the\" lamp;headlamps;86 g;440 ft;5;20.00\n\
    L-2;Acme;Fjord;Fjord Ünder;headlamps;;;5;10.10\n";

async fn bytes(server: &Server, path: &str) -> Vec<u8> {
    let answer = server.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

both_databases! {
    async fn its_csv_xlsx_and_json_say_what_the_catalogue_says(house: House) {
        let folder = tempfile::tempdir().unwrap();
        let house = with_profile(house, folder.path()).await;
        let server = Server::start(&house).await;
        server.send(Method::POST, "/api/v1/suppliers", json!({"code": "acme", "name": "Acme", "currency": "EUR", "locale": "de"})).await.expect(201);
        let import = Upload::new("acme", "lamps.csv", LAMPS).done(&server).await;
        assert_eq!(import["created"], 2, "{import}");
        server.get_after(&import, "/api/v1/products?limit=1").await;
        house.seen().await;
        follow::catch_up(&house.app).await.unwrap();
        let made = server.send(Method::POST, "/api/v1/channels/priceengine/publications", json!({})).await.expect(201);
        assert_eq!((&made["state"], &made["added"]), (&json!("published"), &json!(2)), "{made}");
        let skus: BTreeMap<String, String> = server.all("/api/v1/products").await.iter()
            .map(|product| (product["values"]["model_name"].as_str().unwrap_or_default().to_owned(), product["sku"].as_str().unwrap().to_owned()))
            .collect();
        let (ridge, fjord) = (&skus["Ridge"], &skus["Fjord"]);

        let csv = bytes(&server, "/feeds/priceengine/priceengine.csv").await;
        let rows: Vec<BTreeMap<String, String>> = csv::Reader::from_reader(&csv[..]).deserialize().map(Result::unwrap).collect();
        let row = |sku: &str| rows.iter().find(|row| row["ArtNr"] == sku).unwrap();
        assert_eq!(row(ridge)["Titel"], "'=Ridge, \"the\" lamp", "a spreadsheet does not run it");
        assert_eq!((row(ridge)["Preis"].as_str(), row(ridge)["Gewicht"].as_str()), ("30.00", "0.086"));
        assert_eq!(row(ridge)["Leuchtweite"], "134,1 m", "440 ft, as people say it");
        assert_eq!((row(fjord)["Titel"].as_str(), row(fjord)["Preis"].as_str(), row(fjord)["Gewicht"].as_str()), ("Fjord Ünder", "15.15", ""));

        let xlsx = bytes(&server, "/feeds/priceengine/priceengine.xlsx").await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(xlsx)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let cells: Vec<Vec<Data>> = sheet.rows().map(<[Data]>::to_vec).collect();
        let text = |text: &str| Data::String(text.to_owned());
        assert_eq!(cells[0], ["ArtNr", "Titel", "Preis", "Gewicht", "Leuchtweite"].map(text));
        let row = |sku: &str| cells.iter().find(|row| row[0] == text(sku)).unwrap();
        assert_eq!(row(ridge)[1..], [text("=Ridge, \"the\" lamp"), Data::Float(30.0), Data::Float(0.086), text("134,1 m")]);
        assert_eq!(row(fjord)[1..4], [text("Fjord Ünder"), Data::Float(15.15), Data::Empty]);

        let json: Value = serde_json::from_slice(&bytes(&server, "/feeds/priceengine/priceengine.json").await).unwrap();
        assert_eq!(json["country"], "DE");
        let article = |sku: &str| json["articles"].as_array().unwrap().iter().find(|article| article["id"] == sku).unwrap().clone();
        let ridge = json!({"id": ridge, "title": "=Ridge, \"the\" lamp", "offer": {"price": 30, "currency": "EUR"}, "kg": 0.086, "throw": "134,1 m"});
        assert_eq!(article(ridge["id"].as_str().unwrap()), ridge);
        assert_eq!(article(fjord), json!({"id": fjord, "title": "Fjord Ünder", "offer": {"price": 15.15, "currency": "EUR"}}));
    }
}

#[test]
fn a_mistake_in_it_names_line_and_field() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("channels")).unwrap();
    let told = |right: &str, wrong: &str| {
        assert!(PROFILE.contains(right), "{right}");
        std::fs::write(folder.path().join("channels/priceengine.toml"), PROFILE.replacen(right, wrong, 1)).unwrap();
        Channels::load(Some(folder.path())).unwrap_err().to_string()
    };
    let line = |of: &str| PROFILE.lines().position(|line| line == of).unwrap() + 1;
    let says = |error: String, at: usize, words: &[&str]| {
        let place = format!("priceengine.toml, line {at}:");
        assert!(error.contains(&place) && words.iter().all(|word| error.contains(word)), "{place} {words:?}: {error}");
    };
    let price = line("name = \"Preis\"");
    says(told("render = \"decimal\"", "render = \"dezimal\""), price + 3, &["field Preis", "dezimal"]);
    says(told("from = [\"price\"]", "from = [\"preis\"]"), price + 1, &["field Preis", "no source 'preis'"]);
    says(told("terms = true", "terms = yes"), price + 4, &[]);
    let weight = line("name = \"Gewicht\"");
    says(told("render = \"number\"", "render = \"measure\"\nmap = { a = \"b\" }"), weight, &["field Gewicht", "map"]);
    says(told("\"$Preis:number\"", "\"$Price:number\""), line("code = \"json\""), &["format json", "no field 'Price'"]);
    says(
        told("[[field]]\nname = \"Leuchtweite\"", "[[field]]\nname = \"Titel\""),
        line("name = \"Titel\""),
        &["field Titel", "twice"],
    );
}
