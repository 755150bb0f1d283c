//! What a publication remembers: differences by field, the guard, releases, roll-backs, deltas and removals.

use super::publishing::{House, house, lamps};
use super::*;
use crate::channels::publish::{Kind, Options, Publication, current, diff, release, roll_back};
use crate::channels::queries::{self, fixture};
use crate::channels::{follow, schedule, store};
use crate::db::Conn;
use crate::db::schema::products;
use chrono::TimeDelta;
use diesel::prelude::*;
use object_store::ObjectStoreExt;
use serde_json::{Value as Json, json};

impl House {
    async fn set(&self, channel: &'static str, settings: Json) {
        let write = move |conn: &mut Conn| {
            let stored = StoredSettings { enabled: true, settings, version: 2 };
            queries::put_channel_settings(conn, channel, &stored, now())?;
            crate::channels::settings::tell(conn, channel, None, None, now()).map(|_| ())
        };
        self.app.db.write(write).await.unwrap();
    }

    async fn costs(&self, views: &[ProductView], cost: i64) {
        let views = views.to_vec();
        let write = move |conn: &mut Conn| views.iter().try_for_each(|view| fixture::cost(conn, view, cost, now()));
        self.app.db.write(write).await.unwrap();
    }

    async fn of(&self, channel: &str, options: Options) -> Publication {
        self.clock.set(self.clock.now() + TimeDelta::seconds(1));
        crate::channels::publish::publish(&self.app, channel, &options).await.unwrap()
    }

    async fn text(&self, publication: &Publication, file: &str) -> String {
        let place = store::place(&publication.channel, &publication.id, file);
        let bytes = self.app.files.get(&place).await.unwrap().bytes().await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

fn sold_out(view: &ProductView) -> ProductView {
    ProductView { available: 0, ..view.clone() }
}

async fn put_available(house: &House, views: &[ProductView]) {
    let views = views.to_vec();
    house
        .app
        .db
        .write(move |conn| {
            for view in &views {
                diesel::update(products::table.filter(products::sku.eq(&view.sku)))
                    .set(products::available.eq(view.available))
                    .execute(conn)?;
                fixture::cost(conn, view, 2_000, now())?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_difference_is_told_by_field_with_prices_and_stock() {
    let house = house().await;
    let views = lamps(4);
    house.add(views.clone()).await;
    house.publish(Options::default()).await;
    house.costs(&views[..1], 3_000).await;
    put_available(&house, &[sold_out(&views[1])]).await;
    let seen = diff(&house.app, "google", 10).await.unwrap();
    assert_eq!((seen.changed, seen.unchanged, seen.held), (2, 2, false));
    let fields: Vec<(&str, i64)> = seen.report.fields.iter().map(|field| (field.field.as_str(), field.listings)).collect();
    assert_eq!(fields, [("availability", 1), ("price", 1)]);
    let price = &seen.report.fields[1].examples[0];
    assert_eq!((price.sku.as_str(), price.before.as_str(), price.after.as_str()), ("BL-1", "32.50 USD", "48.75 USD"));
    assert_eq!((seen.report.price.up, seen.report.price.far, seen.report.price.largest.len()), (1, 1, 1));
    assert_eq!((seen.report.stock.sold_out, seen.report.stock.back), (1, 0));
    let told = seen.report.told(5);
    assert!(told.contains("BL-1: 32.50 USD -> 48.75 USD") && told.contains("1 sold out"), "{told}");
}

#[tokio::test]
async fn a_publication_that_sells_out_or_reprices_most_of_a_shop_is_held_and_can_be_released() {
    let house = house().await;
    let views = lamps(4);
    house.add(views.clone()).await;
    let first = house.publish(Options::default()).await;
    put_available(&house, &views[..3].iter().map(sold_out).collect::<Vec<_>>()).await;
    let held = house.publish(Options::default()).await;
    assert_eq!(held.state, "held");
    assert!(held.detail.as_ref().unwrap().contains("sell out 3 of 4"), "{:?}", held.detail);
    let google = house.app.channels.get("google").unwrap();
    let standing = async || current(&house.app, &google, "google.tsv").await.unwrap().unwrap().0.id;
    assert_eq!(standing().await, first.id, "the last good one stays");
    let released = release(&house.app, "google", &held.id).await.unwrap();
    assert_eq!((released.state.as_str(), &released.id), ("published", &held.id));
    assert_eq!(standing().await, held.id);
    assert!(house.text(&released, "google.tsv").await.contains("out_of_stock"));
    assert_eq!(house.publish(Options::default()).await.unchanged, 4, "what was released is what the channel knows");
    assert!(release(&house.app, "google", &held.id).await.unwrap_err().to_string().contains("only a held one"));

    put_available(&house, &views).await;
    house.publish(Options::default()).await;
    house.costs(&views, 9_000).await;
    let dear = house.publish(Options::default()).await;
    assert!(dear.state == "held" && dear.detail.as_ref().unwrap().contains("move the price of 4 of 4"), "{:?}", dear.detail);
    // A held one that something newer has overtaken is history.
    house.publish(Options { force: true, ..Options::default() }).await;
    assert!(release(&house.app, "google", &dear.id).await.unwrap_err().to_string().contains("newer"));
}

#[tokio::test]
async fn a_lost_column_is_held() {
    let house = house().await;
    house.add(lamps(3)).await;
    let set = |templates: Json| json!({"link_template": "https://shop.example/p/{sku}", "templates": templates});
    house.set("google", set(json!({"short_title": {}}))).await;
    house.set("google", set(json!({}))).await;
    house.publish(Options::default()).await;
    house
        .app
        .db
        .write(|conn| {
            diesel::update(products::table).set(products::gtin.eq(None::<String>)).execute(conn)?;
            lamps(3).iter().try_for_each(|view| fixture::cost(conn, view, 2_000, now()))
        })
        .await
        .unwrap();
    let held = house.publish(Options::default()).await;
    assert!(held.state == "held" && held.detail.as_ref().unwrap().contains("leave gtin without any value"), "{:?}", held.detail);
}

#[tokio::test]
async fn an_earlier_publication_comes_back_as_it_was() {
    let house = house().await;
    let views = lamps(3);
    house.add(views.clone()).await;
    let first = house.publish(Options::default()).await;
    house.costs(&views[..1], 2_200).await;
    let second = house.publish(Options::default()).await;
    house.clock.set(house.clock.now() + TimeDelta::seconds(1));
    let back = roll_back(&house.app, "google", &first.id).await.unwrap();
    assert_eq!((back.of_publication.as_deref(), back.changed, back.unchanged), (Some(first.id.as_str()), 1, 2));
    for part in &back.parts {
        assert_eq!(house.text(&back, &part.file).await, house.text(&first, &part.file).await);
        assert_ne!(house.text(&back, &part.file).await, house.text(&second, &part.file).await);
    }
    let google = house.app.channels.get("google").unwrap();
    assert_eq!(current(&house.app, &google, "google.xml").await.unwrap().unwrap().0.id, back.id);
    assert_eq!(
        diff(&house.app, "google", 5).await.unwrap().report.first.changed,
        ["BL-1"],
        "the next one tells the newer price again"
    );
    assert!(roll_back(&house.app, "google", "pub_nobodys").await.unwrap_err().to_string().contains("pub_nobodys"));
}

#[tokio::test]
async fn the_same_catalogue_is_the_same_bytes_in_the_order_of_skus() {
    let (one, other) = (house().await, house().await);
    let views = lamps(12);
    one.add(views.clone()).await;
    other.add(views.into_iter().rev().collect()).await;
    let (one_made, other_made) = (one.publish(Options::default()).await, other.publish(Options::default()).await);
    assert_eq!(one_made.parts, other_made.parts, "hashes and all, gzip forms too");
    let tsv = one.text(&one_made, "google.tsv").await;
    let ids: Vec<&str> = tsv.lines().skip(1).map(|line| line.split('\t').next().unwrap()).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    assert_eq!((ids.len(), &ids), (12, &sorted));
}

fn amazon() -> Json {
    json!({"link_template": "https://shop.example/p/{sku}", "options": {"seller_id": "A1"}})
}

fn skus(document: &str) -> Vec<String> {
    let document: Json = serde_json::from_str(document).unwrap();
    document["messages"].as_array().unwrap().iter().map(|message| message["sku"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_delta_tells_terms_apart_from_the_rest_and_what_went() {
    let house = house().await;
    let views = lamps(4);
    house.add(views.clone()).await;
    house.set("amazon", amazon()).await;
    let full = house.of("amazon", Options::default()).await;
    let files: Vec<&str> = full.parts.iter().map(|part| part.file.as_str()).collect();
    assert_eq!(files, ["amazon-listings.json"], "no terms beside the whole, no families, nothing gone");
    assert_eq!(skus(&house.text(&full, "amazon-listings.json").await), ["BL-1", "BL-2", "BL-3", "BL-4"]);
    house.costs(&views[..1], 2_100).await;
    let write = move |conn: &mut Conn| fixture::status(conn, &views[3], "discontinued", now());
    house.app.db.write(write).await.unwrap();
    let delta = house.of("amazon", Options { kind: Kind::Delta, ..Options::default() }).await;
    let files: Vec<&str> = delta.parts.iter().map(|part| part.file.as_str()).collect();
    assert_eq!((delta.changed, delta.removed), (1, 1));
    assert_eq!(files, ["amazon-listings-delta.json", "amazon-offers-delta.json", "amazon-deletions-delta.json"]);
    let offers: Json = serde_json::from_str(&house.text(&delta, "amazon-offers-delta.json").await).unwrap();
    assert_eq!(offers["messages"].as_array().unwrap().len(), 1);
    assert_eq!(offers["messages"][0]["messageId"], 1);
    assert_eq!(offers["messages"][0]["patches"][0]["path"], "/attributes/purchasable_offer");
    assert_eq!(skus(&house.text(&delta, "amazon-deletions-delta.json").await), ["BL-4"]);
    // A delta that got lost is part of the next one.
    let again = house.of("amazon", Options { kind: Kind::Delta, ..Options::default() }).await;
    assert_eq!((again.changed, again.removed), (1, 1));
    let next = house.of("amazon", Options::default()).await;
    assert_eq!((next.changed, next.removed), (1, 1));
    let files: Vec<&str> = next.parts.iter().map(|part| part.file.as_str()).collect();
    assert_eq!(files, ["amazon-listings.json", "amazon-deletions.json"]);
    let after = house.of("amazon", Options::default()).await;
    assert_eq!(after.parts.len(), 1);
    let profile = house.app.channels.get("amazon").unwrap();
    assert!(current(&house.app, &profile, "amazon-deletions.json").await.unwrap().is_none(), "nothing is gone any more");
    let delta = Options { kind: Kind::Delta, ..Options::default() };
    let error = crate::channels::publish::publish(&house.app, "google", &delta).await.unwrap_err();
    assert!(error.to_string().contains("whole feeds only"), "{error}");
}

#[tokio::test]
async fn many_deltas_do_not_make_a_channel_forget_what_it_was_told() {
    let house = house().await;
    house.add(lamps(3)).await;
    house.set("amazon", amazon()).await;
    let full = house.of("amazon", Options::default()).await;
    for _ in 0..4 {
        house.of("amazon", Options { kind: Kind::Delta, ..Options::default() }).await;
    }
    assert_eq!(crate::channels::prune::prune(&house.app, "amazon", 2).await.unwrap(), 2, "the two oldest deltas");
    let delta = house.of("amazon", Options { kind: Kind::Delta, ..Options::default() }).await;
    assert_eq!((delta.added, delta.unchanged), (0, full.added));
    let profile = house.app.channels.get("amazon").unwrap();
    assert_eq!(current(&house.app, &profile, "amazon-listings.json").await.unwrap().unwrap().0.id, full.id);
}

#[tokio::test]
async fn a_delta_tells_the_whole_group_that_a_variant_changed_or_left() {
    let house = house().await;
    let mut views = lamps(5);
    for (view, (group, color)) in
        views.iter_mut().zip([("g-1", "black"), ("g-1", "red"), ("g-1", "blue"), ("g-2", "black"), ("g-2", "red")])
    {
        *view = colored(view.clone(), group, color);
    }
    house.add(views.clone()).await;
    house.set("amazon", amazon()).await;
    let full = house.of("amazon", Options::default()).await;
    assert_eq!(skus(&house.text(&full, "amazon-parents.json").await).len(), 2);
    let delta = Options { kind: Kind::Delta, ..Options::default() };
    let parents = async |publication: &Publication| skus(&house.text(publication, "amazon-parents-delta.json").await);
    house.costs(&views[3..4], 2_100).await;
    let changed = house.of("amazon", delta.clone()).await;
    assert_eq!((changed.changed, parents(&changed).await), (1, vec!["g-2".to_owned()]));
    // One leaves a group of three: nothing of the others' own changes, and the channel must hear of what they are now.
    let write = move |conn: &mut Conn| fixture::status(conn, &views[2], "discontinued", now());
    house.app.db.write(write).await.unwrap();
    let left = house.of("amazon", delta).await;
    assert_eq!((left.removed, parents(&left).await), (1, vec!["g-1".to_owned(), "g-2".to_owned()]));
}

#[tokio::test]
async fn two_products_with_one_value_that_must_be_its_own_are_told_and_the_first_goes() {
    let house = house().await;
    let mut views = lamps(3);
    views[1].gtin = Some("00036000291452".to_owned());
    views[2].gtin = None;
    house.add(views.clone()).await;
    house.set("woocommerce", json!({"link_template": "https://shop.example/p/{sku}"})).await;
    let states = async || {
        follow::catch_up(&house.app).await.unwrap();
        house.app.db.read(|conn| queries::state_counts(conn, "woocommerce")).await.unwrap()
    };
    assert_eq!(states().await.get("blocked"), None, "each has its own");
    let give = |sku: &'static str, gtin: &'static str| {
        let view = views[0].clone();
        house.app.db.write(move |conn| {
            diesel::update(products::table.filter(products::sku.eq(sku))).set(products::gtin.eq(gtin)).execute(conn)?;
            fixture::cost(conn, &ProductView { sku: sku.to_owned(), id: sku[3..].parse().unwrap(), ..view }, 2_000, now())
        })
    };
    give("BL-2", "04006381333931").await.unwrap();
    assert_eq!(states().await.get("blocked"), Some(&1));
    let blocked = house.app.db.read(|conn| queries::reason_counts(conn, "woocommerce")).await.unwrap();
    let duplicate = blocked.iter().find(|reason| reason.code == "duplicate").unwrap();
    assert!(duplicate.example.sku == "BL-2" && duplicate.example.message.contains("BL-1"), "{duplicate:?}");
    give("BL-1", "00036000291452").await.unwrap();
    assert_eq!(states().await.get("blocked"), None, "the other one goes as soon as the value is free");
}

#[tokio::test]
async fn a_schedule_publishes_every_so_often_and_after_changes() {
    let house = house().await;
    let views = lamps(2);
    house.add(views.clone()).await;
    let set = |schedule: Json| json!({"link_template": "https://shop.example/p/{sku}", "schedule": schedule});
    house.set("google", set(json!({}))).await;
    assert!(schedule::look(&house.app).await.unwrap().is_empty(), "without a schedule nothing happens by itself");
    house.set("google", set(json!({"on_change_seconds": 60}))).await;
    assert_eq!(schedule::look(&house.app).await.unwrap(), ["google"], "never published");
    schedule::publish(&house.app, "google").await.unwrap();
    let published = async || house.app.db.read(|conn| queries::publications(conn, "google", None, None, 50)).await.unwrap().len();
    assert_eq!(published().await, 1);
    let pass = |seconds: i64| house.clock.set(house.clock.now() + TimeDelta::seconds(seconds));
    pass(600);
    assert!(schedule::look(&house.app).await.unwrap().is_empty(), "nothing changed");
    house.costs(&views[..1], 2_100).await;
    follow::catch_up(&house.app).await.unwrap();
    assert_eq!(schedule::look(&house.app).await.unwrap(), ["google"]);
    schedule::publish(&house.app, "google").await.unwrap();
    schedule::publish(&house.app, "google").await.unwrap();
    assert_eq!(published().await, 2, "a job that came twice does it once");
    pass(1);
    house.costs(&views[..1], 2_200).await;
    follow::catch_up(&house.app).await.unwrap();
    pass(29);
    assert!(schedule::look(&house.app).await.unwrap().is_empty(), "changes come in bursts");
    pass(31);
    assert_eq!(schedule::look(&house.app).await.unwrap(), ["google"]);
    schedule::publish(&house.app, "google").await.unwrap();
    pass(25 * 86_400);
    assert_eq!(schedule::look(&house.app).await.unwrap(), ["google"], "offers of Google's live thirty days");
}

#[derive(QueryableByName)]
struct Planned {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

#[tokio::test]
async fn what_is_noted_of_many_listings_looks_each_of_them_up() {
    for statement in [queries::MARK_SENT, queries::NOTE_ANSWERS] {
        let read = move |conn: &mut Conn| match conn {
            Conn::Sqlite(conn) => Ok(diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load::<Planned>(conn)?),
            Conn::Postgres(_) => unreachable!("these houses are of SQLite"),
        };
        let plan = house().await.app.db.read(read).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|step| step.detail.as_str()).collect();
        assert!(plan[0].starts_with("SCAN json_each") && plan[1].contains("(product_id=?"), "{plan:?}");
    }
}
