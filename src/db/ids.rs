//! Row ids given out before their rows are written, so that rows which point at each other are written in bulk.

use super::Conn;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// Rows of one statement: SQLite binds 32,766 values in one, PostgreSQL 65,535, and no table has more than 32 columns.
pub const ROWS_A_STATEMENT: usize = 1_000;

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The next `count` ids of a table, in order. They are never given out again, whatever becomes of the transaction's rows.
///
/// On SQLite the writer is alone until it commits, so that the ids after the highest are free; storing a row with one notes it.
pub fn reserve(conn: &mut Conn, table: &str, count: usize) -> Result<Vec<i64>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(Vec::new());
    }
    match conn {
        Conn::Sqlite(conn) => {
            let sql = "SELECT COALESCE(MAX(seq), 0) AS id FROM sqlite_sequence WHERE name = ?";
            let last = diesel::sql_query(sql).bind::<Text, _>(table).get_result::<Id>(conn)?.id;
            Ok((last + 1..=last + count).collect())
        }
        Conn::Postgres(conn) => {
            let sql = "SELECT nextval(pg_get_serial_sequence($1, 'id')) AS id FROM generate_series(1, $2)";
            let mut ids: Vec<i64> = diesel::sql_query(sql)
                .bind::<Text, _>(table)
                .bind::<BigInt, _>(count)
                .load::<Id>(conn)?
                .into_iter()
                .map(|row| row.id)
                .collect();
            ids.sort_unstable();
            Ok(ids)
        }
    }
}
