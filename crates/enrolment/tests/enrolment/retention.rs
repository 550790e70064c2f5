use std::time::Duration;

use database::records_view::{due, due_count};
use database::request_way::RequestWay;
use database::retentions;
use enrolment::restriction::{self, Asking, Wanted};
use enrolment::retention::{
    Hold, KeptUntil, Looked, Rules, Term, Warning, hold, prolong, reckon, warn,
};
use record::consent::{Basis, Choice, Purpose};
use record::ids::{RecordId, RestrictionId};
use record::keeping::{Keeping, Start};
use record::time::UnixMillis;

use crate::stage::{CLERK, Stage, rng};

const DAY: Duration = Duration::from_hours(24);
const RESEARCH: &str = "Research";
const BILLS: &str = "Bills";
const ALUMNI: &str = "Alumni";
const SURVEYS: &str = "Surveys";
const OFFERS: &str = "Offers";
const RESALE: &str = "Resale";

fn purpose(name: &str, granted: bool) -> Purpose {
    Purpose {
        name: name.to_owned(),
        lawful_basis: "a basis".to_owned(),
        granted,
    }
}

fn basis(purpose: &Purpose) -> Basis {
    match purpose.name.as_str() {
        RESEARCH | ALUMNI => Basis::Consent,
        BILLS => Basis::LegalDuty,
        SURVEYS => Basis::Weighed,
        OFFERS => Basis::Marketing,
        _ => Basis::Unknown,
    }
}

/// Research, surveys and offers for 30 days from the newest signature, alumni for 20 from the first one, bills for 100; resale nobody knows.
fn rules(fingerprint: u8) -> Rules<'static> {
    let keeping = |period: &str, start| Keeping {
        period: period.parse().unwrap(),
        start,
    };
    Rules {
        basis: Box::new(basis),
        keeping: Box::new(move |purpose| match purpose.name.as_str() {
            RESEARCH | SURVEYS | OFFERS => Some(keeping("30 days", Start::Signature)),
            ALUMNI => Some(keeping("20 days", Start::FirstSignature)),
            BILLS => Some(keeping("100 days", Start::Signature)),
            _ => None,
        }),
        fingerprint: [fingerprint; 32],
    }
}

impl Stage {
    async fn kept(&self, uid: u64, purposes: Vec<Purpose>) -> RecordId {
        let (id, link) = self.entered().await;
        self.sign_with(id, &link, purposes).await;
        self.anchor(id, uid).await;
        id
    }

    async fn term(&self, id: RecordId) -> Term {
        let record = self.record(id).await;
        let mut connection = self.connection().await;
        Term::load(&mut connection, &self.keys, &record, &rules(1))
            .await
            .unwrap()
    }

    async fn reckon(&self, fingerprint: u8) -> Looked {
        reckon(&self.pool, &self.keys, &rules(fingerprint), None)
            .await
            .unwrap()
    }

    async fn due_at(&self, id: RecordId) -> Option<UnixMillis> {
        let mut connection = self.connection().await;
        let row = retentions::load(&mut connection, &self.keys, id).await;
        row.unwrap().unwrap().due_at
    }

    async fn holds(&self, id: RecordId) -> Option<Hold> {
        let (record, term) = (self.record(id).await, self.term(id).await);
        let mut connection = self.connection().await;
        hold(
            &mut connection,
            &self.keys,
            &record,
            &term,
            self.clock.now(),
        )
        .await
        .unwrap()
    }

    async fn keep(&self, id: RecordId, until: UnixMillis, reason: &str) {
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, rules, rng) = (self.office(), rules(1), &mut rng());
        prolong(&mut transaction, &office, &rules, id, (until, reason), rng)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    async fn object(&self, id: RecordId, name: &str) -> Vec<RestrictionId> {
        let (office, rng) = (self.office(), &mut rng());
        let asking = Asking {
            ids: [RestrictionId::random(rng), RestrictionId::random(rng)],
            record: id,
            wanted: Wanted::Objection(vec![Choice::from(&purpose(name, true))]),
            note: None,
            way: RequestWay::ByPhone,
            identity: None,
            staff: Some(CLERK),
            letterhead: office.letterhead(),
            basis: &basis,
            at: office.now,
        };
        let mut transaction = self.pool.begin().await.unwrap();
        let made = restriction::ask(&mut transaction, &self.keys, &asking, rng);
        let made = made.await.unwrap();
        transaction.commit().await.unwrap();
        made
    }

    async fn uphold(&self, id: RecordId, request: RestrictionId) {
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, ids, rng) = (self.office(), (id, request), &mut rng());
        restriction::grant(&mut transaction, &office, ids, rng)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    async fn lift(&self, id: RecordId, request: RestrictionId) {
        let mut transaction = self.pool.begin().await.unwrap();
        let (office, ids, rng) = (self.office(), (id, request), &mut rng());
        let told = Some(RequestWay::ByPhone);
        restriction::lift(&mut transaction, &office, ids, told, rng)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    async fn warn(&self) -> bool {
        let warning = Warning {
            desk: "desk@riverside.example",
            url: "https://entry.example/retention",
            days: 10,
            now: self.clock.now(),
        };
        let mut transaction = self.pool.begin().await.unwrap();
        let told = warn(&mut transaction, &self.front, &warning).await.unwrap();
        transaction.commit().await.unwrap();
        told
    }
}

#[tokio::test]
async fn the_longest_purpose_that_still_holds_keeps_a_record() {
    let stage = Stage::new().await;
    let signed = stage.clock.now();
    let after = |days| Some(signed.plus(DAY * days));
    let both = stage
        .kept(1, vec![purpose(RESEARCH, true), purpose(BILLS, true)])
        .await;
    let alone = stage
        .kept(2, vec![purpose(RESEARCH, true), purpose(ALUMNI, false)])
        .await;
    let none = stage.kept(3, vec![purpose(RESEARCH, false)]).await;
    let unknown = stage
        .kept(4, vec![purpose(RESEARCH, true), purpose(RESALE, true)])
        .await;
    assert_eq!(stage.term(both).await.due_at(), after(100));
    assert_eq!(stage.term(alone).await.due_at(), after(30));
    assert_eq!(
        stage.term(none).await.due_at(),
        Some(signed),
        "it never rested on anything"
    );
    let term = stage.term(unknown).await;
    assert_eq!((term.due_at(), term.is_tampered), (None, false));
    assert_eq!(term.purposes[1].until, KeptUntil::Unknown);
    for (id, held) in [
        (both, Some(Hold::NotDue)),
        (alone, Some(Hold::NotDue)),
        (none, None),
        (unknown, Some(Hold::Unknown)),
    ] {
        assert_eq!(stage.holds(id).await, held);
    }
    stage.clock.advance(DAY * 30);
    assert_eq!(stage.holds(alone).await, None);
    assert_eq!(stage.holds(both).await, Some(Hold::NotDue));
}

#[tokio::test]
async fn a_further_signature_begins_the_time_anew_and_that_of_the_first_does_not() {
    let stage = Stage::new().await;
    let first = stage.clock.now();
    let id = stage
        .kept(1, vec![purpose(RESEARCH, true), purpose(ALUMNI, true)])
        .await;
    stage.clock.advance(DAY * 15);
    let link = stage.rectify_address(id).await.unwrap();
    assert_eq!(stage.holds(id).await, Some(Hold::Correction));
    stage
        .sign_with(
            id,
            &link,
            vec![purpose(RESEARCH, true), purpose(ALUMNI, true)],
        )
        .await;
    let term = stage.term(id).await;
    let days: Vec<_> = term.purposes.iter().map(|kept| kept.until).collect();
    let day = |days| KeptUntil::Day(first.plus(DAY * days));
    assert_eq!(days, [day(45), day(20)]);
    assert_eq!(term.due_at(), Some(first.plus(DAY * 45)));
}

#[tokio::test]
async fn days_are_reckoned_once_and_anew_when_something_changes() {
    let stage = Stage::new().await;
    let signed = stage.clock.now();
    let ids = [
        stage.kept(1, vec![purpose(RESEARCH, true)]).await,
        stage.kept(2, vec![purpose(BILLS, true)]).await,
    ];
    let (draft, _) = stage.entered().await;
    assert_eq!(stage.reckon(1).await.reckoned, 2);
    assert_eq!(
        stage.reckon(1).await,
        Looked::default(),
        "nothing has changed"
    );
    assert_eq!(stage.due_at(ids[0]).await, Some(signed.plus(DAY * 30)));
    let mut connection = stage.connection().await;
    let row = retentions::load(&mut connection, &stage.keys, draft).await;
    assert_eq!(row.unwrap(), None, "nobody signed it");
    assert_eq!(stage.reckon(2).await.reckoned, 2, "another profile");
    assert_eq!(stage.reckon(2).await.reckoned, 0);

    // Whoever changes a row has it neither believed nor put right: it is told of.
    stage
        .run("UPDATE retentions SET due_at = 1 ORDER BY due_at LIMIT 1")
        .await;
    let looked = stage.reckon(2).await;
    assert_eq!((looked.reckoned, looked.planted), (0, 1));
    assert_eq!(stage.holds(ids[0]).await, Some(Hold::Tampered));
    assert_eq!(stage.holds(ids[1]).await, Some(Hold::NotDue));
    // One that is gone is reckoned anew.
    stage.run("DELETE FROM retentions").await;
    assert_eq!(stage.reckon(2).await.reckoned, 2);
    assert_eq!(stage.due_at(ids[0]).await, Some(signed.plus(DAY * 30)));
}

#[tokio::test]
async fn many_records_take_several_looks_and_an_interruption_costs_nothing() {
    let stage = Stage::new().await;
    for uid in 1..=3 {
        stage.kept(uid, vec![purpose(RESEARCH, true)]).await;
    }
    let mut connection = stage.connection().await;
    let all = retentions::page(&mut connection, &stage.keys, None, 10)
        .await
        .unwrap();
    let behind = retentions::page(&mut connection, &stage.keys, Some(all[0].id), 1).await;
    assert_eq!(behind.unwrap()[0].id, all[1].id);
    let rules = rules(1);
    let after = reckon(&stage.pool, &stage.keys, &rules, Some(all[1].id))
        .await
        .unwrap();
    assert_eq!((after.reckoned, after.last), (1, None));
    assert_eq!(stage.reckon(1).await.reckoned, 2, "the others");
    // The list goes page by page, the first to be due at the top.
    let everything = Some((UnixMillis(0), UnixMillis(u64::MAX)));
    let first = due(&mut connection, &stage.front, everything, None, 2)
        .await
        .unwrap();
    let second = due(&mut connection, &stage.front, everything, first.next, 2)
        .await
        .unwrap();
    let listed: Vec<_> = first
        .rows
        .iter()
        .chain(&second.rows)
        .map(|row| row.id)
        .collect();
    assert_eq!(listed, all.iter().map(|one| one.id).collect::<Vec<_>>());
    assert_eq!(second.next, None);
    assert_eq!(due_count(&mut connection, everything).await.unwrap(), 3);
    assert_eq!(due_count(&mut connection, None).await.unwrap(), 0);
}

#[tokio::test]
async fn the_newest_decision_to_keep_a_record_holds() {
    let stage = Stage::new().await;
    let signed = stage.clock.now();
    let id = stage.kept(1, vec![purpose(RESEARCH, true)]).await;
    stage.reckon(1).await;
    stage.keep(id, signed.plus(DAY * 80), "a claim").await;
    assert_eq!(
        stage.due_at(id).await,
        Some(signed.plus(DAY * 80)),
        "at once"
    );
    stage.reckon(1).await;
    assert_eq!(stage.due_at(id).await, Some(signed.plus(DAY * 80)));
    stage
        .keep(id, signed.plus(DAY * 10), "the claim is settled")
        .await;
    let term = stage.term(id).await;
    assert_eq!(
        term.due_at(),
        Some(signed.plus(DAY * 30)),
        "it never shortens what was signed"
    );
    let reasons: Vec<_> = term
        .prolongations
        .iter()
        .map(|one| one.reason.as_str())
        .collect();
    assert_eq!(reasons, ["a claim", "the claim is settled"]);
    stage.run("DELETE FROM retentions").await;
    assert_eq!(
        stage.holds(id).await,
        Some(Hold::Tampered),
        "the history tells of two"
    );
    stage.reckon(1).await;
    assert_eq!(stage.due_at(id).await, None);
}

#[tokio::test]
async fn what_the_owner_objected_to_with_success_keeps_nothing() {
    let stage = Stage::new().await;
    let (signed, surveys) = (stage.clock.now(), || purpose(SURVEYS, true));
    let alone = stage.kept(1, vec![surveys(), purpose(ALUMNI, false)]).await;
    let more = stage.kept(2, vec![surveys(), purpose(BILLS, true)]).await;
    let neighbour = stage.kept(3, vec![surveys()]).await;
    let offers = stage.kept(4, vec![purpose(OFFERS, true)]).await;
    let after = |days| Some(signed.plus(DAY * days));
    assert_eq!(stage.reckon(1).await.reckoned, 4);

    stage.clock.advance(DAY);
    stage.object(offers, OFFERS).await;
    assert_eq!(stage.term(offers).await.due_at(), after(1), "at once");
    assert_eq!(stage.holds(offers).await, None);
    let [request] = stage.object(alone, SURVEYS).await[..] else {
        panic!("one request");
    };
    let [other] = stage.object(more, SURVEYS).await[..] else {
        panic!("one request");
    };
    assert_eq!(
        stage.term(alone).await.due_at(),
        after(30),
        "nobody has decided"
    );

    stage.clock.advance(DAY);
    stage.uphold(alone, request).await;
    stage.uphold(more, other).await;
    let term = stage.term(alone).await;
    assert_eq!(term.due_at(), after(2));
    let ended = KeptUntil::Ended(signed.plus(DAY * 2));
    assert_eq!(term.purposes[0].until, ended);
    assert_eq!(term.purposes[1].until, KeptUntil::NotAllowed);
    assert_eq!(
        stage.term(more).await.due_at(),
        after(100),
        "the law keeps it"
    );
    assert_eq!(stage.term(neighbour).await.due_at(), after(30));
    assert_eq!(stage.holds(alone).await, Some(Hold::Restricted));
    stage.lift(alone, request).await;
    assert_eq!(stage.holds(alone).await, None);
    assert_eq!(stage.reckon(1).await.reckoned, 3, "not the neighbour");
    assert_eq!(stage.due_at(alone).await, after(2));
    assert_eq!(stage.due_at(neighbour).await, after(30));

    // Whoever takes the steps away ends nothing by it, and nothing is released: the history tells of them.
    stage.run("DELETE FROM restriction_steps").await;
    assert_eq!(stage.reckon(1).await.reckoned, 3);
    assert_eq!(stage.due_at(alone).await, None);
    assert_eq!(stage.holds(alone).await, Some(Hold::Tampered));
    assert_eq!(stage.due_at(neighbour).await, after(30));
}

#[tokio::test]
async fn the_desk_hears_of_it_once_a_day_at_most_and_again_after_a_week() {
    let stage = Stage::new().await;
    stage.kept(1, vec![purpose(RESEARCH, true)]).await;
    stage.reckon(1).await;
    assert!(!stage.warn().await, "it is not near");
    stage.clock.advance(DAY * 20 + Duration::from_secs(60));
    assert!(stage.warn().await, "it came within ten days");
    assert!(!stage.warn().await);
    stage.kept(2, vec![purpose(RESEARCH, false)]).await;
    stage.reckon(1).await;
    assert!(!stage.warn().await, "one a day");
    stage.clock.advance(DAY);
    assert!(stage.warn().await, "what became due since");
    for _ in 0..6 {
        stage.clock.advance(DAY);
        assert!(!stage.warn().await, "no news");
    }
    stage.clock.advance(DAY);
    assert!(stage.warn().await, "still due after a week");
    let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'retention_due'";
    assert_eq!(stage.count(mails).await, 3);
}
