//! What a purpose rests on.

/// What lets data be used for a purpose, as far as the controller's profile tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The owner's consent: they choose (GDPR Art. 6(1)(a)).
    Consent,
    /// A duty of law (Art. 6(1)(c)).
    LegalDuty,
    /// A legitimate interest or a public task (Art. 6(1)(e), (f)): the owner may object, and it is weighed (Art. 21(1)).
    Weighed,
    /// Direct marketing on a legitimate interest: the owner may object, and it ends (Art. 21(3)).
    Marketing,
    /// Something else, as a contract.
    Other,
    /// Nobody knows: the profile does not name the purpose.
    Unknown,
}

impl Basis {
    /// Whether a purpose was its owner's to choose, as far as anybody knows.
    #[must_use]
    pub const fn is_choice(self) -> bool {
        matches!(self, Self::Consent | Self::Unknown)
    }

    /// Whether its owner may object to a purpose.
    #[must_use]
    pub const fn takes_objections(self) -> bool {
        matches!(self, Self::Weighed | Self::Marketing)
    }
}
