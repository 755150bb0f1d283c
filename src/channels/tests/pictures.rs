//! Which pictures of a product go to a channel, under which address, and why others do not.

use super::*;
use crate::catalog::{Kept, Known, Picture};
use crate::channels::pictures::{Outlook, Pictures};
use crate::channels::readiness::ListingState;
use crate::media::link::Links;
use std::sync::Arc;

fn kept(id: &str, width: u32, height: u32) -> Kept {
    Kept {
        id: id.to_owned(),
        format: "jpeg".to_owned(),
        width,
        height,
        bytes: 300_000,
        white_border: 1000,
        findings: Vec::new(),
        same_as: None,
    }
}

fn picture(name: &str, known: Known) -> Picture {
    Picture { url: format!("https://s.example/{name}.webp"), role: "gallery".to_owned(), known, ..Picture::default() }
}

fn ready(kept: Kept) -> Known {
    Known::Kept(Arc::new(kept))
}

fn sent(channel: &str, public: bool, images: Vec<Picture>) -> Pictures {
    let profile = CHANNELS.get(channel).unwrap();
    let links = Links { base: "https://pim.example".to_owned(), secret: None };
    let outlook = Outlook { channel, rules: profile.images.as_ref(), links: public.then_some(&links), base: None, locale: "en" };
    outlook.of(&ProductView { images, ..lamp(1, "BL-1", "Ridge") })
}

fn codes(pictures: &Pictures) -> Vec<(&str, bool)> {
    pictures.faults.iter().map(|fault| (fault.code.as_str(), fault.left_out)).collect()
}

#[test]
fn a_kept_picture_goes_as_the_rendition_under_an_address_that_ends_as_the_channel_wants() {
    let all = sent("walmart", true, vec![picture("a", ready(kept("aa", 3000, 2000)))]);
    let [url] = all.urls.as_slice() else { panic!("{all:?}") };
    assert!(url.starts_with("https://pim.example/media/aa/") && url.ends_with("/BL-1-1.jpg") && !url.contains('?'), "{url}");
    assert_eq!(codes(&all), []);
    // The same picture has the same address wherever it stands, and another wish another one.
    assert_ne!(sent("google", true, vec![picture("a", ready(kept("aa", 3000, 2000)))]).urls, all.urls);
}

#[test]
fn what_nobody_has_looked_at_goes_as_the_supplier_has_it() {
    let all = sent("google", true, vec![picture("a", Known::Nothing)]);
    assert_eq!((all.urls, all.faults), (vec!["https://s.example/a.webp".to_owned()], vec![]));
}

#[test]
fn without_an_address_of_its_own_the_house_judges_the_suppliers_picture_as_it_is() {
    let webp = Kept { format: "webp".to_owned(), ..kept("aa", 900, 900) };
    let all = sent("amazon", false, vec![picture("a", ready(webp.clone())), picture("b", ready(kept("bb", 2000, 1500)))]);
    assert_eq!(all.urls, ["https://s.example/b.webp"]);
    assert_eq!(codes(&all), [("image_format", true)]);
    assert!(all.faults[0].fix.contains("--public-url"), "{all:?}");
    // The rendition is a JPEG.
    assert_eq!(sent("amazon", true, vec![picture("a", ready(webp))]).urls.len(), 1);
    let heavy = Kept { bytes: 6_000_000, ..kept("cc", 2000, 2000) };
    assert_eq!(codes(&sent("walmart", false, vec![picture("c", ready(heavy))])), [("image_bytes", true)]);
    let wide = kept("dd", 12_000, 100);
    assert_eq!(codes(&sent("amazon", false, vec![picture("d", ready(wide))])), [("image_too_large", true)]);
}

#[test]
fn a_small_picture_gets_a_rim_and_a_tiny_one_stays_out() {
    assert_eq!(sent("meta", true, vec![picture("a", ready(kept("aa", 400, 300)))]).urls.len(), 1);
    let tiny = sent("meta", true, vec![picture("a", ready(kept("aa", 200, 200)))]);
    assert_eq!((tiny.urls.len(), codes(&tiny)), (0, vec![("image_too_small", true)]));
    let as_it_is = sent("meta", false, vec![picture("a", ready(kept("aa", 400, 300)))]);
    assert_eq!(codes(&as_it_is), [("image_too_small", true)]);
}

#[test]
fn the_same_picture_goes_once_and_the_larger_one_in_the_place_of_the_first() {
    let small = kept("aa", 700, 700);
    let large = Kept { same_as: Some("aa".to_owned()), ..kept("bb", 1600, 1600) };
    let all = sent(
        "google",
        true,
        vec![picture("a", ready(small)), picture("x", ready(kept("xx", 800, 800))), picture("b", ready(large))],
    );
    let ids: Vec<&str> = all.urls.iter().filter_map(|url| url.split('/').nth(4)).collect();
    assert_eq!(ids, ["bb", "xx"]);
}

#[test]
fn an_unusable_picture_stays_out_and_says_why() {
    let gone = Known::Unusable { code: "not_found".to_owned(), message: "there is no picture".to_owned() };
    let all = sent("google", true, vec![picture("a", gone.clone()), picture("b", Known::Nothing)]);
    assert_eq!(all.urls, ["https://s.example/b.webp"]);
    assert_eq!(codes(&all), [("not_found", true)]);
    let listing = judge(&desk("google"), ProductView { images: vec![picture("a", gone)], ..lamp(1, "BL-1", "Ridge") });
    let reason = listing.reasons.iter().find(|reason| reason.code == "no_usable_picture").unwrap();
    assert!(reason.message.contains("there is no picture") && reason.field == "image_link", "{reason:?}");
    assert_eq!(listing.state, ListingState::Blocked);
}

#[test]
fn a_picture_for_other_channels_only_stays_away() {
    let only = Picture { channels: vec!["ebay".to_owned()], ..picture("a", Known::Nothing) };
    assert_eq!(sent("google", true, vec![only.clone(), picture("b", Known::Nothing)]).urls, ["https://s.example/b.webp"]);
    assert_eq!(sent("ebay", true, vec![only]).urls.len(), 1);
}

#[test]
fn what_a_channel_only_advises_is_told_and_goes() {
    let dark = Kept { white_border: 100, findings: vec!["border".to_owned()], ..kept("aa", 800, 800) };
    let all = sent("amazon", true, vec![picture("a", ready(dark))]);
    assert_eq!(all.urls.len(), 1);
    assert_eq!(codes(&all), [("image_small", false), ("image_not_on_white", false), ("image_border", false)]);
    let listing = judge(
        &desk("amazon"),
        ProductView {
            images: vec![picture("a", ready(Kept { findings: vec!["blank".to_owned()], ..kept("aa", 2000, 2000) }))],
            ..lamp(1, "BL-1", "Ridge")
        },
    );
    assert!(listing.reasons.iter().any(|reason| reason.code == "no_usable_picture"), "{:?}", listing.reasons);
}

#[test]
fn what_another_channel_has_or_this_one_turns_away_stands_in_nobodys_place() {
    let of_ebay = |name: &str, kept: Kept| Picture { channels: vec!["ebay".to_owned()], ..picture(name, ready(kept)) };
    let copy = Kept { same_as: Some("aa".to_owned()), ..kept("bb", 1600, 1600) };
    let ids = |all: &Pictures| all.urls.iter().filter_map(|url| Some(url.split('/').nth(4)?.to_owned())).collect::<Vec<_>>();
    let first = sent("google", true, vec![of_ebay("a", kept("aa", 1500, 1500)), picture("b", ready(copy.clone()))]);
    assert_eq!((ids(&first), codes(&first)), (vec!["bb".to_owned()], vec![]));
    let larger = sent("google", true, vec![picture("a", ready(kept("aa", 1500, 1500))), of_ebay("b", copy.clone())]);
    assert_eq!(ids(&larger), ["aa"]);
    let refused = CHANNELS.get("google").unwrap().images.as_ref().unwrap().refuse[0].clone();
    let blurred = Kept { findings: vec![refused], ..copy };
    let better = sent("google", true, vec![picture("b", ready(blurred)), picture("a", ready(kept("aa", 1500, 1500)))]);
    assert_eq!(ids(&better), ["aa"]);
}

#[test]
fn what_could_not_be_had_yet_goes_with_a_warning_and_an_upload_needs_an_address_of_ours() {
    let later = Known::Later { code: "too_slow".to_owned(), message: "the host is slow".to_owned() };
    let all = sent("google", true, vec![picture("a", later)]);
    assert_eq!((all.urls.len(), codes(&all)), (1, vec![("image_not_seen", false)]));
    let upload = Picture { url: "image:aa".to_owned(), ..picture("a", ready(kept("aa", 1500, 1500))) };
    let inside = sent("google", false, vec![upload.clone()]);
    assert_eq!((inside.urls.len(), codes(&inside)), (0, vec![("no_public_address", true)]));
    assert_eq!(sent("google", true, vec![upload]).urls.len(), 1);
}
