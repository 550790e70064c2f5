//! Somebody who holds our keys as well, and somebody who holds the controller's chain key.

use database::records::{self, Entered, NewRecord, RecordState};
use database::verifications::{Subject, VerdictKind as V};
use database::{owner_keys, record_versions};
use rand::RngExt as _;
use rand::rngs::StdRng;
use record::B256;
use record::ids::{Draft, RecordId, StaffId, SubmissionId, Uid, Version};

use super::pick;
use crate::expected::{Expected, found, somehow, uid};
use crate::history::{FIRST, History};
use crate::person::{Filed, Kind, Person, Signed, Spot, Wallet, bytes, version};
use crate::stage::{Stage, begin};

/// A record with one version or two, all in order.
fn anchored<'h>(history: &'h History, rng: &mut StdRng) -> &'h Person {
    let those = history.those(|person| matches!(person.kind, Kind::Once | Kind::Twice));
    &history.people[*pick(&those, rng)]
}

/// The draft under which the newest version stands.
fn draft(person: &Person) -> Draft {
    match person.kind.newest() {
        1 => person.draft,
        _ => Draft::FIRST,
    }
}

fn newest(person: &Person) -> &Signed {
    &person.signed[usize::try_from(person.kind.newest()).unwrap() - 1]
}

/// Where the next version of a record goes.
async fn next(stage: &Stage, person: &Person) -> Spot {
    Spot {
        uid: person.uid.unwrap(),
        version: person.kind.on_chain() + 1,
        timestamp: stage.timestamp().await,
    }
}

/// A value of one field sealed anew for its place, everything else as it was.
pub async fn replace_sealed(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let those = history.those(|person| {
        matches!(
            person.kind,
            Kind::Once | Kind::Twice | Kind::SignedOnly | Kind::Approved
        )
    });
    let person = &history.people[*pick(&those, rng)];
    let field = *pick(&["address", "age", "email", "name", "phone"], rng);
    let (number, place) = (person.kind.newest(), draft(person));
    let forged = newest(person).with(field, "somebody else");
    let sealed = forged.sealed(&person.key, version(number), place, rng);
    let cell = hex::encode(sealed.field(field).unwrap());
    stage
        .sql(&format!(
            "UPDATE record_versions SET {field} = X'{cell}' WHERE record_id = X'{}' AND version = {number}",
            person.hex()
        ))
        .await;
    let expected = found(person.subject(), V::Altered, &[field]);
    (format!("{field} of {:?}", person.kind), expected)
}

/// The values of the newest version destroyed, as those of a version that another one replaced are; or the values of one whose
/// values were destroyed put back, alone or with all that belongs to them.
pub async fn redact(stage: &Stage, history: &History, rng: &mut StdRng) -> (String, Expected) {
    let those =
        history.those(|person| matches!(person.kind, Kind::Once | Kind::Twice | Kind::Thrice));
    let person = &history.people[*pick(&those, rng)];
    let fields = ["address", "age", "email", "name", "phone"];
    let mut connection = stage.connection().await;
    if !person.has_lost(1) {
        let newest = person.kind.newest();
        person.redact(stage, &mut connection, newest, rng).await;
        let expected = found(person.subject(), V::Altered, &fields);
        return (format!("version {newest} of {:?}", person.kind), expected);
    }
    let with_consent: bool = rng.random();
    for table in ["record_versions", "consents"]
        .iter()
        .take(1 + usize::from(with_consent))
    {
        let row = format!("record_id = X'{}' AND version = 1", person.hex());
        stage.sql(&format!("DELETE FROM {table} WHERE {row}")).await;
        stage
            .sql(&format!(
                "INSERT INTO {table} SELECT * FROM {FIRST}_{table} WHERE {row}"
            ))
            .await;
    }
    let what = format!(
        "version 1 of {:?} put back, with consent: {with_consent}",
        person.kind
    );
    match with_consent {
        // It is what was signed and anchored; breach-viewer destroys it once more.
        true => (what, Expected::nothing()),
        false => (what, found(person.subject(), V::Altered, &fields)),
    }
}

/// Head and key of a record with our MAC and wrapping; gives its id and key.
async fn insert_head(
    stage: &Stage,
    claims: Option<u64>,
    wallet: &Wallet,
    rng: &mut StdRng,
) -> (RecordId, keyring::OwnerKey) {
    let (front, now, id) = (stage.keys.front(), stage.clock.now(), RecordId::random(rng));
    let mut connection = stage.connection().await;
    let new = NewRecord {
        id,
        wallet_index: database::index::wallet(stage.keys.index(), &wallet.address()),
        email_index: bytes(rng),
        submission: SubmissionId::random(rng),
        created_by: StaffId::random(rng),
    };
    let Entered::New(mut record) = records::insert(&mut connection, &front, &new, now)
        .await
        .unwrap()
    else {
        panic!("a random submission was there before")
    };
    record.state = RecordState::Consented;
    record.uid = claims.and_then(Uid::new);
    records::update(&mut connection, &front, &mut record, now)
        .await
        .unwrap();
    let key = stage.keys.generate_owner_key(id, rng);
    let wrapped = stage.keys.wrap_owner_key(&key, rng);
    owner_keys::insert(&mut connection, &wrapped).await.unwrap();
    (id, key)
}

pub async fn insert_sealed(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let wallet = Wallet::random(rng);
    let timestamp = stage.timestamp().await;
    let claims = rng.random::<bool>().then(|| history.next_uid() + 1000);
    let spot = Spot {
        uid: claims.unwrap_or(1),
        version: 1,
        timestamp,
    };
    let (id, key) = insert_head(stage, claims, &wallet, rng).await;
    let signed = Signed::fresh(stage, &wallet, spot, B256::ZERO, rng);
    let filed = Filed {
        spot,
        draft: Draft::FIRST,
        is_anchored: claims.is_some(),
    };
    let mut connection = stage.connection().await;
    signed.store(stage, &mut connection, &key, filed, rng).await;
    // Nothing says that it was anchored: it waits, and is overdue in its time.
    let verdict = if claims.is_some() {
        V::Forged
    } else {
        V::Pending
    };
    (
        format!("claiming {claims:?}"),
        somehow(Subject::row(id), verdict),
    )
}

/// A version above the newest, sealed for its place: as if anchored, or as a draft that the head does not know.
pub async fn insert_sealed_version(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let person = anchored(history, rng);
    let is_anchored: bool = rng.random();
    let spot = Spot {
        uid: person.uid.unwrap(),
        version: person.kind.newest() + 1,
        timestamp: stage.timestamp().await,
    };
    let word = *person.words.last().unwrap();
    let signed = Signed::fresh(stage, &Wallet::random(rng), spot, word, rng);
    let filed = Filed {
        spot,
        draft: Draft::FIRST,
        is_anchored,
    };
    let mut connection = stage.connection().await;
    signed
        .store(stage, &mut connection, &person.key, filed, rng)
        .await;
    let expected = match is_anchored {
        true => somehow(person.subject(), V::Forged),
        false => found(person.subject(), V::Altered, &["head"]),
    };
    (
        format!("of {:?}, anchored: {is_anchored}", person.kind),
        expected,
    )
}

/// Writes a version over the newest row, or beside it with the head brought along, as what was anchored next.
async fn file(
    stage: &Stage,
    person: &Person,
    signed: &Signed,
    spot: Spot,
    renumbered: bool,
    rng: &mut StdRng,
) {
    let mut connection = stage.connection().await;
    let mut act = begin(&mut connection).await;
    let id = person.hex();
    if renumbered {
        // A message is filed once: the old consent makes room for its copy.
        let nonce = hex::encode(bytes(rng));
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "UPDATE consents SET nonce_index = X'{nonce}' WHERE record_id = X'{id}'
             AND version = {}",
            person.kind.newest()
        )))
        .execute(&mut *act)
        .await
        .unwrap();
        let filed = Filed {
            spot,
            draft: Draft::FIRST,
            is_anchored: true,
        };
        signed.store(stage, &mut act, &person.key, filed, rng).await;
        let front = stage.keys.front();
        let mut head = records::lock(&mut act, &front, person.id)
            .await
            .unwrap()
            .unwrap();
        (head.version, head.draft) = (version(spot.version), Draft::FIRST);
        records::update(&mut act, &front, &mut head, stage.clock.now())
            .await
            .unwrap();
    } else {
        let place = Spot {
            version: person.kind.newest(),
            ..spot
        };
        let filed = Filed {
            spot: place,
            draft: draft(person),
            is_anchored: true,
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "DELETE FROM consents WHERE record_id = X'{id}' AND version = {}",
            place.version
        )))
        .execute(&mut *act)
        .await
        .unwrap();
        signed.store(stage, &mut act, &person.key, filed, rng).await;
    }
    act.commit().await.unwrap();
}

/// Anchors what a thief has put together as the next version of a record, and files it in one place or the other.
async fn anchored_and_filed(
    stage: &Stage,
    person: &Person,
    signed: &Signed,
    spot: Spot,
    rng: &mut StdRng,
) -> (String, Expected) {
    stage
        .anchor(spot.uid, spot.timestamp, signed.word(stage, spot))
        .await;
    let renumbered = rng.random();
    file(stage, person, signed, spot, renumbered, rng).await;
    let what = format!("{:?}, renumbered: {renumbered}", person.kind);
    (what, somehow(person.subject(), V::ConsentInvalid))
}

pub async fn re_anchor_fields(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let person = anchored(history, rng);
    let spot = next(stage, person).await;
    let signed = newest(person).with("address", "9 Elsewhere Road");
    anchored_and_filed(stage, person, &signed, spot, rng).await
}

pub async fn re_anchor_wallet(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let person = anchored(history, rng);
    let spot = next(stage, person).await;
    let word = *person.words.last().unwrap();
    let signed = Signed::fresh(stage, &Wallet::random(rng), spot, word, rng);
    anchored_and_filed(stage, person, &signed, spot, rng).await
}

/// What the owner signed once, as the newest version again: filed as such, or in the place where it stands.
pub async fn re_anchor_older(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let those = history.those(|person| person.kind == Kind::Twice);
    let person = &history.people[*pick(&those, rng)];
    let spot = next(stage, person).await;
    let signed = person.signed[0].clone();
    stage
        .anchor(spot.uid, spot.timestamp, signed.word(stage, spot))
        .await;
    let is_filed: bool = rng.random();
    if is_filed {
        let nonce = hex::encode(bytes(rng));
        stage
            .sql(&format!(
                "UPDATE consents SET nonce_index = X'{nonce}' WHERE record_id = X'{}' AND version = 1",
                person.hex()
            ))
            .await;
        file(stage, person, &signed, spot, true, rng).await;
    }
    let verdict = if is_filed {
        V::ConsentInvalid
    } else {
        V::RolledBack
    };
    let what = format!("{:?}, filed: {is_filed}", person.kind);
    (what, somehow(person.subject(), verdict))
}

pub async fn re_anchor_only(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let person = anchored(history, rng);
    let spot = next(stage, person).await;
    stage
        .anchor(spot.uid, spot.timestamp, B256::new(bytes(rng)))
        .await;
    (
        format!("{:?}", person.kind),
        somehow(person.subject(), V::RolledBack),
    )
}

pub async fn anchor_nothing(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let next = history.next_uid();
    let timestamp = stage.timestamp().await;
    stage.anchor(next, timestamp, B256::new(bytes(rng))).await;
    (format!("UID {next}"), found(uid(next), V::Missing, &[]))
}

/// A signed record once more, under the next UID, with a row of its own.
pub async fn anchor_copy(stage: &Stage, history: &History, rng: &mut StdRng) -> (String, Expected) {
    let those = history.those(|person| person.kind == Kind::Once);
    let person = &history.people[*pick(&those, rng)];
    let spot = Spot {
        uid: history.next_uid(),
        version: 1,
        timestamp: stage.timestamp().await,
    };
    let signed = &person.signed[0];
    stage
        .anchor(spot.uid, spot.timestamp, signed.word(stage, spot))
        .await;
    let (id, key) = insert_head(stage, Some(spot.uid), &person.wallet, rng).await;
    let mut connection = stage.connection().await;
    let mut values = signed.sealed(&key, Version::FIRST, Draft::FIRST, rng);
    values.anchor = signed.anchor_cell(&key, spot, Draft::FIRST, rng);
    record_versions::insert(&mut connection, &values)
        .await
        .unwrap();
    // The table takes a nonce once: the copy is filed under another.
    let aside = hex::encode(bytes(rng));
    let (theirs, mine) = (person.hex(), hex::encode(id.as_bytes()));
    let genuine: Vec<u8> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT nonce_index FROM consents WHERE record_id = X'{theirs}'"
    )))
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    let genuine = hex::encode(genuine);
    stage
        .sql(&format!(
            "UPDATE consents SET nonce_index = X'{aside}' WHERE record_id = X'{theirs}'"
        ))
        .await;
    let place = (Version::FIRST, Draft::FIRST);
    signed
        .store_consent(stage, &mut connection, &key, place, rng)
        .await;
    stage
        .sql(&format!(
            "UPDATE consents SET nonce_index = RANDOM_BYTES(32) WHERE record_id = X'{mine}'"
        ))
        .await;
    stage
        .sql(&format!(
            "UPDATE consents SET nonce_index = X'{genuine}' WHERE record_id = X'{theirs}'"
        ))
        .await;
    let expected = found(uid(spot.uid), V::Altered, &["nonce_index"]);
    (format!("of {:?}", person.kind), expected)
}

pub async fn retire(stage: &Stage, history: &History, rng: &mut StdRng) -> (String, Expected) {
    let those = history.those(|person| person.kind.is_live());
    let person = &history.people[*pick(&those, rng)];
    let reason = rng.random_range(1..=2);
    stage
        .retire(person.uid.unwrap(), reason, B256::new(bytes(rng)))
        .await;
    let what = format!("{:?} for {reason}", person.kind);
    (what, found(person.subject(), V::RetiredUnproven, &[]))
}
