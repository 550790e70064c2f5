//! Forms that come back with what was typed and, beside each field, what is wrong with it.

mod field;

use std::collections::BTreeMap;
use std::fmt::Display;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use secrecy::SecretString;
use url::form_urlencoded;

use crate::error::Error;

pub use field::{Choice, Field, Summary};

/// What was typed into a form, and what is wrong with it. As an extractor it reads a posted form.
///
/// It can't be printed: forms hold personal data.
#[derive(Clone, Default)]
pub struct FormState {
    values: BTreeMap<String, Vec<String>>,
    /// In the order in which the fields were checked.
    problems: Vec<(String, String)>,
    headline: Option<String>,
    restored: bool,
}

impl FormState {
    /// An empty form.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `a=1&b=2`.
    #[must_use]
    pub fn from_urlencoded(body: &[u8]) -> Self {
        let mut form = Self::new();
        for (name, value) in form_urlencoded::parse(body) {
            // Browsers end lines with CR LF; everything behind the form knows LF alone.
            let value = value.replace("\r\n", "\n");
            form.values
                .entry(name.into_owned())
                .or_default()
                .push(value);
        }
        form
    }

    /// The form as it came back after signing in again.
    pub(crate) fn restored(body: &[u8]) -> Self {
        Self {
            restored: true,
            ..Self::from_urlencoded(body)
        }
    }

    /// Whether this form was kept while its person had to sign in again.
    #[must_use]
    pub fn is_restored(&self) -> bool {
        self.restored
    }

    /// What was typed, or nothing.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    /// All values of a name: ticked boxes.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a box was ticked with this value.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).iter().any(|held| held == value)
    }

    /// Fills a field in beforehand.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), vec![value.into()]);
    }

    /// Takes a password out of the form, so that it can't come back in a page.
    pub fn take_secret(&mut self, name: &str) -> SecretString {
        let values = self.values.remove(name).unwrap_or_default();
        SecretString::from(values.into_iter().next().unwrap_or_default())
    }

    /// Reads a field through a function that cleans and checks it (`record::entry::clean_email`); a refusal stands
    /// beside the field.
    pub fn check<T, P: Display>(
        &mut self,
        name: &str,
        clean: impl FnOnce(&str) -> Result<T, P>,
    ) -> Option<T> {
        match clean(self.value(name)) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problem(name, problem.to_string());
                None
            }
        }
    }

    /// Puts a problem beside a field: one that a check found, or a constraint of the database.
    pub fn problem(&mut self, name: &str, text: impl Into<String>) {
        self.problems.push((name.to_owned(), text.into()));
    }

    /// A problem of the form as a whole.
    pub fn headline(&mut self, text: impl Into<String>) {
        self.headline = Some(text.into());
    }

    /// Whether anything is wrong.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        !self.problems.is_empty() || self.headline.is_some()
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn problem_of(&self, name: &str) -> Option<&str> {
        self.problems
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, text)| text.as_str())
    }

    /// A field with its label, for a template: `{{ form.field("email", "E-mail").kind("email").required() }}`.
    #[must_use]
    pub fn field<'a>(&'a self, name: &'a str, label: &'a str) -> Field<'a> {
        Field::new(self, name, label)
    }

    /// A box to tick: `{{ form.checkbox("purpose", "research", "Research") }}`.
    #[must_use]
    pub fn checkbox<'a>(&'a self, name: &'a str, value: &'a str, label: &'a str) -> Choice<'a> {
        self.choice("checkbox", name, value, label)
    }

    /// One of several to choose from; put them into a `<fieldset class="choices">` with a `<legend>`.
    #[must_use]
    pub fn radio<'a>(&'a self, name: &'a str, value: &'a str, label: &'a str) -> Choice<'a> {
        self.choice("radio", name, value, label)
    }

    fn choice<'a>(
        &'a self,
        kind: &'static str,
        name: &'a str,
        value: &'a str,
        label: &'a str,
    ) -> Choice<'a> {
        Choice::new(self, kind, name, value, label)
    }

    /// What stands above the form: that it was kept, or what is wrong, with links to the fields.
    #[must_use]
    pub fn summary(&self) -> Summary<'_> {
        Summary::new(self)
    }
}

impl<S: Send + Sync> FromRequest<S> for FormState {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_form(&request) {
            return Err(Error::bad_request("A form was expected here."));
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| Error::bad_request("The form is too long or did not arrive whole."))?;
        Ok(Self::from_urlencoded(&body))
    }
}

pub(crate) fn is_form(request: &Request) -> bool {
    request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_escaped_with_its_problem() {
        let mut form = FormState::from_urlencoded(b"email=a%22b&note=x%0D%0Ay");
        let email: Option<String> =
            form.check("email", |_| Err::<String, _>("Enter an e-mail address."));
        assert_eq!(email, None);
        let html = form
            .field("email", "E-mail")
            .kind("email")
            .hint("For the link.")
            .required()
            .to_string();
        assert!(html.contains(r#"value="a&#34;b""#), "{html}");
        assert!(html.contains(r#"aria-invalid="true""#), "{html}");
        assert!(
            html.contains(r#"aria-describedby="field-email-hint field-email-problem""#),
            "{html}"
        );
        assert!(
            form.summary()
                .to_string()
                .contains(r##"<a href="#field-email">Email: Enter an"##)
        );
        assert_eq!(form.value("note"), "x\ny");
    }

    #[test]
    fn a_password_is_never_filled_in_again() {
        let form = FormState::from_urlencoded(b"password=hunter2");
        let html = form
            .field("password", "Password")
            .kind("password")
            .to_string();
        assert!(!html.contains("hunter2"), "{html}");
    }

    #[test]
    fn boxes_and_lists_keep_what_was_chosen() {
        let form = FormState::from_urlencoded(b"purpose=care&purpose=research&relation=guardian");
        assert!(
            form.checkbox("purpose", "research", "Research")
                .to_string()
                .contains(" checked")
        );
        assert!(
            !form
                .checkbox("purpose", "mail", "Mail")
                .to_string()
                .contains(" checked")
        );
        let list = form
            .field("relation", "Relation")
            .select(&[("self", "Themselves"), ("guardian", "A guardian")])
            .to_string();
        assert!(
            list.contains(r#"<option value="guardian" selected>"#),
            "{list}"
        );
    }

    #[test]
    fn an_untouched_form_has_no_summary() {
        assert_eq!(FormState::new().summary().to_string().trim(), "");
    }
}
