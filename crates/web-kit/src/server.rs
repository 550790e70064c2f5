//! Listening, answering, and ending without cutting anybody off.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use crate::lifetime::{EndError, Lifetime};

/// How long requests and tasks in flight may take to finish. Supervisors commonly kill after 30 seconds.
const GRACE: Duration = Duration::from_secs(20);

/// Takes the address. Apart from [`serve`], so that a taken port is told before anything else starts.
pub async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        std::io::Error::new(error.kind(), format!("can't listen on {address}: {error}"))
    })?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    Ok(listener)
}

/// Answers until the end of `lifetime`, then finishes what is in flight and waits for the background tasks.
pub async fn serve(listener: TcpListener, app: Router, lifetime: Lifetime) -> Result<(), EndError> {
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let ending = lifetime.clone();
    let server =
        axum::serve(listener, service).with_graceful_shutdown(async move { ending.ended().await });
    let overdue = async {
        lifetime.ended().await;
        tokio::time::sleep(GRACE).await;
    };
    let served = tokio::select! {
        outcome = server.into_future() => outcome.map_err(EndError::from),
        () = overdue => Err(EndError::Deadline(GRACE)),
    };
    // A listener that failed ends the tasks too.
    lifetime.end();
    let joined = lifetime.join(GRACE).await;
    tracing::info!("ended");
    served.and(joined)
}
