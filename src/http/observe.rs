//! What every request leaves behind: an id, a line in the log, two metrics; and what every answer carries.

use super::{body, metering, problem};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::Semaphore;
use tracing::Instrument;

/// A request's id: the client's own, when it is a sane one, else a new one.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Requests worked on at once; more are asked to come back.
const IN_FLIGHT: usize = 512;

/// Keeps the number of requests in bounds.
#[derive(Clone)]
pub(super) struct Bounds(Arc<Semaphore>);

impl Default for Bounds {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(IN_FLIGHT)))
    }
}

/// The process's metrics; installed at the first call. None when another recorder was there first.
pub fn metrics() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = metering::recorder()?;
            let handle = recorder.handle();
            ::metrics::set_global_recorder(recorder).ok()?;
            metering::describe();
            Some(handle)
        })
        .as_ref()
}

/// Counts a request until it is answered or its client has gone.
struct InFlight;

impl InFlight {
    fn begin() -> Self {
        gauge!("beamline_http_requests_in_flight").increment(1.0);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!("beamline_http_requests_in_flight").decrement(1.0);
    }
}

/// The outermost layer.
pub(super) async fn observe(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let asked = request.uri().clone();
    let span = tracing::info_span!("request", request_id = %id, method, route, key = tracing::field::Empty);
    let mut response = async {
        let response = match bounds.0.try_acquire() {
            Ok(_permit) => {
                let _counted = InFlight::begin();
                next.run(request.map(|inner| body::timed(inner, body::IDLE))).await
            }
            Err(_) => {
                crate::error::Error::new(crate::error::Code::Unavailable, "too many requests at once; try again in a second")
                    .into_response()
            }
        };
        let response = problem::render(response, &id, &asked);
        let elapsed = started.elapsed();
        tracing::info!(status = response.status().as_u16(), ms = elapsed.as_secs_f64() * 1_000.0, "answered");
        response
    }
    .instrument(span)
    .await;
    let status = response.status().as_u16().to_string();
    counter!("beamline_http_requests_total", "method" => method, "route" => route.clone(), "status" => status).increment(1);
    histogram!("beamline_http_request_duration_seconds", "method" => method, "route" => route).record(started.elapsed());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The client's id when it cannot break a log line or a header, else our own.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let sane = |id: &&str| {
        (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte))
    };
    given.filter(sane).map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned)
}

/// Method names as a metric's label: a client may invent others without end.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
