//! Where new pictures go among those that a product shows. Pure.

use crate::catalog::picture::{MAX_PICTURES, Picture, UPLOADED};
use crate::normalize::PictureChoice;
use std::collections::HashSet;

/// A picture that came, in the order in which it is to be attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Incoming {
    /// The image.
    pub image: String,
    /// The place that its name says; the lowest comes first.
    pub position: Option<u32>,
    /// What its name says that it shows.
    pub role: Option<String>,
}

/// What becomes of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is attached, or moved, or shows something else now.
    Attached,
    /// It stands where it stood.
    Unchanged,
    /// It came before in the same batch.
    Repeated,
    /// The product has as many as it may.
    TooMany,
}

/// The whole list as it is to be said, none where it is as it was, and what becomes of each that came.
///
/// What is shown already and whose name says no position stays where it is; what is new and has none goes behind it; then those with a
/// position go to it, in their order. So `SKU.jpg` with `SKU_2.jpg` and `SKU_3.jpg` is the first of the three.
pub(super) fn arranged(shown: &[Picture], incoming: &[Incoming]) -> (Option<Vec<PictureChoice>>, Vec<Placed>) {
    let own = shown.iter().take_while(|picture| !picture.inherited).count();
    let at_present: Vec<PictureChoice> = shown.iter().map(Picture::as_said).collect();
    let mut room = MAX_PICTURES.saturating_sub(shown.len());
    let mut seen = HashSet::new();
    let mut placed = vec![Placed::Unchanged; incoming.len()];
    let mut taken: Vec<(usize, Option<usize>, PictureChoice)> = Vec::new();
    for (number, one) in incoming.iter().enumerate() {
        let there = shown.iter().position(|picture| picture.image_id() == Some(one.image.as_str()));
        let told = if !seen.insert(one.image.as_str()) {
            Some(Placed::Repeated)
        } else if there.is_none() && room == 0 {
            Some(Placed::TooMany)
        } else {
            None
        };
        if let (Some(told), Some(of)) = (told, placed.get_mut(number)) {
            *of = told;
            continue;
        }
        let present = there.and_then(|at| at_present.get(at)).cloned();
        room -= usize::from(present.is_none());
        let mut choice =
            present.unwrap_or_else(|| PictureChoice { picture: format!("{UPLOADED}{}", one.image), ..PictureChoice::default() });
        choice.role = one.role.clone().or(choice.role);
        taken.push((number, there, choice));
    }
    let positioned = |number: usize| incoming.get(number).and_then(|one| one.position);
    let moved: HashSet<&str> =
        taken.iter().filter(|(number, ..)| positioned(*number).is_some()).map(|(_, _, choice)| choice.picture.as_str()).collect();
    let mut list: Vec<PictureChoice> =
        at_present.iter().take(own).filter(|choice| !moved.contains(choice.picture.as_str())).cloned().collect();
    // Before those with a position, so that the same batch finds the same list to put them into when it comes again.
    for (_, there, choice) in taken.iter().filter(|(number, ..)| positioned(*number).is_none()) {
        match list.iter_mut().find(|one| there.is_some() && one.picture == choice.picture) {
            Some(present) => present.role.clone_from(&choice.role),
            // The group's, and shown already.
            None if there.is_some() => {}
            None => list.push(choice.clone()),
        }
    }
    let mut next = 0;
    for (number, _, choice) in &taken {
        let Some(position) = positioned(*number) else { continue };
        let wanted = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
        let at = wanted.max(next).min(list.len());
        list.insert(at, choice.clone());
        next = at + 1;
    }
    // The first one is the main picture, and no other is: so they are shown, whatever is said.
    for (at, choice) in list.iter_mut().enumerate() {
        let role = choice.role.as_deref().filter(|role| at == 0 || *role != "main").unwrap_or("gallery");
        choice.role = Some(if at == 0 { "main" } else { role }.to_owned());
    }
    // What the group gives stays behind.
    let inherited = at_present.iter().skip(own).filter(|choice| list.iter().all(|one| one.picture != choice.picture));
    let inherited: Vec<PictureChoice> = inherited.cloned().collect();
    list.extend(inherited);
    for (number, there, choice) in &taken {
        let now = list.iter().position(|one| one.picture == choice.picture);
        let same = there.is_some() && (now == *there || positioned(*number).is_none());
        let as_before =
            there.and_then(|at| at_present.get(at)).map(|one| &one.role) == now.and_then(|at| list.get(at)).map(|one| &one.role);
        if !(same && as_before)
            && let Some(of) = placed.get_mut(*number)
        {
            *of = Placed::Attached;
        }
    }
    if list == at_present {
        return (None, placed);
    }
    (Some(list), placed)
}
