//! An insider edits fields: by plain SQL, with the real keys, in one record or in the whole table. Each is found, named and
//! mailed once, and nobody else's record is called into question.

use anyhow::{Result, ensure};
use devstack::Site;
use journeys::attacker::{Insider, KeyThief, record_of};
use journeys::steps::{Officer, enrol, options};
use journeys::{Browser, Fault, Lookout, Screen};

/// Each field as the table names it, and as the viewer does.
const FIELDS: [(&str, &str); 5] = [
    ("name", "name"),
    ("email", "e-mail"),
    ("phone", "phone"),
    ("age", "age"),
    ("address", "postal address"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_edited_field_is_named_and_the_neighbours_stay_valid() -> Result<()> {
    let site = Site::start(&options()).await?;
    enrol(&site, 12).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let officer = Officer::open(&site, &desk).await?;
    let mut lookout = Lookout::new(&site, &officer);
    lookout.grid_shows(&[]).await?;

    let mut insider = Insider::at(&site).await?;
    insider.keep().await?;
    edit_by_sql(&mut insider, &mut lookout).await?;
    officer.tab().picture("viewer-grid-altered").await?;
    insider.put_back().await?;
    lookout.grid_shows(&[]).await?;

    insider.keep().await?;
    edit_with_the_keys(&site, &mut insider, &mut lookout).await?;
    insider.put_back().await?;
    lookout.grid_shows(&[]).await?;

    insider.keep().await?;
    edit_the_whole_table(&mut insider, &mut lookout).await?;
    insider.put_back().await?;
    lookout.grid_shows(&[]).await?;

    lookout.nothing_more().await?;
    officer.tab().behaved()?;
    site.stop().await
}

/// UIDs 1 to 5, one field each: without a key nobody can do better than garbage.
async fn edit_by_sql(insider: &mut Insider, lookout: &mut Lookout<'_>) -> Result<()> {
    let mut act = insider.begin().await?;
    for (uid, (column, _)) in (1..).zip(FIELDS) {
        act.run(&format!(
            "UPDATE record_versions SET {column} = INSERT({column}, LENGTH({column}) - 20, 4, 'oops') \
             WHERE record_id = {}",
            record_of(uid)
        ))
        .await?;
    }
    act.commit().await?;
    let faults = [
        ("1", "Altered", "name"),
        ("2", "Altered", "e-mail"),
        ("3", "Altered", "phone"),
        ("4", "Altered", "age"),
        ("5", "Altered", "postal address"),
    ];
    let incident = lookout.incident_about(&faults).await?;
    for words in ["Altered: 5 records", "UIDs: 1, 2, 3, 4, 5"] {
        ensure!(incident.mail.text.contains(words), "{}", incident.mail.text);
    }
    for found in &incident.findings {
        ensure!(found.expected.starts_with("0x"), "{found:?}");
        ensure!(found.found == "can't be computed", "{found:?}");
    }
    lookout.grid_shows(&faults).await?;
    Ok(())
}

/// UIDs 6 to 10, one field each, sealed so that every cell opens: the proof and the anchored leaf still differ.
async fn edit_with_the_keys(
    site: &Site,
    insider: &mut Insider,
    lookout: &mut Lookout<'_>,
) -> Result<()> {
    let thief = KeyThief::at(site)?;
    let mut act = insider.begin().await?;
    for (uid, (column, _)) in (6..).zip(FIELDS) {
        let value = if column == "age" {
            "99"
        } else {
            "somebody-else@example.org"
        };
        thief.write_field(&mut act, uid, column, value).await?;
    }
    act.commit().await?;
    let faults = [
        ("6", "Altered", "name"),
        ("7", "Altered", "e-mail"),
        ("8", "Altered", "phone"),
        ("9", "Altered", "age"),
        ("10", "Altered", "postal address"),
    ];
    let incident = lookout.incident_about(&faults).await?;
    for found in &incident.findings {
        let differ = found.found.starts_with("0x") && found.found != found.expected;
        ensure!(differ, "the proof found must differ: {found:?}");
    }
    lookout.grid_shows(&faults).await?;
    Ok(())
}

/// One statement, twelve records: one incident, one mail.
async fn edit_the_whole_table(insider: &mut Insider, lookout: &mut Lookout<'_>) -> Result<()> {
    insider
        .run(&["UPDATE record_versions SET phone = REVERSE(phone)"])
        .await?;
    let records: Vec<String> = (1..=12).map(|uid: u64| uid.to_string()).collect();
    let faults: Vec<Fault<'_>> = records
        .iter()
        .map(|record| (record.as_str(), "Altered", "phone"))
        .collect();
    let incident = lookout.incident_about(&faults).await?;
    ensure!(
        incident.mail.text.contains("Altered: 12 records"),
        "{}",
        incident.mail.text
    );
    lookout.grid_shows(&faults).await?;
    Ok(())
}
