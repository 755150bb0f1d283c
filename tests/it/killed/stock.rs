//! A stock file, killed: levels, their ledger, what a whole file lacks, and rows of nobody.

use super::catalogue;
use super::life::{Life, PROFILE};
use super::program::share_of_many;
use crate::support::House;
use std::fmt::Write as _;

const STOCK: &str = r#"
name = "Alpine stock"
column = [ { from = "sku", to = "supplier_sku" }, { from = "place", to = "warehouse" }, { from = "pieces", to = "on_hand" } ]
"#;

/// The supplier's own warehouse, and others: so many levels that they are written in several transactions.
const PLACES: [&str; 8] = ["", "North", "East", "South", "West", "Harbour", "Airport", "Returns"];

/// The levels of a round: some others than before, some missing, some of offers that are not there, some that are no number.
fn levels(round: usize, offers: usize) -> String {
    let mut csv = "sku,place,pieces\n".to_owned();
    for n in (1..=PLACES.len() * offers).filter(|n| n % 13 != round % 13) {
        let sku = if n % 90 == 0 { format!("Z-{n}") } else { format!("A-{}", n.div_ceil(PLACES.len())) };
        let place = PLACES[n % PLACES.len()];
        let pieces = if n % 3 == round % 3 { n % 40 + round } else { n % 40 };
        let text = if n % 110 == 0 { "many".to_owned() } else { pieces.to_string() };
        let _ = writeln!(csv, "{sku},{place},{text}");
    }
    csv
}

async fn knocks(house: House, kills: usize, offers: usize) {
    let mut life = Life::of("stock", house).await;
    for home in [&life.quiet, &life.home] {
        let (profile, file) = (home.file("profile.toml", PROFILE), home.file("list.csv", &catalogue::list(0, offers)));
        home.done(&["import", "--supplier", "alpine", "--full", "--profile", &profile, &file]).await;
    }
    while life.goes_on(kills) {
        let text = levels(life.round(), offers);
        let (profile, file) = (life.quiet.file("stock.toml", STOCK), life.quiet.file("stock.csv", &text));
        let took =
            life.quiet.done(&["import", "--supplier", "alpine", "--kind", "stock", "--full", "--profile", &profile, &file]).await;

        let before = life.home.imports().await;
        let (profile, file) = (life.home.file("stock.toml", STOCK), life.home.file("stock.csv", &text));
        let command = ["import", "--supplier", "alpine", "--kind", "stock", "--full", "--profile", &profile, &file];
        let (_, moment) = life.killed(&command, took).await;
        drop(life.home.started_again().await);
        if life.home.imports().await == before {
            life.home.done(&command).await;
            life.home.settled().await;
        }
        life.same(moment).await;
    }
}

both_databases! {
    async fn a_killed_stock_file_goes_on_where_it_was(house: House) {
        knocks(house, 2, 620).await;
    }

    #[ignore = "many kills; .ci/long runs it"]
    async fn many_killed_stock_files(house: House) {
        knocks(house, share_of_many(), 1_100).await;
    }
}
