//! Whole feeds, read back by other people's readers.

use super::*;
use crate::channels::write::{FeedWriter, WrittenPart};
use proptest::prelude::*;
use std::sync::Arc;

fn feed(desk: &ChannelDesk, format: &str, blocks: &[Vec<ProductView>]) -> (tempfile::TempDir, Vec<WrittenPart>) {
    let folder = tempfile::tempdir().unwrap();
    let format = desk.profile.format(format).unwrap();
    let mut writer = FeedWriter::new(desk.profile.clone(), format, &desk.frame(), folder.path());
    for block in blocks {
        let judged = judge_block(desk, block);
        let rows: Vec<_> = judged.iter().filter_map(|evaluation| evaluation.row.as_ref()).collect();
        writer.blocks(&[rows]).unwrap();
    }
    let parts = writer.finish().unwrap();
    (folder, parts)
}

pub(super) fn text(desk: &ChannelDesk, format: &str, blocks: &[Vec<ProductView>]) -> String {
    let (_folder, parts) = feed(desk, format, blocks);
    assert_eq!(parts.len(), 1);
    let text = std::fs::read_to_string(&parts[0].path).unwrap();
    assert_eq!(text.len() as u64, parts[0].bytes);
    text
}

fn catalogue() -> Vec<Vec<ProductView>> {
    let mut bare = lamp(3, "BL-3", "Fjord <Mini> & Co");
    bare.gtin = None;
    bare.available = 0;
    bare.values.remove("title");
    bare.values.insert("description".to_owned(), texts(&[("en", "Tab\there, \"quoted\"\u{7} and\nnext line")]));
    bare.images.truncate(1);
    let group = vec![
        colored(lamp(1, "BL-1", "Ridge 400"), "ridge-400", "black"),
        colored(lamp(2, "BL-2", "Ridge 400"), "ridge-400", "red"),
    ];
    vec![vec![bare], group]
}

#[test]
fn google_xml() {
    insta::assert_snapshot!("google_xml", text(&desk("google"), "rss", &catalogue()));
}

#[test]
fn google_tsv() {
    insta::assert_snapshot!("google_tsv", text(&desk("google"), "tsv", &catalogue()));
}

#[test]
fn shopify_csv() {
    insta::assert_snapshot!("shopify_csv", text(&desk("shopify"), "csv", &catalogue()));
}

#[test]
fn an_xml_reader_finds_the_right_lamp_in_the_right_item() {
    use quick_xml::events::Event;
    let xml = text(&desk("google"), "rss", &catalogue());
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut path, mut items) = (Vec::new(), Vec::<BTreeMap<String, String>>::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                path.push(tag.name().as_ref().to_owned());
                if path.last().unwrap() == "item" {
                    items.push(BTreeMap::new());
                }
            }
            Event::Text(part) if path.len() == 4 => {
                *items.last_mut().unwrap().entry(path[3].clone()).or_default() += &part;
            }
            Event::GeneralRef(entity) if path.len() == 4 => {
                let text = match &*entity {
                    "lt" => "<",
                    "gt" => ">",
                    "amp" => "&",
                    "quot" => "\"",
                    "apos" => "'",
                    other => panic!("{other}"),
                }
                .to_owned();
                *items.last_mut().unwrap().entry(path[3].clone()).or_default() += &text;
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(items.len(), 3);
    let item = |id: &str| items.iter().find(|item| item["g:id"] == id).unwrap();
    assert_eq!(item("BL-3")["title"], "Nordfjell Fjord <Mini> & Co headlamp, 400 lumens");
    assert_eq!(item("BL-3")["g:availability"], "out_of_stock");
    assert!(!item("BL-3").contains_key("g:gtin"));
    assert_eq!(item("BL-1")["g:color"], "Black");
    assert_eq!(item("BL-2")["g:color"], "Red");
    assert_eq!(item("BL-2")["g:item_group_id"], "ridge-400");
    assert_eq!(item("BL-2")["link"], "https://shop.example/p/BL-2");
    assert_eq!(item("BL-1")["g:price"], "32.52 USD");
    assert_eq!(item("BL-2")["g:price"], "32.53 USD");
}

pub(super) fn table(text: &str, delimiter: u8) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_tsv_reader_finds_the_right_lamp_in_the_right_row() {
    let tsv = text(&desk("google"), "tsv", &catalogue());
    assert_eq!(tsv.lines().count(), 4, "one line a product");
    let rows = table(&tsv, b'\t');
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("BL-3")["description"], "Tab here, \"quoted\" and next line");
    assert_eq!(row("BL-2")["color"], "Red");
    assert_eq!(row("BL-1")["gtin"], "4006381333931");
    assert_eq!(row("BL-1")["additional_image_link"], "https://img.example/BL-1/side%2C1.jpg");
    assert!(row("BL-1")["product_detail"].starts_with("Light:Light output:400 lm,"), "{}", row("BL-1")["product_detail"]);
    assert!(row("BL-1")["product_highlight"].contains("Light output: 400 lm"), "{}", row("BL-1")["product_highlight"]);
}

#[test]
fn a_csv_reader_finds_variants_together_and_images_on_rows_of_their_own() {
    let rows = table(&text(&desk("shopify"), "csv", &catalogue()), b',');
    let handles: Vec<&str> = rows.iter().map(|row| row["URL handle"].as_str()).collect();
    assert_eq!(handles, ["bl-3", "ridge-400", "ridge-400", "ridge-400", "ridge-400"], "four images of two variants");
    let skus: Vec<&str> = rows.iter().map(|row| row["SKU"].as_str()).collect();
    assert_eq!(skus, ["BL-3", "BL-1", "BL-2", "", ""]);
    assert_eq!(rows[1]["Title"], "Nordfjell Ridge 400 headlamp");
    assert_eq!(rows[2]["Title"], "", "what belongs to the product stands on its first row");
    assert_eq!((rows[1]["Option1 name"].as_str(), rows[1]["Option1 value"].as_str()), ("Colour", "Black"));
    assert_eq!(rows[2]["Option1 value"], "Red");
    assert_eq!((rows[0]["Option1 name"].as_str(), rows[0]["Option1 value"].as_str()), ("Title", "Default Title"));
    assert_eq!(rows[2]["Price"], "32.53");
    assert_eq!(rows[2]["Weight value (grams)"], "86");
    assert_eq!(rows[1]["Product category"], "gid://shopify/TaxonomyCategory/ha-15-16-2");
    assert_eq!(rows[1]["Light output (product.metafields.custom.light_output)"], "400");
    let positions: Vec<&str> = rows[1..].iter().map(|row| row["Image position"].as_str()).collect();
    assert_eq!(positions, ["1", "2", "3", "4"]);
    assert_eq!(rows[4]["Product image URL"], "https://img.example/BL-2/side,1.jpg");
    assert_eq!(rows[2]["Variant image URL"], "https://img.example/BL-2/front.jpg");
    assert_eq!(rows[0]["Inventory quantity"], "0");
    assert_eq!(rows[0]["Description"], "<p>Tab here, \"quoted\" and</p><p>next line</p>");
    assert_eq!(rows[1]["Tags"], "hiking, camp, night");
}

#[test]
fn an_empty_feed_is_still_well_formed() {
    let desk = desk("google");
    assert_eq!(text(&desk, "tsv", &[]).lines().count(), 1);
    assert!(text(&desk, "rss", &[]).ends_with("</channel>\n</rss>\n"));
}

fn limited(channel: &str, rows: Option<u64>, bytes: Option<u64>) -> ChannelDesk {
    let mut desk = desk(channel);
    let mut profile = (*desk.profile).clone();
    profile.limits.rows_per_part = rows;
    profile.limits.bytes_per_part = bytes;
    desk.profile = Arc::new(profile);
    desk
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_part_is_larger_than_allowed_and_no_product_is_lost(
        sizes in prop::collection::vec(1_usize..5, 1..12),
        titles in prop::collection::vec(any::<String>(), 60),
        rows in 1_u64..9, bytes in 40_000_u64..80_000,
        channel in prop::sample::select(vec![("google", "rss"), ("google", "tsv"), ("shopify", "csv")]),
    ) {
        let (channel, format) = channel;
        let desk = limited(channel, Some(rows.max(2)), Some(bytes));
        let mut id = 0;
        let colors = ["black", "red", "blue", "green"];
        let blocks: Vec<Vec<ProductView>> = sizes.iter().enumerate().map(|(at, size)| (0..*size).map(|variant| {
            id += 1;
            let mut view = colored(lamp(id, &format!("BL-{id}"), "Ridge"), &format!("g-{at}"), colors[variant]);
            view.values.insert("title".to_owned(), texts(&[("en", &format!("Lamp {}", titles[usize::try_from(id).unwrap() % titles.len()]))]));
            view
        }).collect()).collect();
        let (_folder, parts) = feed(&desk, format, &blocks);
        let mut seen = Vec::new();
        for part in &parts {
            let text = std::fs::read_to_string(&part.path).unwrap();
            prop_assert!(text.len() as u64 <= bytes && part.bytes == text.len() as u64);
            prop_assert!(part.rows <= rows.max(2), "{} rows", part.rows);
            prop_assert!(text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()));
            match format {
                "rss" => seen.extend(text.split("<g:id>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned())),
                "tsv" => seen.extend(table(&text, b'\t').into_iter().map(|row| row["id"].clone())),
                _ => seen.extend(table(&text, b',').into_iter().map(|row| row["SKU"].clone()).filter(|sku| !sku.is_empty())),
            }
        }
        let wanted: Vec<String> = (1..=id).map(|id| format!("BL-{id}")).collect();
        prop_assert_eq!(seen, wanted);
    }
}
