//! How an owner asked for something.

use crate::column::text_enum;

text_enum! {
    /// How an owner asked for something.
    RequestWay {
        /// On the page that thanks for a signature.
        Receipt = "receipt",
        /// By the address in a mail, and a code.
        Link = "link",
        /// At the desk.
        InPerson = "in_person",
        /// By telephone.
        ByPhone = "by_phone",
        /// By letter.
        ByLetter = "by_letter",
        /// By a mail that they wrote.
        ByMail = "by_mail",
        /// Nobody asked: nothing permits to keep the record any longer.
        Retention = "retention",
    }
}

impl RequestWay {
    /// How owners ask at the desk, as staff note it.
    pub const AT_THE_DESK: [(Self, &'static str); 4] = [
        (Self::InPerson, "In person"),
        (Self::ByPhone, "By phone"),
        (Self::ByLetter, "By letter"),
        (Self::ByMail, "By e-mail"),
    ];
}
