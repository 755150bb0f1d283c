use crate::import::prepare::amount::{NoNumber, number};
use crate::normalize::DecimalStyle::{self, Auto, Comma, Point};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn read(text: &str, style: DecimalStyle) -> Result<String, NoNumber> {
    number(text, style).map(|amount| amount.to_string())
}

#[test]
fn numbers_are_read_in_both_styles() {
    for (text, style, amount) in [
        ("14,38", Auto, "14.38"),
        ("14.38", Auto, "14.38"),
        ("1.234,56 €", Auto, "1234.56"),
        ("€ 1,234.56", Auto, "1234.56"),
        ("1.234", Comma, "1234"),
        ("1.234", Point, "1.234"),
        ("14.38", Comma, "14.38"),
        ("R2 019.00", Point, "2019.00"),
        ("2\u{a0}019,50 грн", Auto, "2019.50"),
        ("1'299.90", Auto, "1299.90"),
        ("12,-", Auto, "12"),
        ("-5", Auto, "-5"),
        ("0.125", Auto, "0.125"),
        ("1.234.567", Auto, "1234567"),
        (".5", Auto, "0.5"),
        ("499 pcs.", Auto, "499"),
    ] {
        assert_eq!(read(text, style), Ok(amount.to_owned()), "{text}");
    }
}

#[test]
fn what_is_not_one_number_is_not_guessed() {
    for (text, style, why) in [
        ("1.234", Auto, NoNumber::Ambiguous),
        ("1,234", Auto, NoNumber::Ambiguous),
        ("10-12", Auto, NoNumber::Several),
        ("auf Anfrage", Auto, NoNumber::Words),
        ("1.2.3", Auto, NoNumber::Unreadable),
        ("99999999999999999999999999999999999999", Auto, NoNumber::Unreadable),
    ] {
        assert_eq!(read(text, style), Err(why), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        for style in [Auto, Point, Comma] {
            let _ = number(&text, style);
        }
    }

    #[test]
    fn prices_come_back(minor in 0_i64..100_000_000) {
        let amount = Decimal::new(minor, 2);
        prop_assert_eq!(number(&amount.to_string(), Auto), Ok(amount));
        prop_assert_eq!(number(&amount.to_string().replace('.', ","), Auto), Ok(amount));
    }
}
