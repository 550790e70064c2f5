use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::wait_until;
use url::Url;

use super::browser::Browser;
use super::people::Person;

const LIMIT: Duration = Duration::from_secs(60);

/// A member of staff at entry-app.
pub struct Clerk {
    browser: Browser,
}

impl Clerk {
    /// Signs in as staff.
    pub async fn sign_in(entry: &Url, login: &str, password: &str) -> Result<Self> {
        let browser = Browser::new(entry)?;
        browser
            .sign_in(login, password)
            .await
            .context("the clerk signs in")?;
        Ok(Self { browser })
    }

    /// Fills in the entry form and gives the id of the new record. Its link goes out by mail.
    pub async fn enter(&self, person: &Person, wallet: &str) -> Result<String> {
        self.fill_in(person, wallet, "mail").await
    }

    /// The same for somebody who stands at the desk, and gets no mail.
    pub async fn enter_at_the_desk(&self, person: &Person, wallet: &str) -> Result<String> {
        self.fill_in(person, wallet, "desk").await
    }

    async fn fill_in(&self, person: &Person, wallet: &str, send: &str) -> Result<String> {
        let form_page = self.browser.page("/records/new").await?;
        let submission = hidden_value(&form_page, "submission").context("the entry form")?;
        let age = person.age.to_string();
        let mut form = details(person, &age, wallet, send).to_vec();
        form.push(("submission", submission));
        let next = self.browser.submit("/records/new", &form).await;
        let next = next.with_context(|| format!("entry-app did not take {}", person.name))?;
        let id = next.rsplit('/').next().unwrap_or_default().to_owned();
        ensure!(is_record_id(&id), "{next} is not a record's page");
        Ok(id)
    }

    /// Changes what was entered, before it is signed. The new link goes out by mail.
    pub async fn edit(&self, record: &str, person: &Person, wallet: &str) -> Result<()> {
        let address = format!("/records/{record}/edit");
        let form_page = self.browser.page(&address).await?;
        let draft = hidden_value(&form_page, "draft").context("the form of a record")?;
        let age = person.age.to_string();
        let mut form = details(person, &age, wallet, "mail").to_vec();
        form.push(("draft", draft));
        let edited = self.browser.submit(&address, &form).await;
        edited.with_context(|| format!("entry-app did not change {}", person.name))?;
        Ok(())
    }

    /// Ticks these records in the list and approves them.
    pub async fn approve(&self, records: &[&str]) -> Result<()> {
        let form: Vec<(&str, &str)> = records.iter().map(|record| ("record", *record)).collect();
        self.browser.submit("/records/approve", &form).await?;
        Ok(())
    }

    /// Has a copy of everything made for the owner of a record, who asked for it by letter.
    pub async fn make_copy(&self, record: &str) -> Result<()> {
        let address = format!("/records/{record}/access");
        let form = [("way", "by_letter"), ("identity", "none")];
        let made = self.browser.submit(&address, &form).await;
        made.context("entry-app did not make the copy")?;
        Ok(())
    }

    /// Grants the erasure of a record whose owner has signed that they want it, as soon as that is there.
    pub async fn erase(&self, record: &str) -> Result<()> {
        let address = format!("/records/{record}/erasure");
        let asked = wait_until("the owner's request", LIMIT, || async {
            let page = self.browser.page(&address).await?;
            Ok(page.contains("by the owner's wallet").then_some(()))
        });
        asked.await?;
        let form = [("confirmed", "yes")];
        let granted = self
            .browser
            .submit(&format!("{address}/grant"), &form)
            .await;
        granted.context("entry-app did not erase the record")?;
        Ok(())
    }

    /// The ids of all records that are anchored, from the pages of the list.
    pub async fn anchored(&self) -> Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        let mut next = Some("/records?state=anchored".to_owned());
        while let Some(address) = next {
            let page = self.browser.page(&address).await?;
            let links = page
                .split("href=\"/records/")
                .skip(1)
                .filter_map(|rest| rest.split('"').next());
            found.extend(links.filter(|id| is_record_id(id)).map(str::to_owned));
            next = next_page(&page);
        }
        Ok(found)
    }
}

/// What the forms of a person's details ask for.
fn details<'a>(
    person: &Person,
    age: &'a str,
    wallet: &'a str,
    send: &'a str,
) -> [(&'static str, &'a str); 9] {
    [
        ("name", person.name),
        ("email", person.email),
        ("phone", person.phone),
        ("age", age),
        ("address", person.address),
        ("wallet", wallet),
        ("signer", "self"),
        ("relation", ""),
        ("send", send),
    ]
}

fn is_record_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The value of a hidden input.
fn hidden_value<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    after.split('"').next()
}

/// Where the pager leads.
fn next_page(page: &str) -> Option<String> {
    let after = page.split("rel=\"next\" href=\"").nth(1)?;
    Some(
        after
            .split('"')
            .next()?
            .replace("&#38;", "&")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_value_is_read() {
        let page = r#"<form><input type="hidden" name="submission" value="0a1b"><input name="name" value="x">"#;
        assert_eq!(hidden_value(page, "submission"), Some("0a1b"));
        assert_eq!(hidden_value(page, "other"), None);
    }

    #[test]
    fn the_pager_is_followed_to_its_end() {
        let page =
            r#"<a class="button" rel="next" href="/records?state=anchored&#38;after=7">Next</a>"#;
        assert_eq!(
            next_page(page).as_deref(),
            Some("/records?state=anchored&after=7")
        );
        assert_eq!(next_page("<span>Next</span>"), None);
    }

    #[test]
    fn only_ids_are_ids() {
        assert!(is_record_id("00112233445566778899aabbccddeeff"));
        assert!(!is_record_id("new"));
        assert!(!is_record_id("00112233445566778899aabbccddeeff/edit"));
    }
}
