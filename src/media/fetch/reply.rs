//! A body read to its end, within its bounds.

use super::address::Asked;
use super::{FetchSettings, Fetched, Refusal, Validators};
use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderName, LAST_MODIFIED};
use std::time::Duration;
use tokio::time::Instant;

/// Bytes made ready before any has come. A declared length costs its sender nothing, so it is not believed beyond this.
const READY: u64 = 1 << 20;
/// The longest header that is remembered. Real ones have a tenth of it; a longer one is not kept, which costs a picture fetched again.
const LONGEST_REMEMBERED: usize = 1024;

/// Reads the body of an answer that has one; the request began at `began`.
pub(super) async fn read(
    mut response: Response,
    asked: &Asked,
    settings: &FetchSettings,
    began: Instant,
) -> Result<Fetched, Refusal> {
    let declared = response.content_length();
    if declared.is_some_and(|length| length > settings.max_bytes) {
        return Err(Refusal::too_large(&asked.host, settings));
    }
    let ready = declared.unwrap_or_default().min(READY);
    let mut body = Vec::with_capacity(usize::try_from(ready).unwrap_or_default());
    loop {
        let now = Instant::now();
        let patience = patience(body.len() as u64, settings).saturating_sub(now.duration_since(began)).min(settings.idle_timeout);
        let part = tokio::time::timeout(patience, response.chunk()).await.map_err(|_| Refusal::too_slow(&asked.host))?;
        let Some(part) = part.map_err(|error| Refusal::of_error(&error, &asked.host))? else { break };
        if (body.len() as u64).saturating_add(part.len() as u64) > settings.max_bytes {
            return Err(Refusal::too_large(&asked.host, settings));
        }
        body.extend_from_slice(&part);
    }
    if body.is_empty() {
        return Err(Refusal::empty(&asked.host));
    }
    let said = |name: HeaderName| remembered(&response, &name);
    let validators = Validators { etag: said(ETAG), last_modified: said(LAST_MODIFIED) };
    let (content_type, from) = (said(CONTENT_TYPE), asked.url.to_string());
    Ok(Fetched::New { bytes: Bytes::from(body), validators, content_type, from })
}

/// How long a body may take of which so many bytes have come.
pub(super) fn patience(received: u64, settings: &FetchSettings) -> Duration {
    settings.grace.saturating_add(Duration::from_secs(received / settings.slowest.max(1)))
}

fn remembered(response: &Response, name: &HeaderName) -> Option<String> {
    let text = response.headers().get(name)?.to_str().ok()?.trim();
    (!text.is_empty() && text.len() <= LONGEST_REMEMBERED).then(|| text.to_owned())
}
