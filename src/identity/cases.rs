//! Match cases: two products that may be one lamp, for a person to decide.
//!
//! A case is opened once for two products, whatever it says later: what a person rejected is never asked again. Deciding is an
//! operation like any other edit, so that it can be undone; the case then is as it was before.

use super::judge::Reason;
use super::merge::{self, Merged};
use super::queries::{CaseRow, case_by_id, case_of, case_put, cases_about, cases_open};
use crate::catalog::queries::{ProductRow, Rules, merged_into, products_by_id};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, Position, Time, changes, lock_catalog, operations};
use crate::error::{Code, Error, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as JsonValue, json};
use std::collections::BTreeSet;

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Nobody has decided.
    Open,
    /// They are one, and were merged.
    Accepted,
    /// They are two, for ever.
    Rejected,
    /// What opened it was undone.
    Withdrawn,
}

impl CaseState {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the stored name; anything unknown is open.
    pub fn parse(name: &str) -> Self {
        match name {
            "accepted" => Self::Accepted,
            "rejected" => Self::Rejected,
            "withdrawn" => Self::Withdrawn,
            _ => Self::Open,
        }
    }
}

/// What speaks for two products being one, or against it, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MatchReason)]
pub struct Told {
    /// A stable code, such as `same_gtin` or `other_generation`.
    #[schema(example = "same_gtin")]
    pub code: String,
    /// What of the products it is about.
    #[schema(example = "gtin")]
    pub field: String,
    /// What the one says; empty where it says nothing.
    pub left: String,
    /// What the other says.
    pub right: String,
}

impl Told {
    /// A verdict's reason.
    pub fn of(reason: &Reason) -> Self {
        Self {
            code: reason.code.to_owned(),
            field: reason.field.to_owned(),
            left: reason.left.clone(),
            right: reason.right.clone(),
        }
    }

    /// A reason without sides.
    pub fn plain(code: &str, field: &str) -> Self {
        Self { code: code.to_owned(), field: field.to_owned(), left: String::new(), right: String::new() }
    }
}

/// Two products that may be one.
#[derive(Debug, Clone)]
pub struct Suspected {
    /// One.
    pub one: i64,
    /// The other; reasons name the one left of it.
    pub other: i64,
    /// How alike they are, 0 to 1000.
    pub score: u16,
    /// Why they may be one, and why they may not.
    pub reasons: Vec<Told>,
}

/// Opens a case for each pair that has none; the changes tell of those that are new (`match.opened`).
pub fn open(conn: &mut Conn, suspected: &[Suspected], operation: &str, now: DateTime<Utc>) -> Result<Vec<NewChange>> {
    let rows: Vec<CaseRow> = suspected
        .iter()
        .filter(|pair| pair.one != pair.other)
        .map(|pair| fresh(pair, CaseState::Open, now))
        .collect::<Result<_>>()?;
    let told = cases_open(conn, &rows)?.into_iter().map(|(id, score)| {
        Ok(NewChange::new(ChangeKind::MatchOpened, &id, json!({"what": "match", "match": id, "score": score}))
            .within(operation)
            .was(JsonText::of(
                &json!({"state": CaseState::Withdrawn, "decided_at": null, "decided_by": null, "operation": null}),
            )?))
    });
    told.collect()
}

fn fresh(pair: &Suspected, state: CaseState, now: DateTime<Utc>) -> Result<CaseRow> {
    let mut reasons = pair.reasons.clone();
    if pair.one > pair.other {
        for told in &mut reasons {
            std::mem::swap(&mut told.left, &mut told.right);
        }
    }
    Ok(CaseRow {
        id: crate::id::new("match", now),
        left_product: pair.one.min(pair.other),
        right_product: pair.one.max(pair.other),
        state: state.as_str().to_owned(),
        score: i32::from(pair.score),
        reasons: JsonText::of(&reasons)?,
        opened_at: now.into(),
        decided_at: None,
        decided_by: None,
        operation_id: None,
    })
}

/// Who decides, and when.
#[derive(Debug, Clone, Copy)]
pub struct Deciding<'a> {
    /// Who.
    pub actor: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// The case of this id, or 404.
pub fn existing(conn: &mut Conn, id: &str) -> Result<CaseRow> {
    case_by_id(conn, id)?.ok_or_else(|| Error::not_found(format!("match '{id}'")))
}

/// The two products of each case, as they are to be seen now: one that was merged elsewhere since is that other one.
pub fn sides(conn: &mut Conn, cases: &[CaseRow]) -> Result<Vec<(ProductRow, ProductRow)>> {
    let ids: BTreeSet<i64> = cases.iter().flat_map(|case| [case.left_product, case.right_product]).collect();
    let mut products = products_by_id(conn, &ids.into_iter().collect::<Vec<_>>())?;
    for row in products.values_mut() {
        // Few of a page are merged already, and each of those leads elsewhere.
        if let Some(into) = merged_into(conn, row)? {
            *row = into;
        }
    }
    let side = |id: i64| products.get(&id).cloned().ok_or_else(|| Error::internal("a match names a product that is not there"));
    cases.iter().map(|case| Ok((side(case.left_product)?, side(case.right_product)?))).collect()
}

/// [`sides`] of one case.
pub fn sides_of(conn: &mut Conn, case: &CaseRow) -> Result<(ProductRow, ProductRow)> {
    let mut sides = sides(conn, std::slice::from_ref(case))?;
    sides.pop().ok_or_else(|| Error::internal("a match has no sides"))
}

/// They are one: merges them. A rejected case can still be accepted.
pub fn accept(conn: &mut Conn, rules: &Rules, id: &str, deciding: Deciding<'_>) -> Result<Merged> {
    lock_catalog(conn)?;
    let case = existing(conn, id)?;
    if CaseState::parse(&case.state) == CaseState::Accepted {
        return Err(Error::new(
            Code::Conflict,
            format!("match {id} is accepted already; undo operation {} to part them again", of(&case)),
        ));
    }
    if CaseState::parse(&case.state) == CaseState::Withdrawn {
        return Err(withdrawn(id));
    }
    let (left, right) = sides_of(conn, &case)?;
    if left.id == right.id {
        return Err(Error::new(Code::Conflict, format!("both sides of match {id} were merged into {} already", left.body.sku)));
    }
    merge::merge(conn, rules, vec![left, right], deciding)
}

fn withdrawn(id: &str) -> Error {
    Error::new(Code::Conflict, format!("what opened match {id} was undone; merge the products by hand if they are one"))
}

fn of(case: &CaseRow) -> &str {
    case.operation_id.as_deref().unwrap_or("that did it")
}

/// They are two; nobody is asked again.
pub fn reject(conn: &mut Conn, id: &str, deciding: Deciding<'_>) -> Result<Position> {
    lock_catalog(conn)?;
    let case = existing(conn, id)?;
    match CaseState::parse(&case.state) {
        CaseState::Open => {}
        CaseState::Withdrawn => return Err(withdrawn(id)),
        CaseState::Rejected => return Err(Error::new(Code::Conflict, format!("match {id} is rejected already"))),
        CaseState::Accepted => {
            let why = format!("match {id} was accepted and its products are one; undo operation {} or split them", of(&case));
            return Err(Error::new(Code::Conflict, why));
        }
    }
    let operation = operations::record(conn, "match", deciding.actor, id, &json!({"state": "rejected"}), deciding.now)?;
    let told = decide(conn, case, CaseState::Rejected, &operation, deciding)?;
    changes::append(conn, deciding.now, &[told])
}

/// What undo restores of a case.
pub fn document(case: &CaseRow) -> JsonValue {
    json!({"state": case.state, "decided_at": case.decided_at, "decided_by": case.decided_by, "operation": case.operation_id})
}

/// Is this the document of a case that nobody has decided?
pub fn is_open(document: &JsonValue) -> bool {
    document.get("state").and_then(JsonValue::as_str) == Some(CaseState::Open.as_str())
}

/// See [`document`].
#[derive(Deserialize)]
struct Document {
    state: String,
    decided_at: Option<Time>,
    decided_by: Option<String>,
    operation: Option<String>,
}

/// Puts a case back to what its document says.
pub fn restore(conn: &mut Conn, id: &str, document: &JsonValue) -> Result<()> {
    let Document { state, decided_at, decided_by, operation } = Document::deserialize(document)?;
    let case = existing(conn, id)?;
    case_put(conn, &CaseRow { state, decided_at, decided_by, operation_id: operation, ..case })
}

fn decide(conn: &mut Conn, case: CaseRow, state: CaseState, operation: &str, deciding: Deciding<'_>) -> Result<NewChange> {
    let before = document(&case);
    let case = CaseRow {
        state: state.as_str().to_owned(),
        decided_at: Some(deciding.now.into()),
        decided_by: Some(deciding.actor.to_owned()),
        operation_id: Some(operation.to_owned()),
        ..case
    };
    case_put(conn, &case)?;
    Ok(NewChange::new(ChangeKind::EditChanged, &case.id, json!({"what": "match", "match": case.id, "state": case.state}))
        .within(operation)
        .was(JsonText::of(&before)?))
}

/// What merging these products into one means for the cases about them: what was asked about two of them is answered, and what was
/// rejected about one that goes counts for the one that stays.
pub(super) fn merged(
    conn: &mut Conn,
    kept: i64,
    gone: &[i64],
    operation: &str,
    deciding: Deciding<'_>,
) -> Result<Vec<NewChange>> {
    let mut told = Vec::new();
    let one = |id: i64| id == kept || gone.contains(&id);
    for case in cases_about(conn, gone)? {
        let (left, right) = (case.left_product, case.right_product);
        let state = CaseState::parse(&case.state);
        if one(left) && one(right) {
            if !matches!(state, CaseState::Accepted | CaseState::Withdrawn) {
                told.push(decide(conn, case, CaseState::Accepted, operation, deciding)?);
            }
        } else if state == CaseState::Rejected {
            let other = if one(left) { right } else { left };
            told.extend(keep_apart(conn, kept, other, case.reasons.read()?, operation, deciding)?);
        }
    }
    Ok(told)
}

/// From now on these two are never taken for one; the changes tell of it where it is new.
pub(super) fn keep_apart(
    conn: &mut Conn,
    one: i64,
    other: i64,
    reasons: Vec<Told>,
    operation: &str,
    deciding: Deciding<'_>,
) -> Result<Option<NewChange>> {
    let known = case_of(conn, one.min(other), one.max(other))?;
    let case = match known {
        Some(case) if CaseState::parse(&case.state) == CaseState::Rejected => return Ok(None),
        Some(case) => case,
        None => {
            // Undone, it is as if it had never been.
            let case = fresh(&Suspected { one, other, score: 0, reasons }, CaseState::Withdrawn, deciding.now)?;
            case_put(conn, &case)?;
            case
        }
    };
    decide(conn, case, CaseState::Rejected, operation, deciding).map(Some)
}
