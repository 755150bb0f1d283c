//! `beamline serve`

use super::{Outcome, say};
use crate::config::Config;
use crate::error::Result;
use crate::http::server;
use crate::search::Feeder;
use clap::Args;
use std::net::SocketAddr;

/// Serve the API, the feeds and the documentation
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port; port 0 takes any free one, which is then printed
    #[arg(long, env = "BEAMLINE_LISTEN", default_value = "127.0.0.1:7171", value_name = "ADDRESS")]
    listen: SocketAddr,
}

impl Serve {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let listener = server::bind(self.listen).await?;
        let address = listener.local_addr()?;
        tracing::info!(%address, "listening");
        say(format_args!("Beamline is at http://{address} (documentation at http://{address}/docs)"))?;
        tokio::spawn(server::on_signal(app.shutdown.clone()));
        tokio::spawn(Feeder::new(app.db.clone(), app.search.clone()).run(app.shutdown.clone()));
        server::serve(app, listener).await?;
        Ok(Outcome::Done)
    }
}
