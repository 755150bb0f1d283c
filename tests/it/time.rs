//! What time and better knowledge do to a catalogue, with no new file sent.

use beamline::app::App;
use beamline::catalog::{expire, resolve_all};
use beamline::error::Error;
use beamline::import::accept::{self, MAX_BYTES, Request};
use beamline::import::queries::{ImportRow, profile_put};
use beamline::import::{ImportKind, reread, run};
use beamline::suppliers::Profile;
use beamline::suppliers::queries::supplier_by_code;
use bytes::Bytes;
use chrono::TimeDelta;

fn profile(unit: &str) -> String {
    format!(
        r#"
name = "list in {unit}"
locale = "en"
mode = "full"
discontinue_after_days = 30
[[column]]
from = "sku"
to = "supplier_sku"
[[column]]
from = "title"
to = "title"
[[column]]
from = "brand"
to = "brand"
[[column]]
from = "weight"
to = "weight_with_battery"
unit = "{unit}"
[fixed]
product_kind = "headlamp"
"#
    )
}

/// Imports lamps 1 to `lamps`, as the command does.
async fn import(app: &App, lamps: usize, profile: &str) -> ImportRow {
    let rows: Vec<String> = (1..=lamps).map(|n| format!("L-{n},Lamp {n},Fenix,{n}0")).collect();
    let text = format!("sku,title,brand,weight\n{}\n", rows.join("\n"));
    let id = beamline::id::new("imp", app.clock.now());
    let body = futures_util::stream::iter([Ok::<_, Error>(Bytes::from(text))]);
    let file = accept::store_file(app, &id, 0, "list.csv", body, MAX_BYTES).await.unwrap();
    let request = Request {
        supplier: "alpine".to_owned(),
        kind: ImportKind::Catalog,
        mode: None,
        profile: Some(profile.to_owned()),
        dry_run: false,
        actor: "test".to_owned(),
    };
    let (id, _) = accept::enqueue(app, id, request, vec![file], Some("worker".to_owned())).await.unwrap();
    run::execute(app, &id).await.unwrap()
}

async fn products(app: &App) -> Vec<beamline::catalog::ProductView> {
    app.db.read(|conn| beamline::catalog::queries::views_after(conn, 0, 1_000)).await.unwrap()
}

async fn weight_of_lamp_five(app: &App) -> String {
    let products = products(app).await;
    let lamp = products.iter().find(|product| product.text("title", "en") == Some("Lamp 5")).unwrap();
    serde_json::to_value(lamp.value("weight_with_battery")).unwrap()["amount"].as_str().unwrap().to_owned()
}

both_databases! {
    async fn what_is_long_gone_is_discontinued(house: House) {
        let app = &house.app;
        assert_eq!(import(app, 6, &profile("g")).await.counts.created, 6);
        assert_eq!(import(app, 5, &profile("g")).await.counts.gone, 1);
        let status = |products: &[beamline::catalog::ProductView]| {
            products.iter().filter(|product| product.status.as_str() == "discontinued").count()
        };
        let start = app.clock.now();
        house.clock.set(start + TimeDelta::days(29));
        assert_eq!(expire::run(app).await.unwrap(), 0);
        assert_eq!(status(&products(app).await), 0, "a gone offer alone discontinues nothing");
        house.clock.set(start + TimeDelta::days(31));
        assert_eq!(expire::run(app).await.unwrap(), 1);
        assert_eq!(status(&products(app).await), 1);
        assert_eq!(expire::run(app).await.unwrap(), 0, "once is enough");
        assert_eq!(import(app, 6, &profile("g")).await.counts.updated, 1);
        assert_eq!(status(&products(app).await), 0, "what returns is sold again, unless a person took it out");
    }
}

both_databases! {
    async fn a_better_profile_reads_kept_rows_again(house: House) {
        let app = &house.app;
        import(app, 5, &profile("g")).await;
        assert_eq!(weight_of_lamp_five(app).await, "50");
        let better = profile("oz");
        let (dictionary, now) = (app.dictionary.clone(), app.clock.now());
        app.db
            .write(move |conn| {
                let supplier = supplier_by_code(conn, "alpine")?.unwrap();
                let fingerprint = Profile::parse(&better, &dictionary).unwrap().fingerprint();
                profile_put(conn, supplier.id, ImportKind::Catalog, &better, &fingerprint, false, now)
            })
            .await
            .unwrap();
        assert_eq!(reread::all(app, &|_| {}).await.unwrap(), 5);
        assert_eq!(resolve_all::run(app, &|_| {}).await.unwrap().changed, 0, "the products were made anew in the same breath");
        assert_eq!(weight_of_lamp_five(app).await, "1417.4762", "50 oz in grams");
        assert_eq!(reread::all(app, &|_| {}).await.unwrap(), 0, "reading again finds nothing new");
        let same = import(app, 5, &profile("oz")).await.counts;
        assert_eq!((same.updated, same.unchanged), (0, 5), "the file itself, read so, says nothing new either");
    }
}
