//! How to reach the mail server, out of `SMTP_URL`.

use std::str::FromStr;

use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use url::{Host, Url};

use crate::mailer::MailerError;

const SMTPS_PORT: u16 = 465;
const SUBMISSION_PORT: u16 = 587;
const RELAY_PORT: u16 = 25;

/// A mail server, read from `smtps://account:password@host` (TLS from the start) or `smtp://…?tls=required` (STARTTLS),
/// `?tls=opportunistic` (STARTTLS if offered) or `?tls=none`. Without a word on it, `smtp` means `required`, and `none` on
/// this machine.
#[derive(Clone)]
pub struct SmtpServer(pub(crate) AsyncSmtpTransportBuilder);

impl FromStr for SmtpServer {
    type Err = MailerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| MailerError::Url("it is no URL"))?;
        let host = match url.host() {
            // Without the brackets that an address has in a URL.
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(host) => host.to_string(),
            None => return Err(MailerError::Url("it names no host")),
        };
        let (tls, port) = security(&url, &host)?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .tls(tls)
            .port(url.port().unwrap_or(port));
        Ok(Self(match url.password() {
            Some(password) => builder.credentials(Credentials::new(
                decoded(url.username())?,
                decoded(password)?,
            )),
            None if url.username().is_empty() => builder,
            None => return Err(MailerError::Url("it has an account without a password")),
        }))
    }
}

fn security(url: &Url, host: &str) -> Result<(Tls, u16), MailerError> {
    let parameters = || {
        TlsParameters::new(host.to_owned())
            .map_err(|_| MailerError::Url("its host is no name that TLS can verify"))
    };
    let asked = url.query_pairs().find(|(name, _)| name == "tls");
    let asked = asked.map(|(_, value)| value.into_owned());
    Ok(match (url.scheme(), asked.as_deref()) {
        ("smtps", None | Some("required")) => (Tls::Wrapper(parameters()?), SMTPS_PORT),
        ("smtp", None) if is_this_machine(url) => (Tls::None, RELAY_PORT),
        ("smtp", None | Some("required")) => (Tls::Required(parameters()?), SUBMISSION_PORT),
        ("smtp", Some("opportunistic")) => (Tls::Opportunistic(parameters()?), SUBMISSION_PORT),
        ("smtp", Some("none")) => (Tls::None, RELAY_PORT),
        ("smtp" | "smtps", Some(_)) => {
            return Err(MailerError::Url(
                "tls= is none of required, opportunistic and none, or does not go with smtps://",
            ));
        }
        _ => {
            return Err(MailerError::Url(
                "it begins with neither smtp:// nor smtps://",
            ));
        }
    })
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        // Addresses of schemes that are not the web's stay text.
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|ip| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn decoded(text: &str) -> Result<String, MailerError> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(String::from)
        .map_err(|_| MailerError::Url("its account or password is not UTF-8"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    fn shown(text: &str) -> Result<String, String> {
        let url: Url = text.parse().unwrap();
        let (tls, port) = security(&url, "mail.example.org").map_err(|error| error.to_string())?;
        let tls = match tls {
            Tls::None => "none",
            Tls::Opportunistic(_) => "opportunistic",
            Tls::Required(_) => "required",
            Tls::Wrapper(_) => "wrapper",
        };
        Ok(format!("{tls} {}", url.port().unwrap_or(port)))
    }

    #[test]
    fn tls_is_required_outside_this_machine_unless_asked_otherwise() {
        for (url, expected) in [
            ("smtps://a:b@mail.example.org", "wrapper 465"),
            ("smtps://mail.example.org:4650?tls=required", "wrapper 4650"),
            ("smtp://mail.example.org", "required 587"),
            ("smtp://mail.example.org?tls=required", "required 587"),
            (
                "smtp://mail.example.org?tls=opportunistic",
                "opportunistic 587",
            ),
            ("smtp://mail.example.org?tls=none", "none 25"),
            ("smtp://127.0.0.1:1025", "none 1025"),
            ("smtp://[::1]:1025", "none 1025"),
            ("smtp://localhost", "none 25"),
            ("smtp://localhost?tls=required", "required 587"),
        ] {
            assert_eq!(shown(url).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused_without_showing_it() {
        for url in [
            "smtp://mail.example.org?tls=yes",
            "smtps://mail.example.org?tls=none",
            "http://user:hunter2@mail.example.org",
        ] {
            let problem = shown(url).unwrap_err();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        let server = |url: &str| url.parse::<SmtpServer>().map(drop);
        assert!(server("mail.example.org").is_err());
        assert!(server("smtp://").is_err());
        assert!(server("smtp://user@mail.example.org").is_err());
        assert!(server("smtp://us%40er:p%C3%A4ss@mail.example.org").is_ok());
        assert!(server("smtp://user:%FF@mail.example.org").is_err());
    }
}
