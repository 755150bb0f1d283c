//! What a product shows, of what suppliers name and people say.

use super::{MAX_PICTURES, Picture, completed, inheriting, shown};
use crate::import::ImageLink;
use crate::normalize::PictureChoice;

fn link(name: &str, role: &str) -> ImageLink {
    ImageLink { url: format!("https://s.example/{name}.jpg"), role: role.to_owned() }
}

fn choice(picture: &str) -> PictureChoice {
    let picture = if picture.starts_with("image:") { picture.to_owned() } else { format!("https://s.example/{picture}.jpg") };
    PictureChoice { picture, ..PictureChoice::default() }
}

fn names(pictures: &[Picture]) -> Vec<String> {
    let name = |picture: &Picture| picture.url.rsplit('/').next().unwrap_or_default().trim_end_matches(".jpg").to_owned();
    pictures.iter().map(|picture| format!("{} {}", name(picture), picture.role)).collect()
}

#[test]
fn the_best_suppliers_main_picture_stands_first_and_alone() {
    let links = [link("side", "gallery"), link("front", "main"), link("side", "gallery"), link("other", "main")];
    assert_eq!(names(&shown(links.iter(), None)), ["front main", "side gallery", "other gallery"]);
}

#[test]
fn a_persons_order_is_kept_what_is_hidden_is_gone_and_what_comes_later_follows() {
    let links = [link("front", "main"), link("side", "gallery"), link("box", "package")];
    let all = shown(links.iter(), None);
    let said = completed(&[choice("box"), choice("image:abc"), choice("front")], &all, None).unwrap();
    assert_eq!(names(&shown(links.iter(), Some(&said))), ["box main", "image:abc gallery", "front gallery"]);
    let later = [link("front", "main"), link("side", "gallery"), link("new", "main")];
    assert_eq!(names(&shown(later.iter(), Some(&said))), ["box main", "image:abc gallery", "front gallery", "new gallery"]);
    // Said again without the uploaded one: what was hidden stays hidden.
    let present = shown(later.iter(), Some(&said));
    let again = completed(&[choice("front")], &present, Some(&said)).unwrap();
    assert_eq!(names(&shown(later.iter(), Some(&again))), ["front main"]);
}

#[test]
fn sending_back_what_was_read_says_nothing() {
    let links = [link("front", "main"), link("side", "gallery")];
    let all = shown(links.iter(), None);
    assert_eq!(completed(&[choice("front"), choice("side")], &all, None), None);
    let named = PictureChoice { alt: [("en".to_owned(), "From the side".to_owned())].into(), ..choice("side") };
    let said = completed(&[choice("front"), named], &all, None).unwrap();
    assert_eq!(shown(links.iter(), Some(&said))[1].alt["en"], "From the side");
}

#[test]
fn no_pictures_is_a_choice() {
    let links = [link("front", "main")];
    let said = completed(&[], &shown(links.iter(), None), None).unwrap();
    assert_eq!(shown(links.iter(), Some(&said)), []);
}

#[test]
fn a_groups_pictures_stand_behind_and_are_hidden_by_hand() {
    let links = [link("front", "main")];
    let chart = PictureChoice { role: Some("main".to_owned()), ..choice("image:chart") };
    let group = [choice("front"), chart.clone()];
    let all = inheriting(shown(links.iter(), None), &group, None);
    assert_eq!(names(&all), ["front main", "image:chart gallery"]);
    assert_eq!(names(&inheriting(Vec::new(), &[chart], None)), ["image:chart main"]);
    // Read and sent back without it: it stays away, and nothing else does.
    let said = completed(&[choice("front")], &all, None).unwrap();
    assert_eq!(names(&inheriting(shown(links.iter(), Some(&said)), &group, Some(&said))), ["front main"]);
    // What is sent back behind the product's own stays the group's, in its order only.
    let group = [choice("chart"), choice("pack"), choice("box")];
    let all = inheriting(shown(links.iter(), None), &group, None);
    let said = completed(&[choice("front"), choice("pack"), choice("box")], &all, None).unwrap();
    let named: Vec<&str> = said.iter().filter(|choice| !choice.hidden).map(|choice| choice.picture.as_str()).collect();
    assert_eq!(named, ["https://s.example/front.jpg"]);
    assert_eq!(
        names(&inheriting(shown(links.iter(), Some(&said)), &group, Some(&said))),
        ["front main", "pack gallery", "box gallery"]
    );
    let turned = [choice("front"), choice("box"), choice("pack")];
    let said = completed(&turned, &all, None).unwrap();
    assert_eq!(
        names(&inheriting(shown(links.iter(), Some(&said)), &group, Some(&said))),
        ["front main", "box gallery", "pack gallery"]
    );
    let many: Vec<PictureChoice> = (0..100).map(|at| choice(&format!("image:{at}"))).collect();
    assert_eq!(inheriting(shown(links.iter(), None), &many, None).len(), MAX_PICTURES);
}
