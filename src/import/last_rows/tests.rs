use super::{BITS, LastRows};
use proptest::prelude::*;

#[test]
fn keys_that_share_a_bit_are_told_apart() {
    let mut last = LastRows::default();
    let (one, other) = (7, 7 + BITS as u64);
    last.meet(0, 1, one);
    last.meet(0, 2, other);
    last.end();
    assert!(!last.supersede(0, 1, one), "nothing came after it");
    assert!(!last.supersede(0, 2, other));
}

proptest! {
    #[test]
    fn just_the_last_row_of_a_key_stands(files in prop::collection::vec(prop::collection::vec(0_u64..6, 0..12), 1..4)) {
        let mut last = LastRows::default();
        let rows = || files.iter().enumerate().flat_map(|(file, keys)| {
            keys.iter().enumerate().map(move |(at, key)| (file, at as u64 + 1, *key))
        });
        for (file, row, key) in rows() {
            last.meet(file, row, key);
        }
        last.end();
        let standing: Vec<_> = rows().filter(|(file, row, key)| !last.supersede(*file, *row, *key)).collect();
        let expected: Vec<_> = rows()
            .filter(|(file, row, key)| !rows().any(|(f, r, k)| k == *key && (f, r) > (*file, *row)))
            .collect();
        prop_assert_eq!(standing, expected);
    }
}
