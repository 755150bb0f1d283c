//! A user's folder of schema files, which goes over what the binary has.

use super::{SchemaError, Source};
use std::path::Path;

/// A schema file is text that people write; more than this is a mistake.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Its TOML files by their path inside the folder, in order.
pub(super) fn user_files(folder: &Path) -> Result<Vec<(String, Source)>, SchemaError> {
    let fail =
        |path: &Path, message: String| SchemaError { file: path.display().to_string(), line: 0, key: String::new(), message };
    let mut files = Vec::new();
    for (inside, required) in [("", true), ("locales", false), ("identity", false), ("normalize", false), ("media", false)] {
        let path = folder.join(inside);
        if !required && !path.is_dir() {
            continue;
        }
        let entries = std::fs::read_dir(&path)
            .map_err(|error| fail(&path, format!("cannot read this schema folder ({error}); check its path")))?;
        for entry in entries {
            let path = entry.map_err(|error| fail(folder, format!("cannot list this folder ({error})")))?.path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let length = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
            if length > MAX_FILE_BYTES {
                return Err(fail(&path, format!("is {length} bytes long; a schema file has at most {MAX_FILE_BYTES}")));
            }
            let text =
                std::fs::read_to_string(&path).map_err(|error| fail(&path, format!("cannot be read as UTF-8 text ({error})")))?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let inside = if inside.is_empty() { name } else { format!("{inside}/{name}") };
            files.push((inside, Source { name: path.display().to_string(), text }));
        }
    }
    files.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(files)
}
