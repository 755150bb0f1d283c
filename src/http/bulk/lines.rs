//! A body cut into lines as it arrives. A line over the limit is thrown away while it arrives, so that no line needs more room than that.

use crate::error::{Error, FieldError, Result};
use crate::http::{body, extract};
use axum::body::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::{Map, Value as JsonValue};

/// Bytes of a line.
pub(super) const MAX_LINE: usize = 1 << 20;

/// One line that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1, blank ones included.
    pub number: u64,
    /// Its bytes without the line's end; none when there were too many.
    pub bytes: Option<Vec<u8>>,
}

/// The lines of a body.
pub(super) struct Lines<S> {
    pieces: S,
    piece: Bytes,
    held: Vec<u8>,
    over: bool,
    number: u64,
    ended: bool,
}

impl<S, E> Lines<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::error::Error + Send + Sync + 'static,
{
    pub(super) fn new(pieces: S) -> Self {
        Self { pieces, piece: Bytes::new(), held: Vec::new(), over: false, number: 0, ended: false }
    }

    /// The next line that is not blank; none at the body's end. A line that a broken body cuts off is none. Nothing is lost when this is
    /// dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<Option<Line>> {
        loop {
            while let Some(at) = self.piece.iter().position(|byte| *byte == b'\n') {
                let part = self.piece.split_to(at + 1);
                self.hold(part.get(..at).unwrap_or_default());
                if let Some(line) = self.cut() {
                    return Ok(Some(line));
                }
            }
            let part = std::mem::take(&mut self.piece);
            self.hold(&part);
            if self.ended {
                return Ok(None);
            }
            if let Some(piece) = self.pieces.next().await {
                self.piece = piece.map_err(body::failure)?;
                continue;
            }
            self.ended = true;
            // The last line need not end.
            if (!self.held.is_empty() || self.over)
                && let Some(line) = self.cut()
            {
                return Ok(Some(line));
            }
        }
    }

    /// Reads on and throws away what comes.
    pub(super) async fn drain(&mut self) {
        while !self.ended {
            match self.pieces.next().await {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => self.ended = true,
            }
        }
    }

    fn hold(&mut self, part: &[u8]) {
        if self.over || self.held.len() + part.len() > MAX_LINE {
            self.over = true;
            self.held = Vec::new();
        } else {
            self.held.extend_from_slice(part);
        }
    }

    fn cut(&mut self) -> Option<Line> {
        self.number += 1;
        let (number, over) = (self.number, std::mem::take(&mut self.over));
        let held = std::mem::take(&mut self.held);
        if over {
            return Some(Line { number, bytes: None });
        }
        let mut bytes = held.as_slice();
        if number == 1 {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        let bytes = bytes.trim_ascii();
        (!bytes.is_empty()).then(|| Line { number, bytes: Some(bytes.to_vec()) })
    }
}

/// Reads a line as a JSON object.
pub(super) fn object(bytes: Option<&[u8]>) -> Result<Map<String, JsonValue>> {
    let Some(bytes) = bytes else {
        return Err(wrong("too_large", format!("a line has at most {MAX_LINE} bytes; split what it says")));
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        wrong("invalid_utf8", format!("the line is not UTF-8 at byte {}; send it in UTF-8", error.valid_up_to() + 1))
    })?;
    if extract::holds_nul(bytes) {
        return Err(wrong("nul_character", "a text holds the character U+0000; leave it out".to_owned()));
    }
    match serde_json::from_str(text) {
        Ok(JsonValue::Object(object)) => Ok(object),
        Ok(_) => Err(wrong("invalid", "a line is one JSON object".to_owned())),
        Err(error) => Err(wrong("invalid_json", format!("the line is not valid JSON at character {}: {error}", error.column()))),
    }
}

fn wrong(code: &str, message: String) -> Error {
    Error::fields(vec![FieldError { pointer: String::new(), code: code.to_owned(), message }])
}
