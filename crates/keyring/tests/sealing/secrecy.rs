//! Types that hold secrets can't be shown or serialised: this file does not compile when one of them can.

use keyring::{
    ApplicationKeys, FrontKeys, IndexKey, KeySet, LinkSecret, MacBuilder, MasterKey, Opened,
    OwnerKey,
};

/// Two blanket implementations, so that naming an item of the trait is ambiguous for a type that is `$shown`.
macro_rules! assert_never {
    ($shown:path: $($secret:ty),+) => {{
        struct Shown;
        trait AmbiguousIfShown<Which> {
            const KEPT: bool = true;
        }
        impl<T: ?Sized> AmbiguousIfShown<()> for T {}
        impl<T: ?Sized + $shown> AmbiguousIfShown<Shown> for T {}
        [$(<$secret as AmbiguousIfShown<_>>::KEPT),+]
    }};
}

macro_rules! secrets_are_never {
    ($shown:path) => {
        assert_never!($shown: ApplicationKeys, FrontKeys, IndexKey, KeySet, LinkSecret,
            MacBuilder, MasterKey, Opened, OwnerKey)
    };
}

#[test]
fn secrets_are_not_shown() {
    assert_eq!(secrets_are_never!(std::fmt::Debug), [true; 9]);
    assert_eq!(secrets_are_never!(std::fmt::Display), [true; 9]);
    assert_eq!(secrets_are_never!(serde::Serialize), [true; 9]);
}
