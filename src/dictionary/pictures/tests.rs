use super::*;
use crate::dictionary::Dictionary;

fn over(text: &str) -> Result<PictureRules, SchemaError> {
    let mut rules = Dictionary::embedded().unwrap().pictures().clone();
    rules.overlay(&Source { name: "pictures.toml".to_owned(), text: text.to_owned() })?;
    Ok(rules)
}

#[test]
fn ours_says_every_number() {
    let rules = Dictionary::embedded().unwrap().pictures().clone();
    let text = format!("{rules:?}");
    assert!(!text.contains(": 0"), "a number of pictures.toml is missing or nought: {text}");
    assert!(rules.max_bytes <= 50 << 20 && rules.max_side <= 30_000);
}

#[test]
fn a_users_file_changes_what_it_names() {
    let ours = Dictionary::embedded().unwrap().pictures().clone();
    let rules = over("[limits]\nmax_pixels = 64000000\n[same]\ndistance = 12\n").unwrap();
    assert_eq!(rules.max_pixels, 64_000_000);
    assert_eq!(rules.same_picture_distance(), 12);
    assert_eq!(rules.max_side, ours.max_side);
}

#[test]
fn a_mistake_is_shown_with_its_line() {
    let error = over("[limits]\nmax_pixels = 0\n").unwrap_err();
    assert_eq!((error.line, error.key.as_str()), (2, "limits, max_pixels"));
    let error = over("[findings]\n\nblury = 3\n").unwrap_err();
    assert_eq!((error.line, error.key.as_str()), (3, "findings, blury"));
    assert!(error.message.contains("pictures.toml"));
}
