use alloy::signers::local::PrivateKeySigner;
use demo::doors::{self, Clerk, Owner, PEOPLE, Person};
use devstack::{Site, wait_until};

use super::stage::{LIMIT, PASSWORD, add_staff};

/// Somebody whose record is anchored.
pub struct Enrolled {
    pub person: Person,
    /// Of their wallet.
    pub key: PrivateKeySigner,
    /// As staff typed it.
    pub wallet: String,
    /// The record's id, in hexadecimal digits.
    pub record: String,
}

impl Enrolled {
    /// Everything personal, as it was typed and as it is stored.
    pub fn personal(&self) -> Vec<String> {
        let Person {
            name,
            email,
            phone,
            address,
            ..
        } = self.person;
        let last_name = name.rsplit(' ').next().unwrap();
        let street = address.split(',').next().unwrap();
        [last_name, email, phone, street]
            .map(str::to_owned)
            .into_iter()
            .chain([
                phone.replace(' ', ""),
                self.wallet.clone(),
                self.wallet.to_lowercase(),
            ])
            .collect()
    }
}

/// A clerk at entry-app.
pub async fn clerk(site: &Site) -> Clerk {
    add_staff(site, "clerk", "desk").await;
    Clerk::sign_in(site.entry.url(), "desk", PASSWORD)
        .await
        .unwrap()
}

/// Enters these people, who sign; nobody approves.
pub async fn sign_up(site: &Site, clerk: &Clerk, people: &[Person]) -> Vec<Enrolled> {
    let mut entered = Vec::new();
    for person in people {
        let key = PrivateKeySigner::random();
        let wallet = key.address().to_string();
        let record = clerk.enter(person, &wallet).await.unwrap();
        entered.push(Enrolled {
            person: *person,
            key,
            wallet,
            record,
        });
    }
    for one in &entered {
        let link = doors::consent_link(site, one.person.email).await.unwrap();
        let owner = Owner::new(one.key.clone());
        owner.sign(&link, one.person.grants).await.unwrap();
    }
    entered
}

/// Enters the first so many of the demo's people, who sign; approves all, and waits until they are anchored. Their UIDs
/// are one and up.
pub async fn enrol(site: &Site, clerk: &Clerk, count: usize) -> Vec<Enrolled> {
    let enrolled = sign_up(site, clerk, &PEOPLE[..count]).await;
    let records: Vec<&str> = enrolled.iter().map(|one| one.record.as_str()).collect();
    clerk.approve(&records).await.unwrap();
    let anchored = wait_until("all to be anchored", LIMIT, || async {
        let anchored = clerk.anchored().await?;
        let all = records.iter().all(|record| anchored.contains(*record));
        Ok(all.then_some(()))
    });
    anchored.await.unwrap();
    enrolled
}
