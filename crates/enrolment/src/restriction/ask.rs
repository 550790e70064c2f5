//! An owner asks to have the use of their record restricted, or objects to uses of it.

use database::MySqlConnection;
use database::erasures::Identity;
use database::records::Record;
use database::request_way::RequestWay;
use database::restriction_steps::{RestrictionStepKind as Kind, RestrictionSubject as Subject};
use keyring::ApplicationKeys;
use notification::RestrictionNews;
use rand::CryptoRng;
use record::consent::{Basis, Choice, Purpose};
use record::ids::{RecordId, RestrictionId, StaffId};
use record::time::UnixMillis;
use record::wiped_json;

use super::requests::{Requests, Wanted};
use super::step::{NewStep, letter, make, tell};
use crate::EnrolmentError;
use crate::due::a_month_after;
use crate::letterhead::{Letterhead, Reader};
use crate::lock::lock_held;
use crate::signed::newest_signed;

/// What is asked, and how.
pub struct Asking<'a> {
    /// What the requests are to be called that it comes to: what is weighed, or the record is restricted for, and what ends at once.
    pub ids: [RestrictionId; 2],
    /// Whose.
    pub record: RecordId,
    /// What they want.
    pub wanted: Wanted,
    /// In their own words, where they gave any.
    pub note: Option<&'a str>,
    /// How it came.
    pub way: RequestWay,
    /// What shows that it is the owner, where anything does.
    pub identity: Option<Identity>,
    /// Who at the desk wrote it down; none where the owner did it.
    pub staff: Option<StaffId>,
    /// Who writes to the owner.
    pub letterhead: Letterhead<'a>,
    /// What a purpose rests on.
    pub basis: &'a (dyn Fn(&Purpose) -> Basis + Send + Sync),
    /// When they asked.
    pub at: UnixMillis,
}

/// Notes it: it holds from now on. The owner is told by when they have an answer, or that direct marketing has ended. What stands
/// already is not noted again. Gives the requests that it came to.
///
/// # Errors
/// [`EnrolmentError::Unknown`] when there is no such record, [`EnrolmentError::State`] when nothing is held of it, or it is being erased;
/// [`EnrolmentError::Unreadable`] when purposes are named, and what was signed does not open.
pub async fn ask(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    asking: &Asking<'_>,
    rng: &mut (impl CryptoRng + Send),
) -> Result<Vec<RestrictionId>, EnrolmentError> {
    let (front, id) = (keys.front(), asking.record);
    let record = lock_held(transaction, &front, id).await?;
    let before = Requests::load(transaction, &front, id).await?;
    if asking.ids.iter().any(|id| before.find(*id).is_some()) {
        return Ok(Vec::new());
    }
    let signed = newest_signed(transaction, keys, &record).await?;
    let (details, purposes) = signed.map_or((None, None), |one| (one.details, one.purposes));
    let parts = match &asking.wanted {
        Wanted::Restriction(_) => match before
            .all
            .iter()
            .any(|one| one.wanted == asking.wanted && one.stands())
        {
            true => Vec::new(),
            false => vec![(Subject::Restriction, asking.wanted.clone())],
        },
        Wanted::Objection(wanted) => {
            let purposes = purposes
                .ok_or_else(|| EnrolmentError::unreadable("what the owner signed does not open"))?;
            objections(wanted, &purposes, &before, asking.basis)
        }
    };
    let reader = details.as_ref().map(Reader::of);
    let mut made = Vec::new();
    for (subject, wanted) in parts {
        let request = (subject, &wanted, reader.as_ref());
        made.push(begin(transaction, keys, asking, &record, request, rng).await?);
    }
    Ok(made)
}

/// What of it is weighed and what ends at once, each as a request of its own: the purposes that were signed, that take objections, and that
/// no request is about which stands.
fn objections(
    wanted: &[Choice],
    signed: &[Purpose],
    before: &Requests,
    basis: &(dyn Fn(&Purpose) -> Basis + Send + Sync),
) -> Vec<(Subject, Wanted)> {
    let stands = |choice: &Choice| {
        let mut standing = before.all.iter().filter(|one| one.stands());
        standing.any(|one| one.purposes().contains(choice))
    };
    let of = |which: Basis| {
        let those = signed.iter().filter(|purpose| basis(purpose) == which);
        let choices: Vec<Choice> = those
            .map(Choice::from)
            .filter(|choice| wanted.contains(choice) && !stands(choice))
            .collect();
        Some(choices).filter(|choices| !choices.is_empty())
    };
    let weighed = of(Basis::Weighed).map(|those| (Subject::Objection, Wanted::Objection(those)));
    let marketing =
        of(Basis::Marketing).map(|those| (Subject::Marketing, Wanted::Objection(those)));
    weighed.into_iter().chain(marketing).collect()
}

async fn begin(
    transaction: &mut MySqlConnection,
    keys: &ApplicationKeys,
    asking: &Asking<'_>,
    record: &Record,
    (subject, wanted, reader): (Subject, &Wanted, Option<&Reader>),
    rng: &mut (impl CryptoRng + Send),
) -> Result<RestrictionId, EnrolmentError> {
    let id = asking.ids[usize::from(subject == Subject::Marketing)];
    let due_at = a_month_after(asking.at);
    let content = wiped_json(wanted).map_err(EnrolmentError::unreadable)?;
    let new = NewStep {
        id,
        request_id: id,
        subject,
        kind: Kind::Asked,
        way: Some(asking.way),
        identity: asking.identity,
        staff: asking.staff,
        due_at: Some(due_at).filter(|_| subject != Subject::Marketing),
        content: Some(&content),
        note: asking.note,
        at: asking.at,
    };
    make(transaction, keys, record, &new, rng).await?;
    if let Some(reader) = reader {
        let news = match subject {
            Subject::Restriction => RestrictionNews::Received { due_at },
            Subject::Objection => RestrictionNews::Objected { due_at },
            Subject::Marketing => RestrictionNews::MarketingEnded,
        };
        let (front, head) = (keys.front(), &asking.letterhead);
        let mail = letter(&front, head, (record.id, reader), news);
        tell(transaction, keys, reader, (id, &mail), asking.at).await?;
    }
    Ok(id)
}
