use super::{expect, fields, fields_with, pairs, read, read_within};
use crate::import::read::{Format, ReadLimits, ReadOptions, open, words};
use proptest::prelude::*;
use std::io::Cursor;

#[test]
fn paths_attributes_and_repeats_become_fields() {
    let text = r#"<?xml version="1.0"?><shop xmlns:g="urn:x"><item id="7"><g:title>Lamp &amp; Co &#8364; &nbsp;&egrave;</g:title>
        <pics><pic role="main">a.jpg</pic><pic>b.jpg</pic></pics><empty/><note><![CDATA[<b>x</b>]]></note></item>
        <item id="8"><g:title>B</g:title></item></shop>"#;
    let rows = fields(text.as_bytes(), "a.xml");
    let first = [
        ("@id", "7"),
        ("title", "Lamp & Co €  &egrave;"),
        ("pics/pic@role", "main"),
        ("pics/pic", "a.jpg"),
        ("pics/pic", "b.jpg"),
        ("empty", ""),
        ("note", "<b>x</b>"),
    ];
    assert_eq!(rows, [expect(first), expect([("@id", "8"), ("title", "B")])]);
}

#[test]
fn the_record_is_guessed_or_named() {
    for (text, path) in [
        ("<produkter><produkt><a>1</a></produkt></produkter>", "/produkter/produkt"),
        ("<rss><channel><title>t</title><item><a>1</a></item><item><a>2</a></item></channel></rss>", "/rss/channel/item"),
        ("<x><ys><y><p><q>1</q></p><p><q>2</q></p><p><q>3</q></p></y><y><p><q>1</q></p></y></ys></x>", "/x/ys/y"),
        ("<c><groups><g><n>1</n></g><g><n>2</n></g><g><n>3</n></g></groups><ARTICLE><n>1</n></ARTICLE></c>", "/c/ARTICLE"),
        ("<lager><pos nr=\"1\" stk=\"4\"/><pos nr=\"2\" stk=\"0\"/></lager>", "/lager/pos"),
    ] {
        let records = open(Cursor::new(text.as_bytes()), "a.xml", &ReadOptions::default(), &ReadLimits::default()).unwrap();
        assert_eq!(records.layout().record.as_deref(), Some(path));
        assert!(records.flatten().count() > 0);
    }
    let text = b"<a><b><c><x>1</x></c></b><d><c><x>2</x></c></d></a>";
    let named = |record: &str| ReadOptions { record: Some(record.into()), ..ReadOptions::default() };
    assert_eq!(fields_with(text, "a.xml", &named("c")).len(), 2);
    assert_eq!(fields_with(text, "a.xml", &named("/a/d/c")), [expect([("x", "2")])]);
    assert_eq!(read(text, "a.xml", &named("/c"))[0].as_ref().unwrap_err().code, "no_records");
}

#[test]
fn names_and_values_become_one_field() {
    let text = "<r><ARTICLE><F><FEATURE><FNAME>Gewicht</FNAME><FVALUE>80</FVALUE><FVALUE>90</FVALUE><FUNIT>g</FUNIT></FEATURE></F>\
                <param name=\"Вес\" unit=\"г\">24</param><CODE>1</CODE></ARTICLE></r>";
    let expected = [
        ("F/FEATURE[FNAME=Gewicht]/FVALUE", "80"),
        ("F/FEATURE[FNAME=Gewicht]/FVALUE", "90"),
        ("F/FEATURE[FNAME=Gewicht]/FUNIT", "g"),
        ("param[@name=Вес]@unit", "г"),
        ("param[@name=Вес]", "24"),
        ("CODE", "1"),
    ];
    assert_eq!(fields(text.as_bytes(), "a.xml")[0], expect(expected));
    let own = ReadOptions { extra_pair_keys: vec!["ID".into()], ..ReadOptions::default() };
    let rows = fields_with(b"<r><item><s><ID>9</ID><t>x</t></s></item></r>", "a.xml", &own);
    assert_eq!(rows[0], expect([("s[ID=9]/t", "x")]));
    assert!(!words::pairs().is_empty(), "schema/import/records.toml is read");
}

#[test]
fn declared_encodings_are_believed_unless_refuted() {
    let text = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><r><item><n>grøn brænder</n></item></r>";
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    assert_eq!(fields(&latin, "a.xml")[0], expect([("n", "grøn brænder")]));
    let (lie, _, _) =
        encoding_rs::WINDOWS_1252.encode("<?xml version=\"1.0\" encoding=\"UTF-8\"?><r><item><n>grøn brænder på</n></item></r>");
    assert_eq!(fields(&lie, "a.xml")[0], expect([("n", "grøn brænder på")]));
    let utf16: Vec<u8> = "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-16\"?><r><item><n>ø</n></item></r>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(fields(&utf16, "a.xml")[0], expect([("n", "ø")]));
}

#[test]
fn entities_are_neither_fetched_nor_expanded() {
    let text = r#"<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]><r><item><n>&b;&f;</n></item></r>"#;
    assert_eq!(fields(text.as_bytes(), "a.xml")[0], expect([("n", "&b;&f;")]));
}

#[test]
fn large_records_are_left_out_deep_ones_end_the_file() {
    let limits = ReadLimits { max_row_bytes: 200, ..ReadLimits::default() };
    let text = format!("<r><item><n>{}</n></item><item><n>2</n></item></r>", "<x>1</x>".repeat(100));
    let items = read_within(text.as_bytes(), "a.xml", &ReadOptions::default(), &limits);
    assert_eq!((items[0].as_ref().unwrap_err().code, items[0].as_ref().unwrap_err().row), ("row_too_large", 1));
    assert_eq!(pairs(items[1].as_ref().unwrap()), expect([("n", "2")]));
    let deep = format!("<r><item>{}", "<a>".repeat(100_000));
    let items = read(deep.as_bytes(), "a.xml", &ReadOptions::default());
    assert_eq!(items.last().unwrap().as_ref().unwrap_err().code, "too_deep");
    let endless = format!("<r><item><n>{}", "x".repeat(10_000));
    let items = read_within(endless.as_bytes(), "a.xml", &ReadOptions::default(), &limits);
    assert_eq!(items.last().unwrap().as_ref().unwrap_err().code, "row_too_large");
}

#[test]
fn a_broken_end_is_told_after_the_good_records() {
    let items = read(b"<r><item><n>1</n></item><item><n>2</item></r>", "a.xml", &ReadOptions::default());
    assert!(items[0].is_ok());
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.code, error.row, error.fatal), ("bad_xml", 2, true));
    let items = read(b"<r><item><n>1</n></item><item>", "a.xml", &ReadOptions::default());
    assert_eq!(items[1].as_ref().unwrap_err().code, "truncated");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let options = ReadOptions { format: Some(Format::Xml), ..ReadOptions::default() };
        let _ = read(&bytes, "a.xml", &options);
    }

    #[test]
    fn no_broken_document_makes_it_panic(text in r#"(<|>|</|/>|a|item|name="b"|value|&amp;|&#x;|&x|<!\[CDATA\[|\]\]>|<!--|-->|<\?| ){0,40}"#) {
        for record in [None, Some("item".to_owned())] {
            let options = ReadOptions { format: Some(Format::Xml), record, ..ReadOptions::default() };
            let _ = read(text.as_bytes(), "a.xml", &options);
        }
    }
}
