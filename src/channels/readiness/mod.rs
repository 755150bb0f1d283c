//! Is a product ready for a channel, and if not, why? Pure: the same product, settings and profile give the same listing.
//!
//! A listing is `excluded` when the product is not meant for the channel (draft, discontinued, not in its assortment), `blocked` when the
//! channel would refuse it, `warned` when it goes but not as well as it could, else `ready`. Reasons say what to do. Completeness is the
//! share of required and recommended fields that have a value, per mille; [`Evaluation::missing`] names the others.

mod judging;

use super::extract::{Product, Side, handle};
use super::profile::ChannelProfile;
use super::render::Cell;
use crate::catalog::ProductStatus;
use judging::Judge;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where a listing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListingState {
    /// In the next publication.
    Ready,
    /// In the next publication, although something was cut or left out.
    Warned,
    /// The channel would refuse it.
    Blocked,
    /// Not for this channel: draft, discontinued, or not in its assortment.
    Excluded,
}

impl ListingState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ready, Self::Warned, Self::Blocked, Self::Excluded];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Warned => "warned",
            Self::Blocked => "blocked",
            Self::Excluded => "excluded",
        }
    }

    /// Reads the stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Is it part of the next publication?
    pub fn goes(self) -> bool {
        matches!(self, Self::Ready | Self::Warned)
    }
}

/// What a reason does to the listing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It keeps it out.
    #[default]
    Blocked,
    /// It goes all the same.
    Warning,
    /// It is not meant for the channel.
    Excluded,
}

/// Why a listing is not ready, or could be better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reason {
    /// What it does to the listing.
    #[serde(default)]
    pub level: Level,
    /// The channel's field, or `status`.
    pub field: String,
    /// A stable code.
    pub code: String,
    /// A sentence that says what is wrong.
    pub message: String,
    /// Where the rule stands: the channel's page and the day it was read, or the setting.
    pub source: String,
    /// What to do.
    pub fix: String,
}

/// The row of a listing: one list of cells per field of the profile, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The product.
    pub product_id: i64,
    /// Its SKU.
    pub sku: String,
    /// Code of the group that it stands in with others.
    pub group: Option<String>,
    /// What binds the rows of a group together.
    pub handle: String,
    /// Cells by field.
    pub cells: Vec<Vec<Cell>>,
}

/// A product judged for a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The product.
    pub product_id: i64,
    /// Its SKU.
    pub sku: String,
    /// Where the listing stands.
    pub state: ListingState,
    /// 0 to 1000.
    pub completeness: i32,
    /// Required and recommended fields without a value.
    pub missing: Vec<String>,
    /// Why it is not ready, or could be better; empty when there is nothing to say.
    pub reasons: Vec<Reason>,
    /// What would be sent; only of a listing that goes.
    pub row: Option<Row>,
    /// Changes when the row does; only of a listing that goes.
    pub row_hash: Option<String>,
}

/// Judges one product.
pub fn evaluate(side: Side, product: &Product) -> Evaluation {
    let view = product.view;
    let mut judge = Judge::new(side, product);
    let fields = side.profile.fields.iter().zip(side.used);
    let cells: Vec<Vec<Cell>> = fields.map(|(field, used)| if *used { judge.field(field) } else { Vec::new() }).collect();
    let cells = judging::without_strays(side.profile, cells);
    judge.pictures();
    judge.sets(&cells);
    judge.options();
    judge.variants();
    judge.size(&cells);
    let (completeness, missing) = judge.completeness();
    let mut reasons = judge.reasons;
    let excluded = match view.status {
        ProductStatus::Active => judging::not_in_assortment(side, product),
        status => Some(judging::not_for_sale(status, side, product)),
    };
    let state = if let Some(reason) = excluded {
        reasons = vec![reason];
        ListingState::Excluded
    } else if reasons.iter().any(|reason| reason.level == Level::Blocked) {
        // What keeps it out comes first.
        reasons.sort_by_key(|reason| reason.level != Level::Blocked);
        ListingState::Blocked
    } else if reasons.is_empty() {
        ListingState::Ready
    } else {
        ListingState::Warned
    };
    let goes = state.goes();
    let group = view.group.clone().filter(|_| product.group.members > 1);
    let row_hash = goes.then(|| hash(side.profile, &cells, group.as_deref()));
    let row = goes.then(|| Row { product_id: view.id, sku: view.sku.clone(), group, handle: handle(view), cells });
    Evaluation { product_id: view.id, sku: view.sku.clone(), state, completeness, missing, reasons, row, row_hash }
}

/// Blocks a listing whose value of a field is another product's already.
pub fn shares(evaluation: &mut Evaluation, profile: &ChannelProfile, field: &str, value: &str, other: &str) {
    let page = profile.field(field).and_then(|field| field.docs.as_ref()).unwrap_or(&profile.docs);
    let reason = Reason {
        level: Level::Blocked,
        field: field.to_owned(),
        code: "duplicate".to_owned(),
        message: format!("'{value}' is the {field} of {other} already; {} takes it once", profile.name),
        source: page.to_string(),
        fix: format!("correct the {field} of one of the two, merge them, or take one out of the channel"),
    };
    evaluation.reasons.insert(0, reason);
    evaluation.state = ListingState::Blocked;
    evaluation.row = None;
    evaluation.row_hash = None;
}

/// 64 bits over the fields of stock and price, a dot, and 128 over all others; so one hash tells which of the two changed. The
/// group counts as well: a file that keeps groups together is another when one leaves. Lengths stand before texts, so that no two rows read
/// the same.
pub fn hash(profile: &ChannelProfile, cells: &[Vec<Cell>], group: Option<&str>) -> String {
    let of = |terms: bool| {
        let mut hash = Sha256::new();
        let mut text = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        for (field, cells) in profile.fields.iter().zip(cells).filter(|(field, cells)| field.terms == terms && !cells.is_empty())
        {
            text(&field.name);
            for cell in cells {
                match cell {
                    Cell::Text(value) => text(value),
                    Cell::Parts(parts) => parts.iter().for_each(|part| text(part)),
                }
            }
        }
        if let Some(group) = group.filter(|_| !terms) {
            text("");
            text(group);
        }
        hash.finalize()
    };
    let (terms, rest) = (of(true), of(false));
    format!("{}.{}", hex::encode(terms.get(..8).unwrap_or(&terms)), hex::encode(rest.get(..16).unwrap_or(&rest)))
}

/// Did anything but stock and price change between two hashes?
pub fn changed_beyond_terms(before: &str, now: &str) -> bool {
    let rest = |hash: &str| hash.split_once('.').map_or(hash.to_owned(), |(_, rest)| rest.to_owned());
    rest(before) != rest(now)
}

/// Did stock or price change between two hashes?
pub fn changed_terms(before: &str, now: &str) -> bool {
    let terms = |hash: &str| hash.split_once('.').map(|(terms, _)| terms.to_owned());
    terms(before) != terms(now)
}
