//! Where a key in a token is, as RFC 7512 writes it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

pub(crate) const SCHEME: &str = "pkcs11:";

/// The address of a key in a PKCS#11 token, such as
/// `pkcs11:token=sealwatch;object=master?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/sealwatch/token.pin`.
/// It holds no secret: the PIN stands in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUri {
    text: String,
    pub(super) module: PathBuf,
    pub(super) pin: PathBuf,
    pub(super) token: TokenName,
    pub(super) object: Option<String>,
    pub(super) id: Option<Vec<u8>>,
}

/// What is said of a token; it must have all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenName {
    pub(super) label: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) model: Option<String>,
}

/// Why a text does not say where a key is. Never shows a value: somebody may have written a PIN among them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATokenUri {
    /// It is something else.
    #[error("it does not begin with pkcs11:")]
    Scheme,
    /// A part of it is not a name, an equals sign and a value, or the value is no text.
    #[error("a part of it is not of the form name=value, with values percent-encoded")]
    Form,
    /// An attribute stands there twice.
    #[error("{0} stands there twice")]
    Twice(&'static str),
    /// It holds attributes that nothing is done with.
    #[error(
        "it says more than can be heeded: only token, serial, manufacturer, model, object, id and type=secret-key, and after the ? \
         module-path and pin-source"
    )]
    Unknown,
    /// It holds the PIN.
    #[error(
        "it holds the PIN (pin-value); put the PIN into a file and name that by pin-source, and consider this PIN known"
    )]
    PinValue,
    /// Something is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A path that depends on where the process was started.
    #[error("{0} must be a path from the root")]
    Relative(&'static str),
}

impl FromStr for TokenUri {
    type Err = NotATokenUri;

    fn from_str(text: &str) -> Result<Self, NotATokenUri> {
        let rest = text.strip_prefix(SCHEME).ok_or(NotATokenUri::Scheme)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut path = Attributes::split(path, ';')?;
        let mut query = Attributes::split(query, '&')?;
        if query.take("pin-value")?.is_some() {
            return Err(NotATokenUri::PinValue);
        }
        let uri = Self {
            text: text.to_owned(),
            module: query.path("module-path")?,
            pin: query.path("pin-source")?,
            token: TokenName {
                label: path.text("token")?,
                serial: path.text("serial")?,
                manufacturer: path.text("manufacturer")?,
                model: path.text("model")?,
            },
            object: path.text("object")?,
            id: path.take("id")?,
        };
        let kind = path.text("type")?;
        if kind.is_some_and(|kind| kind != "secret-key") || !path.is_empty() || !query.is_empty() {
            return Err(NotATokenUri::Unknown);
        }
        if uri.token.label.is_none() && uri.token.serial.is_none() {
            return Err(NotATokenUri::Missing("token (or serial)"));
        }
        if uri.object.is_none() && uri.id.is_none() {
            return Err(NotATokenUri::Missing("object (or id)"));
        }
        Ok(uri)
    }
}

impl fmt::Display for TokenUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Names and their values, decoded.
struct Attributes(BTreeMap<String, Vec<Vec<u8>>>);

impl Attributes {
    fn split(text: &str, by: char) -> Result<Self, NotATokenUri> {
        let mut all = BTreeMap::<_, Vec<_>>::new();
        for part in text.split(by).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(NotATokenUri::Form)?;
            let value = percent_decode_str(value).collect();
            all.entry(name.to_owned()).or_default().push(value);
        }
        Ok(Self(all))
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, name: &'static str) -> Result<Option<Vec<u8>>, NotATokenUri> {
        let mut values = self.0.remove(name).unwrap_or_default();
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(NotATokenUri::Twice(name)),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, NotATokenUri> {
        let value = self.take(name)?.map(String::from_utf8);
        value.transpose().map_err(|_| NotATokenUri::Form)
    }

    /// A path from the root, written as such or as `file:` URI.
    fn path(&mut self, name: &'static str) -> Result<PathBuf, NotATokenUri> {
        let text = self.text(name)?.ok_or(NotATokenUri::Missing(name))?;
        let path = text.strip_prefix("file:").unwrap_or(&text);
        let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
        path.is_absolute()
            .then_some(path)
            .ok_or(NotATokenUri::Relative(name))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    const WHOLE: &str = "pkcs11:token=Our%20token;object=m%3B1;id=%01%ff;type=secret-key?module-path=/lib/m.so&pin-source=file:///etc/pin";

    #[test]
    fn a_key_is_named_by_rfc_7512() {
        let uri: TokenUri = WHOLE.parse().unwrap();
        assert_eq!(uri.token.label.as_deref(), Some("Our token"));
        assert_eq!(uri.object.as_deref(), Some("m;1"));
        assert_eq!(uri.id.as_deref(), Some([1, 255].as_slice()));
        assert_eq!(uri.module, PathBuf::from("/lib/m.so"));
        assert_eq!(uri.pin, PathBuf::from("/etc/pin"));
        assert_eq!(uri.to_string(), WHOLE);
    }

    #[test]
    fn what_can_not_be_heeded_is_refused_and_no_pin_is_repeated() {
        for (text, why) in [
            ("https://token", NotATokenUri::Scheme),
            (
                "pkcs11:token=a;object=b?module-path=/m&pin-value=4711",
                NotATokenUri::PinValue,
            ),
            (
                "pkcs11:token=a;object=b?module-path=/m&4711",
                NotATokenUri::Form,
            ),
            (
                "pkcs11:token=a;object=b?module-path=/m",
                NotATokenUri::Missing("pin-source"),
            ),
            (
                "pkcs11:token=a;object=b?pin-source=/p",
                NotATokenUri::Missing("module-path"),
            ),
            (
                "pkcs11:object=b?module-path=/m&pin-source=/p",
                NotATokenUri::Missing("token (or serial)"),
            ),
            (
                "pkcs11:token=a?module-path=/m&pin-source=/p",
                NotATokenUri::Missing("object (or id)"),
            ),
            (
                "pkcs11:token=a;token=b;object=b?module-path=/m&pin-source=/p",
                NotATokenUri::Twice("token"),
            ),
            (
                "pkcs11:token=a;object=b?module-path=m.so&pin-source=/p",
                NotATokenUri::Relative("module-path"),
            ),
            (
                "pkcs11:token=a;object=b?module-path=/m&pin-source=file:p",
                NotATokenUri::Relative("pin-source"),
            ),
            (
                "pkcs11:token=a;object=b;slot-id=1?module-path=/m&pin-source=/p",
                NotATokenUri::Unknown,
            ),
            (
                "pkcs11:token=a;object=b;type=private?module-path=/m&pin-source=/p",
                NotATokenUri::Unknown,
            ),
            (
                "pkcs11:token=%ff;object=b?module-path=/m&pin-source=/p",
                NotATokenUri::Form,
            ),
        ] {
            let refused = text.parse::<TokenUri>().unwrap_err();
            assert_eq!(refused, why, "{text}");
            assert!(!refused.to_string().contains("4711"));
        }
    }
}
