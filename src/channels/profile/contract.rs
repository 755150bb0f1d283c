//! The outside contract that a format is judged by: a file that the channel itself publishes, and how it is read.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What kind of file the contract is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractKind {
    /// A JSON Schema.
    JsonSchema,
    /// An OpenAPI 3 description, as JSON or YAML.
    Openapi,
    /// A GraphQL schema in its own language; the items are variables of the mutation that `at` names.
    Graphql,
    /// A Google discovery document; columns and elements are properties of the schemas that `at` names.
    Google,
    /// Lines with the columns of a table; a line that begins with `#` is a remark.
    CsvHeader,
    /// A JSON table of fields: name, type, requirement, limit or enum.
    Fields,
    /// Markdown with tables of properties: attribute, type, description. `at` names the heading of the first one.
    PropertyTables,
    /// The vocabulary of schema.org as JSON-LD.
    JsonLd,
}

/// A contract and the place in it that a format is held to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Path of the file below the folder of contracts.
    pub file: String,
    /// How it is read.
    pub kind: ContractKind,
    /// Place in it: a JSON pointer behind `#`, an operation such as `put /inventory`, a name. Without one the whole file.
    #[serde(default)]
    pub at: String,
    /// Place of an array in our document (`/create`) whose items the contract is about, where it is not about the whole document.
    #[serde(default)]
    pub each: Option<String>,
    /// Columns that the channel reads besides: regular expressions over the whole name.
    #[serde(default)]
    pub also: Vec<String>,
    /// Files of known values by column, one `ID - NAME` a line.
    #[serde(default)]
    pub lists: BTreeMap<String, String>,
    /// What texts of a GraphQL schema's own scalars look like: regular expressions by type.
    #[serde(default)]
    pub scalars: BTreeMap<String, String>,
}

/// What a contract says in words and not in types, or says wrongly: merged into it before anything is judged (RFC 7396).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The contract's file.
    pub file: String,
    /// Why it is needed.
    pub why: String,
    /// A JSON Merge Patch.
    pub patch: String,
}
