//! Addresses of pages, as types: no handler formats one.

use database::records::RecordState;
use database::records_view::Cursor;
use record::ids::{RecordId, RestrictionId, StaffId, Uid};
use record::time::UnixMillis;

/// Route templates, for the router.
pub mod route {
    /// The start.
    pub const START: &str = "/";
    /// All records.
    pub const RECORDS: &str = "/records";
    /// Found by wallet or e-mail address.
    pub const SEARCH: &str = "/records/search";
    /// The entry form.
    pub const NEW: &str = "/records/new";
    /// Several approved at once.
    pub const APPROVE_MANY: &str = "/records/approve";
    /// One record.
    pub const RECORD: &str = "/records/{id}";
    /// How it stands.
    pub const PROGRESS: &str = "/records/{id}/progress";
    /// Its details, to be changed.
    pub const EDIT: &str = "/records/{id}/edit";
    /// What is anchored, to be corrected.
    pub const RECTIFY: &str = "/records/{id}/rectify";
    /// Its correction given up.
    pub const DROP_CORRECTION: &str = "/records/{id}/rectify/drop";
    /// What its owner wants corrected, and does not get.
    pub const REFUSE_CORRECTION: &str = "/records/{id}/refuse-correction";
    /// Consent taken back for its owner.
    pub const WITHDRAW: &str = "/records/{id}/withdraw";
    /// Its owner asked for consent again.
    pub const ASK_AGAIN: &str = "/records/{id}/ask-again";
    /// That its owner wants it erased.
    pub const ERASE: &str = "/records/{id}/erase";
    /// What is decided about that.
    pub const ERASURE: &str = "/records/{id}/erasure";
    /// It granted.
    pub const GRANT_ERASURE: &str = "/records/{id}/erasure/grant";
    /// It refused.
    pub const REFUSE_ERASURE: &str = "/records/{id}/erasure/refuse";
    /// Its end on the chain tried once more.
    pub const ERASE_AGAIN: &str = "/records/{id}/erasure/again";
    /// Another wallet for who lost theirs.
    pub const WALLET_CHANGE: &str = "/records/{id}/wallet-change";
    /// It confirmed by a second person.
    pub const CONFIRM_WALLET_CHANGE: &str = "/records/{id}/wallet-change/confirm";
    /// The authority's signature under it.
    pub const ORDER_WALLET_CHANGE: &str = "/records/{id}/wallet-change/order";
    /// The link for the new wallet.
    pub const BEGIN_WALLET_CHANGE: &str = "/records/{id}/wallet-change/begin";
    /// It given up.
    pub const GIVE_UP_WALLET_CHANGE: &str = "/records/{id}/wallet-change/give-up";
    /// All that owners want erased.
    pub const ERASURES: &str = "/erasures";
    /// All changes of lost wallets.
    pub const WALLET_CHANGES: &str = "/wallet-changes";
    /// A record kept for longer.
    pub const KEEP: &str = "/records/{id}/keep";
    /// All that is due to be erased since its time is over.
    pub const RETENTION: &str = "/retention";
    /// Some of it released.
    pub const RELEASE: &str = "/retention/release";
    /// A ground stated to look at it while it is restricted.
    pub const USE: &str = "/records/{id}/use";
    /// That its owner wants its use restricted.
    pub const RESTRICT: &str = "/records/{id}/restrict";
    /// That its owner objects to a use.
    pub const OBJECT: &str = "/records/{id}/object";
    /// One of those requests, and what is decided about it.
    pub const RESTRICTION: &str = "/records/{id}/restriction/{request}";
    /// It granted.
    pub const GRANT_RESTRICTION: &str = "/records/{id}/restriction/{request}/grant";
    /// It refused.
    pub const REFUSE_RESTRICTION: &str = "/records/{id}/restriction/{request}/refuse";
    /// Its owner told that it ends.
    pub const END_RESTRICTION: &str = "/records/{id}/restriction/{request}/end";
    /// It lifted.
    pub const LIFT_RESTRICTION: &str = "/records/{id}/restriction/{request}/lift";
    /// It taken back by its owner.
    pub const WITHDRAW_RESTRICTION: &str = "/records/{id}/restriction/{request}/withdraw";
    /// All requests that are not over.
    pub const RESTRICTIONS: &str = "/restrictions";
    /// A copy of everything, for its owner.
    pub const ACCESS: &str = "/records/{id}/access";
    /// How staff know who asks for it.
    pub const ACCESS_IDENTITY: &str = "/records/{id}/access/identity";
    /// It, to print.
    pub const ACCESS_COPY: &str = "/records/{id}/access/copy";
    /// It, as a file.
    pub const ACCESS_FILE: &str = "/records/{id}/access/copy.json";
    /// It taken back.
    pub const ACCESS_REVOKE: &str = "/records/{id}/access/revoke";
    /// A new link for it.
    pub const LINK: &str = "/records/{id}/link";
    /// Its link taken back.
    pub const REVOKE: &str = "/records/{id}/revoke";
    /// It approved.
    pub const APPROVE: &str = "/records/{id}/approve";
    /// All accounts.
    pub const STAFF: &str = "/staff";
    /// Somebody invited.
    pub const INVITE: &str = "/staff/invite";
    /// What was done with accounts, and refused.
    pub const STAFF_HISTORY: &str = "/staff/history";
    /// One account.
    pub const ACCOUNT: &str = "/staff/{id}";
    /// It disabled.
    pub const DISABLE: &str = "/staff/{id}/disable";
    /// It enabled.
    pub const ENABLE: &str = "/staff/{id}/enable";
    /// A new link for it.
    pub const RESET: &str = "/staff/{id}/reset";
    /// Where somebody chooses their password.
    pub const WELCOME: &str = "/welcome/{secret}";
}

/// One account.
pub fn account(id: StaffId) -> String {
    format!("/staff/{id}")
}

/// What was done with accounts before a step.
pub fn staff_history(before: u64) -> String {
    format!("{}?before={before}", route::STAFF_HISTORY)
}

/// The page of one record.
pub fn record(id: RecordId) -> String {
    format!("/records/{id}")
}

/// What is decided about its erasure.
pub fn erasure(id: RecordId) -> String {
    format!("/records/{id}/erasure")
}

/// Another wallet for who lost theirs.
pub fn wallet_change(id: RecordId) -> String {
    format!("/records/{id}/wallet-change")
}

/// Where the erasure of these records is released, by an order of this time.
pub fn release(at: UnixMillis, uids: &[Uid]) -> String {
    let uids: String = uids.iter().map(|uid| format!("&uid={uid}")).collect();
    format!("{}?at={}{uids}", route::RELEASE, at.as_seconds())
}

/// One part of what is due, behind a record of it.
pub fn due(part: &str, after: Option<Cursor>) -> String {
    match after {
        Some(after) => format!("{}?show={part}&after={after}", route::RETENTION),
        None => format!("{}?show={part}", route::RETENTION),
    }
}

/// One request to restrict a record, or objection.
pub fn restriction(id: RecordId, request: RestrictionId) -> String {
    format!("/records/{id}/restriction/{request}")
}

/// A copy of everything, for its owner.
pub fn access(id: RecordId) -> String {
    format!("/records/{id}/access")
}

/// That copy as a file.
pub fn access_file(id: RecordId) -> String {
    format!("/records/{id}/access/copy.json")
}

/// How it stands, without its details.
pub fn progress(id: RecordId) -> String {
    format!("/records/{id}/progress")
}

/// The list, all of it or one state.
pub fn records(state: Option<RecordState>) -> String {
    part_of_list(state, None)
}

/// The part of the list behind a record.
pub fn records_after(state: Option<RecordState>, after: Cursor) -> String {
    part_of_list(state, Some(format!("after={after}")))
}

/// The part of the list in front of a record.
pub fn records_before(state: Option<RecordState>, before: Cursor) -> String {
    part_of_list(state, Some(format!("before={before}")))
}

fn part_of_list(state: Option<RecordState>, place: Option<String>) -> String {
    let state = state.map(|state| format!("state={}", state.as_str()));
    let query: Vec<String> = state.into_iter().chain(place).collect();
    match query.is_empty() {
        true => route::RECORDS.to_owned(),
        false => format!("{}?{}", route::RECORDS, query.join("&")),
    }
}
