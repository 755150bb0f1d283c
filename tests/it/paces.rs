//! How much goes into one transaction is nobody's business: an import beside a server and one that is alone come to the same.

use beamline::app::App;
use beamline::catalog::queries::offers_by_supplier;
use beamline::error::Error;
use beamline::import::accept::{self, MAX_BYTES, Request};
use beamline::import::queries::{ImportRow, issues_by_code};
use beamline::import::run::{self, Pace};
use beamline::import::timings::Timings;
use beamline::import::{ImportKind, ImportStatus};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

const PROFILE: &str = r#"
name = "Alpine list"
mode = "full"

[[column]]
from = "sku"
to = "supplier_sku"

[[column]]
from = "title"
to = "title"

[[column]]
from = "weight"
to = "weight_with_battery"
unit = "g"
"#;

/// So many lamps; the row in the middle has no key, and the last row repeats the first one's.
fn lamps(count: usize) -> Vec<u8> {
    let row = |n: usize| match n {
        _ if n == count / 2 => ",Nameless,80".to_owned(),
        _ if n == count => "L-1,Lamp 1 again,90".to_owned(),
        _ => format!("L-{n},Lamp {n} with a name that goes on for {},{}", "ever and ".repeat(20), 50 + n % 200),
    };
    format!("sku,title,weight\n{}\n", (1..=count).map(row).collect::<Vec<_>>().join("\n")).into_bytes()
}

async fn import(app: &App, supplier: &str, name: &str, bytes: Vec<u8>, pace: Pace) -> (ImportRow, Timings) {
    let id = beamline::id::new("imp", app.clock.now());
    let body = futures_util::stream::iter([Ok::<_, Error>(Bytes::from(bytes))]);
    let file = accept::store_file(app, &id, 0, name, body, MAX_BYTES).await.unwrap();
    let request = Request {
        supplier: supplier.to_owned(),
        kind: ImportKind::Catalog,
        mode: None,
        profile: Some(PROFILE.to_owned()),
        dry_run: false,
        actor: "test".to_owned(),
    };
    let (id, _) = accept::enqueue(app, id, request, vec![file], Some("worker".to_owned())).await.unwrap();
    run::execute_timed(app, &id, pace, &|_| {}).await.unwrap()
}

/// Keys and weights of a supplier's offers.
async fn offers(app: &App, supplier: i64) -> Vec<(String, String)> {
    let read = move |conn: &mut beamline::db::Conn| offers_by_supplier(conn, supplier, "", 5_000);
    let offers = app.db.read(read).await.unwrap();
    offers.into_iter().map(|offer| (offer.body.supplier_sku, offer.body.record.claims.as_str().to_owned())).collect()
}

both_databases! {
    async fn many_chunks_in_one_transaction_come_to_the_same_as_one_in_each(house: House) {
        let app = &house.app;
        let (prompt, times) = import(app, "prompt", "a.csv", lamps(2_300), Pace::Prompt).await;
        let (ample, ample_times) = import(app, "ample", "a.csv", lamps(2_300), Pace::Ample).await;
        assert_eq!((prompt.status, ample.status), (ImportStatus::DoneWithIssues, ImportStatus::DoneWithIssues));
        assert_eq!(prompt.counts, ample.counts);
        assert_eq!((ample.counts.rows_read, ample.counts.created, ample.counts.rejected), (2_300, 2_298, 1));
        assert_eq!((times.rows, times.chunks, ample_times.rows, ample_times.chunks), (2_300, 5, 2_300, 5));
        let (of_prompt, of_ample) = (offers(app, 1).await, offers(app, 2).await);
        assert!(of_prompt.len() == 2_298 && of_prompt == of_ample);
        let codes = |id: String| app.db.read(move |conn| issues_by_code(conn, &id));
        assert_eq!(codes(prompt.id).await.unwrap(), codes(ample.id).await.unwrap());
    }

    async fn a_file_that_breaks_off_keeps_what_was_read_at_any_pace(house: House) {
        let mut zip = GzEncoder::new(Vec::new(), Compression::none());
        zip.write_all(&lamps(3_000)).unwrap();
        let mut cut = zip.finish().unwrap();
        cut.truncate(cut.len() * 2 / 3);
        let mut told = Vec::new();
        for (place, (supplier, pace)) in [("prompt", Pace::Prompt), ("ample", Pace::Ample)].into_iter().enumerate() {
            let (ended, _) = import(&house.app, supplier, "a.csv.gz", cut.clone(), pace).await;
            assert_eq!(ended.status, ImportStatus::Failed);
            assert!(ended.error.as_ref().is_some_and(|why| why.starts_with("a.csv.gz: ")), "{:?}", ended.error);
            let stored = offers(&house.app, i64::try_from(place).unwrap() + 1).await.len();
            // Of a full file that broke off nothing is missing.
            assert!(stored > 1_000 && ended.counts.gone == 0, "{stored} {:?}", ended.counts);
            assert_eq!(i64::try_from(stored).unwrap(), ended.counts.created);
            told.push((ended.counts, ended.error));
        }
        assert_eq!(told[0], told[1]);
    }
}
