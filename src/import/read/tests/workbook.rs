use super::{expect, fields, fields_with, read, read_within};
use crate::import::read::{ReadLimits, ReadOptions};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

fn lamps() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Lamps").unwrap();
    for (column, name) in (0_u16..).zip(["sku", "weight", "since", "ok", "note"]) {
        sheet.write(0, column, name).unwrap();
    }
    sheet.write(1, 0, "A1").unwrap();
    sheet.write(1, 1, 0.1 + 0.2).unwrap();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_with_format(1, 2, ExcelDateTime::from_ymd(2024, 5, 17).unwrap(), &day).unwrap();
    sheet.write(1, 3, true).unwrap();
    // A blank row, then a row with one cell beyond the header.
    sheet.write(3, 0, 4_013_674_222_148_f64).unwrap();
    sheet.write(3, 6, "beyond").unwrap();
    let other = book.add_worksheet();
    other.set_name("Stock").unwrap();
    other.write(0, 0, "sku").unwrap();
    other.write(1, 0, "S").unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn cells_are_written_as_a_person_would() {
    let rows = fields(&lamps(), "lamps.xlsx");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], expect([("sku", "A1"), ("weight", "0.3"), ("since", "2024-05-17"), ("ok", "true"), ("note", "")]));
    let second = [("sku", "4013674222148"), ("weight", ""), ("since", ""), ("ok", ""), ("note", ""), ("column 7", "beyond")];
    assert_eq!(rows[1], expect(second));
}

#[test]
fn a_sheet_is_chosen_by_name_or_number() {
    for sheet in ["Stock", "2"] {
        let options = ReadOptions { sheet: Some(sheet.into()), ..ReadOptions::default() };
        assert_eq!(fields_with(&lamps(), "a", &options), [expect([("sku", "S")])]);
    }
    let options = ReadOptions { sheet: Some("Prices".into()), ..ReadOptions::default() };
    let error = read(&lamps(), "a", &options)[0].clone().unwrap_err();
    assert_eq!(error.code, "no_sheet");
    assert!(error.message.contains("Lamps, Stock"));
}

/// The lamps' workbook with one part replaced.
fn with_part(name: &str, text: &str) -> Vec<u8> {
    let mut source = zip::ZipArchive::new(Cursor::new(lamps())).unwrap();
    let mut target = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..source.len() {
        let part = source.by_index_raw(index).unwrap();
        if part.name().unwrap() != name {
            target.raw_copy_file(part).unwrap();
        }
    }
    target.start_file(name, SimpleFileOptions::default()).unwrap();
    target.write_all(text.as_bytes()).unwrap();
    target.finish().unwrap().into_inner()
}

#[test]
fn a_small_file_that_declares_terabytes_is_an_error() {
    for count in ["99999999999999", "18446744073709551615", "99999999999999999999999"] {
        let bytes = with_part("xl/sharedStrings.xml", &format!("<sst uniqueCount=\"{count}\"><si><t>a</t></si></sst>"));
        assert!(bytes.len() < 10_000);
        let error = read(&bytes, "a.xlsx", &ReadOptions::default())[0].clone().unwrap_err();
        assert_eq!((error.code, error.fatal), ("workbook_too_large", true));
    }
    for declared in ["A1:XFD99999999999", "A1:ZZZZZZZZ5", "A1:XFE2"] {
        let sheet = format!(
            "<worksheet><dimension ref=\"{declared}\"/><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData></worksheet>"
        );
        let error =
            read(&with_part("xl/worksheets/sheet1.xml", &sheet), "a.xlsx", &ReadOptions::default())[0].clone().unwrap_err();
        assert_eq!(error.code, "workbook_damaged");
    }
}

#[test]
fn cells_at_impossible_places_are_an_error() {
    for place in ["A99999999999999", "ZZZZZZZZZZZZZZ1", "", "1", "ÄÖ"] {
        let sheet = format!(
            "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row><c r=\"{place}\"><v>1</v></c></row></sheetData></worksheet>"
        );
        let items = read(&with_part("xl/worksheets/sheet1.xml", &sheet), "a.xlsx", &ReadOptions::default());
        assert!(items.len() <= 1, "{place}: {items:?}");
    }
    let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData></worksheet>";
    let items = read(&with_part("xl/worksheets/sheet1.xml", sheet), "a.xlsx", &ReadOptions::default());
    assert_eq!(items[0].as_ref().unwrap_err().code, "too_many_fields");
}

#[test]
fn a_million_empty_columns_are_none() {
    let cells: String = (0..1_000_000).map(|_| "<c s=\"1\"/>").collect();
    let sheet = format!(
        "<worksheet><dimension ref=\"A1:XFD3\"/><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"B1\"><v>2</v></c></row>\
         <row r=\"2\">{cells}</row><row r=\"3\"><c r=\"A3\"><v>7</v></c><c r=\"B3\"><v>8</v></c></row></sheetData></worksheet>"
    );
    let items = read(&with_part("xl/worksheets/sheet1.xml", &sheet), "a.xlsx", &ReadOptions::default());
    // Blank cells are nothing; where the library will not count so far, the file is told damaged.
    match items.as_slice() {
        [Ok(record)] => assert_eq!(super::pairs(record), expect([("1", "7"), ("2", "8")])),
        [Err(error)] => assert!(error.fatal && error.code.starts_with("workbook_"), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bombs_and_endless_sheets_stop_at_their_limit() {
    let limits = ReadLimits { max_xlsx_bytes: 1 << 20, ..ReadLimits::default() };
    let bytes = with_part("xl/sharedStrings.xml", &format!("<sst><si><t>{}</t></si></sst>", " ".repeat(3 << 20)));
    assert!(bytes.len() < 20_000);
    assert_eq!(
        read_within(&bytes, "a.xlsx", &ReadOptions::default(), &limits)[0].as_ref().unwrap_err().code,
        "workbook_too_large"
    );
    let limits = ReadLimits { max_xlsx_cells: 7, ..ReadLimits::default() };
    let items = read_within(&lamps(), "a.xlsx", &ReadOptions::default(), &limits);
    assert!(items.last().unwrap().as_ref().is_err_and(|error| error.fatal));
}

#[test]
fn other_office_files_are_named() {
    let mut target = ZipWriter::new(Cursor::new(Vec::new()));
    target.start_file("[Content_Types].xml", SimpleFileOptions::default()).unwrap();
    target.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    let bytes = target.finish().unwrap().into_inner();
    assert_eq!(read(&bytes, "a.xlsx", &ReadOptions::default())[0].as_ref().unwrap_err().code, "format_unsupported");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_sheet_makes_it_panic(sheet in r#"(<|</|>|/>|worksheet|sheetData|row|c|v|is|t| r="A1"| r="Z9"| s="1"| t="s"| t="d"| t="n"|1|-9|1e300|x){0,60}"#) {
        let sheet = format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>");
        let _ = read(&with_part("xl/worksheets/sheet1.xml", &sheet), "a.xlsx", &ReadOptions::default());
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0..6_000_usize, with in any::<u8>()) {
        let mut bytes = lamps();
        let at = at % bytes.len();
        bytes[at] = with;
        let _ = read(&bytes, "a.xlsx", &ReadOptions::default());
    }
}
