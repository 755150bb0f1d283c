//! The command line: one file per command.

pub mod gtin;
pub mod normalize;

#[cfg(test)]
mod tests;
