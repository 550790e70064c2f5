use keyring::Ticket;
use proptest::prelude::*;
use record::ids::RecordId;

use crate::keys;

#[test]
fn a_ticket_names_its_record_to_those_who_made_it() {
    let (front, other) = (keys().front(), keys().front());
    let record = RecordId::random(&mut rand::rng());
    let url = Ticket::of(record).to_url(&front);
    assert_eq!(url.len(), 43);
    assert!(
        url.bytes()
            .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    );
    let read = Ticket::from_url(&url, &front).map(Ticket::record);
    assert_eq!(read, Some(record));
    assert!(Ticket::from_url(&url, &other).is_none());
    // It stays good: it stands in old mails.
    assert_eq!(Ticket::of(record).to_url(&front), url);
}

proptest! {
    #[test]
    fn any_other_text_is_no_ticket(at in 0_usize..43, to in "[A-Za-z0-9_-]", cut in 0_usize..43) {
        let front = keys().front();
        let url = Ticket::of(RecordId::random(&mut rand::rng())).to_url(&front);
        let mut changed = url.clone();
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(Ticket::from_url(&changed, &front).is_some(), changed == url);
        prop_assert!(Ticket::from_url(&url[..cut], &front).is_none());
        let longer = format!("{url}A");
        prop_assert!(Ticket::from_url(&longer, &front).is_none());
    }

    #[test]
    fn nothing_typed_is_a_ticket(text in ".{0,60}") {
        prop_assert!(Ticket::from_url(&text, &keys().front()).is_none());
    }
}
