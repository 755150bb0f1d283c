//! Serving: connections in, and a stop that loses nothing.
//!
//! Asked to stop, the server first says so (`/readyz` answers 503, long polls and streams end), then lets the requests it has
//! finish. It goes on accepting meanwhile, so that whoever watches `/readyz` sees the 503 rather than a refused connection.

use super::router;
use crate::app::App;
use crate::error::{Code, Error, Result};
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// How long a request's head may take, and how long a connection may idle between two requests.
const HEAD: Duration = Duration::from_secs(30);
/// The same while the server is stopping.
const HEAD_STOPPING: Duration = Duration::from_secs(2);
/// How large a request's head may be.
const HEAD_BYTES: usize = 64 * 1024;
/// Connections at once; more wait in the system's queue.
const CONNECTIONS: usize = 4_096;
/// How long requests have to finish once the server was asked to stop.
pub const GRACE: Duration = Duration::from_secs(20);

/// Takes the address; port 0 takes any free one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::new(Code::Unavailable, format!("{address} cannot be listened on; is another server there? use --listen"))
            .because(error)
    })
}

/// Serves until `app.shutdown` is cancelled and what was begun is done, or [`GRACE`] is over.
pub async fn serve(app: App, listener: TcpListener) -> Result<()> {
    let routes = router(app.clone())?;
    let (tracker, room) = (TaskTracker::new(), Arc::new(Semaphore::new(CONNECTIONS)));
    let accept = |stream, permit| {
        tracker.spawn(connection(stream, routes.clone(), app.shutdown.clone(), permit));
    };
    tokio::select! {
        () = accept_all(&listener, &room, &accept) => {}
        () = app.shutdown.cancelled() => {}
        () = upkeep() => {}
    }
    tracing::info!("stopping: no longer ready, finishing what was begun");
    tracker.close();
    tokio::select! {
        () = accept_all(&listener, &room, &accept) => {}
        () = tracker.wait() => tracing::info!("stopped"),
        () = tokio::time::sleep(GRACE) => tracing::warn!(open = tracker.len(), "stopped with connections still open"),
    }
    Ok(())
}

/// Cancels `shutdown` when the process is asked to stop: SIGTERM, or Ctrl-C.
pub async fn on_signal(shutdown: CancellationToken) {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
        () = shutdown.cancelled() => {}
    }
    shutdown.cancel();
}

async fn accept_all(listener: &TcpListener, room: &Arc<Semaphore>, accept: &impl Fn(TcpStream, OwnedSemaphorePermit)) {
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => accept(stream, permit),
            // Out of file handles, most likely: they come back.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, routes: axum::Router, shutdown: CancellationToken, _permit: OwnedSemaphorePermit) {
    // Small answers must not wait for more to be sent with them.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(routes.map_request(|request: Request<Incoming>| request.map(Body::new)));
    // A connection that comes while the server stops has one request, and must send it soon: that is who watches `/readyz`.
    let stopping = shutdown.is_cancelled();
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(if stopping { HEAD_STOPPING } else { HEAD })
        .keep_alive(!stopping)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let finished = tokio::select! {
        finished = connection.as_mut() => finished,
        () = shutdown.cancelled(), if !stopping => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = finished {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Lets the metrics forget what is old.
async fn upkeep() {
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        minute.tick().await;
        if let Some(metrics) = super::observe::metrics() {
            metrics.run_upkeep();
        }
    }
}
