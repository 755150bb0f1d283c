//! The one thing that renditions keep of a picture's metadata: IPTC's `DigitalSourceType`, which says that a model made it.
//!
//! It is a property of XMP (ISO 16684-1), an attribute or an element of an RDF description, and its value one of IPTC's news codes.

use quick_xml::events::{BytesStart, Event};

/// Where the codes stand; with `https` they are meant as well.
const CODES: &str = "://cv.iptc.org/newscodes/digitalsourcetype/";
const PROPERTY: &str = "DigitalSourceType";
/// Longest of today's codes has 34 letters.
const MAX_CODE: usize = 64;

/// The source type that an XMP packet says, as IPTC writes its URI.
pub(super) fn source_type(packet: &[u8]) -> Option<String> {
    // Most packets have none; parsing is for those that might.
    let text = String::from_utf8_lossy(packet);
    if !text.contains(PROPERTY) {
        return None;
    }
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut inside = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                if let Some(found) = from_attributes(&element) {
                    return Some(found);
                }
                inside = element.local_name().as_ref() == PROPERTY;
            }
            Ok(Event::Empty(element)) => {
                if let Some(found) = from_attributes(&element) {
                    return Some(found);
                }
            }
            Ok(Event::Text(text)) if inside => {
                if let Some(found) = canonical(&text) {
                    return Some(found);
                }
            }
            Ok(Event::End(_)) => inside = false,
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

fn from_attributes(element: &BytesStart<'_>) -> Option<String> {
    let whole = element.local_name().as_ref() == PROPERTY;
    element.attributes().with_checks(false).flatten().find_map(|attribute| {
        let name = attribute.key.local_name();
        let meant = name.as_ref() == PROPERTY || (whole && name.as_ref() == "resource");
        meant.then(|| canonical(&attribute.value)).flatten()
    })
}

/// IPTC's URI for a value; nothing for what is none of its codes, so that nothing else gets into a rendition.
fn canonical(value: &str) -> Option<String> {
    let value = value.trim();
    let code = match value.split_once(CODES) {
        Some(("http" | "https", code)) => code,
        Some(_) => return None,
        None => value,
    };
    let is_code = !code.is_empty() && code.len() <= MAX_CODE && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| format!("http{CODES}{code}"))
}

/// A packet that says this and nothing else.
pub(super) fn packet(source_type: &str) -> Vec<u8> {
    let mut text = String::from("<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>");
    text.push_str("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">");
    text.push_str("<rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" ");
    text.push_str("Iptc4xmpExt:DigitalSourceType=\"");
    text.push_str(source_type);
    text.push_str("\"/></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>");
    text.into_bytes()
}

#[cfg(test)]
mod tests;
