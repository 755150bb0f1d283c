//! `beamline serve`

use super::{Outcome, say};
use crate::app::App;
use crate::background;
use crate::config::Config;
use crate::error::Result;
use crate::http::server;
use clap::Args;
use std::net::SocketAddr;
use tokio::net::TcpListener;

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
        serve(app, listener).await
    }
}

/// Serves until the process is asked to stop, with everything that works in the background.
pub(super) async fn serve(app: App, listener: TcpListener) -> Result<Outcome> {
    tokio::spawn(server::on_signal(app.shutdown.clone()));
    let tasks = background::start(&app);
    server::serve(app, listener).await?;
    background::finish(tasks, server::GRACE).await;
    Ok(Outcome::Done)
}
