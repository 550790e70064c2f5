//! What Prometheus asks for (docs/METRICS.md): at an address of its own, without sign-in, as it stands at that moment. The
//! requests of every app, by route template and never by path, and what else an app tells of itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context;
use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use database::RowError;
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use crate::lifetime::Lifetime;

/// Every name begins with it.
const PREFIX: &str = "sealwatch";

/// Seconds: a page takes a few hundredths, signing in (argon2id) half a second, and 30 s end a request.
const BUCKETS: [f64; 8] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// What an app tells beside its requests.
pub trait Telling: Clone + Send + Sync + 'static {
    /// Adds what stands now; an error where the database does not answer, and what was added before it counts.
    fn tell(&self, metrics: &mut Metrics) -> impl Future<Output = Result<(), RowError>> + Send;
}

/// What one answer consists of.
pub struct Metrics(Registry);

impl Metrics {
    fn new() -> Self {
        Self(Registry::with_prefix(PREFIX))
    }

    /// A number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: u64) {
        let gauge = Gauge::<u64, AtomicU64>::default();
        gauge.set(value);
        self.0.register(name, help, gauge);
    }

    /// A measure that goes up and down.
    pub fn measure(&mut self, name: &str, help: &str, value: f64) {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        self.0.register(name, help, gauge);
    }

    /// One gauge for each value of a label.
    pub fn gauges<'v>(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        values: impl IntoIterator<Item = (&'v str, u64)>,
    ) {
        let gauges = Family::<Vec<(&'static str, String)>, Gauge<u64, AtomicU64>>::default();
        for (value, number) in values {
            gauges
                .get_or_create(&vec![(label, value.to_owned())])
                .set(number);
        }
        self.0.register(name, help, gauges);
    }

    /// A number that only grows while the process lives. `_total` is added to its name.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        self.0.register(name, help, counter);
    }

    fn into_text(self) -> String {
        let mut text = String::new();
        // Nothing can go wrong in writing to a text.
        let _ = prometheus_text::encode(&mut text, &self.0);
        text
    }
}

/// The requests that an app answered. A clone is a handle to the same.
#[derive(Clone, Debug)]
pub struct Requests {
    answered: Family<Answered, Counter>,
    took: Family<Took, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: Arc<str>,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Took {
    route: Arc<str>,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            answered: Family::default(),
            took: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        }
    }
}

impl Requests {
    /// Counts one that was answered.
    pub(crate) fn note(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let route: Arc<str> = route.into();
        let answered = Answered {
            method: known(method),
            route: Arc::clone(&route),
            status,
        };
        self.answered.get_or_create(&answered).inc();
        self.took
            .get_or_create(&Took { route })
            .observe(took.as_secs_f64());
    }

    fn tell(&self, metrics: &mut Metrics) {
        let help = "Requests that were answered";
        let answered = self.answered.clone();
        metrics.0.register("http_requests", help, answered);
        let help = "Seconds until requests were answered";
        let took = self.took.clone();
        metrics
            .0
            .register("http_request_duration_seconds", help, took);
    }
}

/// Callers may make up methods: each would be a line of its own for ever.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

/// Serves `/metrics` until the process ends, if an address was given for it.
pub async fn serve(
    address: Option<SocketAddr>,
    requests: &Requests,
    app: impl Telling,
    lifetime: &Lifetime,
) -> anyhow::Result<()> {
    let Some(address) = address else {
        return Ok(());
    };
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("METRICS_LISTEN: can't listen on {address}"))?;
    tracing::info!(address = %listener.local_addr()?, "metrics are served");
    let requests = requests.clone();
    let show = async move || {
        let told = told(&requests, &app).await;
        (
            [(header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE)],
            told,
        )
            .into_response()
    };
    let router = Router::new().route("/metrics", get(show));
    let ending = lifetime.clone();
    lifetime.spawn("metrics", async move {
        let served = axum::serve(listener, router)
            .with_graceful_shutdown(async move { ending.ended().await })
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the metrics are not served any more");
        }
    });
    Ok(())
}

async fn told(requests: &Requests, app: &impl Telling) -> String {
    let mut metrics = Metrics::new();
    requests.tell(&mut metrics);
    let answered = app.tell(&mut metrics).await;
    if let Err(error) = &answered {
        tracing::warn!(%error, "the metrics lack what the database tells");
    }
    let help = "Whether the database answered";
    metrics.gauge("database_up", help, u64::from(answered.is_ok()));
    metrics.into_text()
}
