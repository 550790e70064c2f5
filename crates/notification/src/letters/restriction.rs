use super::greeting;
use crate::letter::{Letter, fact, moment};
use crate::mail::RestrictionNews;

const SEEN_THERE: &str = "What exactly it is about is shown on your page, once you have typed a code: a mail is no place for it.";

/// Subject and paragraphs of what an owner is told.
fn words(controller: &str, news: &RestrictionNews) -> (&'static str, Vec<String>) {
    let meanwhile = format!(
        "From now on {controller} keeps your details, and uses them only as far as the law allows of a restricted record (GDPR Art. \
         18(2)): with your consent, for legal claims, to protect somebody else, or for an important public interest."
    );
    match news {
        RestrictionNews::Received { .. } => (
            "the use of your record is restricted",
            vec![
                meanwhile,
                "Somebody there decides whether it stays so, and you get the answer by e-mail."
                    .to_owned(),
            ],
        ),
        RestrictionNews::Objected { .. } => (
            "you objected to a use of your details",
            vec![
                meanwhile,
                "Somebody there weighs your objection, and you get the answer by e-mail.".to_owned(),
            ],
        ),
        RestrictionNews::MarketingEnded => (
            "a use that you objected to has ended",
            vec![format!(
                "{controller} does not use your details any more for what you objected to. It ended at once, and for good."
            )],
        ),
        RestrictionNews::Granted => (
            "the use of your record stays restricted",
            vec![
                format!("{controller} has looked at what you asked for: your record stays restricted."),
                "Before that ends you are told, and why.".to_owned(),
            ],
        ),
        RestrictionNews::Upheld => (
            "what you objected to has ended",
            vec![
                format!("{controller} does not use your details any more for what you objected to."),
                "Until now your whole record was restricted. Now that you have been told, that may be lifted; the use that you \
                 objected to does not begin again by it."
                    .to_owned(),
            ],
        ),
        RestrictionNews::Ending { reason } => (
            "the restriction of your record is about to end",
            vec![
                format!("{controller} is about to lift the restriction of your record, for this reason:"),
                reason.clone(),
                "You get a mail when it is lifted. If you do not agree, say so before.".to_owned(),
            ],
        ),
        RestrictionNews::Withdrawn => (
            "you took back a restriction of your record",
            vec![
                format!(
                    "You took back what you had asked for: that restriction of your record has ended. Unless another one still holds, \
                     {controller} uses your details again for what they are kept for. A use that has ended does not begin again by it."
                ),
                "You can ask for a restriction again at any time.".to_owned(),
            ],
        ),
        RestrictionNews::Lifted => (
            "a restriction of your record is lifted",
            vec![format!(
                "A restriction of your record has ended, as you were told. Unless another one still holds, {controller} uses your \
                 details again for what they are kept for. A use that has ended does not begin again by it."
            )],
        ),
    }
}

pub(crate) fn restriction(
    first_name: &str,
    (controller, contact): (&str, &str),
    news: &RestrictionNews,
) -> Letter {
    let (subject, mut paragraphs) = words(controller, news);
    paragraphs.push(SEEN_THERE.to_owned());
    let facts = match news {
        RestrictionNews::Received { due_at } | RestrictionNews::Objected { due_at } => {
            vec![fact("Answer by", moment(*due_at))]
        }
        _ => Vec::new(),
    };
    Letter {
        subject: format!("{controller}: {subject}"),
        greeting: greeting(first_name),
        paragraphs,
        facts,
        action: None,
        closing: vec![format!(
            "If this is not what you asked for, or it was not you who asked, say so: {contact}. You may also complain to the \
             data-protection authority."
        )],
        withdrawal_url: None,
        footer: format!("You get this mail because {controller} holds a record about you."),
    }
}
