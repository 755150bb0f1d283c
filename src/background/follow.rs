//! Following the change log: what every reader with a cursor in the database has in common.
//!
//! A reader takes steps. Its cursor moves in the same transaction as what it writes, so a crash repeats work and loses none; where several
//! processes follow, whoever moves the cursor first wins, and the other's step ends as a conflict.

use crate::app::App;
use crate::channels::queries::cursor;
use crate::db::{Position, changes};
use crate::error::{Code, Error, Result};
use futures_util::future::BoxFuture;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to read.
    Worked,
    /// Everything committed so far has been followed.
    Idle,
}

/// A reader of the change log.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// The name of its cursor.
    pub cursor: &'static str,
    /// What it could not do when a step failed, for the log.
    pub fault: &'static str,
    /// Reads some changes and does what they ask for.
    pub step: for<'a> fn(&'a App) -> BoxFuture<'a, Result<Step>>,
}

/// How long a reader waits for changes that are committed and not shown yet, or for another process to be done.
const PATIENCE: Duration = Duration::from_secs(600);

impl Reader {
    /// Follows the log until `shutdown`. Faults are logged and tried again; the cursor stands where it was.
    pub async fn run(self, app: App, shutdown: CancellationToken) {
        let mut written = app.db.written();
        loop {
            written.borrow_and_update();
            let pause = match (self.step)(&app).await {
                Ok(Step::Worked) => Duration::ZERO,
                // Other processes write without our knowing; a poll finds them.
                Ok(Step::Idle) => Duration::from_millis(500),
                Err(error) if error.code == Code::Conflict => Duration::from_millis(50),
                Err(error) => {
                    tracing::warn!(%error, "{}; trying again", self.fault);
                    Duration::from_secs(2)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                _ = written.changed(), if pause > Duration::ZERO && pause < Duration::from_secs(1) => {}
            }
            if shutdown.is_cancelled() {
                return;
            }
        }
    }

    /// Follows everything that was committed before the call. For commands, which need things as of now.
    ///
    /// PostgreSQL shows a change to readers of the log only when no older transaction runs, so having nothing to read is not enough.
    pub async fn catch_up(self, app: &App) -> Result<()> {
        let goal = app.db.read(changes::end).await?;
        let mut moved = Instant::now();
        loop {
            match (self.step)(app).await {
                Ok(done) => {
                    if self.position(app).await?.is_some_and(|at| at.covers(&goal)) {
                        return Ok(());
                    }
                    if done == Step::Worked {
                        moved = Instant::now();
                        continue;
                    }
                }
                // Somebody else follows, too, and was faster.
                Err(error) if error.code == Code::Conflict && moved.elapsed() < PATIENCE => {}
                Err(error) => return Err(error),
            }
            if moved.elapsed() >= PATIENCE {
                let detail = "a transaction of the database does not end, and holds back what was written after it began";
                return Err(Error::new(Code::NotYetVisible, detail));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Where the reader stands; none before its first step.
    pub async fn position(self, app: &App) -> Result<Option<Position>> {
        let at = app.db.read(move |conn| cursor(conn, self.cursor)).await?;
        Ok(at.and_then(|at| at.parse().ok()))
    }
}
