//! One error type, and the one table of codes that the API documents.
//!
//! An [`Error`] says what to do in a sentence; its [`Code`] is what programs look at and what decides the HTTP status. What is
//! nobody's business outside (a database's message) is kept as the source, logged once, and answered as `internal`.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $status:literal, $title:literal;)+) => {
        /// What went wrong, for programs. The table that a running server shows at `/docs/errors` is written from
        /// this list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])+ $name,)+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name.
            pub fn as_str(self) -> &'static str { match self { $(Self::$name => $code,)+ } }

            /// The HTTP status it is answered with.
            pub fn status(self) -> u16 { match self { $(Self::$name => $status,)+ } }

            /// A short text, the same for every occurrence (RFC 9457 `title`).
            pub fn title(self) -> &'static str { match self { $(Self::$name => $title,)+ } }
        }
    };
}

codes! {
    /// The product was merged into another, which answers in its place.
    Merged = "merged", 308, "This product was merged into another";
    /// The request cannot be read at all.
    BadRequest = "bad_request", 400, "The request cannot be read";
    /// The body is not JSON.
    InvalidJson = "invalid_json", 400, "The body is not valid JSON";
    /// A query parameter is wrong.
    InvalidParameter = "invalid_parameter", 400, "A parameter is not valid";
    /// A filter expression does not parse.
    InvalidFilter = "invalid_filter", 400, "The filter cannot be read";
    /// A paging cursor was not made by this server.
    InvalidCursor = "invalid_cursor", 400, "The cursor is not valid";
    /// No key, or one that is unknown or revoked.
    Unauthorized = "unauthorized", 401, "A valid API key is needed";
    /// The key's role does not allow this.
    Forbidden = "forbidden", 403, "This key may not do that";
    /// There is no such thing, or it is somebody else's.
    NotFound = "not_found", 404, "Not found";
    /// The path exists, the verb does not.
    MethodNotAllowed = "method_not_allowed", 405, "This method is not allowed here";
    /// Something of that name is there already, or the state does not allow the step.
    Conflict = "conflict", 409, "The current state does not allow this";
    /// A request with this `Idempotency-Key` is still running.
    InProgress = "in_progress", 409, "The first request with this key is still running";
    /// Nothing of this kind of operation can be restored.
    NotUndoable = "not_undoable", 409, "This operation cannot be undone";
    /// What this needs was kept for a time and is gone.
    NoLongerKept = "no_longer_kept", 410, "What this needs is no longer kept";
    /// A cursor or event position is older than what is kept.
    CursorExpired = "cursor_expired", 410, "The cursor has expired";
    /// `If-Match` names an older version.
    PreconditionFailed = "precondition_failed", 412, "The resource has changed since you read it";
    /// A body, file, row or other size is over its limit.
    TooLarge = "too_large", 413, "Too large";
    /// The media type is not one this resource takes.
    UnsupportedMediaType = "unsupported_media_type", 415, "This media type is not supported here";
    /// A byte range lies outside the file.
    RangeNotSatisfiable = "range_not_satisfiable", 416, "The range lies outside the file";
    /// Understood, but some field is wrong.
    Invalid = "invalid", 422, "Some fields are not valid";
    /// An `Idempotency-Key` that was used for another request.
    KeyReused = "idempotency_key_reused", 422, "This Idempotency-Key belongs to another request";
    /// A supplier profile, a dictionary file or a channel profile is wrong.
    InvalidProfile = "invalid_profile", 422, "The profile is not valid";
    /// A file cannot be read as what it claims to be.
    UnreadableFile = "unreadable_file", 422, "The file cannot be read";
    /// The request took too long to arrive.
    Timeout = "timeout", 408, "The request took too long";
    /// Our fault.
    Internal = "internal", 500, "Something went wrong on our side";
    /// The database or a file store cannot be reached just now.
    Unavailable = "unavailable", 503, "Not available just now";
    /// The write that was to be waited for is not visible yet.
    NotYetVisible = "not_yet_visible", 503, "The change is not visible yet";
}

/// Which field is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// RFC 6901 pointer into the body, such as `/values/ip_rating`; a parameter's name for a query.
    pub pointer: String,
    /// A stable code.
    pub code: String,
    /// A sentence that says what to do.
    pub message: String,
}

/// Which name stands for which other now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The name that was asked for.
    pub from: String,
    /// The one that answers in its place.
    pub to: String,
}

/// What went wrong, for people and for programs.
#[derive(Debug)]
pub struct Error {
    /// For programs.
    pub code: Code,
    /// For people: a sentence that says what to do.
    pub detail: String,
    /// Which fields, when it is about fields.
    pub fields: Vec<FieldError>,
    /// The name that it goes by now, where the thing asked for is another's part since.
    pub moved: Option<Moved>,
    /// What lay beneath; logged, never answered.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a code and a sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), fields: Vec::new(), moved: None, source: None }
    }

    /// The product `from` was merged into `to`.
    pub fn merged(from: impl Into<String>, to: impl Into<String>) -> Self {
        let (from, to) = (from.into(), to.into());
        let detail = format!("product {from} was merged into {to}; use that one");
        Self { moved: Some(Moved { from, to }), ..Self::new(Code::Merged, detail) }
    }

    /// `what` does not exist, or not for this caller.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("there is no {what}"))
    }

    /// One field is wrong.
    pub fn field(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code: Code::Invalid,
            detail: message.clone(),
            fields: vec![FieldError { pointer: pointer.into(), code: code.into(), message }],
            moved: None,
            source: None,
        }
    }

    /// Several fields are wrong.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let detail = fields.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join("; ");
        Self { fields, ..Self::new(Code::Invalid, detail) }
    }

    /// Our fault; the cause is logged, not shown.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self { source: Some(source), ..Self::new(Code::Internal, "an internal error was logged") }
    }

    /// Keeps the cause beside the sentence.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        // On a terminal the cause of our own faults is what helps.
        match (&self.source, self.code) {
            (Some(source), Code::Internal | Code::Unavailable) => write!(f, " ({source})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let detail = match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => "the disk is full; make room and try again",
            Kind::FileTooLarge => "a file has grown to the largest size that is allowed here (ulimit -f); raise it and try again",
            Kind::ReadOnlyFilesystem => {
                "the data folder is on a file system that cannot be written; make it writable and try again"
            }
            _ => return Self::internal(error),
        };
        Self::new(Code::Unavailable, detail).because(error)
    }
}
