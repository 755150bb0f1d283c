//! `Idempotency-Key`: a POST that is repeated with the same key is done once and answered twice.
//!
//! One layer around every POST. The key is reserved before the handler runs, so that a repeat which comes too early is told that the
//! first is still running. A handler that writes through [`super::answered`] commits its answer with its effect; what another handler
//! answered is kept right after it. The first request goes on when its client has gone: that client will repeat it, and wants the
//! answer then. Problems are kept like any other answer, but for those of our own making (5xx) and of a body that did not arrive.
//!
//! A repeat must be the same request, or it is another one under a used key: query and body are compared, the body by its SHA-256. A body
//! that is too large to be held is hashed while the handler reads it. The boundary of a multipart body is left out of the hash, because
//! clients invent a new one each time.

use super::{body, problem};
use crate::app::App;
use crate::auth::Caller;
use crate::db::Conn;
use crate::db::idempotency::{self as kept, Answer, First, Reserved, Ticket};
use crate::error::{Code, Error, FieldError, Result};
use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tracing::Instrument;

/// The header.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Characters of a key.
const LONGEST: usize = 255;
/// Bytes of a body that are read before the handler runs.
const READ_FIRST: usize = 64 * 1024;
/// How often a running request renews its lease.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Bytes of an answer that is kept; none of a POST comes near it.
const MAX_ANSWER: usize = 8 << 20;
/// Headers that belong to an answer rather than to its sending.
const OWN: [&str; 5] = ["content-type", "cache-control", "etag", "location", "beamline-change"];

/// Does a POST with an `Idempotency-Key` once.
pub(super) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = request.method() == Method::POST && request.headers().contains_key(&KEY);
    let route = request.extensions().get::<MatchedPath>().is_some();
    let caller = request.extensions().get::<Caller>().map(|caller| caller.key_id.clone());
    let Some(caller) = caller.filter(|_| asked && route) else { return next.run(request).await };
    match scope(&caller, &request) {
        Ok(scope) => reserved(app, scope, request, next).await.unwrap_or_else(IntoResponse::into_response),
        Err(error) => error.into_response(),
    }
}

/// What a key is good for: one API key, one method, one path.
fn scope(caller: &str, request: &Request) -> Result<String> {
    let wrong = || {
        let message = format!("Idempotency-Key is one value of 1 to {LONGEST} printable ASCII characters, such as a UUID");
        Error::new(Code::BadRequest, message)
    };
    let mut given = request.headers().get_all(&KEY).iter();
    let (Some(key), None) = (given.next(), given.next()) else { return Err(wrong()) };
    let key = key.to_str().map_err(|_| wrong())?;
    if !(1..=LONGEST).contains(&key.len()) || !key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(wrong());
    }
    // Below `nest` the path is the rest of it; what was sent stands in the extension.
    let path = request.extensions().get::<axum::extract::OriginalUri>().map_or_else(|| request.uri().path(), |uri| uri.path());
    let mut hash = Sha256::new();
    for part in [caller, request.method().as_str(), path, key] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    Ok(hex::encode(hash.finalize()))
}

async fn reserved(app: App, scope: String, request: Request, next: Next) -> Result<Response> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (parts, body) = request.into_parts();
    let mut arriving = Arriving::begin(body, &parts.headers).await?;
    let (hash, now, asked) = (arriving.hash.whole.clone(), app.clock.now(), query.clone());
    let found = app.db.write(move |conn| kept::reserve(conn, &scope, &asked, hash.as_deref(), now)).await?;
    match found {
        Reserved::Fresh(ticket) => {
            let body = arriving.on(ticket.clone());
            let request = Request::from_parts(parts, body);
            // On a task of its own: a client who goes away, to come back with the same key, must not leave half of it done.
            let work = tokio::spawn(first(app, ticket, request, next).instrument(tracing::Span::current()));
            match work.await {
                Ok(response) => Ok(response),
                Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
                Err(failed) => Err(Error::internal(failed)),
            }
        }
        Reserved::Running(first) => {
            if let (Some(first_hash), Some(hash)) = (&first.body_hash, &arriving.hash.whole) {
                same(&first, first_hash, &query, hash)?;
            }
            Err(Error::new(
                Code::InProgress,
                "the first request with this Idempotency-Key is still running; ask again in a moment",
            ))
        }
        Reserved::Unanswered(_) => Err(Error::new(
            Code::Conflict,
            "the first request with this Idempotency-Key took effect, and its answer was lost when the server stopped; \
             look at what it made before you send it with another key",
        )),
        Reserved::Done(first, answer) => {
            let hash = arriving.read_on().await?;
            same(&first, first.body_hash.as_deref().unwrap_or_default(), &query, &hash)?;
            replay(answer)
        }
    }
}

fn same(first: &First, first_hash: &str, query: &str, hash: &str) -> Result<()> {
    if first.query == query && first_hash == hash {
        return Ok(());
    }
    let what = if first.query == query { "body" } else { "query" };
    Err(Error::new(
        Code::KeyReused,
        format!(
            "this Idempotency-Key was used with another {what}; give every request a key of its own and repeat it letter by letter"
        ),
    ))
}

/// Runs the handler, keeps the key alive meanwhile, and sees to it that an answer is kept or the key given back.
async fn first(app: App, ticket: Ticket, request: Request, next: Next) -> Response {
    let handler = std::panic::AssertUnwindSafe(ticket.clone().scope(next.run(request)));
    let mut handler = Box::pin(futures_util::FutureExt::catch_unwind(handler));
    let response = loop {
        tokio::select! {
            response = &mut handler => break response,
            () = tokio::time::sleep(HEARTBEAT) => {
                let (ticket, now) = (ticket.clone(), app.clock.now());
                if let Err(error) = app.db.write(move |conn| ticket.renew(conn, now)).await {
                    tracing::warn!(%error, "the lease of an idempotency key could not be renewed");
                }
            }
        }
    };
    let (response, panic) = match response {
        Ok(response) => (response, None),
        Err(panic) => (StatusCode::INTERNAL_SERVER_ERROR.into_response(), Some(panic)),
    };
    let (response, answer) = answer_of(response).await;
    let noted = app
        .db
        .write(move |conn: &mut Conn| match answer.filter(|_| ticket.knows_body()) {
            Some(answer) => ticket.keep_unless_kept(conn, &answer),
            None => ticket.release(conn),
        })
        .await;
    if let Err(error) = noted {
        tracing::warn!(%error, "the answer to a request with an idempotency key could not be kept");
    }
    match panic {
        Some(panic) => std::panic::resume_unwind(panic),
        None => response,
    }
}

/// A problem as it is kept; it is written anew for each repeat, with that request's id.
#[derive(Serialize, Deserialize)]
struct KeptProblem {
    code: String,
    detail: String,
    fields: Vec<(String, String, String)>,
}

/// The answer to be kept, if this is one.
async fn answer_of(response: Response) -> (Response, Option<Answer>) {
    let status = response.status().as_u16();
    if let Some(error) = problem::failure(&response) {
        // What comes of the moment or of a body that did not arrive says nothing about the request.
        let passing = error.code.status() >= 500 || matches!(error.code, Code::Timeout | Code::InProgress | Code::Unauthorized);
        let fields = error.fields.iter().map(|one| (one.pointer.clone(), one.code.clone(), one.message.clone())).collect();
        let kept = KeptProblem { code: error.code.as_str().to_owned(), detail: error.detail.clone(), fields };
        let headers = vec![(header::CONTENT_TYPE.to_string(), problem::MEDIA_TYPE.to_owned())];
        let answer = serde_json::to_vec(&kept).ok().filter(|_| !passing).map(|body| Answer { status, headers, body });
        return (response, answer);
    }
    if !response.status().is_success() {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let known = body.size_hint().exact().is_some_and(|bytes| bytes <= MAX_ANSWER as u64);
    if !known {
        return (Response::from_parts(parts, body), None);
    }
    match axum::body::to_bytes(body, MAX_ANSWER).await {
        Ok(bytes) => {
            let own = |name: &&str| Some(((*name).to_owned(), parts.headers.get(*name)?.to_str().ok()?.to_owned()));
            let answer = Answer { status, headers: OWN.iter().filter_map(own).collect(), body: bytes.to_vec() };
            (Response::from_parts(parts, Body::from(bytes)), Some(answer))
        }
        Err(error) => (Error::internal(error).into_response(), None),
    }
}

/// The first answer once more.
fn replay(answer: Answer) -> Result<Response> {
    let is_problem = answer.headers.iter().any(|(_, value)| value == problem::MEDIA_TYPE);
    let mut response = if is_problem {
        let kept: KeptProblem = serde_json::from_slice(&answer.body)?;
        let code = Code::ALL.iter().find(|code| code.as_str() == kept.code).copied().unwrap_or(Code::Conflict);
        let field = |(pointer, code, message)| FieldError { pointer, code, message };
        let fields = kept.fields.into_iter().map(field).collect();
        Error { fields, ..Error::new(code, kept.detail) }.into_response()
    } else {
        let status = StatusCode::from_u16(answer.status).map_err(Error::internal)?;
        let mut response = (status, answer.body).into_response();
        for (name, value) in answer.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    };
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// A body on its way in, hashed as far as it has come.
struct Arriving {
    read: Vec<u8>,
    rest: Option<BodyDataStream>,
    hash: BodyHash,
}

impl Arriving {
    /// Reads a small body whole, and the beginning of a large or slow one.
    async fn begin(body: Body, headers: &HeaderMap) -> Result<Self> {
        let mut arriving = Self { read: Vec::new(), rest: None, hash: BodyHash::new(headers) };
        let mut pieces = body.into_data_stream();
        let deadline = tokio::time::Instant::now() + body::TOTAL;
        loop {
            match tokio::time::timeout_at(deadline, pieces.next()).await {
                Ok(Some(piece)) => arriving.take(&piece.map_err(body::failure)?),
                Ok(None) => {
                    arriving.hash.end();
                    return Ok(arriving);
                }
                Err(_) => break,
            }
            if arriving.read.len() > READ_FIRST {
                break;
            }
        }
        arriving.rest = Some(pieces);
        Ok(arriving)
    }

    fn take(&mut self, piece: &Bytes) {
        self.hash.feed(piece);
        self.read.extend_from_slice(piece);
    }

    /// The body for the handler; the ticket learns its hash when it has been read.
    fn on(mut self, ticket: Ticket) -> Body {
        let Some(rest) = self.rest.take() else { return Body::from(self.read) };
        let first = futures_util::stream::iter([Ok(Bytes::from(self.read))]);
        let hashed = futures_util::stream::unfold((rest, self.hash, ticket), |(mut rest, mut hash, ticket)| async move {
            let piece = rest.next().await;
            match &piece {
                Some(Ok(bytes)) => hash.feed(bytes),
                Some(Err(_)) => {}
                None => hash.end(),
            }
            if let Some(whole) = &hash.whole {
                ticket.body_was(whole.clone());
            }
            piece.map(|piece| (piece, (rest, hash, ticket)))
        });
        Body::from_stream(first.chain(hashed))
    }

    /// Reads the rest and throws it away; the hash of the whole.
    async fn read_on(&mut self) -> Result<String> {
        if let Some(mut rest) = self.rest.take() {
            while let Some(piece) = rest.next().await {
                self.hash.feed(&piece.map_err(body::failure)?);
            }
            self.hash.end();
        }
        Ok(self.hash.whole.clone().unwrap_or_default())
    }
}

/// The SHA-256 of a body in pieces, a multipart body's boundary left out.
struct BodyHash {
    sha: Sha256,
    boundary: Option<Vec<u8>>,
    held: Vec<u8>,
    whole: Option<String>,
}

impl BodyHash {
    fn new(headers: &HeaderMap) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = kind.to_ascii_lowercase().trim_start().starts_with("multipart/").then(|| boundary(kind)).flatten();
        Self { sha: Sha256::new(), boundary, held: Vec::new(), whole: None }
    }

    fn feed(&mut self, piece: &[u8]) {
        let Some(boundary) = &self.boundary else {
            self.sha.update(piece);
            return;
        };
        if self.whole.is_some() {
            return;
        }
        self.held.extend_from_slice(piece);
        loop {
            // The two bytes behind a boundary tell whether it is the last one.
            let room = boundary.len() + 2;
            let at = self.held.windows(boundary.len()).position(|window| window == boundary.as_slice());
            match at {
                Some(at) if self.held.len() >= at + room => {
                    let last = self.held.get(at + boundary.len()..at + room) == Some(b"--");
                    self.sha.update(self.held.get(..at).unwrap_or_default());
                    // What stands for the boundary, so that two parts do not run into one.
                    self.sha.update([0, u8::from(last)]);
                    self.held.drain(..at + boundary.len());
                    if last {
                        // The reader of the parts stops here, and so does the hash.
                        self.whole = Some(hex::encode(self.sha.clone().finalize()));
                        self.held.clear();
                        return;
                    }
                }
                Some(_) => return,
                None => {
                    let done = self.held.len().saturating_sub(room);
                    self.sha.update(self.held.get(..done).unwrap_or_default());
                    self.held.drain(..done);
                    return;
                }
            }
        }
    }

    fn end(&mut self) {
        if self.whole.is_none() {
            self.sha.update(&self.held);
            self.whole = Some(hex::encode(self.sha.clone().finalize()));
        }
    }
}

/// The boundary as it stands in the body (RFC 2046, section 5.1.1).
fn boundary(kind: &str) -> Option<Vec<u8>> {
    let parameter = kind.split(';').skip(1).map(str::trim).find(|one| one.to_ascii_lowercase().starts_with("boundary="))?;
    let value = parameter.split_once('=')?.1.trim().trim_matches('"');
    (1..=70).contains(&value.len()).then(|| format!("--{value}").into_bytes())
}
