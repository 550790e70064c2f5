//! The outbox on a real database server and a real mail inbox; what no well-behaved server does is played by a peer that
//! speaks SMTP by a script.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod delivery;
mod enqueuing;
mod gathering;
mod kinds;
mod links;
mod peer;
mod refusals;
mod repetition;
mod tampering;

use std::time::Duration;

use database::operations_alarms::{self, AlarmKind};
use database::outbox::{self, MailState};
use database::{Kind, MySqlPool, PoolSettings};
use devstack::{DatabaseServer, Databases, wait_until};
use keyring::{ApplicationKeys, FrontKeys, KeySet};
use notification::{EventKey, LinkMail, Mail, Mailer, Outbox, Policy};
use record::ids::RecordId;
use record::time::{Clock, UnixMillis};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

const SOON: Duration = Duration::from_secs(20);

/// An outbox of its own.
struct Desk {
    pool: MySqlPool,
    keys: ApplicationKeys,
    front: FrontKeys,
    clock: Clock,
    // Dropped last: it takes the databases with it.
    databases: Databases,
}

/// A worker that ends with the test.
struct Worker {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Desk {
    async fn new() -> Self {
        Self::with(KeySet::generate(&mut rand::rng()).application().clone()).await
    }

    async fn with(keys: ApplicationKeys) -> Self {
        let server = DatabaseServer::shared().await.unwrap();
        let databases = server.create_databases("outbox").await.unwrap();
        let pool = database::connect(&databases.main(), &PoolSettings::default())
            .await
            .unwrap();
        database::migrate(Kind::Main, &pool).await.unwrap();
        Self {
            pool,
            front: keys.front(),
            keys,
            clock: Clock::system(),
            databases,
        }
    }

    /// A mail address that no other test uses: they share an inbox.
    fn address(&self, name: &str) -> String {
        format!("{name}-{}@example.org", self.databases.suffix())
    }

    /// Starts a worker that loses no time.
    fn worker(&self, smtp: &Url) -> Worker {
        self.worker_with(smtp, quick())
    }

    fn worker_with(&self, smtp: &Url, policy: Policy) -> Worker {
        let sender = "Sealwatch <no-reply@example.org>".parse().unwrap();
        let mailer = Mailer::new(smtp.as_str().parse().unwrap(), sender);
        let outbox = Outbox::new(
            self.pool.clone(),
            self.keys.clone(),
            mailer,
            self.clock.clone(),
        );
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(outbox.with_policy(policy).run(shutdown.clone()));
        Worker { shutdown, task }
    }

    async fn enqueue(&self, event: EventKey, recipient: &str, mail: &Mail) -> bool {
        let mut connection = self.pool.acquire().await.unwrap();
        let now = self.clock.now();
        notification::enqueue(&mut connection, &self.front, now, event, recipient, mail)
            .await
            .unwrap()
    }

    async fn enqueue_link(&self, event: EventKey, recipient: &str, mail: &LinkMail) {
        let mut connection = self.pool.acquire().await.unwrap();
        let now = self.clock.now();
        let told =
            notification::enqueue_link(&mut connection, &self.keys, now, event, recipient, mail);
        assert!(told.await.unwrap());
    }

    async fn row(&self, event: EventKey) -> outbox::Mail {
        let mut connection = self.pool.acquire().await.unwrap();
        let row = outbox::by_event_key(&mut connection, &self.front, event.as_bytes()).await;
        row.unwrap().unwrap()
    }

    async fn has_alarm(&self, kind: AlarmKind) -> bool {
        let mut connection = self.pool.acquire().await.unwrap();
        let alarms = operations_alarms::all(&mut connection).await.unwrap();
        alarms.iter().any(|alarm| alarm.kind == kind)
    }

    async fn wait_for(&self, event: EventKey, state: MailState) -> outbox::Mail {
        wait_until("the mail's state", SOON, || async {
            let row = self.row(event).await;
            Ok((row.state == state).then_some(row))
        })
        .await
        .unwrap()
    }
}

impl Worker {
    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

fn quick() -> Policy {
    Policy {
        first_delay: Duration::from_millis(100),
        longest_delay: Duration::from_millis(400),
        poll: Duration::from_millis(20),
        ..Policy::default()
    }
}

fn event(subject: &str) -> EventKey {
    EventKey::of("test", subject.as_bytes())
}

fn breach_found() -> Mail {
    Mail::BreachFound {
        incident: 1,
        detected_at: UnixMillis(1_700_000_000_000),
        again: false,
        at_most: false,
        found: Vec::new(),
        uids: Vec::new(),
        url: "http://127.0.0.1/incidents/1".to_owned(),
    }
}

fn consent_given() -> Mail {
    Mail::ConsentGiven {
        record: RecordId::random(&mut rand::rng()),
        url: Some("http://127.0.0.1/records/1".to_owned()),
    }
}
