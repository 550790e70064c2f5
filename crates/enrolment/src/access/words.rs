//! What stands in the file as one word, as people say it.

/// Of what has no better words.
pub(super) fn words(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Of a field.
pub(super) fn label(field: &str) -> String {
    match field {
        "email" => "E-mail".to_owned(),
        "address" => "Postal address".to_owned(),
        other => words(other),
    }
}

/// How an owner asked.
pub(super) fn way(name: &str) -> String {
    let text = match name {
        "receipt" => "On the page after signing",
        "link" => "By the address in a mail",
        "by_mail" => "By e-mail",
        "retention" => "Its time was over",
        other => return words(other),
    };
    text.to_owned()
}

/// Before who it was.
pub(super) fn looked(name: &str) -> String {
    let text = match name {
        "revealed" => "Shown to",
        "edited" => "Opened for a change by",
        "evidence" => "What changed it was shown to",
        "searched" => "Found in a search by",
        "copied" => "A copy for you was shown to",
        "stated" => "A ground to look at it was stated by",
        other => return format!("{}, by", words(other)),
    };
    text.to_owned()
}

/// A step of the history.
pub(super) fn happened(name: &str) -> String {
    let text = match name {
        "link_created" => "Link to sign made",
        "link_sent" => "Link to sign sent",
        "link_revoked" => "Link to sign taken back",
        "link_opened" => "Link to sign opened",
        "link_locked" => "Link to sign locked after wrong codes",
        "consented" => "Signed",
        "correction_requested" => "Correction asked for",
        "correction_refused" => "Told why it is not corrected",
        "consent_withdrawn" => "Consent taken back",
        "anchoring_planned" | "anchoring_sent" | "anchoring_mined" => {
            "On its way to the blockchain"
        }
        "anchoring_rejected" => "Not written to the blockchain",
        "anchored" => "Written to the blockchain",
        "restored" => "Put back from a verified copy",
        "rectification_begun" => "Correction begun",
        "rectification_dropped" => "Correction given up",
        "values_destroyed" => "Values before the correction destroyed",
        "erasure_asked" => "Erasure asked for",
        "retention_prolonged" => "Kept for longer, for a reason",
        "erasure_refused" => "Told why it is not erased",
        "restriction_asked" => "Restriction asked for",
        "restriction_granted" => "Stays restricted",
        "restriction_refused" => "Told why it is not restricted",
        "restriction_ending" => "Told that a restriction ends",
        "restriction_lifted" => "Restriction lifted",
        "restriction_withdrawn" => "Request to restrict taken back",
        "objection_made" => "Objected to a use",
        "objection_upheld" => "Use that was objected to ended",
        "objection_refused" => "Told why a use goes on",
        "copy_asked" => "Copy of everything asked for",
        "copy_identified" => "Written down how you are known",
        "copy_given" => "Copy of everything handed over",
        "copy_revoked" => "Copy of everything taken back",
        "copy_locked" => "Copy of everything locked after wrong codes",
        "wallet_change_asked" => "Another wallet asked for",
        "wallet_change_confirmed" => "Another wallet confirmed by a second person",
        "wallet_change_ordered" => "Another wallet ordered by the data-protection authority",
        "wallet_change_begun" => "Version with another wallet begun",
        "wallet_change_given_up" => "Another wallet given up",
        other => return words(other),
    };
    text.to_owned()
}

/// On what somebody looked while it was restricted.
pub(super) fn use_ground(name: &str) -> String {
    let text = match name {
        "storage" => "to keep it",
        "consent" => "with your consent",
        "legal_claims" => "for legal claims",
        "protection" => "to protect somebody else",
        "public_interest" => "for an important public interest",
        other => return words(other),
    };
    text.to_owned()
}
