//! A damaged GTIN that a second source can mend: told as a reason, never done.

use super::judge::{Decision, Reason, Verdict};
use super::traits::Traits;

/// When two records are otherwise one product, and the GTIN of one is a number of the other with one digit wrong, two turned round, or
/// cut by a spreadsheet: the number that was probably meant.
pub fn proposed(left: &Traits, right: &Traits, verdict: &Verdict) -> Option<Reason> {
    if !matches!(verdict.decision, Decision::Merge | Decision::Review) || left.brand != right.brand {
        return None;
    }
    let repair = |damaged: &Option<String>, whole: &[String]| {
        let damaged = damaged.as_deref()?;
        whole.iter().find(|whole| is_damaged(damaged, whole)).map(|whole| (damaged.to_owned(), whole.clone()))
    };
    if let Some((damaged, whole)) = repair(&left.gtin_damaged, &right.gtins) {
        return Some(Reason { code: "gtin_repair", field: "gtin", left: damaged, right: whole });
    }
    let (damaged, whole) = repair(&right.gtin_damaged, &left.gtins)?;
    Some(Reason { code: "gtin_repair", field: "gtin", left: whole, right: damaged })
}

/// Is `text` what one slip makes of this 14-digit number?
pub fn is_damaged(text: &str, whole: &str) -> bool {
    let compact: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if compact.len() > 30 {
        return false;
    }
    let upper = compact.to_ascii_uppercase().replace(',', ".");
    if let Some((mantissa, exponent)) = upper.split_once('E') {
        let bare = whole.trim_start_matches('0');
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let known = digits.trim_end_matches('0');
        let length = exponent.trim_start_matches('+').parse::<usize>().map_or(0, |power| power + 1);
        // 5.05E+12 is rounded: its last digit may be one more.
        let cut = known.get(..known.len().saturating_sub(1)).unwrap_or_default();
        return length == bare.len() && cut.len() >= 2 && bare.starts_with(cut);
    }
    let digits: String = compact.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 8 || digits.len() != compact.len() {
        return false;
    }
    let padded = format!("{digits:0>14}");
    let zeros = padded.len() - padded.trim_end_matches('0').len();
    if padded.len() == whole.len() && (5..10).contains(&zeros) {
        return padded.get(..14 - zeros) == whole.get(..14 - zeros);
    }
    padded != whole && strsim::osa_distance(&padded, whole) == 1
        || (padded.len() == whole.len() && strsim::hamming(&padded, whole) == Ok(1))
}
