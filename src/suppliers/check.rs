//! Whether what is said about a supplier can be true.

use super::SupplierTerms;
use crate::error::{Error, FieldError, Result};
use crate::pricing::money;
use icu_locale_core::Locale;

const LONGEST_NAME: usize = 200;

/// Checks a supplier's code.
pub fn code(pointer: &str, text: &str) -> Result<()> {
    if super::is_code(text) {
        return Ok(());
    }
    let message = "a code has 1 to 40 small letters, digits, - and _, and starts with a letter or digit";
    Err(Error::field(pointer, "invalid_code", message))
}

/// Checks everything at once and gives codes and tags their usual spelling (`eur` becomes `EUR`, `DE-at` becomes `de-AT`).
pub fn terms(terms: &mut SupplierTerms) -> Result<()> {
    let mut wrong = Vec::new();
    let mut add = |pointer: &str, code: &str, message: String| {
        wrong.push(FieldError { pointer: pointer.to_owned(), code: code.to_owned(), message });
    };
    if !is_name(&terms.name) {
        add("/name", "invalid_name", format!("a name has 1 to {LONGEST_NAME} characters on one line"));
    }
    match money::currency(&terms.currency) {
        Ok(currency) => currency.code().clone_into(&mut terms.currency),
        Err(error) => add("/currency", "invalid_currency", error.to_string()),
    }
    match Locale::try_from_str(&terms.locale) {
        // `und` is no language, and extensions say nothing about what a text is written in.
        Ok(locale) if !locale.id.language.is_unknown() && terms.locale.len() <= 35 => terms.locale = locale.id.to_string(),
        _ => add(
            "/locale",
            "invalid_locale",
            format!("'{}' is not a BCP 47 language tag such as de or en-GB", shown(&terms.locale)),
        ),
    }
    if !(1..=1_000).contains(&terms.rank) {
        add("/rank", "out_of_range", "a rank is a number from 1 (first) to 1000".to_owned());
    }
    if let Err(message) = country(&mut terms.country) {
        add("/country", "invalid_country", message);
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
}

/// Checks what is said about a warehouse.
pub fn warehouse(name: &str, country_code: &mut Option<String>) -> Result<()> {
    if !is_name(name) {
        return Err(Error::field("/name", "invalid_name", format!("a name has 1 to {LONGEST_NAME} characters on one line")));
    }
    country(country_code).map_err(|message| Error::field("/country", "invalid_country", message))
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(char::is_control)
}

/// The shape of ISO 3166-1 alpha-2 only: which of them exist changes, and a new country is no reason for a new release.
fn country(country: &mut Option<String>) -> Result<(), String> {
    let Some(code) = country else { return Ok(()) };
    code.make_ascii_uppercase();
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(format!("'{}' is not an ISO 3166 code of two letters such as DE", shown(code)))
}

fn shown(text: &str) -> String {
    text.chars().take(50).collect()
}
