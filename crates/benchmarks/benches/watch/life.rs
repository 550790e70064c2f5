//! What goes on in the three apps all day: people are entered, open their links, sign, decline and are approved; staff sign
//! in and look; mails are claimed and sent. Each by the libraries and the accounts of the app that does it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use benchmarks::{DataSet, bytes};
use chain::Deployment;
use database::access_log::{self, Access, AccessAction};
use database::grants::Account;
use database::sessions::{self, App, Session};
use database::{MySqlPool, PoolSettings, outbox};
use keyring::{ApplicationKeys, FrontKeys};
use rand::RngExt as _;
use rand::rngs::StdRng;
use record::ids::{RecordId, StaffId};
use record::time::{Clock, UnixMillis};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use url::Url;

use crate::person::{Person, Stage};

pub const CLERK: StaffId = StaffId::from_bytes([7; 16]);
/// So many requests are answered at once.
const WORKERS: usize = 8;
const HOUR: Duration = Duration::from_secs(3600);

/// The apps' accounts, keys and people.
pub struct Apps {
    pub entry: MySqlPool,
    pub consent: MySqlPool,
    pub keys: ApplicationKeys,
    pub front: FrontKeys,
    pub deployment: Deployment,
    pub consent_url: Url,
    people: Mutex<People>,
    written: AtomicU64,
}

/// Where everybody stands.
#[derive(Default)]
struct People {
    entered: u64,
    waiting: [VecDeque<Person>; 3],
    sessions: VecDeque<Session>,
    done: Vec<RecordId>,
}

/// The writes of a day, at a steady rate.
pub struct Life {
    apps: Arc<Apps>,
    tasks: JoinSet<()>,
    clock: tokio::task::JoinHandle<()>,
}

impl Life {
    /// So many transactions a second from now on.
    pub async fn begin(data: &DataSet, rate: u64) -> Self {
        let apps = Arc::new(Apps::of(data).await);
        let (tickets, taken) = mpsc::channel::<()>(10_000);
        let taken = Arc::new(tokio::sync::Mutex::new(taken));
        let mut tasks = JoinSet::new();
        for _ in 0..WORKERS {
            let (apps, taken) = (Arc::clone(&apps), Arc::clone(&taken));
            tasks.spawn(async move {
                let mut rng: StdRng = rand::make_rng();
                while next(&taken).await {
                    apps.write(&mut rng).await;
                }
            });
        }
        let clock = tokio::spawn(async move {
            let mut ticks = interval(Duration::from_secs(1) / u32::try_from(rate).unwrap());
            // What comes late is made up for.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            loop {
                ticks.tick().await;
                if tickets.send(()).await.is_err() {
                    return;
                }
            }
        });
        Self { apps, tasks, clock }
    }

    /// How many transactions were committed.
    pub fn written(&self) -> u64 {
        self.apps.written.load(Ordering::Relaxed)
    }

    /// Ends it, and tells whose records stand.
    pub async fn end(mut self) -> Vec<RecordId> {
        self.clock.abort();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        let people = self.apps.people.lock().unwrap();
        let waiting = people.waiting.iter().flatten().map(|person| person.id);
        waiting.chain(people.done.iter().copied()).collect()
    }
}

async fn next(taken: &tokio::sync::Mutex<mpsc::Receiver<()>>) -> bool {
    taken.lock().await.recv().await.is_some()
}

impl Apps {
    async fn of(data: &DataSet) -> Self {
        let pool = async |account| {
            let url = data.account(account).await;
            database::connect(&url, &PoolSettings::default())
                .await
                .unwrap()
        };
        Self {
            entry: pool(Account::Entry).await,
            consent: pool(Account::Consent).await,
            keys: data.keys.clone(),
            front: data.keys.front(),
            deployment: data.deployment.clone(),
            consent_url: "https://consent.example/".parse().unwrap(),
            people: Mutex::default(),
            written: AtomicU64::new(0),
        }
    }

    pub fn now(&self) -> UnixMillis {
        Clock::system().now()
    }

    /// One transaction, whichever it is.
    async fn write(&self, rng: &mut StdRng) {
        let commits = match rng.random_range(0..100) {
            0..22 => self.enter(rng).await,
            22..40 => self.go_on(Stage::Entered, rng).await,
            40..58 => self.go_on(Stage::Opened, rng).await,
            58..74 => self.go_on(Stage::Signed, rng).await,
            74..80 => self.sign_in(rng).await,
            80..86 => self.look(rng).await,
            86..90 => self.sign_out().await,
            _ => self.mail().await,
        };
        self.written.fetch_add(commits, Ordering::Relaxed);
    }

    async fn enter(&self, rng: &mut StdRng) -> u64 {
        let number = {
            let mut people = self.people.lock().unwrap();
            people.entered += 1;
            people.entered
        };
        let person = Person::enter(self, number, rng).await;
        self.keep(Stage::Entered, person);
        1
    }

    /// The next step of whoever has waited longest for it. Of those who have opened their link one in ten declines, or gets
    /// another.
    async fn go_on(&self, stage: Stage, rng: &mut StdRng) -> u64 {
        let waiting = self.people.lock().unwrap().waiting[stage as usize].pop_front();
        let Some(mut person) = waiting else {
            return Box::pin(self.enter(rng)).await;
        };
        match stage {
            Stage::Entered => {
                person.open(self, rng).await;
                self.keep(Stage::Opened, person);
            }
            Stage::Opened if rng.random_ratio(1, 10) => person.decline(self).await,
            Stage::Opened if rng.random_ratio(1, 10) => {
                person.get_another_link(self, rng).await;
                self.keep(Stage::Entered, person);
            }
            Stage::Opened => {
                person.sign(self, rng).await;
                self.keep(Stage::Signed, person);
            }
            Stage::Signed => {
                person.is_approved(self).await;
                self.people.lock().unwrap().done.push(person.id);
            }
        }
        1
    }

    fn keep(&self, stage: Stage, person: Person) {
        let mut people = self.people.lock().unwrap();
        people.waiting[stage as usize].push_back(person);
    }

    async fn sign_in(&self, rng: &mut StdRng) -> u64 {
        let now = self.now();
        let session = Session {
            id_hash: bytes(rng),
            app: App::Entry,
            staff_id: CLERK,
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(HOUR),
            flash: None,
        };
        let mut connection = self.entry.acquire().await.unwrap();
        sessions::insert(&mut connection, &self.keys, &session)
            .await
            .unwrap();
        self.people.lock().unwrap().sessions.push_back(session);
        1
    }

    /// Staff see somebody's details, which is written down.
    async fn look(&self, rng: &mut StdRng) -> u64 {
        let access = Access {
            staff_id: CLERK,
            record_id: RecordId::random(rng),
            app: App::Entry,
            action: AccessAction::Revealed,
            at: self.now(),
            ground: None,
        };
        let mut connection = self.entry.acquire().await.unwrap();
        access_log::append(&mut connection, &self.keys, &access)
            .await
            .unwrap();
        1
    }

    async fn sign_out(&self) -> u64 {
        let session = self.people.lock().unwrap().sessions.pop_front();
        let Some(session) = session else { return 0 };
        let mut connection = self.entry.acquire().await.unwrap();
        sessions::delete(&mut connection, &session.id_hash)
            .await
            .unwrap();
        1
    }

    /// A mail is claimed, and marked as sent.
    async fn mail(&self) -> u64 {
        let now = self.now();
        let mut connection = self.entry.acquire().await.unwrap();
        let claimed = outbox::claim_due(&mut connection, &self.front, 1, HOUR, now).await;
        let claimed = claimed.unwrap();
        assert!(claimed.tampered.is_empty());
        match claimed.rows.first() {
            Some(mail) => {
                outbox::mark_sent(&mut connection, &self.front, mail, now)
                    .await
                    .unwrap();
                2
            }
            None => 0,
        }
    }
}
