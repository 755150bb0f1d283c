//! What can be made of a catalogue row without the catalogue: the texts that are stored, and what it is compared by. It is made beside the
//! writer, for whom everybody else waits.

use super::queries::OfferRecord;
use crate::db::JsonText;
use crate::dictionary::Dictionary;
use crate::error::Result;
use crate::identity::MatchRules;
use crate::identity::traits::Traits;
use crate::import::PreparedRow;
use crate::normalize::value::Compact;

/// What was made of a row.
#[derive(Debug, Clone)]
pub struct Ahead {
    /// What its offer keeps of it.
    pub record: OfferRecord,
    /// What it is compared by, where it will be.
    pub traits: Option<Traits>,
}

impl Ahead {
    /// Of a row that nothing more is added to. `compared` says whether it will ask for its product, as new rows do.
    pub fn of(row: &PreparedRow, compared: bool, dictionary: &Dictionary, rules: &MatchRules) -> Result<Self> {
        let traits = compared.then(|| Traits::of_row(row, dictionary, rules));
        Ok(Self { record: record_of(row)?, traits })
    }
}

/// What an offer keeps of its row.
pub(super) fn record_of(row: &PreparedRow) -> Result<OfferRecord> {
    Ok(OfferRecord {
        raw: JsonText::of(&row.raw)?,
        claims: JsonText::of(&Compact(&row.claims))?,
        images: JsonText::of(&row.images)?,
        tags: JsonText::of(&row.tags)?,
        issues: if row.issues.is_empty() { None } else { Some(JsonText::of(&row.issues)?) },
    })
}
