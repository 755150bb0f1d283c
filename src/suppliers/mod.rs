//! Suppliers, and the profiles that say how their files map to our attributes.

pub mod profile;
mod profile_toml;
mod propose;
mod samples;
pub mod targets;
#[cfg(test)]
mod tests;

pub use profile::{Column, FileMode, Pattern, Profile, ProfileError, Take, Target};
pub use propose::{field_names, propose};
