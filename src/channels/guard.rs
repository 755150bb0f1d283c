//! The guard: a publication that would empty, sell out or reprice a shop is held, and the last good one stays until a person says so.

use super::compare::Report;
use super::press::Counts;
use super::settings::Guard;
use rust_decimal::Decimal;

/// What is to become of a publication that must not simply become the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is nothing to publish.
    Failed(String),
    /// A person must release it.
    Held(String),
}

/// Why a publication must not become the current one; every reason is said.
pub fn verdict(guard: &Guard, counts: &Counts, report: &Report) -> Option<Verdict> {
    let ready = counts.added + counts.changed + counts.unchanged;
    let before = counts.changed + counts.unchanged + counts.removed;
    if ready == 0 {
        let why = counts.why_blocked();
        let detail =
            if why.is_empty() { "there are no products; import some".to_owned() } else { format!("no listing is ready: {why}") };
        return Some(Verdict::Failed(detail));
    }
    if before == 0 {
        return None;
    }
    let mut whys = Vec::new();
    let too_many = |count: i64, share: Decimal| Decimal::from(count) > share * Decimal::from(before);
    if too_many(counts.removed, guard.removed) {
        whys.push(format!("remove {} of the {before} listings sent last, more than {}", counts.removed, share(guard.removed)));
    }
    let sold_out = report.stock.sold_out;
    if too_many(sold_out, guard.zeroed) {
        whys.push(format!("sell out {sold_out} of {before}, more than {}", share(guard.zeroed)));
    }
    let far = report.price.far;
    if too_many(far, guard.repriced) {
        let step = share(guard.price_step);
        whys.push(format!("move the price of {far} of {before} by more than {step}, more than {}", share(guard.repriced)));
    }
    if !report.lost.is_empty() {
        whys.push(format!("leave {} without any value", report.lost.join(", ")));
    }
    if whys.is_empty() {
        return None;
    }
    let what = whys.join("; it would ");
    Some(Verdict::Held(format!("it would {what}. The last feed stays; release this publication if that is right")))
}

fn share(share: Decimal) -> String {
    format!("{} %", (share * Decimal::ONE_HUNDRED).normalize())
}
