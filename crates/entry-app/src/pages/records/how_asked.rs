//! How an owner asked for something at the desk, and what shows that it is they: as staff note it, and as pages tell it. The fields are
//! those of `records/how_asked.html`, `records/way_choice.html` and `records/identity_choice.html`.

use database::erasures::Identity;
use database::request_way::RequestWay;
use web_kit::form::FormState;

/// The fields, with what they are called above the form.
pub const WAY: (&str, &str) = ("way", "How the owner asked");
pub const IDENTITY: (&str, &str) = ("identity", "How you know that it is the owner");

/// What staff can have seen. A wallet's signature and a mailed code are seen by programs.
pub const SEEN: [(Identity, &str); 2] = [
    (Identity::Document, "I saw a document with their photograph"),
    (Identity::Known, "I know them"),
];

/// How the owner asked, and how it is known that it is they, where anybody knows; none with what is wrong beside the form's fields.
pub fn read(form: &mut FormState) -> Option<(RequestWay, Option<Identity>)> {
    let way = read_way(form);
    let identity = match form.has(IDENTITY.0, "none") {
        true => None,
        false => {
            let problem = "Say whether you know that it is the owner.";
            Some(seen(form, IDENTITY.0, problem)?)
        }
    };
    Some((way?, identity))
}

/// How the owner asked; none with what is wrong beside the field.
pub fn read_way(form: &mut FormState) -> Option<RequestWay> {
    let way = way(form, WAY.0);
    if way.is_none() {
        form.problem(WAY.0, "Say how the owner asked for it.");
    }
    way
}

/// How it is known that it is the owner, where that has to be known; none with what is wrong beside the field.
pub fn read_identity(form: &mut FormState) -> Option<Identity> {
    seen(form, IDENTITY.0, "Say how you know that it is the owner.")
}

/// A way that a field offers.
pub fn way(form: &FormState, field: &str) -> Option<RequestWay> {
    let mut ways = RequestWay::AT_THE_DESK.iter().map(|(way, _)| *way);
    ways.find(|way| way.as_str() == form.value(field))
}

/// What was seen, as a field offers it; none with this problem beside it.
pub fn seen(form: &mut FormState, field: &str, problem: &str) -> Option<Identity> {
    let mut all = SEEN.iter().map(|(seen, _)| *seen);
    let seen = all.find(|seen| seen.as_str() == form.value(field));
    if seen.is_none() {
        form.problem(field, problem);
    }
    seen
}

/// A way, as pages tell it.
pub const fn way_in_words(way: RequestWay) -> &'static str {
    match way {
        RequestWay::Receipt | RequestWay::Link => "with the address in a mail",
        RequestWay::InPerson => "in person",
        RequestWay::ByPhone => "by phone",
        RequestWay::ByLetter => "by letter",
        RequestWay::ByMail => "by e-mail",
        RequestWay::Retention => "since its time was over",
    }
}

/// What showed that it is the owner, as pages tell it.
pub const fn identity_in_words(identity: Identity) -> &'static str {
    match identity {
        Identity::Wallet => "their wallet signed",
        Identity::Code => "a code came to the address in the record",
        Identity::Document => "staff saw a document",
        Identity::Known => "staff know them",
    }
}
