//! The end of the change log, watched once for a whole process: whoever waits for the next change waits here.
//!
//! A thousand waiting readers would each ask the database again and again. One task asks for all of them: at once when this process has
//! written, and now and then for what others write. It ends when nobody waits.

use super::{Db, Position, changes};
use crate::error::Result;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Between two looks for what other processes write.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two looks after this process has written: its change shows once every older transaction has ended.
const SOON: Duration = Duration::from_millis(25);
/// Between two looks at the least, however fast writes follow each other.
const LEAST: Duration = Duration::from_millis(10);
/// How long after a write the looks are that close.
const WHILE: Duration = Duration::from_secs(2);

/// The watch, and whether a task feeds it.
#[derive(Debug, Default)]
pub struct Tail {
    fed: Mutex<Option<watch::Sender<Position>>>,
}

impl Db {
    /// Where the log ends: changes whenever it grows, for as long as the receiver is held.
    pub async fn tail(&self) -> Result<watch::Receiver<Position>> {
        if let Some(receiver) = self.subscribe(None) {
            return Ok(receiver);
        }
        let head = self.read(changes::head).await?;
        let made = watch::Sender::new(head);
        let receiver = made.subscribe();
        Ok(self.subscribe(Some(made)).unwrap_or(receiver))
    }

    /// Joins the task that is there; else starts one for `made`.
    fn subscribe(&self, made: Option<watch::Sender<Position>>) -> Option<watch::Receiver<Position>> {
        let mut fed = self.tail_state().fed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*fed {
            return Some(sender.subscribe());
        }
        let made = made?;
        *fed = Some(made.clone());
        drop(fed);
        tokio::spawn(feed(self.clone(), made));
        None
    }

    /// Ends the watch when nobody looks; false when somebody does.
    fn nobody_looks(&self, sender: &watch::Sender<Position>) -> bool {
        // Under the lock, so that nobody joins a task that has just decided to end.
        let mut fed = self.tail_state().fed.lock().unwrap_or_else(PoisonError::into_inner);
        let alone = sender.receiver_count() == 0;
        if alone {
            *fed = None;
        }
        alone
    }
}

async fn feed(db: Db, sender: watch::Sender<Position>) {
    let mut written = db.written();
    let mut close_until = Instant::now() + WHILE;
    while !db.nobody_looks(&sender) {
        match db.read(changes::head).await {
            Ok(head) => {
                sender.send_if_modified(|known| {
                    let grown = *known != head;
                    *known = head;
                    grown
                });
            }
            Err(error) => tracing::warn!(%error, "the end of the change log cannot be read; trying again"),
        }
        tokio::time::sleep(LEAST).await;
        let pause = if Instant::now() < close_until { SOON } else { PAUSE };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = written.changed() => close_until = Instant::now() + WHILE,
        }
    }
}
