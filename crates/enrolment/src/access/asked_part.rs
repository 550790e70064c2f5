//! What the owner asked for, as people read it.

use notification::moment;

use super::disclosure::{
    Copied, Correction, Disclosure, Erasure, Prolonged, Restriction, WalletChange, Withdrawal,
};
use super::sections::{Fact, Part};
use super::words::{way, words};

/// All of it, by what was asked.
pub(super) fn asked(disclosure: &Disclosure) -> Vec<Part> {
    let taken_back = disclosure.withdrawals.iter().map(withdrawal);
    let corrections = disclosure.corrections.iter().map(correction);
    let erasures = disclosure.erasures.iter().map(erasure);
    let restrictions = disclosure.restrictions.iter().map(restriction);
    let wallets = disclosure.wallet_changes.iter().map(wallet_change);
    let prolongations = disclosure.prolongations.iter().map(prolongation);
    let copies = disclosure.copies.iter().map(copy);
    let all = taken_back.chain(corrections).chain(erasures);
    let all = all.chain(restrictions).chain(wallets).chain(prolongations);
    all.chain(copies).collect()
}

fn withdrawal(one: &Withdrawal) -> Part {
    let names = one.purposes.iter().map(|purpose| purpose.name.as_str());
    let names: Vec<&str> = names.collect();
    let facts = [
        Fact::new("When", moment(one.at)),
        Fact::new("How", way(&one.way)),
        Fact::new("What for", names.join(", ")),
    ];
    Part::of("Consent taken back", facts)
}

fn correction(one: &Correction) -> Part {
    let mut facts = vec![
        Fact::new("When", moment(one.asked_at)),
        Fact::new("Your note", &one.note),
    ];
    facts.extend(one.answer.as_ref().map(|text| Fact::new("Answer", text)));
    facts.extend(Fact::at("Seen to", one.resolved_at));
    Part::of("Correction", facts)
}

fn erasure(one: &Erasure) -> Part {
    let mut facts = vec![
        Fact::new("When", moment(one.asked_at)),
        Fact::new("How", way(&one.way)),
        Fact::new("What came of it", words(&one.state)),
    ];
    facts.extend(Fact::at("Answered", one.decided_at));
    facts.extend(one.reason.as_ref().map(|text| Fact::new("Reason", text)));
    Part::of("Erasure", facts)
}

fn wallet_change(one: &WalletChange) -> Part {
    let mut facts = vec![
        Fact::new("When", moment(one.asked_at)),
        Fact::new("How you were known", words(&one.identity)),
        Fact::new("How far it came", words(&one.state)),
    ];
    facts.extend(Fact::at("Confirmed by a second person", one.confirmed_at));
    facts.extend(
        one.new_wallet
            .map(|wallet| Fact::code("New wallet", wallet.to_checksum(None))),
    );
    Part::of("Another wallet", facts)
}

fn prolongation(one: &Prolonged) -> Part {
    let facts = [
        Fact::new("When", moment(one.decided_at)),
        Fact::new("Until", moment(one.ends_at)),
        Fact::new("Reason", &one.reason),
    ];
    Part::of("Kept for longer", facts)
}

fn restriction(one: &Restriction) -> Part {
    let (title, granted) = match one.subject.as_str() {
        "restriction" => ("Restriction", "Stays restricted"),
        "marketing" => ("Objection to direct marketing", "Ended"),
        _ => ("Objection", "Upheld"),
    };
    let mut facts = Vec::new();
    facts.extend(
        one.ground
            .as_deref()
            .map(|ground| Fact::new("Ground", words(ground))),
    );
    if !one.purposes.is_empty() {
        let names: Vec<&str> = one.purposes.iter().map(|one| one.name.as_str()).collect();
        facts.push(Fact::new("What for", names.join(", ")));
    }
    for step in &one.steps {
        let label = match step.what.as_str() {
            "granted" => granted.to_owned(),
            "ending" => "You were told that it ends".to_owned(),
            other => words(other),
        };
        let how = step.way.as_deref().map(way);
        let how = how.map(|how| format!(", {how}")).unwrap_or_default();
        facts.push(Fact::new(label, format!("{}{how}", moment(step.at))));
        let said = if step.what == "asked" {
            "Your note"
        } else {
            "Reason"
        };
        facts.extend(step.note.as_ref().map(|note| Fact::new(said, note)));
    }
    Part::of(title, facts)
}

fn copy(one: &Copied) -> Part {
    let mut facts = vec![
        Fact::new("When", moment(one.asked_at)),
        Fact::new("How", way(&one.way)),
    ];
    facts.extend(Fact::at("Opened", one.opened_at));
    Part::of("A copy before this one", facts)
}
