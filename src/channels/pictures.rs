//! The pictures of one listing: which of a product's go, under which address, and why others do not. Pure.
//!
//! A picture that is kept here is sent as the rendition that the channel asks for, when this house can be reached from outside; what the
//! rendition cannot mend keeps it out. Where it cannot be reached, the supplier's address goes, judged as it stands. A picture that nobody
//! has looked at yet goes as it always did.

use super::link;
use super::profile::ImageRules;
use crate::catalog::picture::UPLOADED;
use crate::catalog::{Kept, Known, Picture, ProductView};
use crate::media::link::Links;
use crate::media::picture::{Format, size_of};
use std::collections::HashMap;

/// The pictures of one listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Addresses in order, the main one first.
    pub urls: Vec<String>,
    /// What each says to those who do not see it, by locale, in the same order.
    pub alt: Vec<Option<String>>,
    /// What is wrong, of those that go and of those that do not.
    pub faults: Vec<PictureFault>,
}

/// Something wrong with a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFault {
    /// A stable code, such as `image_too_small`.
    pub code: String,
    /// Its place among the product's pictures, from 1.
    pub position: usize,
    /// A sentence.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Is the picture left out because of it?
    pub left_out: bool,
}

/// What the channel and the house say about addresses.
#[derive(Debug, Clone, Copy)]
pub struct Outlook<'a> {
    /// The channel's code.
    pub channel: &'a str,
    /// What the channel demands; without it every picture goes as it is.
    pub rules: Option<&'a ImageRules>,
    /// How renditions are addressed; none when this house cannot be reached from outside.
    pub links: Option<&'a Links>,
    /// What relative addresses are joined to.
    pub base: Option<&'a str>,
    /// The channel's locale.
    pub locale: &'a str,
}

impl Outlook<'_> {
    /// The pictures of a product's listing.
    pub fn of(&self, view: &ProductView) -> Pictures {
        let mut pictures = Pictures::default();
        let of_channel =
            |picture: &Picture| picture.channels.is_empty() || picture.channels.iter().any(|code| code == self.channel);
        let taken = self.in_order(view.images.iter().zip(1..).filter(|(picture, _)| of_channel(picture)).collect());
        let best = self.best_of_each(&taken);
        for (picture, position) in taken {
            let url = match &picture.known {
                Known::Unusable { code, message } => {
                    pictures.leave_out(position, code, message.clone(), "replace the picture or take it off the product");
                    None
                }
                Known::Nothing => self.as_named(picture, position, &mut pictures),
                // It may still come, and who never fetches it here may have it from the supplier; but nobody has seen it.
                Known::Later { code, message } => {
                    let message = format!("picture {position} was not seen yet ({code}): {message}");
                    pictures.tell(position, "image_not_seen", message, "look at the address, or replace the picture");
                    self.as_named(picture, position, &mut pictures)
                }
                // The same picture twice shows the buyer nothing new: the larger one stands in the place of the first.
                Known::Kept(kept) => match best.get(kept.root()) {
                    Some((first, _)) if *first != position => {
                        pictures.repeated(picture, position, *first);
                        None
                    }
                    Some((_, larger)) => self.kept(view, larger, position, &mut pictures),
                    // Turned away, and no other one shows the same.
                    None => self.kept(view, picture, position, &mut pictures),
                },
            };
            if let Some(url) = url.filter(|url| !pictures.urls.contains(url)) {
                pictures.urls.push(url);
                pictures.alt.push(crate::catalog::in_language(&picture.alt, self.locale).cloned());
            }
        }
        pictures
    }

    /// The channel's pictures: those that have a place there of their own go to it, the others stay in the list's order around them.
    fn in_order<'p>(&self, all: Vec<(&'p Picture, usize)>) -> Vec<(&'p Picture, usize)> {
        let place = |(picture, _): &(&Picture, usize)| picture.positions.get(self.channel).copied();
        // Every listing of every product comes by here, and hardly any has such a place.
        if all.iter().all(|one| place(one).is_none()) {
            return all;
        }
        let (mut placed, mut list): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| place(one).is_some());
        placed.sort_by_key(place);
        // Two that are to have one place follow each other as in the list.
        let mut next = 0;
        for one in placed {
            let wanted = place(&one).and_then(|place| usize::try_from(place).ok()).unwrap_or(usize::MAX).saturating_sub(1);
            let at = wanted.max(next).min(list.len());
            list.insert(at, one);
            next = at + 1;
        }
        list
    }

    /// The address that was named. One that was uploaded has none while this house cannot be reached from outside.
    fn as_named(&self, picture: &Picture, position: usize, pictures: &mut Pictures) -> Option<String> {
        if picture.url.starts_with(UPLOADED) {
            let message =
                format!("picture {position} was uploaded, and this house has no address that a channel could fetch it from");
            pictures.leave_out(position, "no_public_address", message, "start the server with --public-url");
            return None;
        }
        link::image(&picture.url, self.base)
    }

    /// What about a picture the channel turns away.
    fn turned_away<'k>(&self, kept: &'k Kept) -> Option<&'k String> {
        kept.findings.iter().find(|code| self.rules.is_some_and(|rules| rules.refuse.contains(code)))
    }

    /// For each picture that is kept and not turned away: where it stands first, and which of those that show the same is the largest.
    fn best_of_each<'p>(&self, pictures: &[(&'p Picture, usize)]) -> HashMap<&'p str, (usize, &'p Picture)> {
        let pixels = |kept: &Kept| u64::from(kept.width) * u64::from(kept.height);
        let mut best: HashMap<&str, (usize, &Picture, u64)> = HashMap::new();
        for (picture, position) in pictures {
            let Known::Kept(kept) = &picture.known else { continue };
            if self.turned_away(kept).is_some() {
                continue;
            }
            let here = best.entry(kept.root()).or_insert((*position, *picture, pixels(kept)));
            if pixels(kept) > here.2 {
                (here.1, here.2) = (*picture, pixels(kept));
            }
        }
        best.into_iter().map(|(root, (position, picture, _))| (root, (position, picture))).collect()
    }

    /// A picture that is kept here.
    fn kept(&self, view: &ProductView, larger: &Picture, position: usize, pictures: &mut Pictures) -> Option<String> {
        let Known::Kept(kept) = &larger.known else { return None };
        let (Some(rules), links) = (self.rules, self.links) else { return self.as_named(larger, position, pictures) };
        if let Some(code) = self.turned_away(kept) {
            let message = format!("picture {position} is {}, which the channel turns away", word(code));
            pictures.leave_out(position, &format!("image_{code}"), message, "replace the picture");
            return None;
        }
        let main = pictures.urls.is_empty();
        let url = if let Some(links) = links {
            let size = size_of(&rules.rendition, kept.width, kept.height);
            if kept.width.max(kept.height) < rules.least_filled || too_small(rules, size) {
                pictures.too_small(position, kept, rules);
                return None;
            }
            let name = rules
                .name
                .replace("{sku}", &view.sku)
                .replace("{gtin}", view.gtin.as_deref().unwrap_or(&view.sku))
                .replace("{position}", &position.to_string());
            links.rendition(&kept.id, &rules.rendition_key, rules.rendition.format, &name)
        } else {
            as_it_is(rules, kept, position, pictures)?;
            self.as_named(larger, position, pictures)?
        };
        let longest = kept.width.max(kept.height);
        if longest < rules.advised {
            let message = format!("picture {position} has {longest} pixels; the channel advises {}", rules.advised);
            pictures.tell(position, "image_small", message, "find a larger one");
        }
        if main && kept.white_border < rules.white_border {
            let message = "the main picture does not stand on white, which the channel asks for".to_owned();
            pictures.tell(position, "image_not_on_white", message, "put a picture on a white background first");
        }
        for code in kept.findings.iter().filter(|code| rules.warn.contains(code)) {
            pictures.tell(
                position,
                &format!("image_{code}"),
                format!("picture {position} is {}", word(code)),
                "look at it and replace it",
            );
        }
        Some(url)
    }
}

fn too_small(rules: &ImageRules, (width, height): (u32, u32)) -> bool {
    width.min(height) < rules.min_side || width.max(height) < rules.min_longest
}

/// May it go as the supplier has it?
fn as_it_is(rules: &ImageRules, kept: &Kept, position: usize, pictures: &mut Pictures) -> Option<()> {
    let (width, height) = (kept.width, kept.height);
    let mend = "start the server with --public-url, so that a mended picture is sent, or replace the picture";
    if too_small(rules, (width, height)) {
        pictures.too_small(position, kept, rules);
        return None;
    }
    let large = |is: u64, most: u64| most > 0 && is > most;
    let message = if !Format::parse(&kept.format).is_some_and(|format| rules.formats.contains(&format)) {
        ("image_format", format!("picture {position} is {}, which the channel does not take", kept.format.to_uppercase()))
    } else if large(kept.bytes, rules.max_bytes) {
        ("image_bytes", format!("picture {position} has {} bytes; the channel takes {}", kept.bytes, rules.max_bytes))
    } else if large(u64::from(width) * u64::from(height), rules.max_pixels)
        || large(u64::from(width.max(height)), u64::from(rules.max_side))
    {
        ("image_too_large", format!("picture {position} is {width} x {height} pixels, more than the channel takes"))
    } else {
        return Some(());
    };
    pictures.leave_out(position, message.0, message.1, mend);
    None
}

/// What a finding says of a picture.
fn word(code: &str) -> &str {
    match code {
        "watermark_suspected" => "probably marked with a watermark",
        "border" => "framed by a border",
        "tiny" => "tiny",
        "sliver" => "so narrow that it is a line when it is shown small",
        "blank" => "blank",
        other => other,
    }
}

impl Pictures {
    fn push(&mut self, position: usize, code: &str, message: String, fix: &str, left_out: bool) {
        self.faults.push(PictureFault { code: code.to_owned(), position, message, fix: fix.to_owned(), left_out });
    }

    fn leave_out(&mut self, position: usize, code: &str, message: String, fix: &str) {
        self.push(position, code, message, fix, true);
    }

    fn tell(&mut self, position: usize, code: &str, message: String, fix: &str) {
        self.push(position, code, message, fix, false);
    }

    /// Of what several suppliers send nobody minds; what a person attached was meant to go.
    fn repeated(&mut self, picture: &Picture, position: usize, first: usize) {
        if picture.url.starts_with(UPLOADED) {
            let message = format!("picture {position} shows the same as picture {first}; the larger of both is sent");
            let fix = "take it off, or say that it shows something else: PATCH /api/v1/images/{id} with {\"same\":false}";
            self.leave_out(position, "image_repeated", message, fix);
        }
    }

    fn too_small(&mut self, position: usize, kept: &Kept, rules: &ImageRules) {
        let (width, height) = (kept.width, kept.height);
        let least = rules.min_side.max(rules.min_longest);
        let message = format!("picture {position} is {width} x {height} pixels; the channel takes no less than {least}");
        self.leave_out(position, "image_too_small", message, "find a larger one: enlarging would add nothing");
    }
}
