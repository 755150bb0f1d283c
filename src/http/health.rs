//! Is it alive, can it serve, and what has it been doing?

use super::{metering, observe};
use crate::app::App;
use crate::auth::{Caller, Permission};
use crate::db::changes;
use crate::error::{Code, Error, FieldError, Result};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The paths that machines watch; at the root, not under `/api/v1`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(get_health)).routes(routes!(get_readiness)).routes(routes!(get_metrics))
}

/// Alive: the process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, content_type = "text/plain", body = String)))]
async fn get_health() -> &'static str {
    "ok\n"
}

/// Ready: the database answers and the server is not about to stop.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, content_type = "text/plain", body = String)))]
async fn get_readiness(State(app): State<App>) -> Result<&'static str> {
    if app.shutdown.is_cancelled() {
        return Err(not_ready("server", "shutting_down", "this server is about to stop; use another"));
    }
    let database = tokio::time::timeout(PATIENCE, app.db.read(changes::epoch)).await;
    match database {
        Ok(Ok(_)) => Ok("ready\n"),
        Ok(Err(error)) => Err(not_ready("database", "unreachable", "the database cannot be reached").because(error)),
        Err(late) => Err(not_ready("database", "slow", "the database does not answer").because(late)),
    }
}

fn not_ready(what: &str, code: &str, message: &str) -> Error {
    let field = FieldError { pointer: what.to_owned(), code: code.to_owned(), message: message.to_owned() };
    Error { fields: vec![field], ..Error::new(Code::Unavailable, message) }
}

/// Metrics in Prometheus's text format.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, content_type = "text/plain", body = String)))]
async fn get_metrics(State(app): State<App>, caller: Caller) -> Result<Response> {
    caller.require(Permission::ReadInner)?;
    let mut text = observe::metrics().map(metrics_exporter_prometheus::PrometheusHandle::render).unwrap_or_default();
    match tokio::time::timeout(PATIENCE, metering::asked(&app)).await {
        Ok(Ok(asked)) => text.push_str(&asked),
        // What is counted here is worth knowing all the more when the database does not answer.
        Ok(Err(error)) => tracing::warn!(%error, "the queue and the readers' lag could not be asked for"),
        Err(_) => tracing::warn!("the database does not answer; the metrics are without the queue and the readers' lag"),
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
