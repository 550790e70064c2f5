//! `/healthz` (the process lives) and `/readyz` (it can do its work).

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use database::{Kind, schema_is_current};
use futures::future::join_all;
use serde::Serialize;
use sqlx::MySqlPool;

use crate::right_keys::HeldKeys;

const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

type Outcome = Result<(), Box<dyn StdError + Send + Sync>>;
type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// The checks behind `/readyz`.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Vec<(&'static str, Check)>,
}

/// What `/readyz` answers: which parts are in order. Causes go to the log only.
#[derive(Serialize)]
struct Report {
    ready: bool,
    checks: BTreeMap<&'static str, &'static str>,
}

impl Readiness {
    /// No checks yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a named check (`"database"`, `"chain"`, `"keys"`); one that takes over three seconds counts as failed.
    #[must_use]
    pub fn check<F, Fut, E>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let check: Check = Arc::new(move || {
            let outcome = check();
            Box::pin(async move { outcome.await.map_err(Into::into) })
        });
        self.checks.push((name, check));
        self
    }

    /// Adds the checks of a process that works with the main database: `"database"`, its schema included, and `"keys"`.
    #[must_use]
    pub fn of_database(self, pool: &MySqlPool, keys: HeldKeys) -> Self {
        let (schema, checked) = (pool.clone(), pool.clone());
        self.check("database", move || schema_is_right(schema.clone()))
            .check("keys", move || {
                let (pool, keys) = (checked.clone(), keys.clone());
                async move { keys.are_right(&pool).await }
            })
    }

    /// Both routes.
    pub(crate) fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(move || self.clone().answer()))
    }

    async fn answer(self) -> Response {
        let outcomes = join_all(self.checks.iter().map(|(name, check)| run(name, check))).await;
        let ready = outcomes.iter().all(|(_, ok)| *ok);
        let checks = outcomes
            .into_iter()
            .map(|(name, ok)| (name, if ok { "ok" } else { "failed" }))
            .collect();
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        (status, Json(Report { ready, checks })).into_response()
    }
}

async fn schema_is_right(pool: MySqlPool) -> anyhow::Result<()> {
    anyhow::ensure!(
        schema_is_current(Kind::Main, &pool).await?,
        "the schema is not this version's"
    );
    Ok(())
}

async fn run(name: &'static str, check: &Check) -> (&'static str, bool) {
    match tokio::time::timeout(CHECK_TIMEOUT, check()).await {
        Ok(Ok(())) => (name, true),
        Ok(Err(error)) => {
            tracing::warn!(check = name, error = %crate::error::chain_of(error.as_ref()), "not ready");
            (name, false)
        }
        Err(_) => {
            tracing::warn!(check = name, "not ready: no answer in time");
            (name, false)
        }
    }
}
