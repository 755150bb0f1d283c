//! What a user of this part would notice.

mod line;
mod reading;
