//! Steps of accounts in words.

use database::sessions::App;
use database::staff_events::{StaffEvent, StaffEventKind as Kind};
use record::ids::StaffId;
use record::time::UnixMillis;
use web_kit::components::{Badge, Moment, Tone};
use web_kit::sign_in::role_name;

use crate::pages::records::staff_names::StaffNames;

/// One step.
pub struct Step {
    pub text: String,
    pub at: UnixMillis,
    pub is_refusal: bool,
}

impl Step {
    pub fn of(event: &StaffEvent, names: &StaffNames) -> Self {
        let name = |id: Option<StaffId>, otherwise: &str| match id {
            Some(id) => names.of(id).to_owned(),
            None => otherwise.to_owned(),
        };
        let who = name(event.by.staff, "The command on the server");
        let whose = name(event.staff_id, "somebody");
        let role = event.role.map_or("somebody", role_name);
        let place = match event.by.app {
            Some(App::Entry) => "Sealwatch Entry",
            Some(App::Viewer) => "Sealwatch Viewer",
            None => "the server",
        };
        let page = event.page.as_deref().unwrap_or_default();
        let text = match event.kind {
            Kind::Made => format!("{who} made the account of {whose} ({role})."),
            Kind::Invited => format!("{who} invited {whose} ({role})."),
            Kind::PasswordChosen => format!("{who} chose a password."),
            Kind::PasswordSet => format!("{who} gave {whose} a new password."),
            Kind::Reset => format!("{who} ended the password of {whose} and sent a new link."),
            Kind::Disabled => format!("{who} disabled the account of {whose}."),
            Kind::Enabled => format!("{who} enabled the account of {whose}."),
            Kind::SignedIn => format!("{who} signed in to {place}."),
            Kind::SignInRefused => format!("{who} was refused to sign in to {place}."),
            Kind::LinkRefused => format!("A link for {whose} was tried after its time."),
            Kind::PageRefused => format!("{who} was refused {page} of {place}."),
            Kind::InviteRefused => format!("{who} was refused to make an account: {role}."),
            Kind::ChangeRefused => format!("{who} was refused to change the account of {whose}."),
        };
        Self {
            text,
            at: event.at,
            is_refusal: matches!(
                event.kind,
                Kind::SignInRefused
                    | Kind::LinkRefused
                    | Kind::PageRefused
                    | Kind::InviteRefused
                    | Kind::ChangeRefused
            ),
        }
    }
}

/// Steps, the newest first, with how many were left out since they are not ours.
#[derive(askama::Template)]
#[template(path = "staff/steps.html")]
pub struct Steps {
    pub steps: Vec<Step>,
    pub tampered: usize,
}
impl askama::filters::HtmlSafe for Steps {}
