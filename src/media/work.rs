//! Work on pixels, bounded: as many pictures are in memory at once as there are processors, whatever waits.

use crate::error::{Error, Result};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Where pictures are decoded and made.
#[derive(Debug, Clone)]
pub struct PictureWork {
    seats: Arc<Semaphore>,
}

impl Default for PictureWork {
    fn default() -> Self {
        Self::on(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl PictureWork {
    /// On so many processors.
    pub fn on(processors: usize) -> Self {
        Self { seats: Arc::new(Semaphore::new(processors.max(1))) }
    }

    /// Waits for a seat. Who has to read a picture first takes one before, so that no more are in memory than there are seats.
    pub async fn seat(&self) -> Result<Seat> {
        Arc::clone(&self.seats).acquire_owned().await.map(|seat| Seat { _seat: seat }).map_err(Error::internal)
    }

    /// Does `work` off the runtime, when there is a seat for it.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.seat().await?.run(work).await
    }
}

/// Room for one picture.
#[derive(Debug)]
pub struct Seat {
    _seat: OwnedSemaphorePermit,
}

impl Seat {
    /// Does `work` off the runtime.
    pub async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let done = tokio::task::spawn_blocking(move || {
            // Given back when the work ends, even where nobody waits for it any more.
            let _seat = self;
            work()
        });
        done.await.map_err(Error::internal)
    }
}
