//! Headers compared: without case, `_` as a space, and `*` in ours for any text.

/// Is this header of a file the one that `pattern` stands for?
pub fn is_named(pattern: &str, header: &str) -> bool {
    if pattern == header {
        return true;
    }
    if !pattern.contains('*') {
        return pattern.len() == header.len()
            && pattern.bytes().zip(header.bytes()).all(|(ours, theirs)| folded(ours) == folded(theirs));
    }
    let fold = |text: &str| text.to_lowercase().replace('_', " ");
    let (pattern, header) = (fold(pattern), fold(header));
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| header.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn folded(byte: u8) -> u8 {
    if byte == b'_' { b' ' } else { byte.to_ascii_lowercase() }
}
