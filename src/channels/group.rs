//! How a channel tells the variants of one product group apart.

use super::extract::GroupPart;
use super::profile::Variants;
use super::text::said;
use crate::catalog::{GoldenValue, ProductStatus, ProductView};
use crate::normalize::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// The parts of a group's members, in the order of `members`. Only active members count; the others get an empty part.
///
/// The options are the profile's attributes in which active members differ, as many as the channel takes. Of members that look
/// alike the first one is kept and the others name it.
pub fn parts(members: &[&ProductView], rules: &Variants) -> Vec<GroupPart> {
    let active = |view: &&ProductView| view.status == ProductStatus::Active;
    let count = members.iter().copied().filter(active).count();
    let differ = |attribute: &&String, absence_counts: bool| {
        let values = members.iter().copied().filter(active).map(|view| view.values.get(*attribute).map(told));
        let mut values = values.filter(|value| absence_counts || value.is_some());
        values.next().is_some_and(|first| values.any(|other| other != first))
    };
    // What one member says and another does not tells them apart only where nothing else does: that other may be just as red.
    let of = |absence_counts: bool| -> Vec<String> {
        let differing = rules.attributes.iter().filter(|attribute| differ(attribute, absence_counts));
        differing.take(rules.options.max(1)).cloned().collect()
    };
    let options = Some(of(false)).filter(|options| !options.is_empty()).unwrap_or_else(|| of(true));
    let mut seen: HashMap<String, &str> = HashMap::new();
    members
        .iter()
        .map(|view| {
            if !active(view) {
                return GroupPart::default();
            }
            let key = key(options.iter().map(|option| view.values.get(option).map(told)));
            let same_as = seen.get(&key).map(|other| (*other).to_owned());
            seen.entry(key).or_insert(&view.sku);
            GroupPart { members: count, options: options.clone(), same_as }
        })
        .collect()
}

/// The value as an option tells it: two amounts that read the same are the same.
fn told(value: &GoldenValue) -> Cow<'_, GoldenValue> {
    match value {
        GoldenValue::One(Value::Measure(measure)) if said(measure.amount) != measure.amount => {
            Cow::Owned(GoldenValue::One(Value::measure(said(measure.amount), &measure.unit)))
        }
        other => Cow::Borrowed(other),
    }
}

/// Values as one comparable text.
fn key<'a>(values: impl Iterator<Item = Option<Cow<'a, GoldenValue>>>) -> String {
    // Golden values always serialise; were one not to, its variants would only look alike and be blocked with a reason.
    values.map(|value| serde_json::to_string(&value).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}
