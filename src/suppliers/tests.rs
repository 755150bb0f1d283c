//! Tests of profiles.

mod profile;
