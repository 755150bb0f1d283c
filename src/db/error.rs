//! What a database error means to a caller.

use crate::error::{Code, Error};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::new(Code::NotFound, "there is no such row").because(error),
            DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction | DatabaseErrorKind::ClosedConnection, _) => {
                Self::new(Code::Unavailable, "the database cannot be written just now; try again").because(error)
            }
            DieselError::DatabaseError(_, ref info) if info.message().contains("database is locked") => {
                Self::new(Code::Unavailable, "the database is busy; try again").because(error)
            }
            other => Self::internal(other),
        }
    }
}

/// Turns a unique violation into `conflict`; any other error passes. SQLite names no constraint, so the caller says what it was.
pub fn unique_violation(error: DieselError, conflict: impl FnOnce() -> Error) -> Error {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => conflict(),
        other => other.into(),
    }
}
