//! The day by which an owner has an answer.

use record::time::UnixMillis;
use time::{Month, UtcDateTime};

/// One month on (GDPR Art. 12(3)): the same day of the next month, or its last where it has none such.
pub(crate) fn a_month_after(at: UnixMillis) -> UnixMillis {
    let seconds = i64::try_from(at.as_seconds()).unwrap_or(i64::MAX);
    let Ok(moment) = UtcDateTime::from_unix_timestamp(seconds) else {
        return at;
    };
    let (year, month) = match moment.month() {
        Month::December => (moment.year() + 1, Month::January),
        month => (moment.year(), month.next()),
    };
    let day = moment.day().min(month.length(year));
    let due = moment
        .replace_day(1)
        .and_then(|first| first.replace_year(year))
        .and_then(|first| first.replace_month(month))
        .and_then(|first| first.replace_day(day));
    let due = due.map_or(seconds, UtcDateTime::unix_timestamp);
    UnixMillis::from_seconds(u64::try_from(due).unwrap_or_default())
}
