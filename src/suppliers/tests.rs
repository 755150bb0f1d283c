//! What a user of this part would notice.

mod check;
mod profile;
mod propose;
