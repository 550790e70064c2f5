//! The watch: follows the database server's binary log and looks at once at whatever somebody has touched
//! (docs/WATCH.md).

mod alarms;
mod batch;
mod beat;
mod examining;
mod piece;
mod position;
mod reading;
mod stop;
mod touched;
mod verdicts;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use binary_log::{LogError, Position, Server};
use database::leases::{self, Lease};
use database::operations_alarms::AlarmKind;
use futures::FutureExt as _;
use rand::Rng as _;
use record::time::UnixMillis;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use self::piece::{Piece, PieceChange, PieceValue};

use self::alarms::SchemaMemory;
use self::batch::{Batch, MOST_AT_ONCE, Memory};
use self::beat::{BEAT_EVERY, Beat};
use self::examining::Sources;
use self::reading::{Told, read};
use self::stop::Stop;
use crate::registrar::Registrar;

const NAME: &str = "watch";
const LEASE_LENGTH: Duration = Duration::from_secs(15);
const TICK: Duration = Duration::from_secs(1);
/// So often settings, schema and alarms are looked at.
const LOOK: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(1);
/// No longer is waited for what the log tells of to be there for all: somebody may hold the row that it is told by.
const UNTIL_COMMITTED: Duration = Duration::from_secs(1);
/// So much of the log may be held, in bytes, unless something else is set.
const MEMORY: usize = 128 * 1024 * 1024;
/// So many records are looked at, and filed, before the next are.
const PAGE: usize = 50;

/// Watches until told to stop.
pub struct Watcher {
    registrar: Registrar,
    server: Option<Server>,
    memory: Memory,
    /// Tells us from every other replica of the server.
    number: u32,
    holder: [u8; 16],
    /// Behind everything that was looked at. The row can be written over, this can't.
    position: Option<Position>,
    schema: SchemaMemory,
    beat: Beat,
    looked_at: Option<Instant>,
    leased_at: Option<Instant>,
    /// Since when we don't get on, for a reason that may pass; until our beat comes back.
    lost_since: Option<Instant>,
}

impl Watcher {
    /// Follows this server, if one is set.
    #[must_use]
    pub fn new(registrar: Registrar, server: Option<Server>) -> Self {
        let mut holder = [0; 16];
        rand::rng().fill_bytes(&mut holder);
        Self {
            registrar,
            server,
            memory: Memory::of(MEMORY),
            number: 0x8000_0000 | rand::rng().next_u32(),
            holder,
            position: None,
            schema: SchemaMemory::default(),
            beat: Beat::default(),
            looked_at: None,
            leased_at: None,
            lost_since: None,
        }
    }

    /// Holds no more than so many bytes of the log.
    #[must_use]
    pub fn with_memory(self, bytes: usize) -> Self {
        Self {
            memory: Memory::of(bytes),
            ..self
        }
    }

    /// Works until told to stop; then gives the lease back.
    pub async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            // Whatever somebody writes into the log must not end the process.
            let turn = AssertUnwindSafe(self.turn()).catch_unwind();
            let stopped = tokio::select! {
                () = shutdown.cancelled() => break,
                stopped = turn => stopped.unwrap_or(Err(Stop::Broken)),
            };
            if let Err(stop) = stopped {
                tracing::debug!(cause = ?stop, "the watch stops for a moment");
                if let Err(hindrance) = self.tell(&stop).await {
                    tracing::debug!(cause = ?hindrance, "an alarm could not be noted");
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        self.end().await.ok();
    }

    async fn end(&mut self) -> Result<(), Stop> {
        let lease = Lease {
            name: NAME.to_owned(),
            holder: self.holder,
            expires_at: self.now(),
        };
        let mut connection = self.registrar.examiner().parts().pool.acquire().await?;
        leases::release(&mut connection, &lease).await?;
        Ok(())
    }

    fn now(&self) -> UnixMillis {
        self.registrar.examiner().now()
    }

    /// Follows for as long as it goes and the lease is ours.
    async fn turn(&mut self) -> Result<(), Stop> {
        self.registrar.examiner().check_keys().await?;
        let Some(server) = self.server.clone() else {
            self.registrar
                .raise_kind(AlarmKind::WatchNotConfigured)
                .await?;
            tokio::time::sleep(BEAT_EVERY).await;
            return Ok(());
        };
        self.registrar
            .end_kind(AlarmKind::WatchNotConfigured)
            .await?;
        // First, so that nobody keeps us from it by a row that we need.
        self.look_if_due(&server).await?;
        if !self.holds_lease().await? {
            return Ok(());
        }
        let from = match self.kept_position().await? {
            Some(kept) => kept,
            None => server.newest().await?,
        };
        self.position = Some(from.clone());
        let parts = server.clone().in_parts_of(self.memory.part);
        let follower = parts.follow(from, self.number).await?;
        let (sender, news) = mpsc::channel(MOST_AT_ONCE);
        let reading = tokio::spawn(read(follower, sender, self.memory.rows));
        let followed = self.follow(&server, news).await;
        reading.abort();
        followed
    }

    async fn follow(
        &mut self,
        server: &Server,
        mut news: mpsc::Receiver<Told>,
    ) -> Result<(), Stop> {
        let mut batch = Batch::within(self.memory);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                first = news.recv() => {
                    let mut next = Some(first.ok_or(LogError::Unreachable("the log ended"))?);
                    let mut ended = Ok(());
                    while let Some((told, _)) = next {
                        match told {
                            Ok(one) => batch.add(one),
                            Err(error) => ended = Err(error),
                        }
                        let is_enough = ended.is_err() || batch.is_full();
                        next = if is_enough { None } else { news.try_recv().ok() };
                    }
                    if batch.is_ready() {
                        let ready = std::mem::replace(&mut batch, Batch::within(self.memory));
                        self.take(server, ready).await?;
                    }
                    ended?;
                }
                _ = tick.tick() => self.keep_up(server).await?,
            }
        }
    }

    /// What is to be done all the time.
    async fn keep_up(&mut self, server: &Server) -> Result<(), Stop> {
        if !self.holds_lease().await? {
            return Err(Stop::Superseded);
        }
        self.send_beat().await?;
        self.look_if_due(server).await
    }

    /// Looks at all that these transactions touched; only then they are done.
    async fn take(&mut self, server: &Server, batch: Batch) -> Result<(), Stop> {
        let touched = &batch.touched;
        let came_back = touched.beat.is_some_and(|beat| self.beat.hear(beat));
        if came_back && self.lost_since.take().is_some() {
            // An alarm may be over.
            self.looked_at = None;
        }
        if touched.is_of_note() || !touched.verdicts.is_empty() {
            self.until_committed().await?;
        }
        if touched.is_blind {
            self.registrar.raise_kind(AlarmKind::WatchGap).await?;
        }
        let looked = self.look_at_records(server, &batch).await;
        // One does not wait for the other: rows are told also while the chain is out of reach.
        self.registrar.look_at_rows(touched).await?;
        let verdicts = self.registrar.look_at_verdicts(touched).await;
        if touched.schema {
            self.look(server).await?;
        }
        looked?;
        verdicts?;
        if touched.is_of_note() {
            self.beat.is_due = true;
        }
        self.position = batch.position;
        Ok(())
    }

    /// A server writes a transaction into its log a moment before it commits it for all others to see: who looks at once would see
    /// what stood there before, and never look again. Transactions are committed in the order of the log, so what is in it by now
    /// can be seen once a write of ours was committed.
    async fn until_committed(&mut self) -> Result<(), Stop> {
        match tokio::time::timeout(UNTIL_COMMITTED, self.prolong_lease()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(Stop::Superseded),
            // Whoever keeps us from writing keeps us from looking for a moment, and no longer.
            Ok(Err(_)) | Err(_) => {
                tracing::debug!("it is not known whether all can see what the log tells of");
                Ok(())
            }
        }
    }

    /// A page at a time: a whole table is more than can be held, and takes longer than the lease lasts.
    async fn look_at_records(&mut self, server: &Server, batch: &Batch) -> Result<(), Stop> {
        let mut asked = batch.touched.subjects();
        let mut page: Vec<_> = asked.by_ref().take(PAGE).collect();
        while !page.is_empty() {
            let sources = Sources {
                server,
                columns: &self.schema.columns,
            };
            self.registrar.look_at_records(page, batch, sources).await?;
            page = asked.by_ref().take(PAGE).collect();
            if !page.is_empty() {
                self.keep_up(server).await?;
            }
        }
        Ok(())
    }

    async fn look_if_due(&mut self, server: &Server) -> Result<(), Stop> {
        let is_old = |at: Instant| at.elapsed() >= LOOK;
        match self.looked_at.is_none_or(is_old) {
            true => self.look(server).await,
            false => Ok(()),
        }
    }

    /// Settings of the log, schema, and alarms that are over.
    async fn look(&mut self, server: &Server) -> Result<(), Stop> {
        self.looked_at = Some(Instant::now());
        // One does not wait for the other.
        let (newest, triggers) = tokio::join!(server.newest(), server.triggers());
        let (registrar, seen) = (&self.registrar, triggers.as_deref().ok());
        registrar.look_at_schema(&mut self.schema, seen).await?;
        registrar.end_what_is_over().await?;
        newest?;
        registrar.end_kind(AlarmKind::WatchLogOff).await?;
        triggers?;
        registrar.end_kind(AlarmKind::WatchRefused).await?;
        match self.is_behind() {
            true => self.registrar.raise_kind(AlarmKind::WatchBehind).await?,
            // Who has the lease knows.
            false if self.leased_at.is_some() => {
                self.registrar.end_kind(AlarmKind::WatchBehind).await?;
            }
            false => {}
        }
        Ok(())
    }

    async fn holds_lease(&mut self) -> Result<bool, Stop> {
        let is_fresh = |at: Instant| at.elapsed() < LEASE_LENGTH / 3;
        match self.leased_at.is_some_and(is_fresh) {
            true => Ok(true),
            false => self.prolong_lease().await,
        }
    }

    async fn prolong_lease(&mut self) -> Result<bool, Stop> {
        let asked_at = Instant::now();
        let parts = self.registrar.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        let (keys, holder, now) = (&parts.keys, &self.holder, self.now());
        let held = leases::acquire(&mut connection, keys, NAME, holder, LEASE_LENGTH, now).await?;
        self.leased_at = held.is_some().then_some(asked_at);
        if held.is_none() {
            // Another process of ours knows better by now.
            (self.position, self.lost_since) = (None, None);
        }
        Ok(held.is_some())
    }
}
