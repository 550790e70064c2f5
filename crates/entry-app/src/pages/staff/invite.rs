//! Somebody is invited: an account, and a link to choose its password by.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use database::staff::Role;
use record::entry::{clean_email, clean_name};
use record::ids::StaffId;
use sqlx::Connection;
use staffing::{Invitation, StaffingError, clean_login, managed_by};
use web_kit::components::Tone;
use web_kit::error::Result;
use web_kit::form::FormState;
use web_kit::page::{Page, html};
use web_kit::sign_in::{KeptForm, SignedIn, role_name};

use super::{MANAGERS, explain, unless_refused};
use crate::state::Desk;
use crate::urls;

const LABELS: &[(&str, &str)] = &[("email", "E-mail")];
const SENT: &str =
    "The account is made, and a link is on its way by e-mail. With it they choose their password.";

#[derive(Template)]
#[template(path = "staff/invite.html")]
struct InvitePage {
    page: Page,
    roles: Vec<(Role, &'static str, &'static str)>,
    form: FormState,
}

impl InvitePage {
    fn new(page: Page, person: &SignedIn, mut form: FormState) -> Self {
        // A form sent twice invites once.
        if form.value("account").parse::<StaffId>().is_err() {
            form.set("account", StaffId::random(&mut rand::rng()).to_string());
        }
        let roles = managed_by(person.role()).iter();
        Self {
            page: page.titled("Invite somebody"),
            roles: roles
                .map(|role| (*role, role_name(*role), may(*role)))
                .collect(),
            form,
        }
    }
}

/// What a role is for, to choose by.
fn may(role: Role) -> &'static str {
    match role {
        Role::Clerk => "Enters people, sends links, approves what they signed.",
        Role::ControllerManager => {
            "The same, and manages staff; sees the state of all records in Sealwatch Viewer."
        }
        Role::DataProtectionOfficer => "Reads all, assesses incidents, runs restores.",
        Role::SystemAdministrator => "Installs; sees no personal data.",
    }
}

/// What was typed, cleaned.
struct Typed {
    id: StaffId,
    name: String,
    email: String,
    login: String,
    role: Role,
}

impl Typed {
    fn read(form: &mut FormState) -> Option<Self> {
        let name = form.check("name", clean_name);
        let email = form.check("email", clean_email);
        let login = form.check("login", clean_login);
        let role = form.check("role", |typed| {
            typed.parse::<Role>().map_err(|_| "Choose a role.")
        });
        let sent = form.value("account").parse();
        Some(Self {
            id: sent.unwrap_or_else(|_| StaffId::random(&mut rand::rng())),
            name: name?,
            email: email?,
            login: login?,
            role: role?,
        })
    }
}

/// The form.
pub async fn show(page: Page, person: SignedIn, KeptForm(form): KeptForm) -> Result<Html<String>> {
    person.require(MANAGERS)?;
    html(&InvitePage::new(page, &person, form))
}

/// Invites, or shows the form again with what is wrong.
pub async fn submit(
    page: Page,
    person: SignedIn,
    State(desk): State<Desk>,
    mut form: FormState,
) -> Result<Response> {
    person.require(MANAGERS)?;
    let Some(typed) = Typed::read(&mut form) else {
        return again(page, &person, form);
    };
    let invitation = Invitation {
        id: typed.id,
        name: &typed.name,
        email: &typed.email,
        login: &typed.login,
        role: typed.role,
    };
    let (management, rng) = (desk.management(&person), &mut crate::state::rng());
    let mut connection = desk.pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    let outcome = match staffing::invite(&mut transaction, &management, &invitation, rng).await {
        Err(StaffingError::LoginTaken) => {
            transaction.rollback().await?;
            form.problem(
                "login",
                "Somebody has this login. Please choose another one.",
            );
            return again(page, &person, form);
        }
        outcome => outcome.map_err(explain)?,
    };
    transaction.commit().await?;
    // The notice takes a connection of its own.
    drop(connection);
    unless_refused(outcome)?;
    person.leave_notice(Tone::Good, SENT).await?;
    Ok(Redirect::to(&urls::account(typed.id)).into_response())
}

fn again(page: Page, person: &SignedIn, form: FormState) -> Result<Response> {
    let page = InvitePage::new(page, person, form);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
}
