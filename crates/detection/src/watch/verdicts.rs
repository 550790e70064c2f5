//! Bad verdicts that somebody took out or wrote over: until the sweep comes by, the record would read as good as the part of a
//! round says that was handed in before.

use database::verifications::{self, Subject};
use database::{MySqlConnection, records_view};
use keyring::ApplicationKeys;

use super::PAGE;
use super::touched::Touched;
use crate::obstacle::Hindrance;
use crate::registrar::Registrar;

impl Registrar {
    /// Looks again at what no longer reads as bad as it did. Where that is our own doing, nothing comes of it.
    pub(super) async fn look_at_verdicts(&self, touched: &Touched) -> Result<(), Hindrance> {
        let better = self.reading_better(touched).await?;
        if better.is_empty() {
            return Ok(());
        }
        let sight = self.examiner().sight().await?;
        for page in better.chunks(PAGE) {
            let mut examined = Vec::with_capacity(page.len());
            for subject in page {
                examined.extend(self.look_at(*subject, sight).await?);
            }
            self.file_found(examined, |_| {}).await?;
        }
        Ok(())
    }

    async fn reading_better(&self, touched: &Touched) -> Result<Vec<Subject>, Hindrance> {
        let mut better = Vec::new();
        if touched.verdicts.is_empty() {
            return Ok(better);
        }
        let parts = self.examiner().parts();
        let mut connection = parts.pool.acquire().await?;
        for subject in &touched.verdicts {
            if !reads_bad(&mut connection, &parts.keys, *subject).await? {
                better.push(*subject);
            }
        }
        Ok(better)
    }
}

async fn reads_bad(
    connection: &mut MySqlConnection,
    keys: &ApplicationKeys,
    subject: Subject,
) -> Result<bool, Hindrance> {
    let verdict = match subject.as_uid() {
        Some(uid) => {
            let standing = records_view::standing(connection, keys, uid).await?;
            standing.verification
        }
        None => match verifications::load(connection, keys, subject).await {
            Err(error) if error.is_tampering() => None,
            loaded => loaded?,
        },
    };
    Ok(verdict.is_some_and(|one| one.verdict.is_bad()))
}
