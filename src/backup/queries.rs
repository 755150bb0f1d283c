//! Every SQL statement of backup and restore.
//!
//! Tables and columns are asked of the database itself, so a new table is in the next backup without a word here. Each row becomes one
//! JSON array, made by the database: numbers and truth values as JSON has them, times as RFC 3339 in UTC, bytes in hexadecimal, documents
//! as the text they are.

use crate::db::schema::{jobs, settings};
use crate::db::{Backend, Conn, JsonText, retention};
use crate::error::{Code, Error, Result};
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::fmt::Write as _;

/// What kind of value a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Boolean,
    Text,
    Json,
    Time,
    Bytes,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Described {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Sequence {
    #[diesel(sql_type = Nullable<Text>)]
    sequence: Option<String>,
}

/// The newest migration that ran.
pub(super) fn schema_version(conn: &mut Conn) -> Result<String> {
    let names: Vec<Name> = diesel::sql_query("SELECT MAX(version) AS name FROM __diesel_schema_migrations").load(conn)?;
    names.into_iter().next().map(|name| name.name).ok_or_else(|| Error::internal("the database has no schema version"))
}

/// Names of all tables in the order of their making, in which none refers to a later one.
pub(super) fn tables(conn: &mut Conn) -> Result<Vec<String>> {
    let query = match conn {
        Conn::Sqlite(_) => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' \
             AND name <> '__diesel_schema_migrations' ORDER BY rowid"
        }
        Conn::Postgres(_) => {
            "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname <> '__diesel_schema_migrations' ORDER BY c.oid"
        }
    };
    let names: Vec<Name> = diesel::sql_query(query).load(conn)?;
    Ok(names.into_iter().map(|name| name.name).collect())
}

/// A table's columns in their order.
pub(super) fn columns(conn: &mut Conn, table: &str) -> Result<Vec<Column>> {
    let rows: Vec<Described> = match conn {
        Conn::Sqlite(conn) => diesel::sql_query("SELECT name, type AS kind FROM pragma_table_info(?) ORDER BY cid")
            .bind::<Text, _>(table)
            .load(conn)?,
        Conn::Postgres(conn) => diesel::sql_query(
            "SELECT column_name::text AS name, udt_name::text AS kind FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position",
        )
        .bind::<Text, _>(table)
        .load(conn)?,
    };
    let kind = |row: Described| {
        let kind = match row.kind.to_ascii_lowercase().as_str() {
            "integer" | "bigint" | "int8" | "int4" | "int2" => Kind::Integer,
            "boolean" | "bool" => Kind::Boolean,
            "text" | "varchar" => Kind::Text,
            "json" | "jsonb" => Kind::Json,
            "timestamptz" => Kind::Time,
            "blob" | "bytea" => Kind::Bytes,
            other => return Err(Error::internal(format!("column {table}.{} has the unknown type {other}", row.name))),
        };
        Ok(Column { name: row.name, kind })
    };
    rows.into_iter().map(kind).collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Rows fetched at once from PostgreSQL.
const FETCH: usize = 200;

/// Hands every row of a table to `take`, as one JSON array each.
pub(super) fn dump(conn: &mut Conn, table: &str, columns: &[Column], take: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    let values: Vec<String> = columns.iter().map(|column| told(conn, column)).collect();
    let (values, from) = (values.join(", "), quoted(table));
    match conn {
        Conn::Sqlite(conn) => {
            let query = diesel::sql_query(format!("SELECT json_array({values}) AS line FROM {from}"));
            // Row after row, as SQLite finds them.
            for line in query.load_iter::<Line, DefaultLoadingMode>(conn)? {
                take(&line?.line)?;
            }
        }
        Conn::Postgres(conn) => {
            // libpq would hold a whole result in memory; a cursor does not.
            diesel::sql_query(format!(
                "DECLARE backup NO SCROLL CURSOR FOR SELECT json_build_array({values})::text AS line FROM {from}"
            ))
            .execute(conn)?;
            loop {
                let lines: Vec<Line> = diesel::sql_query(format!("FETCH {FETCH} FROM backup")).load(conn)?;
                for line in &lines {
                    take(&line.line)?;
                }
                if lines.len() < FETCH {
                    break;
                }
            }
            diesel::sql_query("CLOSE backup").execute(conn)?;
        }
    }
    Ok(())
}

/// A column's value as a backup tells it.
fn told(conn: &Conn, column: &Column) -> String {
    let name = quoted(&column.name);
    match (conn, column.kind) {
        (Conn::Sqlite(_), Kind::Boolean) => {
            format!("json(CASE WHEN {name} IS NULL THEN 'null' WHEN {name} THEN 'true' ELSE 'false' END)")
        }
        (Conn::Sqlite(_), Kind::Bytes) => format!("CASE WHEN {name} IS NOT NULL THEN hex({name}) END"),
        (Conn::Postgres(_), Kind::Time) => {
            format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
        }
        (Conn::Postgres(_), Kind::Json) => format!("{name}::text"),
        (Conn::Postgres(_), Kind::Bytes) => format!("encode({name}, 'hex')"),
        _ => name,
    }
}

/// How many rows a table has, counted up to one.
pub(super) fn has_rows(conn: &mut Conn, table: &str) -> Result<bool> {
    let query = format!("SELECT COUNT(*) AS count FROM (SELECT 1 FROM {} LIMIT 1) AS found", quoted(table));
    let counts: Vec<Count> = diesel::sql_query(query).load(conn)?;
    Ok(counts.first().is_some_and(|count| count.count > 0))
}

/// Empties all tables.
pub(super) fn wipe(conn: &mut Conn, tables: &[String]) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => {
            // Rows come back in any order; what they refer to is looked at when all are there.
            diesel::sql_query("PRAGMA defer_foreign_keys = ON").execute(conn)?;
            for table in tables.iter().rev() {
                diesel::sql_query(format!("DELETE FROM {}", quoted(table))).execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let all: Vec<String> = tables.iter().map(|table| quoted(table)).collect();
            diesel::sql_query(format!("TRUNCATE {}", all.join(", "))).execute(conn)?;
        }
    }
    Ok(())
}

/// The statement that inserts lines of a backup, given as one JSON array of them, into a table.
pub(super) fn insertion(backend: Backend, table: &str, columns: &[Column]) -> String {
    let (mut names, mut values) = (String::new(), String::new());
    for (at, column) in columns.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        let _ = write!(names, "{separator}{}", quoted(&column.name));
        let _ = write!(values, "{separator}{}", read(backend, table, at, column));
    }
    let into = quoted(table);
    match backend {
        Backend::Sqlite => format!("INSERT INTO {into} ({names}) SELECT {values} FROM json_each(?)"),
        Backend::Postgres => format!("INSERT INTO {into} ({names}) SELECT {values} FROM jsonb_array_elements($1::jsonb) AS v"),
    }
}

/// A value of a line as the column wants it.
fn read(backend: Backend, table: &str, at: usize, column: &Column) -> String {
    // A new epoch: no transaction of this database made these changes, and all of them are over.
    if table == "changes" && column.name == "xid" {
        return "0".to_owned();
    }
    match (backend, column.kind) {
        (Backend::Sqlite, Kind::Bytes) => format!("unhex(json_extract(value, '$[{at}]'))"),
        (Backend::Sqlite, _) => format!("json_extract(value, '$[{at}]')"),
        (Backend::Postgres, Kind::Integer) => format!("(v->>{at})::bigint"),
        (Backend::Postgres, Kind::Boolean) => format!("(v->>{at})::boolean"),
        (Backend::Postgres, Kind::Json) => format!("(v->>{at})::json"),
        (Backend::Postgres, Kind::Time) => format!("(v->>{at})::timestamptz"),
        (Backend::Postgres, Kind::Bytes) => format!("decode(v->>{at}, 'hex')"),
        (Backend::Postgres, Kind::Text) => format!("v->>{at}"),
    }
}

/// Runs an [`insertion`] with some lines; how many rows there are of them.
pub(super) fn insert(conn: &mut Conn, insertion: &str, lines: &str) -> Result<usize> {
    let rows = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(insertion).bind::<Text, _>(lines).execute(conn),
        Conn::Postgres(conn) => diesel::sql_query(insertion).bind::<Text, _>(lines).execute(conn),
    };
    rows.map_err(|error| match Error::from(error) {
        Error { code: Code::Internal, source: Some(source), .. } => {
            let why = format!("a row of this backup does not fit the database, and nothing was changed ({source})");
            Error::new(Code::UnreadableFile, why).because(source)
        }
        passing => passing,
    })
}

/// What is true only of the life that ended: its epoch, its leases, its numbers.
pub(super) fn begin_anew(conn: &mut Conn, tables: &[(String, Vec<Column>)]) -> Result<()> {
    let epoch = JsonText::of(&format!("{:08x}", rand::random::<u32>()))?;
    diesel::delete(settings::table.filter(settings::key.eq("epoch"))).execute(conn)?;
    diesel::insert_into(settings::table).values((settings::key.eq("epoch"), settings::value.eq(&epoch))).execute(conn)?;
    if let Some(pruned) = retention::watermark(conn)? {
        let first: Option<i64> =
            crate::db::schema::changes::table.select(diesel::dsl::min(crate::db::schema::changes::seq)).first(conn)?;
        let seq = first.map_or(pruned.seq, |first| first - 1);
        crate::db::settings::setting_put(conn, retention::PRUNED, &retention::Watermark { xid: 0, seq, ..pruned })?;
    }
    let nobody: Option<String> = None;
    let never: Option<crate::db::Time> = None;
    diesel::update(jobs::table.filter(jobs::state.eq("running")))
        .set((jobs::state.eq("queued"), jobs::leased_by.eq(nobody), jobs::lease_until.eq(never)))
        .execute(conn)?;
    if let Conn::Postgres(conn) = conn {
        for (table, columns) in tables {
            for column in columns.iter().filter(|column| column.kind == Kind::Integer) {
                let found: Sequence = diesel::sql_query("SELECT pg_get_serial_sequence($1, $2) AS sequence")
                    .bind::<Text, _>(quoted(table))
                    .bind::<Text, _>(&column.name)
                    .get_result(conn)?;
                let Some(sequence) = found.sequence else { continue };
                let (name, from) = (quoted(&column.name), quoted(table));
                diesel::sql_query(format!(
                    "SELECT setval($1, (SELECT GREATEST(COALESCE(MAX({name}), 0), 0) + 1 FROM {from}), false)"
                ))
                .bind::<Text, _>(sequence)
                .execute(conn)?;
            }
        }
    }
    Ok(())
}
