//! What one owner is asked: kept sealed in the link's row, so that what was read is what is signed.

use std::collections::BTreeSet;
use std::time::Duration;

use database::sealed::Predecessor;
use rand::CryptoRng;
use record::B256;
use record::consent::{ConsentMessage, Purpose, signed_fields};
use record::time::UnixMillis;
use serde::{Deserialize, Serialize};
use web_kit::profile::ControllerProfile;

use crate::details::Details;

const DAY: Duration = Duration::from_hours(24);

/// The terms of one consent: who asks, what for, since when and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Who asks.
    pub controller: String,
    /// SHA-256 of the notice.
    pub notice: B256,
    /// All purposes, in the order shown.
    pub purposes: Vec<OfferedPurpose>,
    /// 32 random bytes: one nonce serves one record version.
    pub nonce: B256,
    /// Unix seconds.
    pub issued_at: u64,
    /// Unix seconds.
    pub expires_at: u64,
}

/// A purpose as it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferedPurpose {
    /// Names it in the form.
    pub id: String,
    /// Its name, as signed.
    pub name: String,
    /// Its lawful basis, as signed.
    pub lawful_basis: String,
    /// Whether the owner chooses.
    pub rests_on_consent: bool,
    /// What it means for the owner.
    pub text: String,
    /// For how long their details are kept for it, as `10 years from your newest signature`.
    #[serde(default)]
    pub kept: Option<String>,
}

/// What the owner ticked is not all among the choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAChoice;

/// The owner's ticks: each is a choice of the offer.
pub struct Ticks(BTreeSet<String>);

impl Offer {
    /// A new one, good for the profile's time from now.
    pub fn new(profile: &ControllerProfile, now: UnixMillis, rng: &mut impl CryptoRng) -> Self {
        let mut nonce = B256::ZERO;
        rng.fill_bytes(nonce.as_mut_slice());
        Self {
            controller: profile.controller.identity(),
            notice: B256::from(profile.notice.hash()),
            purposes: offered(profile),
            nonce,
            issued_at: now.as_seconds(),
            expires_at: now.plus(DAY * profile.consent_validity_days).as_seconds(),
        }
    }

    /// Whether it still asks what the controller asks today, with half of its time left at least: after the signature
    /// the desk needs some of it to approve.
    pub fn is_fresh(&self, profile: &ControllerProfile, now: UnixMillis) -> bool {
        self.controller == profile.controller.identity()
            && self.notice.0 == profile.notice.hash()
            && self.purposes == offered(profile)
            && now.as_seconds() < self.issued_at.midpoint(self.expires_at)
    }

    /// Whether a signature comes too late.
    pub const fn has_expired(&self, now: UnixMillis) -> bool {
        now.as_seconds() >= self.expires_at
    }

    /// The purposes that the owner chooses one by one.
    pub fn choices(&self) -> impl Iterator<Item = &OfferedPurpose> {
        self.purposes
            .iter()
            .filter(|purpose| purpose.rests_on_consent)
    }

    /// The purposes that go ahead on another basis.
    pub fn fixed(&self) -> impl Iterator<Item = &OfferedPurpose> {
        self.purposes
            .iter()
            .filter(|purpose| !purpose.rests_on_consent)
    }

    /// Takes the ids that came from a browser, if all are choices.
    pub fn ticks(&self, ids: &[String]) -> Result<Ticks, NotAChoice> {
        let known = |id: &String| self.choices().any(|choice| choice.id == *id);
        if ids.iter().all(known) {
            Ok(Ticks(ids.iter().cloned().collect()))
        } else {
            Err(NotAChoice)
        }
    }

    /// The message that the owner signs. A first version has no number on the chain yet and follows none.
    pub fn message(
        &self,
        details: &Details,
        ticks: &Ticks,
        follows: Option<&Predecessor>,
    ) -> ConsentMessage {
        ConsentMessage {
            controller: self.controller.clone(),
            notice: self.notice,
            purposes: self
                .purposes
                .iter()
                .map(|purpose| purpose.chosen(ticks))
                .collect(),
            fields: signed_fields(details.fields()),
            wallet: details.wallet(),
            uid: follows.map_or(0, |before| before.uid.get()),
            version: details.version().get(),
            previous_proof: follows.map_or(B256::ZERO, |before| before.proof),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            nonce: self.nonce,
        }
    }
}

impl OfferedPurpose {
    fn chosen(&self, ticks: &Ticks) -> Purpose {
        Purpose {
            name: self.name.clone(),
            lawful_basis: self.lawful_basis.clone(),
            granted: !self.rests_on_consent || ticks.0.contains(&self.id),
        }
    }
}

fn offered(profile: &ControllerProfile) -> Vec<OfferedPurpose> {
    let purposes = profile.current_purposes();
    purposes
        .map(|purpose| OfferedPurpose {
            id: purpose.id.clone(),
            name: purpose.name.clone(),
            lawful_basis: purpose.lawful_basis.clone(),
            rests_on_consent: purpose.rests_on_consent,
            text: purpose.text.clone(),
            kept: purpose.keeping().map(|keeping| keeping.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use record::keeping::Period;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_300_800_000);

    fn profile() -> ControllerProfile {
        let text = r#"
            consent_link_days = 14
            consent_validity_days = 30
            controller = { name = "Riverside", address = "1 Quay Street", contact = "a@riverside.example" }
            officer = { contact = "b@riverside.example" }
            notice = { text = "Who we are." }

            [[purposes]]
            id = "care"
            name = "Care"
            lawful_basis = "Contract"
            rests_on_consent = false
            keep_for = "10 years"
            text = "We treat you."

            [[purposes]]
            id = "research"
            name = "Research"
            lawful_basis = "Consent"
            rests_on_consent = true
            keep_for = "5 years"
            text = "Studies."
        "#;
        ControllerProfile::from_toml(text).unwrap()
    }

    #[test]
    fn an_offer_is_renewed_when_half_its_time_is_over_or_something_else_is_asked() {
        let profile = profile();
        let offer = Offer::new(&profile, NOW, &mut rand::rng());
        assert!(offer.is_fresh(&profile, NOW.plus(DAY * 15 - Duration::from_secs(1))));
        assert!(!offer.is_fresh(&profile, NOW.plus(DAY * 15)));

        let mut changes: Vec<ControllerProfile> = (0..6).map(|_| profile.clone()).collect();
        changes[0].controller.name.push('!');
        changes[1].notice.text.push('!');
        changes[2].purposes[1].rests_on_consent = false;
        changes[3].purposes.pop();
        changes[4].controller.address.push('!');
        changes[5].purposes[0].keep_for = Some(Period::months(1));
        for changed in changes {
            assert!(!offer.is_fresh(&changed, NOW), "{changed:?}");
        }
    }

    #[test]
    fn a_signature_comes_too_late_at_the_end_of_the_offer() {
        let offer = Offer::new(&profile(), NOW, &mut rand::rng());
        assert!(!offer.has_expired(NOW.plus(DAY * 30 - Duration::from_secs(1))));
        assert!(offer.has_expired(NOW.plus(DAY * 30)));
    }

    #[test]
    fn only_choices_can_be_ticked() {
        let offer = Offer::new(&profile(), NOW, &mut rand::rng());
        let ticks =
            |ids: &[&str]| offer.ticks(&ids.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(ticks(&[]).is_ok());
        assert!(ticks(&["research"]).is_ok());
        assert!(ticks(&["care"]).is_err());
        assert!(ticks(&["research", "resale"]).is_err());
    }

    #[test]
    fn no_two_offers_share_a_nonce() {
        let offer = || Offer::new(&profile(), NOW, &mut rand::rng());
        assert_ne!(offer().nonce, offer().nonce);
    }
}
