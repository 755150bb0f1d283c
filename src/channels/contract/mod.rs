//! Our files judged by the channels' own contracts.
//!
//! A profile says which outside file a format is held to ([`Contract`]): a JSON Schema, an OpenAPI description, a GraphQL schema, a
//! discovery document, a header, a table of fields. The files themselves are not part of this project; whoever has them names their folder.
//! [`check`] makes every file of a channel from the house's own catalogue, and a [`Judge`] reads it back and says what the contract does
//! not allow. A contract knows shapes; limits that channels only write down in prose stand in the profile and in its corrections.

pub mod check;
mod coercion;
mod document;
mod fields;
mod google;
mod graphql;
mod header;
mod house;
mod json_ld;
mod part;
mod property_tables;
mod schema;
mod source;
mod spelling;

#[cfg(test)]
mod tests;

use super::profile::{ChannelProfile, Contract, ContractKind, Correction, Format};
use crate::error::{Code, Error, Result};
use regex::Regex;
use source::Folder;
use std::path::{Component, Path};

/// What a contract does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which item of the part, from 0; none where it is the file as a whole.
    pub item: Option<u64>,
    /// Where in the document or line: a JSON pointer, in tables `/COLUMN`.
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
}

/// A contract, ready to judge.
pub struct Judge(Kind);

enum Kind {
    Document(document::Judge),
    GraphQl(Box<graphql::Judge>),
    Google(google::Judge),
    Header(header::Judge),
    JsonLd(json_ld::Judge),
}

impl Judge {
    /// Reads a contract from the folder of contracts; none where its file is not there. A file that cannot be read is an error.
    pub fn open(contract: &Contract, corrections: &[Correction], folder: &Path) -> Result<Option<Self>> {
        let folder = Folder::new(folder, corrections);
        if !folder.has(&contract.file) {
            return Ok(None);
        }
        let read = || -> Result<Kind, String> {
            let document = |schema| document::Judge::new(&schema, contract.each.clone()).map(Kind::Document);
            match contract.kind {
                ContractKind::JsonSchema => document(schema::of_json_schema(folder.document(&contract.file)?, &contract.at)?),
                ContractKind::Openapi => document(schema::of_openapi(&folder.document(&contract.file)?, &contract.at)?),
                ContractKind::Fields => {
                    document(folder.corrected(&contract.file, fields::schema(&folder.text(&contract.file)?)?)?)
                }
                ContractKind::PropertyTables => {
                    let tables = property_tables::schema(&folder.text(&contract.file)?, &contract.at)?;
                    document(folder.corrected(&contract.file, tables)?)
                }
                ContractKind::Graphql => {
                    Ok(Kind::GraphQl(Box::new(graphql::Judge::new(&folder.text(&contract.file)?, contract)?)))
                }
                ContractKind::Google => Ok(Kind::Google(google::Judge::new(&folder, contract)?)),
                ContractKind::CsvHeader => Ok(Kind::Header(header::Judge::new(&folder.text(&contract.file)?, contract)?)),
                ContractKind::JsonLd => Ok(Kind::JsonLd(json_ld::Judge::new(&folder.document(&contract.file)?)?)),
            }
        };
        let unreadable = |why| Error::new(Code::Invalid, format!("the contract {} cannot be read: {why}", contract.file));
        read().map(|kind| Some(Self(kind))).map_err(unreadable)
    }

    /// Judges one part of a feed. Returns how many items it held.
    pub fn part(&self, format: &Format, part: &Path, found: &mut dyn FnMut(Finding)) -> Result<u64> {
        match &self.0 {
            Kind::Document(judge) => part::documents(format, part, judge.each(), &mut |document| judge.judge(&document, found)),
            Kind::GraphQl(judge) => part::documents(format, part, None, &mut |document| judge.judge(&document, found)),
            Kind::JsonLd(judge) => part::documents(format, part, None, &mut |document| judge.judge(&document, found)),
            Kind::Google(judge) => part::rows(format, part, &mut |row| judge.judge(&row, found)),
            Kind::Header(judge) => part::table(format, part, &mut |line| judge.judge(&line, found)),
        }
    }
}

/// Checks what a profile says about contracts. The error is the word that is wrong and why.
pub fn check_profile(profile: &ChannelProfile) -> Result<(), (String, String)> {
    let inside = |file: &String| {
        let path = Path::new(file);
        !file.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)))
    };
    for contract in profile.formats.iter().filter_map(|format| format.contract.as_ref()) {
        if let Some(file) = std::iter::once(&contract.file).chain(contract.lists.values()).find(|file| !inside(file)) {
            return Err((file.clone(), format!("'{file}' is not a path inside the folder of contracts")));
        }
        for pattern in contract.also.iter().chain(contract.scalars.values()) {
            whole(pattern).map_err(|why| (pattern.clone(), why))?;
        }
        if contract.each.as_ref().is_some_and(|each| !each.starts_with('/')) {
            return Err(("each".to_owned(), "each is a JSON pointer such as /create".to_owned()));
        }
    }
    for correction in &profile.corrections {
        if !serde_json::from_str::<serde_json::Value>(&correction.patch).is_ok_and(|patch| patch.is_object()) {
            return Err((correction.file.clone(), "the patch of a correction is a JSON object".to_owned()));
        }
    }
    Ok(())
}

/// A pattern that has to match a whole text.
fn whole(pattern: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|error| format!("'{pattern}' is not a regular expression: {error}"))
}

/// So much of a text as a sentence can carry.
fn excerpt(text: &str) -> String {
    const MOST: usize = 240;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
