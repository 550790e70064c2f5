//! Where a correction goes on the chain.

use database::records::Record;
use database::sealed::Predecessor;
use record::ids::Version;

use crate::EnrolmentError;

/// The place of the next version of an anchored record, as a final block tells it: voided versions keep their numbers, and a
/// stranger may have taken one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number that the chain gives next.
    pub version: Version,
    /// What its owner signs that it follows.
    pub follows: Predecessor,
}

impl Place {
    /// What the newest version of this record follows; none for a first one.
    pub(crate) fn of(
        record: &Record,
        place: Option<&Self>,
    ) -> Result<Option<Predecessor>, EnrolmentError> {
        match place {
            _ if record.version == Version::FIRST => Ok(None),
            Some(place) if place.version == record.version => Ok(Some(place.follows)),
            _ => Err(EnrolmentError::Overtaken),
        }
    }
}
