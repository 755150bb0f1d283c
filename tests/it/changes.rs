//! The change log: what was committed is read once and in order, and what commits late is never skipped.

use crate::support::{House, Postgres};
use beamline::db::{Backend, Change, ChangeKind, Conn, Db, JsonText, NewChange, Position, changes, schema};
use beamline::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

fn now() -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn change(subject: &str) -> NewChange {
    NewChange::new(ChangeKind::ProductUpdated, subject, json!({"sku": subject}))
}

fn subjects(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.subject.as_str()).collect()
}

async fn append(db: &Db, subject: &str) -> Position {
    let new = change(subject);
    db.write(move |conn| changes::append(conn, now(), &[new])).await.unwrap()
}

async fn read(db: &Db, after: &Position) -> Vec<Change> {
    let after = after.clone();
    db.read(move |conn| changes::read_after(conn, &after, 10_000)).await.unwrap()
}

both_databases! {
    async fn a_change_is_read_as_it_was_written(house: House) {
        let db = &house.app.db;
        let start = db.read(changes::start).await.unwrap();
        assert_eq!(db.read(changes::head).await.unwrap(), start, "a new log is empty");
        let new = NewChange {
            product_id: Some(7),
            offer_id: Some(8),
            operation_id: Some("op_1".to_owned()),
            before: Some(JsonText::of(&json!({"title": {"de": "Stirnlampe ‘X’"}})).unwrap()),
            ..change("BL-7Q2M4KD")
        };
        let end = db.write(move |conn| changes::append(conn, now(), &[new, change("second")])).await.unwrap();
        house.seen().await;
        let read_back = read(db, &start).await;
        assert_eq!(subjects(&read_back), ["BL-7Q2M4KD", "second"]);
        let first = &read_back[0];
        assert_eq!(first.kind, ChangeKind::ProductUpdated);
        assert_eq!((first.product_id, first.offer_id, first.operation_id.as_deref()), (Some(7), Some(8), Some("op_1")));
        assert_eq!(first.before, None, "how it was is history's, not every reader's");
        let history = db.read(|conn| changes::history(conn, 7, i64::MAX, 10)).await.unwrap();
        assert_eq!(history[0].before, Some(json!({"title": {"de": "Stirnlampe ‘X’"}})));
        let touched = db.read({ let start = start.clone(); move |conn| changes::touched_after(conn, &start, 10) }).await.unwrap();
        let touched: Vec<_> = touched.into_iter().map(|touched| (touched.position, touched.product_id)).collect();
        let told: Vec<_> = read_back.iter().map(|change| (change.position.clone(), change.product_id)).collect();
        assert_eq!(touched, told);
        assert_eq!(first.data, json!({"sku": "BL-7Q2M4KD"}));
        assert_eq!(first.changed_at, now());
        assert_eq!(read_back[1].position, end, "what the writer was told is where a reader arrives");
        assert!(end.covers(&first.position) && !first.position.covers(&end));
        assert!(read(db, &end).await.is_empty(), "nothing is read twice");
        assert_eq!(subjects(&read(db, &first.position).await), ["second"]);
        assert_eq!(db.read(changes::head).await.unwrap(), end);
    }

    async fn a_write_that_fails_tells_nobody(house: House) {
        let db = &house.app.db;
        let start = db.read(changes::start).await.unwrap();
        let result: Result<()> = db.write(|conn| {
            changes::append(conn, now(), &[change("never happened")])?;
            Err(Error::new(Code::Conflict, "no"))
        }).await;
        assert!(result.is_err());
        append(db, "happened").await;
        house.seen().await;
        assert_eq!(subjects(&read(db, &start).await), ["happened"]);
    }

    async fn one_append_may_be_large(house: House) {
        let db = &house.app.db;
        let start = db.read(changes::start).await.unwrap();
        let names: Vec<String> = (0..2_500).map(|n| format!("{n:05}")).collect();
        let new: Vec<NewChange> = names.iter().map(|name| change(name)).collect();
        let end = db.write(move |conn| changes::append(conn, now(), &new)).await.unwrap();
        house.seen().await;
        let all = read(db, &start).await;
        assert_eq!(subjects(&all), names, "all of them, in the order given");
        assert_eq!(all[2_499].position, end);
        // And in pages, as readers do.
        let (mut position, mut paged) = (start, Vec::new());
        loop {
            let after = position.clone();
            let page = db.read(move |conn| changes::read_after(conn, &after, 400)).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= 400);
            position = last.position.clone();
            paged.extend(page.iter().map(|change| change.subject.clone()));
        }
        assert_eq!(paged, names);
    }

    async fn an_empty_append_answers_with_the_end(house: House) {
        let end = append(&house.app.db, "one").await;
        house.seen().await;
        assert_eq!(house.app.db.write(|conn| changes::append(conn, now(), &[])).await.unwrap(), end);
    }

    async fn a_position_survives_being_text(house: House) {
        let position = append(&house.app.db, "one").await;
        assert_eq!(position.to_string().parse::<Position>().unwrap(), position);
        let largest = Position { xid: i64::MAX, seq: i64::MAX, ..position };
        assert_eq!(largest.to_string().parse::<Position>().unwrap(), largest);
        for wrong in ["", ".", "..", "a.1", "a.1.2.3", ".1.2", "a.g.1", "a.1.fffffffffffffffff", "a.1.", "ä.ä.ä", &"a".repeat(1_000_000)] {
            assert_eq!(wrong.parse::<Position>().unwrap_err().code, Code::InvalidCursor, "{wrong:.20}");
        }
    }

    async fn a_position_of_an_earlier_life_has_expired(house: House) {
        let db = &house.app.db;
        let position = append(db, "one").await;
        house.seen().await;
        // What a restore does.
        db.write(|conn| {
            use beamline::db::JsonText;
            use schema::settings;
            let epoch = settings::value.eq(JsonText::of("restored")?);
            diesel::update(settings::table.filter(settings::key.eq("epoch"))).set(epoch).execute(conn)?;
            Ok(())
        }).await.unwrap();
        let before = position.clone();
        let error = db.read(move |conn| changes::read_after(conn, &before, 10)).await.unwrap_err();
        assert_eq!(error.code, Code::CursorExpired);
        assert_eq!(error.code.status(), 410);
        let start = db.read(changes::start).await.unwrap();
        assert!(!position.covers(&start) && !start.covers(&position), "positions of two lives do not compare");
        assert_eq!(subjects(&read(db, &start).await), ["one"], "the new life is read from its start");
    }

    async fn the_history_of_a_product_is_newest_first(house: House) {
        let new: Vec<NewChange> =
            (0..6).map(|n| NewChange { product_id: Some(n % 2), ..change(&n.to_string()) }).collect();
        house.app.db.write(move |conn| changes::append(conn, now(), &new)).await.unwrap();
        let page = |before: i64| house.app.db.read(move |conn| changes::history(conn, 1, before, 2));
        let first = page(i64::MAX).await.unwrap();
        assert_eq!(subjects(&first), ["5", "3"]);
        assert_eq!(subjects(&page(first[1].position.seq).await.unwrap()), ["1"]);
    }

    async fn lag_counts_what_is_unread_and_how_old_it_is(house: House) {
        let db = &house.app.db;
        let start = db.read(changes::start).await.unwrap();
        let from = start.clone();
        assert_eq!(db.read(move |conn| changes::lag(conn, &from)).await.unwrap(), (0, None));
        let first = append(db, "one").await;
        append(db, "two").await;
        assert_eq!(db.read(move |conn| changes::lag(conn, &start)).await.unwrap(), (2, Some(now())));
        assert_eq!(db.read(move |conn| changes::lag(conn, &first)).await.unwrap(), (1, Some(now())));
    }

    /// Many writers with transactions of all lengths, some of which fail, and one reader that follows all the while.
    async fn a_reader_misses_nothing_while_many_write(house: House) {
        const WRITERS: u64 = 8;
        let db = &house.app.db;
        let start = db.read(changes::start).await.unwrap();
        let rounds = if house.backend() == Backend::Sqlite { 15 } else { 40 };
        let writers: Vec<_> = (0..WRITERS).map(|writer| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut random = StdRng::seed_from_u64(20_260_101 + writer);
                for round in 0..rounds {
                    let (many, fails) = (random.random_range(1..4), random.random_bool(0.2));
                    let pauses = [random.random_range(0..4), random.random_range(0..4)].map(Duration::from_millis);
                    let result = db.write(move |conn| {
                        // A transaction has its place in the order before it has written a change, or after, as it happens.
                        if many == 1 {
                            conn.batch_execute("UPDATE settings SET value = value WHERE key = 'no such key'")?;
                        }
                        std::thread::sleep(pauses[0]);
                        let new: Vec<_> = (0..many).map(|n| change(&format!("{writer}/{round}/{n}"))).collect();
                        changes::append(conn, now(), &new)?;
                        std::thread::sleep(pauses[1]);
                        if fails { Err(Error::new(Code::Conflict, "no")) } else { Ok(()) }
                    }).await;
                    assert_eq!(result.is_err(), fails);
                }
            })
        }).collect();
        let done = tokio::spawn(async move {
            for writer in writers {
                writer.await.unwrap();
            }
        });
        let mut random = StdRng::seed_from_u64(7);
        let (mut position, mut followed) = (start, Vec::new());
        let mut deadline = None;
        loop {
            let written = done.is_finished();
            let (after, limit) = (position.clone(), random.random_range(1..20));
            let page = db.read(move |conn| changes::read_after(conn, &after, limit)).await.unwrap();
            if let Some(last) = page.last() {
                position = last.position.clone();
                followed.extend(page);
                continue;
            }
            let lag = { let from = position.clone(); db.read(move |conn| changes::lag(conn, &from)).await.unwrap().0 };
            if written && lag == 0 {
                break;
            }
            // Transactions of other tests may hold the end of the log back for a moment.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + Duration::from_secs(60));
            assert!(Instant::now() < deadline, "the reader does not catch up: {lag} changes are still to come");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        done.await.unwrap();
        let places: Vec<_> = followed.iter().map(|change| (change.position.xid, change.position.seq)).collect();
        assert!(places.is_sorted_by(|a, b| a < b), "each once, in the order of the log");
        let table: BTreeSet<String> = db.read(|conn| {
            use schema::changes;
            Ok(changes::table.select(changes::subject).load::<String>(conn)?.into_iter().collect())
        }).await.unwrap();
        let followed: BTreeSet<String> = followed.into_iter().map(|change| change.subject).collect();
        assert!(table.len() > 100, "the writers wrote");
        assert_eq!(table.difference(&followed).collect::<Vec<_>>(), Vec::<&String>::new(), "committed, yet never read");
        assert_eq!(followed, table);
    }
}

/// A reader that trusts the sequence alone, as one would write it at first. It shows that the tests below can fail.
#[derive(Default)]
struct SequenceReader {
    seq: i64,
}

impl SequenceReader {
    fn read(&mut self, conn: &mut Conn) -> Vec<String> {
        use schema::changes;
        let rows: Vec<(i64, String)> = changes::table
            .filter(changes::seq.gt(self.seq))
            .order(changes::seq)
            .select((changes::seq, changes::subject))
            .load(conn)
            .unwrap();
        self.seq = rows.last().map_or(self.seq, |(seq, _)| *seq);
        rows.into_iter().map(|(_, subject)| subject).collect()
    }
}

/// A connection of our own, to begin and end transactions by hand.
fn connect(url: &str) -> Conn {
    Conn::Postgres(PgConnection::establish(url).unwrap())
}

fn say(conn: &mut Conn, sql: &str) {
    conn.batch_execute(sql).unwrap();
}

/// Reads on until `wanted` changes have come; other tests' transactions may hold the log back for a moment.
fn read_until(conn: &mut Conn, after: &Position, wanted: usize) -> Vec<Change> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let read = changes::read_after(conn, after, 100).unwrap();
        if read.len() >= wanted || Instant::now() > end {
            return read;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs `test` with two writers' connections and a reader's on a new PostgreSQL database.
async fn on_three_connections(test: impl FnOnce([Conn; 3]) + Send + 'static) {
    if Postgres::get().await.is_none() {
        return;
    }
    let house = House::on_postgres().await.unwrap();
    let url = house.database_url();
    tokio::task::spawn_blocking(move || test([connect(&url), connect(&url), connect(&url)])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_commits_late_is_not_skipped() {
    on_three_connections(|[mut slow, mut fast, mut reader]| {
        let mut naive = SequenceReader::default();
        let start = changes::start(&mut reader).unwrap();

        say(&mut slow, "BEGIN");
        let slow_end = changes::append(&mut slow, now(), &[change("slow")]).unwrap();
        say(&mut fast, "BEGIN");
        let fast_end = changes::append(&mut fast, now(), &[change("fast")]).unwrap();
        say(&mut fast, "COMMIT");
        assert!(slow_end.seq < fast_end.seq, "the lower number commits last");

        assert!(changes::read_after(&mut reader, &start, 100).unwrap().is_empty(), "'fast' waits for the slower one before it");
        assert_eq!(changes::head(&mut reader).unwrap(), start, "and nobody is told that the log ends behind it");
        assert_eq!(naive.read(&mut reader), ["fast"]);

        say(&mut slow, "COMMIT");
        let read = read_until(&mut reader, &start, 2);
        assert_eq!(subjects(&read), ["slow", "fast"]);
        assert_eq!((&read[0].position, &read[1].position), (&slow_end, &fast_end));
        assert_eq!(naive.read(&mut reader), Vec::<String>::new(), "a cursor on the sequence alone has lost 'slow' for good");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_began_first_and_wrote_last_keeps_its_place() {
    on_three_connections(|[mut slow, mut fast, mut reader]| {
        let start = changes::start(&mut reader).unwrap();
        say(&mut slow, "BEGIN; SELECT pg_current_xact_id()");
        say(&mut fast, "BEGIN");
        let fast_end = changes::append(&mut fast, now(), &[change("fast")]).unwrap();
        say(&mut fast, "COMMIT");
        assert!(changes::read_after(&mut reader, &start, 100).unwrap().is_empty());
        let slow_end = changes::append(&mut slow, now(), &[change("slow")]).unwrap();
        assert!(slow_end.seq > fast_end.seq && slow_end.xid < fast_end.xid);
        say(&mut slow, "COMMIT");
        let read = read_until(&mut reader, &start, 2);
        assert_eq!(subjects(&read), ["slow", "fast"], "ordered by transaction first");
        assert!(changes::read_after(&mut reader, &read[1].position, 100).unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_gives_up_lets_the_log_go_on() {
    on_three_connections(|[mut slow, mut fast, mut reader]| {
        let start = changes::start(&mut reader).unwrap();
        say(&mut slow, "BEGIN");
        changes::append(&mut slow, now(), &[change("slow")]).unwrap();
        say(&mut fast, "BEGIN");
        changes::append(&mut fast, now(), &[change("fast")]).unwrap();
        say(&mut fast, "COMMIT");
        assert!(changes::read_after(&mut reader, &start, 100).unwrap().is_empty());
        say(&mut slow, "ROLLBACK");
        assert_eq!(subjects(&read_until(&mut reader, &start, 1)), ["fast"]);
    })
    .await;
}
