//! The line of plans in flight: whether it is in order, and what stands at its end.

use record::ids::Uid;

/// One plan that still waits for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub nonce: u64,
    /// The UID that it takes; none for a further version, which takes none.
    pub new_uid: Option<Uid>,
}

/// Where the next plan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub nonce: u64,
    pub uid: Uid,
    /// Nobody waits: the next plan can be tried out at the head.
    pub is_empty: bool,
}

/// The end of the line when it is in order: the waiting plans, by nonce, carry exactly `nonce`, `nonce + 1` … and their new UIDs `next_uid`, `next_uid + 1` …
pub(crate) fn end_of_line(waiting: &[Waiting], nonce: u64, next_uid: Uid) -> Option<End> {
    let mut end = End {
        nonce,
        uid: next_uid,
        is_empty: waiting.is_empty(),
    };
    for plan in waiting {
        if plan.nonce != end.nonce {
            return None;
        }
        end.nonce = end.nonce.checked_add(1)?;
        if let Some(uid) = plan.new_uid {
            if uid != end.uid {
                return None;
            }
            end.uid = end.uid.next()?;
        }
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    fn uid(number: u64) -> Uid {
        Uid::new(number).unwrap()
    }

    fn line(plans: &[(u64, Option<u64>)]) -> Option<(u64, u64)> {
        let waiting: Vec<_> = plans
            .iter()
            .map(|(nonce, number)| Waiting {
                nonce: *nonce,
                new_uid: number.map(uid),
            })
            .collect();
        end_of_line(&waiting, 5, uid(7)).map(|end| (end.nonce, end.uid.get()))
    }

    #[test]
    fn the_next_plan_stands_behind_the_last() {
        assert_eq!(line(&[]), Some((5, 7)));
        assert_eq!(line(&[(5, Some(7)), (6, Some(8))]), Some((7, 9)));
        // A further version takes a nonce and no UID.
        assert_eq!(line(&[(5, None), (6, Some(7)), (7, None)]), Some((8, 8)));
    }

    #[test]
    fn a_gap_a_doublet_or_a_foreign_uid_is_disorder() {
        assert_eq!(line(&[(6, Some(7))]), None);
        assert_eq!(line(&[(4, Some(7))]), None);
        assert_eq!(line(&[(5, Some(7)), (7, Some(8))]), None);
        assert_eq!(line(&[(5, Some(7)), (5, Some(8))]), None);
        assert_eq!(line(&[(5, Some(8))]), None);
        assert_eq!(line(&[(5, Some(7)), (6, Some(7))]), None);
    }
}
