//! Photographs to measure on.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The photographs in a folder and the folders in it, by name.
///
/// # Errors
/// Fails where a folder cannot be read, and where there are none.
pub fn photographs() -> Result<Vec<(String, Vec<u8>)>> {
    let folder = std::env::args().nth(1).context("give a folder of photographs")?;
    let mut files = Vec::new();
    walk(Path::new(&folder), &mut files)?;
    files.sort();
    anyhow::ensure!(!files.is_empty(), "there are no photographs in {folder}");
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, std::fs::read(&file).with_context(|| file.display().to_string())?))
        })
        .collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            walk(&path, files)?;
        } else if entry.file_type()?.is_file() && path.extension().is_some_and(|ending| ending == "jpg" || ending == "jpeg") {
            files.push(path);
        }
    }
    Ok(())
}
