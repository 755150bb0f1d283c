use super::{guarded, unguarded};
use proptest::prelude::*;

#[test]
fn a_formula_is_guarded_once_and_anything_else_stays() {
    for (text, shown) in
        [("=1+1", "'=1+1"), ("-20 C", "'-20 C"), ("'=x", "''=x"), ("'quoted' lamp", "'quoted' lamp"), ("a=b", "a=b"), ("", "")]
    {
        assert_eq!(guarded(text.to_owned()), shown);
        assert_eq!(unguarded(shown), text);
    }
    assert_eq!(unguarded("'n Abend"), "'n Abend", "an apostrophe that nobody put there");
}

proptest! {
    #[test]
    fn what_was_guarded_comes_back(text in "['=+@\\-a \\t]{0,6}") {
        let shown = guarded(text.clone());
        prop_assert_eq!(unguarded(&shown), text);
        prop_assert!(!shown.starts_with(['=', '+', '-', '@', '\t', '\r']));
    }
}
