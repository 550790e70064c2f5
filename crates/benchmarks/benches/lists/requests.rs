//! What an officer asks for, and how long each takes.

use std::time::{Duration, Instant};

use benchmarks::DataSet;
use sqlx::Row as _;

use crate::officer::Officer;

/// Each is asked for so often; the one in the middle counts.
const TIMES: usize = 21;
/// Of the start page, which is drawn anew once a second only.
const DRAWN: usize = 5;
const DRAWN_EVERY: Duration = Duration::from_millis(1100);

/// A page of rows by an index, with what the grid joins to each: as little as a list can do.
pub async fn plain_read(data: &DataSet) -> Duration {
    let mut connection = data.pool.acquire().await.unwrap();
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let rows = sqlx::query(
            "SELECT r.*, v.name, k.wrapped FROM records r
             LEFT JOIN record_versions v ON v.record_id = r.id AND v.version = r.version
             LEFT JOIN owner_keys k ON k.record_id = r.id
             WHERE r.uid <= ? ORDER BY r.uid DESC LIMIT 51",
        )
        .bind(data.count / 2)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        assert!(
            rows.iter()
                .all(|row| row.get::<Option<u64>, _>("uid").is_some())
        );
        took.push(begun.elapsed());
    }
    middle(took)
}

/// All requests, in the order in which they are told.
pub async fn all(officer: &Officer, count: u64) -> Vec<(&'static str, Duration)> {
    let (half, cell) = (count / 2, count / 2 + count / 400);
    let pages = [
        ("grid, first page", "/records".to_owned()),
        ("grid, a page deep in", format!("/records?after={half}")),
        ("grid, the last page", "/records?after=40".to_owned()),
        ("grid, valid", "/records?verdict=valid".to_owned()),
        (
            "grid, valid, deep in",
            format!("/records?verdict=valid&after={half}"),
        ),
        ("grid, altered", "/records?verdict=altered".to_owned()),
        (
            "grid, altered, deep in",
            format!("/records?verdict=altered&after={half}"),
        ),
        ("grid, missing", "/records?verdict=missing".to_owned()),
        (
            "grid, missing, the last page",
            "/records?verdict=missing&after=40".to_owned(),
        ),
        (
            "grid, forged (no UID)",
            "/records?verdict=forged".to_owned(),
        ),
        (
            "grid, a verdict that none has",
            "/records?verdict=retired".to_owned(),
        ),
        (
            "grid, a cell of the map",
            format!("/records?first={half}&last={cell}"),
        ),
        (
            "grid, a cell of the map, altered",
            format!("/records?first={half}&last={cell}&verdict=altered"),
        ),
        ("incidents", "/incidents".to_owned()),
    ];
    let mut told = vec![("start page, drawn anew", drawn(officer).await)];
    told.push(("start page, as drawn before", timed(officer, "/").await));
    for (name, path) in &pages {
        told.push((name, timed(officer, path).await));
    }
    for (name, query) in [
        ("search by UID", half.to_string()),
        ("search by e-mail", "nobody@example.org".to_owned()),
    ] {
        told.push((name, searched(officer, &query).await));
    }
    told
}

async fn drawn(officer: &Officer) -> Duration {
    let mut took = Vec::new();
    for _ in 0..DRAWN {
        tokio::time::sleep(DRAWN_EVERY).await;
        let begun = Instant::now();
        officer.get("/").await;
        took.push(begun.elapsed());
    }
    middle(took)
}

async fn timed(officer: &Officer, path: &str) -> Duration {
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        officer.get(path).await;
        took.push(begun.elapsed());
    }
    middle(took)
}

async fn searched(officer: &Officer, query: &str) -> Duration {
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let (status, _) = officer.post("/records/search", &[("query", query)]).await;
        assert!(status.is_success(), "{query}: {status}");
        took.push(begun.elapsed());
    }
    middle(took)
}

fn middle(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}
