use keyring::{LinkSecret, NotALinkSecret, UnwrapError};
use record::ids::{LinkId, RecordId};

use crate::{flipped, keys};

#[test]
fn the_secret_in_the_address_opens_the_owner_key() {
    let (keys, mut rng) = (keys(), rand::rng());
    let record = RecordId::random(&mut rng);
    let owner = keys.generate_owner_key(record, &mut rng);
    let link = LinkId::random(&mut rng);
    let secret = LinkSecret::generate(&mut rng);
    let wrapped = secret.wrap(&owner, link, &mut rng);

    let url = secret.to_url();
    assert_eq!(url.len(), 43);
    assert!(
        url.bytes()
            .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    );
    let read = LinkSecret::from_url(&url).ok().unwrap();
    let again = read.unwrap(&wrapped, link, record).unwrap();
    assert_eq!(again.key_id(), owner.key_id());
    assert_eq!(again.app_key_version(), owner.app_key_version());
    let front = keys.front();
    assert_eq!(front.hash_secret(&read), front.hash_secret(&secret));
}

#[test]
fn a_link_opens_its_own_owner_key_only() {
    let (keys, mut rng) = (keys(), rand::rng());
    let record = RecordId::random(&mut rng);
    let owner = keys.generate_owner_key(record, &mut rng);
    let (link, other) = (LinkId::random(&mut rng), LinkId::random(&mut rng));
    let secret = LinkSecret::generate(&mut rng);
    let wrapped = secret.wrap(&owner, link, &mut rng);

    assert_eq!(
        secret.unwrap(&wrapped, other, record).err(),
        Some(UnwrapError::Broken)
    );
    let stranger = LinkSecret::generate(&mut rng);
    assert_eq!(
        stranger.unwrap(&wrapped, link, record).err(),
        Some(UnwrapError::Broken)
    );
    let elsewhere = UnwrapError::Elsewhere {
        key_id: owner.key_id(),
        record_id: record,
    };
    let other_record = RecordId::random(&mut rng);
    assert_eq!(
        secret.unwrap(&wrapped, link, other_record).err(),
        Some(elsewhere)
    );
    for bit in 0..wrapped.len() * 8 {
        let error = secret.unwrap(&flipped(&wrapped, bit), link, record).err();
        assert!(
            matches!(error, Some(UnwrapError::Malformed | UnwrapError::Broken)),
            "bit {bit}"
        );
    }
}

#[test]
fn only_43_characters_of_base64url_are_a_secret() {
    let secret = LinkSecret::generate(&mut rand::rng());
    let url = secret.to_url().to_string();
    let long = "A".repeat(4096);
    for text in [
        "",
        "abc",
        &url[..42],
        &format!("{url}A"),
        &format!("{url}="),
        &long,
        "é",
    ] {
        assert_eq!(
            LinkSecret::from_url(text).err(),
            Some(NotALinkSecret),
            "{text}"
        );
    }
    // The last character carries four bits; another one with the same four bits would be a second spelling.
    let second_spelling = format!("{}{}", &"A".repeat(42), "B");
    assert_eq!(
        LinkSecret::from_url(&second_spelling).err(),
        Some(NotALinkSecret)
    );
}
