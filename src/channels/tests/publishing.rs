//! Publications against a real database and a real folder.

use super::*;
use crate::app::App;
use crate::channels::prune::prune;
use crate::channels::publish::{Options, Publication, current, delta, diff, publish};
use crate::channels::queries::{self, fixture};
use crate::channels::readiness::ListingState;
use crate::channels::{follow, store};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{ChangeKind, changes};
use chrono::TimeDelta;
use object_store::ObjectStoreExt;
use std::io::Read;

pub(super) struct House {
    pub(super) app: App,
    pub(super) clock: Clock,
    _folder: tempfile::TempDir,
}

pub(super) async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data: folder.path().to_owned(),
        database_url: None,
        schema: None,
        files: None,
        log: "off".to_owned(),
        log_format: "text".to_owned(),
        keep_days: 90,
        public_url: None,
        sign_images: false,
        fetch_images: false,
        image_hosts: Vec::new(),
        image_timeout: 15,
        slow_query_ms: 250,
    };
    let clock = Clock::fixed(now());
    let app = App::open(config, clock.clone()).await.unwrap();
    app.db
        .write(|conn| {
            fixture::house(conn, now())?;
            let settings = serde_json::json!({ "link_template": "https://shop.example/p/{sku}" });
            queries::put_channel_settings(conn, "google", &StoredSettings { enabled: true, settings, version: 1 }, now())
        })
        .await
        .unwrap();
    House { app, clock, _folder: folder }
}

impl House {
    pub(super) async fn add(&self, views: Vec<ProductView>) {
        let write =
            move |conn: &mut crate::db::Conn| views.iter().try_for_each(|view| fixture::product(conn, view, Some(2_000), now()));
        self.app.db.write(write).await.unwrap();
    }

    pub(super) async fn publish(&self, options: Options) -> Publication {
        // Publications are ordered by the time of their making.
        self.clock.set(self.clock.now() + TimeDelta::seconds(1));
        publish(&self.app, "google", &options).await.unwrap()
    }

    async fn set_status(&self, views: &[ProductView], status: &'static str) {
        let views = views.to_vec();
        let write =
            move |conn: &mut crate::db::Conn| views.iter().try_for_each(|view| fixture::status(conn, view, status, now()));
        self.app.db.write(write).await.unwrap();
    }

    async fn states(&self, channel: &'static str) -> BTreeMap<String, i64> {
        self.app.db.read(move |conn| queries::state_counts(conn, channel)).await.unwrap()
    }

    async fn bytes(&self, publication: &Publication, file: &str) -> Vec<u8> {
        let place = store::place("google", &publication.id, file);
        self.app.files.get(&place).await.unwrap().bytes().await.unwrap().to_vec()
    }

    async fn told(&self) -> Vec<(ChangeKind, serde_json::Value)> {
        let read = |conn: &mut crate::db::Conn| changes::start(conn).and_then(|start| changes::read_after(conn, &start, 10_000));
        self.app.db.read(read).await.unwrap().into_iter().map(|change| (change.kind, change.data)).collect()
    }
}

fn counts(publication: &Publication) -> (&str, i64, i64, i64, i64) {
    (&publication.state, publication.added, publication.changed, publication.removed, publication.unchanged)
}

pub(super) fn lamps(count: i64) -> Vec<ProductView> {
    (1..=count).map(|id| lamp(id, &format!("BL-{id}"), &format!("Ridge {id}"))).collect()
}

#[tokio::test]
async fn a_publication_is_stored_hashed_zipped_and_counted() {
    let house = house().await;
    let mut views = lamps(4);
    views[3].brand = None;
    views[3].brand_code = None;
    house.add(views.clone()).await;
    let first = house.publish(Options::default()).await;
    assert_eq!(counts(&first), ("published", 3, 0, 0, 0));
    let files: Vec<&str> = first.parts.iter().map(|part| part.file.as_str()).collect();
    assert_eq!(files, ["google.xml", "google.tsv"]);
    for part in &first.parts {
        use sha2::Digest;
        let bytes = house.bytes(&first, &part.file).await;
        assert_eq!((part.bytes, &part.sha256), (bytes.len() as u64, &hex::encode(sha2::Sha256::digest(&bytes))));
        let zipped = house.bytes(&first, &format!("{}.gz", part.file)).await;
        assert_eq!((part.gzip.bytes, &part.gzip.sha256), (zipped.len() as u64, &hex::encode(sha2::Sha256::digest(&zipped))));
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&zipped[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, bytes);
        let mirror = house.app.config.data.join("files/feeds/google").join(&part.file);
        assert_eq!(std::fs::read(mirror).unwrap(), bytes);
    }
    let xml = String::from_utf8(house.bytes(&first, "google.xml").await).unwrap();
    assert!(xml.contains("<g:id>BL-3</g:id>") && !xml.contains("BL-4"), "blocked listings stay out");
    assert_eq!(counts(&house.publish(Options::default()).await), ("published", 0, 0, 0, 3), "nothing happened since");
    let cheaper = views[0].clone();
    house.app.db.write(move |conn| fixture::cost(conn, &cheaper, 1_000, now())).await.unwrap();
    house.set_status(&views[1..2], "discontinued").await;
    let seen = diff(&house.app, "google", 10).await.unwrap();
    assert_eq!((seen.added, seen.changed, seen.removed, seen.unchanged, seen.held), (0, 1, 1, 1, false));
    assert_eq!((seen.report.first.changed, seen.report.first.removed), (vec!["BL-1".to_owned()], vec!["BL-2".to_owned()]));
    assert_eq!(counts(&house.publish(Options::default()).await), ("published", 0, 1, 1, 1), "what the diff said");
    let finished = house.told().await.into_iter().filter(|(kind, _)| *kind == ChangeKind::PublicationFinished).count();
    assert_eq!(finished, 3);
}

#[tokio::test]
async fn the_guard_keeps_the_last_good_feed() {
    let house = house().await;
    let views = lamps(5);
    house.add(views.clone()).await;
    let good = house.publish(Options::default()).await;
    house.set_status(&views[..3], "draft").await;
    assert!(diff(&house.app, "google", 0).await.unwrap().held);
    let held = house.publish(Options::default()).await;
    assert_eq!(counts(&held), ("held", 0, 0, 3, 2));
    assert!(held.detail.as_ref().is_some_and(|detail| detail.contains("3 of the 5")), "{held:?}");
    let google = house.app.channels.get("google").unwrap();
    let stands = current(&house.app, &google, "google.xml").await.unwrap().unwrap();
    assert_eq!(stands.0.id, good.id, "nothing was swapped");
    let forced = house.publish(Options { force: true, ..Options::default() }).await;
    assert_eq!(counts(&forced), ("published", 0, 0, 3, 2), "a held publication marks nothing as sent");
    assert_eq!(current(&house.app, &google, "google.xml").await.unwrap().unwrap().0.id, forced.id);
}

#[tokio::test]
async fn a_publication_that_did_nothing_never_says_success() {
    let house = house().await;
    let empty = house.publish(Options { force: true, ..Options::default() }).await;
    assert_eq!(counts(&empty), ("failed", 0, 0, 0, 0));
    let mut view = lamp(1, "BL-1", "Ridge");
    view.images.clear();
    house.add(vec![view]).await;
    let blocked = house.publish(Options::default()).await;
    assert_eq!(blocked.state, "failed");
    assert_eq!(blocked.detail.as_deref(), Some("no listing is ready: 1 x missing"));
    let google = house.app.channels.get("google").unwrap();
    assert!(current(&house.app, &google, "google.xml").await.unwrap().is_none());
}

#[tokio::test]
async fn formats_are_published_together_or_one_by_one() {
    let house = house().await;
    house.add(lamps(2)).await;
    let both = house.publish(Options::default()).await;
    let one = house.publish(Options { format: Some("tsv".to_owned()), ..Options::default() }).await;
    let google = house.app.channels.get("google").unwrap();
    let of = async |file: &str| current(&house.app, &google, file).await.unwrap().map(|(publication, _)| publication.id);
    assert_eq!(of("google.tsv").await, Some(one.id.clone()));
    assert_eq!(of("google.xml").await, Some(both.id.clone()), "the other format stays");
    assert_eq!(of("google-2.xml").await, None);
    assert_eq!(of("../secrets").await, None);
    let wrong =
        publish(&house.app, "google", &Options { format: Some("xlsx".to_owned()), ..Options::default() }).await.unwrap_err();
    assert!(wrong.to_string().contains("rss, tsv"), "{wrong}");
    for _ in 0..3 {
        house.publish(Options { format: Some("tsv".to_owned()), ..Options::default() }).await;
    }
    assert_eq!(prune(&house.app, "google", 1).await.unwrap(), 3);
    assert_eq!(of("google.xml").await, Some(both.id), "what is current is never pruned");
}

#[tokio::test]
async fn one_format_alone_says_nothing_of_the_others_and_is_guarded_by_its_own_file() {
    let house = house().await;
    let views = lamps(4);
    house.add(views.clone()).await;
    let tsv = |force: bool| Options { format: Some("tsv".to_owned()), force, ..Options::default() };
    assert_eq!(house.publish(tsv(false)).await.added, 4);
    let all = house.publish(Options::default()).await;
    assert_eq!((all.added, all.unchanged), (4, 0), "the other format has never had these rows");
    house.set_status(&views[..3], "discontinued").await;
    house.publish(Options { format: Some("rss".to_owned()), force: true, ..Options::default() }).await;
    let held = house.publish(tsv(false)).await;
    assert_eq!(held.state, "held");
    assert_eq!(house.publish(tsv(true)).await.state, "published");
    assert_eq!(house.publish(Options { force: true, ..Options::default() }).await.removed, 3, "they were still known as sent");
    house.set_status(&views[..3], "active").await;
    assert_eq!(house.publish(tsv(false)).await.added, 3);
}

#[tokio::test]
async fn a_delta_holds_what_changed_and_marks_nothing() {
    let house = house().await;
    let views = lamps(3);
    house.add(views.clone()).await;
    house.publish(Options::default()).await;
    let changed = views[1].clone();
    house.app.db.write(move |conn| fixture::cost(conn, &changed, 1_000, now())).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (counts, parts) = delta(&house.app, "google", Some("tsv"), folder.path()).await.unwrap();
        assert_eq!((counts.changed, counts.unchanged), (1, 2));
        let text = std::fs::read_to_string(&parts[0].path).unwrap();
        assert!(text.lines().count() == 2 && text.contains("BL-2"), "{text}");
    }
}

#[tokio::test]
async fn the_follower_judges_what_changed_and_tells_only_new_states() {
    let house = house().await;
    let views = lamps(2);
    house.add(views.clone()).await;
    follow::catch_up(&house.app).await.unwrap();
    assert_eq!(house.states("google").await, BTreeMap::from([("ready".to_owned(), 2)]));
    assert_eq!(house.states("shopify").await, BTreeMap::from([("ready".to_owned(), 2)]));
    let told = |all: Vec<(ChangeKind, serde_json::Value)>| {
        all.into_iter().filter(|(kind, _)| *kind == ChangeKind::ListingChanged).count()
    };
    assert_eq!(told(house.told().await), 4);
    follow::catch_up(&house.app).await.unwrap();
    let dearer = views[0].clone();
    house.app.db.write(move |conn| fixture::cost(conn, &dearer, 9_000, now())).await.unwrap();
    follow::catch_up(&house.app).await.unwrap();
    assert_eq!(told(house.told().await), 4, "another price is no other state");
    house.set_status(&views[..1], "discontinued").await;
    follow::catch_up(&house.app).await.unwrap();
    assert_eq!(told(house.told().await), 6);
    let listings = house.app.db.read(|conn| queries::product_listings(conn, 1)).await.unwrap();
    assert!(listings.iter().all(|listing| listing.state == ListingState::Excluded && listing.reasons[0].code == "discontinued"));
    assert_eq!(follow::step(&house.app).await.unwrap(), follow::Step::Idle, "its own changes are no work");
}

#[tokio::test]
async fn settings_of_a_channel_judge_that_channel_anew() {
    let house = house().await;
    house.add(lamps(3)).await;
    follow::catch_up(&house.app).await.unwrap();
    house
        .app
        .db
        .write(|conn| {
            let stored = StoredSettings { enabled: true, settings: serde_json::json!({}), version: 2 };
            queries::put_channel_settings(conn, "google", &stored, now())?;
            crate::channels::settings::tell(conn, "google", None, None, now()).map(|_| ())
        })
        .await
        .unwrap();
    follow::catch_up(&house.app).await.unwrap();
    assert_eq!(house.states("google").await, BTreeMap::from([("blocked".to_owned(), 3)]));
    let blocked = house
        .app
        .db
        .read(|conn| {
            let sought = queries::Sought { state: Some(ListingState::Blocked), ..queries::Sought::default() };
            queries::channel_listings(conn, "google", &sought, 1, 1)
        })
        .await
        .unwrap();
    assert_eq!((blocked[0].sku.as_str(), blocked[0].reasons[0].code.as_str()), ("BL-2", "no_link"));
    assert_eq!(house.states("shopify").await, BTreeMap::from([("ready".to_owned(), 3)]));
}

#[tokio::test]
async fn a_walk_meets_every_product_once_and_every_group_whole() {
    let house = house().await;
    let mut views = lamps(23);
    for (at, view) in views.iter_mut().enumerate() {
        if at % 3 != 0 {
            view.group = Some(format!("g-{}", at % 5));
        }
    }
    house.add(views.clone()).await;
    for limit in [1, 2, 3, 7, 100] {
        let blocks = house
            .app
            .db
            .read(move |conn| {
                let (mut at, mut all) = (queries::Walk::Single(0), Vec::new());
                while at != queries::Walk::Done {
                    let (blocks, next) = queries::walk(conn, at, limit)?;
                    all.extend(blocks);
                    at = next;
                }
                Ok(all)
            })
            .await
            .unwrap();
        let mut ids: Vec<i64> = blocks.iter().flatten().map(|view| view.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, (1..=23).collect::<Vec<_>>(), "limit {limit}");
        let mut groups: Vec<&str> = blocks.iter().filter_map(|block| block[0].group.as_deref()).collect();
        groups.sort_unstable();
        assert_eq!(groups, ["g-0", "g-1", "g-2", "g-3", "g-4"], "limit {limit}: a group is one block");
    }
}
