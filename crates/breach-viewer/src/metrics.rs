//! What Prometheus asks for, as text: how the sweep stands, which verdicts there are, which alarms stand. No personal data.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use database::operations_alarms::AlarmKind;
use database::sweep_rounds::{self, SweepRound};
use database::{RowError, records_view, sweep_parts};
use tokio::net::TcpListener;
use web_kit::lifetime::Lifetime;

use crate::state::Watchtower;

const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves `/metrics` at an address of its own until the process ends.
pub async fn serve(
    address: SocketAddr,
    tower: &Watchtower,
    lifetime: &Lifetime,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "metrics are served");
    let app = Router::new()
        .route("/metrics", get(show))
        .with_state(tower.clone());
    let ending = lifetime.clone();
    lifetime.spawn("metrics", async move {
        let served = axum::serve(listener, app)
            .with_graceful_shutdown(async move { ending.ended().await })
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the metrics are not served any more");
        }
    });
    Ok(())
}

async fn show(State(tower): State<Watchtower>) -> impl IntoResponse {
    let mut text = Text::default();
    let examined = tower.examined.load(Ordering::Relaxed);
    let (name, help) = (
        "sweep_examined_total",
        "Records looked at by the sweep of this process",
    );
    text.of(name, "counter", help, &[("", examined)]);
    let read = on_file(&tower, &mut text).await;
    if let Err(error) = &read {
        tracing::warn!(%error, "the metrics lack what the database tells");
    }
    let help = "Whether the database answered";
    text.of(
        "database_up",
        "gauge",
        help,
        &[("", u64::from(read.is_ok()))],
    );
    ([(header::CONTENT_TYPE, TYPE)], text.0)
}

async fn on_file(tower: &Watchtower, text: &mut Text) -> Result<(), RowError> {
    let mut connection = tower.pool.acquire().await?;
    let rounds = sweep_rounds::newest(&mut connection, &tower.keys).await?;
    if let Some(round) = rounds.first() {
        let checked = match round.finished_at {
            Some(_) => round.checked,
            None => sweep_parts::progress(&mut connection, round).await?,
        };
        let help = "Number of the newest round";
        text.of("sweep_round", "gauge", help, &[("", round.id)]);
        let help = "Records of the newest round that were looked at";
        text.of("sweep_round_checked", "gauge", help, &[("", checked)]);
        let help = "Records that the newest round has to look at";
        text.of("sweep_round_records", "gauge", help, &[("", round.total)]);
    }
    if let Some(whole) = rounds.iter().find(|round| SweepRound::is_whole(round)) {
        let ended = whole.finished_at.unwrap_or(whole.started_at);
        let age = tower.clock.now().since(ended).as_secs();
        let help = "Seconds since every record was looked at";
        text.of(
            "sweep_last_complete_age_seconds",
            "gauge",
            help,
            &[("", age)],
        );
    }
    let verdicts = records_view::verdict_counts(&mut connection, &tower.keys).await?;
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|(one, count)| (one.as_str(), *count))
        .collect();
    text.of(
        "records",
        "gauge",
        "Records by verdict",
        &labelled("verdict", &verdicts),
    );
    let standing = tower.registrar.standing(&mut connection).await?;
    let stands = |kind: &AlarmKind| standing.iter().any(|alarm| alarm.kind == *kind);
    let alarms = AlarmKind::ALL
        .iter()
        .map(|kind| (kind.as_str(), u64::from(stands(kind))));
    let alarms: Vec<_> = alarms.collect();
    text.of(
        "alarm",
        "gauge",
        "Whether an alarm stands",
        &labelled("kind", &alarms),
    );
    Ok(())
}

fn labelled(label: &str, values: &[(&str, u64)]) -> Vec<(String, u64)> {
    let one = |(name, value): &(&str, u64)| (format!("{{{label}=\"{name}\"}}"), *value);
    values.iter().map(one).collect()
}

/// The lines of one answer.
#[derive(Default)]
struct Text(String);

impl Text {
    fn of(&mut self, name: &str, kind: &str, help: &str, values: &[(impl AsRef<str>, u64)]) {
        let text = &mut self.0;
        // Nothing can go wrong in writing to a text.
        let _ = writeln!(
            text,
            "# HELP sealwatch_{name} {help}.\n# TYPE sealwatch_{name} {kind}"
        );
        for (labels, value) in values {
            let _ = writeln!(text, "sealwatch_{name}{} {value}", labels.as_ref());
        }
    }
}
