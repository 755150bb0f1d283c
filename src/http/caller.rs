//! Who is asking: every path but the open ones wants a key, and the key's role must have business there.

use crate::app::App;
use crate::auth::{Caller, gate};
use crate::error::{Code, Error, Result};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Routes that need no key.
const OPEN: &[&str] = &[
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/errors",
    "/docs/{*rest}",
    // Channels fetch pictures as anybody would; the handler checks the address where such addresses are signed.
    "/media/{image}/{rendition}/{file}",
];

/// The route that takes a signed link instead of a key.
const SIGNED: &str = "/feeds/{channel}/{file}";

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// Checks the key before any handler runs, and leaves the [`Caller`] with the request.
pub(super) async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    // A path that does not exist is nobody's; it is answered 404 below.
    let Some(route) = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return next.run(request).await;
    };
    if OPEN.contains(&route.as_str()) {
        return next.run(request).await;
    }
    // A signed link is its own key; the handler checks it.
    if route == SIGNED && bearer(&request).is_none() && request.uri().query().is_some_and(|query| query.contains("signature=")) {
        return next.run(request).await;
    }
    let caller = match bearer(&request) {
        Some(secret) => app.keys.caller(&app, &secret).await,
        None => Err(missing()),
    };
    match caller {
        Ok(caller) if gate::allows(caller.role, request.method().as_str(), &route) => {
            tracing::Span::current().record("key", caller.key_id.as_str());
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(caller) => forbidden(&caller).into_response(),
        Err(error) => error.into_response(),
    }
}

fn bearer(request: &Request) -> Option<String> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim().to_owned())
}

fn missing() -> Error {
    Error::new(Code::Unauthorized, "send a key as 'Authorization: Bearer KEY'; 'beamline key create' makes one")
}

fn forbidden(caller: &Caller) -> Error {
    Error::new(Code::Forbidden, format!("a {} key may not do that; use a key of another role", caller.role.as_str()))
}
