//! The events that only MariaDB has, which the driver hands on as bytes.

use crate::error::LogError;

pub(crate) const GTID: u8 = 162;
/// Compressed statements and rows, of all kinds.
pub(crate) const COMPRESSED: std::ops::RangeInclusive<u8> = 165..=171;

/// Begins a group of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gtid {
    pub(crate) domain: u32,
    pub(crate) sequence: u64,
    /// One statement follows, and nothing ends it.
    pub(crate) stands_alone: bool,
    /// XA prepares it, to be committed later.
    pub(crate) is_prepared: bool,
}

impl Gtid {
    /// Sequence number (8), domain (4), flags (1), all little-endian.
    pub(crate) fn read(data: &[u8]) -> Result<Self, LogError> {
        const STANDS_ALONE: u8 = 1;
        const PREPARED: u8 = 64;
        const SHORT: LogError = LogError::Malformed("a GTID event is too short");
        let sequence = data.first_chunk::<8>().ok_or(SHORT)?;
        let domain = data.get(8..12).and_then(|part| part.first_chunk::<4>());
        let flags = data.get(12).ok_or(SHORT)?;
        Ok(Self {
            domain: u32::from_le_bytes(*domain.ok_or(SHORT)?),
            sequence: u64::from_le_bytes(*sequence),
            stands_alone: flags & STANDS_ALONE != 0,
            is_prepared: flags & PREPARED != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_gtid_is_read_and_a_short_one_refused() {
        let event = [5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0x21, 0, 0];
        let gtid = Gtid::read(&event).unwrap();
        assert_eq!((gtid.domain, gtid.sequence), (7, 5));
        assert!(gtid.stands_alone && !gtid.is_prepared);
        assert!(Gtid::read(&event[..12]).is_err());
    }
}
