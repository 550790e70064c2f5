//! The form of a person's details, shared by entering, editing and correcting: reading, checking, filling in.

use database::index;
use database::records_view::{self, ListedRecord, Search};
use enrolment::{Details, Sending};
use record::entry::{
    clean_address, clean_age, clean_email, clean_name, clean_phone, clean_relation, clean_wallet,
};
use sqlx::MySqlConnection;
use web_kit::error::Result;
use web_kit::form::FormState;
use zeroize::Zeroizing;

use super::lines::Line;
use super::opened::Opened;
use crate::state::Desk;

/// How many of the last characters of an address without checksum are typed again.
const TAIL: usize = 6;
const MOST_DUPLICATES: u32 = 5;

/// Who signs, as the form offers it.
pub const SIGNERS: &[(&str, &str)] = &[
    (enrolment::OWN_WALLET, "The person themself"),
    ("guardian", "A guardian"),
    ("proxy", "A proxy"),
];

/// What the form shows of what the owner signed before, and nobody types.
pub struct Signed {
    pub wallet: String,
    pub whose: String,
}

impl Signed {
    /// Of a record that is corrected.
    pub fn of(details: &Details, opened: &Opened) -> Self {
        Self {
            wallet: details.wallet.to_string(),
            whose: opened.whose_wallet(),
        }
    }
}

/// What the form calls its fields.
pub const LABELS: &[(&str, &str)] = &[
    ("email", "E-mail"),
    ("address", "Postal address"),
    ("wallet", "Wallet address"),
    ("last_characters", "Last 6 characters of the wallet address"),
    ("signer", "Whose wallet is it?"),
    ("relation", "Relation of the guardian or proxy"),
];

/// Reads the details; what is wrong stands beside its field. What the owner `signed` before keeps its wallet: no other one
/// could sign a correction.
pub fn read(form: &mut FormState, signed: Option<&Details>) -> Option<Details> {
    let name = form.check("name", clean_name);
    let email = form.check("email", clean_email);
    let phone = form.check("phone", clean_phone);
    let age = form.check("age", clean_age);
    let address = form.check("address", clean_address);
    let (wallet, relation) = match signed {
        Some(signed) => (Some(signed.wallet), Some(signed.relation.to_string())),
        None => (read_wallet(form), read_relation(form)),
    };
    Some(Details {
        name: Zeroizing::new(name?),
        email: Zeroizing::new(email?),
        phone: Zeroizing::new(phone?),
        age: age?,
        address: Zeroizing::new(address?),
        wallet: wallet?,
        relation: Zeroizing::new(relation?),
    })
}

/// Whether the link goes out by mail; that is what happens unless the owner stands at the desk.
pub fn sending(form: &FormState) -> Sending {
    if form.value("send") == "desk" {
        Sending::AtTheDesk
    } else {
        Sending::ByMail
    }
}

/// An address in one case carries no checksum: its last characters are typed once more.
pub fn read_wallet(form: &mut FormState) -> Option<alloy_primitives::Address> {
    let wallet = form.check("wallet", clean_wallet)?;
    if wallet.checksummed {
        return Some(wallet.address);
    }
    let text = wallet.address.to_string().to_lowercase();
    let tail = &text[text.len() - TAIL..];
    let typed = form.value("last_characters").trim().to_lowercase();
    if typed == tail {
        return Some(wallet.address);
    }
    form.problem(
        "last_characters",
        if typed.is_empty() {
            "This address carries no checksum. Please read its last 6 characters from the owner's wallet and type them here."
        } else {
            "These are not the last 6 characters of the address above. Please compare both with the owner's wallet."
        },
    );
    None
}

fn read_relation(form: &mut FormState) -> Option<String> {
    let signer = form.value("signer").to_owned();
    match signer.as_str() {
        enrolment::OWN_WALLET => Some(signer),
        "guardian" | "proxy" => {
            let words = form.check("relation", clean_relation)?;
            Some(format!("{signer}: {words}"))
        }
        _ => {
            form.problem("signer", "Please say whose wallet it is.");
            None
        }
    }
}

/// An empty form's usual choices.
pub fn preset(form: &mut FormState) {
    if form.value("signer").is_empty() {
        form.set("signer", enrolment::OWN_WALLET);
    }
    if form.value("send").is_empty() {
        form.set("send", "mail");
    }
}

/// Fills the form in with what is stored.
pub fn fill(form: &mut FormState, details: &Details) {
    form.set("name", details.name.as_str());
    form.set("email", details.email.as_str());
    form.set("phone", details.phone.as_str());
    form.set("age", details.age.to_string());
    form.set("address", details.address.as_str());
    form.set("wallet", details.wallet.to_string());
    let (signer, words) = details
        .relation
        .split_once(": ")
        .unwrap_or((&details.relation, ""));
    form.set("signer", signer);
    form.set("relation", words);
    form.set("send", "mail");
}

/// Other records with the same wallet or e-mail address, unless staff have seen them and go on.
pub async fn duplicates(
    desk: &Desk,
    connection: &mut MySqlConnection,
    details: &Details,
    form: &FormState,
    is_the_same: impl Fn(&ListedRecord) -> bool,
) -> Result<Vec<Line>> {
    if form.has("duplicate", "confirmed") {
        return Ok(Vec::new());
    }
    let searches = [
        Search::Wallet(index::wallet(desk.keys.index(), &details.wallet)),
        Search::Email(index::email(desk.keys.index(), &details.email)),
    ];
    let front = desk.keys.front();
    let mut others: Vec<ListedRecord> = Vec::new();
    for search in searches {
        let found = records_view::find(connection, &front, search, MOST_DUPLICATES).await?;
        for row in found {
            if !is_the_same(&row) && !others.iter().any(|other| other.id == row.id) {
                others.push(row);
            }
        }
    }
    Line::all(desk, connection, &others).await
}
