//! `beamline openapi`: the API described for programs (OpenAPI 3.1).

use super::{Outcome, say};
use crate::error::{Code, Error, Result};
use crate::http::{openapi, router};
use clap::Args;
use std::path::PathBuf;

/// Write the document that describes the API
#[derive(Debug, Args)]
pub struct Openapi {
    /// Where to; '-' writes to standard output
    #[arg(long, env = "BEAMLINE_OPENAPI_OUT", default_value = "openapi/beamline.json", value_name = "FILE")]
    out: PathBuf,
}

impl Openapi {
    pub(super) fn run(self) -> Result<Outcome> {
        let text = openapi::text(&router::document()?)?;
        if self.out.as_os_str() == "-" {
            say(text.trim_end())?;
            return Ok(Outcome::Done);
        }
        let folder = self.out.parent().filter(|folder| !folder.as_os_str().is_empty());
        let written = folder.map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&self.out, text));
        let shown = self.out.display();
        written.map_err(|error| Error::new(Code::Unavailable, format!("{shown} cannot be written; use --out")).because(error))?;
        say(format_args!("{shown} is written"))?;
        Ok(Outcome::Done)
    }
}
