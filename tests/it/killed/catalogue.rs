//! A catalogue import, killed: whole files, rows that repeat, rows that are lost, offers that go and return.

use super::life::{Life, PROFILE};
use super::program::share_of_many;
use crate::support::House;
use std::fmt::Write as _;

/// The list of a round: some rows are new, some others than before, some missing, some wrong, some twice.
pub fn list(round: usize, rows: usize) -> String {
    let mut csv = "sku,ean,brand,mpn,title,lumens,cost,stock,image,kind,text\n".to_owned();
    for n in (1..=rows).filter(|n| n % 12 != round % 12) {
        let key = if n % 40 == 0 { n - 39 } else { n };
        let sku = if n % 200 == 7 { String::new() } else { format!("A-{key}") };
        let ean = if n % 30 == 0 { "123" } else { "" };
        let edition = if n % 4 == round % 4 { round } else { 0 };
        let lumens = 100 + n % 500;
        let _ = writeln!(
            csv,
            "{sku},{ean},Fenix,HM{n},Lamp {n} edition {edition},{lumens},12.50,{},https://img.example/{n}.jpg,Headlamps,A lamp for the night {n}",
            n % 9
        );
    }
    csv
}

async fn knocks(house: House, kills: usize, rows: usize) {
    let mut life = Life::of("catalogue", house).await;
    while life.goes_on(kills) {
        let text = list(life.round(), rows);
        let profile = life.quiet.file("profile.toml", PROFILE);
        let file = life.quiet.file("list.csv", &text);
        life.home.file("profile.toml", PROFILE);
        let took = life.quiet.done(&["import", "--supplier", "alpine", "--full", "--profile", &profile, &file]).await;

        let before = life.home.imports().await;
        let (profile, file) = (life.home.file("profile.toml", PROFILE), life.home.file("list.csv", &text));
        let command = ["import", "--supplier", "alpine", "--full", "--profile", &profile, &file];
        let (_, moment) = life.killed(&command, took).await;
        drop(life.home.started_again().await);
        if life.home.imports().await == before {
            // It was not even accepted; whoever sent it sends it again.
            life.home.done(&command).await;
            life.home.settled().await;
        }
        life.same(moment).await;
    }
}

both_databases! {
    async fn a_killed_catalogue_import_goes_on_where_it_was(house: House) {
        knocks(house, 2, 1_250).await;
    }

    #[ignore = "many kills; .ci/long runs it"]
    async fn many_killed_catalogue_imports(house: House) {
        knocks(house, share_of_many(), 2_200).await;
    }
}
