//! Readers that count what passes and stop at a bound.

use super::error::ReadError;
use super::limits::ReadLimits;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the bytes that pass; the count can be read from elsewhere.
pub(crate) struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(crate) fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        (Self { inner, count: Arc::clone(&count) }, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Stops when more than the allowed bytes came out, or far more than went in.
pub(crate) struct Bounded<R> {
    inner: R,
    /// Packed bytes taken so far, where there is a packed form.
    packed: Option<Arc<AtomicU64>>,
    /// Unpacked bytes so far, of all members of one file.
    out: Arc<AtomicU64>,
    /// `out` when this member began.
    start: u64,
    limits: ReadLimits,
}

impl<R> Bounded<R> {
    pub(crate) fn new(inner: R, packed: Option<Arc<AtomicU64>>, out: Arc<AtomicU64>, limits: &ReadLimits) -> Self {
        let start = out.load(Ordering::Relaxed);
        Self { inner, packed, out, start, limits: limits.clone() }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let out = self.out.fetch_add(read as u64, Ordering::Relaxed).saturating_add(read as u64);
        if out > self.limits.max_total_bytes {
            let message = format!("the file holds more than {} bytes; split it", self.limits.max_total_bytes);
            return Err(ReadError::fatal("file_too_large", message).into_io());
        }
        let own = out.saturating_sub(self.start);
        if let Some(packed) = &self.packed
            && own > self.limits.ratio_free_bytes
            && own > packed.load(Ordering::Relaxed).max(1).saturating_mul(self.limits.max_ratio)
        {
            let message = format!(
                "the packed file grows to more than {} times its size, as only a decompression bomb does; send it unpacked",
                self.limits.max_ratio
            );
            return Err(ReadError::fatal("unpacks_too_large", message).into_io());
        }
        Ok(read)
    }
}

/// A buffered reader that refuses to hand out more than `max` bytes between two calls of [`Governor::reset`].
///
/// The parsers behind it gather one row or one XML event in memory, without a bound of their own.
pub(crate) struct Governor<R> {
    inner: R,
    since: u64,
    max: u64,
}

impl<R> Governor<R> {
    pub(crate) fn new(inner: R, max: usize) -> Self {
        Self { inner, since: 0, max: max as u64 }
    }

    /// A new row or event begins.
    pub(crate) fn reset(&mut self) {
        self.since = 0;
    }

    fn check(&self) -> io::Result<()> {
        if self.since <= self.max {
            return Ok(());
        }
        let message = format!(
            "a record is longer than {} bytes, so the rest cannot be told apart; look for a quote or an element that is not closed",
            self.max
        );
        Err(ReadError::fatal("row_too_large", message).into_io())
    }
}

impl<R: Read> Read for Governor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let read = self.inner.read(buffer)?;
        self.since = self.since.saturating_add(read as u64);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Governor<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.since = self.since.saturating_add(amount as u64);
        self.inner.consume(amount);
    }
}
