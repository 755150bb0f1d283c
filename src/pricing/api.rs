//! Exchange rates over HTTP: one table that the owner sets, as a whole.

use super::{Rate, money, queries};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::db::{ChangeKind, Conn, JsonText, NewChange, changes, operations};
use crate::error::{Error, FieldError, Result};
use crate::http::{Json, Listed, Preconditions, Written, etag};
use crate::jobs::Job;
use crate::jobs::queries::job_enqueue_once;
use axum::extract::State;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Rates at most: every pair of some forty currencies.
const MOST: usize = 2_000;

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_rates, put_rates))
}

/// How much of `quote` one unit of `base` is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rate)]
pub struct RateBody {
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    pub base: String,
    /// ISO 4217 code.
    #[schema(example = "USD")]
    pub quote: String,
    /// An exact decimal, greater than zero.
    #[schema(example = "1.0845")]
    pub rate: String,
}

impl From<Rate> for RateBody {
    fn from(rate: Rate) -> Self {
        Self { base: rate.base, quote: rate.quote, rate: rate.rate.to_string() }
    }
}

/// All rates: these take the place of those there are.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutRates {
    /// The rates, each pair once.
    #[schema(max_items = 2000)]
    pub items: Vec<RateBody>,
    /// Taken, so that what GET gave can be sent back; means nothing.
    #[serde(default, rename = "next")]
    #[schema(ignore)]
    _next: Option<String>,
}

/// All exchange rates.
#[utoipa::path(get, path = "/rates", tag = "pricing", responses((status = 200, body = Listed<RateBody>)))]
async fn list_rates(State(app): State<App>, caller: Caller) -> Result<Listed<RateBody>> {
    caller.require(Permission::ReadInner)?;
    app.db.read(queries::rate_list).await.map(listed)
}

/// Sets all exchange rates. Prices follow by themselves.
#[utoipa::path(put, path = "/rates", tag = "pricing", request_body = PutRates, responses((status = 200, body = Listed<RateBody>)))]
async fn put_rates(
    State(app): State<App>,
    caller: Caller,
    preconditions: Preconditions,
    Json(body): Json<PutRates>,
) -> Result<Written<Listed<RateBody>>> {
    caller.require(Permission::Edit)?;
    let (new, now) = (read(&body.items)?, app.clock.now());
    let work = move |conn: &mut Conn| {
        crate::db::lock_catalog(conn)?;
        let before = listed(queries::rate_list(conn)?);
        preconditions.allow_tag(Some(&etag::of(&serde_json::to_vec(&before)?, None)))?;
        queries::rate_replace(conn, &new, now)?;
        let operation = operations::record(conn, "settings", &caller.actor(), "rates", &json!({"rates": new.len()}), now)?;
        let change = NewChange::new(ChangeKind::SettingsChanged, "rates", json!({"rates": true, "all": true}))
            .within(operation.as_str())
            .was(JsonText::of(&before.items)?);
        // Every price that was converted is another now.
        job_enqueue_once(conn, &Job::ResolveAll, now)?;
        let position = changes::append(conn, now, &[change])?;
        Ok((listed(queries::rate_list(conn)?), position))
    };
    let (rates, change) = app.db.write(work).await?;
    Ok(Written::changed(rates).change(change))
}

fn listed(rates: Vec<Rate>) -> Listed<RateBody> {
    Listed { items: rates.into_iter().map(RateBody::from).collect(), next: None }
}

/// Checks rates; every wrong field is named.
pub fn read(items: &[RateBody]) -> Result<Vec<Rate>> {
    if items.len() > MOST {
        return Err(Error::field("/items", "too_many", format!("at most {MOST} rates")));
    }
    let (mut rates, mut wrong, mut pairs) = (Vec::with_capacity(items.len()), Vec::new(), HashSet::new());
    for (at, item) in items.iter().enumerate() {
        match read_one(item) {
            Ok(rate) if !pairs.insert((rate.base.clone(), rate.quote.clone())) => {
                wrong.push(field(at, "base", "duplicate", format!("{} to {} stands twice", rate.base, rate.quote)));
            }
            Ok(rate) => rates.push(rate),
            Err((name, code, message)) => wrong.push(field(at, name, code, message)),
        }
    }
    if wrong.is_empty() { Ok(rates) } else { Err(Error::fields(wrong)) }
}

fn read_one(item: &RateBody) -> Result<Rate, (&'static str, &'static str, String)> {
    let currency = |name, code: &str| {
        money::currency(code).map(|known| known.code().to_owned()).map_err(|error| (name, "invalid_currency", error.to_string()))
    };
    let (base, quote) = (currency("base", &item.base)?, currency("quote", &item.quote)?);
    if base == quote {
        return Err(("quote", "same_currency", format!("{base} is worth one {quote}; leave this rate out")));
    }
    let rate = Decimal::from_str_exact(&item.rate).ok().filter(|rate| rate.is_sign_positive() && !rate.is_zero());
    let rate = rate.ok_or(("rate", "invalid_rate", "a rate is a decimal greater than zero, such as \"1.0845\"".to_owned()))?;
    Ok(Rate { base, quote, rate })
}

fn field(at: usize, name: &str, code: &str, message: String) -> FieldError {
    FieldError { pointer: format!("/items/{at}/{name}"), code: code.to_owned(), message }
}
