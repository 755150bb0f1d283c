//! What a channel says of a listing after it was sent. It may accept one and turn it away hours later, so each word has its time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Where a listing stands on the channel itself, in the channel's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelAnswer {
    /// What became of it.
    pub state: AnswerState,
    /// What the channel said.
    #[serde(default)]
    pub words: Vec<ChannelWord>,
    /// When the channel said so.
    pub at: DateTime<Utc>,
}

/// See [`ChannelAnswer::state`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerState {
    /// Taken in, not yet shown.
    Accepted,
    /// Shown to buyers.
    Live,
    /// Turned away, or taken down.
    Rejected,
}

/// One thing that the channel said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelWord {
    /// Its code.
    #[serde(default)]
    pub code: String,
    /// Its sentence.
    pub message: String,
    /// The field it names, where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Things said of one listing at most.
pub const MAX_WORDS: usize = 100;
