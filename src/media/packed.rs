//! Pictures packed in a zip: opened without trust, one entry in memory at a time.
//!
//! The directory of the archive is read through a bound, because its length is the sender's word. An entry is unpacked up to what a
//! picture may have; what grows far beyond its packed form is a bomb; and all entries together have a bound, however often they
//! point at the same bytes.

#[cfg(test)]
mod tests;

use super::naming::Naming;
use super::picture::Refusal;
use bytes::Bytes;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use zip::{CompressionMethod, ZipArchive};

/// Bytes of an archive's directory that are read: 800 for each of the entries that it may have.
const MAX_DIRECTORY: u64 = 16 << 20;
/// Bytes unpacked at once.
const PIECE: usize = 64 * 1024;

/// An archive that was looked through.
#[derive(Debug)]
pub struct Archive {
    entries: Vec<Entry>,
    open: Mutex<Open>,
    max_total: u64,
    max_ratio: u64,
    ratio_free: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Bytes unpacked so far.
    unpacked: u64,
}

#[derive(Debug)]
struct Entry {
    name: String,
    place: Result<Place, Refusal>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    packed: u64,
    plain: u64,
    checksum: u32,
    deflated: bool,
}

/// Lets only so much be read.
struct Bound<R> {
    inner: R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for Bound<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 && !buffer.is_empty() {
            return Err(io::Error::other("its directory is longer than one of pictures may be"));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.store(left.saturating_sub(read as u64), Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: Seek> Seek for Bound<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Is this how a zip begins?
pub fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Does the record that ends a zip (APPNOTE 4.3.16) end the file? A reader that looks for any such record takes a zip that was cut off for
/// one of those that are packed in it.
fn ends_as_zip(mut file: &File) -> io::Result<bool> {
    const RECORD: usize = 22;
    let len = file.seek(SeekFrom::End(0))?;
    let tail = len.min(RECORD as u64 + u64::from(u16::MAX));
    file.seek(SeekFrom::Start(len - tail))?;
    let mut bytes = Vec::new();
    file.take(tail).read_to_end(&mut bytes)?;
    let ends = |at: usize, record: &[u8]| match record {
        [b'P', b'K', 5, 6, .., low, high] => at + RECORD + usize::from(u16::from_le_bytes([*low, *high])) == bytes.len(),
        _ => false,
    };
    let found = bytes.windows(RECORD).enumerate().any(|(at, record)| ends(at, record));
    file.seek(SeekFrom::Start(0))?;
    Ok(found)
}

fn refusal(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into() }
}

fn damaged(why: impl std::fmt::Display) -> Refusal {
    refusal("archive_damaged", format!("the zip cannot be read: {why}; make it anew and send it again"))
}

impl Archive {
    /// Looks through an archive: what it holds, without unpacking anything. Blocks.
    pub fn open(file: File, naming: &Naming) -> Result<Self, Refusal> {
        let limits = naming.limits();
        if !ends_as_zip(&file).map_err(damaged)? {
            return Err(damaged("it does not end as a zip does, so it was cut off or is none"));
        }
        let directory = file.try_clone().map_err(damaged)?;
        let left = Arc::new(AtomicU64::new(MAX_DIRECTORY));
        let bound = Bound { inner: directory, left: Arc::clone(&left) };
        let mut archive = ZipArchive::new(BufReader::new(bound)).map_err(damaged)?;
        if archive.len() > limits.max_files {
            let (len, most) = (archive.len(), limits.max_files);
            return Err(refusal("too_many_files", format!("the zip holds {len} files, more than {most}; split it")));
        }
        // From here on there is a bound of its own: so many entries, and a head for each.
        left.store(u64::MAX, Ordering::Relaxed);
        let mut entries = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let entry = match archive.by_index_raw(index) {
                Ok(entry) => entry,
                Err(error) => {
                    entries.push(Entry { name: format!("entry {}", index + 1), place: Err(damaged(error)) });
                    continue;
                }
            };
            let name = String::from_utf8_lossy(entry.name_raw()).replace('\\', "/");
            if entry.is_dir() || name.ends_with('/') || naming.is_skipped(&name) {
                continue;
            }
            let place = place(&entry, &name);
            entries.push(Entry { name, place });
        }
        Ok(Self {
            entries,
            open: Mutex::new(Open { file, unpacked: 0 }),
            max_total: limits.max_total_bytes,
            max_ratio: limits.max_ratio,
            ratio_free: limits.ratio_free_bytes,
        })
    }

    /// Names of the files in it, in its order, with `/` between folders.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// Why a file in it cannot be had, where that is known before it is unpacked.
    pub fn refusal(&self, at: usize) -> Option<&Refusal> {
        self.entries.get(at)?.place.as_ref().err()
    }

    /// Unpacks one file of at most so many bytes. Blocks.
    pub fn read(&self, at: usize, most: u64) -> Result<Bytes, Refusal> {
        let entry = self.entries.get(at).ok_or_else(|| damaged("a file of it is gone"))?;
        let place = entry.place.clone()?;
        let too_large = || refusal("too_large", format!("a picture has at most {most} bytes; make it smaller"));
        if place.plain > most {
            return Err(too_large());
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.file.seek(SeekFrom::Start(place.start)).map_err(damaged)?;
        let packed = (&open.file).take(place.packed);
        let mut plain: Box<dyn Read + '_> = if place.deflated { Box::new(DeflateDecoder::new(packed)) } else { Box::new(packed) };
        let (mut bytes, mut sum, mut piece) = (Vec::new(), Crc::new(), vec![0; PIECE]);
        let mut unpacked = open.unpacked;
        let outcome = loop {
            let read = match plain.read(&mut piece) {
                Ok(0) => break Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => break Err(damaged(error)),
            };
            let part = piece.get(..read).unwrap_or_default();
            sum.update(part);
            bytes.extend_from_slice(part);
            let size = bytes.len() as u64;
            unpacked = unpacked.saturating_add(read as u64);
            if size > most {
                break Err(too_large());
            }
            if size > self.ratio_free && size > place.packed.max(1).saturating_mul(self.max_ratio) {
                let message = "it unpacks to far more than a picture does; pack the picture itself";
                break Err(refusal("archive_bomb", message));
            }
            if unpacked > self.max_total {
                let message = format!("the zip unpacks to more than {} bytes; split it", self.max_total);
                break Err(refusal("archive_too_large", message));
            }
        };
        drop(plain);
        open.unpacked = unpacked;
        drop(open);
        outcome?;
        if (sum.sum(), bytes.len() as u64) != (place.checksum, place.plain) {
            return Err(damaged("what came out of it is not what was packed"));
        }
        Ok(bytes.into())
    }
}

/// Where an entry stands, or why it is not taken.
fn place<R: Read>(entry: &zip::read::ZipFile<'_, R>, name: &str) -> Result<Place, Refusal> {
    if std::str::from_utf8(entry.name_raw()).is_err() {
        let message = "its name is not UTF-8, so nobody can tell what it says; pack it with a tool that writes UTF-8 names";
        return Err(refusal("name_not_utf8", message));
    }
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with('/') || drive || name.contains('\0') || name.split('/').any(|part| part == "..") {
        return Err(refusal("unsafe_name", "its name leads out of the zip; pack it under a plain name"));
    }
    if entry.encrypted() {
        return Err(refusal("archive_encrypted", "it has a password; pack it without one"));
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    if ending == "zip" {
        return Err(refusal("nested_archive", "a zip within a zip is not opened; send it by itself"));
    }
    let deflated = match entry.compression() {
        CompressionMethod::Stored => false,
        CompressionMethod::Deflated => true,
        other => {
            let message = format!("it is packed with {other}; pack it with deflate, as every zip tool can");
            return Err(refusal("packed_otherwise", message));
        }
    };
    let start = entry.data_start().ok_or_else(|| damaged("an entry has no place"))?;
    Ok(Place { start, packed: entry.compressed_size(), plain: entry.size(), checksum: entry.crc32(), deflated })
}
