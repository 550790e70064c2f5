//! For how long something may be kept (GDPR Art. 5(1)(e)): a number of days, months or years of the calendar, in UTC.

use std::fmt;
use std::str::FromStr;

use ::time::{Date, Duration, Month, UtcDateTime};
use serde::Deserialize;

use crate::time::UnixMillis;

/// Longer than a century nobody plans.
const DAYS_MAX: u32 = 36_525;
const MONTHS_MAX: u32 = 1_200;
const YEARS_MAX: u32 = 100;
const MONTHS_A_YEAR: u32 = 12;

/// What a period is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Days,
    Months,
    Years,
}

/// A period, written as `10 years`, `6 months` or `30 days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    count: u32,
    unit: Unit,
}

/// A text that is no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of days, months or years up to a hundred years, as in \"10 years\"")]
pub struct NotAPeriod;

impl Period {
    /// So many months, of which there must be at least one; as many as a century has at most.
    #[must_use]
    pub const fn months(count: u32) -> Self {
        Self {
            count,
            unit: Unit::Months,
        }
    }

    /// When it is over that began then: the same time of the same day, or of the month's last where it has none such. At the end of the calendar
    /// the end of time.
    #[must_use]
    pub fn after(self, start: UnixMillis) -> UnixMillis {
        const NEVER: UnixMillis = UnixMillis(u64::MAX);
        let seconds = i64::try_from(start.as_seconds()).ok();
        let Some(moment) = seconds.and_then(|at| UtcDateTime::from_unix_timestamp(at).ok()) else {
            return NEVER;
        };
        let over = match self.unit {
            Unit::Days => moment.checked_add(Duration::days(i64::from(self.count))),
            Unit::Months => months_after(moment, self.count),
            Unit::Years => months_after(moment, self.count.saturating_mul(MONTHS_A_YEAR)),
        };
        let seconds = over.and_then(|over| u64::try_from(over.unix_timestamp()).ok());
        seconds.map_or(NEVER, |seconds| {
            UnixMillis(UnixMillis::from_seconds(seconds).0 + start.0 % 1000)
        })
    }
}

fn months_after(moment: UtcDateTime, count: u32) -> Option<UtcDateTime> {
    let months = u32::from(u8::from(moment.month())) - 1 + count;
    let year = moment.year() + i32::try_from(months / MONTHS_A_YEAR).ok()?;
    let month = Month::try_from(u8::try_from(months % MONTHS_A_YEAR + 1).ok()?).ok()?;
    let day = moment.day().min(month.length(year));
    let first = moment.replace_day(1).ok()?;
    let first = first.replace_year(year).ok()?.replace_month(month).ok()?;
    first.replace_day(day).ok()
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let (count, unit) = text.trim().split_once(' ').ok_or(NotAPeriod)?;
        let count: u32 = count.parse().map_err(|_| NotAPeriod)?;
        let (unit, most) = match unit.trim() {
            "day" | "days" => (Unit::Days, DAYS_MAX),
            "month" | "months" => (Unit::Months, MONTHS_MAX),
            "year" | "years" => (Unit::Years, YEARS_MAX),
            _ => return Err(NotAPeriod),
        };
        match (1..=most).contains(&count) {
            true => Ok(Self { count, unit }),
            false => Err(NotAPeriod),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Days => "day",
            Unit::Months => "month",
            Unit::Years => "year",
        };
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {unit}{plural}", self.count)
    }
}

/// From when a period runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The newest signature of the owner.
    #[default]
    Signature,
    /// The first one.
    FirstSignature,
}

/// For how long, and from when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keeping {
    /// For how long.
    pub period: Period,
    /// From when.
    pub start: Start,
}

impl fmt::Display for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = match self.start {
            Start::Signature => "newest",
            Start::FirstSignature => "first",
        };
        write!(f, "{} from your {start} signature", self.period)
    }
}

/// When a day begins that is written as `2031-12-31`, in UTC; none of anything else, and of days before 1970.
#[must_use]
pub fn day_of(text: &str) -> Option<UnixMillis> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    let seconds = date.midnight().assume_utc().unix_timestamp();
    Some(UnixMillis::from_seconds(u64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    /// 31 January 2028, 12:00:00.250 UTC.
    const START: UnixMillis = UnixMillis(1_832_932_800_250);

    fn after(period: &str) -> u64 {
        let period: Period = period.parse().unwrap();
        period.after(START).0
    }

    #[test]
    fn a_period_ends_on_the_same_day_or_the_months_last() {
        const DAY: u64 = 86_400_000;
        assert_eq!(after("1 day"), START.0 + DAY);
        // 2028 has a 29 February, 2029 none.
        assert_eq!(after("1 month"), START.0 + 29 * DAY);
        assert_eq!(after("13 months"), START.0 + (366 + 28) * DAY);
        assert_eq!(after("1 year"), START.0 + 366 * DAY);
        assert_eq!(after("12 months"), after("1 year"));
    }

    #[test]
    fn the_end_of_the_calendar_is_the_end_of_time() {
        let century: Period = "100 years".parse().unwrap();
        let late = UnixMillis::from_seconds(253_400_000_000);
        assert_eq!(century.after(late), UnixMillis(u64::MAX));
        assert_eq!(century.after(UnixMillis(u64::MAX)), UnixMillis(u64::MAX));
    }

    #[test]
    fn a_day_is_read_as_browsers_write_it() {
        assert_eq!(day_of("1970-01-02"), Some(UnixMillis(86_400_000)));
        assert_eq!(day_of("2028-02-29"), Some(UnixMillis(1_835_395_200_000)));
        for wrong in [
            "",
            "2027-02-29",
            "2028-2-9",
            "28-02-2028",
            "1969-12-31",
            "2028-02-29T00",
            "+028-02-29",
        ] {
            assert_eq!(day_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn it_reads_as_it_is_written() {
        for text in ["1 day", "30 days", "6 months", "1 year", "100 years"] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.to_string(), text);
        }
        for wrong in [
            "",
            "10",
            "years",
            "0 days",
            "-1 days",
            "1.5 years",
            "101 years",
            "10 weeks",
            "ten years",
            "4294967296 days",
        ] {
            assert_eq!(wrong.parse::<Period>(), Err(NotAPeriod), "{wrong}");
        }
    }
}
