//! Stock per supplier and warehouse: what is on hand, what is reserved, what may be sold.
//!
//! [`available`] is the one place where stock is summed. Levels change only through [`queries::levels_put`], which writes the
//! movement ledger in the same breath.

pub mod api;
pub mod available;
pub mod intake;
pub mod lines;
pub mod queries;
pub mod report;
