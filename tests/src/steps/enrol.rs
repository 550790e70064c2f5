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

/// Somebody who was entered and has signed; not approved yet.
#[derive(Clone)]
pub struct SignedUp {
    /// What was entered, and signed with `grants`.
    pub person: Person,
    /// The owner's key.
    pub wallet: PrivateKeySigner,
    /// The record's id, in hexadecimal digits.
    pub record: String,
}

/// Enters the first `count` of the demo's people, and has each sign with a key of their own. Once for each site, since
/// the people are the same each time.
///
/// # Errors
/// When one of the steps fails.
pub async fn sign_up(site: &Site, count: usize) -> Result<Vec<SignedUp>> {
    let clerk = clerk(site).await?;
    enter_and_sign(site, &clerk, count).await
}

/// [`sign_up`], then approves all and waits until they are anchored.
///
/// # Errors
/// When one of the steps fails.
pub async fn enrol(site: &Site, count: usize) -> Result<Vec<Enrolled>> {
    let clerk = clerk(site).await?;
    let signed = enter_and_sign(site, &clerk, count).await?;
    let records: Vec<&str> = signed.iter().map(|one| one.record.as_str()).collect();
    clerk.approve(&records).await?;
    wait_until("all to be anchored", LIMIT, || async {
        let anchored = clerk.anchored().await?;
        let all = records.iter().all(|record| anchored.contains(*record));
        Ok(all.then_some(()))
    })
    .await?;
    let mut enrolled = Vec::new();
    for one in signed {
        enrolled.push(Enrolled {
            uid: uid_of(site, &one.record).await?,
            person: one.person,
            wallet: one.wallet,
            record: one.record,
        });
    }
    Ok(enrolled)
}

async fn clerk(site: &Site) -> Result<Clerk> {
    let login = format!("clerk-{:08x}", rand::random::<u32>());
    let clerk = staff(site, "clerk", &login).await?;
    Clerk::sign_in(site.entry.url(), &clerk.login, &clerk.password).await
}

/// All are entered first: their mails then leave together.
async fn enter_and_sign(site: &Site, clerk: &Clerk, count: usize) -> Result<Vec<SignedUp>> {
    let mut entered = Vec::new();
    for person in PEOPLE.get(..count).context("so many people")? {
        let wallet = PrivateKeySigner::random();
        let record = clerk.enter(person, &wallet.address().to_string()).await?;
        entered.push(SignedUp {
            person: *person,
            wallet,
            record,
        });
    }
    for one in &entered {
        let link = doors::consent_link(site, one.person.email).await?;
        let owner = doors::Owner::new(one.wallet.clone());
        owner.sign(&link, one.person.grants).await?;
    }
    Ok(entered)
}

async fn uid_of(site: &Site, record: &str) -> Result<u64> {
    let mut connection = connect(site).await?;
    let uid: Option<u64> = sqlx::query_scalar("SELECT uid FROM records WHERE id = ?")
        .bind(hex::decode(record)?)
        .fetch_one(&mut connection)
        .await?;
    uid.context("an anchored record has a UID")
}
