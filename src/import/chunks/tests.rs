use super::*;
use crate::error::{Code, Error};
use crate::import::PreparedRow;

/// Of one row that stands, or of one that changes something.
fn chunk(stands: bool) -> Chunk {
    let rows = if stands { Vec::new() } else { vec![PreparedRow::default()] };
    Chunk { read: 1, rows, ..Chunk::default() }
}

fn coming(chunks: Vec<Chunk>, failure: Option<Error>) -> Chunks {
    let (send, receive) = mpsc::channel(chunks.len() + 1);
    for chunk in chunks.into_iter().map(Ok).chain(failure.map(Err)) {
        send.try_send(chunk).unwrap();
    }
    Chunks::of(receive)
}

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_stands_is_gathered_up_to_what_changes_something() {
    let mut chunks = coming(vec![chunk(true), chunk(true), chunk(false), chunk(true)], None);
    chunks.gather(SOON).await;
    assert_eq!(chunks.came.len(), 3, "the one that changes something comes along, and nothing behind it");
    let rows: Vec<usize> = std::iter::from_fn(|| chunks.ready()).map(|chunk| chunk.rows.len()).collect();
    assert_eq!(rows, [0, 0, 1, 0], "in the order of the file");
    assert!(chunks.next().await.is_none());
}

#[tokio::test]
async fn gathering_ends_with_the_file_and_has_an_end_of_its_own() {
    let mut ended = coming(vec![chunk(true)], None);
    ended.gather(SOON).await;
    assert_eq!(ended.came.len(), 1);

    let mut many = coming((0..MOST_GATHERED + 5).map(|_| chunk(true)).collect(), None);
    many.gather(SOON).await;
    assert_eq!(many.came.len(), MOST_GATHERED);

    let (_open, receive) = mpsc::channel(1);
    let mut nothing = Chunks::of(receive);
    nothing.gather(Duration::from_millis(1)).await;
    assert!(nothing.ready().is_none(), "it does not wait for ever for what does not come");
}

#[tokio::test]
async fn a_failure_waits_for_whoever_asks_for_the_next_one() {
    let mut chunks = coming(vec![chunk(true)], Some(Error::new(Code::Unavailable, "the database went away")));
    chunks.gather(SOON).await;
    assert!(chunks.ready().is_some());
    assert!(chunks.ready().is_none(), "what failed is not ready");
    assert!(chunks.ready().is_none(), "and is not lost by asking");
    assert!(chunks.next().await.is_some_and(|chunk| chunk.is_err()));
    assert!(chunks.next().await.is_none());
}
