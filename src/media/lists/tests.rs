//! Which form a list gets.

use super::Lists;
use crate::dictionary::Dictionary;
use crate::media::picture::Format;

#[test]
fn a_reader_gets_the_best_format_that_it_names() {
    let lists = Lists::of(&Dictionary::embedded().unwrap()).unwrap();
    let thumb = lists.get("thumb").unwrap();
    let format = |accept: &str| thumb.accepted(accept).unwrap().format;
    assert_eq!(format("image/avif,image/webp,image/*;q=0.8"), Format::Webp);
    assert_eq!(format("*/*"), Format::Jpeg);
    assert_eq!(format("IMAGE/WEBP;q=1"), Format::Webp);
    assert_eq!(format(""), Format::Jpeg);
    assert_eq!(format("image/webp; q=0, */*"), Format::Jpeg);
    assert_eq!(format("image/jpeg, image/webp"), Format::Webp);
    assert_eq!(format("image/jpeg;q=1, image/webp;q=0.1"), Format::Jpeg);
    assert_eq!(format("image/webp;q=0.5, image/*;q=0.9"), Format::Jpeg);
    assert_eq!(format("image/webp;q=0.2, */*;q=0.1"), Format::Webp);
}
