//! What a user of this part would notice.
