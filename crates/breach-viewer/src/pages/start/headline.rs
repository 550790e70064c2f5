//! One sentence: is everything all right?

use std::collections::BTreeMap;

use database::sweep_rounds::SweepRound;
use database::verifications::VerdictKind;
use web_kit::components::Tone;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// In a word.
    pub word: &'static str,
    pub tone: Tone,
    pub sentence: String,
}

/// What it rests on.
pub struct Signs<'a> {
    /// How many subjects have each verdict.
    pub counts: &'a BTreeMap<VerdictKind, u64>,
    /// While nothing can be verified, what is on file is only what was found last.
    pub is_hindered: bool,
    /// Alarms behind which somebody may be hiding something.
    pub grave: usize,
    /// All of them.
    pub alarms: usize,
    /// Incidents that are not closed, and rows of incidents that somebody else wrote.
    pub incidents: usize,
    /// The newest round that has ended: its MAC holds, which nobody checks of all the verdicts that are counted.
    pub last: Option<&'a SweepRound>,
}

impl Signs<'_> {
    fn count(&self, of: impl Fn(VerdictKind) -> bool) -> u64 {
        let counted = self.counts.iter().filter(|(verdict, _)| of(**verdict));
        counted.map(|(_, count)| count).sum()
    }

    /// The gravest thing first. "Yes" is said only when nothing at all speaks against it.
    pub fn headline(&self) -> Headline {
        self.breach()
            .or_else(|| self.doubt())
            .or_else(|| self.delay())
            .unwrap_or_else(|| {
                let valid = self.count(|verdict| verdict == VerdictKind::Valid);
                let sentence = match valid {
                    0 => "All records stand as they should.".to_owned(),
                    1 => "The one record is exactly what its owner signed.".to_owned(),
                    _ => format!("All {valid} records are exactly what their owners signed."),
                };
                said("Yes", Tone::Good, sentence)
            })
    }

    fn breach(&self) -> Option<Headline> {
        let (bad, total) = (self.count(VerdictKind::is_bad), self.count(|_| true));
        let so_far = match self.is_hindered {
            true => " when they were verified last; nothing can be verified right now",
            false => "",
        };
        let sentence = match (bad, total) {
            (0, _) => return None,
            (1, 1) => format!("The one record is not what its owner signed{so_far}."),
            (1, _) => format!("1 of {total} records is not what its owner signed{so_far}."),
            _ => format!("{bad} of {total} records are not what their owners signed{so_far}."),
        };
        Some(said("No", Tone::Bad, sentence))
    }

    fn doubt(&self) -> Option<Headline> {
        let was_bad = self.last.map_or(0, |round| round.bad);
        if self.is_hindered {
            let sentence = "Nothing can be verified right now. What stands here is from before.";
            return Some(said("Nobody can tell", Tone::Warning, sentence));
        }
        let alarms = counted(self.alarms as u64, "alarm stands", "alarms stand");
        if self.grave > 0 {
            let sentence = format!("{alarms}. What to do is said below.");
            return Some(said("Not sure", Tone::Warning, sentence));
        }
        if was_bad > 0 {
            let sentence = format!(
                "The last round found {was_bad} that {}. They are being verified again.",
                if was_bad == 1 {
                    "is not what its owner signed"
                } else {
                    "are not what their owners signed"
                }
            );
            return Some(said("Not sure", Tone::Warning, sentence));
        }
        if self.incidents > 0 {
            let incidents = counted(self.incidents as u64, "incident is", "incidents are");
            let sentence = format!("No record is bad any more; {incidents} not closed.");
            return Some(said("Almost", Tone::Warning, sentence));
        }
        if self.alarms > 0 {
            let sentence = format!("No record is bad; {alarms}. What to do is said below.");
            return Some(said("Almost", Tone::Warning, sentence));
        }
        None
    }

    fn delay(&self) -> Option<Headline> {
        let overdue = self.count(|verdict| verdict == VerdictKind::Overdue);
        let untold = self.count(|verdict| verdict == VerdictKind::Unverifiable);
        let last = match self.last {
            Some(last) => last,
            None => {
                let sentence = "The first round over all records has not ended yet.";
                return Some(said("Not known yet", Tone::Waiting, sentence));
            }
        };
        if untold > 0 {
            let sentence = match untold {
                1 => "Of 1 record nobody can tell right now.".to_owned(),
                _ => format!("Of {untold} records nobody can tell right now."),
            };
            return Some(said("Not sure", Tone::Warning, sentence));
        }
        if overdue > 0 {
            let records = counted(overdue, "record waits", "records wait");
            let sentence =
                format!("No record is bad; {records} for an anchor longer than it may take.");
            return Some(said("Almost", Tone::Warning, sentence));
        }
        if last.total == 0 && self.counts.is_empty() {
            let sentence =
                "There are no records yet. They appear here once staff have entered them.";
            return Some(said("Nothing to tell", Tone::Neutral, sentence));
        }
        None
    }
}

fn said(word: &'static str, tone: Tone, sentence: impl Into<String>) -> Headline {
    Headline {
        word,
        tone,
        sentence: sentence.into(),
    }
}

fn counted(number: u64, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use database::sweep_rounds::RoundKind;
    use database::verifications::VerdictCounts;
    use record::B256;
    use record::time::UnixMillis;

    use super::*;

    fn round(bad: u64) -> SweepRound {
        SweepRound {
            id: 1,
            kind: RoundKind::Shared,
            block_number: 9,
            block_hash: B256::ZERO,
            last_uid: 3,
            started_at: UnixMillis(1),
            finished_at: Some(UnixMillis(2)),
            total: 3,
            checked: 3,
            bad,
            verdicts: VerdictCounts::new(),
            problem: None,
        }
    }

    fn answer(counts: &[(VerdictKind, u64)], change: impl Fn(&mut Signs<'_>)) -> Headline {
        let (counts, last) = (counts.iter().copied().collect(), round(0));
        let mut signs = Signs {
            counts: &counts,
            is_hindered: false,
            grave: 0,
            alarms: 0,
            incidents: 0,
            last: Some(&last),
        };
        change(&mut signs);
        signs.headline()
    }

    #[test]
    fn yes_is_said_only_when_nothing_speaks_against_it() {
        const GOOD: [(VerdictKind, u64); 1] = [(VerdictKind::Valid, 3)];
        let yes = answer(&GOOD, |_| {});
        assert_eq!((yes.word, yes.tone), ("Yes", Tone::Good));
        let was_bad = round(2);
        for (sign, word) in [
            (
                answer(&GOOD, |signs| signs.is_hindered = true),
                "Nobody can tell",
            ),
            (answer(&GOOD, |signs| signs.alarms = 1), "Almost"),
            (answer(&GOOD, |signs| signs.incidents = 1), "Almost"),
            (answer(&GOOD, |signs| signs.last = None), "Not known yet"),
            (answer(&[(VerdictKind::Overdue, 1)], |_| {}), "Almost"),
            (
                answer(&GOOD, |signs| (signs.alarms, signs.grave) = (2, 1)),
                "Not sure",
            ),
            (
                answer(&[(VerdictKind::Unverifiable, 1)], |_| {}),
                "Not sure",
            ),
        ] {
            assert_eq!(sign.word, word);
            assert_ne!(sign.tone, Tone::Good);
        }
        let counts = GOOD.into_iter().collect();
        let again = Signs {
            counts: &counts,
            is_hindered: false,
            grave: 0,
            alarms: 0,
            incidents: 0,
            last: Some(&was_bad),
        };
        assert_eq!(again.headline().word, "Not sure");
    }

    #[test]
    fn every_bad_verdict_is_a_no_whatever_else_is_wrong() {
        for verdict in VerdictKind::ALL.iter().filter(|verdict| verdict.is_bad()) {
            let no = answer(&[(VerdictKind::Valid, 2), (*verdict, 1)], |signs| {
                signs.is_hindered = true;
                signs.alarms = 4;
            });
            assert_eq!((no.word, no.tone), ("No", Tone::Bad));
            assert!(no.sentence.starts_with("1 of 3 records is not"), "{no:?}");
        }
    }
}
