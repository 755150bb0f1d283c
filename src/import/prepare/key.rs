//! The offer's key within its supplier.

use super::row::Row;
use crate::normalize::text;
use crate::suppliers::Target;
use sha2::{Digest, Sha256};

/// Characters of a key at most.
pub(super) const MAX_CHARS: usize = 200;
/// Characters of a made key that are kept before its hash, when it is longer than [`MAX_CHARS`].
const KEPT_CHARS: usize = 160;
/// Between the parts of a made key.
const SEPARATOR: &str = "|";

/// The supplier's SKU where a column holds it, else made from the key columns.
pub(super) fn set(row: &mut Row<'_>) {
    if let Some(column) = row.profile().columns.iter().find(|column| column.to == Target::SupplierSku) {
        let field = column.from.clone();
        let Some((column, sku)) = row.first(&Target::SupplierSku) else {
            row.reject(
                &field,
                "missing_key",
                "the supplier's SKU is empty, so the row cannot be told from others; fill it in",
                "",
            );
            return;
        };
        if sku.chars().count() > MAX_CHARS || sku.chars().any(char::is_control) {
            let message =
                format!("a SKU has at most {MAX_CHARS} characters and no line breaks; look whether the columns are shifted");
            row.reject(&column.from, "bad_key", message, &sku);
            return;
        }
        row.out.key = sku;
        return;
    }
    let named = &row.profile().key_columns;
    let parts: Vec<String> = if named.is_empty() {
        match row.claims.text("model_name") {
            Some(model) => vec![part(row.claims.text("brand").unwrap_or_default()), part(model)],
            None => vec![part(row.claims.text("title").unwrap_or_default())],
        }
    } else {
        named.iter().map(|name| part(&field_or_claim(row, name))).collect()
    };
    if parts.iter().all(String::is_empty) {
        let wanted = if named.is_empty() { "brand and model, or a title".to_owned() } else { named.join(", ") };
        let message =
            format!("the row has no SKU and no {wanted} to make a key from; fill them in, or name key.columns in the profile");
        row.reject("", "missing_key", message, "");
        return;
    }
    let key = parts.join(SEPARATOR);
    row.out.key = if key.chars().count() <= MAX_CHARS {
        key
    } else {
        let hash = hex::encode(Sha256::digest(key.as_bytes()));
        let kept: String = key.chars().take(KEPT_CHARS).collect();
        format!("{kept}~{}", hash.get(..32).unwrap_or_default())
    };
}

/// The same whatever its case and spaces, so that a retyped name stays the same offer.
fn part(text: &str) -> String {
    text::fold(text, None).replace(SEPARATOR, " ")
}

/// The texts of a field of this name, else what is claimed of the attribute.
fn field_or_claim(row: &Row<'_>, name: &str) -> String {
    let texts = row.cells.texts(name);
    let texts: Vec<&str> = texts.into_iter().filter(|text| !row.preparer.is_null(text)).collect();
    if texts.is_empty() { row.claims.text(name).unwrap_or_default().to_owned() } else { texts.join(" ") }
}
