//! How far back the chart looks, and how long each of its columns is.

use record::time::UnixMillis;
use web_kit::error::{Error, Result};

use crate::urls;

const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// So far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Hour,
    Day,
    Month,
    Year,
}

impl Period {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Month, Self::Year];

    /// As an address names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "24 hours",
            Self::Month => "30 days",
            Self::Year => "A year",
        }
    }

    /// Of the page that shows it.
    pub fn address(self) -> String {
        urls::start(Some(self))
    }

    /// None named is none wished for; one that is none leads nowhere.
    pub fn named(name: Option<&str>) -> Result<Option<Self>> {
        let Some(name) = name else { return Ok(None) };
        let named = Self::ALL.into_iter().find(|one| one.as_str() == name);
        named.map(Some).ok_or(Error::NotFound)
    }

    /// The one that shows most, where the oldest round on file is of this time.
    pub fn fitting(oldest: Option<UnixMillis>, now: UnixMillis) -> Self {
        match oldest.map(|oldest| now.0.saturating_sub(oldest.0)) {
            None | Some(..HOUR) => Self::Hour,
            Some(_) => Self::Day,
        }
    }

    /// How many columns there are, and how long one is.
    const fn measures(self) -> (usize, u64) {
        match self {
            Self::Hour => (30, 2 * MINUTE),
            Self::Day => (24, HOUR),
            Self::Month => (30, DAY),
            Self::Year => (53, 7 * DAY),
        }
    }

    pub const fn slots(self) -> usize {
        self.measures().0
    }

    /// When the first column begins.
    pub const fn begins(self, now: UnixMillis) -> UnixMillis {
        let (slots, length) = self.measures();
        UnixMillis((now.0 / length + 1).saturating_sub(slots as u64) * length)
    }

    /// Which column a time belongs to, from the left; none when it is too long ago. Columns begin at full hours and the
    /// like, so that they stay as they are while time goes on.
    pub fn turn(self, at: UnixMillis, now: UnixMillis) -> Option<usize> {
        let (slots, length) = self.measures();
        let back = (now.0 / length).saturating_sub(at.0 / length);
        slots
            .checked_sub(1)?
            .checked_sub(usize::try_from(back).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_stands_at_the_right_end_and_what_is_too_old_nowhere() {
        let now = UnixMillis(20_000 * DAY + 10 * MINUTE);
        for period in Period::ALL {
            assert_eq!(period.turn(now, now), Some(period.slots() - 1));
            let (slots, length) = period.measures();
            let before = |slots: usize| UnixMillis(now.0 - slots as u64 * length);
            assert_eq!(period.turn(before(slots - 1), now), Some(0));
            assert_eq!(period.turn(before(slots), now), None);
            let begins = period.begins(now);
            assert_eq!(period.turn(begins, now), Some(0));
            assert_eq!(period.turn(UnixMillis(begins.0 - 1), now), None);
            assert_eq!(
                Period::named(Some(period.as_str())).ok(),
                Some(Some(period))
            );
        }
        assert!(Period::named(Some("eternity")).is_err());
        assert_eq!(Period::fitting(None, now), Period::Hour);
        assert_eq!(Period::fitting(Some(UnixMillis(0)), now), Period::Day);
    }
}
