//! How a feed is answered: in which form, and which bytes of it (RFC 9110). Pure.

/// Which bytes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All.
    All,
    /// From the first to the one before the last number.
    Part(u64, u64),
    /// None of these exist.
    Nothing,
}

/// Reads a `Range` header for a file of `length` bytes. What is no single byte range asks for all, as the standard allows.
pub fn range(header: Option<&str>, length: u64) -> Wanted {
    let Some(given) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return Wanted::All };
    let Some((first, last)) = given.split_once('-') else { return Wanted::All };
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        text if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(Some(text.parse::<u64>().unwrap_or(u64::MAX))),
        _ => None,
    };
    match (number(first), number(last)) {
        (Some(Some(first)), Some(last)) => match last {
            Some(last) if last < first => Wanted::All,
            _ if first >= length => Wanted::Nothing,
            last => Wanted::Part(first, last.map_or(length, |last| last.saturating_add(1).min(length))),
        },
        (Some(None), Some(Some(0))) => Wanted::Nothing,
        (Some(None), Some(Some(_))) if length == 0 => Wanted::Nothing,
        (Some(None), Some(Some(tail))) => Wanted::Part(length.saturating_sub(tail), length),
        _ => Wanted::All,
    }
}

/// Does the reader want the gzip form? Only when it names it, and not less than the plain form.
pub fn wants_gzip(accept_encoding: &str) -> bool {
    let (mut gzip, mut identity) = (None, None);
    for item in accept_encoding.split(',') {
        let mut pieces = item.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default().to_ascii_lowercase();
        let weight = pieces.find_map(|piece| piece.strip_prefix("q=")).map_or(1_000, per_mille);
        match name.as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "identity" => identity = Some(weight),
            "*" => gzip = gzip.or(Some(weight)),
            _ => {}
        }
    }
    gzip.is_some_and(|gzip| gzip > 0 && gzip >= identity.unwrap_or(0))
}

/// A weight such as `0.5`, in thousandths; what cannot be read counts as nothing.
fn per_mille(weight: &str) -> u32 {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole, part.parse::<u32>()) {
        ("1", _) => 1_000,
        ("0", Ok(part)) => part,
        _ => 0,
    }
}

/// Does `If-None-Match` or `If-Range` name this tag?
pub fn names(header: &str, tag: &str) -> bool {
    header.trim() == "*" || header.split(',').any(|given| given.trim().trim_start_matches("W/") == tag)
}
