//! The pools: which database a URL means, how its connections are opened, and how work reaches them.

use super::slow::Watch;
use super::{Conn, Tail, changes, idempotency, migrate};
use crate::error::{Code, Error, Result};
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection, PgConnection, SqliteConnection};
use metrics::histogram;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Which database stands behind a [`Db`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One file, one writer.
    Sqlite,
    /// A server, many writers.
    Postgres,
}

impl Backend {
    /// Its name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Rehearsal,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Rehearsal => "rehearsal",
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    readers: Pool<Opener>,
    writers: Pool<Opener>,
    written: watch::Sender<u64>,
    tail: Tail,
}

/// How many snapshots may be read at once.
const READERS: usize = 8;
/// How much of an SQLite file is read where it lies in the system's cache, without a copy of one's own.
const MAPPED_BYTES: u64 = 1 << 31;
/// Writers on PostgreSQL; SQLite has one, because more only wait for each other.
const PG_WRITERS: usize = 4;
/// A statement that takes so long is told of, unless the owner says otherwise.
const SLOW: Duration = Duration::from_millis(250);

impl Db {
    /// Opens the database of `url` and migrates it: `sqlite:PATH`, a plain path, or `postgres://…`.
    ///
    /// An unknown scheme is an error, so that a mistyped `postgres` never creates an empty SQLite file of that name.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_telling(url, SLOW).await
    }

    /// [`Db::open`], with statements told of in the log that take at least `slow`.
    pub async fn open_telling(url: &str, slow: Duration) -> Result<Self> {
        let backend = backend(url)?;
        let pool = |size: usize, writes: bool| {
            Pool::builder(Opener { backend, url: address(url).to_owned(), writes, slow })
                .max_size(size)
                // The connection used last has its pages at hand; those that are seldom needed stay small.
                .queue_mode(QueueMode::Lifo)
                .build()
                .map_err(Error::internal)
        };
        let writers = pool(if backend == Backend::Sqlite { 1 } else { PG_WRITERS }, true)?;
        let readers = pool(READERS, false)?;
        let db =
            Self { inner: Arc::new(Inner { backend, readers, writers, written: watch::Sender::new(0), tail: Tail::default() }) };
        let migrated = db.on(Kind::Write, |_| Ok(()), migrate::run).await?;
        if migrated > 0 {
            tracing::info!(migrated, "database schema brought up to date");
        }
        db.write(changes::ensure_epoch).await?;
        Ok(db)
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        self.inner.backend
    }

    /// Runs `work` on one consistent snapshot.
    pub async fn read<T: Send + 'static>(&self, work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        self.on(Kind::Read, begin_snapshot, move |conn| finish(conn, work)).await
    }

    /// Runs `work` in one write transaction; its error rolls everything back. Keep it short: no network, no waiting.
    pub async fn write<T: Send + 'static>(&self, work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        // A request with an Idempotency-Key: whatever it commits is committed with the word that it did, or not at all.
        let ticket = idempotency::current();
        let work = move |conn: &mut Conn| {
            let value = work(conn)?;
            ticket.map_or(Ok(()), |ticket| ticket.effected(conn))?;
            Ok(value)
        };
        let result = self.on(Kind::Write, begin_write, move |conn| finish(conn, work)).await;
        if result.is_ok() {
            self.inner.written.send_modify(|count| *count = count.wrapping_add(1));
        }
        result
    }

    /// Runs `work` in a write transaction and takes it back whatever comes of it: how a dry run learns what would change.
    pub async fn rehearse<T: Send + 'static>(&self, work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static) -> Result<T> {
        self.on(Kind::Rehearsal, begin_write, move |conn| {
            let mut outcome = None;
            let ended = finish(conn, |conn| -> Result<()> {
                outcome = Some(work(conn)?);
                Err(Error::new(Code::Conflict, "a rehearsal is never committed"))
            });
            match (outcome, ended) {
                (Some(value), _) => Ok(value),
                (None, Err(error)) => Err(error),
                (None, Ok(())) => Err(Error::internal("a rehearsal ended without an outcome")),
            }
        })
        .await
    }

    /// Connections by pool: its name, those at work, those at rest.
    pub fn connections(&self) -> [(&'static str, usize, usize); 2] {
        [("read", &self.inner.readers), ("write", &self.inner.writers)].map(|(name, pool)| {
            let status = pool.status();
            let idle = status.available.min(status.size);
            (name, status.size - idle, idle)
        })
    }

    /// Changes whenever this process has committed a write: a reader of the change log need not wait for its next poll.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.inner.written.subscribe()
    }

    /// The end of the change log as this process sees it, while somebody looks.
    pub(super) fn tail_state(&self) -> &Tail {
        &self.inner.tail
    }

    /// Begins with `begin` and goes on with `work` on a connection of the pool.
    ///
    /// A pooled connection may have died in its sleep (the server was restarted), which only its first statement shows. Nothing is
    /// done by then, so it is dropped and the next one is tried, until one is fresh.
    async fn on<T: Send + 'static>(
        &self,
        kind: Kind,
        begin: fn(&mut Conn) -> Result<()>,
        work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (mut work, backend) = (work, self.inner.backend);
        let pool = if kind == Kind::Read { &self.inner.readers } else { &self.inner.writers };
        let mut tries = pool.status().max_size;
        loop {
            let asked = Instant::now();
            let taken = connection(pool).await;
            histogram!("beamline_db_connection_wait_seconds", "kind" => kind.as_str()).record(asked.elapsed());
            let mut conn = taken?;
            let span = tracing::Span::current();
            let (conn, outcome) = tokio::task::spawn_blocking(move || {
                let _in = span.enter();
                let connected = Instant::now();
                let outcome = match begin(&mut conn) {
                    Ok(()) => {
                        let alone = Instant::now();
                        if kind != Kind::Read && backend == Backend::Sqlite {
                            // What it waits for here is the file's one writer; PostgreSQL's is waited for by `lock_catalog`.
                            locked(alone.duration_since(connected));
                        }
                        let result = work(&mut conn);
                        histogram!("beamline_db_transaction_seconds", "kind" => kind.as_str()).record(alone.elapsed());
                        Ok(result)
                    }
                    Err(error) => Err((error, work)),
                };
                (conn, outcome)
            })
            .await
            .map_err(Error::internal)?;
            match outcome {
                Ok(result) => {
                    if conn_is_broken(&result) {
                        // A connection whose server went away is not handed out again.
                        drop(Object::take(conn));
                    }
                    return result;
                }
                Err((error, given_back)) => {
                    let slept = self.inner.backend == Backend::Postgres && Object::metrics(&conn).recycle_count > 0;
                    drop(Object::take(conn));
                    if !slept || tries == 0 {
                        return Err(error);
                    }
                    tracing::info!(%error, "a pooled database connection was dead; another is taken");
                    tries -= 1;
                    work = given_back;
                }
            }
        }
    }
}

/// Notes how long a writer waited until it was the only one.
pub(super) fn locked(waited: Duration) {
    histogram!("beamline_db_write_lock_wait_seconds").record(waited);
}

/// How long work waits for a free connection.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

async fn connection(pool: &Pool<Opener>) -> Result<Object<Opener>> {
    let busy = || Error::new(Code::Unavailable, "no database connection is free; try again");
    match tokio::time::timeout(LONGEST_WAIT, pool.get()).await {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(PoolError::Backend(error))) => Err(error),
        Ok(Err(other)) => Err(busy().because(other.to_string())),
        Err(late) => Err(busy().because(late)),
    }
}

fn conn_is_broken<T>(result: &Result<T>) -> bool {
    matches!(result, Err(error) if error.code == Code::Unavailable)
}

fn begin_write(conn: &mut Conn) -> Result<()> {
    // The enum's generic begin would be DEFERRED on SQLite, and reading before writing would then fail as "locked".
    match conn {
        Conn::Sqlite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")?,
        Conn::Postgres(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN")?,
    }
    Ok(())
}

fn begin_snapshot(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN DEFERRED")?,
        Conn::Postgres(inner) => {
            AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
    }
    Ok(())
}

type Transactions = <Conn as Connection>::TransactionManager;

/// Ends a transaction that was begun: commits what went well, rolls back what did not, panics included.
fn finish<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(conn)))
        .unwrap_or_else(|_| Err(Error::internal("a database task panicked")));
    match result {
        Ok(value) => {
            let _in = tracing::debug_span!("commit").entered();
            Transactions::commit_transaction(conn).map(|()| value).map_err(Error::from)
        }
        Err(error) => {
            if let Err(rollback) = Transactions::rollback_transaction(conn) {
                tracing::warn!(%rollback, "a transaction could not be rolled back; its connection is closed");
            }
            Err(error)
        }
    }
}

fn backend(url: &str) -> Result<Backend> {
    match url.split_once(':') {
        Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Ok(Backend::Postgres),
        Some(("sqlite", _)) | None => Ok(Backend::Sqlite),
        Some((scheme, _)) if scheme.len() == 1 || scheme.contains('/') => Ok(Backend::Sqlite),
        Some((scheme, _)) => Err(Error::new(
            Code::Invalid,
            format!("the database URL starts with '{scheme}:'; use sqlite:PATH or postgres://USER@HOST/NAME"),
        )),
    }
}

fn address(url: &str) -> &str {
    url.strip_prefix("sqlite:").map_or(url, |path| path.strip_prefix("//").unwrap_or(path))
}

struct Opener {
    backend: Backend,
    url: String,
    writes: bool,
    slow: Duration,
}

impl Opener {
    fn open(backend: Backend, url: &str, writes: bool, slow: Duration) -> Result<Conn> {
        let watched = |mut conn: Conn| {
            conn.set_instrumentation(Watch::new(backend, slow));
            conn
        };
        let unreachable = |error: diesel::ConnectionError| {
            let place = match backend {
                Backend::Sqlite => format!("the database file {url} cannot be opened; is its folder there and writable?"),
                Backend::Postgres => "PostgreSQL cannot be reached; check the database URL and that the server runs".to_owned(),
            };
            Error::new(Code::Unavailable, place).because(error)
        };
        match backend {
            Backend::Sqlite => {
                let mut conn = SqliteConnection::establish(url).map_err(unreachable)?;
                // FULL: a reader of the change log must never have seen a commit that a power cut then takes back.
                // A checkpoint after 64 MB, not after every few chunks: pages that each of them changes are then copied once.
                // The writer keeps what it changes; what readers look at the system keeps for all of them together.
                let cache_kib = if writes { 64_000 } else { 4_000 };
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = 15000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                     PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache_kib}; PRAGMA mmap_size = {MAPPED_BYTES}; \
                     PRAGMA wal_autocheckpoint = 8000;",
                ))?;
                if !writes {
                    // PostgreSQL's snapshots are READ ONLY; here a stray write would slip past the one writer.
                    conn.batch_execute("PRAGMA query_only = ON")?;
                }
                Ok(watched(Conn::Sqlite(conn)))
            }
            Backend::Postgres => {
                let mut conn = PgConnection::establish(url).map_err(unreachable)?;
                conn.batch_execute(
                    "SET TIME ZONE 'UTC'; SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'",
                )?;
                Ok(watched(Conn::Postgres(conn)))
            }
        }
    }
}

impl Manager for Opener {
    type Type = Conn;
    type Error = Error;

    async fn create(&self) -> Result<Conn> {
        let (backend, url, writes, slow) = (self.backend, self.url.clone(), self.writes, self.slow);
        tokio::task::spawn_blocking(move || Self::open(backend, &url, writes, slow)).await.map_err(Error::internal)?
    }

    async fn recycle(&self, conn: &mut Conn, _: &Metrics) -> RecycleResult<Error> {
        if Transactions::is_broken_transaction_manager(conn) {
            return Err(RecycleError::message("the connection was lost inside a transaction"));
        }
        Ok(())
    }
}
