//! Logs: one line for each request, by route template, and nothing that could name a person.
//!
//! Paths carry link secrets and ids and are never logged; neither are queries, bodies or addresses.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use rand::RngExt;
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::metrics::Requests;
use crate::settings::{Environment, LogFilter};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Starts logging: to read in development, JSON in production.
pub fn start(environment: Environment, filter: &LogFilter) {
    let registry = tracing_subscriber::registry().with(filter.targets());
    // A second start (two apps in one test process) keeps the first subscriber.
    let _ = match environment {
        Environment::Development => registry
            .with(tracing_subscriber::fmt::layer().compact())
            .try_init(),
        Environment::Production => registry
            .with(tracing_subscriber::fmt::layer().json().flatten_event(true))
            .try_init(),
    };
    log_panics(environment);
}

/// A panic's text may quote the data it stumbled over, so that only its place is logged in production.
fn log_panics(environment: Environment) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string);
        match environment {
            Environment::Development => tracing::error!(place, text = %panic, "panicked"),
            Environment::Production => tracing::error!(place, "panicked"),
        }
    }));
}

/// Names one request in the log and on its error page. Drawn by us: a caller's own id could forge a log line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    fn random() -> Self {
        Self(hex::encode(rand::rng().random::<[u8; 8]>()))
    }

    /// The id as people read it out to support.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Middleware: gives the request an id, runs it in a span, logs and counts its outcome.
pub async fn trace(State(requests): State<Requests>, mut request: Request, next: Next) -> Response {
    let id = RequestId::random();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let span = tracing::info_span!("request", %method, route, request_id = id.as_str());
    request.extensions_mut().insert(id.clone());

    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();
    let latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    requests.note(&method, &route, status, took);
    span.in_scope(|| match status {
        500.. => tracing::warn!(status, latency_ms, "answered"),
        _ if is_probe(&route) => tracing::debug!(status, latency_ms, "answered"),
        _ => tracing::info!(status, latency_ms, "answered"),
    });
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    response
}

/// Probes and static files come by the dozen and tell nothing.
fn is_probe(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz") || route.starts_with("/static/")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Memory {
        fn text(&self) -> String {
            let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            String::from_utf8(bytes.clone()).unwrap()
        }
    }

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Memory {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[tokio::test]
    async fn the_log_names_the_route_and_never_the_path() {
        let memory = Memory::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_writer(memory.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let app = Router::new()
            .route("/c/{secret}", get(|| async { "page" }))
            .layer(from_fn_with_state(Requests::default(), trace));
        for address in ["/c/hush-hush?name=Anna", "/unknown/Anna"] {
            let request = Request::get(address)
                .header("x-request-id", "forged")
                .body(Body::empty())
                .unwrap();
            app.clone().oneshot(request).await.unwrap();
        }
        let log = memory.text();
        assert!(log.contains(r#""route":"/c/{secret}""#), "{log}");
        assert!(log.contains(r#""route":"unmatched""#), "{log}");
        assert!(log.contains(r#""status":200"#), "{log}");
        for told in ["hush-hush", "Anna", "forged"] {
            assert!(!log.contains(told), "{log}");
        }
    }
}
