use super::{expect, fields, read, read_within};
use crate::import::read::{ReadLimits, ReadOptions};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn gzip_is_seen_by_its_content() {
    assert_eq!(fields(&gzip(b"sku,n\n1,x\n"), "feed"), [expect([("sku", "1"), ("n", "x")])]);
    assert_eq!(fields(&gzip(b"[{\"sku\": 1}]"), "feed.json.gz"), [expect([("sku", "1")])]);
    // Two gzip members are one file.
    assert_eq!(fields(&[gzip(b"sku\n1\n"), gzip(b"2\n")].concat(), "a.csv.gz").len(), 2);
    assert_eq!(
        read(&gzip(&gzip(b"sku\n1\n")), "a.gz", &ReadOptions::default())[0].as_ref().unwrap_err().code,
        "format_unsupported"
    );
}

#[test]
fn members_of_a_zip_follow_each_other() {
    let bytes = archive(&[
        ("readme.txt", b"read me"),
        ("a/one.csv", b"sku\n1\n2\n"),
        ("__MACOSX/a/._one.csv", b"junk"),
        ("two.json", b"[{\"sku\": 3}, oops]"),
        ("empty.csv", b""),
        ("three.xml", b"<r><item><sku>5</sku></item></r>"),
    ]);
    let items = read(&bytes, "all.zip", &ReadOptions::default());
    let seen: Vec<_> = items
        .iter()
        .map(|item| item.as_ref().map_or_else(|error| (error.row, error.code), |record| (record.row, "ok")))
        .collect();
    assert_eq!(seen, [(1, "ok"), (2, "ok"), (3, "ok"), (4, "bad_json"), (5, "ok")]);
    assert!(items[3].as_ref().unwrap_err().message.starts_with("two.json: "));
}

#[test]
fn archives_without_data_say_what_they_hold() {
    let error = read(&archive(&[("photo.jpg", b"x")]), "a.zip", &ReadOptions::default())[0].clone().unwrap_err();
    assert_eq!(error.code, "no_data_in_archive");
    assert!(error.message.contains("photo.jpg"));
    let inner = archive(&[("a.csv", b"sku\n1\n")]);
    assert_eq!(
        read(&archive(&[("a.csv", &inner)]), "a.zip", &ReadOptions::default())[0].as_ref().unwrap_err().code,
        "format_unsupported"
    );
    assert_eq!(read(b"PK\x03\x04 no archive", "a.zip", &ReadOptions::default())[0].as_ref().unwrap_err().code, "archive_damaged");
}

#[test]
fn bombs_stop_at_the_ratio_and_at_the_total() {
    let rows = b"sku,n\n".iter().copied().chain(b"1,2\n".iter().copied().cycle().take(8 << 20)).collect::<Vec<u8>>();
    let limits = ReadLimits { ratio_free_bytes: 1 << 20, ..ReadLimits::default() };
    for bytes in [gzip(&rows), archive(&[("a.csv", &rows)])] {
        let items = read_within(&bytes, "a", &ReadOptions::default(), &limits);
        let error = items.last().unwrap().as_ref().unwrap_err();
        assert_eq!((error.code, error.fatal), ("unpacks_too_large", true));
        let limits = ReadLimits { max_total_bytes: 1 << 20, ..ReadLimits::default() };
        let items = read_within(&bytes, "a", &ReadOptions::default(), &limits);
        assert_eq!(items.last().unwrap().as_ref().unwrap_err().code, "file_too_large");
    }
}

#[test]
fn a_member_that_is_not_what_was_packed_is_told() {
    let rows: Vec<u8> = std::iter::once("sku,n\n".to_owned())
        .chain((0..50_000_u32).map(|row| format!("{row},{}\n", row.wrapping_mul(2_654_435_761))))
        .flat_map(String::into_bytes)
        .collect();
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("list.csv", SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(&rows).unwrap();
        let good = writer.finish().unwrap().into_inner();
        assert_eq!(fields(&good, "a.zip").len(), 50_000);
        // The checksum that the central directory states, a byte of the data, or a member that breaks off.
        let directory = good.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        let mut damages = vec![good.clone(), good.clone()];
        damages[0][directory + 16] ^= 0x55;
        damages[1][directory + 24] ^= 0x01;
        if method == zip::CompressionMethod::Stored {
            let mut data = good.clone();
            data[directory - 10] = b'7';
            damages.push(data);
        } else {
            let mut short = good.clone();
            let packed = u32::from_le_bytes(short[directory + 20..directory + 24].try_into().unwrap()) - 1_000;
            short[directory + 20..directory + 24].copy_from_slice(&packed.to_le_bytes());
            damages.push(short);
        }
        for (at, bytes) in damages.iter().enumerate() {
            let items = read(bytes, "a.zip", &ReadOptions::default());
            let error = items.last().unwrap().as_ref().unwrap_err();
            assert!(error.fatal && ["archive_damaged", "unreadable"].contains(&error.code), "{method} {at}: {error}");
            assert!(error.message.starts_with("list.csv: ") && items.len() > 10_000, "{method} {at}: {error}");
        }
    }
}

#[test]
fn a_cut_gzip_ends_with_an_error_not_with_silence() {
    let rows: Vec<u8> =
        (0..50_000_u32).flat_map(|row| format!("{row},{}\n", row.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    let bytes = gzip(&rows);
    let items = read(&bytes[..bytes.len() / 2], "a.csv.gz", &ReadOptions::default());
    assert!(items.len() > 1_000);
    assert_eq!(items.last().unwrap().as_ref().unwrap_err().code, "unreadable");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500), magic in 0..3_usize) {
        let magic: &[u8] = [b"PK\x03\x04".as_slice(), b"\x1F\x8B\x08", b""][magic];
        let _ = read(&[magic, &bytes].concat(), "a", &ReadOptions::default());
    }

    #[test]
    fn no_damaged_zip_makes_it_panic(at in 0..300_usize, with in any::<u8>()) {
        let mut bytes = archive(&[("a.csv", b"sku\n1\n"), ("b.json", b"[{\"a\": 1}]")]);
        let at = at % bytes.len();
        bytes[at] = with;
        let _ = read(&bytes, "a.zip", &ReadOptions::default());
    }
}
