//! The folder of contracts: files that are not ours, read with limits and put right where a profile says so.

use crate::channels::profile::Correction;
use serde_json::Value as Json;
use std::path::Path;

/// The largest contract there is has a few megabytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

pub(super) struct Folder<'a> {
    path: &'a Path,
    corrections: &'a [Correction],
}

impl<'a> Folder<'a> {
    pub(super) fn new(path: &'a Path, corrections: &'a [Correction]) -> Self {
        Self { path, corrections }
    }

    pub(super) fn has(&self, file: &str) -> bool {
        self.path.join(file).is_file()
    }

    pub(super) fn text(&self, file: &str) -> Result<String, String> {
        let path = self.path.join(file);
        let length = std::fs::metadata(&path).map_err(|error| error.to_string())?.len();
        if length > MAX_BYTES {
            return Err(format!("it has {length} bytes; a contract has at most {MAX_BYTES}"));
        }
        std::fs::read_to_string(&path).map_err(|error| error.to_string())
    }

    /// A JSON or YAML file, put right.
    pub(super) fn document(&self, file: &str) -> Result<Json, String> {
        let text = self.text(file)?;
        let is_yaml = Path::new(file).extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
        let document = if is_yaml {
            serde_saphyr::from_str(&text).map_err(|error| error.to_string())?
        } else {
            serde_json::from_str(&text).map_err(|error| error.to_string())?
        };
        self.corrected(file, document)
    }

    /// What was made from a file, put right.
    pub(super) fn corrected(&self, file: &str, mut document: Json) -> Result<Json, String> {
        for correction in self.corrections.iter().filter(|correction| correction.file == file) {
            let patch = serde_json::from_str(&correction.patch).map_err(|error| error.to_string())?;
            merge(&mut document, patch);
        }
        Ok(document)
    }
}

/// JSON Merge Patch (RFC 7396): objects are merged, null removes, everything else replaces.
pub(super) fn merge(target: &mut Json, patch: Json) {
    let Json::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Json::Object(serde_json::Map::new());
    }
    let Json::Object(members) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            members.remove(&key);
        } else {
            merge(members.entry(key).or_insert(Json::Null), value);
        }
    }
}
