use super::{Next, Resume};

fn all(written: i64, chunks: &[i64]) -> Vec<Option<Next>> {
    let mut resume = Resume::after(written);
    chunks.iter().map(|rows| resume.next(*rows)).collect()
}

#[test]
fn what_an_earlier_try_wrote_is_passed() {
    let [pass, write] = [Some(Next::Pass), Some(Next::Write)];
    assert_eq!(all(0, &[1_000, 10, 0]), [write, write, write]);
    // The empty chunk carries the end of a file.
    assert_eq!(all(1_000, &[1_000, 0, 1_000]), [pass, write, write]);
    assert_eq!(all(1_500, &[1_000, 500, 0, 7]), [pass, pass, write, write]);
    assert_eq!(all(1_000, &[0, 1_000, 3]), [pass, pass, write]);
}

#[test]
fn a_chunk_that_is_half_in_is_no_chunk_of_that_try() {
    assert_eq!(all(1_500, &[1_000, 1_000])[1], None);
}
