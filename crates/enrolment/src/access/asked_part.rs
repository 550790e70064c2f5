//! What the owner asked for, as people read it.

use notification::moment;

use super::disclosure::{Copied, Correction, Disclosure, Erasure, Prolonged, Withdrawal};
use super::sections::{Fact, Part};
use super::words::{way, words};

/// All of it, by what was asked.
pub(super) fn asked(disclosure: &Disclosure) -> Vec<Part> {
    let taken_back = disclosure.withdrawals.iter().map(withdrawal);
    let corrections = disclosure.corrections.iter().map(correction);
    let erasures = disclosure.erasures.iter().map(erasure);
    let prolongations = disclosure.prolongations.iter().map(prolongation);
    let copies = disclosure.copies.iter().map(copy);
    let all = taken_back.chain(corrections).chain(erasures);
    all.chain(prolongations).chain(copies).collect()
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

fn prolongation(one: &Prolonged) -> Part {
    let facts = [
        Fact::new("When", moment(one.decided_at)),
        Fact::new("Until", moment(one.ends_at)),
        Fact::new("Reason", &one.reason),
    ];
    Part::of("Kept for longer", facts)
}

fn copy(one: &Copied) -> Part {
    let mut facts = vec![
        Fact::new("When", moment(one.asked_at)),
        Fact::new("How", way(&one.way)),
    ];
    facts.extend(Fact::at("Opened", one.opened_at));
    Part::of("A copy before this one", facts)
}
