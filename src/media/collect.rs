//! Asking for the pictures behind addresses: bounded overall and per host, again later where a host was not to be reached, and with what
//! came of it told in the change log.
//!
//! An address is taken by moving the time when it is due, so that several processes share the work and what one that died had taken is
//! taken up again.

use super::ahead::{self, Wishes};
use super::fetch::{Again, Fetched, Fetcher, Refusal, Validators};
use super::intake::{self, Taken};
use super::queries::{self, Claimed, Outcome, Room};
use crate::app::App;
use crate::db::{Conn, changes, lock_pictures};
use crate::error::{Code, Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How long nothing is asked after a fault of our own.
const FAULT: Duration = Duration::from_secs(10);
/// How long an address stays taken after its worker was last heard of, and how often that tells of itself.
const LEASE: TimeDelta = TimeDelta::minutes(10);
const HEARTBEAT: Duration = Duration::from_secs(120);
/// Pauses before the house is asked again that was busy, each twice as long as the last.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(16);
/// Addresses asked at once, those that wait for their turn included, and of one host.
const BATCH: usize = 64;
const EACH_HOST: usize = 16;
/// How long nothing due is looked for again.
const POLL: Duration = Duration::from_millis(500);
/// After how many minutes an address is asked again that was not to be had, by how often it has been asked.
const PAUSES: [i64; 5] = [1, 5, 30, 120, 720];
/// How often one is asked that was not to be had for so long.
const DAY: TimeDelta = TimeDelta::days(1);

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Pictures that came and are kept.
    pub kept: usize,
    /// Hosts that said that nothing changed.
    pub unchanged: usize,
    /// What came and cannot be used.
    pub unusable: usize,
    /// What is asked again later.
    pub later: usize,
}

impl Collected {
    /// Addresses that were asked.
    pub fn asked(self) -> usize {
        self.kept + self.unchanged + self.unusable + self.later
    }
}

/// Collects until `shutdown`.
pub async fn run(app: App, shutdown: CancellationToken) {
    let worker = crate::id::new("images", app.clock.now());
    while !shutdown.is_cancelled() {
        let work = async {
            match step(&app, &worker, &|_| {}).await {
                Ok(done) if done.asked() > 0 => {}
                Ok(_) => tokio::time::sleep(POLL).await,
                Err(error) => {
                    tracing::warn!(%error, "pictures could not be collected; trying again");
                    tokio::time::sleep(FAULT).await;
                }
            }
        };
        // What was begun is taken up again when its time is over.
        tokio::select! {
            () = work => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Asks for everything that is due now, telling of each address. For the command.
pub async fn all(app: &App, tell: &(dyn Fn(&Outcome) + Sync)) -> Result<Collected> {
    step(app, &crate::id::new("images", app.clock.now()), tell).await
}

/// Takes addresses that are due and asks them, until none is left. More are taken while others are still waited for, a few of each host in
/// turn, so that a slow host holds up nobody else's; the fetcher has bounds of its own.
async fn step(app: &App, worker: &str, tell: &(dyn Fn(&Outcome) + Sync)) -> Result<Collected> {
    let fetcher = app.fetcher()?;
    let mut done = Collected::default();
    // Tasks of their own: one that has been given the only connection to write with has to go on while this one waits for the next.
    let mut asked: JoinSet<(String, Result<Outcome>)> = JoinSet::new();
    let mut under_way: HashMap<String, String> = HashMap::new();
    let mut room = Room { each: EACH_HOST, ..Room::default() };
    let mut fault = None;
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if fault.is_none() && asked.len() * 2 <= BATCH {
            match claim(app, worker, &mut room, BATCH - asked.len()).await {
                Ok(all) => {
                    for claimed in all {
                        *room.asked.entry(claimed.host.clone()).or_default() += 1;
                        under_way.insert(claimed.id.clone(), claimed.host.clone());
                        asked.spawn(ask(app.clone(), fetcher.clone(), claimed));
                    }
                }
                Err(error) => fault = Some(error),
            }
        }
        let (id, outcome) = tokio::select! {
            next = asked.join_next() => match next {
                Some(Ok(next)) => next,
                Some(Err(panicked)) => {
                    fault = Some(Error::internal(panicked));
                    continue;
                }
                None => return fault.map_or(Ok(done), Err),
            },
            _ = heartbeat.tick() => {
                let (worker, ids, until) = (worker.to_owned(), under_way.keys().cloned().collect::<Vec<_>>(), app.clock.now() + LEASE);
                if let Err(error) = app.db.write(move |conn| queries::addresses_hold(conn, &worker, &ids, until)).await {
                    tracing::warn!(%error, "pictures may be asked for twice");
                }
                continue;
            }
        };
        if let Some(asked) = under_way.remove(&id).and_then(|host| room.asked.get_mut(&host)) {
            *asked = asked.saturating_sub(1);
        }
        match outcome {
            Ok(outcome) => {
                match outcome {
                    Outcome::Image { .. } => done.kept += 1,
                    Outcome::Unchanged => done.unchanged += 1,
                    Outcome::Unusable { .. } => done.unusable += 1,
                    Outcome::Later { .. } => done.later += 1,
                }
                tell(&outcome);
            }
            // What was taken beside it is brought to its end; no more is taken.
            Err(error) => fault = Some(error),
        }
    }
}

/// Takes what is due, where anything is: a look writes nothing, and a claim would wake every follower of the log.
async fn claim(app: &App, worker: &str, room: &mut Room, limit: usize) -> Result<Vec<Claimed>> {
    let now = app.clock.now();
    let look = room.clone();
    let (due, after) = app.db.read(move |conn| queries::addresses_due(conn, &look, limit, now)).await?;
    room.after = after;
    if due.is_empty() {
        return Ok(due);
    }
    let worker = worker.to_owned();
    app.db.write(move |conn| queries::addresses_claim(conn, &worker, due.clone(), now, now + LEASE)).await
}

/// Asks one address and notes what came of it.
async fn ask(app: App, fetcher: Fetcher, claimed: Claimed) -> (String, Result<Outcome>) {
    let outcome = asked(&app, &fetcher, &claimed).await;
    (claimed.id, outcome)
}

async fn asked(app: &App, fetcher: &Fetcher, claimed: &Claimed) -> Result<Outcome> {
    let outcome = outcome(app, fetcher, claimed).await?;
    let label = match &outcome {
        Outcome::Image { .. } => "kept",
        Outcome::Unchanged => "unchanged",
        Outcome::Later { .. } => "later",
        Outcome::Unusable { .. } => "unusable",
    };
    metrics::counter!("beamline_images_collected_total", "outcome" => label).increment(1);
    if let Outcome::Image { id, .. } = &outcome
        && let Err(error) = made_ahead(app, id).await
    {
        // They are made when they are asked for.
        tracing::warn!(%error, image = id, "renditions could not be made ahead");
    }
    patiently(|| settle(app, claimed, &outcome)).await?;
    Ok(outcome)
}

/// Before products are told of it: a channel may ask at once.
async fn made_ahead(app: &App, image: &str) -> Result<usize> {
    ahead::make(app, image, &Wishes::now(app).await?).await
}

/// Notes what came of an address, and tells the products that show it.
async fn settle(app: &App, claimed: &Claimed, outcome: &Outcome) -> Result<()> {
    let (claimed, noted, now) = (claimed.clone(), outcome.clone(), app.clock.now());
    let work = move |conn: &mut Conn| {
        lock_pictures(conn)?;
        if queries::addresses_settle(conn, &claimed, &noted, now)? {
            let told = queries::products_showing(conn, &[claimed.id.as_str()])?;
            changes::append(conn, now, &told)?;
        }
        Ok(())
    };
    app.db.write(work).await
}

/// Does what a busy database or store may refuse, and tries again for a while: what the host sent is at hand, and need not be sent twice.
async fn patiently<T, F: Future<Output = Result<T>>>(mut work: impl FnMut() -> F) -> Result<T> {
    let mut pause = SHORTEST;
    loop {
        match work().await {
            Err(error) if error.code == Code::Unavailable && pause <= LONGEST => {
                tracing::debug!(%error, "the house is busy; trying again");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            done => return done,
        }
    }
}

async fn outcome(app: &App, fetcher: &Fetcher, claimed: &Claimed) -> Result<Outcome> {
    let now = app.clock.now();
    // A host that says that nothing changed brings nothing back. A store that does not answer has lost nothing yet.
    let known = if kept(app, claimed).await.unwrap_or(true) { claimed.validators.clone() } else { Validators::default() };
    let (bytes, validators, _held) = match fetcher.fetch_held(&claimed.address, &known).await {
        Ok((Fetched::NotModified, _)) => return Ok(Outcome::Unchanged),
        Ok((Fetched::New { bytes, validators, .. }, held)) => (bytes, validators, held),
        Err(refusal) => return Ok(refused(refusal, claimed.attempts, now)),
    };
    let name = claimed.address.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
    match patiently(|| intake::take(app, bytes.clone(), name, "collect")).await {
        Ok(Taken::Kept { row, .. }) => Ok(Outcome::Image { id: row.id, validators }),
        Ok(Taken::Refused(refusal)) => Ok(Outcome::Unusable { code: refusal.code.to_owned(), message: refusal.message }),
        // Our own store or database: the address is asked again, no fault of its own.
        Err(error) if error.code == Code::Unavailable => Ok(Outcome::Later {
            code: "not_kept".to_owned(),
            message: error.to_string(),
            at: now + TimeDelta::minutes(1),
            unreached: false,
        }),
        Err(error) => Err(error),
    }
}

/// Is what came of an address the last time still here?
async fn kept(app: &App, claimed: &Claimed) -> Result<bool> {
    let Some(id) = claimed.image.clone() else { return Ok(false) };
    match app.db.read(move |conn| queries::image(conn, &id)).await? {
        Some(row) => intake::stands(app, &row).await,
        None => Ok(false),
    }
}

fn refused(refusal: Refusal, attempts: i32, now: DateTime<Utc>) -> Outcome {
    let Refusal { code, message, again } = refusal;
    let code = code.to_owned();
    let pause = usize::try_from(attempts).ok().and_then(|attempts| PAUSES.get(attempts.saturating_sub(1))).copied();
    match (again, pause) {
        (Again::Never, _) => Outcome::Unusable { code, message },
        (Again::After(wait), Some(minutes)) => {
            let wait = TimeDelta::from_std(wait).unwrap_or(DAY).max(TimeDelta::minutes(minutes.min(1)));
            Outcome::Later { code, message, at: now + wait, unreached: false }
        }
        (Again::Later, Some(minutes)) => {
            Outcome::Later { code, message, at: now + TimeDelta::minutes(minutes), unreached: false }
        }
        (_, None) => Outcome::Later { code, message, at: now + DAY, unreached: true },
    }
}
