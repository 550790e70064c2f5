//! An insider moves what is genuine and plants what is not: cells and rows exchanged, put back to an earlier draft, deleted,
//! copied, forged with the real keys; then the same behind a schema without its keys.

use alloy::signers::local::PrivateKeySigner;
use anyhow::{Result, ensure};
use demo::doors::{self, PEOPLE};
use devstack::Site;
use journeys::attacker::{Act, Forgery, Insider, KeyThief, record_of};
use journeys::steps::{Office, Officer, enrol, options};
use journeys::{Browser, Lookout, NO_UID, Screen};

/// The record whose owner signed the second draft.
const REDRAFTED: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn moved_deleted_copied_and_forged_rows_are_told_apart() -> Result<()> {
    let site = Site::start(&options()).await?;
    enrol(&site, 11).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let mut insider = Insider::at(&site).await?;
    let old_address = enrol_with_two_drafts(&site, &desk, &mut insider).await?;
    let officer = Officer::open(&site, &desk).await?;
    let mut lookout = Lookout::new(&site, &officer);
    lookout.grid_shows(&[]).await?;

    insider.keep().await?;
    let mut act = insider.begin().await?;
    move_rows(&mut act, &old_address).await?;
    plant_rows(&site, &mut act).await?;
    act.commit().await?;
    let faults = [
        ("1", "Swapped", "phone"),
        ("2", "Swapped", "phone"),
        ("3", "Swapped", "UID"),
        ("4", "Swapped", "UID"),
        ("5", "Missing", ""),
        ("6", "Missing", ""),
        ("12", "Rolled back", "postal address"),
        (NO_UID, "Forged", ""),
        (NO_UID, "Forged", ""),
    ];
    let incident = lookout.incident_about(&faults).await?;
    for words in [
        "Swapped with another record: 4",
        "Deleted: 2",
        "Forged: 2",
        "Rolled back to an older state: 1",
        "UIDs: 1, 2, 3, 4, 5, 6, 12",
    ] {
        ensure!(incident.mail.text.contains(words), "{}", incident.mail.text);
    }
    officer.tab().look("viewer-incident").await?;
    lookout.grid_shows(&faults).await?;
    officer.tab().look("viewer-grid-moved").await?;
    insider.put_back().await?;
    lookout.grid_shows(&[]).await?;

    insider.keep().await?;
    drop_the_keys_of_tables(&mut insider).await?;
    plant_duplicates(&mut insider).await?;
    let faults = [("9", "Forged", ""), (NO_UID, "Forged", "")];
    lookout.incident_about(&faults).await?;
    lookout.grid_shows(&faults).await?;
    insider.put_back().await?;
    lookout.grid_shows(&[]).await?;

    lookout.nothing_more().await?;
    officer.tab().behaved()?;
    site.stop().await
}

/// Enters somebody, keeps the cell of the postal address as the insider sees it, edits the address, has the owner sign
/// and the record anchored. Gives the cell of the first draft.
async fn enrol_with_two_drafts(
    site: &Site,
    desk: &Browser,
    insider: &mut Insider,
) -> Result<String> {
    let office = Office::open(site, desk).await?;
    let (person, wallet) = (&PEOPLE[11], PrivateKeySigner::random());
    let handed = office.enter(person, wallet.address()).await?;
    let mut act = insider.begin().await?;
    let first_draft = act
        .cell_of("address", &format!("X'{}'", handed.record))
        .await?;
    act.commit().await?;
    let tab = office.tab();
    tab.press("Edit the details").await?;
    tab.fill("Postal address", "Quay Road 81, 1182 Nordhaven")
        .await?;
    tab.press("Save and make a new link").await?;
    let second = office.handed().await?;
    let owner = doors::Owner::new(wallet);
    owner.sign(&second.link, person.grants).await?;
    office.approve(&handed.record).await?;
    let anchored = office.wait_until_anchored(&handed.record).await?;
    ensure!(anchored.uid == REDRAFTED);
    Ok(first_draft)
}

async fn move_rows(act: &mut Act<'_>, old_address: &str) -> Result<()> {
    let (one, two) = (act.cell("phone", 1).await?, act.cell("phone", 2).await?);
    act.put_cell("phone", 1, &two).await?;
    act.put_cell("phone", 2, &one).await?;
    // 3 and 4 exchange their UIDs, past the unique key.
    act.run("UPDATE records SET uid = uid + 1000 WHERE uid IN (3, 4)")
        .await?;
    act.run("UPDATE records SET uid = 1007 - uid WHERE uid > 1000")
        .await?;
    act.run("DELETE FROM records WHERE uid = 5").await?;
    let six = record_of(6);
    act.run(&format!(
        "DELETE FROM record_versions WHERE record_id = {six}"
    ))
    .await?;
    act.put_cell("address", REDRAFTED, old_address).await
}

/// A copy of record 7 under the UID that comes next, and a whole record that the thief of the keys made up.
async fn plant_rows(site: &Site, act: &mut Act<'_>) -> Result<()> {
    copy_record(act, 7, 13).await?;
    let thief = KeyThief::at(site)?;
    let forgery = Forgery {
        uid: Some(14),
        values: [
            ("address", "1 Nowhere"),
            ("age", "44"),
            ("email", "nobody@example.org"),
            ("name", "No Body"),
            ("phone", "+442079460199"),
        ],
        signer: &PrivateKeySigner::random(),
    };
    thief.forge(act, &forgery).await?;
    Ok(())
}

/// Copies the rows of a record, as far as the tables allow a second one.
async fn copy_record(act: &mut Act<'_>, from: u64, claims: u64) -> Result<()> {
    let id = hex::encode(rand::random::<[u8; 16]>());
    let record = record_of(from);
    act.run(&format!(
        "INSERT INTO record_versions SELECT X'{id}', version, draft, name, email, phone, age, address, wallet, \
         relation, anchor, wallet_order FROM record_versions WHERE record_id = {record}"
    ))
    .await?;
    act.run(&format!(
        "INSERT INTO records SELECT X'{id}', {claims}, state, version, draft, wallet_index, email_index, \
         RANDOM_BYTES(16), created_by, created_at, updated_at, mac FROM records WHERE uid = {from}"
    ))
    .await
}

async fn drop_the_keys_of_tables(insider: &mut Insider) -> Result<()> {
    insider
        .change_schema("ALTER TABLE records DROP KEY records_uid")
        .await?;
    insider
        .change_schema("ALTER TABLE record_versions DROP PRIMARY KEY")
        .await
}

/// A second row that claims UID 8, and a second version 1 of record 9.
async fn plant_duplicates(insider: &mut Insider) -> Result<()> {
    let mut act = insider.begin().await?;
    copy_record(&mut act, 8, 8).await?;
    let nine = act.record(9).await?;
    act.run(&format!(
        "INSERT INTO record_versions SELECT * FROM record_versions WHERE record_id = {nine}"
    ))
    .await?;
    act.commit().await
}
