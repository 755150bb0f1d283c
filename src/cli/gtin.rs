//! `beamline gtin VALUE...`: what each text is as a GTIN, one JSON object a line.

use crate::identity::canonicalise;
use std::io::Write;

/// Check GTINs in any written form, and give their 14-digit key
#[derive(Debug, clap::Args)]
pub struct GtinArgs {
    /// Texts to read as GTINs
    #[arg(required = true, allow_hyphen_values = true, value_name = "VALUE")]
    pub values: Vec<String>,
}

/// Writes `{"input","status","gtin14","kind","issue","proposal"}` per value.
pub fn run(args: &GtinArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    for value in &args.values {
        writeln!(out, "{}", serde_json::to_string(&canonicalise(value))?)?;
    }
    Ok(())
}
