//! Lost wallets: the changes under way, the oldest first, so that none waits for a second person or the authority unseen.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::wallet_changes;
use record::time::UnixMillis;
use web_kit::components::{Badge, Moment, Tone};
use web_kit::error::Result;
use web_kit::page::{Page, html};
use web_kit::sign_in::SignedIn;

use crate::pages::records::state_view;
use crate::state::Desk;
use crate::urls;

/// So many: there are few at a time.
const MOST: u32 = 200;

struct Line {
    /// What stands in the record's own title.
    name: String,
    address: String,
    tone: Tone,
    label: &'static str,
    asked_at: UnixMillis,
    not_before: UnixMillis,
}

#[derive(Template)]
#[template(path = "wallet_changes.html")]
struct WalletChangesPage {
    page: Page,
    lines: Vec<Line>,
    tampered: usize,
}

/// The page. It names numbers and no wallets.
pub async fn show(page: Page, State(desk): State<Desk>, _person: SignedIn) -> Result<Html<String>> {
    let mut connection = desk.pool.acquire().await?;
    let found = wallet_changes::under_way(&mut connection, &desk.keys, MOST).await?;
    let lines = found.rows.iter().map(|change| {
        let (tone, label) = state_view::wallet_change(change.state, false);
        Line {
            name: change.record_id.to_string()[..8].to_owned(),
            address: urls::record(change.record_id),
            tone,
            label,
            asked_at: change.asked_at,
            not_before: change.asked_at.plus(desk.wallet_change_wait),
        }
    });
    html(&WalletChangesPage {
        page: page.titled("Lost wallets"),
        lines: lines.collect(),
        tampered: found.tampered.len(),
    })
}
