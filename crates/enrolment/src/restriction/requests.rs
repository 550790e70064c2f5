//! The requests about a record, each with what came of it.

use std::collections::BTreeMap;

use database::Checked;
use database::restriction_steps::{
    self, RestrictionStep, RestrictionStepKind as Kind, RestrictionSubject as Subject,
};
use keyring::FrontKeys;
use record::consent::Choice;
use record::ids::{RecordId, RestrictionId};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;

use crate::EnrolmentError;

/// Why an owner may have the use of their record restricted (GDPR Art. 18(1)). That of (d), an objection, is a request of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// (a) They say that details are wrong.
    Accuracy,
    /// (b) It is not lawful, and they do not want it erased.
    Unlawful,
    /// (c) They need it for a legal claim.
    Claims,
}

impl Ground {
    /// The ground of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let all = [Self::Accuracy, Self::Unlawful, Self::Claims];
        all.into_iter().find(|ground| ground.as_str() == name)
    }

    /// For staff.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Accuracy => "The owner says that details are wrong",
            Self::Unlawful => "The use is not lawful, and the owner does not want it erased",
            Self::Claims => "The owner needs it for a legal claim",
        }
    }

    /// Its name in forms and in the copy for the owner.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Unlawful => "unlawful",
            Self::Claims => "claims",
        }
    }
}

/// What an owner wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// That the record is restricted.
    Restriction(Ground),
    /// That these purposes end.
    Objection(Vec<Choice>),
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The first step.
    pub asked: RestrictionStep,
    /// What is wanted.
    pub wanted: Wanted,
    /// What came of it, in order.
    pub steps: Vec<RestrictionStep>,
}

/// All of a record.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    /// The requests, oldest first.
    pub all: Vec<Request>,
    /// How many steps of ours there are.
    pub steps: usize,
    /// How many steps are not ours, or do not belong to anything.
    pub tampered: usize,
}

impl Request {
    /// What it is called.
    #[must_use]
    pub const fn id(&self) -> RestrictionId {
        self.asked.id
    }

    /// Whether it came as far as this.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.step(kind).is_some()
    }

    /// This step, once it was made.
    #[must_use]
    pub fn step(&self, kind: Kind) -> Option<&RestrictionStep> {
        self.steps.iter().find(|step| step.kind == kind)
    }

    /// Whether somebody has to decide.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.restricts() && !self.has(Kind::Granted) && !self.has(Kind::Refused)
    }

    /// Whether the record is restricted for it: from the moment it was asked until it is lifted, or taken back.
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.asked.subject != Subject::Marketing && !self.is_over()
    }

    fn is_over(&self) -> bool {
        self.has(Kind::Lifted) || self.has(Kind::Withdrawn)
    }

    /// Whether its owner may take it back: a restriction that they asked for. One that comes with an objection stays with it.
    #[must_use]
    pub fn can_be_withdrawn(&self) -> bool {
        self.asked.subject == Subject::Restriction && self.restricts()
    }

    /// Whether the owner was told that it is about to be lifted.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        let ends = match self.asked.subject {
            Subject::Restriction => Kind::Ending,
            Subject::Objection | Subject::Marketing => Kind::Granted,
        };
        self.restricts() && (self.has(ends) || self.has(Kind::Refused))
    }

    /// The purposes that it is about; none where it is about the record.
    #[must_use]
    pub fn purposes(&self) -> &[Choice] {
        match &self.wanted {
            Wanted::Restriction(_) => &[],
            Wanted::Objection(purposes) => purposes,
        }
    }

    /// Whether its purposes have ended for good.
    #[must_use]
    pub fn has_ended_purposes(&self) -> bool {
        match self.asked.subject {
            Subject::Marketing => true,
            Subject::Objection => self.has(Kind::Granted),
            Subject::Restriction => false,
        }
    }

    /// Whether nobody need ask for the same again: not where it was refused, lifted or taken back.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.has_ended_purposes() || !(self.has(Kind::Refused) || self.is_over())
    }
}

impl Requests {
    /// Those of a record.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn load(
        connection: &mut MySqlConnection,
        front: &FrontKeys,
        record: RecordId,
    ) -> Result<Self, EnrolmentError> {
        let found = restriction_steps::of_record(connection, front, record).await?;
        Ok(Self::of(found, front))
    }

    /// From the steps of a record.
    #[must_use]
    pub fn of(found: Checked<RestrictionStep>, front: &FrontKeys) -> Self {
        let mut requests = Self {
            steps: found.rows.len(),
            tampered: found.tampered.len(),
            ..Self::default()
        };
        let mut by_request = BTreeMap::<RestrictionId, Vec<RestrictionStep>>::new();
        for step in found.rows {
            by_request.entry(step.request_id).or_default().push(step);
        }
        for mut steps in by_request.into_values() {
            steps.sort_by_key(|step| step.kind);
            match request(steps, front) {
                Some(request) => requests.all.push(request),
                None => requests.tampered += 1,
            }
        }
        requests.all.sort_by_key(|request| request.asked.at);
        requests
    }

    /// One of them.
    #[must_use]
    pub fn find(&self, id: RestrictionId) -> Option<&Request> {
        self.all.iter().find(|request| request.id() == id)
    }
}

/// None where its beginning is gone, or does not open.
fn request(steps: Vec<RestrictionStep>, front: &FrontKeys) -> Option<Request> {
    let asked = steps.first().filter(|step| step.kind == Kind::Asked)?;
    let json = asked.open(front).ok()??;
    let wanted = serde_json::from_slice(&json).ok()?;
    Some(Request {
        asked: asked.clone(),
        wanted,
        steps,
    })
}
