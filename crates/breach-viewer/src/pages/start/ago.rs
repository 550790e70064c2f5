//! How long ago something was, as people say it.

use record::time::UnixMillis;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// In whole minutes, hours or days: what stands on a page for a while must not be wrong in the next second.
pub fn ago(at: UnixMillis, now: UnixMillis) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..MINUTE => "less than a minute ago".to_owned(),
        MINUTE..HOUR => counted(seconds / MINUTE, "minute"),
        HOUR..DAY => counted(seconds / HOUR, "hour"),
        _ => counted(seconds / DAY, "day"),
    }
}

fn counted(number: u64, unit: &str) -> String {
    match number {
        1 => format!("1 {unit} ago"),
        _ => format!("{number} {unit}s ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_down() {
        let at = UnixMillis::from_seconds(1_000_000);
        let said = |seconds| ago(at, UnixMillis::from_seconds(1_000_000 + seconds));
        assert_eq!(said(59), "less than a minute ago");
        assert_eq!(said(60), "1 minute ago");
        assert_eq!(said(2 * HOUR + 59 * MINUTE), "2 hours ago");
        assert_eq!(said(3 * DAY), "3 days ago");
        assert_eq!(
            ago(at, UnixMillis(0)),
            "less than a minute ago",
            "a clock that is behind"
        );
    }
}
