use super::{expect, fields, fields_with, pairs, read, read_within};
use crate::import::read::{Format, ReadLimits, ReadOptions, open};
use proptest::prelude::*;
use std::io::Cursor;

#[test]
fn cells_stand_under_their_headers() {
    let rows = fields(b"sku,name\r\nA1,\"Lamp, red\"\r\n\r\nA2,\"say \"\"hi\"\"\"\r\n", "a.csv");
    assert_eq!(rows, [expect([("sku", "A1"), ("name", "Lamp, red")]), expect([("sku", "A2"), ("name", "say \"hi\"")])]);
}

#[test]
fn separator_is_found_whatever_the_name_says() {
    for separator in [',', ';', '\t', '|'] {
        let text =
            format!("sku{separator}weight{separator}name\nA1{separator}12{separator}\"a,b;c|d\"\nA2{separator}3{separator}x\n");
        let records = open(Cursor::new(text.into_bytes()), "feed.csv", &ReadOptions::default(), &ReadLimits::default()).unwrap();
        assert_eq!(records.layout().separator, Some(separator));
        assert_eq!(records.layout().format, if separator == '\t' { Format::Tsv } else { Format::Csv });
        assert_eq!(records.count(), 2);
    }
    // Decimal commas do not make a comma file.
    let rows = fields("Artikel;Gewicht;Preis\nA;1,5;2,5\nB;2,5;3,5\n".as_bytes(), "x.csv");
    assert_eq!(rows[0][2], ("Preis".to_owned(), "2,5".to_owned()));
}

#[test]
fn encodings_are_detected() {
    let text = "назва;опис\nЛіхтар;Налобний ліхтар для туризму, яскравий і легкий\n";
    let (cp1251, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    assert_eq!(fields(&cp1251, "a.csv")[0][0], ("назва".to_owned(), "Ліхтар".to_owned()));
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("navn;pris\nPandelampe grøn brænder på;5\n");
    assert_eq!(fields(&latin, "a.csv")[0][0].1, "Pandelampe grøn brænder på");
    let bom = [b"\xEF\xBB\xBF".as_slice(), "sku;ü\n1;ö\n".as_bytes()].concat();
    assert_eq!(fields(&bom, "a.csv")[0], expect([("sku", "1"), ("ü", "ö")]));
    let utf16: Vec<u8> = "\u{FEFF}sku\tnäme\nA\tß\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(fields(&utf16, "a.txt")[0], expect([("sku", "A"), ("näme", "ß")]));
    let bare: Vec<u8> = "sku,name\nA,B\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(fields(&bare, "a.txt")[0], expect([("sku", "A"), ("name", "B")]));
}

#[test]
fn an_encoding_first_seen_after_64_kib_is_still_right() {
    let mut text = String::from("sku;name\n");
    text.push_str(&"A1;plain\n".repeat(20_000));
    text.push_str("Z;Світлодіодний налобний ліхтар із червоним світлом\n");
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(&text);
    let options = ReadOptions { language: Some("uk".into()), ..ReadOptions::default() };
    let rows = fields_with(&bytes, "a.csv", &options);
    assert_eq!(rows.len(), 20_001);
    assert_eq!(rows[20_000][1].1, "Світлодіодний налобний ліхтар із червоним світлом");
    let utf8 = fields(text.as_bytes(), "a.csv");
    assert_eq!(utf8[20_000][1].1, rows[20_000][1].1);
}

#[test]
fn a_stated_encoding_outranks_the_guess() {
    let options = ReadOptions { encoding: Some("iso-8859-5".into()), ..ReadOptions::default() };
    let (bytes, _, _) = encoding_rs::ISO_8859_5.encode("a,b\nда,1\n");
    assert_eq!(fields_with(&bytes, "a.csv", &options)[0][0].1, "да");
    let unknown = ReadOptions { encoding: Some("klingon".into()), ..ReadOptions::default() };
    assert_eq!(read(b"a\n1\n", "a.csv", &unknown)[0].as_ref().unwrap_err().code, "bad_profile");
}

#[test]
fn ragged_rows_are_told_and_the_next_row_follows() {
    let items = read(b"a,b,c\n1,2\n1,2,3,4\n1,2,3,\n7,8,9\n", "a.csv", &ReadOptions::default());
    assert_eq!(items.len(), 4);
    let short = items[0].as_ref().unwrap_err();
    assert_eq!((short.code, short.row, short.fatal), ("ragged_row", 1, false));
    assert_eq!(pairs(short.record.as_ref().unwrap()), expect([("a", "1"), ("b", "2")]));
    let long = items[1].as_ref().unwrap_err();
    assert_eq!((long.code, long.row), ("ragged_row", 2));
    assert!(long.record.is_none() && long.raw.contains('4') && long.message.contains("line 3"));
    assert_eq!(items[2].as_ref().unwrap().fields.len(), 3);
    assert_eq!(items[3].as_ref().unwrap().row, 4);
}

#[test]
fn an_open_quote_is_named_with_its_lines() {
    let items = read(b"a,b,c\n\"x,2,3\n4,5,6\n7,8,9\n", "a.csv", &ReadOptions::default());
    let error = items[0].as_ref().unwrap_err();
    assert_eq!(error.code, "broken_quotes");
    assert!(error.message.contains("line 2"), "{}", error.message);
    let options = ReadOptions { quote: Some(String::new()), ..ReadOptions::default() };
    assert_eq!(fields_with(b"a,b,c\n\"x,2,3\n4,5,6\n7,8,9\n", "a.csv", &options).len(), 3);
}

#[test]
fn headers_may_repeat_be_missing_or_stand_lower() {
    assert_eq!(fields(b"a,b,a\n1,2,3\n", "a.csv")[0], expect([("a", "1"), ("b", "2"), ("a", "3")]));
    assert_eq!(fields(b"a,,c\n1,2,3\n", "a.csv")[0], expect([("a", "1"), ("column 2", "2"), ("c", "3")]));
    let options = ReadOptions { header_row: Some(3), ..ReadOptions::default() };
    let rows = fields_with(b"Our price list\n\nvalid from May\nsku,name\n1,x\n", "a.csv", &options);
    assert_eq!(rows, [expect([("sku", "1"), ("name", "x")])]);
    let none = ReadOptions { header_row: Some(0), ..ReadOptions::default() };
    assert_eq!(fields_with(b"1,x\n2,y\n", "a.csv", &none)[1], expect([("column 1", "2"), ("column 2", "y")]));
}

#[test]
fn a_row_without_end_is_refused_in_bounded_memory() {
    let limits = ReadLimits { max_row_bytes: 1_000, max_skip_bytes: 1 << 20, ..ReadLimits::default() };
    let endless = std::io::Read::chain(Cursor::new(b"a,b\n1,\"".to_vec()), std::io::repeat(b'x'));
    let items: Vec<_> = open(endless, "a.csv", &ReadOptions::default(), &limits).unwrap().collect();
    let error = items.last().unwrap().as_ref().unwrap_err();
    assert!(error.fatal);
    assert_eq!((error.code, error.row), ("row_too_large", 1));
}

#[test]
fn a_huge_cell_or_an_open_quote_costs_no_later_row() {
    let limits = ReadLimits { max_row_bytes: 200_000, ..ReadLimits::default() };
    let huge = format!("a,b\n1,x\n2,\"{}\"\n3,y\n4,z,too many\n", "x".repeat(900_000));
    let items = read_within(huge.as_bytes(), "a.csv", &ReadOptions::default(), &limits);
    let seen: Vec<_> = items
        .iter()
        .map(|item| item.as_ref().map_or_else(|error| (error.row, error.code), |record| (record.row, "ok")))
        .collect();
    assert_eq!(seen, [(1, "ok"), (2, "row_too_large"), (3, "ok"), (4, "ragged_row")]);
    assert!(items[3].as_ref().unwrap_err().message.starts_with("line 5 "), "lines are counted on: {items:?}");
    let open = format!("a,b\n1,x\n2,\"open\n{}", "3,plain\n".repeat(100_000));
    let items = read_within(open.as_bytes(), "a.csv", &ReadOptions::default(), &limits);
    assert_eq!(items.iter().filter(|item| item.is_err()).count(), 1);
    let error = items[1].as_ref().unwrap_err();
    assert!(error.message.contains("line 3 ") && error.message.contains("quote"), "{error}");
    // The row's bound and the buffers before and behind it are lost.
    assert!(items.len() > 50_000, "what follows is rows again: {}", items.len());
}

#[test]
fn a_header_in_the_middle_is_no_row() {
    let items = read(b"sku,name,\n1,x,\nsku,name\n2,name\n", "a.csv", &ReadOptions::default());
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.code, error.row, error.fatal, error.record.is_none()), ("repeated_header", 2, false, true));
    assert!(error.message.contains("line 3"));
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 2);
    assert!(read(b"sku\n1\nsku\n", "a.csv", &ReadOptions::default()).iter().all(Result::is_ok), "one word may be a value");
}

#[test]
fn a_file_of_two_encodings_is_read_in_both() {
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode("1;Grøn pandelampe på hjelm\n");
    let utf8 = "2;Stirnlampe für Läufer\n".as_bytes();
    let header = b"sku;name\n".as_slice();
    for file in [[header, &latin, utf8].concat(), [header, utf8, &latin].concat(), [header, &latin, &utf8.repeat(9_000)].concat()]
    {
        let rows = fields(&file, "a.csv");
        let named = |sku: &str| rows.iter().find(|row| row[0].1 == sku).unwrap()[1].1.as_str();
        assert_eq!((named("1"), named("2")), ("Grøn pandelampe på hjelm", "Stirnlampe für Läufer"));
        assert!(rows.iter().all(|row| !row[1].1.contains('Ã')));
    }
    // First seen after the encoding was settled: marked, and warned where the row is understood.
    let late = [header, &utf8.repeat(9_000), &latin].concat();
    assert!(fields(&late, "a.csv").last().unwrap()[1].1.contains('\u{FFFD}'));
}

#[test]
fn a_file_over_the_limit_ends_with_a_fatal_error_after_its_good_rows() {
    let text = format!("a,b\n{}", "1,2\n".repeat(100_000));
    let limits = ReadLimits { max_total_bytes: 200_000, ..ReadLimits::default() };
    let items = read_within(text.as_bytes(), "a.csv", &ReadOptions::default(), &limits);
    let error = items.last().unwrap().as_ref().unwrap_err();
    assert_eq!((error.code, error.fatal), ("file_too_large", true));
    assert!(items.len() > 1_000);
}

#[test]
fn nothing_and_what_is_no_table_are_refused_in_words() {
    for (bytes, code) in [
        (b"".as_slice(), "empty_file"),
        (b" \n\n ", "empty_file"),
        (b"%PDF-1.7", "format_unsupported"),
        (b"<!DOCTYPE html><html>", "format_unsupported"),
        (b"<?xml version=\"1.0\"?>\n<!-- login -->\n<html xmlns=\"http://www.w3.org/1999/xhtml\">", "format_unsupported"),
        (b"\xD0\xCF\x11\xE0rest", "format_unsupported"),
    ] {
        let items = read(bytes, "a.csv", &ReadOptions::default());
        assert_eq!(items[0].as_ref().unwrap_err().code, code);
    }
    assert!(read(b"sku,name\n", "a.csv", &ReadOptions::default()).is_empty());
}

/// `cargo test --lib rows_per_second -- --ignored --nocapture`, in a release build for a figure that means something.
#[test]
#[ignore = "a measurement"]
fn rows_per_second() {
    let line = "A1234567,4006381333931,Headlamp 600 lumen rechargeable,86,IPX4,29.95,12,https://img.example/lamp.jpg\n";
    let text = format!("sku,ean,name,weight,ip,price,stock,image\n{}", line.repeat(300_000));
    let started = std::time::Instant::now();
    let records = open(Cursor::new(text.into_bytes()), "a.csv", &ReadOptions::default(), &ReadLimits::default()).unwrap();
    let rows = records.flatten().count();
    println!("{rows} rows, {:.0} rows/s", f64::from(u32::try_from(rows).unwrap()) / started.elapsed().as_secs_f64());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let options = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
        let _ = read(&bytes, "a.csv", &options);
    }

    #[test]
    fn what_a_csv_writer_writes_comes_back(rows in proptest::collection::vec((".{1,20}", ".{0,20}"), 1..10)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["first", "second"]).unwrap();
        for (first, second) in &rows {
            writer.write_record([format!("x{first}"), second.clone()]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let options = ReadOptions { encoding: Some("utf-8".into()), separator: Some(','), ..ReadOptions::default() };
        let back = fields_with(&bytes, "a.csv", &options);
        let expected: Vec<_> = rows.iter().map(|(first, second)| expect([("first", &format!("x{first}")), ("second", second)])).collect();
        prop_assert_eq!(back, expected);
    }
}
