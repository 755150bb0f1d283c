//! The integration tests: one binary, so that it links once and starts one PostgreSQL.
//!
//! A test of a capability stands in the file of that name and is written with [`both_databases!`], which runs it on SQLite and on
//! PostgreSQL. `support` holds the house a test works in. CONTRIBUTING.md says how to run them with and without a server.

// A test may fail loudly anywhere, its own supporting code included; Clippy sees only the functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

#[macro_use]
mod support;

mod architecture;
mod auth;
mod backup;
mod bad_input;
mod bad_titles;
mod bench;
mod bucket;
mod bulk;
mod catalog;
mod changes;
mod channels;
mod cli;
mod coming_back;
mod contracts;
mod db;
mod doctor;
mod edits;
mod events;
mod generate;
mod http;
mod idempotency;
mod images;
mod imports;
mod jobs;
mod killed;
mod matches;
mod matches_again;
mod matching;
mod media_fetch;
mod observing;
mod outage;
mod own_channel;
mod paces;
mod real_data;
mod samples;
mod search;
mod stock;
mod suppliers;
mod support_works;
mod surface;
mod time;
mod undo;
