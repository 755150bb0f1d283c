//! PostgreSQL for the tests: the server of `TEST_DATABASE_URL`, else a throw-away one of our own, one database per test.
//!
//! The throw-away server lives in a temporary folder and dies with the test process however that ends: a small shell holds it and
//! waits on a pipe whose other end only this process has. As root it runs under another user, because `initdb` refuses root.

use super::say;
use beamline::db::Db;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The oldest PostgreSQL we support.
const OLDEST: u32 = 15;

/// A server with a migrated template to copy databases from.
pub struct Postgres {
    admin: String,
    template: String,
    /// Never dropped: it ends with the process.
    _cluster: Option<Cluster>,
}

impl Postgres {
    /// The server of this test process, started at the first call. `None` when there is none, which is said once; a failure
    /// where `BEAMLINE_REQUIRE_POSTGRES=1`.
    pub async fn get() -> Option<&'static Self> {
        static SERVER: OnceCell<Result<Postgres, String>> = OnceCell::const_new();
        let server = SERVER
            .get_or_init(|| async {
                let server = Self::find().await;
                if let Err(reason) = &server {
                    say(&format!("PostgreSQL: its tests did NOT run, only SQLite was tested: {reason}"));
                }
                server
            })
            .await;
        match server {
            Ok(server) => Some(server),
            Err(reason) if required() => panic!("BEAMLINE_REQUIRE_POSTGRES is set, and {reason}"),
            Err(_) => None,
        }
    }

    async fn find() -> Result<Self, String> {
        let (admin, cluster) = match std::env::var("TEST_DATABASE_URL") {
            Ok(url) if !url.is_empty() => (url, None),
            _ => {
                let cluster =
                    tokio::task::spawn_blocking(|| Cluster::start(|_| Vec::new())).await.map_err(|e| e.to_string())??;
                (cluster.url("postgres"), Some(cluster))
            }
        };
        let template = make_template(&admin).await?;
        Ok(Self { admin, template, _cluster: cluster })
    }

    /// A new database, empty and migrated.
    pub async fn create_database(&self) -> TestDatabase {
        self.create(Some(&self.template)).await
    }

    /// A new database with nothing in it at all.
    pub async fn create_blank_database(&self) -> TestDatabase {
        self.create(None).await
    }

    async fn create(&self, template: Option<&str>) -> TestDatabase {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("beamline_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        let (admin, sql) = (self.admin.clone(), format!("CREATE DATABASE {name}{template}"));
        tokio::task::spawn_blocking(move || PgConnection::establish(&admin).unwrap().batch_execute(&sql).unwrap()).await.unwrap();
        TestDatabase { url: with_database(&self.admin, &name), admin: self.admin.clone(), name }
    }
}

fn required() -> bool {
    std::env::var("BEAMLINE_REQUIRE_POSTGRES").is_ok_and(|value| !matches!(value.as_str(), "" | "0"))
}

/// One test's database; dropped with it.
pub struct TestDatabase {
    admin: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // FORCE: a server that a test started may still hold connections. A failure here must not hide the test's own.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Ok(mut conn) = PgConnection::establish(&self.admin) {
            let _ = conn.batch_execute(&sql);
        }
    }
}

/// Migrates a database once, to be copied for every test: ten times faster than migrating for each.
///
/// Its name holds a digest of the migrations, so that a server that outlives the test run reuses it until they change.
async fn make_template(admin: &str) -> Result<String, String> {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let template = format!("beamline_template_{}", digest(&migrations).map_err(|error| error.to_string())?);
    let (url, name, target) = (admin.to_owned(), template.clone(), with_database(admin, &template));
    let lock = tokio::task::spawn_blocking(move || -> Result<PgConnection, String> {
        let mut conn = PgConnection::establish(&url).map_err(|error| format!("{url} cannot be reached: {error}"))?;
        // Another test process may be making the same template; the lock ends with the connection.
        conn.batch_execute("SELECT pg_advisory_lock(7399)").map_err(|error| error.to_string())?;
        match conn.batch_execute(&format!("CREATE DATABASE {name}")) {
            Err(error) if !error.to_string().contains("already exists") => Err(error.to_string()),
            _ => Ok(conn),
        }
    });
    let lock = lock.await.map_err(|error| error.to_string())??;
    let db = Db::open(&target).await.map_err(|error| format!("the migrations failed: {error}"))?;
    drop(db);
    tokio::task::spawn_blocking(move || {
        // Each copy gets an epoch of its own when it is opened, as every new database does.
        let mut conn = PgConnection::establish(&target).map_err(|error| error.to_string())?;
        conn.batch_execute("DELETE FROM settings WHERE key = 'epoch'").map_err(|error| error.to_string())?;
        drop(lock);
        Ok(template)
    })
    .await
    .map_err(|error| error.to_string())?
}

fn digest(folder: &Path) -> std::io::Result<String> {
    let mut scripts: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path().join("up.sql"))).collect::<Result<_, _>>()?;
    scripts.sort();
    let mut sha = Sha256::new();
    for script in scripts {
        sha.update(script.display().to_string());
        sha.update(fs::read(&script)?);
    }
    Ok(sha.finalize().iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The same URL with another database's name.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, String::new()), |(address, query)| (address, format!("?{query}")));
    let start = address.find("://").map_or(0, |at| at + 3);
    let address = address[start..].find('/').map_or(address, |slash| &address[..start + slash]);
    format!("{address}/{name}{query}")
}

/// A running throw-away server.
pub struct Cluster {
    port: u16,
    /// Closing it stops the server; the operating system does so when this process ends.
    stop: Option<ChildStdin>,
    guard: Child,
}

impl Cluster {
    /// Starts a server in a folder of its own. `settings` may put files there and answers with more `name=value` settings.
    pub fn start(settings: impl Fn(&ServerFolder) -> Vec<String>) -> Result<Self, String> {
        let programs = find_programs()?;
        let mut last = String::new();
        for _ in 0..3 {
            let folder = ServerFolder::make()?;
            folder.run(Command::new(programs.join("initdb")).args([
                "--no-sync",
                "--auth=trust",
                "--username=beamline",
                "--encoding=UTF8",
                "--no-locale",
                "--pgdata=data",
            ]))?;
            let cluster = Self::spawn(&programs, &folder, &settings(&folder))?;
            match cluster.wait_ready(&folder) {
                Ok(()) => {
                    // From here on the shell that holds the server removes the folder.
                    folder.keep();
                    return Ok(cluster);
                }
                Err(error) => last = format!("{error}; its log says: {}", folder.log()),
            }
        }
        Err(format!("the PostgreSQL in {} did not start: {last}", programs.display()))
    }

    fn spawn(programs: &Path, folder: &ServerFolder, settings: &[String]) -> Result<Self, String> {
        const GUARD: &str = r#"
            folder=$1; shift
            "$@" >log 2>&1 &
            server=$!
            # Ends when the test process does, however it does.
            read -r _
            kill -INT "$server"
            wait "$server"
            cd / && rm -rf "$folder"
        "#;
        // The port is free now and may be taken a moment later; then the next try has another.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).map_err(|e| e.to_string())?.port();
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(folder.path()).arg(programs.join("postgres")).args(["-D", "data"]);
        let fixed = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            // Beside the data, so that two servers never meet in one folder.
            format!("unix_socket_directories={}", folder.path().display()),
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "synchronous_commit=off".to_owned(),
            "max_connections=300".to_owned(),
        ];
        for setting in fixed.iter().chain(settings) {
            command.arg("-c").arg(setting);
        }
        folder.under_its_user(&mut command);
        // A group of its own: Ctrl-C reaches the tests, and the server goes when they have gone.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut guard = command.spawn().map_err(|error| format!("sh cannot be started: {error}"))?;
        Ok(Self { port, stop: guard.stdin.take(), guard })
    }

    fn wait_ready(&self, folder: &ServerFolder) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            match PgConnection::establish(&self.url("postgres")) {
                Ok(mut conn) => {
                    // Another server may have taken the port in between, and its databases are not ours to write.
                    let name = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
                    let place = format!("SELECT 1 / (current_setting('data_directory') LIKE '%/{name}/data')::int");
                    return conn.batch_execute(&place).map_err(|_| "another server answers on its port".to_owned());
                }
                Err(error) if Instant::now() > end => return Err(error.to_string()),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://beamline@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.guard.wait();
    }
}

/// The folder a throw-away server lives in, and the user it runs under.
pub struct ServerFolder {
    dir: TempDir,
    user: Option<(u32, u32)>,
}

impl ServerFolder {
    fn make() -> Result<Self, String> {
        // Not TMPDIR: another user may not be allowed to pass through it.
        let dir = TempDir::with_prefix_in("beamline-pg-", "/tmp").map_err(|error| format!("/tmp cannot be written: {error}"))?;
        let owner = fs::metadata(dir.path()).map_err(|error| error.to_string())?.uid();
        let user = if owner == 0 { Some(ordinary_user()?) } else { None };
        let folder = Self { dir, user };
        folder.give(Path::new("."));
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Makes the server's user the owner of `path` in this folder.
    pub fn give(&self, path: &Path) {
        if let Some((uid, gid)) = self.user {
            chown(self.path().join(path), Some(uid), Some(gid)).unwrap();
        }
    }

    fn under_its_user<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command.current_dir(self.path())
    }

    /// Runs a program to its end as the server's user, in this folder.
    pub fn run(&self, command: &mut Command) -> Result<(), String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let done = self.under_its_user(command).stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
        if done.status.success() {
            return Ok(());
        }
        Err(format!("{name} failed: {}", String::from_utf8_lossy(&done.stderr).trim()))
    }

    fn log(&self) -> String {
        let mut text = String::new();
        let _ = fs::File::open(self.path().join("log")).and_then(|mut log| log.read_to_string(&mut text));
        text.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
    }

    fn keep(self) {
        let _ = self.dir.keep();
    }
}

/// Somebody who is not root: PostgreSQL's own user where there is one, else nobody.
fn ordinary_user() -> Result<(u32, u32), String> {
    let users = fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let find = |wanted: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let (uid, gid) = (fields.nth(1)?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?);
            (name == wanted && uid != 0).then_some((uid, gid))
        })
    };
    find("postgres").or_else(|| find("nobody")).ok_or_else(|| {
        "these tests run as root, PostgreSQL refuses that, and there is neither a user 'postgres' nor 'nobody' to run it under"
            .to_owned()
    })
}

/// The folder of `initdb` and `postgres`: PATH, what `pg_config` says, then the usual places, newest first.
fn find_programs() -> Result<PathBuf, String> {
    let mut places: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    if let Ok(done) = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output() {
        places.push(PathBuf::from(String::from_utf8_lossy(&done.stdout).trim()));
    }
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    places.extend(versions.into_iter().rev().map(|(_, place)| place));
    places.push(PathBuf::from("/usr/local/pgsql/bin"));
    places
        .into_iter()
        // A link in PATH may lead to the folder where the rest of PostgreSQL is.
        .filter_map(|place| fs::canonicalize(place.join("initdb")).ok()?.parent().map(Path::to_path_buf))
        .find(|place| version(place).is_some_and(|version| version >= OLDEST))
        .ok_or_else(|| {
            format!(
                "no PostgreSQL {OLDEST} or newer was found (initdb and postgres in PATH); set TEST_DATABASE_URL or install it"
            )
        })
}

/// The major version of the server in `place`, if it runs at all.
fn version(place: &Path) -> Option<u32> {
    let done = Command::new(place.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    text.split_whitespace().nth(2)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
