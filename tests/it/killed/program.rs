//! The program as a process that can be killed, and the moments at which it is.

use crate::support::House;
use beamline::config::Config;
use beamline::db::Time;
use beamline::db::schema::jobs;
use chrono::{TimeDelta, Utc};
use diesel::prelude::*;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The program on this house's folder and database.
pub fn beamline(config: &Config) -> Command {
    // Another build of it can be tried: BEAMLINE_PROGRAM.
    let program = std::env::var("BEAMLINE_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_beamline").to_owned());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BEAMLINE_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(&config.data).args(["--log", "warn", "--database-url", &config.database()]);
    // The suppliers are invented, and nobody out there is asked for their pictures.
    command.args(["--files", &config.file_store(), "--fetch-images", "false"]);
    command.stdin(Stdio::null());
    command
}

/// Runs it to its end: its status and all that it said.
pub async fn run(mut command: Command) -> (ExitStatus, String) {
    tokio::task::spawn_blocking(move || {
        let output = command.output().unwrap();
        (output.status, String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    })
    .await
    .unwrap()
}

/// What became of a process that was to be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Killed,
    /// It was faster.
    Done,
}

/// Starts it and kills it after `moment`.
pub async fn kill_after(mut command: Command, moment: Duration) -> Fate {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < moment {
        if child.try_wait().unwrap().is_some() {
            return Fate::Done;
        }
        tokio::time::sleep(Duration::from_millis(2).min(moment.saturating_sub(begun.elapsed()))).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    Fate::Killed
}

/// `beamline serve` as a process; dropping it kills it.
pub struct Serving {
    child: Child,
    pub url: String,
}

impl Serving {
    /// Starts it and waits until it says where it is.
    pub async fn start(mut command: Command) -> Self {
        tokio::task::spawn_blocking(move || {
            command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("it says where it is").to_owned();
            Self { child, url }
        })
        .await
        .unwrap()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks such a process.
pub fn client() -> reqwest::Client {
    // It wants a TLS provider chosen even where it speaks plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(Duration::from_secs(60)).no_proxy().build().unwrap()
}

/// Random moments (`SplitMix64`), from a seed that a failure names.
#[derive(Debug)]
pub struct Moments {
    pub seed: u64,
    state: u64,
}

impl Moments {
    pub fn new(salt: &str) -> Self {
        let seed = std::env::var("BEAMLINE_KILLS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
        let state = salt.bytes().fold(seed, |state, byte| state.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self { seed, state }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A moment within this time; the first tenth is the program's start, and of little interest.
    pub fn within(&mut self, took: Duration) -> Duration {
        let thousandths = 100 + u32::try_from(self.next() % 900).unwrap();
        took * thousandths / 1_000
    }
}

/// How often one test of a kind kills: `few` in `cargo test`, else its share of `BEAMLINE_KILLS` among four kinds on two databases.
pub fn share_of_many() -> usize {
    let all = std::env::var("BEAMLINE_KILLS").ok().and_then(|all| all.parse().ok()).unwrap_or(100_usize);
    all.div_ceil(8)
}

/// The leases of dead workers have run out, as they have a minute later.
pub async fn a_minute_later(house: &House) {
    let past = Time(Utc::now() - TimeDelta::seconds(1));
    let work = move |conn: &mut beamline::db::Conn| {
        diesel::update(jobs::table.filter(jobs::state.eq("running"))).set(jobs::lease_until.eq(past)).execute(conn)?;
        Ok(())
    };
    house.app.db.write(work).await.unwrap();
}

/// Waits until nothing is in the queue.
pub async fn nothing_left_to_do(house: &House) {
    let begun = Instant::now();
    loop {
        let open = |conn: &mut beamline::db::Conn| {
            Ok(jobs::table
                .filter(jobs::state.eq("queued").or(jobs::state.eq("running")))
                .select((jobs::id, jobs::state, jobs::error))
                .load::<(String, String, Option<String>)>(conn)?)
        };
        let open = house.app.db.read(open).await.unwrap();
        if open.is_empty() {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "these jobs do not end: {open:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
