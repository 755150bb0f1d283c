//! Lists: a limit, an opaque cursor, and what comes next.

use super::extract::parameter;
use super::{Query, answer};
use crate::error::{Code, Error, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Items of a page unless `limit` says otherwise.
pub const DEFAULT: i64 = 50;
/// The largest `limit`.
pub const MAX: i64 = 1_000;
/// The longest cursor that is looked at.
const LONGEST: usize = 4_096;

/// Which part of a list.
#[derive(Debug, Clone, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// How many items at most.
    #[param(required = false, minimum = 1, maximum = 1000, default = 50)]
    pub limit: i64,
    /// The `next` of the page before.
    pub after: Option<String>,
}

#[derive(Deserialize)]
struct Given {
    limit: Option<i64>,
    after: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(given) = Query::<Given>::from_request_parts(parts, state).await?;
        let limit = given.limit.unwrap_or(DEFAULT);
        if !(1..=MAX).contains(&limit) {
            return Err(parameter("limit", format!("it is a number from 1 to {MAX}")));
        }
        Ok(Self { limit, after: given.after })
    }
}

impl Page {
    /// Where to go on, as this list writes its cursors.
    pub fn cursor<C: DeserializeOwned>(&self) -> Result<Option<C>> {
        self.after.as_deref().map(decode).transpose()
    }

    /// One more than asked for, so that a further page is known without counting.
    pub fn fetch(&self) -> i64 {
        self.limit.saturating_add(1)
    }

    /// The page of `rows`, which are up to [`Page::fetch`] many; `key` says where the next page goes on after a row.
    pub fn list<R, T, C: Serialize>(
        &self,
        mut rows: Vec<R>,
        key: impl FnOnce(&R) -> C,
        shape: impl FnMut(R) -> T,
    ) -> Result<Listed<T>> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last().filter(|_| more) {
            Some(last) => Some(encode(&key(last))?),
            None => None,
        };
        Ok(Listed { items: rows.into_iter().map(shape).collect(), next })
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to give as `after` for the next page; null on the last.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T: Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        answer::Tagged::of(self).into_response()
    }
}

/// A cursor: opaque outside, any JSON within.
pub fn encode<C: Serialize>(cursor: &C) -> Result<String> {
    Ok(BASE64.encode(serde_json::to_vec(cursor)?))
}

/// Reads a cursor back; anything else is `invalid_cursor`.
pub fn decode<C: DeserializeOwned>(text: &str) -> Result<C> {
    let bytes = if text.len() <= LONGEST { BASE64.decode(text).ok() } else { None };
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Error::new(Code::InvalidCursor, "this is not a cursor of this list; give the 'next' of the page before"))
}
