//! Tests of profiles.

mod profile;
mod propose;
