//! Doctor: do the database, the index, the files and the ledgers agree?
//!
//! [`examine`] looks and tells; what it finds names the thing, what is wrong and what to do. [`repair`] mends what is derived from
//! something that is still there: golden records from offers, levels from their ledger, listings from products, the index from the
//! catalogue, a gzip form from its file. What only a person can decide it leaves, and says so.
//!
//! Both walk in pages, so that memory does not grow with the catalogue, and both may run beside a `serve`: every repair is a write
//! transaction like any other, and the index has its lock.

mod files;
mod golden;
mod images;
mod index;
mod listings;
mod stock;
mod work;

use crate::app::App;
use crate::error::Result;
use serde::Serialize;

/// Something that does not agree, or did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which examination found it: `golden`, `stock`, `listings`, `index`, `files`, `images`, `imports`, `jobs`.
    pub area: &'static str,
    /// A stable code.
    pub code: &'static str,
    /// What it is about: a SKU, a file, an id.
    pub subject: String,
    /// What is wrong and what to do, or what was done.
    pub message: String,
    /// Who can mend it.
    pub repair: Repair,
}

/// Who can mend a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// [`repair`] can: it is derived from something that is there.
    Possible,
    /// Only a person, as the message says.
    ByPerson,
    /// [`repair`] has.
    Done,
}

/// Findings of one kind that are listed; the rest is counted.
const LISTED: usize = 50;

/// Told what is being looked at.
pub type Progress<'a> = &'a (dyn Fn(&'static str) + Sync);

/// Examines everything. `progress` is told what is being looked at.
pub async fn examine(app: &App, progress: Progress<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    progress("golden records");
    findings.extend(golden::examine(app).await?);
    progress("stock");
    findings.extend(stock::examine(app).await?);
    progress("listings");
    findings.extend(listings::examine(app).await?);
    progress("index");
    findings.extend(index::examine(app).await?);
    progress("files");
    findings.extend(files::examine(app).await?);
    progress("images");
    findings.extend(images::examine(app).await?);
    progress("imports and jobs");
    findings.extend(work::examine(app).await?);
    Ok(findings)
}

/// Mends what can be mended of what [`examine`] found, and tells what was done. Whoever wants to know what is left examines again.
pub async fn repair(app: &App, found: &[Finding], progress: Progress<'_>) -> Result<Vec<Finding>> {
    let wanted = |area: &str| found.iter().any(|finding| finding.area == area && finding.repair == Repair::Possible);
    let mut done = Vec::new();
    // In this order, because each is derived from those before it.
    if wanted("stock") {
        progress("mending stock");
        done.extend(stock::repair(app).await?);
    }
    if wanted("golden") {
        progress("mending golden records");
        done.extend(golden::repair(app).await?);
    }
    if wanted("listings") || !done.is_empty() {
        progress("mending listings");
        crate::channels::follow::catch_up(app).await?;
        done.extend(listings::repair(app).await?);
    }
    if wanted("index") || !done.is_empty() {
        progress("mending the index");
        done.extend(index::repair(app).await?);
    }
    if wanted("files") {
        progress("mending files");
        done.extend(files::repair(app).await?);
    }
    if wanted("images") {
        progress("mending images");
        done.extend(images::repair(app).await?);
    }
    if wanted("imports") || wanted("jobs") {
        progress("mending imports and jobs");
        done.extend(work::repair(app).await?);
    }
    Ok(done)
}

/// A finding that [`repair`] can mend.
fn derived(area: &'static str, code: &'static str, subject: impl Into<String>, message: impl Into<String>) -> Finding {
    Finding { area, code, subject: subject.into(), message: message.into(), repair: Repair::Possible }
}

/// A finding that only a person can mend.
fn decided(area: &'static str, code: &'static str, subject: impl Into<String>, message: impl Into<String>) -> Finding {
    Finding { repair: Repair::ByPerson, ..derived(area, code, subject, message) }
}

/// What was mended.
fn mended(area: &'static str, code: &'static str, subject: impl Into<String>, message: impl Into<String>) -> Finding {
    Finding { repair: Repair::Done, ..derived(area, code, subject, message) }
}

fn listed() -> i64 {
    i64::try_from(LISTED).unwrap_or(i64::MAX)
}
