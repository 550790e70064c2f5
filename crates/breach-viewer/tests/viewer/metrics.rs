//! What Prometheus finds, at each app, and that the rules and the dashboard of the documentation name nothing else.

use std::collections::BTreeSet;

use crate::harness::{Answer, Browser, Stage};

const RULES: &str = include_str!("../../../../docs/prometheus/alerts.yml");
const DASHBOARD: &str = include_str!("../../../../docs/prometheus/dashboard.json");
const PAGE: &str = include_str!("../../../../docs/METRICS.md");

const APPS: [&str; 3] = ["entry-app", "consent-dapp", "breach-viewer"];

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_finds_how_each_app_stands() {
    let addresses = APPS.map(|app| {
        let port = devstack::free_port().unwrap();
        (app, format!("127.0.0.1:{port}"))
    });
    let options = addresses
        .iter()
        .fold(Stage::options(), |options, (app, address)| {
            options.setting(app, "METRICS_LISTEN", address)
        });
    let stage = Stage::start(2, options).await;
    let [entry, consent, viewer] =
        addresses.map(|(_, address)| Browser::at(&format!("http://{address}").parse().unwrap()));
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    the_viewer_tells_rounds_verdicts_and_alarms(&stage, &viewer).await;
    entry_tells_anchoring_and_mail(&stage, &entry).await;
    requests_are_told_by_route(&stage, &consent).await;
    rules_and_dashboard_name_what_there_is(&[&entry, &consent, &viewer]).await;
    an_altered_record_counts(&stage, &officer, &viewer).await;
    stage.site.stop().await.unwrap();
}

async fn the_viewer_tells_rounds_verdicts_and_alarms(stage: &Stage, viewer: &Browser) {
    let lines = [
        "sealwatch_records{verdict=\"valid\"} 2\n",
        "sealwatch_alarm{kind=\"chain_unreachable\"} 0\n",
        "sealwatch_database_up 1\n",
        "# TYPE sealwatch_sweep_examined_total counter\n",
        "sealwatch_sweep_last_complete_age_seconds ",
        "sealwatch_sweep_round_records 2\n",
    ];
    // A round that was begun before both had a UID counts rows as well.
    let all = |told: &Answer| lines.iter().all(|line| told.says(line));
    stage.until(viewer, "/metrics", all).await;
}

async fn entry_tells_anchoring_and_mail(stage: &Stage, entry: &Browser) {
    let lines = [
        "sealwatch_anchoring_leading 1\n",
        "sealwatch_anchoring_problem{code=\"paused\"} 0\n",
        "sealwatch_anchoring_jobs{state=\"in_flight\"} 0\n",
        "sealwatch_controller_balance_ether ",
        "sealwatch_mails{state=\"sent\"} ",
    ];
    let all = |told: &Answer| lines.iter().all(|line| told.says(line));
    let told = stage.until(entry, "/metrics", all).await;
    let balance = told.between("\nsealwatch_controller_balance_ether ", "\n");
    let balance: f64 = balance.parse().unwrap();
    assert!(balance > 0.0 && balance < 1e6, "ether: {balance}");
}

/// A path can hold a link's secret, a method anything.
async fn requests_are_told_by_route(stage: &Stage, consent: &Browser) {
    let app = Browser::at(stage.site.consent.url());
    app.get("/c/hush-hush").await;
    app.get("/hush-hush").await;
    let told = consent.get("/metrics").await;
    assert!(!told.says("hush"), "{}", told.body);
    assert!(told.says("route=\"unmatched\",status=\"404\"} 1\n"));
    let slowest =
        "sealwatch_http_request_duration_seconds_bucket{route=\"unmatched\",le=\"30\"} 1\n";
    assert!(told.says(slowest), "{}", told.body);
}

async fn rules_and_dashboard_name_what_there_is(apps: &[&Browser]) {
    let mut there = BTreeSet::new();
    for app in apps {
        there.extend(names(&app.get("/metrics").await.body));
    }
    for (what, text) in [("rules", RULES), ("dashboard", DASHBOARD)] {
        let named = names(text);
        assert!(named.len() > 5, "{what}: {named:?}");
        let missing: Vec<_> = named.difference(&there).collect();
        assert!(missing.is_empty(), "the {what} name {missing:?}");
    }
    let of_page = names(PAGE);
    let untold: Vec<_> = there
        .iter()
        .filter(|name| !is_part_of_another(name, &there) && !of_page.contains(*name))
        .filter(|name| !name.starts_with("sealwatch_sweep_round_"))
        .collect();
    assert!(
        untold.is_empty(),
        "docs/METRICS.md does not tell {untold:?}"
    );
}

/// Count, sum and buckets of a histogram.
fn is_part_of_another(name: &str, all: &BTreeSet<String>) -> bool {
    ["_bucket", "_count", "_sum"]
        .iter()
        .filter_map(|end| name.strip_suffix(end))
        .any(|whole| all.contains(whole))
}

/// The metrics of ours that a text names.
fn names(text: &str) -> BTreeSet<String> {
    let of_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    text.match_indices("sealwatch_")
        .map(|(at, _)| text[at..].chars().take_while(|one| of_name(*one)).collect())
        .collect()
}

async fn an_altered_record_counts(stage: &Stage, officer: &Browser, viewer: &Browser) {
    stage.alter_email(1).await;
    let altered = |grid: &Answer| grid.line(1).contains("Altered");
    stage.until(officer, "/records", altered).await;
    let altered = |told: &Answer| {
        told.says("sealwatch_records{verdict=\"altered\"} 1\n")
            && told.says("sealwatch_records{verdict=\"valid\"} 1\n")
    };
    stage.until(viewer, "/metrics", altered).await;
}
