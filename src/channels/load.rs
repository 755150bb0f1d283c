//! Reads `schema/channels/` and a user's folder over it, and checks every rule.
//!
//! A user's `channels/google.toml` replaces ours; a new name adds a channel. A mistake names the file, the key and the line.

use super::profile::{ChannelProfile, Differing, Field, Layout, Per, Render, Scope};
use super::shape::Shape;
use super::source::Source;
use super::template::Templates;
use super::words::Words;
use crate::error::{Code, Error, Result};
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schema/channels");

/// A profile is text that people write; more than this is a mistake.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// All channels, by code.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    profiles: BTreeMap<String, Arc<ChannelProfile>>,
    fingerprint: String,
}

impl Channels {
    /// The channels shipped in this binary, with the folder `channels` inside `schema` over them.
    pub fn load(schema: Option<&Path>) -> Result<Self> {
        let mut texts = BTreeMap::new();
        for file in EMBEDDED.files() {
            if let (Some(stem), Some(text)) = (file.path().file_stem(), file.contents_utf8()) {
                let stem = stem.to_string_lossy().into_owned();
                texts.insert(stem.clone(), (format!("schema/channels/{stem}.toml"), text.to_owned()));
            }
        }
        if let Some(folder) = schema.map(|schema| schema.join("channels")).filter(|folder| folder.is_dir()) {
            texts.extend(user_files(&folder)?);
        }
        let mut hash = Sha256::new();
        let mut profiles = BTreeMap::new();
        for (stem, (file, text)) in texts {
            hash.update(text.as_bytes());
            hash.update([0]);
            profiles.insert(stem.clone(), parse(&file, &stem, &text)?);
        }
        share_sections(&mut profiles)?;
        let profiles = profiles.into_iter().map(|(code, profile)| (code, Arc::new(profile))).collect();
        Ok(Self { profiles, fingerprint: hex::encode(hash.finalize()) })
    }

    /// The profile of this code, or `not_found`.
    pub fn get(&self, code: &str) -> Result<Arc<ChannelProfile>> {
        self.profiles.get(code).cloned().ok_or_else(|| {
            let known = self.profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Error::not_found(format!("channel '{code}'; there are {known}"))
        })
    }

    /// Do the conditions of all profiles ask for what is there? The first that does not is told with its channel and field.
    pub fn check(&self, words: &dyn Words) -> Result<()> {
        for profile in self.iter() {
            for field in &profile.fields {
                let mut conditions = field.required_when.iter().chain(&field.only_when);
                let Some(fault) = conditions.find_map(|when| when.check(words).err()) else { continue };
                let message = format!("channel {}, field {}: {fault}", profile.code, field.name);
                return Err(Error::new(Code::InvalidProfile, message));
            }
        }
        Ok(())
    }

    /// All profiles, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ChannelProfile>> {
        self.profiles.values()
    }

    /// Changes when any profile does.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// Channels that list the same facts as another one name it instead of repeating them.
fn share_sections(profiles: &mut BTreeMap<String, ChannelProfile>) -> Result<()> {
    let shared: Vec<(String, String)> =
        profiles.iter().filter_map(|(code, profile)| Some((code.clone(), profile.sections_of.clone()?))).collect();
    for (code, of) in shared {
        let Some(sections) = profiles.get(&of).map(|profile| profile.sections.clone()) else {
            return Err(Error::new(Code::InvalidProfile, format!("channel {code}: sections_of: there is no channel '{of}'")));
        };
        if let Some(profile) = profiles.get_mut(&code) {
            profile.sections.extend(sections);
        }
    }
    Ok(())
}

fn user_files(folder: &Path) -> Result<BTreeMap<String, (String, String)>> {
    let fail = |path: &Path, why: String| Error::new(Code::InvalidProfile, format!("{}: {why}", path.display()));
    let mut files = BTreeMap::new();
    let entries = std::fs::read_dir(folder).map_err(|error| fail(folder, format!("cannot be listed ({error})")))?;
    for entry in entries {
        let path = entry.map_err(|error| fail(folder, format!("cannot be listed ({error})")))?.path();
        let Some(stem) = path.file_stem().filter(|_| path.extension().is_some_and(|extension| extension == "toml")) else {
            continue;
        };
        let length = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        if length > MAX_FILE_BYTES {
            return Err(fail(&path, format!("is {length} bytes long; a channel profile has at most {MAX_FILE_BYTES}")));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| fail(&path, format!("cannot be read as UTF-8 ({error})")))?;
        files.insert(stem.to_string_lossy().into_owned(), (path.display().to_string(), text));
    }
    Ok(files)
}

/// Reads one profile; `stem` is its file's name without extension.
pub fn parse(file: &str, stem: &str, text: &str) -> Result<ChannelProfile> {
    let at = |line: usize, message: String| Error::new(Code::InvalidProfile, format!("{file}, line {line}: {message}"));
    let line_of = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    let mut profile: ChannelProfile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(span.start));
        let field = field_at(text, line).map(|name| format!("field {name}: ")).unwrap_or_default();
        at(line, format!("{field}{}", error.message()))
    })?;
    // A key's line: where the word is a name or code, else the first one on which it stands in quotes; what is checked below is named by
    // such words.
    let line = |word: &str| {
        let quoted = format!("\"{word}\"");
        let names = |line: &str| named_by(line).is_some_and(|rest| rest.starts_with(&quoted));
        let by_name = text.lines().position(names).map(|at| at + 1);
        by_name.unwrap_or_else(|| text.find(&quoted).map_or(1, line_of))
    };
    let told = |Mistake { word, key, message }| at(line(&word), format!("{key}: {message}"));
    if let Some(images) = &mut profile.images {
        if let Some(message) = images.fault() {
            return Err(at(text.find("[images]").map_or(1, line_of), message));
        }
        images.rendition_key = crate::media::rendition::key(&images.rendition);
    }
    check(&profile, stem).map_err(told)?;
    pairs(&mut profile).map_err(told)?;
    shapes(&mut profile).map_err(told)?;
    Ok(profile)
}

/// What a line says that gives a field or format its name.
fn named_by(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("name").or_else(|| rest.strip_prefix("code"))?;
    Some(rest.trim_start().strip_prefix('=')?.trim_start())
}

/// The name of the `[[field]]` in which this line stands, from 1.
fn field_at(text: &str, line: usize) -> Option<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let (before, after) = lines.split_at_checked(line)?;
    let begins = before.iter().rposition(|line| line.trim_start().starts_with('['))?;
    before.get(begins).filter(|line| line.trim() == "[[field]]")?;
    let own = before.iter().skip(begins + 1).chain(after).take_while(|line| !line.trim_start().starts_with('['));
    let named = own.filter(|line| line.trim_start().starts_with("name")).find_map(|line| named_by(line))?;
    named.strip_prefix('"')?.split('"').next()
}

/// Finds the places of the fields beside which others stand.
fn pairs(profile: &mut ChannelProfile) -> Result<(), Mistake> {
    let names: Vec<String> = profile.fields.iter().map(|field| field.name.clone()).collect();
    let alone: Vec<bool> = profile.fields.iter().map(|field| field.beside.is_none()).collect();
    for field in &mut profile.fields {
        let Some(other) = &field.beside else { continue };
        let at = names.iter().position(|name| name == other);
        if at.is_none_or(|at| alone.get(at) != Some(&true)) {
            let message = format!("stands beside '{other}', which is no field that stands by itself");
            return Err(mistake(&field.name, format!("field {}", field.name), message));
        }
        field.beside_at = at;
    }
    Ok(())
}

/// Reads the items' shapes, whose names are those of fields.
fn shapes(profile: &mut ChannelProfile) -> Result<(), Mistake> {
    let fields = &profile.fields;
    for format in profile.formats.iter_mut().filter(|format| format.layout.is_json()) {
        let fail = |key: &str, message: String| mistake(&format.code, format!("format {}: {key}", format.code), message);
        format.shape = Some(Arc::new(Shape::of_fields(&format.item, fields).map_err(|message| fail("item", message))?));
        if format.envelope.is_empty() {
            continue;
        }
        let envelope: serde_json::Value =
            serde_json::from_str(&format.envelope).map_err(|error| fail("envelope", format!("is not JSON: {error}")))?;
        if envelope.to_string().matches("\"$items\"").count() != 1 {
            return Err(fail("envelope", "needs the place \"$items\" once".to_owned()));
        }
        let mut names = Vec::new();
        named(&envelope, &mut names);
        let told = ["items", "locale", "currency", "country"];
        let known = |name: &&String| told.contains(&name.as_str()) || profile.options.iter().any(|option| option.name == **name);
        if let Some(name) = names.iter().find(|name| !known(name)) {
            return Err(fail("envelope", format!("names '${name}', and there is no [[setting]] '{name}'")));
        }
    }
    Ok(())
}

/// Names that begin with a dollar sign.
fn named(json: &serde_json::Value, names: &mut Vec<String>) {
    match json {
        serde_json::Value::String(text) => names.extend(text.strip_prefix('$').map(str::to_owned)),
        serde_json::Value::Array(items) => items.iter().for_each(|item| named(item, names)),
        serde_json::Value::Object(members) => members.values().for_each(|item| named(item, names)),
        _ => {}
    }
}

struct Mistake {
    word: String,
    key: String,
    message: String,
}

fn mistake(word: &str, key: impl Into<String>, message: impl Into<String>) -> Mistake {
    Mistake { word: word.to_owned(), key: key.into(), message: message.into() }
}

fn check(profile: &ChannelProfile, stem: &str) -> Result<(), Mistake> {
    if profile.code != stem {
        return Err(mistake(&profile.code, "code", format!("is '{}', but the file's name says '{stem}'", profile.code)));
    }
    if let Err(error) = crate::pricing::money::currency(&profile.defaults.currency) {
        return Err(mistake(&profile.defaults.currency, "defaults.currency", error.to_string()));
    }
    if profile.limits.bytes_per_part.is_some_and(|bytes| bytes < 4_096) || profile.limits.rows_per_part == Some(0) {
        return Err(mistake("limits", "limits", "a part holds at least 1 row and 4096 bytes"));
    }
    check_formats(profile)?;
    super::contract::check_profile(profile).map_err(|(word, message)| mistake(&word, "contract", message))?;
    let mut names = HashSet::new();
    for field in &profile.fields {
        if !names.insert(field.name.as_str()) {
            return Err(mistake(&field.name, format!("field {}", field.name), "stands twice; keep one"));
        }
        check_field(profile, field)?;
    }
    for format in &profile.formats {
        if let Some(name) = format.columns.iter().find(|name| !names.contains(name.as_str())) {
            return Err(mistake(name, format!("format {}: columns", format.code), format!("there is no field '{name}'")));
        }
    }
    if let Some(name) = profile.removed.keys().find(|name| !names.contains(name.as_str())) {
        return Err(mistake(name, "removed", format!("there is no field '{name}'")));
    }
    let templates =
        profile.fields.iter().flat_map(|field| field.template.values().map(|text| (field.name.as_str(), text.as_str())));
    if let Err((field, message)) = Templates::read(templates) {
        return Err(mistake(&field, format!("field {field}: template"), message));
    }
    for name in profile.one_of.iter().flatten() {
        if !names.contains(name.as_str()) {
            return Err(mistake(name, "one_of", format!("there is no field '{name}'")));
        }
    }
    if profile.one_of.iter().any(Vec::is_empty) {
        return Err(mistake("one_of", "one_of", "a set is empty; name its fields"));
    }
    Ok(())
}

fn check_formats(profile: &ChannelProfile) -> Result<(), Mistake> {
    let mut seen = HashSet::new();
    if profile.formats.is_empty() {
        return Err(mistake(&profile.code, "format", "there is none; add a [[format]]"));
    }
    for format in &profile.formats {
        let fail = |message: &str| Err(mistake(&format.code, format!("format {}", format.code), message));
        if !seen.insert(&format.code) || !seen.insert(&format.file) {
            return fail("its code or file name stands twice");
        }
        let plain = |text: &str| {
            !text.is_empty() && !text.starts_with('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        if !plain(&format.code) || !plain(&format.file) {
            return fail("code and file take letters, digits, dots, dashes and underscores");
        }
        let xml_name = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphabetic())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if format.layout.is_json() == format.item.is_empty() {
            return fail("json and jsonl need an item, and only they have one");
        }
        if format.layout != Layout::Json && !format.envelope.is_empty() {
            return fail("only json has an envelope");
        }
        if format.scope == Scope::Removed && profile.variants.rows && format.layout.is_table() {
            return fail("what was removed cannot be told as rows of groups");
        }
        if format
            .limits
            .is_some_and(|limits| limits.bytes_per_part.is_some_and(|bytes| bytes < 4_096) || limits.rows_per_part == Some(0))
        {
            return fail("a part holds at least 1 row and 4096 bytes");
        }
        if format.layout == Layout::Rss {
            if !xml_name(&format.prefix) || format.namespace.is_empty() {
                return fail("rss needs a prefix and a namespace");
            }
            let wrong = profile
                .fields
                .iter()
                .find(|field| !field.not_in.contains(&format.code) && !xml_name(field.element.as_deref().unwrap_or(&field.name)));
            if let Some(field) = wrong {
                return Err(mistake(&field.name, format!("field {}", field.name), "is not an XML name; give it an element"));
            }
        }
    }
    Ok(())
}

fn check_field(profile: &ChannelProfile, field: &Field) -> Result<(), Mistake> {
    let fail = |message: &str| Err(mistake(&field.name, format!("field {}", field.name), message));
    if field.from.is_empty() && field.default.is_none() && (field.required || field.recommended) {
        return fail("it is wanted but has no source; give it a 'from'");
    }
    if (field.render == Render::Map) == field.map.is_empty() {
        return fail("render = \"map\" and a map belong together");
    }
    if field.render == Render::Measure && field.unit.is_none() {
        return fail("a measure needs a unit");
    }
    let unknown = field.from.iter().find_map(|source| match source {
        Source::Setting(name) if profile.option(name).is_none() => Some(name),
        _ => None,
    });
    if let Some(name) = unknown {
        return fail(&format!("there is no [[setting]] '{name}'"));
    }
    if field.from.contains(&Source::Template) == field.template.is_empty() {
        return fail("the source template and a template belong together");
    }
    if field.min.zip(field.max).is_some_and(|(min, max)| min > max) {
        return fail("min is more than max");
    }
    if field.differing == Differing::Each && !(profile.variants.parent && field.per == Per::Group) {
        return fail("differing = \"each\" is for fields of per = \"group\" where a group has a row of its own");
    }
    if !matches!(field.parts.len(), 0 | 3) {
        return fail("parts are three names: of the section, the fact and its value");
    }
    if field.max_count == 0 || field.max_length == Some(0) || field.min_count > field.max_count {
        return fail("max_length and max_count are at least 1, min_count at most max_count");
    }
    if field.min_length.zip(field.max_length).is_some_and(|(min, max)| min > max) {
        return fail("min_length is more than max_length");
    }
    if let Some(format) = field.not_in.iter().find(|code| profile.format(code).is_none()) {
        return fail(&format!("there is no format '{format}'"));
    }
    Ok(())
}
