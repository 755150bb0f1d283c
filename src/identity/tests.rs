//! What a user of this part would notice.

mod choosing;
mod counting;
mod numbers;
mod ruling;
mod verdicts;
mod wording;
