//! Texts that a spreadsheet would run as a formula, in files that people open: an apostrophe stands in front of them, and is taken away
//! again when such a file comes back. The two are each other's inverse, whatever the text: one that begins with apostrophes and then a
//! formula gets one more.

/// What a formula begins with, and what a spreadsheet skips before one (OWASP, "CSV Injection").
const STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The text as a spreadsheet shows it and does not run it.
pub fn guarded(text: String) -> String {
    if is_formula(&text) { format!("'{text}") } else { text }
}

/// The text that was guarded; any other is as it was.
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(STARTS)
}

#[cfg(test)]
mod tests;
