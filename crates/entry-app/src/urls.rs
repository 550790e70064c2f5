//! Addresses of pages, as types: no handler formats one.

use database::records::RecordState;
use database::records_view::Cursor;
use record::ids::RecordId;

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
    /// Its details, to be changed.
    pub const EDIT: &str = "/records/{id}/edit";
    /// A new link for it.
    pub const LINK: &str = "/records/{id}/link";
    /// Its link taken back.
    pub const REVOKE: &str = "/records/{id}/revoke";
    /// It approved.
    pub const APPROVE: &str = "/records/{id}/approve";
}

/// The page of one record.
pub fn record(id: RecordId) -> String {
    format!("/records/{id}")
}

/// The form that changes its details.
pub fn edit(id: RecordId) -> String {
    format!("/records/{id}/edit")
}

/// A page of the list.
pub fn records(state: Option<RecordState>, after: Option<Cursor>) -> String {
    let state = state.map(|state| format!("state={}", state.as_str()));
    let after = after.map(|after| format!("after={after}"));
    let query: Vec<String> = state.into_iter().chain(after).collect();
    match query.is_empty() {
        true => route::RECORDS.to_owned(),
        false => format!("{}?{}", route::RECORDS, query.join("&")),
    }
}
