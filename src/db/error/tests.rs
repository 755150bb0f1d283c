use crate::error::{Code, Error};
use diesel::result::{DatabaseErrorKind as Kind, Error as DieselError};

fn code(kind: Kind, message: &str) -> Code {
    Error::from(DieselError::DatabaseError(kind, Box::new(message.to_owned()))).code
}

#[test]
fn what_may_pass_is_told_apart_from_our_own_faults() {
    for message in [
        "database is locked",
        "deadlock detected",
        "canceling statement due to lock timeout",
        "terminating connection due to administrator command",
        "FATAL: the database system is shutting down",
        "server closed the connection unexpectedly",
        "could not extend file \"base/1/2\": No space left on device",
        "database or disk is full",
    ] {
        assert_eq!(code(Kind::Unknown, message), Code::Unavailable, "{message}");
    }
    for kind in [Kind::SerializationFailure, Kind::ClosedConnection, Kind::ReadOnlyTransaction, Kind::UnableToSendCommand] {
        assert_eq!(code(kind, "any text"), Code::Unavailable);
    }
    assert_eq!(code(Kind::Unknown, "no such table: lamps"), Code::Internal);
    // A value that happens to hold such words is no reason to try again.
    assert_eq!(code(Kind::NotNullViolation, "row contains (deadlock detected)"), Code::Internal);
    assert_eq!(Error::from(DieselError::NotFound).code, Code::NotFound);
}

#[test]
fn a_full_disk_is_not_our_fault() {
    let of = |kind: std::io::ErrorKind| Error::from(std::io::Error::from(kind));
    let full = of(std::io::ErrorKind::StorageFull);
    assert_eq!(full.code, Code::Unavailable);
    assert!(full.detail.contains("make room"), "{full}");
    assert_eq!(of(std::io::ErrorKind::ReadOnlyFilesystem).code, Code::Unavailable);
    assert_eq!(of(std::io::ErrorKind::NotFound).code, Code::Internal);
}
