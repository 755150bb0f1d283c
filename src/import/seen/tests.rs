use super::*;

#[test]
fn who_was_named_is_told_from_who_was_not() {
    let (mut offers, mut levels) = (Offers::default(), Levels::default());
    offers.extend([3, 5, i64::MAX]);
    levels.extend([(3, 1), (5, 2)]);
    assert_eq!([3, 4, 5, i64::MAX].map(|id| offers.has(id)), [true, false, true, true]);
    assert_eq!([(3, 1), (3, 2), (5, 2), (5, 1)].map(|level| levels.has(level)), [true, false, true, false]);
}

#[test]
fn two_million_in_a_row_are_a_few_hundred_kilobytes() {
    let mut offers = Offers::default();
    offers.extend(1..=2_000_000);
    assert!(offers.0.serialized_size() < 400_000);
}
