//! A random history: records of every kind, made with the libraries that the applications use, in random order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use database::access_copies::{self, AccessCopy, CopyState};
use database::access_log::{self, Access, AccessAction};
use database::anchoring_jobs::{self, JobState};
use database::anchoring_transactions::{self, AnchoringTransaction};
use database::erasures::{self, Erasure, ErasureState, Identity};
use database::incident_evidence::{self, NewEvidence};
use database::outbox::{self, Mail, NewMail};
use database::owner_requests::{self, OwnerRequest, RequestState};
use database::record_events::{self, Actor, RecordEventKind};
use database::records::{self, Entered, NewRecord, Record, RecordState};
use database::request_way::RequestWay;
use database::restriction_steps::{self, RestrictionStep, RestrictionStepKind, RestrictionSubject};
use database::retentions::{self, Retention};
use database::sessions::{self, App, Session};
use database::staff::{self, NewStaff, Role, Staff};
use database::staff_events::{self, By, StaffEvent, StaffEventKind};
use database::wallet_changes::{self, WalletChange, WalletChangeState};
use database::watch_progress::{self, WatchProgress};
use database::withdrawals::{self, Withdrawal};
use database::{
    MySqlConnection, consent_links, consents, index, leases, notices, owner_keys, record_versions,
    schema_baselines, sealed,
};
use keyring::{CellKind, LinkSecret};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use record::B256;
use record::ids::{
    Draft, ErasureId, LinkId, MailId, RecordId, RestrictionId, StaffId, SubmissionId, Uid, Version,
    WalletChangeId,
};

use crate::person::{Filed, Kind, Person, Signed, Spot, Wallet, bytes, version};
use crate::stage::{Stage, Verdicts};

pub const CLERK: StaffId = StaffId::from_bytes([7; 16]);

/// The tables as they were before anything was anchored, after every first version was, and now.
pub const BEFORE: &str = "before";
pub const FIRST: &str = "first";
pub const NOW: &str = "now";

/// Everybody, with what is found while nothing is wrong.
pub struct History {
    pub people: Vec<Person>,
    pub baseline: Verdicts,
}

/// Which records there are: some of those that attacks need two of, one of each other kind, and a few more.
fn kinds(rng: &mut StdRng) -> Vec<Kind> {
    use Kind::{
        AllVoided, Approved, Declined, Erased, Once, Rectifying, RectifyingApproved,
        RectifyingSigned, SignedOnly, Thrice, Twice, VoidedNewest, VoidedOlder, Waiting, Withdrawn,
    };
    let mut kinds = vec![
        Once,
        Once,
        Once,
        Twice,
        Twice,
        Thrice,
        VoidedNewest,
        VoidedOlder,
        AllVoided,
        Withdrawn,
        Erased,
        Rectifying,
        RectifyingSigned,
        RectifyingApproved,
        Waiting,
        SignedOnly,
        Approved,
        Declined,
    ];
    let more = [Once, Once, Twice, Thrice, Waiting, SignedOnly];
    for _ in 0..rng.random_range(0..4) {
        kinds.push(more[rng.random_range(0..more.len())]);
    }
    kinds.shuffle(rng);
    kinds
}

impl History {
    /// Makes one on an empty stage.
    pub async fn make(stage: &Stage, rng: &mut StdRng) -> Self {
        let mut people = Vec::new();
        let timestamp = stage.timestamp().await;
        let mut next_uid = 1;
        for kind in kinds(rng) {
            let uid = kind.is_on_chain().then_some(next_uid);
            next_uid += u64::from(uid.is_some());
            people.push(enter(stage, kind, uid, timestamp, rng).await);
        }
        office(stage, rng).await;
        stage.keep(BEFORE).await;
        for person in &mut people {
            first_version(stage, person, timestamp, rng).await;
        }
        stage.keep(FIRST).await;
        for number in [2, 3] {
            stage.pass(Duration::from_secs(60)).await;
            let timestamp = stage.timestamp().await;
            for person in &mut people {
                later_version(stage, person, number, timestamp, rng).await;
            }
        }
        for person in &people {
            end(stage, person, rng).await;
        }
        stage.pass(Duration::from_secs(3600)).await;
        let registrar = stage.registrar();
        stage.sweep(&registrar).await;
        watched(stage, rng).await;
        // What is written now is settled by then.
        stage.pass(Duration::from_secs(3600)).await;
        stage.sweep(&registrar).await;
        let baseline = stage.on_file().await;
        let history = Self { people, baseline };
        history.check(stage).await;
        stage.keep(NOW).await;
        history
    }

    /// Nothing is wrong but what is: what ended on the chain without a request.
    async fn check(&self, stage: &Stage) {
        use database::verifications::VerdictKind as V;
        for person in &self.people {
            let expected = match person.kind {
                Kind::Withdrawn | Kind::Erased => V::RetiredUnproven,
                Kind::AllVoided => V::Retired,
                kind if kind.is_on_chain() => V::Valid,
                _ => V::Pending,
            };
            let found = &self.baseline[&person.subject()];
            assert_eq!(found.0, expected, "{:?}: {found:?}", person.kind);
        }
        assert_eq!(self.baseline.len(), self.people.len());
        assert_eq!(stage.alarms().await, BTreeSet::new());
    }

    pub fn next_uid(&self) -> u64 {
        1 + self
            .people
            .iter()
            .filter_map(|person| person.uid)
            .max()
            .unwrap()
    }

    /// Those of whom this holds.
    pub fn those(&self, holds: impl Fn(&Person) -> bool) -> Vec<usize> {
        (0..self.people.len())
            .filter(|at| holds(&self.people[*at]))
            .collect()
    }
}

/// Head, key, first version; a link; the consent; the approval.
async fn enter(
    stage: &Stage,
    kind: Kind,
    uid: Option<u64>,
    timestamp: u64,
    rng: &mut StdRng,
) -> Person {
    let (front, now) = (stage.keys.front(), stage.clock.now());
    let mut connection = stage.connection().await;
    let wallet = Wallet::random(rng);
    let id = RecordId::random(rng);
    let spot = Spot {
        uid: uid.unwrap_or(1),
        version: 1,
        timestamp,
    };
    let signed = Signed::fresh(stage, &wallet, spot, B256::ZERO, rng);
    let new = NewRecord {
        id,
        wallet_index: index::wallet(stage.keys.index(), &wallet.address()),
        email_index: bytes(rng),
        submission: SubmissionId::random(rng),
        created_by: CLERK,
    };
    let Entered::New(mut record) = records::insert(&mut connection, &front, &new, now)
        .await
        .unwrap()
    else {
        panic!("a fresh submission was sent before")
    };
    let key = stage.keys.generate_owner_key(id, rng);
    let wrapped = stage.keys.wrap_owner_key(&key, rng);
    owner_keys::insert(&mut connection, &wrapped).await.unwrap();
    event(stage, &mut connection, id, RecordEventKind::Entered).await;
    let first = signed.with("email", "typo@example.org");
    let first = first.sealed(&key, Version::FIRST, Draft::FIRST, rng);
    record_versions::insert(&mut connection, &first)
        .await
        .unwrap();
    let is_corrected: bool = rng.random();
    if is_corrected {
        record.draft = Draft::new(1);
    }
    let values = signed.sealed(&key, Version::FIRST, record.draft, rng);
    record_versions::replace_draft(&mut connection, Draft::FIRST, &values)
        .await
        .unwrap();
    let mut person = Person {
        id,
        kind,
        uid,
        key: Arc::new(key),
        wallet,
        draft: record.draft,
        earlier: is_corrected.then_some(first),
        is_redacted: matches!(kind, Kind::Twice | Kind::Thrice) && rng.random(),
        signed: vec![signed],
        words: vec![],
    };
    link(stage, &mut connection, &person, rng).await;
    withdraw(stage, &mut connection, &person, rng).await;
    answer(stage, &mut connection, &mut person, &mut record, rng).await;
    person
}

async fn link(stage: &Stage, connection: &mut MySqlConnection, person: &Person, rng: &mut StdRng) {
    let (id, secret) = (LinkId::random(rng), LinkSecret::generate(rng));
    let new = consent_links::NewLink {
        id,
        record_id: person.id,
        version: Version::FIRST,
        draft: person.draft,
        secret_hash: stage.keys.front().hash_secret(&secret),
        wrapped_key: secret.wrap(&person.key, id, rng),
        desk_code: sealed::seal_cell(
            &person.key,
            Version::FIRST,
            person.draft,
            CellKind::DeskCode,
            b"481516",
            rng,
        ),
        predecessor: None,
        created_by: CLERK,
        expires_at: stage.clock.now().plus(Duration::from_secs(7 * 86_400)),
    };
    consent_links::insert(connection, &stage.keys.front(), new, stage.clock.now())
        .await
        .unwrap();
}

/// What an owner leaves behind who asks for the way in without a link, and takes consent back.
async fn withdraw(
    stage: &Stage,
    connection: &mut MySqlConnection,
    person: &Person,
    rng: &mut StdRng,
) {
    let (front, now, id) = (stage.keys.front(), stage.clock.now(), person.id);
    let mut request = OwnerRequest::new(id, now, rng);
    request.fill(&front, RequestState::Ready, b"a code", rng);
    owner_requests::insert(connection, &front, &request)
        .await
        .unwrap();
    if matches!(person.kind, Kind::Waiting | Kind::Declined) {
        return;
    }
    let withdrawal = Withdrawal {
        record_id: id,
        draft: person.draft,
        choices: Withdrawal::seal(&front, id, person.draft, b"[]", rng),
        way: RequestWay::Link,
        actor: None,
        at: now,
    };
    withdrawals::append(connection, &front, &withdrawal)
        .await
        .unwrap();
    event(stage, connection, id, RecordEventKind::ConsentWithdrawn).await;
    if !person.kind.has_ended() {
        ask_copy(stage, connection, person, rng).await;
        lose_wallet(stage, connection, person, rng).await;
        reckon(stage, connection, id).await;
        restrict(stage, connection, person, rng).await;
    }
    if let Some(uid) = person.uid.and_then(Uid::new) {
        ask_erasure(stage, connection, (id, uid), rng).await;
    }
}

/// That its owner wants the use of the record restricted.
async fn restrict(
    stage: &Stage,
    connection: &mut MySqlConnection,
    person: &Person,
    rng: &mut StdRng,
) {
    let (front, now, id) = (
        stage.keys.front(),
        stage.clock.now(),
        RestrictionId::random(rng),
    );
    let mut step = RestrictionStep {
        id,
        request_id: id,
        record_id: person.id,
        subject: RestrictionSubject::Restriction,
        kind: RestrictionStepKind::Asked,
        way: Some(RequestWay::Link),
        identity: Some(Identity::Code),
        actor: None,
        at: now,
        due_at: Some(now.plus(Duration::from_secs(30 * 86_400))),
        content: None,
        version: Version::FIRST,
        draft: person.draft,
        note: None,
    };
    step.fill(&front, br#"{"restriction":"accuracy"}"#, rng);
    restriction_steps::append(connection, &front, &step)
        .await
        .unwrap();
    event(
        stage,
        connection,
        person.id,
        RecordEventKind::RestrictionAsked,
    )
    .await;
}

/// What is noted of an owner who wants everything erased, before anybody decides.
async fn ask_erasure(
    stage: &Stage,
    connection: &mut MySqlConnection,
    (id, uid): (RecordId, Uid),
    rng: &mut StdRng,
) {
    let now = stage.clock.now();
    let mut erasure = Erasure {
        id: ErasureId::random(rng),
        record_id: id,
        uid,
        state: ErasureState::Open,
        way: RequestWay::Link,
        identity: Some(Identity::Wallet),
        asked_at: now,
        due_at: now.plus(Duration::from_secs(30 * 86_400)),
        decided_by: None,
        decided_at: None,
        content: None,
        destroyed_at: None,
        key_version: None,
    };
    erasure.fill(&stage.keys, b"what the owner signed", rng);
    erasures::insert(connection, &stage.keys, &erasure)
        .await
        .unwrap();
    event(stage, connection, id, RecordEventKind::ErasureAsked).await;
}

/// That the owner lost their wallet, before a second member of staff confirms it.
async fn lose_wallet(
    stage: &Stage,
    connection: &mut MySqlConnection,
    person: &Person,
    rng: &mut StdRng,
) {
    let mut change = WalletChange {
        id: WalletChangeId::random(rng),
        record_id: person.id,
        version: Version::FIRST,
        draft: person.draft,
        state: WalletChangeState::Asked,
        content: Vec::new(),
        identity: Identity::Document,
        asked_by: StaffId::random(rng),
        asked_at: stage.clock.now(),
        confirmed_identity: None,
        confirmed_by: None,
        confirmed_at: None,
    };
    change.fill(&person.key, &[7; 20], rng);
    wallet_changes::insert(connection, &stage.keys, &change)
        .await
        .unwrap();
    let what = RecordEventKind::WalletChangeAsked;
    event(stage, connection, person.id, what).await;
}

/// Until when the record is kept.
async fn reckon(stage: &Stage, connection: &mut MySqlConnection, id: RecordId) {
    let retention = Retention {
        record_id: id,
        due_at: Some(stage.clock.now().plus(Duration::from_secs(365 * 86_400))),
        basis: [7; 32],
        prolongations: None,
    };
    retentions::store(connection, &stage.keys, &retention)
        .await
        .unwrap();
}

/// A copy of everything that the owner asked for, before they open it.
async fn ask_copy(
    stage: &Stage,
    connection: &mut MySqlConnection,
    person: &Person,
    rng: &mut StdRng,
) {
    let (front, now, key) = (stage.keys.front(), stage.clock.now(), &person.key);
    let (id, secret) = (LinkId::random(rng), LinkSecret::generate(rng));
    let (version, draft) = (Version::FIRST, person.draft);
    let mut cell = |kind, value: &[u8]| sealed::seal_cell(key, version, draft, kind, value, rng);
    let desk_code = cell(CellKind::DeskCode, b"481516");
    let content = cell(CellKind::AccessCopy, b"{}");
    let copy = AccessCopy {
        id,
        record_id: person.id,
        version,
        draft,
        secret_hash: front.hash_secret(&secret),
        wrapped_key: secret.wrap(key, id, rng),
        desk_code,
        content,
        state: CopyState::Open,
        way: RequestWay::Link,
        identity: None,
        code_attempts: 0,
        created_by: None,
        asked_at: now,
        expires_at: now.plus(Duration::from_secs(7 * 86_400)),
        opened_at: None,
    };
    access_copies::insert(connection, &front, &copy)
        .await
        .unwrap();
    event(stage, connection, person.id, RecordEventKind::CopyAsked).await;
}

/// What the owner and the clerk do before anything is anchored.
async fn answer(
    stage: &Stage,
    connection: &mut MySqlConnection,
    person: &mut Person,
    record: &mut Record,
    rng: &mut StdRng,
) {
    let (front, now) = (stage.keys.front(), stage.clock.now());
    match person.kind {
        Kind::Waiting => {}
        Kind::Declined => {
            destroy(connection, person.id).await;
            record.state = RecordState::Declined;
            event(stage, connection, person.id, RecordEventKind::Declined).await;
        }
        kind => {
            let place = (Version::FIRST, person.draft);
            let signed = person.signed[0].clone();
            signed
                .store_consent(stage, connection, &person.key, place, rng)
                .await;
            event(stage, connection, person.id, RecordEventKind::Consented).await;
            record.state = RecordState::Consented;
            if kind != Kind::SignedOnly {
                record.state = RecordState::Approved;
                let (keys, id) = (&stage.keys, person.id);
                anchoring_jobs::insert(connection, keys, id, Some(Version::FIRST), CLERK, now)
                    .await
                    .unwrap();
            }
        }
    }
    records::update(connection, &front, record, now)
        .await
        .unwrap();
}

async fn destroy(connection: &mut MySqlConnection, id: RecordId) {
    record_versions::destroy(connection, id).await.unwrap();
    consents::destroy(connection, id).await.unwrap();
    owner_keys::destroy(connection, id).await.unwrap();
}

async fn event(
    stage: &Stage,
    connection: &mut MySqlConnection,
    id: RecordId,
    kind: RecordEventKind,
) {
    let actor = Actor::Staff(CLERK);
    record_events::append(
        connection,
        &stage.keys.front(),
        id,
        kind,
        actor,
        stage.clock.now(),
    )
    .await
    .unwrap();
}

/// What anchoring does for the first version.
async fn first_version(stage: &Stage, person: &mut Person, timestamp: u64, rng: &mut StdRng) {
    let Some(uid) = person.uid else { return };
    let spot = Spot {
        uid,
        version: 1,
        timestamp,
    };
    let word = person.signed[0].word(stage, spot);
    stage.anchor(uid, timestamp, word).await;
    person.words.push(word);
    let (front, now) = (stage.keys.front(), stage.clock.now());
    let mut connection = stage.connection().await;
    let cell = person.signed[0].anchor_cell(&person.key, spot, person.draft, rng);
    record_versions::set_anchor(&mut connection, person.id, Version::FIRST, &cell.unwrap())
        .await
        .unwrap();
    let mut record = head(stage, &mut connection, person.id).await;
    (record.uid, record.state) = (Uid::new(uid), RecordState::Anchored);
    records::update(&mut connection, &front, &mut record, now)
        .await
        .unwrap();
    let jobs = anchoring_jobs::of_record(&mut connection, &stage.keys, person.id).await;
    let mut job = jobs.unwrap().rows.pop().unwrap();
    (job.state, job.uid, job.block_number) = (JobState::Anchored, Uid::new(uid), Some(1));
    anchoring_jobs::update(&mut connection, &stage.keys, &mut job, now)
        .await
        .unwrap();
    let transaction = AnchoringTransaction {
        hash: B256::new(bytes(rng)),
        job_id: job.id,
        nonce: uid,
        raw: bytes(rng).to_vec(),
        created_at: now,
    };
    anchoring_transactions::insert(&mut connection, &stage.keys, &transaction)
        .await
        .unwrap();
    event(stage, &mut connection, person.id, RecordEventKind::Anchored).await;
}

/// Another version, on the chain and in the rows; of a rectification only the rows, as far as it has come.
async fn later_version(
    stage: &Stage,
    person: &mut Person,
    number: u32,
    timestamp: u64,
    rng: &mut StdRng,
) {
    let is_draft = person.kind.is_rectified() && number == 2;
    let Some(uid) = person
        .uid
        .filter(|_| is_draft || person.kind.on_chain() >= number)
    else {
        return;
    };
    let spot = Spot {
        uid,
        version: number,
        timestamp,
    };
    let before = *person.words.last().unwrap();
    let signed = Signed::fresh(stage, &person.wallet, spot, before, rng);
    let mut connection = stage.connection().await;
    if is_draft {
        rectify(stage, &mut connection, person, &signed, rng).await;
        person.signed.push(signed);
        return;
    }
    let word = signed.word(stage, spot);
    stage.anchor(uid, timestamp, word).await;
    person.words.push(word);
    // What the authority declared void was taken out again.
    if person.kind != Kind::VoidedNewest {
        let filed = Filed {
            spot,
            draft: Draft::FIRST,
            is_anchored: true,
        };
        signed
            .store(stage, &mut connection, &person.key, filed, rng)
            .await;
        let mut record = head(stage, &mut connection, person.id).await;
        (record.version, record.draft) = (version(number), Draft::FIRST);
        let (front, now) = (stage.keys.front(), stage.clock.now());
        records::update(&mut connection, &front, &mut record, now)
            .await
            .unwrap();
    }
    person.signed.push(signed);
}

/// The draft of a second version; its consent and its job, where it has come so far.
async fn rectify(
    stage: &Stage,
    connection: &mut MySqlConnection,
    person: &Person,
    signed: &Signed,
    rng: &mut StdRng,
) {
    let (front, now) = (stage.keys.front(), stage.clock.now());
    let (number, draft) = (version(2), Draft::FIRST);
    let values = signed.sealed(&person.key, number, draft, rng);
    record_versions::insert(connection, &values).await.unwrap();
    if person.kind.is_signed(2) {
        signed
            .store_consent(stage, connection, &person.key, (number, draft), rng)
            .await;
    }
    let mut record = head(stage, connection, person.id).await;
    (record.version, record.draft) = (number, draft);
    record.state = person.kind.state_of_draft();
    records::update(connection, &front, &mut record, now)
        .await
        .unwrap();
    if person.kind == Kind::RectifyingApproved {
        anchoring_jobs::insert(connection, &stage.keys, person.id, Some(number), CLERK, now)
            .await
            .unwrap();
    }
}

/// What becomes of it in the end.
async fn end(stage: &Stage, person: &Person, rng: &mut StdRng) {
    let Some(uid) = person.uid else { return };
    let mut connection = stage.connection().await;
    match person.kind {
        Kind::VoidedNewest => stage.void(uid, 2).await,
        Kind::VoidedOlder => stage.void(uid, 1).await,
        Kind::AllVoided => {
            stage.void(uid, 1).await;
            destroy(&mut connection, person.id).await;
            stage
                .sql(&format!("DELETE FROM records WHERE uid = {uid}"))
                .await;
        }
        Kind::Withdrawn => stage.retire(uid, 2, B256::new(bytes(rng))).await,
        Kind::Erased => {
            stage.retire(uid, 1, B256::new(bytes(rng))).await;
            destroy(&mut connection, person.id).await;
        }
        _ if person.is_redacted => {
            for replaced in 1..person.kind.newest() {
                person.redact(stage, &mut connection, replaced, rng).await;
            }
        }
        _ => {}
    }
}

async fn head(stage: &Stage, connection: &mut MySqlConnection, id: RecordId) -> Record {
    let head = records::lock(connection, &stage.keys.front(), id).await;
    head.unwrap().unwrap()
}

/// What the watch keeps: how far it has read, what the schema is like, and what the log told of a record at fault.
async fn watched(stage: &Stage, rng: &mut StdRng) {
    let (keys, now) = (&stage.keys, stage.clock.now());
    let mut connection = stage.connection().await;
    let progress = WatchProgress {
        reader: "watch".to_owned(),
        position: "mariadb:0-1-4711".to_owned(),
        beat: 7,
        saved_at: now,
    };
    watch_progress::save(&mut connection, keys, &progress)
        .await
        .unwrap();
    let schema = schema_baselines::look(&mut connection).await.unwrap();
    schema_baselines::baseline(&mut connection, keys, schema.fingerprint, now)
        .await
        .unwrap();
    let found: (u64, Vec<u8>) =
        sqlx::query_as("SELECT incident_id, subject FROM incident_findings ORDER BY id LIMIT 1")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
    let subject = hex::encode(found.1).parse().unwrap();
    for place in 0..rng.random_range(1..4) {
        let content = incident_evidence::seal(keys, found.0, subject, b"{}", rng);
        let new = NewEvidence {
            incident_id: found.0,
            subject,
            record_id: RecordId::random(rng),
            source: &format!("binlog.000001:{place}"),
            happened_at: now,
            content,
        };
        incident_evidence::insert(&mut connection, keys, new)
            .await
            .unwrap();
    }
}

/// Accounts, sessions, mails: what stands beside the records.
async fn office(stage: &Stage, rng: &mut StdRng) {
    let (keys, front, now) = (&stage.keys, stage.keys.front(), stage.clock.now());
    let mut connection = stage.connection().await;
    for (number, login) in [(7, "clerk"), (8, "officer")] {
        let new = NewStaff {
            id: StaffId::from_bytes([number; 16]),
            login,
            display_name: "Ann Lee",
            password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".to_owned(),
            role: Role::Clerk,
        };
        let account = Staff::seal(keys, new, rng, now);
        staff::insert(&mut connection, keys, &account)
            .await
            .unwrap();
        for (kind, role) in [
            (StaffEventKind::Made, Some(Role::Clerk)),
            (StaffEventKind::SignedIn, None),
        ] {
            let by = By::account(account.id, App::Entry);
            let event = StaffEvent {
                role,
                ..StaffEvent::new(kind, Some(account.id), by, now)
            };
            staff_events::append(&mut connection, keys, &event)
                .await
                .unwrap();
        }
    }
    let session = Session {
        id_hash: bytes(rng),
        app: App::Entry,
        staff_id: CLERK,
        created_at: now,
        last_seen_at: now,
        expires_at: now.plus(Duration::from_secs(30 * 86_400)),
        flash: None,
    };
    sessions::insert(&mut connection, keys, &session)
        .await
        .unwrap();
    leases::acquire(
        &mut connection,
        keys,
        "anchoring",
        &[1; 16],
        Duration::from_secs(60),
        now,
    )
    .await
    .unwrap();
    notices::keep(&mut connection, "What we do with your data.", now)
        .await
        .unwrap();
    for _ in 0..rng.random_range(2..5) {
        let new = NewMail {
            id: MailId::random(rng),
            event_key: bytes(rng),
            kind: "consent_link",
            recipient: "owner@example.org",
            payload: &bytes(rng),
        };
        let mail = Mail::seal_link(keys, &new, rng, now);
        outbox::enqueue(&mut connection, &front, &mail)
            .await
            .unwrap();
        let access = Access {
            staff_id: CLERK,
            record_id: RecordId::random(rng),
            app: App::Entry,
            action: AccessAction::Revealed,
            at: now,
            ground: None,
        };
        access_log::append(&mut connection, keys, &access)
            .await
            .unwrap();
    }
}
