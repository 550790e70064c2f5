//! E-mail addresses.

use email_address::{EmailAddress, Options};

use super::{FieldProblem, MAX_EMAIL, text};

/// An e-mail address that mail can be sent to: no display name, no quoting, no bare host or IP address.
/// The domain becomes lower case; what stands before the @ is the owner's business and stays.
pub fn clean_email(typed: &str) -> Result<String, FieldProblem> {
    let typed = text::line(typed, MAX_EMAIL)?;
    let options = Options::default()
        .with_required_tld()
        .without_display_text()
        .without_domain_literal();
    let parsed =
        EmailAddress::parse_with_options(&typed, options).map_err(|_| FieldProblem::Email)?;
    let (local, domain) = (parsed.local_part(), parsed.domain().to_lowercase());
    let top_level = domain.rsplit('.').next().unwrap_or_default();
    if local.contains(['"', ' ']) || top_level.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FieldProblem::Email);
    }
    let address = format!("{local}@{domain}");
    if address.len() > MAX_EMAIL {
        return Err(FieldProblem::TooLong(MAX_EMAIL));
    }
    // Lower-casing can leave NFC; what is cleaned stays clean.
    text::line(&address, MAX_EMAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_but_for_the_domain_s_case() {
        assert_eq!(
            clean_email(" Ann.Lee+x@Example.ORG "),
            Ok("Ann.Lee+x@example.org".into())
        );
        assert_eq!(
            clean_email("j\u{fc}rgen@stra\u{df}e.example"),
            Ok("j\u{fc}rgen@stra\u{df}e.example".into())
        );
    }

    #[test]
    fn what_no_mail_reaches_is_refused() {
        for bad in [
            "ann",
            "ann@",
            "@example.org",
            "ann@localhost",
            "ann@example..org",
            "ann..lee@example.org",
            ".ann@example.org",
            "ann@[192.0.2.1]",
            "ann@192.0.2.1",
            "Ann <ann@example.org>",
            "\"ann lee\"@example.org",
            "ann lee@example.org",
            "ann@exa mple.org",
            "ann@-example.org",
            "ann@example.org, bob@example.org",
            "ann@example.org.",
        ] {
            assert_eq!(clean_email(bad), Err(FieldProblem::Email), "{bad}");
        }
        assert_eq!(clean_email(" "), Err(FieldProblem::Missing));
        assert_eq!(
            clean_email("ann@exam\u{200b}ple.org"),
            Err(FieldProblem::Hidden)
        );
        assert_eq!(clean_email("ann\n@example.org"), Err(FieldProblem::Control));
        let long = format!("ann@{}.org", "a.".repeat(130));
        assert_eq!(clean_email(&long), Err(FieldProblem::TooLong(254)));
    }
}
