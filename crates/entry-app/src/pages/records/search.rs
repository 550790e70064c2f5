//! Looking a record up by its wallet or e-mail address. By POST: what is searched for is personal data and stays out of
//! addresses.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use database::access_log::AccessAction;
use database::index;
use database::records_view::{self, Search};
use record::entry::{clean_email, clean_wallet};
use web_kit::components::{Badge, Moment};
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::{KeptForm, SignedIn};

use super::lines::Line;
use crate::state::Desk;

const MOST: u32 = 50;
const NEITHER: &str = "Please enter a whole e-mail address, or a wallet address that begins with 0x. Names are sealed and can't be searched for.";

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

/// What was found; each record found is logged as looked at.
pub async fn find(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    mut form: FormState,
) -> Result<Response> {
    let (status, lines) = match searched(&desk, &mut form) {
        Some(search) => (StatusCode::OK, Some(look_up(&desk, &person, search).await?)),
        None => (StatusCode::UNPROCESSABLE_ENTITY, None),
    };
    let page = SearchPage {
        page: page.titled("Search"),
        form,
        lines,
    };
    Ok((status, html(&page)?).into_response())
}

fn searched(desk: &Desk, form: &mut FormState) -> Option<Search> {
    let query = form.value("query").trim();
    if query.contains('@') {
        let email = form.check("query", clean_email)?;
        Some(Search::Email(index::email(desk.keys.index(), &email)))
    } else if query.starts_with("0x") {
        let wallet = form.check("query", clean_wallet)?.address;
        Some(Search::Wallet(index::wallet(desk.keys.index(), &wallet)))
    } else {
        form.problem("query", NEITHER);
        None
    }
}

async fn look_up(desk: &Desk, person: &SignedIn, search: Search) -> Result<Vec<Line>> {
    let mut connection = desk.pool.acquire().await?;
    let found = records_view::find(&mut connection, &desk.keys.front(), search, MOST).await?;
    for row in &found {
        desk.log_access(
            &mut connection,
            person,
            row.id,
            (AccessAction::Searched, None),
        )
        .await?;
    }
    Line::all(desk, &mut connection, &found).await
}
