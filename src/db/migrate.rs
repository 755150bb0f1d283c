//! Migrations run by themselves at start, and only once however many processes start together.

use super::Conn;
use crate::error::{Error, Result};
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Brings the database to the newest schema; returns how many migrations ran.
pub(super) fn run(conn: &mut Conn) -> Result<usize> {
    match conn {
        Conn::Sqlite(conn) => sqlite(conn),
        Conn::Postgres(conn) => postgres(conn),
    }
}

/// All pending migrations in one IMMEDIATE transaction: a second process waits, then finds nothing to do.
fn sqlite(conn: &mut SqliteConnection) -> Result<usize> {
    conn.batch_execute("PRAGMA journal_mode = WAL")?;
    conn.immediate_transaction(|conn| conn.run_pending_migrations(SQLITE).map(|done| done.len()).map_err(Error::internal))
}

/// An advisory lock held over the run: the second process waits, then finds nothing to do.
fn postgres(conn: &mut PgConnection) -> Result<usize> {
    const LOCK: &str = "SELECT pg_advisory_xact_lock(7300)";
    conn.transaction(|conn| {
        diesel::sql_query(LOCK).execute(conn)?;
        conn.run_pending_migrations(POSTGRES).map(|done| done.len()).map_err(Error::internal)
    })
}
