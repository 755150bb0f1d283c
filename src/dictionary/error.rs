//! What can be wrong in `schema/`, said so that the author of the file finds the place.

use std::{fmt, ops::Range};

/// A mistake in a schema file: where it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError {
    /// The file, as embedded (`schema/units.toml`) or as given by the user.
    pub file: String,
    /// Line from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// The key, such as `attribute light_output_max, unit`; empty when TOML itself is broken there.
    pub key: String,
    /// What is wrong, as a sentence that says what to do.
    pub message: String,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for SchemaError {}

/// One schema file's name and text; turns byte spans into lines.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// Name for errors.
    pub(crate) name: String,
    /// Whole text.
    pub(crate) text: String,
}

impl Source {
    /// An error at a byte span of this file.
    pub(crate) fn error(&self, span: Option<Range<usize>>, key: impl Into<String>, message: impl Into<String>) -> SchemaError {
        let line = span.map_or(0, |span| {
            let end = span.start.min(self.text.len());
            self.text.as_bytes().iter().take(end).filter(|byte| **byte == b'\n').count() + 1
        });
        SchemaError { file: self.name.clone(), line, key: key.into(), message: message.into() }
    }

    /// Parses the file, and names the line when TOML or its shape is wrong.
    pub(crate) fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, SchemaError> {
        toml::from_str(&self.text).map_err(|error| self.error(error.span(), "", error.message().to_owned()))
    }
}

impl From<SchemaError> for crate::error::Error {
    fn from(error: SchemaError) -> Self {
        Self::new(crate::error::Code::InvalidProfile, error.to_string())
    }
}
