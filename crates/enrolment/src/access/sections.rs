//! A copy as people read it: the same words on the owner's page and on the desk's, and on paper.

use notification::moment;
use record::time::UnixMillis;

use super::asked_part::asked;
use super::disclosure::{Disclosure, Incident};
use super::version_part::version;
use super::words::{happened, looked, use_ground, words};

/// One part of the page.
pub struct Section {
    /// Names it within the page.
    pub id: &'static str,
    /// Its headline.
    pub title: &'static str,
    /// What there is to know beforehand; may be empty.
    pub about: &'static str,
    /// What stands in it; may be nothing.
    pub parts: Vec<Part>,
    /// What to say then.
    pub nothing: &'static str,
}

/// Facts that belong together.
#[derive(Default)]
pub struct Part {
    /// Their headline; may be empty.
    pub title: String,
    /// The facts.
    pub facts: Vec<Fact>,
    /// A text, with its line breaks; may be empty.
    pub text: String,
}

/// A name and what it is.
pub struct Fact {
    /// What people call it.
    pub label: String,
    /// What it is.
    pub value: String,
    /// Whether it is for programs: digits that nobody reads aloud.
    pub is_code: bool,
}

impl Fact {
    pub(super) fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            value: value.into(),
            is_code: false,
        }
    }

    pub(super) fn code(label: impl Into<String>, value: impl ToString) -> Self {
        Self {
            label: label.into(),
            value: value.to_string(),
            is_code: true,
        }
    }

    pub(super) fn at(label: impl Into<String>, at: Option<UnixMillis>) -> Option<Self> {
        Some(Self::new(label, moment(at?)))
    }
}

impl Part {
    pub(super) fn of(title: impl Into<String>, facts: impl IntoIterator<Item = Fact>) -> Self {
        Self {
            title: title.into(),
            facts: facts.into_iter().collect(),
            text: String::new(),
        }
    }

    /// Whether there is anything in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.title.is_empty() && self.facts.is_empty() && self.text.is_empty()
    }
}

impl Disclosure {
    /// All of it, in the order in which people ask.
    #[must_use]
    pub fn sections(&self) -> Vec<Section> {
        vec![
            self.who_holds_it(),
            self.details(),
            self.uses(),
            self.asked(),
            self.looks(),
            self.mailed(),
            self.breaches(),
            self.steps(),
            self.told(),
        ]
    }

    fn who_holds_it(&self) -> Section {
        let controller = &self.controller;
        let mut facts = vec![
            Fact::new("Responsible", &controller.name),
            Fact::new("Address", &controller.address),
            Fact::new("Contact", &controller.contact),
            Fact::new("Data-protection officer", &controller.officer),
            Fact::new("In the records since", moment(self.record.entered_at)),
            Fact::new("Source", "What you told the people at the desk"),
            Fact::new("State", words(&self.record.state)),
        ];
        facts.extend(
            self.record
                .uid
                .map(|uid| Fact::new("Number on the chain (UID)", uid.to_string())),
        );
        facts.extend(match self.left_out {
            0 => None,
            rows => Some(Fact::new(
                "Left out",
                format!("{rows} entries that somebody else wrote or changed"),
            )),
        });
        Section {
            id: "holder",
            nothing: "Nobody.",
            title: "Who holds it",
            about: "",
            parts: vec![Part::of("", facts)],
        }
    }

    fn details(&self) -> Section {
        let newest_first = self.versions.iter().rev();
        let versions = newest_first.map(|one| version(one, &self.chain));
        Section {
            id: "details",
            nothing: "Nothing.",
            title: "What is held about you",
            about: "Each time something was corrected there is a further version. The values of one that was replaced are destroyed; what \
                    you signed then stays as evidence. The long numbers prove each version on the blockchain: the file has all of them.",
            parts: versions.collect(),
        }
    }

    fn uses(&self) -> Section {
        let purposes = self.purposes.iter().map(|purpose| {
            let answer = match (purpose.is_choice, purpose.withdrawn_at, purpose.granted) {
                (false, ..) => "Does not rest on your consent".to_owned(),
                (true, Some(at), _) => format!("Taken back on {}", moment(at)),
                (true, None, true) => "Allowed by you".to_owned(),
                (true, None, false) => "Not allowed".to_owned(),
            };
            let facts = [
                Fact::new("Lawful basis", &purpose.lawful_basis),
                Fact::new("Your answer", answer),
            ];
            Part::of(&purpose.name, facts)
        });
        Section {
            id: "uses",
            nothing: "Nothing.",
            title: "What it is used for",
            about: "",
            parts: purposes.collect(),
        }
    }

    fn asked(&self) -> Section {
        Section {
            id: "asked",
            nothing: "Nothing.",
            title: "What you asked for",
            about: "",
            parts: asked(self),
        }
    }

    fn looks(&self) -> Section {
        let newest_first = self.readers.iter().rev();
        let facts = newest_first.map(|look| {
            let role = look.role.as_deref().unwrap_or("account that is gone");
            let on = look.ground.as_deref().map(use_ground);
            let on = on.map(|on| format!(", {on}")).unwrap_or_default();
            let what = format!("{} a {}{on}", looked(&look.what), role.replace('_', " "));
            Fact::new(moment(look.at), what)
        });
        Section {
            id: "readers",
            nothing: "Nobody.",
            title: "Who saw it",
            about: "Times and roles. Names of people who work here are not given; if you need one to use your rights, ask the \
                    data-protection officer.",
            parts: some(Part::of("", facts)),
        }
    }

    fn mailed(&self) -> Section {
        let facts = self.mails.iter().map(|mail| {
            let sent = mail.sent_at.map(|at| format!(", sent {}", moment(at)));
            let what = format!("{}{}", words(&mail.kind), sent.unwrap_or_default());
            Fact::new(moment(mail.written_at), what)
        });
        Section {
            id: "mails",
            nothing: "None.",
            title: "Mails about it",
            about: "The text of a mail and the address it went to are not kept once it is sent.",
            parts: some(Part::of("", facts)),
        }
    }

    fn breaches(&self) -> Section {
        Section {
            id: "incidents",
            nothing: "None.",
            title: "Incidents that it was part of",
            about: "",
            parts: self.incidents.iter().map(incident).collect(),
        }
    }

    fn steps(&self) -> Section {
        let newest_first = self.history.iter().rev();
        let facts = newest_first.map(|step| {
            let who = match step.by.as_str() {
                "owner" => ", by you",
                "staff" => ", by staff",
                _ => "",
            };
            Fact::new(moment(step.at), format!("{}{who}", happened(&step.what)))
        });
        Section {
            id: "steps",
            nothing: "Nothing.",
            title: "Its history",
            about: "",
            parts: some(Part::of("", facts)),
        }
    }

    fn told(&self) -> Section {
        let notices = self.notices.iter().map(|notice| Part {
            title: String::new(),
            facts: vec![Fact::code("SHA-256", notice.hash)],
            text: notice.text.clone(),
        });
        Section {
            id: "notice",
            nothing: "Nothing.",
            title: "Your rights, and what you were told",
            about: "You may have something corrected or erased, have its use restricted, object to it, take back what you allowed, and \
                    complain to the supervisory authority, which the notice names.",
            parts: notices.collect(),
        }
    }
}

fn some(part: Part) -> Vec<Part> {
    match part.is_empty() {
        true => Vec::new(),
        false => vec![part],
    }
}

fn incident(incident: &Incident) -> Part {
    let mut facts = vec![
        Fact::new("Detected", moment(incident.detected_at)),
        Fact::new("State", words(&incident.state)),
    ];
    facts.extend(Fact::at("Closed", incident.closed_at));
    for finding in &incident.findings {
        let fields = match finding.fields.is_empty() {
            true => String::new(),
            false => format!(" ({})", finding.fields.join(", ")),
        };
        let found = format!("{}{fields}", words(&finding.verdict));
        facts.push(Fact::new(
            format!("Found {}", moment(finding.found_at)),
            found,
        ));
        facts.extend(Fact::at("Put right", finding.resolved_at));
    }
    Part::of(format!("Incident {}", incident.number), facts)
}
