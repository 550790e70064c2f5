//! The words of each kind of mail.

mod address_corrected;
mod breach_found;
mod consent_given;
mod consent_link;
mod consent_received;
mod correction_asked;
mod correction_declined;
mod correction_dropped;
mod operations_alarm;
mod restored;

pub(crate) use address_corrected::address_corrected;
pub(crate) use breach_found::breach_found;
pub(crate) use consent_given::consent_given;
pub(crate) use consent_link::consent_link;
pub(crate) use consent_received::consent_received;
pub(crate) use correction_asked::correction_asked;
pub(crate) use correction_declined::correction_declined;
pub(crate) use correction_dropped::correction_dropped;
pub(crate) use operations_alarm::operations_alarm;
pub(crate) use restored::restored;

/// The greeting of a data owner, whose first name may not be known.
fn greeting(first_name: &str) -> String {
    match first_name {
        "" => "Good day,".to_owned(),
        name => format!("Good day {name},"),
    }
}

const TO_STAFF: &str =
    "You get this mail because your address is set as the desk of this Sealwatch deployment.";
const TO_OFFICER: &str = "You get this mail because your address is set as the data-protection officer of this Sealwatch deployment.";
