use crate::channels::link;
use crate::channels::text::{cut, handle, line, lines, looks_like_html, to_html, without_html};
use proptest::prelude::*;

#[test]
fn html_becomes_text_and_what_only_looks_like_it_stays() {
    assert_eq!(without_html("<p>A &amp; B</p><p>C<br/>D</p>"), "A & B\nC\nD");
    assert_eq!(without_html("5 < 6 and 7 > 6 & so on"), "5 < 6 and 7 > 6 & so on");
    assert_eq!(without_html("a<script>alert('x')</script>b<!-- c -->d"), "a\nbd");
    assert_eq!(without_html("<b>bo</b>ld &#252; &#x41; &nope; &"), "bold ü A &nope; &");
    assert_eq!(without_html("Fjord <Mini> & Co"), "Fjord <Mini> & Co", "no element of HTML");
    assert_eq!(without_html("<b unfinished"), "<b unfinished");
    assert_eq!(without_html("&lt;b&gt;"), "<b>");
}

#[test]
fn text_becomes_html() {
    assert_eq!(to_html("a < b\nc"), "<p>a &lt; b</p><p>c</p>");
    assert!(looks_like_html("<p>x</p>") && !looks_like_html("a < b > c"));
}

#[test]
fn cuts_at_words_and_never_inside_a_character() {
    assert_eq!(cut("one two three", 9), "one two");
    assert_eq!(cut("one two three", 7), "one two");
    assert_eq!(cut("one two, three", 8), "one two");
    assert_eq!(cut("ääääää", 3), "äää");
    assert_eq!(cut("short", 10), "short");
}

#[test]
fn handles_are_plain() {
    assert_eq!(handle("BL-7Q2 M4KD"), "bl-7q2-m4kd");
    assert_eq!(handle("  Ünder/Score__"), "nder-score");
}

#[test]
fn links_are_encoded_once_and_templates_are_checked() {
    assert_eq!(
        link::fill("https://s.example/{handle}?g={gtin}", "S", Some("1"), "h-1").as_deref(),
        Some("https://s.example/h-1?g=1")
    );
    assert_eq!(link::address("https://i.example/a b/ä%20.jpg").as_deref(), Some("https://i.example/a%20b/%C3%A4%20.jpg"));
    assert_eq!(link::address("ftp://i.example/a.jpg"), None);
    assert_eq!(link::image("a/b.jpg", Some("https://cdn.example/x/")).as_deref(), Some("https://cdn.example/x/a/b.jpg"));
    assert_eq!(link::image("a/b.jpg", None), None);
    assert_eq!(link::image("javascript:alert(1)", Some("https://cdn.example")), None);
    assert!(link::check_template("https://s.example/{sku}").is_ok());
    for wrong in ["/p/{sku}", "https://s.example/p", "https://s.example/{skew}", "https://s.example/{sku"] {
        assert!(link::check_template(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_language_is_served_by_its_regions_and_by_no_other() {
    let texts = |pairs: &[(&str, &str)]| pairs.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned())).collect();
    let american: std::collections::BTreeMap<String, String> =
        texts(&[("en-US", "Headlamp"), ("eng", "x"), ("de", "Stirnlampe")]);
    let find = |locale| crate::channels::words::in_locale(&american, locale);
    assert_eq!((find("en"), find("en-US"), find("de-AT")), (Some("Headlamp"), Some("Headlamp"), Some("Stirnlampe")));
    assert_eq!((find("en-GB"), find("fr")), (None, None));
}

proptest! {
    #[test]
    fn no_text_brings_control_characters_through(text in any::<String>()) {
        for out in [line(&text), lines(&text), without_html(&text), to_html(&text)] {
            prop_assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{out:?}");
            let nonsense = out.contains(['\u{FFFE}', '\u{FFFF}']);
            prop_assert!(!nonsense);
        }
        prop_assert!(!line(&text).contains('\n'));
    }

    #[test]
    fn a_cut_fits_and_is_a_beginning(text in any::<String>(), max in 1_usize..40) {
        let cut = cut(&text, max);
        prop_assert!(cut.chars().count() <= max && text.starts_with(cut));
    }

    #[test]
    fn broken_html_never_panics(text in "[<>&;#xa-c!/ \"-]{0,60}") {
        without_html(&text);
        looks_like_html(&text);
    }

    #[test]
    fn an_address_stays_one_when_it_is_read_again(path in any::<String>()) {
        if let Some(address) = link::address(&format!("https://i.example/{path}")) {
            prop_assert!(address.is_ascii() && !address.contains(char::is_whitespace));
            prop_assert_eq!(link::address(&address), Some(address));
        }
    }
}

#[test]
fn numbers_are_said_in_four_digits_and_never_lose_one_before_the_point() {
    let said = |number: &str| crate::channels::text::said(number.parse().unwrap()).to_string();
    let cases = [
        ("134.112", "134.1"),
        ("120.5", "120.5"),
        ("1234.5", "1235"),
        ("123456.7", "123457"),
        ("123456", "123456"),
        ("0.00012345", "0.0001235"),
        ("99999.95", "100000"),
        ("-0.5", "-0.5"),
        ("-40.0556", "-40.06"),
        ("0.0", "0"),
        ("86.40", "86.4"),
    ];
    for (number, wanted) in cases {
        assert_eq!(said(number), wanted, "{number}");
    }
}

#[test]
fn a_cut_parts_no_sign() {
    let family = "👩\u{200D}👩\u{200D}👧\u{200D}👦";
    let signs = [
        family,
        "🇩🇰",
        "👍🏽",
        "#\u{FE0F}\u{20E3}",
        "e\u{301}\u{323}",
        "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
        "क्षि",
        "நி",
        "กำ",
        "\u{1112}\u{1161}\u{11AB}",
        "בּ",
        "ش\u{651}",
    ];
    for sign in signs {
        let text = sign.repeat(9);
        for max in 1..text.chars().count() {
            let cut = cut(&text, max);
            assert_eq!(cut.len() % sign.len(), 0, "{sign:?} is parted at {max}: {cut:?}");
            assert_eq!(cut.chars().count(), max - max % sign.chars().count(), "{sign:?}: no more is lost than needed");
        }
    }
    assert_eq!(cut(&format!("Lamp {family}"), 8), "Lamp");
    assert_eq!(cut(family, 3), "", "one sign that does not fit");
    assert_eq!(cut("日本語のヘッドランプ", 4), "日本語の", "no spaces, no marks");
}
