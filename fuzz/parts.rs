//! A workbook out of the parts that a fuzzer writes: bytes of XML, with a NUL between parts. Random bytes are hardly ever a zip, and what
//! is worth finding lies behind the zip.

use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

const NAMES: [&str; 4] = ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"];
const WORKBOOK: &[u8] = br#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Lamps" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const FIXED: [(&str, &[u8]); 3] = [
    (
        "[Content_Types].xml",
        br#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    ),
];

/// Sheet, shared strings, styles and workbook, in this order; what is missing is left out, but for the workbook.
pub fn workbook(bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut put = |name: &str, text: &[u8]| {
        zip.start_file(name, stored).expect("a part begins");
        zip.write_all(text).expect("a part is written");
    };
    for (name, text) in FIXED {
        put(name, text);
    }
    let mut parts = bytes.splitn(NAMES.len(), |byte| *byte == 0);
    for name in NAMES {
        match parts.next() {
            Some(text) => put(name, text),
            None if name == "xl/workbook.xml" => put(name, WORKBOOK),
            None => {}
        }
    }
    zip.finish().expect("a zip ends").into_inner()
}
