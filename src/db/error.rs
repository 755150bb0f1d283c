//! What a database error means to a caller.

#[cfg(test)]
mod tests;

use crate::error::{Code, Error};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// What a server or SQLite says when it may be otherwise in a moment, in small letters, and what that means. Diesel keeps the
/// SQLSTATE to itself, so the text is all there is; PostgreSQL says it in the server's language, English unless somebody chose
/// another (`lc_messages`).
const PASSING: &[(&str, &str)] = &[
    ("database is locked", "the database is busy; try again"),
    ("database table is locked", "the database is busy; try again"),
    ("deadlock detected", "the database is busy; try again"),
    ("could not serialize access", "the database is busy; try again"),
    ("due to lock timeout", "the database is busy; try again"),
    ("due to statement timeout", "the database is busy; try again"),
    ("too many clients", "the database has no connection free; try again"),
    ("remaining connection slots are reserved", "the database has no connection free; try again"),
    ("terminating connection", "the database was restarted; try again"),
    ("the database system is", "the database is starting or stopping; try again"),
    ("server closed the connection", "the database was restarted; try again"),
    ("connection to server", "the database cannot be reached just now; try again"),
    ("connection not open", "the database cannot be reached just now; try again"),
    ("no connection to the server", "the database cannot be reached just now; try again"),
    ("ssl connection has been closed", "the database cannot be reached just now; try again"),
    ("could not receive data from server", "the database cannot be reached just now; try again"),
    ("could not send data to server", "the database cannot be reached just now; try again"),
    ("no space left on device", "the database's disk is full; make room and try again"),
    ("disk is full", "the database's disk is full; make room and try again"),
    ("disk full", "the database's disk is full; make room and try again"),
    ("disk i/o error", "the database's disk cannot be used just now; try again"),
    ("readonly database", "the database cannot be written just now; try again"),
];

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        let passing = match &error {
            DieselError::NotFound => return Self::new(Code::NotFound, "there is no such row").because(error),
            DieselError::DatabaseError(Kind::SerializationFailure, _) => Some("the database is busy; try again"),
            DieselError::DatabaseError(Kind::ReadOnlyTransaction, _) => {
                Some("the database cannot be written just now; try again")
            }
            DieselError::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => {
                Some("the database cannot be reached just now; try again")
            }
            DieselError::DatabaseError(Kind::Unknown, info) => passing(info.message()),
            DieselError::BrokenTransactionManager => Some("the database cannot be reached just now; try again"),
            _ => None,
        };
        match passing {
            Some(detail) => Self::new(Code::Unavailable, detail).because(error),
            None => Self::internal(error),
        }
    }
}

fn passing(message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    PASSING.iter().find(|(text, _)| message.contains(text)).map(|(_, detail)| *detail)
}

/// Turns a unique violation into `conflict`; any other error passes. SQLite names no constraint, so the caller says what it was.
pub fn unique_violation(error: DieselError, conflict: impl FnOnce() -> Error) -> Error {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => conflict(),
        other => other.into(),
    }
}
