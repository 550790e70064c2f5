//! A value before and after a change, cut so that what differs is seen.

use detection::PieceValue;

/// So many bytes of a sealed value are shown at once; words of ours are shown whole up to twice that.
const SHOWN: usize = 32;
/// So many of them before the first that differs.
const BEFORE: usize = 6;

/// One side. What is left out on either end has an ellipsis in its place.
#[derive(Default)]
pub struct Excerpt {
    pub head: String,
    /// What the other side has not.
    pub differs: String,
    pub tail: String,
    /// All of it, where the rest is an excerpt.
    pub whole: Option<Whole>,
}

/// A value to its last byte.
pub struct Whole {
    pub text: String,
    pub bytes: usize,
}

/// What the log tells of a column of a row: nothing, where it leaves it out.
pub type Side<'a> = Option<&'a PieceValue>;

/// Both sides; one where there is no row is empty.
pub fn pair(before: Option<Side<'_>>, after: Option<Side<'_>>) -> (Excerpt, Excerpt) {
    let one = before.flatten().and_then(Units::of);
    let other = after.flatten().and_then(Units::of);
    let differing = match (&one, &other) {
        (Some(one), Some(other)) if one.width == other.width => Differing::of(one, other),
        _ => Differing::default(),
    };
    let excerpt = |side: Option<Side<'_>>, units: Option<Units>| match (units, side) {
        (Some(units), _) => units.excerpt(&differing),
        (None, Some(side)) => Excerpt {
            head: in_words(side),
            ..Excerpt::default()
        },
        (None, None) => Excerpt::default(),
    };
    (excerpt(before, one), excerpt(after, other))
}

fn in_words(value: Side<'_>) -> String {
    match value {
        None => "not in the log".to_owned(),
        Some(PieceValue::Number(number)) => number.to_string(),
        Some(PieceValue::Null(()) | PieceValue::Bytes(_)) => "none".to_owned(),
    }
}

/// The bytes of a value, each as so many letters: words of ours as they are, sealed bytes as hexadecimal digits.
struct Units {
    text: String,
    width: usize,
}

/// How many bytes are the same on both sides, from the beginning and up to the end. None of those in between.
#[derive(Default)]
struct Differing {
    same_before: Option<usize>,
    same_behind: usize,
}

impl Differing {
    fn of(one: &Units, other: &Units) -> Self {
        let before = same(one.bytes().zip(other.bytes()));
        let shorter = one.len().min(other.len());
        if before == shorter && one.len() == other.len() {
            return Self::default();
        }
        let behind = same(one.bytes().rev().zip(other.bytes().rev()));
        Self {
            same_before: Some(before),
            same_behind: behind.min(shorter - before),
        }
    }
}

fn same<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> usize {
    pairs.take_while(|(one, other)| one == other).count()
}

impl Units {
    /// None of what are no bytes, or no bytes at all.
    fn of(value: &PieceValue) -> Option<Self> {
        let bytes = value.bytes().filter(|bytes| !bytes.is_empty())?;
        let is_word = bytes.iter().all(u8::is_ascii_graphic);
        let (text, width) = match value {
            _ if is_word => (String::from_utf8_lossy(&bytes).into_owned(), 1),
            PieceValue::Bytes(digits) => (digits.clone(), 2),
            _ => return None,
        };
        Some(Self { text, width })
    }

    fn len(&self) -> usize {
        self.text.len() / self.width
    }

    fn bytes(&self) -> std::slice::ChunksExact<'_, u8> {
        self.text.as_bytes().chunks_exact(self.width)
    }

    /// Text from one byte to before another.
    fn part(&self, from: usize, to: usize) -> &str {
        let text = self.text.get(from * self.width..to * self.width);
        text.unwrap_or_default()
    }

    fn excerpt(self, differing: &Differing) -> Excerpt {
        let len = self.len();
        let most = SHOWN * 2 / self.width;
        let (first, last) = match differing.same_before {
            Some(same) => (same, len - differing.same_behind),
            None => (len, len),
        };
        let from = match differing.same_before {
            Some(same) if len > most => same.saturating_sub(BEFORE),
            _ => 0,
        };
        let to = len.min(from + most);
        let (first, last) = (first.min(to), last.min(to));
        let cut = |is_cut: bool| if is_cut { "…" } else { "" };
        Excerpt {
            head: format!("{}{}", cut(from > 0), self.part(from, first)),
            differs: self.part(first, last).to_owned(),
            tail: format!("{}{}", self.part(last, to), cut(to < len)),
            whole: (from > 0 || to < len).then_some(Whole {
                bytes: len,
                text: self.text,
            }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    fn sealed(bytes: &[u8]) -> PieceValue {
        PieceValue::Bytes(hex::encode(bytes))
    }

    fn told(excerpt: &Excerpt) -> [&str; 3] {
        [&excerpt.head, &excerpt.differs, &excerpt.tail]
    }

    #[test]
    fn a_change_far_from_the_beginning_is_seen() {
        let before = [7; 120];
        let mut after = before;
        after[90..94].copy_from_slice(&[1, 2, 3, 4]);
        let [one, other] = [sealed(&before), sealed(&after)];
        let (one, other) = pair(Some(Some(&one)), Some(Some(&other)));
        let head = format!("…{}", "07".repeat(6));
        let tail = format!("{}…", "07".repeat(22));
        assert_eq!(told(&one), [head.as_str(), "07070707", tail.as_str()]);
        assert_eq!(told(&other), [head.as_str(), "01020304", tail.as_str()]);
        let whole = other.whole.unwrap();
        assert_eq!((whole.bytes, whole.text), (120, hex::encode(after)));
    }

    #[test]
    fn what_was_cut_off_and_what_was_put_in_is_seen() {
        let [one, other] = [sealed(&[1, 2, 3, 4]), sealed(&[1, 2])];
        let (before, after) = pair(Some(Some(&one)), Some(Some(&other)));
        assert_eq!(told(&before), ["0102", "0304", ""]);
        assert_eq!(told(&after), ["0102", "", ""]);
        assert!(before.whole.is_none() && after.whole.is_none());
        let [one, other] = [sealed(&[1; 40]), sealed(&[1; 41])];
        let (before, after) = pair(Some(Some(&one)), Some(Some(&other)));
        assert_eq!(before.differs, "");
        assert_eq!((after.differs.as_str(), after.tail.as_str()), ("01", ""));
    }

    #[test]
    fn words_numbers_and_what_is_not_there_are_told_as_such() {
        let [one, other] = [sealed(b"awaiting_consent"), sealed(b"anchored")];
        let (before, after) = pair(Some(Some(&one)), Some(Some(&other)));
        assert_eq!(told(&before), ["a", "waiting_consent", ""]);
        assert_eq!(told(&after), ["a", "nchored", ""]);
        let number = PieceValue::Number(7);
        let (before, after) = pair(Some(Some(&number)), Some(None));
        assert_eq!(told(&before), ["7", "", ""]);
        assert_eq!(told(&after), ["not in the log", "", ""]);
        let (none, inserted) = pair(None, Some(Some(&PieceValue::Null(()))));
        assert_eq!(told(&none), ["", "", ""]);
        assert_eq!(told(&inserted), ["none", "", ""]);
    }

    #[test]
    fn what_is_the_same_is_cut_from_its_beginning() {
        let value = sealed(&[5; 100]);
        let (before, after) = pair(Some(Some(&value)), Some(Some(&value)));
        let head = "05".repeat(32);
        for side in [before, after] {
            assert_eq!(told(&side), [head.as_str(), "", "…"]);
            assert_eq!(side.whole.unwrap().bytes, 100);
        }
    }
}
