//! What a serving process does besides answering: it follows the change log and works off the queue.

use crate::app::App;
use crate::search::Feeder;
use crate::{channels, jobs};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Starts the index's feeder, the listings' follower and the job runner; all end when `app.shutdown` is cancelled.
pub fn start(app: &App) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(Feeder::new(app.db.clone(), app.search.clone()).run(app.shutdown.clone()));
    tasks.spawn(channels::follow::run(app.clone(), app.shutdown.clone()));
    tasks.spawn(jobs::runner::run(app.clone(), app.shutdown.clone()));
    tasks.close();
    tasks
}

/// Waits until what was begun has been given back or finished, so that nothing is cut in the middle.
pub async fn finish(tasks: TaskTracker, at_most: Duration) {
    if tokio::time::timeout(at_most, tasks.wait()).await.is_err() {
        tracing::warn!("background work did not end in time; it is taken up again at the next start");
    }
}
