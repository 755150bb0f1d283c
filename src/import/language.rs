//! What the report says of a file's language, where nobody said it: what its texts look like, and how to say it for sure.

use super::queries::ImportRow;
use super::read::{self, ReadLimits};
use super::run::open;
use super::{ImportKind, Issue, Record, Severity};
use crate::app::App;
use crate::error::{Error, Result};
use crate::normalize::language::{Detected, is_of};
use crate::suppliers::language::of_texts;
use crate::suppliers::profile::Profile;
use std::sync::Arc;

/// What is told with a file's first rows; nothing where its language was said, or nothing is sure.
pub(super) async fn told(app: &App, import: &ImportRow, profile: &Profile, supplier: Option<&str>) -> Result<Option<Issue>> {
    if import.kind != ImportKind::Catalog || profile.locale.is_some() {
        return Ok(None);
    }
    let named = |tag: &str| app.dictionary.locale(tag).map_or_else(|| tag.to_owned(), |words| format!("{} ({tag})", words.name));
    if let (Some(locale), Some(confidence)) = (&profile.assumed_locale, profile.assumed_confidence) {
        let message = format!(
            "nobody said the language of these texts; they look like {}, {confidence} % sure, and are kept as that; write locale = \"{locale}\" in the profile to say it",
            named(locale)
        );
        return Ok(Some(issue(message)));
    }
    let kept = profile.language().or(supplier).unwrap_or("en").to_owned();
    let Some(found) = look(app, import, profile).await?.filter(|found| !is_of(&found.locale, &kept)) else { return Ok(None) };
    let Detected { locale, confidence } = found;
    let message = format!(
        "the profile says no locale, and its texts look like {}, {confidence} % sure; those too short to tell are kept as {}; write locale = \"{locale}\" in the profile",
        named(&locale),
        named(&kept)
    );
    Ok(Some(issue(message)))
}

fn issue(message: String) -> Issue {
    Issue {
        row: 0,
        field: String::new(),
        code: "language_detected".to_owned(),
        message,
        raw: String::new(),
        severity: Severity::Warning,
    }
}

/// The language of the first rows of the first file. A file that cannot be read is told of where it is read.
async fn look(app: &App, import: &ImportRow, profile: &Profile) -> Result<Option<Detected>> {
    let Some(file) = import.files.first() else { return Ok(None) };
    let source = open(app, file).await?;
    let (name, profile, dictionary) = (file.name.clone(), profile.clone(), Arc::clone(&app.dictionary));
    let look = move || {
        let records = read::open(source, &name, &profile.read_options(), &ReadLimits::default()).ok()?;
        let rows = dictionary.languages().file_rows();
        let samples: Vec<Record> =
            records.take(rows).take_while(|record| !record.as_ref().is_err_and(|error| error.fatal)).flatten().collect();
        of_texts(&profile, &samples, &dictionary).map(|found| found.detected)
    };
    tokio::task::spawn_blocking(look).await.map_err(Error::internal)
}
