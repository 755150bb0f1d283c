//! Archives that mean no good.

use super::{Archive, is_zip};
use crate::dictionary::Dictionary;
use crate::media::naming::Naming;
use proptest::prelude::*;
use std::fs::File;
use std::io::{Cursor, Seek, Write};
use std::sync::LazyLock;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

static NAMING: LazyLock<Naming> = LazyLock::new(|| Naming::of(&Dictionary::embedded().unwrap()).unwrap());

fn zipped(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn on_disk(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

fn opened(bytes: &[u8]) -> Result<Archive, &'static str> {
    Archive::open(on_disk(bytes), &NAMING).map_err(|refusal| refusal.code)
}

/// Replaces the first or every place of some bytes.
fn with(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let places: Vec<usize> =
        bytes.windows(old.len()).enumerate().filter(|(_, window)| *window == old).map(|(at, _)| at).collect();
    assert!(!places.is_empty() && old.len() == new.len());
    for at in places {
        changed[at..at + new.len()].copy_from_slice(new);
    }
    changed
}

fn with_limits(text: &str) -> Naming {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("media")).unwrap();
    std::fs::write(folder.path().join("media/names.toml"), text).unwrap();
    Naming::of(&Dictionary::load(Some(folder.path())).unwrap()).unwrap()
}

#[test]
fn what_is_packed_comes_out() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let bytes = zipped(&[("a/x.jpg", b"hello"), ("__MACOSX/a/._x.jpg", b"no"), ("b.jpg", b"there")], method);
        assert!(is_zip(&bytes));
        let archive = opened(&bytes).unwrap();
        assert_eq!(archive.names().collect::<Vec<_>>(), ["a/x.jpg", "b.jpg"]);
        // In any order, and again.
        for (at, plain) in [(1, "there"), (0, "hello"), (1, "there")] {
            assert_eq!(archive.read(at, 100).unwrap(), plain);
        }
        assert_eq!(archive.read(0, 4).unwrap_err().code, "too_large");
        assert_eq!(archive.read(7, 4).unwrap_err().code, "archive_damaged");
    }
}

#[test]
fn what_is_wrong_with_one_entry_is_told_of_that_one() {
    let bytes = zipped(&[("one.jpg", b"hello"), ("two.jpg", b"there")], CompressionMethod::Stored);
    let cases = [
        // Latin-1 for a letter with a diaeresis.
        (with(&bytes, b"one.jpg", b"\xF6ne.jpg"), "name_not_utf8"),
        (with(&bytes, b"one.jpg", b"../.jpg"), "unsafe_name"),
        (with(&bytes, b"one.jpg", b"..\\.jpg"), "unsafe_name"),
        (with(&bytes, b"one.jpg", b"/ne.jpg"), "unsafe_name"),
        (with(&bytes, b"one.jpg", b"C:e.jpg"), "unsafe_name"),
        (with(&bytes, b"one.jpg", b"one.ZIP"), "nested_archive"),
        (with(&bytes, b"hello", b"hullo"), "archive_damaged"),
    ];
    for (bytes, code) in cases {
        let archive = opened(&bytes).unwrap();
        let told = archive.refusal(0).cloned().or_else(|| archive.read(0, 100).err());
        assert_eq!(told.unwrap().code, code);
        assert_eq!(archive.read(1, 100).unwrap(), "there");
    }
    // The flag that says that it has a password, in the directory and in the entry's own head.
    let mut locked = zipped(&[("one.jpg", b"hello")], CompressionMethod::Stored);
    for (mark, flag) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = locked.windows(4).position(|window| window == mark).unwrap();
        locked[at + flag] |= 1;
    }
    assert_eq!(opened(&locked).unwrap().refusal(0).unwrap().code, "archive_encrypted");
}

#[test]
fn bombs_are_stopped() {
    let many = "[limits]\nmax_files = 1\n";
    let two = zipped(&[("a.jpg", b"x"), ("b.jpg", b"y")], CompressionMethod::Stored);
    assert_eq!(Archive::open(on_disk(&two), &with_limits(many)).unwrap_err().code, "too_many_files");
    let zeros = vec![0; 6_000_000];
    let bomb = zipped(&[("a.bmp", &zeros)], CompressionMethod::Deflated);
    assert_eq!(opened(&bomb).unwrap().read(0, 50_000_000).unwrap_err().code, "archive_bomb");
    // Each is small enough, all together are not, however often one is asked for.
    let naming = with_limits("[limits]\nmax_total_bytes = 2500000\n");
    let noise: Vec<u8> = (0..1_000_000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    let archive = Archive::open(on_disk(&zipped(&[("a.jpg", &noise)], CompressionMethod::Deflated)), &naming).unwrap();
    let codes: Vec<Option<&str>> = (0..3).map(|_| archive.read(0, 5_000_000).err().map(|refusal| refusal.code)).collect();
    assert_eq!(codes, [None, None, Some("archive_too_large")]);
    // A directory that is longer than any of pictures: each file has a remark of 2,000 bytes.
    let mut directory = Vec::new();
    for number in 0..10_000_u32 {
        directory.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0");
        directory.extend_from_slice(&[0; 12]);
        directory.extend([8_u16, 0, 2_000].into_iter().flat_map(u16::to_le_bytes));
        directory.extend_from_slice(&[0; 12]);
        directory.extend_from_slice(format!("{number:08}").as_bytes());
        directory.resize(directory.len() + 2_000, b'x');
    }
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let mut end = zipped(&[], CompressionMethod::Stored);
    end[8..12].copy_from_slice(&[0x10, 0x27, 0x10, 0x27]);
    end[12..16].copy_from_slice(&size);
    directory.extend_from_slice(&end);
    let refusal = Archive::open(on_disk(&directory), &NAMING).unwrap_err();
    assert_eq!(refusal.code, "archive_damaged");
    assert!(refusal.message.contains("longer than one of pictures"), "{}", refusal.message);
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = opened(&bytes);
    }

    #[test]
    fn no_damage_breaks_it(changes in prop::collection::vec((0_usize..400, any::<u8>()), 1..6)) {
        let mut bytes = zipped(&[("a.jpg", b"hello hello hello"), ("b/c.jpg", b"there")], CompressionMethod::Deflated);
        for (at, byte) in changes {
            let len = bytes.len();
            bytes[at % len] = byte;
        }
        if let Ok(archive) = opened(&bytes) {
            for at in 0..archive.names().len() {
                let read = archive.read(at, 1_000);
                prop_assert!(read.is_err() || read.is_ok_and(|bytes| bytes.len() <= 1_000));
            }
        }
    }
}
