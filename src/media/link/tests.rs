//! Addresses of renditions, public and signed.

use super::{Links, open};
use crate::media::picture::Format;

#[test]
fn a_signed_link_opens_one_rendition_of_one_image_and_ends_as_the_file_does() {
    let links = Links { base: "https://pim.example".to_owned(), secret: Some("s".to_owned()) };
    let link = links.rendition("abc", "0123", Format::Jpeg, "BL 1/ä_1");
    assert!(link.starts_with("https://pim.example/media/abc/0123-") && link.ends_with("/BL-1--_1.jpg"), "{link}");
    let part = link.split('/').nth(5).unwrap();
    assert_eq!(open(Some("s"), "abc", part), Some("0123"));
    assert_eq!(open(Some("s"), "abd", part), None);
    assert_eq!(open(Some("t"), "abc", part), None);
    assert_eq!(open(Some("s"), "abc", "0123"), None);
    // Links of before they were not signed any more still open.
    assert_eq!(open(None, "abc", part), Some("0123"));
}
