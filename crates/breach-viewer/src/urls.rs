//! Addresses of pages, as types: no handler formats one.

use database::records_view::verdict_map::UidRange;
use database::verifications::{Subject, VerdictKind};
use record::ids::MailId;

use crate::pages::start::period::Period;

/// Route templates, for the router.
pub mod route {
    /// The start: is everything all right?
    pub const START: &str = "/";
    /// Its parts, as they change.
    pub const EVENTS: &str = "/events";
    /// All records with their verdicts.
    pub const RECORDS: &str = "/records";
    /// Found by UID, wallet or e-mail address.
    pub const SEARCH: &str = "/records/search";
    /// All verified now.
    pub const VERIFY_ALL: &str = "/records/verify-all";
    /// One record.
    pub const RECORD: &str = "/records/{subject}";
    /// It verified now.
    pub const VERIFY: &str = "/records/{subject}/verify";
    /// Its details in clear.
    pub const REVEAL: &str = "/records/{subject}/reveal";
    /// Its verified restore.
    pub const RESTORE: &str = "/records/{subject}/restore";
    /// All incidents.
    pub const INCIDENTS: &str = "/incidents";
    /// One incident; a step of a person on it is sent there.
    pub const INCIDENT: &str = "/incidents/{id}";
    /// What the database's log tells of one transaction.
    pub const EVIDENCE: &str = "/incidents/{id}/evidence/{piece}";
    /// Mail that did not reach its reader.
    pub const MAIL: &str = "/mail";
    /// Somebody has seen to one of them.
    pub const MAIL_SEEN: &str = "/mail/{id}/seen";
}

/// The start page, with the chart over this period, or over what fits.
pub fn start(period: Option<Period>) -> String {
    over(route::START, period)
}

/// Its parts as they change.
pub fn events(period: Option<Period>) -> String {
    over(route::EVENTS, period)
}

fn over(route: &str, period: Option<Period>) -> String {
    match period {
        None => route.to_owned(),
        Some(period) => format!("{route}?over={}", period.as_str()),
    }
}

/// The page of one record.
pub fn record(subject: Subject) -> String {
    format!("/records/{subject}")
}

/// A page of the grid.
pub fn records(verdict: Option<VerdictKind>, after: Option<Subject>) -> String {
    grid(None, verdict, after)
}

/// A page of the part of the grid that holds these UIDs.
pub fn records_of(uids: UidRange, verdict: Option<VerdictKind>, after: Option<Subject>) -> String {
    grid(Some(uids), verdict, after)
}

fn grid(uids: Option<UidRange>, verdict: Option<VerdictKind>, after: Option<Subject>) -> String {
    let uids = uids.map(|uids| format!("first={}&last={}", uids.first, uids.last));
    let verdict = verdict.map(|verdict| format!("verdict={}", verdict.as_str()));
    let after = after.map(|after| format!("after={after}"));
    let query: Vec<String> = uids.into_iter().chain(verdict).chain(after).collect();
    match query.is_empty() {
        true => route::RECORDS.to_owned(),
        false => format!("{}?{}", route::RECORDS, query.join("&")),
    }
}

/// Where somebody says that they have seen to a mail.
pub fn mail_seen(id: MailId) -> String {
    format!("{}/{id}/seen", route::MAIL)
}

/// The page of one incident.
pub fn incident(id: u64) -> String {
    format!("/incidents/{id}")
}

/// What the log tells of one transaction.
pub fn evidence(incident: u64, piece: u64) -> String {
    format!("/incidents/{incident}/evidence/{piece}")
}

/// A page of what was found in one incident.
pub fn findings(incident: u64, after: Option<u64>) -> String {
    match after {
        Some(after) => format!("/incidents/{incident}?after={after}"),
        None => self::incident(incident),
    }
}

/// What happened in an incident before this step.
pub fn steps(incident: u64, after: Option<u64>, before: u64) -> String {
    let after = after.map(|after| format!("after={after}&"));
    let after = after.unwrap_or_default();
    format!("/incidents/{incident}?{after}before={before}#time-line")
}

/// A page of the list of incidents.
pub fn incidents(before: Option<u64>) -> String {
    match before {
        Some(before) => format!("{}?before={before}", route::INCIDENTS),
        None => route::INCIDENTS.to_owned(),
    }
}
