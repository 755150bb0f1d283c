//! Storage: SQLite or PostgreSQL behind one connection type, and the change log.
//!
//! [`Conn`] is an enum of both connections; most queries are written against it once. What does not compile through the enum
//! (batch inserts, ON CONFLICT, `eq_any` on arrays) is still written once and expanded for both by [`each_backend!`](crate::each_backend!).
//! [`Db`] owns the pools: readers that see one snapshot, and writers whose work is one transaction.

pub mod changes;
mod conn;
mod error;
pub mod idempotency;
pub mod ids;
pub mod migrate;
pub mod operations;
mod pool;
pub mod retention;
pub mod schema;
pub mod settings;
mod slow;
mod tail;
pub mod types;

pub use changes::{Change, ChangeKind, NewChange, Position};
pub use conn::{Conn, MultiBackend};
pub use error::unique_violation;
pub use ids::ROWS_A_STATEMENT;
pub use pool::{Backend, Db};
pub use tail::Tail;
pub use types::{JsonText, Time};

/// Expands one expression for both databases, for what Diesel cannot express through the enum.
///
/// Inside, the name stands for the connection of the one database or the other.
#[macro_export]
macro_rules! each_backend {
    ($conn:ident => $body:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($conn) => $body,
            $crate::db::Conn::Postgres($conn) => $body,
        }
    };
}

/// Serialises writers of the catalogue, so that two imports never found the same product twice.
///
/// SQLite has one writer anyway; PostgreSQL takes an advisory lock that ends with the transaction. Writes are short.
pub fn lock_catalog(conn: &mut Conn) -> crate::error::Result<()> {
    lock(conn, 7301)
}

/// Serialises who notes that a product shows a picture with who notes what came of asking for it: in the same moment neither would see the
/// other, and nobody would tell the product. Taken before anything else, so that nobody waits for it with something in hand.
pub fn lock_pictures(conn: &mut Conn) -> crate::error::Result<()> {
    lock(conn, 7302)
}

fn lock(conn: &mut Conn, number: i64) -> crate::error::Result<()> {
    use diesel::RunQueryDsl;
    if let Conn::Postgres(conn) = conn {
        let asked = std::time::Instant::now();
        let query = diesel::sql_query("SELECT pg_advisory_xact_lock($1)");
        query.bind::<diesel::sql_types::BigInt, _>(number).execute(conn)?;
        pool::locked(asked.elapsed());
    }
    Ok(())
}
