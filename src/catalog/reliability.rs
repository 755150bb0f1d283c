//! How far a supplier can be trusted: how often what it says stands against what others say of the same products. Pure.
//!
//! Only what can be compared counts: values without a language, of live offers. Amounts that differ by less than rounding are alike.

use super::resolve::{Edit, Source, lineage};
use crate::dictionary::{AttributeType, Dictionary};
use crate::normalize::Value;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;

/// Amounts that differ by this share of the larger one are alike: 85 g and 3 oz.
const ROUNDING: Decimal = Decimal::from_parts(2, 0, 0, false, 2);

/// How often a supplier's claims met others, and how it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Standing {
    /// Claims about what another supplier claims as well.
    pub shared: u64,
    /// Of them, those that another supplier contradicts.
    pub contested: u64,
    /// Of the contested, those that do not stand in the golden record.
    pub lost: u64,
    /// Of the contested, those against which at least two other suppliers agree with each other.
    pub outvoted: u64,
}

/// Counts one product. `sources` are its live offers, `edits` what people said of it.
pub fn count(
    supplier: &str,
    sources: &[Source],
    edits: &[Edit],
    dictionary: &Dictionary,
    standings: &mut BTreeMap<String, Standing>,
) {
    for ((attribute, locale), candidates) in lineage(sources, edits) {
        if locale.is_some() || !is_comparable(&attribute, dictionary) {
            continue;
        }
        let of = |own: bool| {
            let of = candidates
                .iter()
                .filter(move |candidate| candidate.supplier.as_deref().is_some_and(|of| (of == supplier) == own));
            of.collect::<Vec<_>>()
        };
        let others = of(false);
        let Some(winner) = candidates.first() else { continue };
        for mine in of(true).into_iter().filter(|_| !others.is_empty()) {
            let standing = standings.entry(attribute.clone()).or_default();
            standing.shared += 1;
            let against: Vec<&Value> =
                others.iter().map(|other| &other.value).filter(|other| !alike(other, &mine.value)).collect();
            if against.is_empty() {
                continue;
            }
            standing.contested += 1;
            standing.lost += u64::from(!alike(&winner.value, &mine.value));
            let agreed = against.iter().enumerate().any(|(at, one)| against.iter().skip(at + 1).any(|other| alike(one, other)));
            standing.outvoted += u64::from(agreed && against.len() == others.len());
        }
    }
}

/// Free texts say one thing in many ways.
fn is_comparable(attribute: &str, dictionary: &Dictionary) -> bool {
    use AttributeType as T;
    let kind = dictionary.attribute(attribute).map(|attribute| attribute.kind);
    !matches!(kind, None | Some(T::Text | T::RichText | T::TextList | T::Modes))
}

fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Measure(one), Value::Measure(other)) => {
            let (one, other) = (one.amount.abs(), other.amount.abs());
            let allowed = one.max(other).checked_mul(ROUNDING).unwrap_or(Decimal::ZERO);
            one.checked_sub(other).is_some_and(|apart| apart.abs() <= allowed)
        }
        (Value::List(one), Value::List(other)) => one.len() == other.len() && one.iter().all(|item| other.contains(item)),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests;
