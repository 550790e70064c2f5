//! A set of MySQL's transaction identifiers: for each source (and tag) the numbers seen, as intervals.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use mysql_async::Sid;

use crate::position::UnknownPosition;

/// Which transactions were seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GtidSet {
    /// By `uuid` or `uuid:tag`; both ends of an interval belong to it, and no two touch.
    sources: BTreeMap<String, Vec<(u64, u64)>>,
}

impl GtidSet {
    /// Adds one transaction of a source, `uuid` or `uuid:tag`.
    pub fn add(&mut self, source: &str, number: u64) {
        let intervals = match self.sources.get_mut(source) {
            Some(intervals) => intervals,
            None => self.sources.entry(source.to_owned()).or_default(),
        };
        // As a rule it is the next one.
        match intervals.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => {
                intervals.push((number, number));
                *intervals = joined(std::mem::take(intervals));
            }
        }
    }

    pub(crate) fn sids(&self) -> Result<Vec<Sid<'static>>, UnknownPosition> {
        let texts = self
            .sources
            .iter()
            .map(|(source, intervals)| text(source, intervals));
        let read = |text: String| text.parse::<Sid<'static>>().map_err(|_| UnknownPosition);
        texts.map(read).collect()
    }
}

fn text(source: &str, intervals: &[(u64, u64)]) -> String {
    let intervals: Vec<String> = intervals
        .iter()
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        })
        .collect();
    format!("{source}:{}", intervals.join(":"))
}

/// In order, and without two that touch.
fn joined(mut intervals: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    intervals.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::with_capacity(intervals.len());
    for (first, last) in intervals {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    joined
}

impl fmt::Display for GtidSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources = self.sources.iter();
        let texts: Vec<String> = sources.map(|(source, all)| text(source, all)).collect();
        out.write_str(&texts.join(","))
    }
}

impl FromStr for GtidSet {
    type Err = UnknownPosition;

    /// Reads `uuid:1-5:7:tag:1-3,uuid:…`, as `gtid_executed` gives it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut sources: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (uuid, rest) = part.split_once(':').ok_or(UnknownPosition)?;
            let mut source = uuid.to_ascii_lowercase();
            for piece in rest.split(':').map(str::trim) {
                if piece.starts_with(|letter: char| letter.is_ascii_digit()) {
                    sources
                        .entry(source.clone())
                        .or_default()
                        .push(interval(piece)?);
                } else {
                    source = format!("{}:{piece}", uuid.to_ascii_lowercase());
                }
            }
        }
        let sources = sources
            .into_iter()
            .map(|(source, all)| (source, joined(all)));
        let set = Self {
            sources: sources.collect(),
        };
        set.sids().map(|_| set)
    }
}

fn interval(text: &str) -> Result<(u64, u64), UnknownPosition> {
    let number = |text: &str| text.trim().parse().map_err(|_| UnknownPosition);
    match text.split_once('-') {
        Some((first, last)) => Ok((number(first)?, number(last)?)),
        None => number(text).map(|one| (one, one)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    #[test]
    fn a_set_grows_and_reads_as_the_server_writes_it() {
        let mut set: GtidSet = format!("{UUID}:1-5:7:audit:1-3,\n{}:4", UUID.replace('3', "4"))
            .to_uppercase()
            .replace("AUDIT", "audit")
            .parse()
            .unwrap();
        set.add(UUID, 8);
        set.add(UUID, 6);
        set.add(&format!("{UUID}:audit"), 4);
        let text = set.to_string();
        assert!(text.contains(&format!("{UUID}:1-8")), "{text}");
        assert!(text.contains(&format!("{UUID}:audit:1-4")), "{text}");
        assert_eq!(text.parse::<GtidSet>().unwrap(), set);
    }

    #[test]
    fn nonsense_is_no_set() {
        for wrong in ["x", "x:1", UUID, "3e11fa47:1-5"] {
            assert!(wrong.parse::<GtidSet>().is_err(), "{wrong}");
        }
        assert_eq!("".parse::<GtidSet>().unwrap(), GtidSet::default());
    }
}
