//! Where the pictures of a batch come from: a folder, a zip, single files. Listed first, read one at a time.

use crate::error::{Code, Error, Result};
use crate::media::naming::Naming;
use crate::media::packed::{self, Archive};
use crate::media::picture::Refusal;
use bytes::Bytes;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file by its name, to be read when its turn comes.
#[derive(Debug, Clone)]
pub struct NamedFile {
    /// Its path below what was given, with `/` between folders.
    pub name: String,
    held: Held,
}

#[derive(Debug, Clone)]
enum Held {
    Disk(PathBuf),
    Packed(Arc<Archive>, usize),
    Refused(Refusal),
}

/// The files of one batch.
#[derive(Debug, Clone, Default)]
pub struct Files(Vec<NamedFile>);

impl Files {
    /// All files of a zip. Blocks.
    pub fn of_zip(file: File, naming: &Naming) -> Result<Self> {
        let mut files = Self::default();
        files.add_zip(file, naming).map_err(|refusal| Error::new(Code::UnreadableFile, refusal.message))?;
        Ok(files)
    }

    /// What stands at these paths: of a folder everything below it, of a zip everything in it. Blocks.
    pub fn at(paths: &[PathBuf], naming: &Naming) -> Result<Self> {
        let mut files = Self::default();
        for path in paths {
            let told = |why: &dyn std::fmt::Display| Error::new(Code::UnreadableFile, format!("{}: {why}", path.display()));
            let about = std::fs::metadata(path).map_err(|error| told(&error))?;
            if about.is_dir() {
                files.add_folder(path, naming)?;
            } else if about.is_file() && begins_as_zip(path).map_err(|error| told(&error))? {
                let file = File::open(path).map_err(|error| told(&error))?;
                files.add_zip(file, naming).map_err(|refusal| told(&refusal))?;
            } else if about.is_file() {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                files.0.push(NamedFile { name, held: Held::Disk(path.clone()) });
            } else {
                return Err(told(&"is neither a folder nor a file; name one"));
            }
            files.bounded(naming)?;
        }
        Ok(files)
    }

    fn bounded(&self, naming: &Naming) -> Result<()> {
        let most = naming.limits().max_files;
        if self.0.len() > most {
            return Err(Error::new(Code::TooLarge, format!("these are more than {most} files; take fewer at once")));
        }
        Ok(())
    }

    fn add_zip(&mut self, file: File, naming: &Naming) -> std::result::Result<(), Refusal> {
        let archive = Arc::new(Archive::open(file, naming)?);
        for (at, name) in archive.names().enumerate() {
            let held = match archive.refusal(at) {
                Some(refusal) => Held::Refused(refusal.clone()),
                None => Held::Packed(Arc::clone(&archive), at),
            };
            self.0.push(NamedFile { name: name.to_owned(), held });
        }
        Ok(())
    }

    /// Everything below a folder, in the order of names. Links to folders are not followed: they may lead in a circle.
    fn add_folder(&mut self, root: &Path, naming: &Naming) -> Result<()> {
        // The folder itself may name the product, too.
        let top = root.file_name().map(|name| format!("{}/", name.to_string_lossy())).unwrap_or_default();
        let mut waiting = vec![(root.to_owned(), top, 0)];
        while let Some((folder, name, depth)) = waiting.pop() {
            let told = |error: &dyn std::fmt::Display| Error::new(Code::UnreadableFile, format!("{}: {error}", folder.display()));
            if depth > naming.limits().max_depth {
                return Err(told(&"so many folders inside each other are not looked through; take fewer"));
            }
            let (mut inside, mut folders) = (Vec::new(), Vec::new());
            for entry in std::fs::read_dir(&folder).map_err(|error| told(&error))? {
                inside.push(entry.map_err(|error| told(&error))?);
                self.bounded(naming)?;
            }
            inside.sort_by_key(std::fs::DirEntry::file_name);
            for entry in inside {
                let path = entry.path();
                let own = entry.file_name();
                let Some(text) = own.to_str() else {
                    let name = format!("{name}{}", own.to_string_lossy());
                    let message = "its name is not UTF-8, so nobody can tell what it says; give it another name".to_owned();
                    self.0.push(NamedFile { name, held: Held::Refused(Refusal { code: "name_not_utf8", message }) });
                    continue;
                };
                let name = format!("{name}{text}");
                if naming.is_skipped(text) {
                    continue;
                }
                let kind = entry.file_type().map_err(|error| told(&error))?;
                let is_file = std::fs::metadata(&path).is_ok_and(|about| about.is_file());
                if kind.is_dir() {
                    folders.push((path, format!("{name}/"), depth + 1));
                } else if is_file {
                    self.0.push(NamedFile { name, held: Held::Disk(path) });
                }
            }
            folders.reverse();
            waiting.extend(folders);
            self.bounded(naming)?;
        }
        Ok(())
    }

    /// The files, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &NamedFile> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl NamedFile {
    /// Why it cannot be had, where that is known before it is read.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.held {
            Held::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Its bytes, at most so many. Blocks.
    pub fn read(&self, most: u64) -> std::result::Result<Bytes, Refusal> {
        match &self.held {
            Held::Refused(refusal) => Err(refusal.clone()),
            Held::Packed(archive, at) => archive.read(*at, most),
            Held::Disk(path) => {
                let unreadable = |error: std::io::Error| Refusal {
                    code: "unreadable",
                    message: format!("the file cannot be read: {error}; see to it and try again"),
                };
                let mut bytes = Vec::new();
                let read = File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes));
                read.map_err(unreadable)?;
                if bytes.len() as u64 > most {
                    let message = format!("a picture has at most {most} bytes; make it smaller");
                    return Err(Refusal { code: "too_large", message });
                }
                if packed::is_zip(&bytes) {
                    let message = "a zip within a folder is not opened; name it by itself".to_owned();
                    return Err(Refusal { code: "nested_archive", message });
                }
                Ok(bytes.into())
            }
        }
    }
}

fn begins_as_zip(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut head)?;
    Ok(packed::is_zip(&head))
}
