//! Verified restore: what the backup holds, whether it gives the chain's word, and the button that puts it back.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use detection::{Plan, RestoreError};
use record::ids::Uid;
use web_kit::components::Tone;
use web_kit::error::{Error, Result};
use web_kit::page::{Page, html};
use web_kit::sign_in::{Role, SignedIn};

use super::unavailable;
use crate::pages::verdict_view;
use crate::state::Watchtower;
use crate::urls;
use database::verifications::Subject;

#[derive(Template)]
#[template(path = "records/restore.html")]
struct RestorePage {
    page: Page,
    address: String,
    uid: Uid,
    can_go: bool,
    text: String,
}

/// What a restore would come to.
pub async fn show(
    page: Page,
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path(uid): Path<String>,
) -> Result<Html<String>> {
    person.require(&[Role::DataProtectionOfficer])?;
    let uid: Uid = uid.parse().map_err(|_| Error::NotFound)?;
    let plan = tower.restorer.plan(uid).await.map_err(unavailable)?;
    html(&RestorePage {
        page: page.titled(format!("Restore record {uid}")),
        address: urls::record(Subject::uid(uid)),
        uid,
        can_go: matches!(plan, Plan::Matches(_)),
        text: words(&plan),
    })
}

/// Restores, if the backup still matches.
pub async fn submit(
    person: SignedIn,
    State(tower): State<Watchtower>,
    Path(uid): Path<String>,
) -> Result<Redirect> {
    person.require(&[Role::DataProtectionOfficer])?;
    let uid: Uid = uid.parse().map_err(|_| Error::NotFound)?;
    let (tone, text) = match tower.restorer.restore(uid, person.staff_id()).await {
        Ok(None) => (
            Tone::Warning,
            format!(
                "Record {uid} is written back, but can't be verified right now: press \"Verify\" in a moment. The row as found is kept."
            ),
        ),
        Ok(Some(restored)) => {
            let verdict = verdict_view::label(restored.finding.verdict);
            (
                Tone::Good,
                format!(
                    "Record {uid} is restored and verified again: {verdict}. The row as found is kept."
                ),
            )
        }
        Err(RestoreError::InOrder) => (
            Tone::Good,
            format!(
                "Record {uid} is as signed: there was nothing to restore, and nothing was changed."
            ),
        ),
        Err(RestoreError::Refused) => (
            Tone::Bad,
            format!(
                "Record {uid} is not restored: the backup holds nothing that matches the chain. Nothing was changed."
            ),
        ),
        Err(RestoreError::Hindered(hindrance)) => return Err(unavailable(hindrance)),
    };
    person.leave_notice(tone, text).await?;
    Ok(Redirect::to(&urls::record(Subject::uid(uid))))
}

fn words(plan: &Plan) -> String {
    match plan {
        Plan::InOrder => "This record is as signed: there is nothing to restore.".to_owned(),
        Plan::Matches(copy) if copy.is_from_log() => {
            "The backup has nothing that matches, but the rows that the database's log held before give exactly the proof \
             that stands on the chain, and the owner's signature holds. They can be put back; the row as it was found stays \
             with the incident."
                .to_owned()
        }
        Plan::Matches(_) => "The backup's copy gives exactly the proof that stands on the chain, and the owner's \
                             signature holds. It can be put back; the row as it was found stays with the incident."
            .to_owned(),
        Plan::NoBackup => "The backup holds no copy of this record.".to_owned(),
        Plan::NoBackupOf(version) => format!(
            "The backup holds no copy of version {version}, which stands on the chain. If nobody of yours anchored it, let \
             the authority declare it void first."
        ),
        Plan::DoesNotMatch(finding) => format!(
            "The backup does not match the chain either: its copy would be judged \"{}\". {} Nothing can be put back from it.",
            verdict_view::label(finding.verdict),
            finding.explanation().what
        ),
        Plan::NotOnChain => "The chain does not know this record: there is nothing to compare a copy with.".to_owned(),
        Plan::Retired => "This record ended on the chain. It must not come back.".to_owned(),
    }
}
