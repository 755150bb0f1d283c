//! The program killed with no warning in the middle of its work, and what the next start makes of it.
//!
//! What counts is not that it goes on, but that nobody can tell afterwards. Two houses live the same life: in the quiet one nothing ever
//! happens, in the other `kill -9` falls at a random moment of every round, and the program is started again. Then both must hold the
//! same: catalogue, stock, listings, the counts and issues of every import, an index equal to the database, feeds that are whole, and
//! nothing that `doctor` finds.
//!
//! In `cargo test` a few kills of each kind fall on either database; `.ci/long` adds a hundred. `BEAMLINE_KILLS` says how many in all,
//! `BEAMLINE_KILLS_SEED` repeats their moments as well as a clock allows.

mod beside;
mod catalogue;
mod index;
pub mod life;
pub mod program;
mod publication;
mod stock;
mod two;
