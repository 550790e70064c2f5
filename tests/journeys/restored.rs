//! The officer puts back what an insider altered or deleted, from a backup that is believed only where it gives the word on
//! the chain. What was found is kept; a backup that was changed too is refused.

use anyhow::{Context, Result, ensure};
use database::incident_findings;
use database::verifications::Subject;
use devstack::Site;
use journeys::attacker::{Insider, record_of};
use journeys::steps::{Officer, application_keys, connect, enrol, options};
use journeys::{Browser, Lookout, Screen};
use record::ids::Uid;

const GARBAGE: &str = "6761726261676500";

#[tokio::test(flavor = "multi_thread")]
async fn altered_and_deleted_rows_come_back_and_a_changed_backup_does_not() -> Result<()> {
    let site = Site::start(&options()).await?;
    enrol(&site, 6).await?;
    let desk = Browser::launch(Screen::Desktop).await?;
    let officer = Officer::open(&site, &desk).await?;
    let mut lookout = Lookout::new(&site, &officer);
    lookout.grid_shows(&[]).await?;
    let mut insider = Insider::at(&site).await?;
    break_four(&mut insider).await?;
    let faults = [
        ("1", "Altered", "e-mail"),
        ("2", "Missing", ""),
        ("3", "Missing", ""),
        ("4", "Altered", "postal address"),
    ];
    let incident = lookout.incident_about(&faults).await?;

    officer.restore(1).await?;
    officer.tab().look("viewer-restored").await?;
    the_row_as_found_is_kept(&site, 1).await?;
    let mail = lookout.mail_that_says("restored").await?;
    ensure!(
        mail.text
            .contains(&format!("Incident: {}", incident.number)),
        "{}",
        mail.text
    );
    officer.restore(2).await?;
    officer.restore(3).await?;
    refuse(&site, &officer, 4).await?;
    lookout
        .grid_shows(&[("4", "Altered", "postal address")])
        .await?;

    let page = format!("incidents/{}", incident.number);
    officer
        .tab()
        .open(site.viewer.page(&page)?.as_str())
        .await?;
    for words in [
        "4 found, 1 not resolved",
        "Restored from a verified copy",
        "Restore refused: the backup does not match the chain",
        "Verified again",
    ] {
        officer.tab().see(words).await?;
    }
    officer.tab().look("viewer-incident-restored").await?;
    lookout.nothing_more().await?;
    officer.tab().behaved()?;
    site.stop().await
}

/// 1: altered, and a second copy put into the backup. 2: every row of it deleted. 3: the values deleted. 4: altered, here
/// and in the backup, by a session that keeps itself out of the server's log.
async fn break_four(insider: &mut Insider) -> Result<()> {
    let backup = format!("{}.record_backups", insider.backup());
    insider.change_schema("SET SESSION sql_log_bin = 0").await?;
    let mut act = insider.begin().await?;
    act.put_cell("address", 4, &format!("X'{GARBAGE}'")).await?;
    act.run(&format!(
        "UPDATE {backup} SET address = X'{GARBAGE}' WHERE uid = 4"
    ))
    .await?;
    act.commit().await?;
    insider.change_schema("SET SESSION sql_log_bin = 1").await?;
    let mut act = insider.begin().await?;
    let (one, two) = (act.record(1).await?, act.record(2).await?);
    act.put_cell("email", 1, &format!("X'{GARBAGE}'")).await?;
    act.run(&format!(
        "INSERT INTO {backup} SELECT NULL, uid, version, record_id, RANDOM_BYTES(32), draft, name, X'{GARBAGE}', phone, \
         age, address, wallet, relation, anchor, link_id, message, signature, nonce_index, \
         received_at, consent_mac, wallet_index, email_index, submission, created_by, created_at, stored_at, wallet_order \
         FROM {backup} WHERE record_id = {one}"
    ))
    .await?;
    for (table, column) in [
        ("record_versions", "record_id"),
        ("consents", "record_id"),
        ("owner_keys", "record_id"),
        ("records", "id"),
    ] {
        act.run(&format!("DELETE FROM {table} WHERE {column} = {two}"))
            .await?;
    }
    let three = record_of(3);
    act.run(&format!(
        "DELETE FROM record_versions WHERE record_id = {three}"
    ))
    .await?;
    act.commit().await
}

/// The garbage stands in the file of the incident, sealed.
async fn the_row_as_found_is_kept(site: &Site, uid: u64) -> Result<()> {
    let keys = application_keys(site)?;
    let subject = Subject::uid(Uid::new(uid).context("a UID")?);
    let mut connection = connect(site).await?;
    let id: u64 = sqlx::query_scalar("SELECT id FROM incident_findings WHERE subject = ?")
        .bind(subject.as_bytes().as_slice())
        .fetch_one(&mut connection)
        .await?;
    let finding = incident_findings::load(&mut connection, &keys, id).await?;
    let finding = finding.context("the finding")?;
    ensure!(finding.resolved_at.is_some(), "the restore resolves it");
    let row = finding.open_found_row(&keys)?.context("the row as found")?;
    let row = String::from_utf8_lossy(&row);
    ensure!(row.contains(GARBAGE), "{row}");
    Ok(())
}

/// The page offers nothing, and its door stays shut as well.
async fn refuse(site: &Site, officer: &Officer<'_>, uid: u64) -> Result<()> {
    let tab = officer.tab();
    officer.show(uid).await?;
    tab.follow("Restore…").await?;
    tab.see("The backup does not match the chain either")
        .await?;
    tab.dont_see("Restore this record").await?;
    tab.look("viewer-restore-refused").await?;
    tab.run::<bool>(
        "(() => { const form = document.createElement('form'); form.method = 'post'; \
         document.body.append(form); form.submit(); return true; })()",
    )
    .await?;
    tab.see(
        "is not restored: the backup holds nothing that matches the chain. Nothing was changed.",
    )
    .await?;
    let mut connection = connect(site).await?;
    let still_there: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM record_versions WHERE HEX(address) = ?")
            .bind(GARBAGE)
            .fetch_one(&mut connection)
            .await?;
    ensure!(still_there == 1, "the refused restore changed the row");
    Ok(())
}
