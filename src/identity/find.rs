//! Which product an offer is of, among those that it was compared with. Pure.
//!
//! One that is clearly the best is it. Where two would do and are not one product themselves, or where the verdicts leave it open, the
//! offer gets a product of its own and people are asked: a wrong merge sells the wrong lamp, a missed one only shows it twice.

use super::judge::{Decision, Verdict};
use super::rules::MatchRules;

/// What identifies an offer, as it is stored with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Usable 14-digit GTIN.
    pub gtin: Option<String>,
    /// Brand code.
    pub brand: Option<String>,
    /// Folded part number.
    pub mpn_key: Option<String>,
}

/// A product, and what comparing the offer with it came to.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Row id of the product.
    pub product_id: i64,
    /// What they are to each other.
    pub verdict: Verdict,
    /// Has the offer's own supplier a live offer of it? A supplier seldom lists one lamp twice: then only a number says that it did.
    pub same_supplier: bool,
}

/// Which product it is.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// One that there is, and why; none when the offer founds its own.
    pub product: Option<(i64, Verdict)>,
    /// A product that the new one is another colour of.
    pub like: Option<i64>,
    /// Products that the new one may be after all, the likeliest first.
    pub suspected: Vec<(i64, Verdict)>,
}

/// Questions that one offer may ask.
const MAX_QUESTIONS: usize = 3;

/// Reasons by which a number says that two records are one product.
const BY_NUMBER: [&str; 2] = ["same_gtin", "same_brand_and_mpn"];

/// Chooses among the products that an offer was compared with; `one` says whether two of them are one product.
pub fn choose(rules: &MatchRules, judged: Vec<Judged>, one: impl Fn(i64, i64) -> bool) -> Found {
    let mut merges: Vec<(i64, Verdict)> = Vec::new();
    let mut asked: Vec<(i64, Verdict)> = Vec::new();
    let mut like: Option<(i64, u16)> = None;
    for Judged { product_id, verdict, same_supplier } in judged {
        let by_number = verdict.reasons.iter().any(|reason| BY_NUMBER.contains(&reason.code));
        match verdict.decision {
            Decision::Merge if by_number || !same_supplier => merges.push((product_id, verdict)),
            Decision::Review if by_number || !same_supplier => asked.push((product_id, verdict)),
            Decision::Variant if like.is_none_or(|(_, score)| verdict.score > score) => {
                like = Some((product_id, verdict.score));
            }
            _ => {}
        }
    }
    // The oldest of equals, whatever order they came in.
    merges.sort_by_key(|(id, verdict)| (std::cmp::Reverse(verdict.score), *id));
    if let Some((best, verdict)) = merges.first() {
        let (best, least) = (*best, verdict.score.saturating_sub(rules.thresholds.best_by));
        let rival = merges.iter().skip(1).any(|(other, verdict)| verdict.score > least && !one(best, *other));
        if !rival {
            return Found { product: merges.into_iter().next(), ..Found::default() };
        }
        asked.extend(merges);
    }
    asked.sort_by_key(|(id, verdict)| (std::cmp::Reverse(verdict.score), *id));
    asked.truncate(MAX_QUESTIONS);
    Found { product: None, like: like.map(|(id, _)| id), suspected: asked }
}
