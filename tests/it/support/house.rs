//! One test's house: a data folder and a database nobody else uses, and a clock that stands still.

use super::postgres::{Postgres, TestDatabase};
use beamline::app::App;
use beamline::clock::Clock;
use beamline::config::Config;
use beamline::db::Backend;
use chrono::{DateTime, TimeZone, Utc};
use clap::{Args, FromArgMatches};
use std::path::Path;
use tempfile::TempDir;

/// What a test works with. Dropping it removes the folder and the database, also when the test panics.
///
/// On PostgreSQL a change becomes visible to readers of the change log only when every older transaction of the server has ended,
/// other tests' included: wait for it (`after_change`, or [`House::seen`]), do not read once.
pub struct House {
    /// Opened on an empty, migrated database.
    pub app: App,
    /// Stands at 2026-01-01T00:00:00Z until the test moves it with `set`.
    pub clock: Clock,
    /// What `app` was opened with.
    pub config: Config,
    // Fields are dropped in this order: nothing may be open in what the next two remove.
    database: Option<TestDatabase>,
    /// The data folder.
    pub dir: TempDir,
}

impl House {
    /// A house on a SQLite file.
    pub async fn on_sqlite() -> Self {
        Self::open(None).await
    }

    /// A house on PostgreSQL, or `None` when no server can be had, which is said once.
    pub async fn on_postgres() -> Option<Self> {
        let database = Postgres::get().await?.create_database().await;
        Some(Self::open(Some(database)).await)
    }

    async fn open(database: Option<TestDatabase>) -> Self {
        let dir = TempDir::with_prefix("beamline-test-").unwrap();
        let clock = Clock::fixed(beginning());
        let config = config(dir.path(), database.as_ref().map(TestDatabase::url));
        let app = App::open(config.clone(), clock.clone()).await.expect("the house opens");
        Self { app, clock, config, database, dir }
    }

    /// Opens the same folder and database once more, as a second process would.
    pub async fn open_again(&self) -> App {
        App::open(self.config.clone(), self.clock.clone()).await.expect("the house opens a second time")
    }

    /// Which database this house stands on.
    pub fn backend(&self) -> Backend {
        self.app.db.backend()
    }

    /// The URL of its database.
    pub fn database_url(&self) -> String {
        self.config.database()
    }

    /// Waits until readers of the change log see everything that was committed before this call; ten seconds at most.
    pub async fn seen(&self) {
        use beamline::db::schema::changes;
        use diesel::prelude::*;
        let newest = self
            .app
            .db
            .read(|conn| {
                let order = (changes::xid.desc(), changes::seq.desc());
                Ok(changes::table.order(order).select((changes::xid, changes::seq)).first::<(i64, i64)>(conn).optional()?)
            })
            .await
            .unwrap()
            .unwrap_or((0, 0));
        for _ in 0..1_000 {
            let head = self.app.db.read(beamline::db::changes::head).await.unwrap();
            if (head.xid, head.seq) >= newest {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("a committed change was not visible after ten seconds; some transaction of the server does not end");
    }
}

/// When a test begins.
pub fn beginning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).single().unwrap()
}

/// The options as the command line would make them, with nothing taken from the environment of whoever runs the tests.
fn config(data: &Path, database_url: Option<&str>) -> Config {
    let command = Config::augment_args(clap::Command::new("beamline")).mut_args(|arg| arg.env(clap::builder::Resettable::Reset));
    // Nobody outside is asked for pictures.
    let mut line = vec!["beamline", "--fetch-images", "false", "--data", data.to_str().unwrap()];
    line.extend(database_url.iter().flat_map(|url| ["--database-url", url]));
    Config::from_arg_matches(&command.get_matches_from(line)).unwrap()
}
