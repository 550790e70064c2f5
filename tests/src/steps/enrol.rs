//! The fast way to people whose records are anchored: over HTTP, without a browser.

use std::time::Duration;

use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, Result};
use demo::doors::{self, Clerk, PEOPLE, Person};
use devstack::{Site, wait_until};

use super::sign_in::staff;
use super::site::connect;

const LIMIT: Duration = Duration::from_secs(60);

/// Somebody whose record is anchored.
#[derive(Clone)]
pub struct Enrolled {
    /// What was entered, and signed with `grants`.
    pub person: Person,
    /// The owner's key.
    pub wallet: PrivateKeySigner,
    /// The record's id, in hexadecimal digits.
    pub record: String,
    /// The record's UID.
    pub uid: u64,
}

/// Enters the first `count` of the demo's people, has each sign with a key of their own, approves them, and waits until
/// all are anchored. Once for each site, since the people are the same each time.
///
/// # Errors
/// When one of the steps fails.
pub async fn enrol(site: &Site, count: usize) -> Result<Vec<Enrolled>> {
    let login = format!("clerk-{:08x}", rand::random::<u32>());
    let clerk = staff(site, "clerk", &login).await?;
    let clerk = Clerk::sign_in(site.entry.url(), &clerk.login, &clerk.password).await?;
    let people = PEOPLE.get(..count).context("so many people")?;
    let mut signed = Vec::new();
    for person in people {
        let wallet = PrivateKeySigner::random();
        let record = clerk.enter(person, &wallet.address().to_string()).await?;
        let link = doors::consent_link(site, person.email, None).await?;
        let owner = doors::Owner::new(wallet.clone());
        owner.sign(&link, person.grants).await?;
        signed.push((*person, wallet, record));
    }
    let records: Vec<&str> = signed
        .iter()
        .map(|(_, _, record)| record.as_str())
        .collect();
    clerk.approve(&records).await?;
    wait_until("all to be anchored", LIMIT, || async {
        let anchored = clerk.anchored().await?;
        Ok(records
            .iter()
            .all(|record| anchored.contains(*record))
            .then_some(()))
    })
    .await?;
    let mut enrolled = Vec::new();
    for (person, wallet, record) in signed {
        let uid = uid_of(site, &record).await?;
        enrolled.push(Enrolled {
            person,
            wallet,
            record,
            uid,
        });
    }
    Ok(enrolled)
}

async fn uid_of(site: &Site, record: &str) -> Result<u64> {
    let mut connection = connect(site).await?;
    let uid: Option<u64> = sqlx::query_scalar("SELECT uid FROM records WHERE id = ?")
        .bind(hex::decode(record)?)
        .fetch_one(&mut connection)
        .await?;
    uid.context("an anchored record has a UID")
}
