//! Exif data, which is a TIFF directory (CIPA DC-008): which way up, and whether it says where it was taken.

/// What Exif data, or the first directory of a TIFF, says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Exif {
    /// 1 to 8; 0 where nothing is said.
    pub(crate) orientation: u8,
    /// There is a directory of positions.
    pub(crate) position: bool,
}

const ORIENTATION: u16 = 0x0112;
const POSITION: u16 = 0x8825;
/// A directory of TIFF counts its entries with 16 bits; no camera writes so many.
const MAX_ENTRIES: usize = 1_000;

impl Exif {
    /// Reads it from data that begins as a TIFF does; nothing where it is broken.
    pub(crate) fn read(data: &[u8]) -> Self {
        let mut found = Self::default();
        for entry in Directory::first(data).into_iter().flat_map(Directory::entries) {
            match entry.tag {
                ORIENTATION => {
                    found.orientation = u8::try_from(entry.value).ok().filter(|value| (1..=8).contains(value)).unwrap_or(0);
                }
                POSITION => found.position = true,
                _ => {}
            }
        }
        found
    }
}

/// The first directory of a TIFF.
pub(super) struct Directory<'a> {
    data: &'a [u8],
    little: bool,
    big: bool,
    at: usize,
}

/// One entry: the value where it is a whole number that stands in the entry itself, else 0.
pub(super) struct Entry {
    pub(super) tag: u16,
    pub(super) value: u64,
    pub(super) count: u64,
}

impl<'a> Directory<'a> {
    pub(super) fn first(data: &'a [u8]) -> Option<Self> {
        let little = match data.get(..2)? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let mut directory = Self { data, little, big: false, at: 0 };
        directory.big = directory.number(2, 2)? == 43;
        directory.at = usize::try_from(if directory.big { directory.number(8, 8)? } else { directory.number(4, 4)? }).ok()?;
        Some(directory)
    }

    /// A whole number of so many bytes, in the byte order of the file.
    fn number(&self, at: usize, bytes: usize) -> Option<u64> {
        let part = self.data.get(at..at.checked_add(bytes)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.little { part.iter().rev().fold(0, add) } else { part.iter().fold(0, add) })
    }

    /// Is there another directory behind this one?
    pub(super) fn has_next(&self) -> bool {
        let (head, size, offset) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let count =
            self.number(self.at, head).and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= MAX_ENTRIES);
        let next = count.and_then(|count| self.number(self.at.checked_add(head + count * size)?, offset));
        next.is_some_and(|next| next != 0)
    }

    pub(super) fn entries(self) -> impl Iterator<Item = Entry> {
        let (head, size, counter) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.number(self.at, head).and_then(|count| usize::try_from(count).ok()).unwrap_or(0).min(MAX_ENTRIES);
        (0..count).map_while(move |index| {
            let at = self.at.checked_add(head + index * size)?;
            let tag = u16::try_from(self.number(at, 2)?).ok()?;
            let kind = self.number(at + 2, 2)?;
            let count = self.number(at + 4, counter)?;
            let value = at + 4 + counter;
            // BYTE, SHORT, LONG and LONG8 of TIFF.
            let value = match kind {
                1 => self.number(value, 1)?,
                3 => self.number(value, 2)?,
                4 => self.number(value, 4)?,
                16 if self.big => self.number(value, 8)?,
                _ => 0,
            };
            Some(Entry { tag, value, count })
        })
    }
}
