//! Answers on their way to a client that may not be reading: in memory while there are few, on disk beyond.
//!
//! A client may send all its lines before it reads one answer. If the writer waited for it, both would wait for ever. So the writer
//! goes on, up to [`MOST`]; only beyond that it waits, and gives up when nothing is read for [`IDLE`].

use crate::error::{Code, Error, Result};
use axum::body::Bytes;
use futures_util::{Stream, stream};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Bytes that wait in memory.
const IN_MEMORY: usize = 256 * 1024;
/// Bytes that wait at all.
const MOST: u64 = 8 << 30;
/// Bytes read from disk at once.
const PIECE: u64 = 64 * 1024;
/// How long nothing may be read once there is no room.
const IDLE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct State {
    /// Older than all that is on disk.
    memory: VecDeque<Bytes>,
    bytes: usize,
    /// How far the file is written and read.
    written: u64,
    read: u64,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    file: Mutex<Option<File>>,
    folder: PathBuf,
    most: u64,
    more: Notify,
    room: Notify,
    gone: CancellationToken,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the file, which is made at the first time and has no name.
    fn with_file<T>(&self, work: impl FnOnce(&mut File) -> std::io::Result<T>) -> std::io::Result<T> {
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = Some(tempfile::tempfile_in(&self.folder)?);
        }
        slot.as_mut().map_or_else(|| Err(std::io::ErrorKind::NotFound.into()), work)
    }
}

/// Where answers go in. Dropping it ends the stream.
pub(super) struct Writer(Arc<Shared>);

/// Where they come out.
pub(super) struct Reader(Arc<Shared>);

/// A spool whose file, should it need one, is in `folder`.
pub(super) fn spool(folder: PathBuf) -> (Writer, Reader) {
    bounded(folder, MOST)
}

pub(super) fn bounded(folder: PathBuf, most: u64) -> (Writer, Reader) {
    let shared = Shared {
        state: Mutex::default(),
        file: Mutex::default(),
        folder,
        most,
        more: Notify::new(),
        room: Notify::new(),
        gone: CancellationToken::new(),
    };
    let shared = Arc::new(shared);
    (Writer(Arc::clone(&shared)), Reader(shared))
}

impl Writer {
    /// Is cancelled when nobody will read any more.
    pub(super) fn reader_gone(&self) -> CancellationToken {
        self.0.gone.clone()
    }

    /// Adds to the answers.
    pub(super) async fn push(&mut self, bytes: Bytes) -> Result<()> {
        let size = bytes.len() as u64;
        let at = loop {
            {
                let mut state = self.0.state();
                if state.read == state.written {
                    (state.read, state.written) = (0, 0);
                    if state.bytes + bytes.len() <= IN_MEMORY || state.memory.is_empty() {
                        state.bytes += bytes.len();
                        state.memory.push_back(bytes);
                        drop(state);
                        self.0.more.notify_one();
                        return Ok(());
                    }
                }
                if state.written - state.read == 0 || state.written + size <= self.0.most {
                    break state.written;
                }
            }
            tokio::select! {
                () = self.0.room.notified() => {}
                () = self.0.gone.cancelled() => return Err(Error::new(Code::BadRequest, "the client has gone")),
                () = tokio::time::sleep(IDLE) => {
                    return Err(Error::new(Code::Timeout, "the answers were not read for too long"));
                }
            }
        };
        let shared = Arc::clone(&self.0);
        let write = move || {
            shared.with_file(|file| {
                if at == 0 {
                    file.set_len(0)?;
                }
                file.seek(SeekFrom::Start(at))?;
                file.write_all(&bytes)
            })
        };
        tokio::task::spawn_blocking(write).await.map_err(Error::internal)??;
        self.0.state().written = at + size;
        self.0.more.notify_one();
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.more.notify_one();
    }
}

impl Reader {
    /// The answers in order; ends when the writer is gone and all was read.
    pub(super) fn into_stream(self) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
        stream::unfold(self, |reader| async move { reader.next().await.transpose().map(|piece| (piece, reader)) })
    }

    async fn next(&self) -> std::io::Result<Option<Bytes>> {
        loop {
            let (from, until) = {
                let mut state = self.0.state();
                if let Some(bytes) = state.memory.pop_front() {
                    state.bytes -= bytes.len();
                    return Ok(Some(bytes));
                }
                if state.closed && state.read == state.written {
                    return Ok(None);
                }
                (state.read, state.written.min(state.read + PIECE))
            };
            if from < until {
                let shared = Arc::clone(&self.0);
                let read = move || {
                    shared.with_file(|file| {
                        let mut piece = vec![0; usize::try_from(until - from).unwrap_or(0)];
                        file.seek(SeekFrom::Start(from))?;
                        file.read_exact(&mut piece)?;
                        Ok(piece)
                    })
                };
                let piece = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)??;
                self.0.state().read = until;
                self.0.room.notify_one();
                return Ok(Some(Bytes::from(piece)));
            }
            self.0.more.notified().await;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.gone.cancel();
    }
}
