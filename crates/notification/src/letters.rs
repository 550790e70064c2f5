//! The words of each kind of mail.

mod address_corrected;
mod breach_found;
mod consent_given;
mod consent_link;
mod consent_received;
mod consent_withdrawn;
mod copy_ready;
mod correction_asked;
mod correction_declined;
mod correction_dropped;
mod correction_refused;
mod erasure_asked;
mod erasure_received;
mod erasure_refused;
mod operations_alarm;
mod owner_code;
mod record_erased;
mod refusal;
mod restored;
mod restriction;
mod restriction_asked;
mod restriction_refused;
mod retention_due;
mod staff_address_changed;
mod staff_link;
mod wallet_change_asked;
mod wallet_change_given_up;
mod withdrawal_noted;

use address_corrected::address_corrected;
use breach_found::breach_found;
use consent_given::consent_given;
use consent_link::{Occasion, consent_link};
use consent_received::consent_received;
use consent_withdrawn::consent_withdrawn;
use copy_ready::copy_ready;
use correction_asked::correction_asked;
use correction_declined::correction_declined;
use correction_dropped::correction_dropped;
use correction_refused::correction_refused;
use erasure_asked::erasure_asked;
use erasure_received::erasure_received;
use erasure_refused::erasure_refused;
use operations_alarm::operations_alarm;
use owner_code::owner_code;
use record_erased::record_erased;
use restored::restored;
use restriction::restriction;
use restriction_asked::{restriction_asked, restriction_withdrawn};
use restriction_refused::restriction_refused;
use retention_due::retention_due;
use staff_address_changed::staff_address_changed;
use staff_link::staff_link;
use wallet_change_asked::wallet_change_asked;
use wallet_change_given_up::wallet_change_given_up;
use withdrawal_noted::withdrawal_noted;

use crate::letter::Letter;
use crate::mail::{LinkMail, Mail};

/// The greeting of a person, whose first name may not be known.
fn greeting(first_name: &str) -> String {
    match first_name {
        "" => "Good day,".to_owned(),
        name => format!("Good day {name},"),
    }
}

const TO_STAFF: &str =
    "You get this mail because your address is set as the desk of this Sealwatch deployment.";
const TO_OFFICER: &str = "You get this mail because your address is set as the data-protection officer of this Sealwatch deployment.";

impl Mail {
    pub(crate) fn letter(&self) -> Letter {
        match self {
            Self::CorrectionAsked { record, url } => correction_asked(*record, url.as_deref()),
            Self::ConsentGiven { record, url } => consent_given(*record, url.as_deref()),
            Self::ConsentReceived {
                first_name,
                controller,
                contact,
                received_at,
                withdrawal_url,
            } => consent_received(first_name, controller, contact, *received_at)
                .with_withdrawal(withdrawal_url.as_deref()),
            Self::CorrectionDeclined { record, url } => {
                correction_declined(*record, url.as_deref())
            }
            Self::CorrectionDropped {
                first_name,
                controller,
                contact,
                withdrawal_url,
            } => correction_dropped(first_name, controller, contact)
                .with_withdrawal(withdrawal_url.as_deref()),
            Self::AddressCorrected {
                first_name,
                controller,
                contact,
                withdrawal_url,
            } => address_corrected(first_name, controller, contact)
                .with_withdrawal(withdrawal_url.as_deref()),
            Self::WalletChangeAsked {
                first_name,
                controller,
                contact,
                not_before,
                withdrawal_url,
            } => wallet_change_asked(first_name, (controller, contact), *not_before)
                .with_withdrawal(withdrawal_url.as_deref()),
            Self::WalletChangeGivenUp {
                first_name,
                controller,
                contact,
                withdrawal_url,
            } => wallet_change_given_up(first_name, controller, contact)
                .with_withdrawal(withdrawal_url.as_deref()),
            Self::StaffAddressChanged {
                first_name,
                controller,
                contact,
            } => staff_address_changed(first_name, controller, contact),
            Self::OwnerCode {
                first_name,
                controller,
                contact,
                code,
                expires_at,
            } => owner_code(first_name, controller, contact, code, *expires_at),
            Self::CorrectionRefused {
                first_name,
                controller,
                contact,
                officer,
                reason,
                withdrawal_url,
            } => correction_refused(first_name, controller, (contact, officer), reason)
                .with_withdrawal(withdrawal_url.as_deref()),
            Self::ConsentWithdrawn {
                first_name,
                controller,
                contact,
                at,
                withdrawal_url,
            } => consent_withdrawn(first_name, controller, contact, *at)
                .with_withdrawal(Some(withdrawal_url)),
            Self::WithdrawalNoted { record, url } => withdrawal_noted(*record, url.as_deref()),
            Self::ErasureAsked { record, url } => erasure_asked(*record, url.as_deref()),
            Self::ErasureReceived {
                first_name,
                controller,
                contact,
                due_at,
                is_signed,
                withdrawal_url,
            } => erasure_received(
                first_name,
                (controller, contact),
                (*due_at, *is_signed),
                withdrawal_url,
            ),
            Self::ErasureRefused {
                first_name,
                controller,
                contact,
                officer,
                reason,
                withdrawal_url,
            } => erasure_refused(first_name, controller, (contact, officer), reason)
                .with_withdrawal(withdrawal_url.as_deref()),
            Self::RetentionDue {
                due,
                soon,
                days,
                url,
            } => retention_due(*due, *soon, *days, url),
            Self::RecordErased {
                first_name,
                controller,
                was_due,
                destroyed,
            } => record_erased(first_name, controller, *was_due, destroyed),
            Self::RestrictionAsked { record, url } => restriction_asked(*record, url.as_deref()),
            Self::RestrictionWithdrawn { record, url } => {
                restriction_withdrawn(*record, url.as_deref())
            }
            Self::Restriction {
                first_name,
                controller,
                contact,
                news,
                withdrawal_url,
            } => restriction(first_name, (controller, contact), news)
                .with_withdrawal(Some(withdrawal_url)),
            Self::RestrictionRefused {
                first_name,
                controller,
                contact,
                officer,
                is_objection,
                reason,
                withdrawal_url,
            } => restriction_refused(
                first_name,
                controller,
                (contact, officer),
                *is_objection,
                reason,
            )
            .with_withdrawal(Some(withdrawal_url)),
            Self::BreachFound {
                incident,
                detected_at,
                again,
                at_most,
                found,
                uids,
                url,
            } => {
                let found = (found.as_slice(), *at_most);
                breach_found(*incident, *detected_at, *again, found, uids, url)
            }
            Self::Restored {
                incident,
                restored_at,
                uids,
                count,
                url,
            } => restored(*incident, *restored_at, uids, *count, url),
            Self::OperationsAlarm {
                what,
                hinders,
                may_be_meant,
                since,
                more,
                url,
            } => operations_alarm(what, (*hinders, *may_be_meant), (*since, *more), url),
        }
    }
}

impl LinkMail {
    pub(crate) fn letter(&self) -> Letter {
        match self {
            Self::ConsentLink {
                first_name,
                controller,
                url,
                expires_at,
                corrects,
                asks_again,
                withdrawal_url,
            } => {
                let occasion = Occasion::of(*corrects, *asks_again);
                consent_link(first_name, controller, url, *expires_at, occasion)
                    .with_withdrawal(withdrawal_url.as_deref())
            }
            Self::CopyReady {
                first_name,
                controller,
                contact,
                url,
                expires_at,
                withdrawal_url,
            } => copy_ready(first_name, (controller, contact), url, *expires_at)
                .with_withdrawal(Some(withdrawal_url)),
            Self::StaffLink {
                first_name,
                controller,
                contact,
                url,
                expires_at,
                is_reset,
            } => staff_link(
                first_name,
                (controller, contact),
                (url, *expires_at),
                *is_reset,
            ),
        }
    }
}
