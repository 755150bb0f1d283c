//! JSON documents: items by a profile's shape, an envelope around them.

use super::{Encoded, Encoder, unchecked};
use crate::channels::profile::{Holds, Layout};
use crate::channels::readiness::Row;
use crate::error::{Code, Error, Result};
use serde_json::Value as Json;

/// Where the items stand in an envelope.
const ITEMS: &str = "$items";

impl Encoder<'_> {
    pub(super) fn documents(&self, rows: &[&Row], position: u64) -> Encoded {
        let mut encoded = Encoded::default();
        let Some(shape) = self.format.shape.as_deref() else { return encoded };
        let single = self.format.holds == Holds::Products;
        let items = if single { rows.chunks(1) } else { rows.chunks(rows.len().max(1)) };
        let end: &[u8] = if self.format.layout == Layout::Jsonl { b"\n" } else { b"" };
        for members in items {
            if self.format.holds == Holds::Families && members.len() < 2 {
                continue;
            }
            let before = encoded.bytes.len();
            if self.format.layout == Layout::Json && encoded.rows > 0 {
                encoded.bytes.extend_from_slice(b",\n");
            }
            if shape.write(members, position + encoded.rows + 1, &mut encoded.bytes) {
                encoded.bytes.extend_from_slice(end);
                encoded.rows += 1;
            } else {
                encoded.bytes.truncate(before);
            }
        }
        encoded
    }

    /// What stands before and behind the items.
    pub(super) fn envelope(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        if self.format.envelope.is_empty() {
            return Ok((b"[\n".to_vec(), b"\n]\n".to_vec()));
        }
        let json: Json = serde_json::from_str(&self.format.envelope)?;
        let text = self.filled(json)?.to_string();
        let (head, foot) =
            text.split_once(&format!("\"{ITEMS}\"")).ok_or_else(|| unchecked("an envelope without a place for items"))?;
        Ok((format!("{head}[\n").into_bytes(), format!("\n]{foot}\n").into_bytes()))
    }

    /// The envelope with the channel's settings in it.
    fn filled(&self, json: Json) -> Result<Json> {
        Ok(match json {
            Json::String(text) if text != ITEMS && text.starts_with('$') => {
                let name = text.trim_start_matches('$');
                let set = self.frame.settings.get(name).cloned().map(Json::String);
                set.ok_or_else(|| {
                    let code = &self.profile.code;
                    Error::new(Code::Invalid, format!("set options.{name} of channel {code}: its file must name it"))
                })?
            }
            Json::Array(items) => Json::Array(items.into_iter().map(|item| self.filled(item)).collect::<Result<_>>()?),
            Json::Object(members) => {
                let member = |(key, value)| Ok((key, self.filled(value)?));
                Json::Object(members.into_iter().map(member).collect::<Result<_>>()?)
            }
            other => other,
        })
    }
}
