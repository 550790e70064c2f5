//! For how long the controller keeps data for each purpose, and what the notice says of it (GDPR Art. 5(1)(e), 13(2)(a)).

use record::consent::Choice;
use record::keeping::{Keeping, Period};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use super::{ControllerProfile, Purpose};

const WARN_DAYS_MAX: u32 = 365;

/// What the controller wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How many days before a record is due to be erased staff hear of it.
    pub warn_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { warn_days: 30 }
    }
}

impl Retention {
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        if !(1..=WARN_DAYS_MAX).contains(&self.warn_days) {
            problems.push(format!("retention.warn_days must be 1 to {WARN_DAYS_MAX}"));
        }
    }
}

/// Reads a period; one that is wrong is told of together with all else that is wrong.
pub(super) fn period<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(text.parse().ok())
}

impl Purpose {
    /// For how long, and from when. Every profile that was loaded has it.
    #[must_use]
    pub fn keeping(&self) -> Option<Keeping> {
        self.keep_for.map(|period| Keeping {
            period,
            start: self.keep_from,
        })
    }
}

impl ControllerProfile {
    /// For how long data is kept for a purpose, as it was signed; none when it is not named here: nobody knows then.
    #[must_use]
    pub fn keeping_of(&self, signed: &Choice) -> Option<Keeping> {
        self.named_as(&signed.name, &signed.lawful_basis)
            .and_then(Purpose::keeping)
    }

    /// A hash of all that tells how long data is kept: what was reckoned from another one is reckoned anew.
    #[must_use]
    pub fn fingerprint_of_keeping(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for purpose in &self.purposes {
            let keeping = purpose.keeping().map(|keeping| keeping.to_string());
            for text in [
                &purpose.name,
                &purpose.lawful_basis,
                &keeping.unwrap_or_default(),
            ] {
                // Behind its length, so that texts can't trade bytes.
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
            hash.update([purpose.rests_on_consent, purpose.legal_duty].map(u8::from));
        }
        hash.finalize().into()
    }

    /// Owners sign the hash of the notice, and so what it says of the periods.
    pub(super) fn tell_periods(&mut self) {
        let periods = self.current_purposes().filter_map(|purpose| {
            let keeping = purpose.keeping()?;
            Some(format!("“{}” for {keeping}", purpose.name))
        });
        let periods = periods.collect::<Vec<_>>().join("; ");
        let told = format!(
            "How long we keep your details: {periods}. A use that you do not allow, or allow no longer, keeps nothing. When the time of every \
             use is over, your record is erased. Where the law permits or obliges us to keep it longer, the reason is noted with it."
        );
        let text = self.notice.text.trim_end();
        self.notice.text = format!("{text}\n\n{told}");
    }
}
