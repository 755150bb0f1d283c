//! What holds without a server: lines are cut alike however they arrive, answers come out in order, parts hold each key once.

use super::lines::{Line, Lines, MAX_LINE, object};
use super::parts;
use super::spool::{bounded, spool};
use axum::body::Bytes;
use futures_util::{StreamExt, stream};
use proptest::prelude::*;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

fn cut(bytes: &[u8], sizes: &[usize]) -> Vec<Line> {
    let (mut pieces, mut rest, mut sizes) = (Vec::new(), bytes, sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        pieces.push(Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)));
        rest = after;
    }
    run(async {
        let mut lines = Lines::new(stream::iter(pieces));
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push(line);
        }
        assert_eq!(lines.next().await.unwrap(), None, "the end stays the end");
        all
    })
}

proptest! {
    #[test]
    fn lines_are_cut_alike_however_they_arrive(
        bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), any::<u8>()], 0..300),
        sizes in proptest::collection::vec(1_usize..20, 1..8),
    ) {
        let (whole, pieces) = (cut(&bytes, &[usize::MAX]), cut(&bytes, &sizes));
        prop_assert_eq!(&whole, &pieces);
        for line in whole {
            let _ = object(line.bytes.as_deref());
        }
    }

    #[test]
    fn parts_hold_each_key_once_and_all_lines_in_order(keys in proptest::collection::vec(0_u8..5, 0..40)) {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let parts = parts(&keys, |key| key);
        for part in &parts {
            let distinct: std::collections::HashSet<_> = part.iter().collect();
            prop_assert!(distinct.len() == part.len() && !part.is_empty());
        }
        prop_assert_eq!(parts.concat(), keys);
    }
}

#[test]
fn blank_lines_count_and_a_long_line_is_one_line() {
    let mut body = b"\xef\xbb\xbf{}\r\n\n  \n".to_vec();
    body.extend(std::iter::repeat_n(b'x', MAX_LINE + 1));
    body.extend(b"\n{\"a\":1}");
    let lines: Vec<(u64, Option<Vec<u8>>)> = cut(&body, &[70_000]).into_iter().map(|line| (line.number, line.bytes)).collect();
    assert_eq!(lines, [(1, Some(b"{}".to_vec())), (4, None), (5, Some(b"{\"a\":1}".to_vec()))]);
}

#[test]
fn what_is_no_object_is_named() {
    let code = |bytes: &[u8]| object(Some(bytes)).unwrap_err().fields[0].code.clone();
    assert_eq!(code(b"[1]"), "invalid");
    assert_eq!(code(b"{\"a\":"), "invalid_json");
    assert_eq!(code(b"{\"a\":\"\xff\"}"), "invalid_utf8");
    assert_eq!(code(b"{\"a\":\"\\u0000\"}"), "nul_character");
    assert_eq!(code("[".repeat(100_000).as_bytes()), "invalid_json");
    assert_eq!(object(None).unwrap_err().fields[0].code, "too_large");
}

#[test]
fn answers_come_out_in_order_whoever_is_faster() {
    let folder = tempfile::tempdir().unwrap();
    let piece = |n: u32| Bytes::from(format!("{n:>9}\n").repeat(1_000));
    run(async {
        // Everything in before anything is read.
        let (mut writer, reader) = spool(folder.path().to_owned());
        for n in 0..200 {
            writer.push(piece(n)).await.unwrap();
        }
        drop(writer);
        let all: Vec<u8> = reader.into_stream().map(|piece| piece.unwrap().to_vec()).concat().await;
        let expected: Vec<u8> = (0..200).flat_map(|n| piece(n).to_vec()).collect();
        assert!(all == expected);

        // In turns, with little room: the writer waits for the reader.
        let (mut writer, reader) = bounded(folder.path().to_owned(), 300_000);
        let write = async move {
            for n in 0..200 {
                writer.push(piece(n)).await.unwrap();
            }
        };
        let read = reader.into_stream().map(|piece| piece.unwrap().to_vec()).concat();
        let (all, ()) = tokio::join!(read, write);
        assert!(all == expected);

        // Nobody reads any more.
        let (mut writer, reader) = bounded(folder.path().to_owned(), 300_000);
        drop(reader);
        let mut failed = false;
        for n in 0..200 {
            failed |= writer.push(piece(n)).await.is_err();
        }
        assert!(failed);
    });
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file is left behind");
}
