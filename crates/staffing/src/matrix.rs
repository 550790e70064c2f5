//! Whose accounts a role may make and change.

use database::staff::Role;

/// The roles of accounts that this one makes and changes. None stands above its own, and nobody gives a right that they do not have.
#[must_use]
pub const fn managed_by(role: Role) -> &'static [Role] {
    match role {
        Role::ControllerManager => &[Role::Clerk, Role::ControllerManager],
        Role::SystemAdministrator | Role::DataProtectionOfficer | Role::Clerk => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As docs/STAFF.md has it.
    #[test]
    fn every_pair_is_decided() {
        for by in Role::ALL {
            for whose in Role::ALL {
                let may = *by == Role::ControllerManager
                    && matches!(whose, Role::Clerk | Role::ControllerManager);
                assert_eq!(managed_by(*by).contains(whose), may, "{by} of {whose}");
            }
        }
    }

    /// However many accounts somebody makes one by another, they come by no role that they could not have made at once.
    #[test]
    fn no_role_is_reached_by_a_detour() {
        for by in Role::ALL {
            for between in managed_by(*by) {
                for whose in managed_by(*between) {
                    assert!(managed_by(*by).contains(whose), "{by} by {between}");
                }
            }
        }
    }
}
