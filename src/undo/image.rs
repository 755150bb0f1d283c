//! Which fields go back. Pure.
//!
//! Three states are held against each other, field by field: before the operation, as it left them, and now. Fields that mean one thing
//! go back together: a [`Unit`] is compared by what tells its states apart and carries everything that belongs to it.

use crate::catalog::queries::OfferBody;
use crate::db::{JsonText, Time};
use crate::error::{Error, Result};
use crate::pricing::Money;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as JsonValue, json};

/// A state by field.
pub(super) type Fields = Map<String, JsonValue>;

/// Fields that are one thing.
pub(super) struct Unit {
    /// What a conflict calls it.
    pub(super) name: &'static str,
    /// What tells two states apart.
    compared: &'static [&'static str],
    /// What goes back with it.
    carried: &'static [&'static str],
}

/// What a supplier's row says is one thing, told apart by the row and where it stood: reading it again with a better parser is no change of
/// it. Cost and recommended price may come from another file.
pub(super) const OFFER: &[Unit] = &[
    Unit {
        name: "row",
        compared: &["raw", "import", "file", "row"],
        carried: &[
            "raw", "row_hash", "warned", "claims", "gtin", "brand", "mpn_key", "parent", "images", "tags", "import", "file",
            "row",
        ],
    },
    Unit { name: "live", compared: &["live"], carried: &["live", "gone_at"] },
    Unit { name: "cost", compared: &["cost"], carried: &["cost"] },
    Unit { name: "recommended_price", compared: &["recommended_price"], carried: &["recommended_price"] },
    Unit { name: "product", compared: &["product_id"], carried: &["product_id"] },
];

/// What of a product is no claim's result.
pub(super) const PRODUCT: &[Unit] = &[
    Unit { name: "status", compared: &["status"], carried: &["status", "status_by"] },
    Unit { name: "group", compared: &["group_id"], carried: &["group_id", "group_pinned"] },
    Unit { name: "merged_into", compared: &["merged_into"], carried: &["merged_into"] },
];

/// What comes of holding three states against each other.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Merged {
    /// Fields to be set.
    pub(super) set: Fields,
    /// Names of the units that were changed since.
    pub(super) conflicts: Vec<String>,
}

/// Holds the states against each other. What an image does not name was not touched: it counts as it was left, or as it is.
pub(super) fn merge(units: &[Unit], before: &Fields, left: Option<&Fields>, now: &Fields) -> Merged {
    let left_at = |field: &str| left.and_then(|left| left.get(field)).or_else(|| now.get(field));
    let before_at = |field: &str| before.get(field).or_else(|| left_at(field));
    let mut merged = Merged::default();
    for unit in units {
        let differ = |a: &dyn Fn(&str) -> Option<JsonValue>, b: &dyn Fn(&str) -> Option<JsonValue>| {
            unit.compared.iter().any(|field| a(field) != b(field))
        };
        let (was, was_left, is) = (
            |field: &str| before_at(field).cloned(),
            |field: &str| left_at(field).cloned(),
            |field: &str| now.get(field).cloned(),
        );
        if !differ(&was, &was_left) || !differ(&was, &is) {
            continue;
        }
        if differ(&was_left, &is) {
            merged.conflicts.push(unit.name.to_owned());
            continue;
        }
        for field in unit.carried {
            if let Some(value) = before.get(*field) {
                merged.set.insert((*field).to_owned(), value.clone());
            }
        }
    }
    merged
}

/// An offer before there was one: an empty, gone record that says nothing and is found by nothing but its key.
pub(super) fn no_offer(now: Time) -> Fields {
    let fields = json!({
        "live": false, "gone_at": now, "raw": {}, "row_hash": "", "warned": true, "claims": [], "gtin": null, "brand": null,
        "mpn_key": null, "parent": null, "cost": null, "recommended_price": null, "images": [], "tags": [], "import": "", "file": "",
        "row": 0,
    });
    fields.as_object().cloned().unwrap_or_default()
}

/// A product before there was one.
pub(super) fn no_product() -> Fields {
    let fields = json!({"status": "draft", "status_by": "import", "group_id": null, "group_pinned": false, "merged_into": null});
    fields.as_object().cloned().unwrap_or_default()
}

/// The fields of a stored image; anything but an object has none.
pub(super) fn fields(image: JsonValue) -> Fields {
    match image {
        JsonValue::Object(fields) => fields,
        _ => Fields::new(),
    }
}

/// Sets fields of an offer as its image has them.
pub(super) fn set_offer(body: &mut OfferBody, set: &Fields, now: Time) -> Result<()> {
    fn to<T: DeserializeOwned>(value: &JsonValue) -> Result<T> {
        T::deserialize(value).map_err(Error::internal)
    }
    let money = |value: &JsonValue| -> Result<(Option<i64>, Option<String>)> {
        let money: Option<Money> = to(value)?;
        Ok((money.map(|money| money.minor), money.map(|money| money.currency.code().to_owned())))
    };
    for (field, value) in set {
        match field.as_str() {
            "product_id" => body.product_id = to(value)?,
            "live" => body.live = to(value)?,
            "gone_at" => body.gone_at = to(value)?,
            "raw" => body.record.raw = JsonText::of(value)?,
            "row_hash" => body.row_hash = to(value)?,
            // The image does not hold what was wrong; without it the record is read again when it comes again.
            "warned" => (body.warned, body.record.issues) = (to(value)?, None),
            "claims" => body.record.claims = JsonText::of(value)?,
            "gtin" => body.gtin = to(value)?,
            "brand" => body.brand = to(value)?,
            "mpn_key" => body.mpn_key = to(value)?,
            "parent" => body.parent = to(value)?,
            "cost" => (body.cost_minor, body.cost_currency) = money(value)?,
            "recommended_price" => (body.recommended_minor, body.recommended_currency) = money(value)?,
            "images" => body.record.images = JsonText::of(value)?,
            "tags" => body.record.tags = JsonText::of(value)?,
            "import" => body.import_id = to(value)?,
            "file" => body.file = to(value)?,
            "row" => body.row_number = to(value)?,
            _ => {}
        }
    }
    body.updated_at = now;
    Ok(())
}
