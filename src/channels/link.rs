//! Links to products, and addresses of images.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself inside a path segment or query value (RFC 3986, unreserved).
const PLACEHOLDER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What a whole address must not hold; its structure and its existing escapes stay.
const ADDRESS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'\\').add(b'^').add(b'{').add(b'}').add(b'|');

/// Placeholders of a link template.
pub const PLACEHOLDERS: [&str; 3] = ["{sku}", "{gtin}", "{handle}"];

/// Fills a template such as `https://shop.example/p/{sku}`; values are percent-encoded. None when it asks for a value that the
/// product does not have.
pub fn fill(template: &str, sku: &str, gtin: Option<&str>, handle: &str) -> Option<String> {
    let mut out = String::with_capacity(template.len() + 40);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, tail) = after.split_once('}')?;
        let value = match name {
            "sku" => sku,
            "gtin" => gtin?,
            "handle" => handle,
            _ => return None,
        };
        out.extend(utf8_percent_encode(value, PLACEHOLDER));
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}

/// Why a text is no link template.
pub fn check_template(template: &str) -> Result<(), String> {
    if address(template).is_none() {
        return Err("a link template is an absolute http or https address".to_owned());
    }
    if fill(template, "S", Some("0"), "h").is_none() {
        return Err(format!("a link template knows {}; close every brace", PLACEHOLDERS.join(", ")));
    }
    if !PLACEHOLDERS.iter().any(|placeholder| template.contains(placeholder)) {
        return Err(format!("without {} every product would have the same link", PLACEHOLDERS.join(", ")));
    }
    Ok(())
}

/// An absolute http or https address with everything encoded that an address cannot hold; none when it is no such address.
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let plain = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '<' || c == '"');
    (known && plain && text.len() <= 8_192).then(|| utf8_percent_encode(text, ADDRESS).to_string())
}

/// The address of an image: as the supplier gave it, or joined to the channel's image base when it is relative.
pub fn image(url: &str, base: Option<&str>) -> Option<String> {
    address(url).or_else(|| {
        let path = url.trim();
        if path.is_empty() || path.contains(':') {
            return None;
        }
        address(&format!("{}/{}", base?.trim_end_matches('/'), path.trim_start_matches('/')))
    })
}
