//! Keys over HTTP; for admins only.

use super::queries::{self, KeyRow};
use super::{Caller, NewKey, Permission, Role, keys};
use crate::app::App;
use crate::db::changes;
use crate::error::{Error, Result};
use crate::http::{Empty, Json, Listed, Page, Path, Written, answered_but};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The paths of this capability.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list_keys, create_key)).routes(routes!(revoke_key))
}

/// A key, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Key {
    /// Id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its supplier's code.
    pub supplier: Option<String>,
    /// Its channel's code.
    pub channel: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Key {
    /// The outside form of a row.
    pub fn of(row: KeyRow) -> Result<Self> {
        let KeyRow { id, name, role, supplier, channel, created_at, revoked_at, last_used_at } = row;
        Ok(Self { id, name, role: role.parse()?, supplier, channel, created_at, revoked_at, last_used_at })
    }
}

/// A key to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The supplier's code, for a supplier key.
    pub supplier: Option<String>,
    /// The channel's code, for a channel key.
    pub channel: Option<String>,
}

/// A new key, with the secret that is shown this once.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CreatedKey {
    /// Id.
    pub id: String,
    /// The secret: send it as `Authorization: Bearer KEY`. It is told once: the answer to a repeat of the request leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it is for.
    pub role: Role,
    /// What people call it.
    pub name: String,
    /// Its supplier's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Its channel's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// All keys, revoked ones included, without their secrets.
#[utoipa::path(get, path = "/keys", tag = "keys", params(Page), responses((status = 200, body = Listed<Key>)))]
async fn list_keys(State(app): State<App>, caller: Caller, page: Page) -> Result<Listed<Key>> {
    caller.require(Permission::ManageKeys)?;
    let (after, fetch) = (page.cursor::<String>()?, page.fetch());
    let rows = app.db.read(move |conn| queries::key_list(conn, after.as_deref(), fetch)).await?;
    let keys = rows.into_iter().map(Key::of).collect::<Result<Vec<_>>>()?;
    page.list(keys, |key| key.id.clone(), |key| key)
}

/// Makes a key. Its secret is in this answer and nowhere else.
#[utoipa::path(post, path = "/keys", tag = "keys", request_body = CreateKey,
    responses((status = 201, body = CreatedKey)))]
async fn create_key(State(app): State<App>, caller: Caller, Json(body): Json<CreateKey>) -> Result<impl IntoResponse> {
    caller.require(Permission::ManageKeys)?;
    let new = NewKey { name: body.name, role: body.role, supplier: body.supplier, channel: body.channel };
    let now = app.clock.now();
    let work = move |conn: &mut crate::db::Conn| {
        let made = keys::create(conn, &new, &caller.actor(), now)?;
        let location = format!("/api/v1/keys/{}", made.id);
        let NewKey { name, role, supplier, channel } = new;
        let created = CreatedKey { id: made.id, key: Some(made.secret), role, name, supplier, channel };
        Ok(Written::created(created, location).change(changes::head(conn)?))
    };
    let written = answered_but(&app, work, |created| CreatedKey { key: None, ..created }).await?;
    // A secret is kept by nobody on its way.
    Ok(([(header::CACHE_CONTROL, "no-store")], written))
}

/// Revokes a key: it stops working at once here, and within seconds on other servers of the same database.
#[utoipa::path(delete, path = "/keys/{id}", tag = "keys", params(("id" = String, Path, description = "The key's id")),
    responses((status = 204)))]
async fn revoke_key(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Empty> {
    caller.require(Permission::ManageKeys)?;
    if id == caller.key_id {
        return Err(Error::new(crate::error::Code::Conflict, "a key cannot revoke itself; use another admin key"));
    }
    let (key, now) = (id.clone(), app.clock.now());
    let work = move |conn: &mut crate::db::Conn| {
        keys::revoke(conn, &key, &caller.actor(), now)?;
        changes::head(conn)
    };
    let change = app.db.write(work).await?;
    app.keys.forget(&id);
    Ok(Empty { change: Some(change) })
}
