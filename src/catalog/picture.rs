//! Pictures of a product: what suppliers name and what people say of them, in the order in which they are shown. Pure.
//!
//! A person's list is laid over the suppliers': the pictures that it names come first and in its order, those that it hides are gone,
//! and what a supplier adds later follows. So a detached picture stays away, and a new one is not lost.

#[cfg(test)]
mod tests;

use crate::import::ImageLink;
use crate::normalize::PictureChoice;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Pictures a product keeps at most.
pub const MAX_PICTURES: usize = 50;
/// The attribute under which a person's list is kept.
pub const ATTRIBUTE: &str = "images";
/// What stands before the id of a picture that was uploaded, where others have an address.
pub const UPLOADED: &str = "image:";

/// A picture of a product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The address that was named, or [`UPLOADED`] and the id of an image.
    pub url: String,
    /// What it shows, one of [`crate::suppliers::profile::ROLES`].
    pub role: String,
    /// What to say to those who do not see it, by BCP 47 tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alt: BTreeMap<String, String>,
    /// Codes of the only channels that get it; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Its place among those that a channel gets, from 1, by the channel's code, where it is another than in the list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub positions: BTreeMap<String, u32>,
    /// Does it come from the product's group?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
    /// What came of asking for it. Not stored with the product: it is the same for all products that show it.
    #[serde(skip)]
    pub known: Known,
}

/// What is known of the picture behind an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Known {
    /// Nobody has asked for it yet.
    #[default]
    Nothing,
    /// It was asked for and could not be had; it is asked for again.
    Later {
        /// A stable code, such as `too_slow`.
        code: String,
        /// Why.
        message: String,
    },
    /// It is kept here.
    Kept(Arc<Kept>),
    /// It cannot be shown.
    Unusable {
        /// A stable code, such as `not_found` or `not_an_image`.
        code: String,
        /// A sentence that says what to do.
        message: String,
    },
}

/// A picture that is kept here, as far as lists and channels ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// `jpeg`, `png`, `webp`, `gif`, `tiff`, `bmp`.
    pub format: String,
    /// Pixels, as it is looked at.
    pub width: u32,
    /// Pixels, as it is looked at.
    pub height: u32,
    /// Bytes of the original.
    pub bytes: u64,
    /// How much of its rim is white, 0 to 1000.
    pub white_border: u16,
    /// Codes of what was noticed.
    pub findings: Vec<String>,
    /// The image that shows the same and was here first.
    pub same_as: Option<String>,
}

impl Kept {
    /// What all pictures that show the same have in common.
    pub fn root(&self) -> &str {
        self.same_as.as_deref().unwrap_or(&self.id)
    }
}

impl Picture {
    /// What a person would say who wants it as it is.
    pub fn as_said(&self) -> PictureChoice {
        PictureChoice {
            picture: self.url.clone(),
            role: Some(self.role.clone()),
            alt: self.alt.clone(),
            channels: self.channels.clone(),
            positions: self.positions.clone(),
            hidden: false,
        }
    }

    /// The id of the image, where it is known.
    pub fn image_id(&self) -> Option<&str> {
        match &self.known {
            Known::Kept(kept) => Some(&kept.id),
            _ => self.url.strip_prefix(UPLOADED),
        }
    }
}

/// The pictures of a product: by the person's list, then by the suppliers' as they are ranked.
pub fn shown<'a>(suppliers: impl Iterator<Item = &'a ImageLink>, said: Option<&[PictureChoice]>) -> Vec<Picture> {
    let said = said.unwrap_or_default();
    let mut pictures: Vec<Picture> = Vec::new();
    let named: HashMap<&str, &ImageLink> = HashMap::new();
    let mut named = suppliers.fold((named, Vec::new()), |(mut named, mut order), link| {
        if named.insert(link.url.as_str(), link).is_none() {
            order.push(link);
        }
        (named, order)
    });
    for choice in said.iter().filter(|choice| !choice.hidden) {
        let role = choice.role.clone().or_else(|| named.0.get(choice.picture.as_str()).map(|link| link.role.clone()));
        pictures.push(Picture {
            url: choice.picture.clone(),
            role: role.unwrap_or_else(|| "gallery".to_owned()),
            alt: choice.alt.clone(),
            channels: choice.channels.clone(),
            positions: choice.positions.clone(),
            ..Picture::default()
        });
    }
    let first_of_suppliers = pictures.len();
    let taken: HashSet<&str> = said.iter().map(|choice| choice.picture.as_str()).collect();
    named.1.retain(|link| !taken.contains(link.url.as_str()));
    for link in named.1 {
        pictures.push(Picture { url: link.url.clone(), role: link.role.clone(), ..Picture::default() });
    }
    pictures.truncate(MAX_PICTURES);
    one_main(&mut pictures, first_of_suppliers);
    pictures
}

/// The pictures of a product with those of its group behind them, but for what it shows already and what a person hid.
pub fn inheriting(mut own: Vec<Picture>, group: &[PictureChoice], said: Option<&[PictureChoice]>) -> Vec<Picture> {
    let said = said.unwrap_or_default();
    let none_of_its_own = own.is_empty();
    for choice in group {
        let stands = own.iter().any(|picture| picture.url == choice.picture);
        if stands || said.iter().any(|own| own.picture == choice.picture) || own.len() >= MAX_PICTURES {
            continue;
        }
        own.push(Picture {
            url: choice.picture.clone(),
            role: choice.role.clone().filter(|role| role != "main").unwrap_or_else(|| "gallery".to_owned()),
            alt: choice.alt.clone(),
            channels: choice.channels.clone(),
            positions: choice.positions.clone(),
            inherited: true,
            ..Picture::default()
        });
    }
    if let Some(first) = own.first_mut().filter(|_| none_of_its_own) {
        "main".clone_into(&mut first.role);
    }
    own
}

/// A product has one main picture and it stands first: the person's first one, else what the best supplier calls so; what others call
/// main is one more view.
fn one_main(pictures: &mut [Picture], of_people: usize) {
    let main = if of_people > 0 { 0 } else { pictures.iter().position(|picture| picture.role == "main").unwrap_or(0) };
    for (place, picture) in pictures.iter_mut().enumerate() {
        if place == main {
            "main".clone_into(&mut picture.role);
        } else if picture.role == "main" {
            "gallery".clone_into(&mut picture.role);
        }
    }
    if let Some(upto) = pictures.get_mut(..=main) {
        upto.rotate_right(1);
    }
}

/// A person's list made to say what stays away: what is shown now and not named any more, and what was hidden before. None when it is what
/// is shown already, so that sending back what was read is no choice.
pub fn completed(said: &[PictureChoice], shown: &[Picture], before: Option<&[PictureChoice]>) -> Option<Vec<PictureChoice>> {
    let same = |choice: &PictureChoice, picture: &Picture| {
        let role = choice.role.clone().or_else(|| Some(picture.role.clone()));
        PictureChoice { role, ..choice.clone() } == picture.as_said()
    };
    if said.len() == shown.len() && said.iter().zip(shown).all(|(choice, picture)| same(choice, picture)) {
        return None;
    }
    // What the group gives and stands at the end as it did stays the group's.
    let mut end = shown.len();
    let inherited = said.iter().rev().take_while(|choice| {
        let at = shown.iter().take(end).rposition(|picture| picture.inherited && same(choice, picture));
        end = at.unwrap_or_default();
        at.is_some()
    });
    let own = said.len() - inherited.count();
    let mut all: Vec<PictureChoice> = said.iter().take(own).cloned().collect();
    let mut named: HashSet<String> = said.iter().map(|choice| choice.picture.clone()).collect();
    let hidden_before = before.unwrap_or_default().iter().filter(|choice| choice.hidden);
    let left = shown.iter().map(|picture| (picture.url.as_str(), picture.inherited));
    for (picture, inherited) in left.chain(hidden_before.map(|choice| (choice.picture.as_str(), true))) {
        // What a person attached comes from nobody else, so it need not be kept away.
        if (inherited || !picture.starts_with(UPLOADED)) && named.insert(picture.to_owned()) {
            all.push(PictureChoice { picture: picture.to_owned(), hidden: true, ..PictureChoice::default() });
        }
    }
    Some(all)
}
