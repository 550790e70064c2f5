use database::outbox::MailState;
use devstack::Inbox;
use notification::{Found, LinkMail, Mail, RestrictionNews};
use record::ids::{RecordId, Uid};
use record::time::UnixMillis;

use crate::{Desk, event};

const AT: UnixMillis = UnixMillis(1_795_270_500_000);

/// Sends one mail and gives its subject, text and HTML as they arrived.
async fn arrived(mail: Mail) -> [String; 3] {
    let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
    desk.enqueue(event("1"), &desk.address("someone"), &mail)
        .await;
    sent(&desk, inbox).await
}

/// The same of a mail with a link.
async fn link_arrived(mail: LinkMail) -> [String; 3] {
    let (desk, inbox) = (Desk::new().await, Inbox::shared().await.unwrap());
    desk.enqueue_link(event("1"), &desk.address("someone"), &mail)
        .await;
    sent(&desk, inbox).await
}

async fn sent(desk: &Desk, inbox: &Inbox) -> [String; 3] {
    let worker = desk.worker(inbox.smtp_url());
    desk.wait_for(event("1"), MailState::Sent).await;
    worker.stop().await;
    let mail = inbox
        .messages_to(&desk.address("someone"))
        .await
        .unwrap()
        .remove(0);
    [mail.subject, mail.text, mail.html]
}

fn all_say(parts: &[String], words: &[&str]) {
    for word in words {
        for part in parts {
            assert!(part.contains(word), "{word:?} is missing in {part}");
        }
    }
}

#[tokio::test]
async fn the_link_to_a_correction() {
    let [subject, text, html] = link_arrived(LinkMail::ConsentLink {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        url: "https://consent.example.org/c/abc".to_owned(),
        expires_at: AT,
        corrects: true,
        asks_again: false,
        withdrawal_url: Some("https://consent.example.org/w/abc".to_owned()),
    })
    .await;
    assert_eq!(
        subject,
        "Städtische Klinik: please check and confirm a correction of your record"
    );
    all_say(
        &[text, html],
        &[
            "signed the correction and it is sealed, your record stays as you signed it",
            "See what changes",
            "recovery words",
        ],
    );
}

#[tokio::test]
async fn the_link_that_asks_again() {
    let [subject, text, html] = link_arrived(LinkMail::ConsentLink {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        url: "https://consent.example.org/c/abc".to_owned(),
        expires_at: AT,
        corrects: true,
        asks_again: true,
        withdrawal_url: Some("https://consent.example.org/w/abc".to_owned()),
    })
    .await;
    assert_eq!(
        subject,
        "Städtische Klinik: what may your details be used for?"
    );
    all_say(
        &[text, html],
        &["See what is asked", "https://consent.example.org/w/abc"],
    );
}

#[tokio::test]
async fn the_consent_link() {
    let [subject, text, html] = link_arrived(LinkMail::ConsentLink {
        first_name: "Zoë <b>".to_owned(),
        controller: "Städtische Klinik & Söhne".to_owned(),
        url: "https://consent.example.org/c/abc?a=1&b=2".to_owned(),
        expires_at: AT,
        corrects: false,
        asks_again: false,
        withdrawal_url: None,
    })
    .await;
    assert_eq!(
        subject,
        "Städtische Klinik & Söhne: please check and confirm your details"
    );
    all_say(
        &[text.clone(), html.clone()],
        &["21 November 2026, 14:15 UTC", "recovery words"],
    );
    assert!(
        text.contains("Good day Zoë <b>,")
            && text.contains("https://consent.example.org/c/abc?a=1&b=2\n"),
        "{text}"
    );
    assert!(
        html.contains("Zoë &#60;b&#62;") && !html.contains("<b>"),
        "{html}"
    );
    assert!(
        html.contains("href=\"https://consent.example.org/c/abc?a=1&#38;b=2\""),
        "{html}"
    );
}

#[tokio::test]
async fn what_staff_are_told() {
    let record = RecordId::random(&mut rand::rng());
    let [subject, text, html] = arrived(Mail::CorrectionAsked {
        record,
        url: Some("https://entry.example.org/records/7".to_owned()),
    })
    .await;
    assert_eq!(subject, "A data owner asks for a correction");
    all_say(
        &[text, html],
        &[
            &record.to_string(),
            "https://entry.example.org/records/7",
            "new link",
        ],
    );

    let [_, text, html] = arrived(Mail::ConsentGiven { record, url: None }).await;
    all_say(
        &[text, html],
        &[&record.to_string(), "waits for your approval"],
    );
}

#[tokio::test]
async fn staff_are_told_that_a_correction_was_not_wanted() {
    let record = RecordId::random(&mut rand::rng());
    let [subject, text, html] = arrived(Mail::CorrectionDeclined {
        record,
        url: Some("https://entry.example.org/records/7".to_owned()),
    })
    .await;
    assert_eq!(subject, "A data owner leaves the record as it is");
    all_say(
        &[text, html],
        &[
            &record.to_string(),
            "https://entry.example.org/records/7",
            "The correction is deleted",
        ],
    );
}

#[tokio::test]
async fn owners_are_told_that_a_correction_they_signed_was_given_up() {
    let [subject, text, html] = arrived(Mail::CorrectionDropped {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "records@klinik.example".to_owned(),
        withdrawal_url: Some("https://consent.example.org/w/abc".to_owned()),
    })
    .await;
    assert_eq!(
        subject,
        "Städtische Klinik: a correction that you signed was given up"
    );
    all_say(
        &[text, html],
        &[
            "Good day Zoë,",
            "Your record stays as you signed it before",
            "records@klinik.example",
            "https://consent.example.org/w/abc",
        ],
    );
}

#[tokio::test]
async fn the_copy_of_everything_is_ready() {
    let [subject, text, html] = link_arrived(LinkMail::CopyReady {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "records@klinik.example".to_owned(),
        url: "https://consent.example.org/a/abc".to_owned(),
        expires_at: AT,
        withdrawal_url: "https://consent.example.org/w/abc".to_owned(),
    })
    .await;
    assert_eq!(
        subject,
        "Städtische Klinik: the copy of your record is ready"
    );
    all_say(
        &[text, html],
        &[
            "Good day Zoë,",
            "https://consent.example.org/a/abc",
            "https://consent.example.org/w/abc",
            "21 November 2026, 14:15 UTC",
            "a signature of your wallet",
            "records@klinik.example",
        ],
    );
}

#[tokio::test]
async fn an_owner_without_a_link_gets_a_code() {
    let [subject, text, html] = arrived(Mail::OwnerCode {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "records@klinik.example".to_owned(),
        code: "7KQ4M-2XHFP".to_owned(),
        expires_at: AT,
    })
    .await;
    assert_eq!(subject, "Städtische Klinik: your code");
    all_say(
        &[text, html],
        &[
            "7KQ4M-2XHFP",
            "21 November 2026, 14:15 UTC",
            "without the code",
        ],
    );
}

#[tokio::test]
async fn an_owner_reads_why_nothing_is_corrected_and_whom_to_turn_to() {
    let [subject, text, html] = arrived(Mail::CorrectionRefused {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "records@klinik.example".to_owned(),
        officer: "officer@klinik.example".to_owned(),
        reason: "Your passport says otherwise.".to_owned(),
        withdrawal_url: Some("https://consent.example.org/w/abc".to_owned()),
    })
    .await;
    assert_eq!(
        subject,
        "Städtische Klinik: about the correction that you asked for"
    );
    all_say(
        &[text, html],
        &[
            "Your passport says otherwise.",
            "officer@klinik.example",
            "complain to the data-protection authority",
        ],
    );
}

#[tokio::test]
async fn a_withdrawal_is_confirmed_to_its_owner_and_told_to_the_desk() {
    let [subject, text, html] = arrived(Mail::ConsentWithdrawn {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "records@klinik.example".to_owned(),
        at: AT,
        withdrawal_url: "https://consent.example.org/w/abc".to_owned(),
    })
    .await;
    assert_eq!(subject, "Städtische Klinik: what you allowed is taken back");
    all_say(
        &[text, html],
        &[
            "Since 21 November 2026, 14:15 UTC some or all of what you allowed is taken back.",
            "stays lawful",
            "https://consent.example.org/w/abc",
        ],
    );

    let record = RecordId::random(&mut rand::rng());
    let [subject, text, html] = arrived(Mail::WithdrawalNoted {
        record,
        url: Some("https://entry.example.org/records/7".to_owned()),
    })
    .await;
    assert_eq!(subject, "A data owner took consent back");
    all_say(
        &[text, html],
        &[&record.to_string(), "https://entry.example.org/records/7"],
    );
}

#[tokio::test]
async fn the_desk_hears_of_what_is_due_in_numbers_alone() {
    let due = |due, soon| Mail::RetentionDue {
        due,
        soon,
        days: 30,
        url: "https://entry.example.org/retention".to_owned(),
    };
    let [subject, text, html] = arrived(due(10_001, 7)).await;
    assert_eq!(subject, "Records are due to be erased");
    all_say(
        &[text, html],
        &[
            "over 10000",
            "7 more, within 30 days",
            "https://entry.example.org/retention",
        ],
    );
    let [subject, ..] = arrived(due(0, 7)).await;
    assert_eq!(subject, "Records become due to be erased");
}

#[tokio::test]
async fn the_address_that_is_replaced_is_told_and_no_address_is_named() {
    let mail = Mail::AddressCorrected {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "by phone, 555 0100".to_owned(),
        withdrawal_url: Some("https://consent.example.org/w/abc".to_owned()),
    };
    let [subject, text, html] = arrived(mail).await;
    assert_eq!(
        subject,
        "Städtische Klinik: a correction of your record was begun"
    );
    assert!(!text.contains('@'), "{text}");
    all_say(
        &[text, html],
        &[
            "goes to the new address",
            "say so at once: by phone, 555 0100",
        ],
    );
}

#[tokio::test]
async fn an_owner_hears_that_their_wallet_is_said_to_be_lost_and_no_wallet_is_named() {
    let mail = Mail::WalletChangeAsked {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "by phone, 555 0100".to_owned(),
        not_before: AT,
        withdrawal_url: Some("https://consent.example.org/w/abc".to_owned()),
    };
    let [subject, text, html] = arrived(mail).await;
    assert_eq!(
        subject,
        "Städtische Klinik: your record is to get another wallet"
    );
    assert!(!text.contains("0x"), "{text}");
    all_say(
        &[text, html],
        &[
            "21 November 2026, 14:15 UTC",
            "If it was not you",
            "by phone, 555 0100",
            "https://consent.example.org/w/abc",
        ],
    );
}

#[tokio::test]
async fn an_owner_hears_that_their_wallet_stays() {
    let mail = Mail::WalletChangeGivenUp {
        first_name: "Zoë".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "by phone, 555 0100".to_owned(),
        withdrawal_url: None,
    };
    let [subject, text, html] = arrived(mail).await;
    assert_eq!(subject, "Städtische Klinik: your record keeps its wallet");
    all_say(
        &[text, html],
        &["stays as you signed it", "by phone, 555 0100"],
    );
}

#[tokio::test]
async fn a_breach_of_a_whole_table_fits_into_one_mail() {
    let found = |verdict: &str, count| Found {
        verdict: verdict.to_owned(),
        count,
    };
    let [subject, text, html] = arrived(Mail::BreachFound {
        incident: 12,
        detected_at: AT,
        again: true,
        at_most: false,
        found: vec![
            found("altered", 99_990),
            found("missing", 10),
            found("forged", 1),
        ],
        uids: (1..=100_000).filter_map(Uid::new).collect(),
        url: "https://viewer.example.org/incidents/12".to_owned(),
    })
    .await;
    assert_eq!(
        subject,
        "Incident 12: by now 100001 records are not as signed"
    );
    all_say(
        &[text.clone(), html],
        &[
            "More was found since the last mail",
            "99990 records",
            "10 records",
            "Forged",
            "1 record",
            "https://viewer.example.org/incidents/12",
            "72 hours",
        ],
    );
    assert!(
        text.contains("UIDs: 1, 2, 3,") && text.contains(" 50 and 99950 more\n"),
        "{text}"
    );
}

#[tokio::test]
async fn one_record_is_told_in_the_singular() {
    let [subject, text, _] = arrived(Mail::BreachFound {
        incident: 3,
        detected_at: AT,
        again: false,
        at_most: true,
        found: vec![Found {
            verdict: "rolled_back".to_owned(),
            count: 1,
        }],
        uids: vec![Uid::new(7).unwrap()],
        url: "https://viewer.example.org/incidents/3".to_owned(),
    })
    .await;
    assert_eq!(subject, "Incident 3: up to 1 record is not as signed");
    assert!(
        text.contains("Rolled back to an older state: 1 record\n") && text.contains("UIDs: 7\n"),
        "{text}"
    );

    let [subject, text, html] = arrived(Mail::Restored {
        incident: 3,
        restored_at: AT,
        uids: vec![Uid::new(7).unwrap()],
        count: 1,
        url: "https://viewer.example.org/incidents/3".to_owned(),
    })
    .await;
    assert_eq!(subject, "Incident 3: 1 record restored");
    all_say(
        &[text, html],
        &[
            "1 record was restored from the backup, or from what",
            "found equal to",
        ],
    );
}

#[tokio::test]
async fn an_operations_alarm_is_no_breach() {
    let [subject, text, html] = arrived(Mail::OperationsAlarm {
        what: "The chain does not answer.".to_owned(),
        hinders: true,
        may_be_meant: false,
        since: AT,
        more: false,
        url: "https://viewer.example.org/".to_owned(),
    })
    .await;
    assert_eq!(subject, "Records can't be verified at present");
    all_say(
        &[text, html],
        &[
            "not a sign of a breach",
            "The chain does not answer.",
            "21 November 2026",
        ],
    );
}

#[tokio::test]
async fn an_alarm_of_which_there_is_more_says_so() {
    let [_, text, html] = arrived(Mail::OperationsAlarm {
        what: "Rows were planted.".to_owned(),
        hinders: false,
        may_be_meant: true,
        since: AT,
        more: true,
        url: "https://viewer.example.org/".to_owned(),
    })
    .await;
    all_say(
        &[text, html],
        &["More of what you had a mail about", "Rows were planted."],
    );
}

#[tokio::test]
async fn an_alarm_that_may_be_meant_is_not_called_no_breach() {
    let [subject, text, html] = arrived(Mail::OperationsAlarm {
        what: "The keys do not fit.".to_owned(),
        hinders: true,
        may_be_meant: true,
        since: AT,
        more: false,
        url: "https://viewer.example.org/".to_owned(),
    })
    .await;
    assert_eq!(subject, "Records can't be verified at present");
    assert!(!text.contains("not a sign of a breach"));
    all_say(&[text, html], &["Somebody may have brought that about"]);
}

#[tokio::test]
async fn an_alarm_that_hinders_nothing_says_that_verification_goes_on() {
    let [subject, text, html] = arrived(Mail::OperationsAlarm {
        what: "Anchoring does not move on.".to_owned(),
        hinders: false,
        may_be_meant: true,
        since: AT,
        more: false,
        url: "https://viewer.example.org/".to_owned(),
    })
    .await;
    assert_eq!(subject, "Sealwatch needs somebody to look at it");
    all_say(
        &[text, html],
        &["goes on verifying", "Anchoring does not move on."],
    );
}

#[tokio::test]
async fn the_steps_of_a_restriction() {
    let reason = || "The register of residents says so.".to_owned();
    for (news, wanted) in [
        (
            RestrictionNews::Received { due_at: AT },
            &[
                "of a restricted record",
                "for legal claims",
                "21 November 2026, 14:15 UTC",
            ][..],
        ),
        (
            RestrictionNews::Objected { due_at: AT },
            &["weighs your objection", "21 November 2026, 14:15 UTC"],
        ),
        (RestrictionNews::MarketingEnded, &["ended at once"]),
        (RestrictionNews::Granted, &["Before that ends you are told"]),
        (RestrictionNews::Upheld, &["does not begin again"]),
        (
            RestrictionNews::Ending { reason: reason() },
            &["about to lift", "The register of residents says so."],
        ),
        (RestrictionNews::Lifted, &["has ended, as you were told"]),
        (
            RestrictionNews::Withdrawn,
            &[
                "You took back what you had asked for",
                "Unless another one still holds",
                "again at any time",
            ],
        ),
    ] {
        let [subject, text, html] = arrived(Mail::Restriction {
            first_name: "Zoë".to_owned(),
            controller: "Städtische Klinik".to_owned(),
            contact: "+49 30 1234".to_owned(),
            news,
            withdrawal_url: "https://consent.example.org/w/abc".to_owned(),
        })
        .await;
        assert!(subject.starts_with("Städtische Klinik: "), "{subject}");
        all_say(&[text.clone(), html.clone()], wanted);
        all_say(
            &[text, html],
            &[
                "Good day Zoë,",
                "https://consent.example.org/w/abc",
                "+49 30 1234",
                "data-protection authority",
            ],
        );
    }
}

#[tokio::test]
async fn why_a_use_is_not_restricted_or_goes_on() {
    for (is_objection, wanted) in [
        (true, "end a use of your details that you objected to"),
        (false, "restrict the use of your record"),
    ] {
        let [_, text, html] = arrived(Mail::RestrictionRefused {
            first_name: "Zoë".to_owned(),
            controller: "Städtische Klinik".to_owned(),
            contact: "+49 30 1234".to_owned(),
            officer: "officer@klinik.example".to_owned(),
            is_objection,
            reason: "A court asked for it.".to_owned(),
            withdrawal_url: "https://consent.example.org/w/abc".to_owned(),
        })
        .await;
        all_say(
            &[text, html],
            &[
                wanted,
                "A court asked for it.",
                "officer@klinik.example",
                "complain to the data-protection authority",
                "that may be lifted",
            ],
        );
    }
}

#[tokio::test]
async fn that_an_owner_restricts_or_objects() {
    let record = RecordId::from_bytes([7; 16]);
    let [subject, text, html] = arrived(Mail::RestrictionAsked {
        record,
        url: Some("https://entry.example.org/records/07".to_owned()),
    })
    .await;
    assert_eq!(
        subject,
        "A data owner restricts the use of their record, or objects to one"
    );
    all_say(
        &[text, html],
        &[&record.to_string(), "https://entry.example.org/records/07"],
    );
}

#[tokio::test]
async fn that_an_owner_takes_a_restriction_back() {
    let record = RecordId::from_bytes([7; 16]);
    let [subject, text, html] = arrived(Mail::RestrictionWithdrawn {
        record,
        url: Some("https://entry.example.org/records/07".to_owned()),
    })
    .await;
    assert_eq!(
        subject,
        "A data owner takes back that the use of their record is restricted"
    );
    all_say(
        &[text, html],
        &[
            &record.to_string(),
            "whether anything else restricts it",
            "https://entry.example.org/records/07",
        ],
    );
}

#[tokio::test]
async fn somebody_of_the_staff_chooses_a_password() {
    let mail = |is_reset| LinkMail::StaffLink {
        first_name: "Nora".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "records@klinik.example".to_owned(),
        url: "https://entry.example.org/welcome/abc".to_owned(),
        expires_at: AT,
        is_reset,
    };
    let [subject, text, html] = link_arrived(mail(false)).await;
    assert_eq!(subject, "Städtische Klinik: your account");
    for part in [text, html] {
        assert!(part.contains("https://entry.example.org/welcome/abc"));
        assert!(part.contains("Good day Nora,") && part.contains("works once"));
    }
    let [subject, text, _] = link_arrived(mail(true)).await;
    assert_eq!(subject, "Städtische Klinik: choose a new password");
    assert!(text.contains("signed you out everywhere"));
}

#[tokio::test]
async fn the_address_of_before_hears_where_the_link_did_not_go() {
    let [subject, text, _] = arrived(Mail::StaffAddressChanged {
        first_name: "Nora".to_owned(),
        controller: "Städtische Klinik".to_owned(),
        contact: "records@klinik.example".to_owned(),
    })
    .await;
    assert_eq!(
        subject,
        "Städtische Klinik: the address of your account was changed"
    );
    assert!(text.contains("say so at once: records@klinik.example"));
}
