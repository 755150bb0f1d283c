//! What a writer does to segments.

use super::{ReadyChannels, Writer};
use crate::search::tests::{Shop, With, at, lamp};
use tantivy::SegmentMeta;

fn replace(writer: &Writer, ids: &[i64]) {
    let lamps: Vec<_> = ids.iter().map(|id| lamp(*id, &format!("BL-{id}")).brand("Petzl")).collect();
    writer.replace(ids, &lamps, &ReadyChannels::new()).unwrap();
}

/// One life of a process: what it replaces is one commit.
fn feed(shop: &Shop, seq: i64, ids: &[i64]) {
    let mut writer = shop.writer();
    replace(&writer, ids);
    writer.advance(at(seq));
    writer.commit().unwrap();
}

#[test]
fn a_product_that_is_replaced_while_its_segment_is_merged_stands_once() {
    let shop = Shop::of(Vec::new());
    feed(&shop, 2, &[1, 2, 3, 4]);
    feed(&shop, 3, &[3]);
    // The process that comes next replaces another product, and the two segments are merged before it commits.
    let mut writer = shop.writer();
    replace(&writer, &[1]);
    let mut segments = writer.inner.index().searchable_segment_metas().unwrap();
    segments.sort_by_key(SegmentMeta::num_deleted_docs);
    assert_eq!(segments.iter().map(SegmentMeta::num_deleted_docs).collect::<Vec<_>>(), [0, 1]);
    let ids: Vec<_> = segments.iter().map(SegmentMeta::id).collect();
    writer.inner.merge(&ids).wait().unwrap();
    writer.advance(at(4));
    writer.commit().unwrap();
    let mut found = shop.find("petzl");
    found.sort();
    assert_eq!(found, ["BL-1", "BL-2", "BL-3", "BL-4"]);
}
