//! Why a picture was not fetched, and whether to ask again.
//!
//! | code | meaning | again |
//! |---|---|---|
//! | `bad_address` | no http or https address, with a user and password, or at a port of something else | never |
//! | `forbidden_address` | leads to an address that is not public, and the owner has not allowed it | never |
//! | `no_such_host` | the name cannot be looked up | later |
//! | `cannot_connect` | the host does not take the connection | later |
//! | `tls` | the host's certificate or encryption is refused | later |
//! | `too_many_redirects` | redirects in a circle, or too many | never |
//! | `downgrade` | redirects from https to http | never |
//! | `not_found` | 404 or 410 | never |
//! | `refused_by_host` | 401 or 403 | never |
//! | `host_error` | 5xx, or no answer that is HTTP | later |
//! | `host_busy` | 429 | later |
//! | `http_status` | any other status that is no picture | 408 and 425 later, other 4xx never, the rest later |
//! | `too_large` | more bytes than allowed | never |
//! | `cut_off` | the answer ended before it was whole | later |
//! | `too_slow` | no byte for too long, or too few | later |
//! | `empty` | no bytes at all | later |

use super::FetchSettings;
use super::lookup::Unresolved;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use std::error::Error;
use std::time::Duration;

/// Why an address gave no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs: one of the table in [`super::refusal`].
    pub code: &'static str,
    /// For people: what happened and what to do. Names the host, never the whole address, which may hold a secret.
    pub message: String,
    /// Whether to ask again.
    pub again: Again,
}

/// Whether an address is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It would end the same way until somebody changes something.
    Never,
    /// It may go better by itself.
    Later,
    /// The host said when (`Retry-After`, RFC 9110, section 10.2.3), bounded by [`FetchSettings::longest_wait`].
    After(Duration),
}

impl Refusal {
    pub(super) fn never(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), again: Again::Never }
    }

    pub(super) fn later(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), again: Again::Later }
    }

    pub(super) fn bad_address(reason: &str) -> Self {
        Self::never(
            "bad_address",
            format!("the address cannot be asked: {reason}; give one such as https://example.com/lamp.jpg"),
        )
    }

    pub(super) fn forbidden(host: &str) -> Self {
        let message = format!(
            "'{host}' is not on the public internet; name the picture's public address, or let the owner add the host to the allowed hosts"
        );
        Self::never("forbidden_address", message)
    }

    pub(super) fn too_large(host: &str, settings: &FetchSettings) -> Self {
        let message =
            format!("'{host}' sends more than the {} bytes that a picture may have; ask for a smaller one", settings.max_bytes);
        Self::never("too_large", message)
    }

    pub(super) fn too_slow(host: &str) -> Self {
        Self::later(
            "too_slow",
            format!("'{host}' sends too slowly; try again when it is less busy, or take the picture from another host"),
        )
    }

    pub(super) fn cut_off(host: &str) -> Self {
        Self::later("cut_off", format!("'{host}' ended the connection before the picture was whole; try again"))
    }

    pub(super) fn empty(host: &str) -> Self {
        Self::later("empty", format!("'{host}' answers with no bytes at all; ask the supplier for the picture"))
    }

    /// What an answer that is neither a picture nor a redirect means.
    pub(super) fn of_status(status: StatusCode, headers: &HeaderMap, host: &str, settings: &FetchSettings) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let wait = retry_after(text(RETRY_AFTER), text(DATE), settings.longest_wait);
        let asked_to_wait = wait.map_or(Again::Later, Again::After);
        let number = status.as_u16();
        let (code, again, message) = match number {
            404 | 410 => ("not_found", Again::Never, format!("'{host}' has no such picture ({number}); correct the address")),
            401 | 403 => {
                let message =
                    format!("'{host}' does not give the picture to us ({number}); ask the supplier for an address that is open");
                ("refused_by_host", Again::Never, message)
            }
            429 => {
                ("host_busy", asked_to_wait, format!("'{host}' asks us to come less often ({number}); it is asked again later"))
            }
            503 => ("host_error", asked_to_wait, format!("'{host}' is out of service ({number}); it is asked again later")),
            500..=599 => ("host_error", Again::Later, format!("'{host}' failed ({number}); try again, or tell the supplier")),
            408 | 425 => ("http_status", Again::Later, format!("'{host}' did not take the request ({number}); try again")),
            300..=499 => ("http_status", Again::Never, format!("'{host}' answers {number} and no picture; correct the address")),
            _ => ("http_status", Again::Later, format!("'{host}' answers {number} and no picture yet; try again")),
        };
        Self { code, message, again }
    }

    /// What a request or a body that failed means.
    pub(super) fn of_error(error: &reqwest::Error, host: &str) -> Self {
        if let Some(unresolved) = beneath::<Unresolved>(error) {
            return match unresolved {
                Unresolved::Forbidden => Self::forbidden(host),
                Unresolved::Unknown => Self::later(
                    "no_such_host",
                    format!("the name '{host}' cannot be looked up; correct the address, or try again"),
                ),
            };
        }
        if beneath::<rustls::Error>(error).is_some() {
            let message =
                format!("no secure connection to '{host}': its certificate or encryption is refused; tell the supplier");
            return Self::later("tls", message);
        }
        if error.is_connect() {
            return Self::later(
                "cannot_connect",
                format!("'{host}' does not take the connection; correct the address, or try again"),
            );
        }
        if error.is_timeout() {
            return Self::too_slow(host);
        }
        match beneath::<hyper::Error>(error) {
            Some(error) if error.is_parse() => Self::later(
                "host_error",
                format!("'{host}' does not answer as a web server does; correct the address, or try again"),
            ),
            _ => Self::cut_off(host),
        }
    }
}

/// The error of this type that lies beneath, also where an `io::Error` hides it.
fn beneath<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}

/// How long a host asks us to wait: seconds, or a date, which is read against the date of the same answer, so that the host's clock may be
/// wrong. At least a second, at most `longest`; none where the host says nothing that can be read.
pub(super) fn retry_after(value: Option<&str>, date: Option<&str>, longest: Duration) -> Option<Duration> {
    let value = value?.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map_or(longest, Duration::from_secs)
    } else {
        let until = chrono::DateTime::parse_from_rfc2822(value).ok()?;
        let since = chrono::DateTime::parse_from_rfc2822(date?.trim()).ok()?;
        until.signed_duration_since(since).to_std().unwrap_or_default()
    };
    Some(wait.max(Duration::from_secs(1)).min(longest))
}
