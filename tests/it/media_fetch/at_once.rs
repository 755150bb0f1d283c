//! How many pictures are fetched at once.

use super::{get, host, settings, with};
use crate::support::{Behaviour, Names, PictureHost};
use beamline::media::fetch::{FetchSettings, Fetched, Fetcher};
use std::time::Duration;

/// Fetches the picture 12 times from each of these names, all at once.
async fn crowd(fetcher: &Fetcher, host: &PictureHost, names: &[&str]) {
    host.takes(Duration::from_millis(30));
    let asking = names.iter().cycle().take(12 * names.len()).map(|name| {
        let (fetcher, address) = (fetcher.clone(), format!("http://{name}:{}/lamp.jpg", host.port()));
        tokio::spawn(async move { get(&fetcher, &address).await })
    });
    for came in futures_util::future::join_all(asking).await {
        assert!(matches!(came.unwrap(), Ok(Fetched::New { .. })));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_more_than_allowed_run_at_once() {
    let home: &[&[&str]] = &[&["127.0.0.1"]];
    let names = Names::new(&[("a.example", home), ("b.example", home), ("c.example", home), ("d.example", home)]);
    let roomy = host().await;
    let fetcher = with(FetchSettings { at_once: 100, at_once_per_host: 2, ..settings(&["127.0.0.1"]) }, &names);
    crowd(&fetcher, &roomy, &["a.example", "b.example"]).await;
    assert_eq!((roomy.most_at_once_at("a.example"), roomy.most_at_once_at("b.example")), (2, 2));

    let narrow = host().await;
    let fetcher = with(FetchSettings { at_once: 5, at_once_per_host: 2, ..settings(&["127.0.0.1"]) }, &names);
    crowd(&fetcher, &narrow, &["a.example", "b.example", "c.example", "d.example"]).await;
    assert_eq!(narrow.most_at_once(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_host_that_never_answers_keeps_nobody_from_others() {
    let (silent, well) = (host().await, host().await);
    silent.serves("/never", Behaviour::Silent);
    let names = Names::new(&[("silent.example", &[&["127.0.0.1"]]), ("well.example", &[&["127.0.0.1"]])]);
    let fetcher = with(FetchSettings { at_once: 4, at_once_per_host: 2, ..settings(&["127.0.0.1"]) }, &names);
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (fetcher, address) = (fetcher.clone(), format!("http://silent.example:{}/never", silent.port()));
            tokio::spawn(async move { get(&fetcher, &address).await })
        })
        .collect();
    while silent.requests("/never") < 2 {
        tokio::task::yield_now().await;
    }
    // Redirected to the busy host, another waits there too, and without a place.
    well.serves("/to-silent", Behaviour::Redirect(format!("http://silent.example:{}/never", silent.port())));
    let redirected = {
        let (fetcher, address) = (fetcher.clone(), format!("http://well.example:{}/to-silent", well.port()));
        tokio::spawn(async move { get(&fetcher, &address).await })
    };
    while well.requests("/to-silent") < 1 {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        assert!(get(&fetcher, &format!("http://well.example:{}/lamp.jpg", well.port())).await.is_ok());
    }
    // Who gives up makes room.
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    redirected.abort();
    assert!(get(&fetcher, &format!("http://silent.example:{}/lamp.jpg", silent.port())).await.is_ok());
}
