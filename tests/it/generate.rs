//! The generator from outside: what it writes can be imported as it says, and the outcome is held against the truth.

use crate::support::House;
use beamline::catalog::queries::view_by_sku;
use beamline::db::schema::{imports, offers, products, suppliers};
use diesel::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::process::Command;

/// The program's folder first on the path, as a person's shell has it.
fn shell(house: &House, line: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_beamline"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    command.env("PATH", path).env("BEAMLINE_DATA", &house.config.data).env("BEAMLINE_LOG", "warn");
    command.env("DATABASE_URL", house.config.database());
    let output = command.args(["-c", line]).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Makes a catalogue and imports it by pasting the lines that were printed.
fn made_and_imported(house: &House, out: &Path, options: &str) {
    let said = shell(house, &format!("beamline generate --products 90 --seed 11 --out '{}' {options}", out.display()));
    let (written, paste) = said.split_once("to import it:\n").expect("command lines at the end");
    for name in written.split_whitespace().filter(|word| word.starts_with('/') || word.starts_with('\'')) {
        assert!(Path::new(name).exists(), "{name} was said to be written");
    }
    assert_eq!(paste.matches("beamline import").count(), 8, "{paste}");
    shell(house, paste);
}

/// Which product each offer is, by supplier and SKU, as the truth has it and as the database has it.
async fn matched(house: &House, out: &Path) -> (HashMap<(String, String), String>, HashMap<(String, String), i64>) {
    let mut truth = csv::Reader::from_path(out.join("truth.csv")).unwrap();
    let truth =
        truth.records().map(Result::unwrap).map(|row| ((row[0].to_owned(), row[1].to_owned()), row[2].to_owned())).collect();
    let stored: Vec<(String, String, Option<i64>)> = house
        .app
        .db
        .read(|conn| {
            let rows = offers::table.inner_join(suppliers::table.on(suppliers::id.eq(offers::supplier_id)));
            Ok(rows.select((suppliers::code, offers::supplier_sku, offers::product_id)).load(conn)?)
        })
        .await
        .unwrap();
    (truth, stored.into_iter().map(|(code, sku, product)| ((code, sku), product.unwrap())).collect())
}

/// Of the pairs of offers in one product, how many belong there; of the pairs that belong together, how many were found.
fn precision_and_recall(truth: &HashMap<(String, String), String>, found: &HashMap<(String, String), i64>) -> (f64, f64) {
    let offers: Vec<_> = truth.keys().filter(|offer| found.contains_key(*offer)).collect();
    let (mut together, mut merged, mut right) = (0_u32, 0_u32, 0_u32);
    for (place, one) in offers.iter().enumerate() {
        for other in &offers[place + 1..] {
            let (belong, are) = (truth[*one] == truth[*other], found[*one] == found[*other]);
            together += u32::from(belong);
            merged += u32::from(are);
            right += u32::from(belong && are);
        }
    }
    (f64::from(right) / f64::from(merged.max(1)), f64::from(right) / f64::from(together.max(1)))
}

async fn rejected(house: &House) -> i64 {
    let rejected: Vec<i64> = house.app.db.read(|conn| Ok(imports::table.select(imports::rejected).load(conn)?)).await.unwrap();
    rejected.into_iter().sum()
}

both_databases! {
    async fn a_clean_catalogue_comes_out_as_it_truly_is(house: House) {
        let out = tempfile::tempdir().unwrap();
        made_and_imported(&house, out.path(), "--dirt 0");
        let (truth, found) = matched(&house, out.path()).await;
        assert_eq!(rejected(&house).await, 0);
        assert_eq!(truth.keys().collect::<BTreeSet<_>>(), found.keys().collect::<BTreeSet<_>>());
        assert_eq!(precision_and_recall(&truth, &found), (1.0, 1.0));

        let sku_of: HashMap<i64, String> = house
            .app
            .db
            .read(|conn| Ok(products::table.select((products::id, products::sku)).load::<(i64, String)>(conn)?.into_iter().collect()))
            .await
            .unwrap();
        let product_of: BTreeMap<&String, &i64> = truth.iter().map(|(offer, product)| (product, &found[offer])).collect();
        let values = std::fs::read_to_string(out.path().join("truth-values.ndjson")).unwrap();
        for line in values.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            let sku = sku_of[product_of[&line["product"].as_str().unwrap().to_owned()]].clone();
            let view = house.app.db.read(move |conn| view_by_sku(conn, &sku)).await.unwrap().unwrap();
            assert_eq!(view.gtin.as_deref(), line["gtin"].as_str());
            assert_eq!(view.status.as_str(), "active", "{line}");
            let golden = serde_json::to_value(&view.values).unwrap();
            let amount = |code: &str| golden[code]["amount"].clone();
            for (code, truth) in line["values"].as_object().unwrap() {
                let known = match code.as_str() {
                    // Converted and rounded by who writes in ounces and yards.
                    "weight_with_battery" | "beam_distance_max" => {
                        let number = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN);
                        (number(&amount(code)) / number(truth) - 1.0).abs() < 0.02
                    }
                    "light_output_max" | "runtime_max" => amount(code) == *truth,
                    "ip_rating" | "release_year" | "body_color" => golden[code] == *truth,
                    _ => true,
                };
                assert!(known, "{code} is {truth}, and was read as {}", golden[code]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dirty_catalogue_is_understood_as_far_as_it_can_be() {
    let house = House::on_sqlite().await;
    let out = tempfile::tempdir().unwrap();
    made_and_imported(&house, out.path(), "");
    let mut dirt = csv::Reader::from_path(out.path().join("truth-dirt.csv")).unwrap();
    let broken = dirt.records().map(Result::unwrap).filter(|row| &row[3] == "broken_encoding").count();
    let rejected = rejected(&house).await;
    assert!(usize::try_from(rejected).unwrap() <= broken, "{rejected} rows are rejected, {broken} are in another encoding");
    let (truth, found) = matched(&house, out.path()).await;
    let (precision, recall) = precision_and_recall(&truth, &found);
    crate::support::say(&format!("as dirty as real files: precision {precision:.4}, recall {recall:.4}"));
    // A missing GTIN leaves brand and part number, in any spelling that the dictionary knows; another product's GTIN cannot be seen.
    assert!(precision >= 0.97, "{precision}");
    assert!(recall >= 0.85, "{recall}");
}
