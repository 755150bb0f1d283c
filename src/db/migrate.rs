//! Migrations run by themselves at start, and only once however many processes start together.

use super::Conn;
use crate::error::{Error, Result};
use diesel::backend::Backend;
use diesel::result::Error as DieselError;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::time::Duration;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Brings the database to the newest schema; returns how many migrations ran.
pub(super) fn run(conn: &mut Conn) -> Result<usize> {
    match conn {
        Conn::Sqlite(conn) => sqlite(conn),
        Conn::Postgres(conn) => postgres(conn),
    }
}

/// Takes the newest migrations back, in the caller's transaction, until the schema is of `version`: what an older backup is loaded into.
pub fn back_to(conn: &mut Conn, version: &str) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => revert(conn, || SQLITE, version),
        Conn::Postgres(conn) => revert(conn, || POSTGRES, version),
    }
}

fn revert<DB: Backend>(conn: &mut impl MigrationHarness<DB>, all: fn() -> EmbeddedMigrations, version: &str) -> Result<()> {
    let newer =
        conn.applied_migrations().map_err(Error::internal)?.into_iter().filter(|applied| applied.to_string().as_str() > version);
    for _ in newer {
        conn.revert_last_migration(all()).map_err(Error::internal)?;
    }
    Ok(())
}

/// Brings the schema to the newest in the caller's transaction.
pub fn forward(conn: &mut Conn) -> Result<()> {
    let done = match conn {
        Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE).map(|_| ()),
        Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES).map(|_| ()),
    };
    done.map_err(Error::internal)
}

/// All pending migrations in one IMMEDIATE transaction: a second process waits, then finds nothing to do.
fn sqlite(conn: &mut SqliteConnection) -> Result<usize> {
    // Of a file that is made now; what a supplier's record said is some 2 kB, so that pages of 4 kB would be half empty.
    conn.batch_execute("PRAGMA page_size = 8192").map_err(Error::from)?;
    write_ahead(conn)?;
    conn.immediate_transaction(|conn| conn.run_pending_migrations(SQLITE).map(|done| done.len()).map_err(Error::internal))
}

/// Turns the write-ahead log on, which stays on in the file. `busy_timeout` does not wait for others who open a new file at the
/// same moment, so this does.
fn write_ahead(conn: &mut SqliteConnection) -> Result<()> {
    const TRIES: u32 = 750;
    for _ in 1..TRIES {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(DieselError::DatabaseError(_, info)) if info.message().contains("locked") => {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return Ok(other?),
        }
    }
    Ok(conn.batch_execute("PRAGMA journal_mode = WAL")?)
}

/// An advisory lock held over the run: the second process waits, then finds nothing to do.
fn postgres(conn: &mut PgConnection) -> Result<usize> {
    const LOCK: &str = "SELECT pg_advisory_xact_lock(7300)";
    conn.transaction(|conn| {
        diesel::sql_query(LOCK).execute(conn)?;
        conn.run_pending_migrations(POSTGRES).map(|done| done.len()).map_err(Error::internal)
    })
}
