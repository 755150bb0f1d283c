//! Commits, cursors, versions and more than one reader.

use super::*;
use crate::db::{ChangeKind, Db, NewChange, changes};
use crate::search::{Feeder, index};
use tokio_util::sync::CancellationToken;

async fn database(folder: &std::path::Path) -> Db {
    Db::open(&format!("sqlite:{}", folder.join("beamline.db").display())).await.unwrap()
}

/// Writes a product's row and its change as the catalogue does.
async fn write(db: &Db, id: i64, title: &str) -> Position {
    let golden = serde_json::json!({"title": {"en": title}}).to_string();
    db.write(move |conn| {
        use diesel::RunQueryDsl;
        diesel::sql_query(format!(
            "INSERT OR REPLACE INTO products (id, sku, status, status_by, title, golden, images, tags, available, created_at, updated_at) \
             VALUES ({id}, 'BL-{id}', 'active', 'rule', '', '{golden}', '[]', '[]', 1, '2026-03-01T12:00:00.000000Z', '2026-03-01T12:00:00.000000Z')"
        ))
        .execute(conn)?;
        let change = NewChange::new(ChangeKind::ProductUpdated, format!("BL-{id}"), serde_json::json!({})).of_product(id);
        changes::append(conn, start(), &[change])
    })
    .await
    .unwrap()
}

fn open(folder: &std::path::Path) -> Search {
    Search::open(&folder.join("index"), dictionary(), Clock::fixed(start())).unwrap()
}

fn find(search: &Search, q: &str) -> Vec<String> {
    skus(&search.query(&SearchRequest { q: q.into(), ..SearchRequest::default() }, &SearchScope::default()).unwrap())
}

#[test]
fn the_position_survives_in_the_commit_and_is_published_after_the_reload() {
    let shop = Shop::of(vec![lamp(1, "BL-A").brand("Petzl")]);
    assert_eq!(shop.search.position(), Some(at(1)));
    let mut visible = shop.search.visible();
    visible.mark_unchanged();
    let mut writer = shop.writer();
    writer.replace(&[2], &[lamp(2, "BL-B").brand("Petzl")], &ReadyChannels::new()).unwrap();
    writer.advance(at(9));
    // Written is not yet visible.
    assert_eq!((shop.find("petzl").len(), shop.search.position()), (1, Some(at(1))));
    writer.commit().unwrap();
    assert!(visible.has_changed().unwrap());
    assert_eq!((shop.find("petzl").len(), shop.search.position()), (2, Some(at(9))));
    drop(writer);
    // Another process, or this one after a restart, reads on from there.
    let again = Search::open(shop.folder.path(), dictionary(), Clock::system()).unwrap();
    assert_eq!(again.position(), Some(at(9)));
    assert_eq!(shop.writer().position(), &at(9));
}

#[test]
fn a_commit_without_products_is_seen_after_a_restart_too() {
    // tantivy gives the first commit of a new writer the stamp of the last one of the old, when nothing is written between them.
    let shop = Shop::of(vec![lamp(1, "BL-A")]);
    let there = Search::open(shop.folder.path(), dictionary(), Clock::system()).unwrap();
    for seq in [7, 8, 9] {
        let mut writer = shop.writer();
        writer.advance(at(seq));
        writer.commit().unwrap();
        there.refresh().unwrap();
        assert_eq!((shop.search.position(), there.position()), (Some(at(seq)), Some(at(seq))));
    }
}

#[test]
fn files_of_a_commit_that_never_came_are_in_nobodys_way() {
    let shop = Shop::of((1..=9).map(|id| lamp(id, &format!("BL-{id}"))).collect());
    let folder = Folder::at(shop.folder.path());
    let version = folder.current().unwrap().unwrap();
    let opened = folder.open(&version, shop.search.fields()).unwrap().unwrap();
    let (stamp, _) = index::position(&opened).unwrap();
    // What a process leaves that is killed between writing which documents are deleted and committing that.
    let version = shop.folder.path().join(version);
    let managed = std::fs::read_to_string(version.join(".managed.json")).unwrap();
    let mut managed: Vec<String> = serde_json::from_str(&managed).unwrap();
    for segment in opened.searchable_segment_ids().unwrap() {
        for stamp in stamp..stamp + 20 {
            let name = format!("{}.{stamp}.del", segment.uuid_string());
            std::fs::write(version.join(&name), b"half").unwrap();
            managed.push(name);
        }
    }
    std::fs::write(version.join(".managed.json"), serde_json::to_string(&managed).unwrap()).unwrap();

    let mut writer = shop.writer();
    writer.replace(&[1], &[], &ReadyChannels::new()).unwrap();
    writer.advance(at(9));
    writer.commit().unwrap();
    assert_eq!((shop.find("").len(), shop.search.position()), (8, Some(at(9))));
}

#[test]
fn another_dictionary_or_a_broken_index_is_rebuilt() {
    let shop = Shop::of(vec![lamp(1, "BL-A")]);
    let other = Search::open(shop.folder.path(), Arc::new(Dictionary::default()), Clock::system()).unwrap();
    assert!(!other.is_ready());
    let folder = Folder::at(shop.folder.path());
    let lock = folder.lock().unwrap().unwrap();
    let Opened::Rebuild(lock, why) = Writer::open(&other, lock).unwrap() else { panic!("opened") };
    assert!(why.contains("dictionary"));
    let version = folder.current().unwrap().unwrap();
    std::fs::write(shop.folder.path().join(&version).join("meta.json"), "{").unwrap();
    let Opened::Rebuild(_, why) = Writer::open(&shop.search, lock).unwrap() else { panic!("opened") };
    assert!(why.contains("cannot be opened"));
}

#[test]
fn only_one_may_feed() {
    let shop = Shop::of(Vec::new());
    let folder = Folder::at(shop.folder.path());
    let held = folder.lock().unwrap().unwrap();
    assert!(folder.lock().unwrap().is_none());
    drop(held);
    assert!(folder.lock().unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_found_within_half_a_second_here_and_in_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path()).await;
    write(&db, 1, "First lamp").await;
    let (here, there) = (open(folder.path()), open(folder.path()));
    let shutdown = CancellationToken::new();
    let feeder = tokio::spawn(Feeder::new(db.clone(), here.clone()).run(shutdown.clone()));
    let head = db.read(changes::head).await.unwrap();
    here.wait_visible(&head, Duration::from_secs(10)).await.unwrap();
    assert_eq!(find(&here, "lamp"), ["BL-1"]);

    let change = write(&db, 2, "Second torch").await;
    here.wait_visible(&change, Duration::from_millis(500)).await.unwrap();
    assert_eq!(find(&here, "torch"), ["BL-2"]);
    there.wait_visible(&change, Duration::from_secs(1)).await.unwrap();
    assert_eq!(find(&there, "torch"), ["BL-2"]);

    let never = Position { seq: change.seq + 1, ..change };
    let error = here.wait_visible(&never, Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(error.code, Code::NotYetVisible);
    shutdown.cancel();
    feeder.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_beside_a_holder_is_the_holders_work() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path()).await;
    write(&db, 1, "First lamp").await;
    let (holder, command) = (open(folder.path()), open(folder.path()));
    let shutdown = CancellationToken::new();
    let feeder = tokio::spawn(Feeder::new(db.clone(), holder.clone()).run(shutdown.clone()));
    let change = write(&db, 2, "Second lamp").await;
    holder.wait_visible(&change, Duration::from_secs(10)).await.unwrap();
    let before = Folder::at(&folder.path().join("index")).current().unwrap();

    let done = Feeder::new(db.clone(), command.clone()).reindex().await.unwrap();
    assert!(done.by_holder);
    assert_eq!(done.products, 2);
    assert_ne!(Folder::at(&folder.path().join("index")).current().unwrap(), before);
    // Whoever only waits is served by the holder as well.
    write(&db, 3, "Third lamp").await;
    Feeder::new(db.clone(), command.clone()).catch_up().await.unwrap();
    assert_eq!(find(&command, "lamp").len(), 3);
    shutdown.cancel();
    feeder.await.unwrap();

    // With nobody else there, the command does it.
    let done = Feeder::new(db, command).reindex().await.unwrap();
    assert!(!done.by_holder);
    assert_eq!(done.products, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_life_or_ahead_of_the_log_means_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(folder.path()).await;
    let newest = write(&db, 1, "First lamp").await;
    for position in [Position { epoch: "other".to_owned(), ..newest.clone() }, Position { seq: newest.seq + 5, ..newest.clone() }]
    {
        let search = open(folder.path());
        let lock = search.inner.folder.lock().unwrap().unwrap();
        // An index that holds nothing and says that it has read all.
        drop(Fresh::create(&search, lock).unwrap().publish(&position).unwrap());
        Feeder::new(db.clone(), search.clone()).catch_up().await.unwrap();
        assert_eq!(find(&search, "lamp"), ["BL-1"]);
        assert_eq!(search.position(), Some(newest.clone()));
        let version = search.inner.folder.current().unwrap().unwrap();
        let opened = search.inner.folder.open(&version, search.fields()).unwrap().unwrap();
        assert_eq!(index::position(&opened).unwrap().1, Some(newest.clone()));
    }
}
