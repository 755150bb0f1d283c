//! Addresses of renditions, as channels fetch them: without a key, the same as long as the picture and the wish are the same, and with the
//! file's ending last, because some channels look at nothing else.
//!
//! An image's id is of its bytes, so nobody finds a picture whose file they do not have. Where that is not enough, links are signed: the
//! signature stands in the path, as some channels take no query.

use crate::channels::signed::hmac;
use crate::media::picture::Format;
use serde::{Deserialize, Serialize};

/// Hexadecimal digits of a signature.
const SIGNATURE_DIGITS: usize = 20;
/// Characters of a file's name without its ending.
const NAME_CHARS: usize = 80;

/// How renditions are addressed from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Where this house is reached from outside, without a slash at the end.
    pub base: String,
    /// Signs the links; without it they are public.
    pub secret: Option<String>,
}

impl Links {
    /// The address of a rendition.
    pub fn rendition(&self, image: &str, rendition: &str, format: Format, name: &str) -> String {
        let part = match &self.secret {
            Some(secret) => format!("{rendition}-{}", signature(secret, image, rendition)),
            None => rendition.to_owned(),
        };
        format!("{}/media/{image}/{part}/{}.{}", self.base, file_name(name), format.extension())
    }
}

/// The key of a rendition out of an address's part; none when links are signed and this one is not, or wrongly.
pub fn open<'a>(secret: Option<&str>, image: &str, part: &'a str) -> Option<&'a str> {
    let Some(secret) = secret else { return Some(part.split_once('-').map_or(part, |(rendition, _)| rendition)) };
    let (rendition, given) = part.split_once('-')?;
    let wanted = signature(secret, image, rendition);
    // All bytes are compared, so that time does not tell how many were right.
    let differs = wanted
        .bytes()
        .zip(given.bytes())
        .fold(wanted.len() ^ given.len(), |sum, (ours, theirs)| sum | usize::from(ours ^ theirs));
    (differs == 0).then_some(rendition)
}

fn signature(secret: &str, image: &str, rendition: &str) -> String {
    hex::encode(hmac(secret.as_bytes(), format!("/media/{image}/{rendition}").as_bytes()))
        .chars()
        .take(SIGNATURE_DIGITS)
        .collect()
}

/// A name that every file system and address takes.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' };
    name.chars().map(safe).take(NAME_CHARS).collect()
}

#[cfg(test)]
mod tests;
