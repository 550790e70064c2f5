//! All that the start page shows, read and drawn at most once a second, however many look at it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use askama::Template;
use database::sweep_rounds::{self, SweepRound};
use database::verifications::VerdictKind;
use database::{records_view, sweep_parts};
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use tokio::sync::Mutex;
use web_kit::components::{Badge, Moment, Progress, Tone};
use web_kit::error::Result;
use web_kit::site::Banner;

use super::ago::ago;
use super::alarms;
use super::headline::{Headline, Signs};
use super::history::History;
use super::incidents::OpenIncidents;
use super::map::Map;
use super::period::Period;
use crate::state::{AppState, Watchtower};

const FRESH_FOR: Duration = Duration::from_secs(1);

/// The parts of the page as they were drawn last. A clone is a handle to the same.
#[derive(Clone, Default)]
pub struct Overviews(Arc<Mutex<Option<Drawn>>>);

struct Drawn {
    at: Instant,
    parts: Arc<Parts>,
}

/// The parts in their order, each an element with an id.
pub struct Parts {
    pub banner: String,
    pub state: String,
    pub incidents: String,
    pub alarms: String,
    /// One for each period, in the order of [`Period::ALL`].
    histories: [String; Period::ALL.len()],
    /// The period that nobody asked for by name.
    usual: Period,
    pub map: String,
}

impl Parts {
    /// All of them, the chart over this period.
    pub fn all(&self, period: Option<Period>) -> [&str; 6] {
        let Self {
            banner,
            state,
            incidents,
            alarms,
            map,
            ..
        } = self;
        [banner, state, incidents, alarms, self.history(period), map]
    }

    /// The chart over this period.
    pub fn history(&self, period: Option<Period>) -> &str {
        let period = period.unwrap_or(self.usual);
        let turn = Period::ALL.iter().position(|one| *one == period);
        let drawn = turn.and_then(|turn| self.histories.get(turn));
        drawn.map_or("", String::as_str)
    }
}

impl Overviews {
    /// As things stand, at most a second old. Whoever comes while they are read waits for the same.
    pub async fn now(&self, app: &AppState) -> Result<Arc<Parts>> {
        let mut latest = self.0.lock().await;
        let fresh = latest
            .as_ref()
            .filter(|drawn| drawn.at.elapsed() < FRESH_FOR);
        if let Some(drawn) = fresh {
            return Ok(Arc::clone(&drawn.parts));
        }
        let parts = Arc::new(draw(app).await?);
        *latest = Some(Drawn {
            at: Instant::now(),
            parts: Arc::clone(&parts),
        });
        Ok(parts)
    }
}

#[derive(Template)]
#[template(path = "kit/banner.html")]
struct BannerPart {
    banner: Option<Banner>,
}

#[derive(Template)]
#[template(path = "start/state.html")]
struct StatePart {
    headline: Headline,
    /// The round at work.
    running: Option<SweepRound>,
    /// The newest that looked at every record.
    complete: Option<SweepRound>,
    complete_ago: String,
    /// The newest that ended, where it could not look at every record.
    broken: Option<SweepRound>,
}

#[derive(Template)]
#[template(path = "start/incidents.html")]
struct IncidentsPart {
    open: OpenIncidents,
}

#[derive(Template)]
#[template(path = "start/alarms.html")]
struct AlarmsPart {
    lines: Vec<alarms::Line>,
}

#[derive(Template)]
#[template(path = "start/history.html")]
struct HistoryPart {
    history: History,
}

#[derive(Template)]
#[template(path = "start/map.html")]
struct MapPart {
    map: Map,
    /// They claim no UID of the chain's, and have no place in the picture.
    forged: u64,
}

async fn draw(app: &AppState) -> Result<Parts> {
    let tower = &app.watchtower;
    let (sweep, now) = (*tower.sweep.borrow(), tower.clock.now());
    let mut connection = tower.pool.acquire().await?;
    let counts = records_view::verdict_counts(&mut connection, &tower.keys).await?;
    let running = running(tower, &mut connection).await?;
    let ended = sweep_rounds::ended(&mut connection, &tower.keys).await?;
    let standing = tower.registrar.standing(&mut connection).await?;
    let open = OpenIncidents::read(tower, &mut connection).await?;
    let map = Map::read(tower, &mut connection).await?;
    drop(connection);
    let lines = alarms::standing(&standing, sweep, now);
    let signs = Signs {
        counts: &counts,
        is_hindered: sweep.is_hindered(),
        grave: lines.iter().filter(|line| line.is_grave).count(),
        alarms: lines.len(),
        incidents: open.count(),
        last: ended.first(),
    };
    let state = StatePart::new(signs.headline(), running, &ended, now);
    Ok(Parts {
        banner: BannerPart {
            banner: app.site.banner(),
        }
        .render()?,
        state: state.render()?,
        incidents: IncidentsPart { open }.render()?,
        alarms: AlarmsPart { lines }.render()?,
        histories: histories(&ended, now)?,
        usual: Period::fitting(ended.last().and_then(|round| round.finished_at), now),
        map: MapPart {
            map,
            forged: counts.get(&VerdictKind::Forged).copied().unwrap_or(0),
        }
        .render()?,
    })
}

fn histories(ended: &[SweepRound], now: UnixMillis) -> Result<[String; Period::ALL.len()]> {
    let mut drawn = Period::ALL.map(|_| String::new());
    for (period, place) in Period::ALL.into_iter().zip(&mut drawn) {
        let history = History::of(ended, period, now);
        *place = HistoryPart { history }.render()?;
    }
    Ok(drawn)
}

/// The round at work, with its progress as the workers tell of it.
async fn running(
    tower: &Watchtower,
    connection: &mut MySqlConnection,
) -> Result<Option<SweepRound>> {
    let newest = sweep_rounds::newest(connection, &tower.keys).await?;
    let running = newest.into_iter().next();
    let Some(round) = running.filter(|round| round.finished_at.is_none()) else {
        return Ok(None);
    };
    let checked = sweep_parts::progress(connection, &round).await?;
    Ok(Some(SweepRound { checked, ..round }))
}

impl StatePart {
    fn new(
        headline: Headline,
        running: Option<SweepRound>,
        ended: &[SweepRound],
        now: UnixMillis,
    ) -> Self {
        let complete = ended.iter().find(|round| round.is_whole());
        let broken = ended.first().filter(|round| round.problem.is_some());
        let complete_ago = complete.and_then(|round| round.finished_at);
        Self {
            headline,
            running,
            complete: complete.cloned(),
            complete_ago: complete_ago.map(|at| ago(at, now)).unwrap_or_default(),
            broken: broken.cloned(),
        }
    }

    fn is_bad(&self) -> bool {
        self.headline.tone == Tone::Bad
    }
}
