//! temporary
/// temporary
pub fn mpn_key(raw: &str) -> Option<String> {
    let key: String = raw.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    (!key.is_empty()).then_some(key)
}
