//! How a channel tells the variants of one product group apart.

use super::extract::GroupPart;
use super::profile::Variants;
use crate::catalog::{GoldenValue, ProductStatus, ProductView};
use std::collections::HashMap;

/// The parts of a group's members, in the order of `members`. Only active members count; the others get an empty part.
///
/// The options are the profile's attributes in which active members differ, as many as the channel takes. Of members that look
/// alike the first one is kept and the others name it.
pub fn parts(members: &[&ProductView], rules: &Variants) -> Vec<GroupPart> {
    let active = |view: &&ProductView| view.status == ProductStatus::Active;
    let count = members.iter().copied().filter(active).count();
    let mut options = Vec::new();
    for attribute in &rules.attributes {
        let mut values = members.iter().copied().filter(active).map(|view| view.values.get(attribute));
        let first = values.next();
        if options.len() < rules.options.max(1) && first.is_some_and(|first| values.any(|other| other != first)) {
            options.push(attribute.clone());
        }
    }
    let mut seen: HashMap<String, &str> = HashMap::new();
    members
        .iter()
        .map(|view| {
            if !active(view) {
                return GroupPart::default();
            }
            let key = key(options.iter().map(|option| view.values.get(option)));
            let same_as = seen.get(&key).map(|other| (*other).to_owned());
            seen.entry(key).or_insert(&view.sku);
            GroupPart { members: count, options: options.clone(), same_as }
        })
        .collect()
}

/// Values as one comparable text.
fn key<'a>(values: impl Iterator<Item = Option<&'a GoldenValue>>) -> String {
    // Golden values always serialise; were one not to, its variants would only look alike and be blocked with a reason.
    values.map(|value| serde_json::to_string(&value).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}
