//! The controller's own particulars: who it is, what for it asks, and the notice that owners read before they sign.

mod keeping;

use std::fmt;
use std::path::Path;

use record::consent::Basis;
use record::keeping::{NotAPeriod, Period, Start};
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use keeping::Retention;

const LINK_DAYS_MAX: u32 = 90;
const VALIDITY_DAYS_MAX: u32 = 3650;
const NAME_MAX: usize = 200;

/// What the file at `CONTROLLER_PROFILE_FILE` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerProfile {
    /// How many days a consent link can be used.
    pub consent_link_days: u32,
    /// For how many days after it was offered a signature may be anchored.
    pub consent_validity_days: u32,
    /// The controller itself.
    pub controller: Controller,
    /// The data-protection officer.
    pub officer: Officer,
    /// When staff hear of what is due to be erased.
    #[serde(default)]
    pub retention: Retention,
    /// What the data is used for, in the order shown.
    pub purposes: Vec<Purpose>,
    /// The notice of GDPR Art. 13.
    pub notice: Notice,
}

/// The organisation that holds the data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// Its name.
    pub name: String,
    /// Its postal address; may have several lines.
    pub address: String,
    /// How to reach it: mail address or telephone number.
    pub contact: String,
}

impl Controller {
    /// Who it is, in one line, as owners sign it: name and address.
    #[must_use]
    pub fn identity(&self) -> String {
        let lines = self.address.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty());
        let parts: Vec<&str> = std::iter::once(self.name.trim()).chain(lines).collect();
        parts.join(", ")
    }
}

/// The data-protection officer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    /// How owners reach the officer: mail address or telephone number.
    pub contact: String,
}

/// One thing that the data is used for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Names it in forms and rows; lower case letters, digits and `-`.
    pub id: String,
    /// Its name, as owners sign it.
    pub name: String,
    /// Its lawful basis (GDPR Art. 6), as owners sign it.
    pub lawful_basis: String,
    /// Whether it rests on consent, so that the owner chooses; otherwise it is shown only.
    pub rests_on_consent: bool,
    /// Whether a law obliges the controller to it (Art. 6(1)(c)): it goes on when all else is taken back.
    #[serde(default)]
    pub legal_duty: bool,
    /// For how long data is kept for it, as `10 years`.
    #[serde(default, deserialize_with = "keeping::period")]
    pub keep_for: Option<Period>,
    /// From when that runs.
    #[serde(default)]
    pub keep_from: Start,
    /// Whether the owner may object to it: set where it rests on a public task or a legitimate interest (Art. 6(1)(e), (f)).
    #[serde(default)]
    pub objection: Option<Objection>,
    /// What it means for the owner.
    pub text: String,
    /// Whether nobody is asked about it any more: it stays here as long as records name it, so that what was signed is understood.
    #[serde(default)]
    pub retired: bool,
}

/// What becomes of an objection to a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// It is weighed against the controller's grounds (Art. 21(1)).
    Weighed,
    /// It is direct marketing, which ends at once (Art. 21(3)).
    Marketing,
}

/// The notice shown to owners.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Plain text; a blank line begins a paragraph. The last one is ours: how long data is kept for each purpose.
    pub text: String,
}

impl Notice {
    /// SHA-256 of the text's exact bytes: what owners sign.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// The paragraphs of the text.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.text
            .split("\n\n")
            .map(str::trim)
            .filter(|paragraph| !paragraph.is_empty())
    }
}

/// Why a profile was refused.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file could not be read.
    #[error("can't be read: {0}")]
    Read(#[from] std::io::Error),
    /// The file is not the TOML that is expected.
    #[error("is not a profile: {0}")]
    Toml(#[from] toml::de::Error),
    /// The values are wrong; all of them are named.
    #[error("{}", Problems(.0))]
    Wrong(Vec<String>),
}

struct Problems<'a>(&'a [String]);

impl fmt::Display for Problems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl ControllerProfile {
    /// Loads and checks a profile.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        Self::from_toml(&std::fs::read_to_string(path)?)
    }

    /// Reads and checks a profile.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let mut profile: Self = toml::from_str(text)?;
        let problems = profile.problems();
        if problems.is_empty() {
            profile.tell_periods();
            Ok(profile)
        } else {
            Err(ProfileError::Wrong(problems))
        }
    }

    /// The purposes that the owner chooses one by one.
    pub fn consent_purposes(&self) -> impl Iterator<Item = &Purpose> {
        self.purposes
            .iter()
            .filter(|purpose| purpose.rests_on_consent)
    }

    /// Whether a purpose was its owner's to choose. The message calls one that does not rest on consent granted, since it goes
    /// ahead without asking: that it was never asked is known from here, for as long as it is named here.
    #[must_use]
    pub fn is_choice(&self, signed: &record::consent::Purpose) -> bool {
        self.basis(signed).is_choice()
    }

    /// What a purpose, as it was signed, rests on.
    #[must_use]
    pub fn basis(&self, signed: &record::consent::Purpose) -> Basis {
        let Some(ours) = self.named_as(&signed.name, &signed.lawful_basis) else {
            return Basis::Unknown;
        };
        match ours.objection {
            _ if ours.rests_on_consent => Basis::Consent,
            _ if ours.legal_duty => Basis::LegalDuty,
            Some(Objection::Weighed) => Basis::Weighed,
            Some(Objection::Marketing) => Basis::Marketing,
            None => Basis::Other,
        }
    }

    /// The purposes that owners are asked about, or told of, now.
    pub fn current_purposes(&self) -> impl Iterator<Item = &Purpose> {
        self.purposes.iter().filter(|purpose| !purpose.retired)
    }

    fn named_as(&self, name: &str, lawful_basis: &str) -> Option<&Purpose> {
        self.purposes
            .iter()
            .find(|ours| ours.name == name && ours.lawful_basis == lawful_basis)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !(1..=LINK_DAYS_MAX).contains(&self.consent_link_days) {
            problems.push(format!("consent_link_days must be 1 to {LINK_DAYS_MAX}"));
        }
        if !(1..=VALIDITY_DAYS_MAX).contains(&self.consent_validity_days) {
            problems.push(format!(
                "consent_validity_days must be 1 to {VALIDITY_DAYS_MAX}"
            ));
        }
        check_line(&mut problems, "controller.name", &self.controller.name);
        check_text(
            &mut problems,
            "controller.address",
            &self.controller.address,
        );
        check_line(
            &mut problems,
            "controller.contact",
            &self.controller.contact,
        );
        check_line(&mut problems, "officer.contact", &self.officer.contact);
        check_text(&mut problems, "notice.text", &self.notice.text);
        self.retention.check(&mut problems);
        if self.current_purposes().next().is_none() {
            problems.push("there must be at least one [[purposes]]".to_owned());
        }
        for (index, purpose) in self.purposes.iter().enumerate() {
            self.check_purpose(&mut problems, index, purpose);
        }
        problems
    }

    fn check_purpose(&self, problems: &mut Vec<String>, index: usize, purpose: &Purpose) {
        let place = format!("purposes[{index}]");
        let id_holds = (1..=64).contains(&purpose.id.len())
            && purpose
                .id
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !id_holds {
            problems.push(format!(
                "{place}.id must be 1 to 64 lower case letters, digits or '-'"
            ));
        }
        let earlier = &self.purposes[..index];
        if earlier.iter().any(|other| other.id == purpose.id) {
            problems.push(format!("{place}.id is used twice"));
        }
        if earlier.iter().any(|other| other.name == purpose.name) {
            problems.push(format!("{place}.name is used twice"));
        }
        if purpose.legal_duty && purpose.rests_on_consent {
            problems.push(format!(
                "{place} can't both rest on consent and be a legal duty"
            ));
        }
        let has_another = purpose.legal_duty || purpose.rests_on_consent;
        if purpose.objection.is_some() && has_another {
            problems.push(format!(
                "{place} takes objections only where it rests neither on consent nor on a legal duty"
            ));
        }
        if purpose.objection.is_none() && names_weighed_basis(&purpose.lawful_basis) {
            problems.push(format!(
                "{place} rests on Art. 6(1)(e) or (f): it needs objection = \"weighed\", or \"marketing\" for direct marketing"
            ));
        }
        check_line(problems, &format!("{place}.name"), &purpose.name);
        check_line(
            problems,
            &format!("{place}.lawful_basis"),
            &purpose.lawful_basis,
        );
        check_text(problems, &format!("{place}.text"), &purpose.text);
        if purpose.keep_for.is_none() {
            problems.push(format!("{place}.keep_for {NotAPeriod}"));
        }
    }
}

/// Whether these words name an article that lets owners object (Art. 21(1)).
fn names_weighed_basis(lawful_basis: &str) -> bool {
    let words: String = lawful_basis.split_whitespace().collect();
    let words = words.to_ascii_lowercase();
    ["6(1)(e)", "6(1)(f)"]
        .iter()
        .any(|article| words.contains(article))
}

/// A single line, short enough for a wallet's signing window.
fn check_line(problems: &mut Vec<String>, place: &str, value: &str) {
    check_text(problems, place, value);
    if value.contains('\n') {
        problems.push(format!("{place} must be one line"));
    }
    if value.chars().count() > NAME_MAX {
        problems.push(format!("{place} is longer than {NAME_MAX} characters"));
    }
}

fn check_text(problems: &mut Vec<String>, place: &str, value: &str) {
    if value.trim().is_empty() {
        problems.push(format!("{place} is empty"));
    }
    // What is signed must read the same everywhere: nothing invisible, nothing that turns the reading direction.
    if value
        .chars()
        .any(|c| (c.is_control() && c != '\n') || turns_direction(c))
    {
        problems.push(format!("{place} has control or direction characters"));
    }
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    const GOOD: &str = r#"
        consent_link_days = 14
        consent_validity_days = 30

        [controller]
        name = "Riverside Health Centre"
        address = "1 Quay Street\nRiverside"
        contact = "records@riverside.example"

        [officer]
        contact = "privacy@riverside.example"

        [[purposes]]
        id = "care"
        name = "Care and appointments"
        lawful_basis = "Contract, Art. 6(1)(b)"
        rests_on_consent = false
        keep_for = "10 years"
        keep_from = "first_signature"
        text = "We use your details to treat you."

        [[purposes]]
        id = "research"
        name = "Research"
        lawful_basis = "Consent, Art. 6(1)(a)"
        rests_on_consent = true
        keep_for = "6 months"
        text = "We may ask you to take part in studies."

        [notice]
        text = "Who we are.\n\nWhat we do."
    "#;

    #[test]
    fn a_whole_profile_is_read() {
        let profile = ControllerProfile::from_toml(GOOD).unwrap();
        let chosen: Vec<_> = profile.consent_purposes().map(|p| p.id.as_str()).collect();
        assert_eq!(chosen, ["research"]);
        let paragraphs: Vec<_> = profile.notice.paragraphs().collect();
        assert_eq!(paragraphs[..2], ["Who we are.", "What we do."]);
        assert_eq!(paragraphs.len(), 3);
        let periods = "“Care and appointments” for 10 years from your first signature; “Research” for 6 months from your newest signature.";
        assert!(paragraphs[2].contains(periods), "{}", paragraphs[2]);
        assert_eq!(profile.retention.warn_days, 30);
    }

    #[test]
    fn how_long_is_known_of_what_the_profile_names() {
        let profile = ControllerProfile::from_toml(GOOD).unwrap();
        let signed = |name: &str| record::consent::Choice {
            name: name.to_owned(),
            lawful_basis: "Consent, Art. 6(1)(a)".to_owned(),
        };
        let keeping = profile.keeping_of(&signed("Research")).unwrap();
        assert_eq!(keeping.period.to_string(), "6 months");
        assert_eq!(keeping.start, Start::Signature);
        assert_eq!(profile.keeping_of(&signed("Resale")), None);
    }

    #[test]
    fn the_notice_hash_covers_the_exact_bytes() {
        let notice = |text: &str| Notice {
            text: text.to_owned(),
        };
        // printf 'abc' | sha256sum
        assert_eq!(
            hex::encode(notice("abc").hash()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_ne!(notice("abc").hash(), notice("abc\n").hash());
    }

    #[test]
    fn all_wrong_values_are_named() {
        let text = GOOD
            .replace("consent_link_days = 14", "consent_link_days = 0")
            .replace("id = \"research\"", "id = \"care\"")
            .replace("name = \"Research\"", "name = \"Re\\u202Esearch\"")
            .replace("contact = \"privacy@riverside.example\"", "contact = \" \"")
            .replace("keep_for = \"10 years\"", "")
            .replace("6 months", "a while")
            .replace("[officer]", "[retention]\nwarn_days = 0\n[officer]");
        let error = ControllerProfile::from_toml(&text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "consent_link_days must be 1 to 90; officer.contact is empty; retention.warn_days must be 1 to 365; \
             purposes[0].keep_for must be a number of days, months or years up to a hundred years, as in \"10 years\"; \
             purposes[1].id is used twice; purposes[1].name has control or direction characters; \
             purposes[1].keep_for must be a number of days, months or years up to a hundred years, as in \"10 years\""
        );
    }

    #[test]
    fn objections_are_taken_where_the_law_says_so() {
        let weighed = "Our legitimate interest, Art. 6 (1) (f)";
        let without = GOOD.replace("Contract, Art. 6(1)(b)", weighed);
        let error = ControllerProfile::from_toml(&without).unwrap_err();
        assert!(error.to_string().contains("needs objection"), "{error}");
        let with = |objection: &str| {
            let text = without.replacen(
                "rests_on_consent = false",
                &format!("rests_on_consent = false\n objection = \"{objection}\""),
                1,
            );
            ControllerProfile::from_toml(&text).unwrap()
        };
        let signed = record::consent::Purpose {
            name: "Care and appointments".to_owned(),
            lawful_basis: weighed.to_owned(),
            granted: true,
        };
        assert_eq!(with("weighed").basis(&signed), Basis::Weighed);
        assert_eq!(with("marketing").basis(&signed), Basis::Marketing);
        let on_consent = GOOD.replace(
            "rests_on_consent = true",
            "rests_on_consent = true\n objection = \"marketing\"",
        );
        let error = ControllerProfile::from_toml(&on_consent).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("purposes[1] takes objections only")
        );
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let text = GOOD.replace("rests_on_consent = true", "rests_on_consents = true");
        assert!(matches!(
            ControllerProfile::from_toml(&text),
            Err(ProfileError::Toml(_))
        ));
    }
}
