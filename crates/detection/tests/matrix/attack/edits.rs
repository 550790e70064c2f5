//! Columns edited by SQL.

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::{chosen, pick};
use crate::columns::Column;
use crate::expected::{Change, Expected, edited, found, guarded_edited, moved, somehow};
use crate::history::History;
use crate::person::Person;
use crate::stage::{RECORD, Stage};
use database::operations_alarms::AlarmKind;
use database::verifications::{Subject, VerdictKind as V};

/// Those of whom a row stands in this table.
fn standing(history: &History, table: &str) -> Vec<usize> {
    history.those(|person| match table {
        "records" => person.kind != crate::person::Kind::AllVoided,
        "consents" => person.kind.rows().iter().any(|v| person.kind.is_signed(*v)),
        _ => !person.kind.rows().is_empty(),
    })
}

/// The row of a person in a table, by version where there are several.
fn row_of(person: &Person, table: &str, rng: &mut StdRng) -> (u32, String) {
    let (_, key) = RECORD.into_iter().find(|(name, _)| *name == table).unwrap();
    let of_person = format!("{key} = X'{}'", person.hex());
    if !matches!(table, "record_versions" | "consents") {
        return (1, of_person);
    }
    let rows = person.kind.rows().iter().copied();
    let rows: Vec<u32> = rows
        .filter(|version| table != "consents" || person.kind.is_signed(*version))
        .collect();
    let version = *pick(&rows, rng);
    (version, format!("{of_person} AND version = {version}"))
}

pub async fn column(
    stage: &Stage,
    history: &History,
    which: Option<usize>,
    rng: &mut StdRng,
) -> (String, Expected) {
    let column = chosen(&stage.columns, which, rng);
    let table = column.table.as_str();
    let person = &history.people[*pick(&standing(history, table), rng)];
    let (version, row) = row_of(person, table, rng);
    let length: Option<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT CAST(LENGTH({}) AS SIGNED) FROM {table} WHERE {row}",
        column.name
    )))
    .fetch_one(&stage.pool)
    .await
    .unwrap();
    let change = match length {
        None => Change::Filled,
        _ if column.may_be_null && rng.random() => Change::Null,
        _ => Change::Other,
    };
    let value = match change {
        Change::Null => "NULL".to_owned(),
        Change::Filled => filled(column, rng),
        // What was destroyed.
        Change::Other if length == Some(0) => filled(column, rng),
        Change::Other => other(person, table, column, rng),
    };
    let statement = format!("UPDATE {table} SET {} = {value} WHERE {row}", column.name);
    assert_eq!(stage.sql(&statement).await, 1, "{statement}");
    let expected = edited(person, table, &column.name, version, change);
    (format!("{:?}: {statement}", person.kind), expected)
}

fn filled(column: &Column, rng: &mut StdRng) -> String {
    match column.kind.as_str() {
        "bigint" | "int" => rng.random_range(9_000..10_000_u32).to_string(),
        _ => "RANDOM_BYTES(200)".to_owned(),
    }
}

/// Another value than the one that stands there, which the column takes.
fn other(person: &Person, table: &str, column: &Column, rng: &mut StdRng) -> String {
    let name = column.name.as_str();
    match (table, name) {
        ("records", "id") => format!("X'{}'", hex::encode(moved(person.id).as_bytes())),
        ("records", "uid") => filled(column, rng),
        ("records", "state") => {
            let state = pick(
                &["awaiting_consent", "correction_requested", "nonsense"],
                rng,
            );
            format!("IF(state = '{state}', 'declined', '{state}')")
        }
        // No version of the row's, nor one that the chain holds.
        ("record_versions", "version") if !person.kind.is_on_chain() => "7".to_owned(),
        (_, "version") if table != "records" => (*pick(&["0", "7", "4000000000"], rng)).to_owned(),
        _ => match column.kind.as_str() {
            "bigint" | "int" => format!("{name} + {}", rng.random_range(1..1000)),
            "varchar" => format!("CONCAT({name}, 'x')"),
            _ => flipped(name, rng),
        },
    }
}

/// One byte of it changed, or some taken away where that is not the same as before.
fn flipped(name: &str, rng: &mut StdRng) -> String {
    let at = format!(
        "(1 + FLOOR(LENGTH({name}) * {:.6}))",
        rng.random_range(0.0..0.999)
    );
    let mask = rng.random_range(1..=255);
    format!("INSERT({name}, {at}, 1, CHAR(ASCII(SUBSTRING({name}, {at}, 1)) ^ {mask}))")
}

/// A column of a table whose rows carry a MAC, in a random row.
pub async fn guarded(stage: &Stage, which: Option<usize>, rng: &mut StdRng) -> (String, Expected) {
    let column = chosen(&stage.guarded, which, rng);
    let (table, name) = (&column.table, &column.name);
    let value = match column.kind.as_str() {
        // No number that the server gives next.
        "bigint" | "int" => {
            format!(
                "COALESCE({name}, 0) + {}",
                rng.random_range(1_000_000..2_000_000)
            )
        }
        "varchar" | "text" => format!("CONCAT(COALESCE({name}, ''), 'x')"),
        _ => format!("COALESCE({}, 'x')", flipped(name, rng)),
    };
    // The sweep itself takes the lease named `incident`.
    let rows = match table.as_str() {
        "leases" => "WHERE name = 'anchoring'",
        // Of a record whose rows were taken out in order, only its job tells that.
        "anchoring_jobs" => "WHERE record_id IN (SELECT id FROM records) ORDER BY RAND() LIMIT 1",
        _ => "ORDER BY RAND() LIMIT 1",
    };
    let statement = format!("UPDATE {table} SET {name} = {value} {rows}");
    assert_eq!(stage.sql(&statement).await, 1, "{statement}");
    let expected = guarded_edited(table, name);
    (statement, expected)
}

/// As if it had not been anchored yet.
pub async fn flip_to_pending(
    stage: &Stage,
    history: &History,
    rng: &mut StdRng,
) -> (String, Expected) {
    let person = &history.people[*pick(&history.those(|person| person.kind.is_live()), rng)];
    let with_uid: bool = rng.random();
    let (uid, part) = if with_uid {
        ("uid", "head")
    } else {
        ("NULL", "uid")
    };
    // What stands there already changes nothing.
    let others = ["awaiting_consent", "consented", "approved"];
    let stands = person.kind.state_of_draft();
    let others: Vec<_> = others
        .iter()
        .filter(|one| **one != stands.as_str())
        .collect();
    let state = pick(&others, rng);
    let statement = format!(
        "UPDATE records SET state = '{state}', uid = {uid} WHERE id = X'{}'",
        person.hex()
    );
    stage.sql(&statement).await;
    let with_job: bool = rng.random();
    if with_job {
        let id = person.hex();
        let job = format!(
            "UPDATE anchoring_jobs SET state = 'queued', uid = {uid} WHERE record_id = X'{id}' AND version = 1"
        );
        assert_eq!(stage.sql(&job).await, 1, "{job}");
    }
    let altered = || found(person.subject(), V::Altered, &[part]);
    let planted = || Expected::alarm(AlarmKind::RowTampered);
    let expected = match (with_job, with_uid) {
        (false, _) => altered(),
        (true, true) => altered().and(planted()),
        // Nothing of ours says any more that the row is the UID's; its anchor cell says that it was anchored.
        (true, false) => found(person.subject(), V::Missing, &[])
            .and(somehow(Subject::row(person.id), V::Forged))
            .and(planted()),
    };
    (
        format!("{:?}: {statement}; with job: {with_job}", person.kind),
        expected,
    )
}
