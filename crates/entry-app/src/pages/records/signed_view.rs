//! What the owner signed, as the record's page shows it.

use database::records::Record;
use database::sealed::SealedVersion;
use database::{consents, owner_keys, record_versions};
use record::consent::Purpose;
use record::ids::Version;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::profile::ControllerProfile;

use crate::state::Desk;

/// The owner's answer.
pub struct SignedView {
    pub version: Version,
    pub at: UnixMillis,
    /// None when the message does not open.
    pub purposes: Option<Vec<Answer>>,
}

/// A purpose, and what the owner said to it.
pub struct Answer {
    pub name: String,
    /// The article that it rests on.
    pub article: String,
    pub label: &'static str,
    pub tone: Tone,
}

impl Answer {
    /// The message calls a purpose that does not rest on consent granted, since it goes ahead without asking. That it
    /// was never asked is known from the profile, for as long as that names the purpose.
    fn new(purpose: Purpose, profile: &ControllerProfile) -> Self {
        let without_asking = profile.purposes.iter().any(|ours| {
            ours.name == purpose.name
                && ours.lawful_basis == purpose.lawful_basis
                && !ours.rests_on_consent
        });
        let (label, tone) = match (without_asking, purpose.granted) {
            (true, _) => ("Does not rest on consent", Tone::Neutral),
            (false, true) => ("Granted", Tone::Good),
            (false, false) => ("Not granted", Tone::Neutral),
        };
        Self {
            name: purpose.name,
            article: article(&purpose.lawful_basis),
            label,
            tone,
        }
    }
}

/// Of `Art. 6(1)(a): your consent` the article alone: the rest speaks to the owner.
fn article(lawful_basis: &str) -> String {
    let (article, _) = lawful_basis.split_once(':').unwrap_or((lawful_basis, ""));
    article.trim().to_owned()
}

/// The consent to the newest version, once it is there, and until then that to the one that it corrects. Whether the signature holds is checked when it counts: before
/// the proof is anchored, and at every verification.
pub async fn load(
    desk: &Desk,
    connection: &mut MySqlConnection,
    record: &Record,
) -> Result<Option<SignedView>> {
    let (id, mut version) = (record.id, record.version);
    let mut values = record_versions::load(connection, id, version).await?;
    let mut consent = consents::load(connection, id, version).await?;
    if consent.is_none() && record.has_correction_under_way() {
        values = record_versions::newest_anchored_below(connection, id, version).await?;
        version = values.as_ref().map_or(version, |row| row.version);
        consent = consents::load(connection, id, version).await?;
    }
    let Some(consent) = consent else {
        return Ok(None);
    };
    let at = consent.received_at;
    let key = owner_keys::of_record(connection, id).await?;
    let message = key
        .and_then(|wrapped| desk.keys.unwrap_owner_key(&wrapped).ok())
        .zip(values)
        .and_then(|(key, values)| {
            let consent = Some(consent);
            SealedVersion { values, consent }.open(&key).message?.ok()
        });
    Ok(Some(SignedView {
        version,
        at,
        purposes: message.map(|message| {
            let purposes = message.purposes.into_iter();
            purposes
                .map(|purpose| Answer::new(purpose, &desk.profile))
                .collect()
        }),
    }))
}
