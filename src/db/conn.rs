//! The one connection type. Its own file, because the derive below writes public items that carry no docs.
#![allow(missing_docs)]

use diesel::{MultiConnection, PgConnection, SqliteConnection};

/// A connection to either database.
#[derive(MultiConnection)]
pub enum Conn {
    /// The embedded default.
    Sqlite(SqliteConnection),
    /// The shared one.
    Postgres(PgConnection),
}
