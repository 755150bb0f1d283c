//! Real suppliers' files, where they are at hand. They are not part of the project.

use crate::import::read::{Format, ReadError, ReadLimits, ReadOptions, Record, open};
use std::path::PathBuf;

/// A file of the shared data, or a plain word that it was not there.
fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var("BEAMLINE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let path = PathBuf::from(root).join("data").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not here", path.display());
    None
}

/// All items, with the format that was found.
fn items(path: &str, options: &ReadOptions) -> Option<(Format, Vec<Result<Record, ReadError>>)> {
    let path = shared(path)?;
    let file = std::fs::File::open(&path).unwrap();
    let records = open(file, &path.to_string_lossy(), options, &ReadLimits::default()).unwrap();
    Some((records.layout().format, records.collect()))
}

fn cell(item: &Result<Record, ReadError>, name: &str) -> String {
    let record = item.as_ref().unwrap();
    let texts: Vec<_> = record.fields.iter().filter(|(field, _)| &**field == name).map(|(_, text)| text.as_str()).collect();
    texts.join("§")
}

/// Reads a file in which every record is whole.
fn whole(path: &str, format: Format, count: usize, cells: &[(usize, &str, &str)]) {
    let Some((found, items)) = items(path, &ReadOptions::default()) else { return };
    assert_eq!(found, format, "{path}");
    assert_eq!(items.iter().find(|item| item.is_err()), None, "{path}");
    assert_eq!(items.len(), count, "{path}");
    for (row, name, text) in cells {
        assert_eq!(cell(&items[row - 1], name), *text, "{path}, row {row}, {name}");
    }
}

#[test]
fn flashlight_tables() {
    let first = [(1, "brand", "Coleman"), (1, "impact", "1m | //0.8m"), (284, "type", "headlamp")];
    whole("flashlights-parametrek/headlamps.csv", Format::Csv, 284, &first[..2]);
    whole("flashlights-parametrek/flashlights_all.csv", Format::Csv, 1_630, &[]);
    let wiki =
        [(1, "emitters", "CREE XP-LR"), (1, "body_diameter_mm", "24.5"), (1, "weight_g", ""), (1, "has_usb_charging", "true")];
    whole("torch-wiki/torch_wiki_products.json", Format::Json, 206, &wiki);
    whole("torch-wiki/torch_wiki_products.csv", Format::Csv, 206, &[(1, "brand", "Acebeam")]);
    whole("torch-directory/wurkkos_scrape.json", Format::Json, 46, &[(2, "battery", "21700§18650")]);
}

#[test]
fn affiliate_tables() {
    whole("supplier-feed-awin/awin-sample.csv", Format::Csv, 3, &[(1, "ean", "0843817000000"), (3, "sku", "D-HEAD-200")]);
    whole("supplier-feed-awin/awin-TEST-DE-bergfreunde-de.csv", Format::Csv, 10, &[(1, "search_price", "239")]);
}

#[test]
fn xml_feeds() {
    whole(
        "supplier-xml/partner-ads_backpackerlife-sample.xml",
        Format::Xml,
        1,
        &[(1, "produktnavn", "MSR PocketRocket Trangia brænder"), (1, "lagerantal", "in stock")],
    );
    let article = [
        (1, "SUPPLIER_AID", "1000"),
        (1, "ARTICLE_DETAILS/DESCRIPTION_SHORT", "Apple MacBook Pro 13\""),
        (1, "ARTICLE_FEATURES/FEATURE[FNAME=Netzspannung]/FVALUE", "110§220"),
        (1, "ARTICLE_PRICE_DETAILS/ARTICLE_PRICE/PRICE_AMOUNT", "1499.5§1300.9"),
    ];
    whole("supplier-xml/bmecat12__testdata__new_catalog.golden.xml", Format::Xml, 1, &article);
    whole("supplier-xml/bmecat12__testdata__update_prices.golden.xml", Format::Xml, 1, &[(1, "SUPPLIER_AID", "1000")]);
}

#[test]
fn german_and_ukrainian_exports() {
    let german = [(1, "v_ean", "4013674222148"), (1, "v_purchase_price", "14,38"), (1, "p_brand", "ANSMANN")];
    whole("supplier-feed-de/brickfox_pdf_export_2025-11-04T16-23-33.csv", Format::Csv, 6, &german);
    whole("supplier-feed-de/test_akkus.csv", Format::Csv, 10, &[(1, "Gewicht", "17g"), (10, "Länge mm", "35.5")]);
    // A template: 529 headers and no row.
    whole("supplier-feed-ua/eserver__import_products.csv", Format::Csv, 0, &[]);
    whole("supplier-feed-ua/secur__secur_mapping_rules.csv", Format::Csv, 349, &[(1, "pattern_type", "regex")]);
}

#[test]
fn a_real_workbook() {
    let Some((format, items)) = items("supplier-feed-ua/markets__mappings.xlsx", &ReadOptions::default()) else { return };
    assert_eq!(format, Format::Xlsx);
    assert!(items.iter().all(Result::is_ok));
    assert_eq!(items.len(), 10);
}

#[test]
fn other_shops() {
    whole("misc-catalogues/bestbuy_sample_products.json", Format::Json, 33, &[(1, "upc", "783750002448"), (1, "price", "44.99")]);
    whole(
        "misc-catalogues/shopify_home-and-garden.csv",
        Format::Csv,
        21,
        &[(1, "Handle", "clay-plant-pot"), (1, "Tags", "Pot, Plants")],
    );
}
