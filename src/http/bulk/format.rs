//! How answers are written: as lines of ours, or as Akeneo's clients expect them.

use super::batch::Answer;
use crate::error::FieldError;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Serialize;

/// One JSON object a line.
pub const NDJSON: &str = "application/x-ndjson";
/// The same, as Akeneo names it.
pub const AKENEO: &str = "application/vnd.akeneo.collection+json";

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Ndjson,
    Akeneo,
}

#[derive(Serialize)]
struct OwnLine<'a> {
    line: u64,
    status: u16,
    id: Option<&'a str>,
    change: Option<&'a str>,
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [FieldError],
}

#[derive(Serialize)]
struct AkeneoLine<'a> {
    line: u64,
    identifier: Option<&'a str>,
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    change: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

#[derive(Serialize)]
struct LastLine<'a> {
    done: bool,
    lines: u64,
    change: &'a str,
}

impl Format {
    pub(super) fn of(media_type: &str) -> Self {
        if media_type == AKENEO { Self::Akeneo } else { Self::Ndjson }
    }

    /// One answer, with the line's end.
    pub(super) fn line(self, answer: &Answer, into: &mut Vec<u8>) {
        let Answer { line, status, id, change, errors, warnings } = answer;
        let (id, change) = (id.as_deref(), change.as_deref());
        let written = match self {
            Self::Ndjson => {
                serde_json::to_writer(&mut *into, &OwnLine { line: *line, status: *status, id, change, errors, warnings })
            }
            Self::Akeneo => {
                let message = (!errors.is_empty())
                    .then(|| errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; "));
                serde_json::to_writer(
                    &mut *into,
                    &AkeneoLine { line: *line, identifier: id, status_code: *status, message, change, errors },
                )
            }
        };
        if let Err(error) = written {
            tracing::error!(%error, "an answer could not be written");
        }
        into.push(b'\n');
    }

    /// The last line, where the format has one.
    pub(super) fn done(self, lines: u64, change: &str) -> Option<Bytes> {
        if self == Self::Akeneo {
            return None;
        }
        let mut text = serde_json::to_vec(&LastLine { done: true, lines, change }).ok()?;
        text.push(b'\n');
        Some(Bytes::from(text))
    }

    pub(super) fn response(self, body: Body) -> Response {
        let mut response = Response::new(body);
        let media_type = if self == Self::Akeneo { AKENEO } else { NDJSON };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        response
    }
}
