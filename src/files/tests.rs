use super::*;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;

fn settings(aws: &[(&str, &str)]) -> Settings {
    Settings { aws: aws.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), ..Settings::default() }
}

#[test]
fn a_place_that_cannot_be_is_told_in_a_sentence() {
    let said = |place: &str, aws: &[(&str, &str)]| open(place, &settings(aws)).unwrap_err().to_string();
    assert!(said("ftp://host/x", &[]).contains("s3://BUCKET/PREFIX"));
    assert!(said("s3:///prefix", &[]).contains("no name"));
    let half = said("s3://lamps", &[("AWS_ACCESS_KEY_ID", "key")]);
    assert!(half.contains("AWS_*") && half.contains("SecretAccessKey"), "{half}");
    assert!(open("s3://lamps", &settings(&[("AWS_PAGER", "less"), ("AWS_REGION", "eu-central-1")])).is_ok());
}

#[test]
fn a_full_disk_is_not_called_a_broken_bucket() {
    let full = object_store::Error::Generic { store: "files", source: Box::new(std::io::Error::from_raw_os_error(28)) };
    assert!(refused("the feed cannot be stored", full).detail.contains("the disk is full"));
    let gone = object_store::Error::NotFound { path: "x".to_owned(), source: "gone".into() };
    assert_eq!(refused("the feed", gone).code, Code::NotFound);
}

#[tokio::test]
async fn an_object_is_stored_whole_or_not_at_all() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = ObjectPath::from("imports/one");
    let piece = Bytes::from(vec![7_u8; 3 << 20]);
    let whole = || futures_util::stream::iter((0..7).map(|_| Ok::<_, &str>(piece.clone())).collect::<Vec<_>>());
    assert_eq!(put(&store, path.clone(), whole(), u64::MAX).await.unwrap(), 21 << 20);
    assert_eq!(store.head(&path).await.unwrap().size, 21 << 20);
    let other = ObjectPath::from("imports/two");
    assert!(matches!(put(&store, other.clone(), whole(), 20 << 20).await, Err(NotStored::TooLarge)));
    let broken = whole().chain(futures_util::stream::iter([Err("hung up")]));
    assert!(matches!(put(&store, other.clone(), broken, u64::MAX).await, Err(NotStored::Body("hung up"))));
    assert!(store.head(&other).await.is_err());
    assert_eq!(put(&store, other.clone(), futures_util::stream::iter([] as [Result<Bytes, &str>; 0]), 0).await.unwrap(), 0);
    assert_eq!(store.head(&other).await.unwrap().size, 0);
}
