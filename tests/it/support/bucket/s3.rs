//! What the bucket answers: a subset of <https://docs.aws.amazon.com/AmazonS3/latest/API/>.

use super::{Fault, Plan};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex};

pub(super) const KEY: &str = "BLTESTKEY";
const LEAST_PART: usize = 5 << 20;
const PAGE: usize = 3;

#[derive(Default)]
pub(super) struct Inner {
    pub(super) objects: BTreeMap<String, (Bytes, String, DateTime<Utc>)>,
    pub(super) uploads: BTreeMap<String, (String, BTreeMap<usize, Bytes>)>,
    pub(super) begun: usize,
    pub(super) plan: Option<Plan>,
}

type Answered = Result<Response<Body>, std::io::Error>;

pub(super) async fn answer(state: Arc<Mutex<Inner>>, request: Request<hyper::body::Incoming>) -> Answered {
    let (head, body) = request.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.map_err(std::io::Error::other)?;
    let mut inner = state.lock().unwrap();
    let path = percent_encoding::percent_decode_str(head.uri.path()).decode_utf8_lossy().into_owned();
    let key = path.strip_prefix("/lamps").map(|rest| rest.trim_start_matches('/').to_owned());
    match inner.plan.as_mut().and_then(|plan| plan(&head.method, key.as_deref().unwrap_or_default())) {
        Some(Fault::HangUp) => return Err(std::io::Error::other("hung up")),
        Some(Fault::Status(status)) => return Ok(fault(status, "InternalError")),
        None => {}
    }
    let Some(key) = key else { return Ok(fault(404, "NoSuchBucket")) };
    if let Some(refused) = unsigned(&head.headers, &body) {
        return Ok(refused);
    }
    Ok(inner.answer(&head.method, &key, &query(&head.uri), &head.headers, body))
}

fn unsigned(headers: &HeaderMap, body: &[u8]) -> Option<Response<Body>> {
    let given = header(headers, "authorization");
    let Some(given) = given.strip_prefix("AWS4-HMAC-SHA256 Credential=") else { return Some(fault(403, "AccessDenied")) };
    if !given.starts_with(&format!("{KEY}/")) || !given.contains("Signature=") {
        return Some(fault(403, "InvalidAccessKeyId"));
    }
    let hash = header(headers, "x-amz-content-sha256");
    let right = hash == "UNSIGNED-PAYLOAD" || hash == hex::encode(Sha256::digest(body));
    (!right).then(|| fault(400, "XAmzContentSHA256Mismatch"))
}

impl Inner {
    pub(super) fn store(&mut self, key: &str, bytes: Bytes) -> String {
        let tag = format!("\"{}\"", &hex::encode(Sha256::digest(&bytes))[..32]);
        self.objects.insert(key.to_owned(), (bytes, tag.clone(), Utc::now()));
        tag
    }

    fn answer(
        &mut self,
        method: &Method,
        key: &str,
        query: &BTreeMap<String, String>,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Response<Body> {
        match (method.as_str(), query.get("uploadId"), query.get("partNumber")) {
            ("POST", None, _) if query.contains_key("uploads") => {
                self.begun += 1;
                let id = format!("upload-{}", self.begun);
                self.uploads.insert(id.clone(), (key.to_owned(), BTreeMap::new()));
                xml(&format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"))
            }
            ("POST", None, _) if query.contains_key("delete") && key.is_empty() => self.delete_many(headers, &body),
            ("PUT", Some(id), Some(number)) => {
                let Some((_, parts)) = self.uploads.get_mut(id) else { return fault(404, "NoSuchUpload") };
                let number: usize = number.parse().unwrap();
                parts.insert(number, body);
                tagged(&format!("\"part-{number}\""))
            }
            ("POST", Some(id), _) => self.complete(id, key, &body),
            ("DELETE", Some(id), _) => {
                self.uploads.remove(id);
                empty(204)
            }
            ("PUT", None, _) => self.put(key, headers, body),
            ("GET", None, _) if key.is_empty() && query.get("list-type").is_some_and(|kind| kind == "2") => self.list(query),
            ("GET" | "HEAD", None, _) => self.get(method == Method::HEAD, key, headers),
            ("DELETE", None, _) => {
                self.objects.remove(key);
                empty(204)
            }
            _ => fault(405, "MethodNotAllowed"),
        }
    }

    fn put(&mut self, key: &str, headers: &HeaderMap, body: Bytes) -> Response<Body> {
        let source = header(headers, "x-amz-copy-source");
        if !source.is_empty() {
            let source = percent_encoding::percent_decode_str(&source).decode_utf8_lossy().into_owned();
            let from = source.trim_start_matches('/').strip_prefix("lamps/").and_then(|from| self.objects.get(from));
            let Some(bytes) = from.map(|(bytes, ..)| bytes.clone()) else { return fault(404, "NoSuchKey") };
            let tag = self.store(key, bytes);
            return xml(&format!("<CopyObjectResult><ETag>{tag}</ETag></CopyObjectResult>"));
        }
        let held = self.objects.get(key).map(|(_, tag, _)| tag.clone());
        let (unless, only) = (header(headers, "if-none-match"), header(headers, "if-match"));
        if (unless == "*" && held.is_some()) || (!only.is_empty() && held.as_ref() != Some(&only)) {
            return fault(412, "PreconditionFailed");
        }
        tagged(&self.store(key, body))
    }

    fn complete(&mut self, id: &str, key: &str, body: &[u8]) -> Response<Body> {
        let Some((of, parts)) = self.uploads.get(id) else { return fault(404, "NoSuchUpload") };
        let named = String::from_utf8_lossy(body).matches("<PartNumber>").count();
        if of != key || named != parts.len() || !parts.keys().copied().eq(1..=named) {
            return fault(400, "InvalidPart");
        }
        if parts.iter().any(|(number, part)| *number < named && part.len() < LEAST_PART) {
            return fault(400, "EntityTooSmall");
        }
        let whole: Vec<u8> = parts.values().flatten().copied().collect();
        self.uploads.remove(id);
        let tag = self.store(key, whole.into());
        xml(&format!("<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>"))
    }

    fn get(&self, head: bool, key: &str, headers: &HeaderMap) -> Response<Body> {
        let Some((bytes, tag, modified)) = self.objects.get(key) else { return fault(404, "NoSuchKey") };
        if header(headers, "if-none-match") == *tag {
            return empty(304);
        }
        if !matches!(header(headers, "if-match"), only if only.is_empty() || only == *tag) {
            return fault(412, "PreconditionFailed");
        }
        let range = header(headers, "range");
        let whole = 0..bytes.len();
        let wanted = match range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) {
            None => whole.clone(),
            Some(("", tail)) => bytes.len().saturating_sub(tail.parse().unwrap())..bytes.len(),
            Some((first, "")) => first.parse().unwrap()..bytes.len(),
            Some((first, last)) => first.parse().unwrap()..(last.parse::<usize>().unwrap() + 1).min(bytes.len()),
        };
        if wanted.start > wanted.end || (wanted.is_empty() && !bytes.is_empty()) {
            return fault(416, "InvalidRange");
        }
        let answer = Response::builder()
            .status(if range.is_empty() { 200 } else { 206 })
            .header("etag", tag)
            .header("last-modified", modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
            .header("content-length", wanted.len());
        let answer = if range.is_empty() {
            answer
        } else {
            answer.header("content-range", format!("bytes {}-{}/{}", wanted.start, wanted.end.saturating_sub(1), bytes.len()))
        };
        answer.body(if head { Body::empty() } else { Body::from(bytes.slice(wanted)) }).unwrap()
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Response<Body> {
        let given = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let (prefix, delimiter) = (given("prefix"), given("delimiter"));
        let after = given("continuation-token").max(given("start-after")).to_owned();
        let (mut body, mut last, mut told, mut more) = (String::new(), after.clone(), 0, false);
        for (key, (bytes, tag, modified)) in self.objects.range::<str, _>((Excluded(after.as_str()), Unbounded)) {
            let Some(rest) = key.strip_prefix(prefix) else { continue };
            let folder = rest
                .split_once(delimiter)
                .filter(|_| !delimiter.is_empty())
                .map(|(folder, _)| format!("{prefix}{folder}{delimiter}"));
            // What stands in a folder that was told is told with it.
            if folder.as_deref().is_some_and(|folder| last.starts_with(folder)) {
                last.clone_from(key);
                continue;
            }
            if told == PAGE {
                more = true;
                break;
            }
            told += 1;
            last.clone_from(key);
            if let Some(folder) = folder {
                let _ = write!(body, "<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>");
                continue;
            }
            let (size, modified) = (bytes.len(), modified.to_rfc3339());
            let _ = write!(body, "<Contents><Key>{key}</Key><Size>{size}</Size>");
            let _ = write!(body, "<LastModified>{modified}</LastModified><ETag>{tag}</ETag></Contents>");
        }
        if more {
            let _ = write!(body, "<NextContinuationToken>{last}</NextContinuationToken>");
        }
        xml(&format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>{body}</ListBucketResult>"))
    }

    fn delete_many(&mut self, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
        if header(headers, "content-md5").is_empty() {
            return fault(400, "InvalidRequest");
        }
        let body = String::from_utf8_lossy(body);
        let mut told = String::new();
        for key in body.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()) {
            self.objects.remove(key);
            let _ = write!(told, "<Deleted><Key>{key}</Key></Deleted>");
        }
        xml(&format!("<DeleteResult>{told}</DeleteResult>"))
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn query(uri: &Uri) -> BTreeMap<String, String> {
    let plain = |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair =
        |pair: &str| pair.split_once('=').map_or((plain(pair), String::new()), |(name, value)| (plain(name), plain(value)));
    uri.query().unwrap_or_default().split('&').filter(|text| !text.is_empty()).map(pair).collect()
}

fn empty(status: u16) -> Response<Body> {
    Response::builder().status(status).body(Body::empty()).unwrap()
}

fn tagged(tag: &str) -> Response<Body> {
    Response::builder().header("etag", tag).body(Body::empty()).unwrap()
}

fn xml(body: &str) -> Response<Body> {
    Response::builder().header("content-type", "application/xml").body(Body::from(body.to_owned())).unwrap()
}

fn fault(status: u16, code: &str) -> Response<Body> {
    let body = format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>");
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(Body::from(body)).unwrap()
}
