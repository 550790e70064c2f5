use std::time::Duration;

use database::record_events::{self, Actor, RecordEventKind};
use database::records::RecordState;
use database::request_way::RequestWay;
use database::withdrawals;
use database::{corrections, outbox, sealed};
use enrolment::access::Particulars;
use enrolment::request::{
    Answered, Answering, admit, answer_requests, ask, clean_code, open, recent, tidy, wish,
    wish_copy,
};
use enrolment::withdrawal::{TakenBack, Taking, take_back, take_back_by_request};
use enrolment::{EnrolmentError, FreshLink, Letterhead, Reader, Sending, newest_signed};
use keyring::CellKind;
use notification::EventKey;
use record::Address;
use record::consent::{Basis, Choice, Purpose};
use record::ids::{CorrectionId, Draft, RecordId, RequestId};

use crate::rectify::place;
use crate::stage::{CLERK, EMAIL, IDENTITY, SITE, Stage, details, rng};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const CARE: &str = "Care";

fn purpose(name: &str, granted: bool) -> Purpose {
    Purpose {
        name: name.to_owned(),
        lawful_basis: match name {
            CARE => "Art. 6(1)(b): contract".to_owned(),
            _ => "Art. 6(1)(a): your consent".to_owned(),
        },
        granted,
    }
}

fn choice(name: &str) -> Choice {
    Choice::from(&purpose(name, true))
}

/// Care rests on a contract; of the others research alone is allowed, or both.
fn answers(letters: bool) -> Vec<Purpose> {
    vec![
        purpose(CARE, true),
        purpose("Research", true),
        purpose("Letters", letters),
    ]
}

impl Stage {
    /// Somebody who has signed.
    async fn signed(&self, letters: bool) -> RecordId {
        let (id, link) = self.entered().await;
        self.sign_with(id, &link, answers(letters)).await;
        id
    }

    async fn take_back(&self, id: RecordId, names: &[&str]) -> Option<EventKey> {
        let letterhead = self.office().letterhead().consent_url.clone();
        let mut transaction = self.pool.begin().await.unwrap();
        let reader = Reader::of(&details(EMAIL));
        let taking = Taking {
            record: id,
            draft: self.signed_draft(id).await,
            choices: names.iter().map(|name| choice(name)).collect(),
            way: RequestWay::ByPhone,
            staff: Some(CLERK),
            reader: Some(&reader),
            letterhead: Letterhead {
                controller: "Riverside Health Centre",
                contact: "records@riverside.example",
                consent_url: &letterhead,
            },
            now: self.clock.now(),
        };
        let event = take_back(&mut transaction, &self.front, &taking, &mut rng()).await;
        transaction.commit().await.unwrap();
        event.unwrap()
    }

    async fn signed_draft(&self, id: RecordId) -> Draft {
        let record = self.record(id).await;
        let signed = newest_signed(&mut *self.connection().await, &self.keys, &record).await;
        signed.unwrap().unwrap().draft
    }

    /// Since when these are taken back, of what the owner signed last.
    async fn taken(&self, id: RecordId) -> TakenBack {
        let draft = self.signed_draft(id).await;
        let taken = TakenBack::load(&mut *self.connection().await, &self.front, id, draft).await;
        taken.unwrap()
    }

    async fn is_taken_back(&self, id: RecordId, name: &str) -> bool {
        self.taken(id).await.since(&choice(name)).is_some()
    }

    async fn ask(&self, id: RecordId) {
        let mut transaction = self.pool.begin().await.unwrap();
        let now = self.clock.now();
        ask(&mut transaction, &self.front, id, now, &mut rng())
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    async fn answer(&self) -> Answered {
        let office = self.office();
        let answering = Answering {
            keys: &self.keys,
            letterhead: office.letterhead(),
            identity: IDENTITY,
            particulars: Particulars {
                address: "1 Harbour Street\nNordhaven",
                officer: "privacy@nordhaven.example",
                site: SITE,
                storage_layer: Address::repeat_byte(0x57),
                basis: &|purpose: &Purpose| match purpose.name.as_str() {
                    CARE => Basis::Other,
                    _ => Basis::Consent,
                },
            },
            now: office.now,
        };
        answer_requests(&self.pool, &answering, &mut rng())
            .await
            .unwrap()
    }

    /// A code asked for and sent.
    async fn asked(&self, id: RecordId) -> (RequestId, String) {
        self.ask(id).await;
        assert_eq!(self.answer().await, done(1));
        let (request, _) = self.recent(id).await[0];
        let (_, code) = self.mailed(request).await;
        (request, code)
    }

    /// The same while another request is held by somebody.
    async fn asked_beside(&self, id: RecordId) -> (RequestId, String) {
        self.ask(id).await;
        let answered = self.answer().await;
        assert_eq!((answered.done, answered.waiting), (1, 1));
        let (request, _) = self.recent(id).await[0];
        let (_, code) = self.mailed(request).await;
        (request, code)
    }

    /// The requests that somebody may be in the midst of, and whether they take a code.
    async fn recent(&self, id: RecordId) -> Vec<(RequestId, bool)> {
        let now = self.clock.now();
        let recent = recent(&mut *self.connection().await, &self.front, id, now).await;
        recent.unwrap()
    }

    async fn admit(&self, id: RecordId, code: &str) -> Option<RequestId> {
        let now = self.clock.now();
        let mut connection = self.connection().await;
        admit(&mut connection, &self.front, id, code, now)
            .await
            .unwrap()
    }

    /// Whether there is something to be let in to.
    async fn is_open(&self, request: RequestId) -> bool {
        let now = self.clock.now();
        let admission = open(&mut *self.connection().await, &self.front, request, now).await;
        admission.unwrap().is_some()
    }

    /// What the request's mail says: to whom, and the code.
    async fn mailed(&self, request: RequestId) -> (String, String) {
        let event = EventKey::of("owner_code", request.as_bytes());
        let mut connection = self.connection().await;
        let mail = outbox::by_event_key(&mut connection, &self.front, event.as_bytes()).await;
        let mail = mail.unwrap().unwrap();
        let payload = mail.open_payload(&self.front).unwrap().unwrap();
        let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        let to = mail.open_recipient(&self.front).unwrap().unwrap();
        let code = payload["code"].as_str().unwrap().to_owned();
        (to.to_string(), code)
    }

    async fn wish(&self, request: RequestId, note: &str) -> Option<CorrectionId> {
        let mut transaction = self.pool.begin().await.unwrap();
        let (now, rng) = (self.clock.now(), &mut rng());
        let wished = wish(&mut transaction, &self.front, request, note, now, rng).await;
        transaction.commit().await.unwrap();
        wished.unwrap()
    }

    /// What the newest wish says, and whether it is open.
    async fn note(&self, id: RecordId) -> (String, bool) {
        let mut connection = self.connection().await;
        let wishes = corrections::of_record(&mut connection, id).await.unwrap();
        let (newest, key) = (&wishes[0], self.key(id).await);
        let (version, draft, kind) = (newest.version, newest.draft, CellKind::CorrectionNote);
        let opened = sealed::open_cell(&key, version, draft, kind, &newest.note).unwrap();
        let text = opened.text().unwrap().to_owned();
        (text, newest.resolved_at.is_none())
    }

    /// As an answer to the newest note.
    async fn refuse(&self, id: RecordId) -> Result<bool, EnrolmentError> {
        let wishes = corrections::of_record(&mut *self.connection().await, id).await;
        let seen = wishes.unwrap().first().map(|wish| wish.id);
        let seen = seen.unwrap_or(CorrectionId::from_bytes([0; 16]));
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, reason) = (self.office(), "Your passport says otherwise.");
        let officer = "officer@riverside.example";
        let told =
            enrolment::refuse_correction(&mut transaction, &office, (id, seen), officer, reason)
                .await?;
        transaction.commit().await.unwrap();
        Ok(told)
    }

    async fn finish(&self, id: RecordId, request: RequestId, names: &[&str]) -> Option<EventKey> {
        let mut transaction = self.pool.begin().await.unwrap();
        let marks: Vec<String> = names.iter().map(|name| choice(name).mark()).collect();
        let (office, ids) = (self.office(), (id, request));
        let head = office.letterhead();
        let (front, rng) = (&self.front, &mut rng());
        let done =
            take_back_by_request(&mut transaction, front, ids, head, &marks, office.now, rng).await;
        transaction.commit().await.unwrap();
        done.unwrap()
    }

    /// Begins a further version with the same details.
    async fn ask_again(&self, id: RecordId) -> FreshLink {
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, rng) = (self.office(), &mut rng());
        let sending = Sending::ByMail;
        let begun =
            enrolment::ask_again(&mut transaction, &office, id, &place(2), sending, rng).await;
        transaction.commit().await.unwrap();
        begun.unwrap()
    }
}

#[tokio::test]
async fn what_is_taken_back_is_kept_told_once_and_leaves_the_neighbour_alone() {
    let stage = Stage::new().await;
    let (id, neighbour) = (stage.signed(true).await, stage.signed(true).await);
    assert!(stage.take_back(id, &["Research"]).await.is_some());
    assert!(stage.is_taken_back(id, "Research").await);
    assert!(!stage.is_taken_back(id, "Letters").await);
    assert!(!stage.is_taken_back(neighbour, "Research").await);

    stage.clock.advance(MINUTE);
    assert_eq!(stage.take_back(id, &["Research"]).await, None, "once");
    let since = stage.taken(id).await.since(&choice("Research"));
    assert_eq!(since, Some(stage.clock.now().minus(MINUTE)));
    assert!(
        stage
            .take_back(id, &["Research", "Letters"])
            .await
            .is_some()
    );

    let mut connection = stage.connection().await;
    let kept = withdrawals::of_record(&mut connection, &stage.front, id).await;
    let kept = kept.unwrap().rows;
    let second: Vec<Choice> = serde_json::from_slice(&kept[1].open(&stage.front).unwrap()).unwrap();
    assert_eq!(second, [choice("Letters")], "what is new of it");
    assert_eq!(
        (kept[1].way, kept[1].actor),
        (RequestWay::ByPhone, Some(CLERK))
    );
    let events = record_events::of_record(&mut connection, &stage.front, id).await;
    let taken = events.unwrap().rows.into_iter();
    let taken = taken.filter(|event| event.kind == RecordEventKind::ConsentWithdrawn);
    let who: Vec<Actor> = taken.map(|event| event.actor).collect();
    assert_eq!(who, [Actor::Staff(CLERK); 2]);
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'consent_withdrawn'";
    assert_eq!(stage.count(mails).await, 2);
    assert_eq!(stage.record(id).await.state, RecordState::Consented);
}

#[tokio::test]
async fn a_later_answer_stands_and_an_earlier_one_does_not_come_back() {
    let stage = Stage::new().await;
    let id = stage.signed(true).await;
    stage.anchor(id, 7).await;
    stage.take_back(id, &["Research"]).await;
    // While the question is open, what was taken back stays so.
    let link = stage.ask_again(id).await;
    assert!(stage.is_taken_back(id, "Research").await);
    stage.take_back(id, &["Letters"]).await;
    stage.sign_with(id, &link, answers(true)).await;
    for name in ["Research", "Letters"] {
        assert!(
            !stage.is_taken_back(id, name).await,
            "{name} was answered anew"
        );
    }
    // Taken back once more; and when staff give the further version up, it is no more allowed under the first.
    stage.take_back(id, &["Research"]).await;
    assert!(stage.is_taken_back(id, "Research").await);
    stage.drop_rectification(id).await.unwrap();
    for name in ["Research", "Letters"] {
        assert!(stage.is_taken_back(id, name).await, "{name}");
    }
}

#[tokio::test]
async fn asking_again_makes_a_further_version_with_the_same_details() {
    let stage = Stage::new().await;
    let id = stage.signed(false).await;
    stage.anchor(id, 7).await;
    let before = stage.plain(id).await;
    let link = stage.ask_again(id).await;
    let record = stage.record(id).await;
    assert_eq!(
        (record.version.get(), record.state),
        (2, RecordState::AwaitingConsent)
    );
    let after = stage.plain(id).await;
    for (name, field) in before.fields.iter() {
        let now = after.fields.get(name.as_str()).unwrap();
        assert_eq!(now.value(), field.value());
        assert!(now != field, "a fresh salt");
    }
    let event = EventKey::of_consent_link(link.id);
    let mut connection = stage.connection().await;
    let mail = outbox::by_event_key(&mut connection, &stage.front, event.as_bytes()).await;
    let payload = mail
        .unwrap()
        .unwrap()
        .open_link_payload(&stage.keys)
        .unwrap();
    let payload: serde_json::Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    assert_eq!(payload["asks_again"], true);
    let address = payload["withdrawal_url"].as_str().unwrap();
    assert!(
        address.starts_with("https://consent.example/w/"),
        "{address}"
    );
}

#[tokio::test]
async fn a_code_to_the_address_in_the_record_lets_its_owner_in() {
    let stage = Stage::new().await;
    let (id, neighbour) = (stage.signed(false).await, stage.signed(false).await);
    assert!(stage.recent(id).await.is_empty());
    let (request, code) = stage.asked(id).await;
    assert_eq!(stage.answer().await, done(0), "once");
    assert_eq!(stage.mailed(request).await.0, EMAIL);
    assert_eq!(clean_code(&code).as_deref(), Some(code.as_str()));
    let typed = format!(" {} ", code.replace('-', "").to_lowercase());
    assert_eq!(clean_code(&typed).as_deref(), Some(code.as_str()));
    assert_eq!(stage.admit(neighbour, &code).await, None);
    assert_eq!(stage.admit(id, &other(&code)).await, None);
    assert_eq!(
        stage.admit(id, &code).await,
        Some(request),
        "wrong ones lock nobody out"
    );

    let now = stage.clock.now();
    let admission = open(&mut *stage.connection().await, &stage.front, request, now).await;
    let choices = admission.unwrap().unwrap().choices.clone();
    assert_eq!(
        choices,
        [choice("Research")],
        "what rests on consent and was allowed"
    );
    assert_eq!(stage.finish(id, request, &["Letters"]).await, None);
    assert_eq!(stage.finish(neighbour, request, &["Research"]).await, None);
    assert!(stage.finish(id, request, &["Research"]).await.is_some());
    assert!(stage.is_taken_back(id, "Research").await);
    assert!(!stage.is_taken_back(neighbour, "Research").await);
    assert_eq!(stage.finish(id, request, &["Research"]).await, None, "once");

    // A later request leaves the one before as it is.
    stage.clock.advance(MINUTE * 6);
    let (second, second_code) = stage.asked(id).await;
    assert_eq!(stage.admit(id, &second_code).await, Some(second));
    assert_eq!(stage.admit(id, &code).await, Some(request));
}

#[tokio::test]
async fn whoever_comes_late_stays_out_and_what_is_over_is_wiped() {
    let stage = Stage::new().await;
    let id = stage.signed(false).await;
    let (request, code) = stage.asked(id).await;
    stage.clock.advance(MINUTE * 60);
    assert_eq!(stage.recent(id).await, [(request, false)]);
    assert_eq!(stage.admit(id, &code).await, None);
    // Who was in goes on for a while; then it is wiped, and after a day deleted.
    stage.clock.advance(MINUTE * 59);
    assert!(stage.is_open(request).await);
    stage.clock.advance(MINUTE);
    assert!(!stage.is_open(request).await);
    let mut connection = stage.connection().await;
    let now = stage.clock.now();
    tidy(&mut connection, &stage.front, now.plus(MINUTE))
        .await
        .unwrap();
    let content = "SELECT COUNT(*) FROM owner_requests WHERE content IS NOT NULL";
    assert_eq!(stage.count(content).await, 0);
    let rows = "SELECT COUNT(*) FROM owner_requests";
    assert_eq!(stage.count(rows).await, 1);
    tidy(&mut connection, &stage.front, now.plus(DAY))
        .await
        .unwrap();
    assert_eq!(stage.count(rows).await, 0);
    // A request that entry-app comes to too late gets no code.
    stage.ask(id).await;
    stage.clock.advance(MINUTE * 61);
    assert_eq!(stage.answer().await, done(1));
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'owner_code'";
    assert_eq!(stage.count(mails).await, 1);
}

/// A mailbox is not filled, and whoever asks in its owner's place shuts nobody out: a code that works is always there.
#[tokio::test]
async fn codes_come_less_often_after_a_few_and_there_is_always_one() {
    let stage = Stage::new().await;
    let (id, neighbour) = (stage.signed(false).await, stage.signed(false).await);
    let mut newest = None;
    for minute in 0..300 {
        stage.ask(id).await;
        stage.answer().await;
        let (request, takes_code) = stage.recent(id).await[0];
        assert!(takes_code, "minute {minute}");
        newest.replace(request);
        stage.clock.advance(MINUTE);
    }
    let (_, code) = stage.mailed(newest.unwrap()).await;
    assert_eq!(stage.admit(id, &code).await, newest);
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'owner_code'";
    assert_eq!(stage.count(mails).await, 10, "five, and one an hour");
    stage.asked(neighbour).await;
}

/// Of who has signed nothing, or is not there, nobody learns so; of who was tampered with neither, and they get their answer once
/// that is put right.
#[tokio::test]
async fn nobody_is_written_to_who_can_not_be_told() {
    let stage = Stage::new().await;
    let stranger = RecordId::random(&mut rand::rng());
    let (waiting, _) = stage.entered().await;
    let signed = stage.signed(false).await;
    for id in [stranger, waiting, signed] {
        stage.ask(id).await;
        assert_eq!(stage.recent(id).await.len(), 1);
    }
    let turn = "UPDATE consents SET message = REVERSE(message)";
    stage.run(turn).await;
    let planted = "INSERT INTO owner_requests SELECT REVERSE(id), record_id, state, content, 1, mac
                   FROM owner_requests LIMIT 1";
    stage.run(planted).await;
    let refused = |done, overdue| Answered {
        done,
        waiting: 1,
        overdue,
        planted: 1,
    };
    assert_eq!(stage.answer().await, refused(2, 0));
    stage.clock.advance(MINUTE * 2);
    assert_eq!(stage.answer().await, refused(0, 1));
    assert_eq!(stage.count("SELECT COUNT(*) FROM outbox").await, 0);
    stage.run(turn).await;
    assert_eq!(stage.answer().await.done, 1);
    assert_eq!(stage.count("SELECT COUNT(*) FROM outbox").await, 1);
    // What somebody planted stays, as evidence.
    let later = stage.clock.now().plus(DAY * 2);
    tidy(&mut *stage.connection().await, &stage.front, later)
        .await
        .unwrap();
    assert_eq!(stage.count("SELECT COUNT(*) FROM owner_requests").await, 1);
}

/// Neither by a lock nor by many rows.
#[tokio::test]
async fn one_request_holds_up_no_other() {
    let stage = Stage::new().await;
    let (held, neighbour) = (stage.signed(false).await, stage.signed(false).await);
    stage.ask(held).await;
    let mut lock = stage.pool.begin().await.unwrap();
    sqlx::query("SELECT * FROM owner_requests FOR UPDATE")
        .fetch_all(&mut *lock)
        .await
        .unwrap();
    stage.clock.advance(MINUTE);
    let (_, code) = stage.asked_beside(neighbour).await;
    assert!(stage.admit(neighbour, &code).await.is_some());
    lock.rollback().await.unwrap();
    assert_eq!(stage.answer().await, done(1));
}

/// What is wished by a code stands in the record, sealed by its owner's key, as what is wished before the signature does.
#[tokio::test]
async fn a_wish_is_put_into_the_record_and_answered() {
    let stage = Stage::new().await;
    let (id, neighbour) = (stage.signed(false).await, stage.signed(false).await);
    stage.anchor(id, 7).await;
    let (request, _) = stage.asked(id).await;
    let wished = stage.wish(request, "My age is 35.").await;
    assert!(wished.is_some());
    assert_eq!(stage.wish(request, "And my name.").await, None, "once");
    // Meanwhile it can be used on.
    assert!(stage.finish(id, request, &["Research"]).await.is_some());
    assert_eq!(stage.answer().await, done(1));
    assert_eq!(stage.answer().await, done(0), "once");
    let (note, is_open) = stage.note(id).await;
    assert_eq!((note.as_str(), is_open), ("My age is 35.", true));
    assert_eq!(stage.count("SELECT COUNT(*) FROM corrections").await, 1);
    let now = stage.clock.now();
    let admission = open(&mut *stage.connection().await, &stage.front, request, now).await;
    assert!(admission.unwrap().unwrap().has_wished);
    let mut connection = stage.connection().await;
    let events = record_events::of_record(&mut connection, &stage.front, id).await;
    let asked = RecordEventKind::CorrectionRequested;
    let events = events.unwrap().rows.into_iter();
    let who: Vec<Actor> = events
        .filter(|event| event.kind == asked)
        .map(|event| event.actor)
        .collect();
    assert_eq!(who, [Actor::Owner]);
    assert_eq!(stage.record(id).await.state, RecordState::Anchored);

    assert!(stage.refuse(id).await.unwrap());
    assert!(!stage.refuse(id).await.unwrap(), "once");
    assert!(!stage.note(id).await.1);
    let refused = stage.refuse(neighbour).await;
    assert!(matches!(refused, Err(EnrolmentError::State(_))));
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'correction_refused'";
    assert_eq!(stage.count(mails).await, 1);
}

/// A correction is an answer, too.
#[tokio::test]
async fn a_correction_answers_a_wish() {
    let stage = Stage::new().await;
    let id = stage.signed(false).await;
    stage.anchor(id, 7).await;
    let (request, _) = stage.asked(id).await;
    stage.wish(request, "My address is another.").await;
    stage.answer().await;
    assert!(stage.note(id).await.1);
    stage.rectify_address(id).await.unwrap();
    assert!(!stage.note(id).await.1);
}

/// What was taken back can't be told any more; that it can't, is.
#[tokio::test]
async fn a_withdrawal_that_somebody_changed_is_told() {
    let stage = Stage::new().await;
    let (id, neighbour) = (stage.signed(true).await, stage.signed(true).await);
    stage.take_back(id, &["Research"]).await;
    stage.take_back(neighbour, &["Letters"]).await;
    let count = |taken: TakenBack| (taken.rows, taken.tampered);
    assert_eq!(count(stage.taken(id).await), (1, 0));
    stage
        .run("UPDATE withdrawals SET draft = 9 WHERE id = 1")
        .await;
    assert_eq!(count(stage.taken(id).await), (0, 1));
    assert_eq!(count(stage.taken(neighbour).await), (1, 0));
    assert!(stage.is_taken_back(neighbour, "Letters").await);
}

/// A wish is neither wiped nor lost while entry-app is away, or while its record can't be read.
#[tokio::test]
async fn a_wish_waits_until_it_can_be_put_into_its_record() {
    let stage = Stage::new().await;
    let id = stage.signed(false).await;
    stage.anchor(id, 7).await;
    let (request, _) = stage.asked(id).await;
    stage.wish(request, "I have moved.").await;
    let turn = "UPDATE owner_keys SET wrapped = REVERSE(wrapped)";
    stage.run(turn).await;
    assert_eq!(stage.answer().await.waiting, 1);
    stage.clock.advance(DAY * 3);
    let now = stage.clock.now();
    tidy(&mut *stage.connection().await, &stage.front, now)
        .await
        .unwrap();
    stage.run(turn).await;
    assert_eq!(stage.answer().await, done(1));
    assert_eq!(stage.note(id).await, ("I have moved.".to_owned(), true));
}

/// Who puts the request back has nothing by it.
#[tokio::test]
async fn a_wish_is_put_into_its_record_once() {
    let stage = Stage::new().await;
    let id = stage.signed(false).await;
    stage.anchor(id, 7).await;
    let (request, _) = stage.asked(id).await;
    stage.wish(request, "I have moved.").await;
    stage
        .run("CREATE TABLE kept AS SELECT * FROM owner_requests")
        .await;
    assert_eq!(stage.answer().await, done(1));
    stage.run("DELETE FROM owner_requests").await;
    stage
        .run("INSERT INTO owner_requests SELECT * FROM kept")
        .await;
    assert_eq!(stage.answer().await, done(1));
    assert_eq!(stage.answer().await, done(0));
    assert_eq!(stage.count("SELECT COUNT(*) FROM corrections").await, 1);
    let asked = "SELECT COUNT(*) FROM record_events WHERE kind = 'correction_requested'";
    assert_eq!(stage.count(asked).await, 1);
}

/// Nor is a copy of everything made twice.
#[tokio::test]
async fn a_copy_waits_until_its_record_opens_and_is_made_once() {
    let stage = Stage::new().await;
    let id = stage.signed(false).await;
    let (request, _) = stage.asked(id).await;
    let mut transaction = stage.pool.begin().await.unwrap();
    let now = stage.clock.now();
    let wished = wish_copy(&mut transaction, &stage.front, request, now, &mut rng()).await;
    assert!(wished.unwrap());
    transaction.commit().await.unwrap();
    stage
        .run("CREATE TABLE kept AS SELECT * FROM owner_requests")
        .await;
    let turn = "UPDATE owner_keys SET wrapped = REVERSE(wrapped)";
    stage.run(turn).await;
    assert_eq!(stage.answer().await.waiting, 1);
    stage.run(turn).await;
    assert_eq!(stage.answer().await, done(1));
    stage.run("DELETE FROM owner_requests").await;
    stage
        .run("INSERT INTO owner_requests SELECT * FROM kept")
        .await;
    assert_eq!(stage.answer().await, done(1));
    assert_eq!(stage.count("SELECT COUNT(*) FROM access_copies").await, 1);
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'copy_ready'";
    assert_eq!(stage.count(mails).await, 1);
    let asked =
        "SELECT COUNT(*) FROM record_events WHERE kind = 'copy_asked' AND actor_kind = 'owner'";
    assert_eq!(stage.count(asked).await, 1);
}

/// What was signed meanwhile is taken back as well: the owner is told that it holds.
#[tokio::test]
async fn what_is_taken_back_in_an_old_tab_holds_for_what_was_signed_since() {
    let stage = Stage::new().await;
    let id = stage.signed(false).await;
    stage.anchor(id, 7).await;
    let (request, _) = stage.asked(id).await;
    let link = stage.ask_again(id).await;
    stage.sign_with(id, &link, answers(true)).await;
    assert!(stage.finish(id, request, &["Research"]).await.is_some());
    assert!(stage.is_taken_back(id, "Research").await);
    assert!(!stage.is_taken_back(id, "Letters").await);
}

/// The receipt's draft decides what was taken back: one that is not ours opens nothing, and decides nothing.
#[tokio::test]
async fn a_changed_draft_of_a_consent_brings_nothing_back() {
    let stage = Stage::new().await;
    let (id, neighbour) = (stage.signed(false).await, stage.signed(false).await);
    stage.take_back(id, &["Research"]).await;
    stage.run("UPDATE consents SET draft = 99").await;
    let mut connection = stage.connection().await;
    for id in [id, neighbour] {
        let record = stage.record(id).await;
        let signed = newest_signed(&mut connection, &stage.keys, &record).await;
        let signed = signed.unwrap().unwrap();
        assert!(signed.purposes.is_none() && signed.details.is_none());
        assert_eq!(signed.draft, Draft::new(0));
    }
    stage.take_back(id, &["Letters"]).await;
    stage.run("UPDATE consents SET draft = 0").await;
    assert!(stage.is_taken_back(id, "Research").await);
    let kept = withdrawals::of_record(&mut connection, &stage.front, id).await;
    assert!(
        kept.unwrap()
            .rows
            .iter()
            .all(|row| row.draft == Draft::new(0))
    );
}

/// So many were answered, and nothing else is to be told.
fn done(done: usize) -> Answered {
    Answered {
        done,
        ..Answered::default()
    }
}

/// Another code.
fn other(code: &str) -> String {
    let last = if code.ends_with('2') { '3' } else { '2' };
    format!("{}{last}", &code[..code.len() - 1])
}
