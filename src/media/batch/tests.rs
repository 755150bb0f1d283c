//! Which product a name finds, and where its picture goes.

use super::arrange::{Incoming, Placed, arranged};
use super::find::{Found, Known};
use crate::catalog::picture::{MAX_PICTURES, Picture, UPLOADED};
use crate::dictionary::Dictionary;
use crate::media::naming::Naming;
use proptest::prelude::*;

fn found(known: &Known, name: &str) -> String {
    let naming = Naming::of(&Dictionary::embedded().unwrap()).unwrap();
    match known.find(&naming.meanings(name)) {
        Found::Product { target, position, role } => {
            format!(
                "{} {} {}",
                target.sku,
                position.map_or("-".to_owned(), |position| position.to_string()),
                role.unwrap_or("-".to_owned())
            )
        }
        Found::Unmatched => "unmatched".to_owned(),
        Found::Ambiguous(skus) => format!("ambiguous {}", skus.join(" ")),
    }
}

#[test]
fn a_name_finds_one_product_or_says_why_not() {
    let known = Known::of(&[
        (1, "BL-7Q2M4KD", Some("04006381333931"), Some("HX100")),
        (2, "LAMP", None, Some("ZETA9")),
        (3, "LAMP-2", None, Some("ZETA9")),
        (4, "lamp_x", Some("00036000291452"), None),
    ]);
    for (name, wanted) in [
        ("BL-7Q2M4KD_2.jpg", "BL-7Q2M4KD 2 -"),
        ("bl-7q2m4kd-verpackung.PNG", "BL-7Q2M4KD - package"),
        ("4006381333931-3.jpg", "BL-7Q2M4KD 3 -"),
        ("HX-100_4.jpg", "BL-7Q2M4KD 4 -"),
        ("36000291452.png", "lamp_x - -"),
        // Two makers use this number, or one maker twice.
        ("ZETA-9.jpg", "ambiguous LAMP LAMP-2"),
        // A product, or the second picture of another.
        ("LAMP-2.jpg", "ambiguous LAMP LAMP-2"),
        ("LAMP-2_1.jpg", "LAMP-2 1 -"),
        ("LAMP-2/1.jpg", "LAMP-2 1 -"),
        ("LAMP_3.jpg", "LAMP 3 -"),
        // The folder says one product and the file another.
        ("LAMP/BL-7Q2M4KD_1.jpg", "ambiguous BL-7Q2M4KD LAMP"),
        ("DSC_0815.jpg", "unmatched"),
    ] {
        assert_eq!(found(&known, name), wanted, "{name}");
    }
}

fn shown(ids: &[&str]) -> Vec<Picture> {
    ids.iter()
        .enumerate()
        .map(|(at, id)| Picture {
            url: format!("{UPLOADED}{id}"),
            role: if at == 0 { "main" } else { "gallery" }.to_owned(),
            ..Picture::default()
        })
        .collect()
}

fn incoming(all: &[(&str, Option<u32>)]) -> Vec<Incoming> {
    all.iter().map(|(image, position)| Incoming { image: (*image).to_owned(), position: *position, role: None }).collect()
}

/// The list after it, as it will be shown.
fn after(present: &[Picture], new: &[Incoming]) -> (Vec<Picture>, Vec<Placed>) {
    let (said, placed) = arranged(present, new);
    let Some(said) = said else { return (present.to_vec(), placed) };
    (crate::catalog::picture::shown(std::iter::empty(), Some(&said)), placed)
}

fn ids(pictures: &[Picture]) -> Vec<&str> {
    pictures.iter().filter_map(Picture::image_id).collect()
}

#[test]
fn pictures_go_where_their_names_say() {
    let present = shown(&["a", "b"]);
    let new = incoming(&[("x", Some(1)), ("y", Some(3)), ("z", None)]);
    let (now, placed) = after(&present, &new);
    assert_eq!((ids(&now), placed), (vec!["x", "a", "y", "b", "z"], vec![Placed::Attached; 3]));
    assert_eq!((now[0].role.as_str(), now[1].role.as_str()), ("main", "gallery"));
    // Again: nothing.
    assert_eq!(arranged(&now, &new), (None, vec![Placed::Unchanged; 3]));
    // One that is shown stays where it is, unless its name says otherwise.
    assert_eq!(ids(&after(&now, &incoming(&[("b", None)])).0), ["x", "a", "y", "b", "z"]);
    assert_eq!(ids(&after(&now, &incoming(&[("b", Some(2))])).0), ["x", "b", "a", "y", "z"]);
    // Counted from nought, or beyond the end, or twice the same place: the order holds.
    assert_eq!(
        ids(&after(&[], &incoming(&[("p", Some(0)), ("q", Some(1)), ("r", Some(7)), ("s", Some(7))])).0),
        ["p", "q", "r", "s"]
    );
    // A name without a number comes first, as people mean it who number the second picture only; and the same again changes nothing.
    let unnumbered = incoming(&[("two", Some(2)), ("three", Some(9)), ("one", None)]);
    let (now, _) = after(&[], &unnumbered);
    assert_eq!(ids(&now), ["one", "two", "three"]);
    assert_eq!(arranged(&now, &unnumbered).0, None);
    let twice = after(&present, &incoming(&[("x", Some(1)), ("x", Some(2))]));
    assert_eq!((ids(&twice.0), twice.1), (vec!["x", "a", "b"], vec![Placed::Attached, Placed::Repeated]));
}

#[test]
fn what_the_group_gives_stays_behind() {
    let mut present = shown(&["a", "chart", "pack"]);
    present[1].inherited = true;
    present[2].inherited = true;
    let (list, placed) = arranged(&present, &incoming(&[("chart", Some(1)), ("y", Some(9)), ("x", None), ("pack", None)]));
    let named: Vec<String> = list.unwrap().into_iter().map(|one| one.picture.replace(UPLOADED, "")).collect();
    assert_eq!(named, ["chart", "a", "x", "y", "pack"], "only what a name puts elsewhere is the product's own");
    assert_eq!(placed, [Placed::Attached, Placed::Attached, Placed::Attached, Placed::Unchanged]);
    // Of a product that shows nothing of its own the chart is no more the main picture once there is one.
    let only: Vec<Picture> = present[1..].to_vec();
    let list = arranged(&only, &incoming(&[("x", None)])).0.unwrap();
    assert_eq!((list[0].picture.as_str(), list[0].role.as_deref()), ("image:x", Some("main")));
}

#[test]
fn a_product_has_no_more_pictures_than_it_may() {
    let many: Vec<String> = (0..MAX_PICTURES).map(|at| format!("p{at}")).collect();
    let present = shown(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let (now, placed) = after(&present, &incoming(&[("p3", Some(1)), ("x", Some(2))]));
    assert_eq!((now.len(), ids(&now)[0], placed), (MAX_PICTURES, "p3", vec![Placed::Attached, Placed::TooMany]));
}

proptest! {
    #[test]
    fn nothing_is_lost_and_a_second_time_changes_nothing(
        present in prop::collection::btree_set("[a-f]", 0..6),
        new in prop::collection::vec(("[a-j]", prop::option::of(0_u32..12), prop::option::of(prop::sample::select(vec!["package", "angle", "main"]))), 0..8),
    ) {
        let present = shown(&present.iter().map(String::as_str).collect::<Vec<_>>());
        let mut new: Vec<Incoming> = new.into_iter().map(|(image, position, role)| Incoming { image, position, role: role.map(str::to_owned) }).collect();
        new.sort_by_key(|one| (one.position.is_none(), one.position));
        let (now, _) = after(&present, &new);
        for id in ids(&present).into_iter().chain(new.iter().map(|one| one.image.as_str())) {
            prop_assert_eq!(ids(&now).iter().filter(|one| **one == id).count(), 1);
        }
        let (again, placed) = arranged(&now, &new);
        prop_assert_eq!(again, None);
        prop_assert!(placed.iter().all(|placed| matches!(placed, Placed::Unchanged | Placed::Repeated)));
    }
}
