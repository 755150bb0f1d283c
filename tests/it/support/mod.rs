//! What every integration test works with: a house of its own, on either database, that leaves nothing behind.
#![allow(dead_code, unused_imports)]

mod bucket;
mod house;
mod importing;
mod names;
mod pictures;
mod postgres;
mod raw;
mod s3_server;
mod server;
mod shared;
mod tls;

pub use bucket::{Bucket, Fault};
pub use house::House;
pub use importing::{Upload, counts};
pub use names::Names;
pub use pictures::{Behaviour, PictureHost};
pub use postgres::{Cluster, Postgres};
pub use raw::Raw;
pub use s3_server::S3Server;
pub use server::{Answer, Server, key};
pub use shared::shared;
pub use tls::TlsFront;

/// Writes each test twice: `name::sqlite` and `name::postgres`.
///
/// ```ignore
/// both_databases! {
///     async fn a_new_house_has_an_epoch(house: House) {
///         assert!(!house.app.db.read(epoch).await.unwrap().is_empty());
///     }
/// }
/// ```
///
/// Where no PostgreSQL can be had, `name::postgres` passes without running and the test run says so once on standard error;
/// with `BEAMLINE_REQUIRE_POSTGRES=1` it fails.
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($house:ident: House) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn run($house: $crate::support::House) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                run($crate::support::House::on_sqlite().await).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                if let Some(house) = $crate::support::House::on_postgres().await {
                    run(house).await;
                }
            }
        }
    )+};
}

/// Tells the person who runs the tests something. `eprintln!` would be swallowed with the output of tests that pass.
pub fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
