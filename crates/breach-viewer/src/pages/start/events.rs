//! The parts of the start page that have changed, sent as they change (server-sent events).
//!
//! A stream ends after a minute. The page then asks again, as any page does, so that whoever is signed out meanwhile is
//! shown nothing more.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use futures::Stream;
use tokio::time::Instant;
use web_kit::query::Query;

use super::period::Period;
use super::show::Wish;
use crate::state::AppState;

const EVERY: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// So often a reader hears at least that the stream is still there.
const BEAT: Duration = Duration::from_secs(5);

/// One reader.
struct Reader {
    app: AppState,
    /// Of the chart.
    period: Option<Period>,
    /// What was sent last of each part.
    sent: Vec<String>,
    heard_at: Instant,
    until: Instant,
}

/// The stream; its first event says how things stand.
pub async fn stream(
    State(app): State<AppState>,
    Query(wish): Query<Wish>,
) -> web_kit::error::Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let reader = Reader {
        app,
        period: wish.period()?,
        sent: Vec::new(),
        heard_at: Instant::now(),
        until: Instant::now() + LONGEST,
    };
    Ok(Sse::new(futures::stream::unfold(
        reader,
        async |mut reader| {
            let event = reader.next().await?;
            Some((Ok(event), reader))
        },
    )))
}

impl Reader {
    /// Waits for a change, or a beat. None at the end: of its time, of the process, or when nothing can be read.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if !self.sent.is_empty() {
                let lifetime = &self.app.watchtower.lifetime;
                tokio::select! {
                    () = lifetime.ended() => return None,
                    () = tokio::time::sleep(EVERY) => {}
                }
            }
            if Instant::now() >= self.until {
                return None;
            }
            let parts = self.app.watchtower.overviews.now(&self.app).await.ok()?;
            let changed = self.take(&parts.all(self.period));
            let event = match changed.is_empty() {
                false => Event::default().data(changed),
                true if self.heard_at.elapsed() >= BEAT => Event::default().event("beat").data(""),
                true => continue,
            };
            self.heard_at = Instant::now();
            return Some(event);
        }
    }

    /// Those that differ from what was sent before, one after the other.
    fn take(&mut self, parts: &[&str]) -> String {
        let is_new = |turn: usize, part: &str| self.sent.get(turn).is_none_or(|sent| sent != part);
        let new = parts.iter().enumerate();
        let changed: String = new
            .filter(|(turn, part)| is_new(*turn, part))
            .map(|(_, part)| *part)
            .collect();
        self.sent = parts.iter().map(|part| (*part).to_owned()).collect();
        changed
    }
}
