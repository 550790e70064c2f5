//! The controller's profile, as the use cases of keeping and erasing ask it.

use enrolment::retention::Rules;
use web_kit::profile::ControllerProfile;

/// What it says.
pub fn rules(profile: &ControllerProfile) -> Rules<'_> {
    Rules {
        basis: Box::new(|purpose| profile.basis(purpose)),
        keeping: Box::new(|purpose| profile.keeping_of(purpose)),
        fingerprint: profile.fingerprint_of_keeping(),
    }
}
