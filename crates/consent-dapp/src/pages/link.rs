//! `GET /c/{secret}`: the page of the link's state. Opening a link uses nothing up and writes nothing.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use database::notices;
use record::time::UnixMillis;
use web_kit::components::Moment;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};

use crate::admission::read_offer;
use crate::app::App;
use crate::before::AnswerBefore;
use crate::closed::Closed;
use crate::details::{Detail, Details};
use crate::elsewhere::Elsewhere;
use crate::offer::{Offer, OfferedPurpose};
use crate::receipt::Receipt;
use crate::refusal::Refusal;
use crate::tampering::tampered;
use crate::urls::LinkUrls;
use crate::visit::Visit;

/// Shows what this browser may see of the link.
pub async fn show(State(app): State<App>, visit: Visit) -> Result<Response> {
    match (visit.closed(), visit.is_held) {
        (None, true) => match review(&app, &visit).await {
            Ok(page) => Ok(page),
            // Closed meanwhile.
            Err(Refusal::Closed(closed)) => closed.page(&app, Some(&visit)),
            Err(other) => Ok(other.into_response()),
        },
        (None, false) => Ok(identify(&app, &visit.urls, &FormState::new())?.into_response()),
        (Some(Closed::Used), true) => signed(&app, &visit).await,
        (Some(closed), _) => closed.page(&app, Some(&visit)),
    }
}

#[derive(Template)]
#[template(path = "identify.html")]
struct IdentifyPage<'a> {
    page: Page,
    app: &'a App,
    link: &'a LinkUrls,
    asks: Asks,
    elsewhere: Elsewhere,
    form: &'a FormState,
}

/// Why it is asked who is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// To have details checked.
    ToCheck,
    /// To hand over a copy of everything.
    ToHandOver,
}

/// Asks who is there: nothing personal stands on this page.
pub fn identify(app: &App, link: &LinkUrls, form: &FormState) -> Result<Html<String>> {
    identify_for(app, link, Asks::ToCheck, form)
}

/// The same for whatever reason.
pub fn identify_for(
    app: &App,
    link: &LinkUrls,
    asks: Asks,
    form: &FormState,
) -> Result<Html<String>> {
    html(&IdentifyPage {
        asks,
        page: app.page("First, show that it’s you"),
        app,
        link,
        elsewhere: Elsewhere::new(app.site.public_url(), link.page()),
        form,
    })
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage<'a> {
    page: Page,
    app: &'a App,
    link: &'a LinkUrls,
    elsewhere: Elsewhere,
    offer: &'a Offer,
    notice: String,
    wallet: String,
    /// The one that signed before, where that was another one.
    wallet_before: Option<String>,
    details: Vec<Detail<'a>>,
    signs_for_owner: Option<&'a str>,
    /// Whether the details correct what the owner has signed before.
    corrects: bool,
    /// Whether none of them is another one: then it is about what they are used for.
    asks_again: bool,
    /// What the owner answered then.
    answered: Option<AnswerBefore>,
}

impl ReviewPage<'_> {
    fn fixed(&self) -> Vec<&OfferedPurpose> {
        self.offer.fixed().collect()
    }

    fn choices(&self) -> Vec<&OfferedPurpose> {
        self.offer.choices().collect()
    }

    /// What the owner answered to a choice before, where there is a before.
    fn so_far(&self, choice: &OfferedPurpose) -> Option<&'static str> {
        let answered = self.answered.as_ref()?;
        Some(answered.word(choice))
    }

    /// Since when the record is restricted, each cause by itself.
    fn restricted_since(&self) -> Option<Vec<Moment>> {
        let answered = self.answered.as_ref()?;
        let limits = Some(&answered.limits).filter(|limits| limits.is_restricted())?;
        let causes = limits.causes.iter();
        Some(
            causes
                .filter_map(|cause| cause.since.map(Moment::new))
                .collect(),
        )
    }

    /// On a phone an address takes two lines: two even ones are easier to compare.
    fn wallet_halves(&self) -> (&str, &str) {
        self.wallet.split_at(self.wallet.len() / 2)
    }
}

async fn review(app: &App, visit: &Visit) -> Result<Response, Refusal> {
    let key = visit.owner_key()?;
    // The cookie outlives an offer only where the offer is nearly over.
    let Some(offer) = read_offer(&visit.link, &key)?.filter(|offer| !offer.has_expired(visit.now))
    else {
        return Ok(identify(app, &visit.urls, &FormState::new())?.into_response());
    };
    let mut connection = app.database.acquire().await?;
    let details = Details::load(app, &visit.link, &key, &mut connection).await?;
    let answered = match details.before() {
        Some(before) => Some(before.answer(app, &key, &mut connection).await?),
        None => None,
    };
    let notice = notices::text(&mut connection, &offer.notice).await?;
    let corrects = visit.link.corrects();
    let wallet_before = details.wallet_before().map(|wallet| wallet.to_string());
    let nothing_changes = details.shown().iter().all(|shown| shown.before.is_none());
    let asks_again = corrects && nothing_changes && wallet_before.is_none();
    let page = ReviewPage {
        page: app.page(title(corrects, asks_again)),
        app,
        corrects,
        asks_again,
        answered,
        link: &visit.urls,
        elsewhere: Elsewhere::new(app.site.public_url(), visit.urls.page()),
        notice: notice.ok_or_else(|| tampered("the notice of an offer is gone"))?,
        offer: &offer,
        wallet: details.wallet().to_string(),
        wallet_before,
        details: details.shown(),
        signs_for_owner: details.signs_for_owner(),
    };
    Ok(html(&page)?.into_response())
}

const fn title(corrects: bool, asks_again: bool) -> &'static str {
    match (corrects, asks_again) {
        (true, true) => "Choose again, then sign",
        (true, false) => "Check what changes, then sign",
        (false, _) => "Check your details, then sign",
    }
}

#[derive(Template)]
#[template(path = "signed.html")]
struct SignedPage<'a> {
    page: Page,
    app: &'a App,
    link: &'a LinkUrls,
    receipt: &'a Receipt,
    received_at: Moment,
    /// Whether a correction was signed.
    corrects: bool,
}

async fn signed(app: &App, visit: &Visit) -> Result<Response> {
    let receipt = Receipt::load(app, visit).await?;
    let page = SignedPage {
        page: app.page("Signed. Thank you."),
        app,
        link: &visit.urls,
        received_at: Moment::new(UnixMillis(receipt.received_at)),
        receipt: &receipt,
        corrects: visit.link.corrects(),
    };
    Ok(html(&page)?.into_response())
}
