//! In which form a feed is answered (RFC 9110). Pure.

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
