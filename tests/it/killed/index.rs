//! The index, killed: while it is built anew, and while it follows an import.

use super::catalogue;
use super::life::{Home, Life, PROFILE};
use super::program::{Fate, Serving, beamline, run, share_of_many};
use crate::support::House;
use std::time::{Duration, Instant};

const ROWS: usize = 500;

async fn import(home: &Home, round: usize) -> Duration {
    let (profile, file) = (home.file("profile.toml", PROFILE), home.file("list.csv", &catalogue::list(round, ROWS)));
    home.done(&["import", "--supplier", "alpine", "--full", "--profile", &profile, &file]).await
}

/// Versions of the index that lie in the folder.
fn versions(home: &Home) -> Vec<String> {
    let entries = std::fs::read_dir(home.house.dir.path().join("index")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('v')).collect()
}

/// Imports beside a server that feeds the index, and kills the server after `moment`: the command feeds the index then.
async fn follow_and_kill(home: &Home, round: usize, moment: Duration) -> Fate {
    let mut serving = Serving::start(beamline(&home.house.config)).await;
    home.settled().await;
    let (profile, file) = (home.file("profile.toml", PROFILE), home.file("list.csv", &catalogue::list(round, ROWS)));
    let importing = tokio::spawn(run(home.command(&["import", "--supplier", "alpine", "--full", "--profile", &profile, &file])));
    let begun = Instant::now();
    while begun.elapsed() < moment && !importing.is_finished() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let fate = if importing.is_finished() { Fate::Done } else { Fate::Killed };
    serving.kill();
    let (status, said) = importing.await.unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "the import beside a server that was killed: {status}: {said}");
    fate
}

async fn knocks(house: House, kills: usize) {
    let mut life = Life::of("index", house).await;
    let mut took = import(&life.quiet, 0).await;
    import(&life.home, 0).await;
    while life.goes_on(kills) {
        let round = life.round();
        let moment = if round % 2 == 0 {
            let took = life.quiet.done(&["reindex"]).await;
            life.killed(&["reindex"], took).await.1
        } else {
            let moment = life.moment(took);
            let fate = follow_and_kill(&life.home, round, moment).await;
            took = import(&life.quiet, round).await;
            life.note(fate);
            moment
        };
        let serving = life.home.started_again().await;
        let swept = Instant::now();
        while versions(&life.home).len() != 1 {
            assert!(swept.elapsed() < Duration::from_secs(10), "{:?} lie about; {}", versions(&life.home), life.at(moment));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(serving);
        life.same(moment).await;
    }
}

both_databases! {
    async fn a_killed_index_is_equal_to_the_database_again(house: House) {
        knocks(house, 2).await;
    }

    #[ignore = "many kills; .ci/long runs it"]
    async fn many_killed_indexes(house: House) {
        knocks(house, share_of_many()).await;
    }
}
