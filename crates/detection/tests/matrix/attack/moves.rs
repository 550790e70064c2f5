//! What stands elsewhere, or stood there earlier.

use database::operations_alarms::AlarmKind;
use database::verifications::VerdictKind as V;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::pick;
use crate::expected::{
    CONSENT, Expected, SEALED, all_put_back_to_before, found, put_back_to_before,
    put_back_to_first, somehow,
};
use crate::history::{BEFORE, FIRST, History};
use crate::person::{Kind, Person};
use crate::stage::{RECORD, Stage};

/// Two records with one version each that stands and is signed, of which at least one is live.
fn two<'h>(
    history: &'h History,
    holds: impl Fn(&Person) -> bool,
    rng: &mut StdRng,
) -> (&'h Person, &'h Person) {
    let those = history.those(holds);
    let first = *pick(&those, rng);
    let others: Vec<usize> = those.into_iter().filter(|at| *at != first).collect();
    (&history.people[first], &history.people[*pick(&others, rng)])
}

fn has_one_version(person: &Person) -> bool {
    matches!(
        person.kind,
        Kind::Once | Kind::VoidedNewest | Kind::SignedOnly | Kind::Approved
    )
}

/// Exchanges a column between two rows, by way of a third value where it is unique.
async fn exchange(stage: &Stage, table: &str, column: &str, rows: [&str; 2]) {
    let keep = format!(
        "CREATE TEMPORARY TABLE aside AS SELECT a.{column} AS one, b.{column} AS other FROM {table} a, {table} b
         WHERE {} AND {}",
        rows[0].replace('~', "a."),
        rows[1].replace('~', "b.")
    );
    let plain = rows.map(|row| row.replace('~', ""));
    let mut connection = stage.connection().await;
    for statement in [
        keep,
        format!(
            "UPDATE {table} SET {column} = (SELECT one FROM aside) WHERE {}",
            plain[1]
        ),
        format!(
            "UPDATE {table} SET {column} = (SELECT other FROM aside) WHERE {}",
            plain[0]
        ),
        "DROP TEMPORARY TABLE aside".to_owned(),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone()))
            .execute(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

pub async fn swap_cells(stage: &Stage, history: &History, rng: &mut StdRng) -> (String, Expected) {
    let is_anchored: bool = rng.random();
    let holds =
        |person: &Person| has_one_version(person) && (person.kind.is_on_chain() || !is_anchored);
    let (one, other) = two(history, holds, rng);
    let cells: Vec<(&str, &str, &str)> = SEALED
        .iter()
        .map(|cell| ("record_versions", *cell, *cell))
        .chain([
            ("consents", "message", "consent_message"),
            ("consents", "signature", "consent_signature"),
        ])
        .chain(is_anchored.then_some(("record_versions", "anchor", "anchor")))
        .collect();
    let (table, column, part) = *pick(&cells, rng);
    let rows = [one, other].map(|p| format!("~record_id = X'{}' AND ~version = 1", p.hex()));
    exchange(stage, table, column, [&rows[0], &rows[1]]).await;
    let expected =
        found(one.subject(), V::Swapped, &[part]).and(found(other.subject(), V::Swapped, &[part]));
    (
        format!("{table}.{column} of {:?} and {:?}", one.kind, other.kind),
        expected,
    )
}

pub async fn swap_within(stage: &Stage, history: &History, rng: &mut StdRng) -> (String, Expected) {
    let person = &history.people[*pick(&history.those(has_one_version), rng)];
    let first = rng.random_range(0..SEALED.len());
    let second = (first + rng.random_range(1..SEALED.len())) % SEALED.len();
    let (one, other) = (SEALED[first], SEALED[second]);
    let row = format!("record_id = X'{}' AND version = 1", person.hex());
    let mut connection = stage.connection().await;
    for statement in [
        format!("SET @one = (SELECT {one} FROM record_versions WHERE {row})"),
        format!("UPDATE record_versions SET {one} = {other} WHERE {row}"),
        format!("UPDATE record_versions SET {other} = @one WHERE {row}"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await
            .unwrap();
    }
    let expected = found(person.subject(), V::Altered, &[one, other]);
    (format!("{one} and {other} of {:?}", person.kind), expected)
}

/// A cell of an older version in a newer one, or the other way round.
pub async fn swap_versions(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let those = history.those(|person| matches!(person.kind, Kind::Twice | Kind::Thrice));
    let person = &history.people[*pick(&those, rng)];
    let cell = *pick(&SEALED, rng);
    let (from, to) = if rng.random() { (1, 2) } else { (2, 1) };
    let id = person.hex();
    stage
        .sql(&format!(
            "UPDATE record_versions AS t JOIN record_versions AS f ON f.record_id = t.record_id AND f.version = {from}
             SET t.{cell} = f.{cell} WHERE t.record_id = X'{id}' AND t.version = {to}"
        ))
        .await;
    let is_field = !matches!(cell, "wallet" | "relation");
    let expected = match (is_field && person.has_lost(from), person.has_lost(to)) {
        (true, true) => Expected::nothing(),
        (true, false) => found(person.subject(), V::Altered, &[cell]),
        (false, _) => found(person.subject(), V::RolledBack, &[cell]),
    };
    let kind = person.kind;
    (
        format!(
            "{cell} of version {from} in {to} of {kind:?}, redacted: {}",
            person.is_redacted
        ),
        expected,
    )
}

pub async fn swap_rows(stage: &Stage, history: &History, rng: &mut StdRng) -> (String, Expected) {
    let whats = [
        "values",
        "consents",
        "keys",
        "wrapped keys",
        "uids",
        "heads",
    ];
    let what = *pick(&whats, rng);
    let is_anchored = |person: &Person| matches!(person.kind, Kind::Once | Kind::VoidedNewest);
    let (one, other) = match what {
        "uids" | "heads" => two(history, is_anchored, rng),
        _ => two(history, has_one_version, rng),
    };
    if what == "wrapped keys" {
        let rows = [one, other].map(|person| format!("~record_id = X'{}'", person.hex()));
        exchange(stage, "owner_keys", "wrapped", [&rows[0], &rows[1]]).await;
        let of = |person: &Person| found(person.subject(), V::Swapped, &["owner_key"]);
        let kinds = format!("{what} of {:?} and {:?}", one.kind, other.kind);
        return (kinds, of(one).and(of(other)));
    }
    let (table, key) = match what {
        "heads" => ("records", "id"),
        "values" => ("record_versions", "record_id"),
        "consents" => ("consents", "record_id"),
        "keys" => ("owner_keys", "record_id"),
        _ => ("records", "uid"),
    };
    let values = [one, other].map(|person| match what {
        "uids" => person.uid.unwrap().to_string(),
        _ => format!("X'{}'", person.hex()),
    });
    let third = if what == "uids" { "999999" } else { "X'5ea1'" };
    for (from, to) in [
        (values[0].as_str(), third),
        (&values[1], &values[0]),
        (third, &values[1]),
    ] {
        // A fixed-size column fills a short value up.
        let from = if from == "X'5ea1'" {
            "X'5ea10000000000000000000000000000'"
        } else {
            from
        };
        stage
            .sql(&format!(
                "UPDATE {table} SET {key} = {to} WHERE {key} = {from}"
            ))
            .await;
    }
    let any_anchored = one.kind.is_on_chain() || other.kind.is_on_chain();
    let of = |person: &Person| match what {
        // An anchor cell where nothing was anchored.
        "values" if person.kind.is_on_chain() || !any_anchored => {
            somehow(person.subject(), V::Swapped)
        }
        "values" => somehow(person.subject(), V::Forged),
        "consents" => found(person.subject(), V::Swapped, &CONSENT),
        "keys" => found(person.subject(), V::Swapped, &["owner_key"]),
        "heads" => somehow(person.subject(), V::Swapped),
        _ => found(person.subject(), V::Swapped, &["uid"]),
    };
    (
        format!("{what} of {:?} and {:?}", one.kind, other.kind),
        of(one).and(of(other)),
    )
}

pub async fn roll_back_record(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let to_first: bool = rng.random();
    let those = history.those(|person| match to_first {
        true => matches!(person.kind, Kind::Twice | Kind::Thrice | Kind::VoidedOlder),
        false => person.kind.is_live(),
    });
    let person = &history.people[*pick(&those, rng)];
    let (day, expected) = match to_first {
        true => (FIRST, put_back_to_first(person)),
        false => (BEFORE, put_back_to_before(person)),
    };
    stage.put_record_back(day, &person.hex()).await;
    (format!("{:?} to the day {day}", person.kind), expected)
}

pub async fn roll_back_head(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let those = history.those(|person| person.kind.is_live());
    let person = &history.people[*pick(&those, rng)];
    let has_later = person.kind.rows().len() > 1;
    let (day, part) = match has_later && rng.random() {
        true => (FIRST, "head"),
        false => (BEFORE, "uid"),
    };
    let id = person.hex();
    stage
        .sql(&format!("DELETE FROM records WHERE id = X'{id}'"))
        .await;
    stage
        .sql(&format!(
            "INSERT INTO records SELECT * FROM {day}_records WHERE id = X'{id}'"
        ))
        .await;
    let expected = found(person.subject(), V::Altered, &[part]);
    (
        format!("head of {:?} to the day {day}", person.kind),
        expected,
    )
}

pub async fn roll_back_draft(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let those = history.those(|person| person.earlier.is_some() && has_one_version(person));
    let Some(at) = (!those.is_empty()).then(|| *pick(&those, rng)) else {
        return ("nobody was corrected".to_owned(), Expected::nothing());
    };
    let person = &history.people[at];
    let earlier = person.earlier.as_ref().unwrap();
    let whole: bool = rng.random();
    let row = format!("record_id = X'{}' AND version = 1", person.hex());
    if !whole {
        let cell = *pick(&["name", "email", "phone", "age", "address"], rng);
        let value = hex::encode(earlier.field(cell).unwrap());
        stage
            .sql(&format!(
                "UPDATE record_versions SET {cell} = X'{value}' WHERE {row}"
            ))
            .await;
        let expected = found(person.subject(), V::RolledBack, &[cell]);
        return (
            format!("{cell} of an earlier draft of {:?}", person.kind),
            expected,
        );
    }
    let mut connection = stage.connection().await;
    database::record_versions::put(&mut connection, earlier)
        .await
        .unwrap();
    let expected = somehow(person.subject(), V::RolledBack);
    (format!("an earlier draft of {:?}", person.kind), expected)
}

/// The four tables of all records.
pub async fn roll_back_records(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let to_first: bool = rng.random();
    let (day, of): (_, fn(&Person) -> Expected) = match to_first {
        true => (FIRST, put_back_to_first),
        false => (BEFORE, put_back_to_before),
    };
    stage
        .put_back(day, &RECORD.map(|(table, _)| table.to_owned()))
        .await;
    let expected = history.people.iter().map(of);
    let expected = expected.fold(Expected::nothing(), Expected::and);
    (format!("all records to the day {day}"), expected)
}

/// Everything, jobs and counts included. That rows are gone is told by the viewer that saw them.
pub async fn roll_back_database(
    stage: &Stage,
    history: &History,
    is_seen: bool,
    rng: &mut StdRng,
) -> (String, Expected) {
    let (day, of): (_, fn(&Person) -> Expected) = match rng.random() {
        true => (FIRST, put_back_to_first),
        false => (BEFORE, all_put_back_to_before),
    };
    stage.put_back(day, &stage.tables).await;
    let alarms: &[AlarmKind] = if is_seen {
        &[AlarmKind::RowsDeleted]
    } else {
        &[]
    };
    let expected = history.people.iter().map(of);
    let expected = expected.fold(Expected::alarms(alarms), Expected::and);
    (format!("the whole database to the day {day}"), expected)
}
