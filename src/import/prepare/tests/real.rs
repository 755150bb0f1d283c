//! The project's profiles on real files, where those are at hand.

use super::DICTIONARY;
use crate::import::prepare::{ImportKind, Preparer};
use crate::import::read::{ReadLimits, open};
use crate::import::row::PreparedRow;
use crate::suppliers::Profile;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var("BEAMLINE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let path = PathBuf::from(root).join("data").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not here", path.display());
    None
}

fn profile(name: &str) -> Profile {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("profiles").join(name);
    Profile::parse(&std::fs::read_to_string(path).unwrap(), &DICTIONARY).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn rows(name: &str, path: &str) -> Option<Vec<PreparedRow>> {
    let path = shared(path)?;
    let profile = profile(name);
    let preparer = Preparer::new(ImportKind::Catalog, &profile, &DICTIONARY, None);
    let file = std::fs::File::open(&path).unwrap();
    let records = open(file, &path.to_string_lossy(), &profile.read_options(), &ReadLimits::default()).unwrap();
    let rows: Vec<_> = records.map(|item| preparer.take(item).unwrap()).collect();
    let mut codes: BTreeMap<(String, String), usize> = BTreeMap::new();
    for issue in rows.iter().flat_map(|row| &row.issues) {
        *codes.entry((issue.code.clone(), issue.field.clone())).or_default() += 1;
    }
    println!("{name}: {} rows, issues: {codes:?}", rows.len());
    Some(rows)
}

#[test]
fn every_profile_of_the_project_is_sound() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("profiles");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let read = profile(&name);
        assert_eq!(Profile::parse(&read.to_toml(), &DICTIONARY).unwrap(), read, "{name}");
    }
}

#[test]
fn parametrek() {
    let Some(rows) = rows("parametrek.toml", "flashlights-parametrek/headlamps.csv") else { return };
    assert_eq!((rows.len(), rows.iter().filter(|row| row.rejected()).count()), (284, 0));
    let first = &rows[0];
    assert_eq!(first.key, "coleman|100l bg headlamp");
    // What is told is worth a person's look: nothing is there by the hundred.
    let told = rows.iter().map(|row| row.issues.len()).sum::<usize>();
    assert!(told < 80, "{told}");
    assert_eq!(first.recommended_price.unwrap().to_string(), "10.00 USD");
    assert!(first.claims.iter().any(|claim| claim.attribute == "category" && claim.value.as_text() == Some("headlamps")));
    let lumens = rows[1].claims.iter().find(|claim| claim.attribute == "light_output_max").unwrap();
    assert_eq!((lumens.raw.as_str(), lumens.field.as_str()), ("130.0", "lumens"));
}

#[test]
fn torch_wiki() {
    let Some(rows) = rows("torch-wiki.toml", "torch-wiki/torch_wiki_products.json") else { return };
    assert_eq!((rows.len(), rows.iter().filter(|row| row.rejected()).count()), (206, 0));
    assert_eq!(rows[0].key, "acebeam|e10 2.0");
    assert!(!rows.iter().flat_map(|row| &row.issues).any(|issue| issue.code == "unknown_category"));
    assert_eq!(rows[0].recommended_price.unwrap().to_string(), "59.90 USD");
}

#[test]
fn affiliate_feeds() {
    if let Some(rows) = rows("awin.toml", "supplier-feed-awin/awin-sample.csv") {
        assert_eq!(rows[0].key, "BF-OSPREY-STRATOS24");
        assert_eq!(rows[0].recommended_price.unwrap().to_string(), "180.00 GBP");
        // The file's EANs end in zeros: a spreadsheet's damage.
        assert!(rows.iter().all(|row| row.gtin.is_none() && row.issues.iter().any(|issue| issue.code.starts_with("gtin_"))));
    }
    if let Some(rows) = rows("partner-ads.toml", "supplier-xml/partner-ads_backpackerlife-sample.xml") {
        assert_eq!((rows[0].key.as_str(), rows[0].stock.len()), ("bpl-001", 0));
        assert!(rows[0].issues.iter().any(|issue| issue.code == "stock_not_a_number" && issue.raw == "in stock"));
        assert_eq!(rows[0].images[0].role, "main");
        assert_eq!(rows[0].recommended_price.unwrap().to_string(), "449.00 DKK");
    }
}

#[test]
fn bmecat() {
    let Some(rows) = rows("bmecat.toml", "supplier-xml/bmecat12__testdata__new_catalog.golden.xml") else { return };
    assert_eq!((rows[0].key.as_str(), rows[0].tags.len()), ("1000", 2));
    assert_eq!(rows[0].cost.unwrap().to_string(), "1499.50 EUR");
    assert!(rows[0].issues.iter().any(|issue| issue.code == "bad_image_address"));
}
