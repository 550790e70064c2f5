//! Looking a record up by UID, wallet or e-mail address. By POST: what is searched for is personal data and stays out of
//! addresses.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use database::access_log::{self, Access, AccessAction};
use database::index;
use database::records_view::{self, Search, ViewedRecord};
use database::verifications::Subject;
use record::entry::{clean_email, clean_wallet};
use record::ids::Uid;
use web_kit::components::{Badge, Copyable, Moment};
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::{App, KeptForm, SignedIn};

use super::line::Line;
use crate::state::Watchtower;

const MOST: u32 = 50;

#[derive(Template)]
#[template(path = "records/search.html")]
struct SearchPage {
    page: Page,
    form: FormState,
    /// None before anything was searched for.
    lines: Option<Vec<Line>>,
}

/// The empty form.
pub async fn show(page: Page, KeptForm(form): KeptForm) -> Result<Html<String>> {
    html(&SearchPage {
        page: page.titled("Search"),
        form,
        lines: None,
    })
}

/// What was found; each record found by a person's details is logged as looked at.
pub async fn find(
    page: Page,
    person: SignedIn,
    State(tower): State<Watchtower>,
    mut form: FormState,
) -> Result<Html<String>> {
    let lines = match wanted(&tower, &mut form) {
        Some(wanted) => Some(look_up(&tower, &person, wanted).await?),
        None => None,
    };
    html(&SearchPage {
        page: page.titled("Search"),
        form,
        lines,
    })
}

enum Wanted {
    Uid(Uid),
    Person(Search),
}

fn wanted(tower: &Watchtower, form: &mut FormState) -> Option<Wanted> {
    let query = form.value("query").trim().to_owned();
    if let Ok(uid) = query.parse() {
        return Some(Wanted::Uid(uid));
    }
    if query.contains('@') {
        let email = form.check("query", clean_email)?;
        return Some(Wanted::Person(Search::Email(index::email(
            tower.keys.index(),
            &email,
        ))));
    }
    let wallet = form.check("query", clean_wallet)?;
    Some(Wanted::Person(Search::Wallet(index::wallet(
        tower.keys.index(),
        &wallet.address,
    ))))
}

async fn look_up(tower: &Watchtower, person: &SignedIn, wanted: Wanted) -> Result<Vec<Line>> {
    let mut connection = tower.pool.acquire().await?;
    let found: Vec<ViewedRecord> = match wanted {
        Wanted::Uid(uid) => {
            let one =
                records_view::verified_one(&mut connection, &tower.keys, Subject::uid(uid)).await?;
            one.into_iter().collect()
        }
        Wanted::Person(search) => {
            let found =
                records_view::find_verified(&mut connection, &tower.keys, search, MOST).await?;
            for row in found.iter().filter_map(|viewed| viewed.row.as_ref()) {
                let access = Access {
                    staff_id: person.staff_id(),
                    record_id: row.id,
                    app: App::Viewer,
                    action: AccessAction::Searched,
                    at: tower.clock.now(),
                    ground: None,
                };
                access_log::append(&mut connection, &tower.keys, &access).await?;
            }
            found
        }
    };
    Line::all(tower, &mut connection, &found).await
}
