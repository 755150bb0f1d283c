//! Any encoding in, UTF-8 out, as a stream.
//!
//! What was said (a profile, an XML declaration) is believed unless the bytes refute it; a byte order mark outranks both. Otherwise
//! the first 64 KiB that hold something else than ASCII decide: valid UTF-8 is UTF-8, the rest is for `chardetng` to guess.
//!
//! Files are put together from others, so one may hold both. Where the guess is an encoding of one byte a letter, a line that is valid
//! UTF-8 all the same is UTF-8: text of such an encoding practically never is. In the other direction U+FFFD marks what is lost, and
//! the row is warned.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read};

/// Bytes that are looked at to guess.
pub(crate) const SNIFF_BYTES: usize = 64 << 10;

/// Decodes a stream to UTF-8 without its byte order mark; what cannot be decoded becomes U+FFFD.
pub(crate) struct Decoding<R> {
    inner: R,
    decoder: Option<Decoder>,
    /// Lines may be of UTF-8 and of this one, which was guessed.
    mixed: Option<&'static Encoding>,
    country: Option<&'static str>,
    input: Vec<u8>,
    used: usize,
    output: Vec<u8>,
    given: usize,
    done: bool,
}

impl<R: Read> Decoding<R> {
    /// `known` is believed; without it the stream decides, with the language's country as a hint.
    pub(crate) fn new(inner: R, known: Option<&'static Encoding>, language: Option<&str>) -> Self {
        Self {
            inner,
            decoder: known.map(Encoding::new_decoder),
            mixed: None,
            country: language.and_then(country),
            input: Vec::new(),
            used: 0,
            output: Vec::new(),
            given: 0,
            done: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.given = 0;
        while self.output.is_empty() && !self.done {
            self.input.drain(..self.used);
            self.used = 0;
            let want = (SNIFF_BYTES as u64).saturating_sub(self.input.len() as u64);
            let got = self.inner.by_ref().take(want).read_to_end(&mut self.input)?;
            let last = got == 0 || (got as u64) < want;
            if self.decoder.is_none() {
                if self.input.is_ascii() && !looks_utf16(&self.input) {
                    self.output.append(&mut self.input);
                    self.done = last;
                    continue;
                }
                let guessed = guess(&self.input, last, self.country);
                self.mixed = Some(guessed).filter(|guessed| guessed.is_single_byte());
                self.decoder = Some(guessed.new_decoder());
            }
            if let Some(encoding) = self.mixed {
                // The last line goes on in the next piece; one that fills a whole piece is taken in pieces.
                let ends = if last { None } else { self.input.iter().rposition(|byte| *byte == b'\n') };
                self.used = ends.map_or(self.input.len(), |end| end + 1);
                by_line(self.input.get(..self.used).unwrap_or_default(), encoding, &mut self.output);
                self.done = last;
                continue;
            }
            if let Some(decoder) = &mut self.decoder {
                let room = decoder.max_utf8_buffer_length(self.input.len()).unwrap_or(SNIFF_BYTES * 3);
                self.output.resize(room, 0);
                let (result, read, written, _) = decoder.decode_to_utf8(&self.input, &mut self.output, last);
                self.output.truncate(written);
                self.used = read;
                self.done = last && result == CoderResult::InputEmpty;
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.output.len() {
            self.fill()?;
        }
        let rest = self.output.get(self.given..).unwrap_or_default();
        let amount = rest.len().min(buffer.len());
        if let (Some(target), Some(source)) = (buffer.get_mut(..amount), rest.get(..amount)) {
            target.copy_from_slice(source);
        }
        self.given += amount;
        Ok(amount)
    }
}

/// Decodes line by line: valid UTF-8 as such, any other as `encoding`.
fn by_line(bytes: &[u8], encoding: &'static Encoding, output: &mut Vec<u8>) {
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if std::str::from_utf8(line).is_ok() {
            output.extend_from_slice(line);
        } else {
            output.extend_from_slice(encoding.decode_without_bom_handling(line).0.as_bytes());
        }
    }
}

/// The encoding of this beginning of a file. `whole` says that the file ends with it.
pub(crate) fn guess(bytes: &[u8], whole: bool, country: Option<&str>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    if looks_utf16(bytes) {
        return if bytes.first() == Some(&0) { UTF_16BE } else { UTF_16LE };
    }
    if is_utf8(bytes, whole) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, whole);
    detector.guess(country.map(str::as_bytes), Utf8Detection::Deny)
}

/// What `said` means for these bytes: nothing when they are not what it says, or when nobody knows the name.
pub(crate) fn believed(said: &str, bytes: &[u8]) -> Option<&'static Encoding> {
    let encoding =
        Encoding::for_bom(bytes).map(|(encoding, _)| encoding).or_else(|| Encoding::for_label(said.trim().as_bytes()))?;
    (encoding != UTF_8 || is_utf8(bytes, false)).then_some(encoding)
}

/// Valid UTF-8, where the end may be cut within a character.
fn is_utf8(bytes: &[u8], whole: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => !whole && error.error_len().is_none(),
    }
}

/// Western text in UTF-16 without a mark has a zero in every second byte.
fn looks_utf16(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(256)).unwrap_or_default();
    let (mut even, mut odd) = (0_usize, 0_usize);
    for pair in head.chunks_exact(2) {
        even += usize::from(pair.first() == Some(&0));
        odd += usize::from(pair.get(1) == Some(&0));
    }
    let pairs = head.len() / 2;
    pairs > 1 && ((even == 0 && odd * 4 > pairs * 3) || (odd == 0 && even * 4 > pairs * 3))
}

/// The top-level domain that `chardetng` takes as a hint for a language.
fn country(language: &str) -> Option<&'static str> {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    match primary.to_ascii_lowercase().as_str() {
        "uk" => Some("ua"),
        "ru" => Some("ru"),
        "bg" => Some("bg"),
        "sr" => Some("rs"),
        "be" => Some("by"),
        "el" => Some("gr"),
        "tr" => Some("tr"),
        "az" => Some("az"),
        "pl" => Some("pl"),
        "cs" => Some("cz"),
        "sk" => Some("sk"),
        "hu" => Some("hu"),
        "ro" => Some("ro"),
        "da" => Some("dk"),
        "sv" => Some("se"),
        "nb" | "no" | "nn" => Some("no"),
        "fi" => Some("fi"),
        "de" => Some("de"),
        "fr" => Some("fr"),
        "es" => Some("es"),
        "it" => Some("it"),
        "pt" => Some("pt"),
        "nl" => Some("nl"),
        "ja" => Some("jp"),
        "ko" => Some("kr"),
        "zh" => Some("cn"),
        "he" => Some("il"),
        "ar" => Some("eg"),
        "vi" => Some("vn"),
        "th" => Some("th"),
        "et" => Some("ee"),
        "lv" => Some("lv"),
        "lt" => Some("lt"),
        _ => None,
    }
}
