//! Who may do what: keys, roles and what each role is allowed.
//!
//! A key is 256 random bits, shown once and kept as its SHA-256. A [`Caller`] is a key that was checked. What a role may do is
//! decided twice: [`gate`] refuses, before any handler runs, every path that a role has no business on, so that a new path is
//! closed to suppliers and channels until somebody opens it; and handlers ask the caller about the very object they touch.

pub mod api;
pub mod caller;
pub mod gate;
pub mod keys;
pub mod queries;
pub mod secret;

pub use caller::{Caller, Permission, Role, SupplierScope};
pub use keys::{Keys, NewKey};

#[cfg(test)]
mod tests;
