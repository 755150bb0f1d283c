//! Channels: marketplaces and shops, what they want, what is ready for them, and the feeds they read.
//!
//! What a channel wants is data ([`profile`], in `schema/channels/`). [`readiness`] judges one product for one channel and makes
//! its row: [`extract`] reads the product, [`render`] writes the values, limits decide. [`follow`] keeps the listings up to date
//! by following the change log; [`publish`] walks the catalogue and writes a feed, part by part, that never changes again.

pub mod agreement;
pub mod answer;
pub mod api;
pub mod compare;
pub mod condition;
pub mod contract;
pub mod extract;
pub mod follow;
pub mod group;
pub mod guard;
pub mod judge;
pub mod layout;
pub mod link;
pub mod load;
pub mod manifest;
pub mod mirror;
pub mod pictures;
pub mod placeholders;
pub mod press;
pub mod profile;
pub mod prune;
pub mod publish;
pub mod queries;
pub mod readiness;
pub mod render;
pub mod schedule;
pub mod sent;
pub mod serve;
pub mod settings;
pub mod shape;
pub mod sheet;
pub mod signed;
pub mod source;
pub mod store;
pub mod template;
pub mod text;
pub mod words;
pub mod write;

#[cfg(test)]
mod tests;

pub use load::Channels;
pub use profile::ChannelProfile;
pub use readiness::{Evaluation, ListingState, Reason, evaluate};
pub use settings::ChannelSettings;
