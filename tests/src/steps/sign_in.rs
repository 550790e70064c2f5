use anyhow::Result;
use devstack::{Site, Staff};
use url::Url;

use crate::Tab;

/// Makes an account: `role` is `clerk`, `controller_manager` or `data_protection_officer`.
///
/// # Errors
/// When the login is taken.
pub async fn staff(site: &Site, role: &str, login: &str) -> Result<Staff> {
    let staff = Staff {
        role: role.to_owned(),
        login: login.to_owned(),
        display_name: format!("{login} of {role}"),
        password: "correct-horse-battery-staple".to_owned(),
    };
    site.add_staff(&staff).await?;
    Ok(staff)
}

/// Opens an app and signs in to it.
///
/// # Errors
/// When the app does not let the person in.
pub async fn sign_in(tab: &Tab, app: &Url, staff: &Staff) -> Result<()> {
    tab.open(app.as_str()).await?;
    tab.fill("Login", &staff.login).await?;
    tab.fill("Password", &staff.password).await?;
    tab.press("Sign in").await?;
    tab.see(&staff.display_name).await
}
