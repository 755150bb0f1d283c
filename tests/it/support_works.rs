//! The house that tests work in: does it stand alone, and on the database it says?

use crate::support::{House, Postgres};
use beamline::db::{Backend, changes};

both_databases! {
    async fn a_house_stands_alone(house: House) {
        let other = match house.backend() {
            Backend::Sqlite => House::on_sqlite().await,
            Backend::Postgres => House::on_postgres().await.unwrap(),
        };
        assert_eq!(house.backend(), other.backend());
        assert_ne!(house.database_url(), other.database_url());
        let epochs = (house.app.db.read(changes::epoch).await.unwrap(), other.app.db.read(changes::epoch).await.unwrap());
        assert_ne!(epochs.0, epochs.1, "two databases are two lives");
    }

    async fn the_clock_stands_until_it_is_set(house: House) {
        assert_eq!(house.app.clock.now().to_rfc3339(), "2026-01-01T00:00:00+00:00");
        house.clock.set("2026-01-02T03:04:05Z".parse().unwrap());
        assert_eq!(house.app.clock.now().to_rfc3339(), "2026-01-02T03:04:05+00:00");
    }
}

#[tokio::test]
async fn a_postgres_house_leaves_no_database_behind() {
    use diesel::prelude::*;
    let Some(server) = Postgres::get().await else { return };
    let database = server.create_database().await;
    let url = database.url().to_owned();
    assert!(PgConnection::establish(&url).is_ok());
    drop(database);
    assert!(PgConnection::establish(&url).is_err(), "the database is gone with its test");
}
