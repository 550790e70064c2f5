//! The parts that a form's template shows: fields, boxes to tick, the summary of what is wrong.

use askama::Template;
use askama::filters::HtmlSafe;
use record::entry::MAX_NOTE;

use super::FormState;
use crate::components::Tone;

/// Problems above a form; takes the focus when the page opens.
#[derive(Template)]
#[template(path = "kit/summary.html")]
pub struct Summary<'a> {
    form: &'a FormState,
    labels: &'a [(&'a str, &'a str)],
}
impl HtmlSafe for Summary<'_> {}

impl<'a> Summary<'a> {
    pub(super) fn new(form: &'a FormState) -> Self {
        Self { form, labels: &[] }
    }

    /// What the form calls its fields, where the name alone does not tell: pairs of name and label.
    #[must_use]
    pub fn called(mut self, labels: &'a [(&'a str, &'a str)]) -> Self {
        self.labels = labels;
        self
    }

    /// A field's label, or else its name as people say it: `postal_address` is "Postal address".
    fn spoken(&self, name: &str) -> String {
        if let Some((_, label)) = self.labels.iter().find(|(of, _)| *of == name) {
            return (*label).to_owned();
        }
        let mut letters = name.replace(['_', '-'], " ");
        if let Some(first) = letters.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        letters
    }
}

enum Control<'a> {
    Input(&'a str),
    Lines(u16),
    Select(&'a [(&'a str, &'a str)]),
}

/// A labelled field with its hint and problem.
#[derive(Template)]
#[template(path = "kit/field.html")]
pub struct Field<'a> {
    name: &'a str,
    label: &'a str,
    value: &'a str,
    problem: Option<&'a str>,
    hint: Option<&'a str>,
    control: Control<'a>,
    autocomplete: &'a str,
    inputmode: Option<&'a str>,
    max_length: Option<u32>,
    required: bool,
    is_marked_optional: bool,
    autofocus: bool,
    summary_has_focus: bool,
}
impl HtmlSafe for Field<'_> {}

impl<'a> Field<'a> {
    pub(super) fn new(form: &'a FormState, name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            value: form.value(name),
            problem: form.problem_of(name),
            hint: None,
            control: Control::Input("text"),
            autocomplete: "off",
            inputmode: None,
            max_length: None,
            required: false,
            is_marked_optional: true,
            autofocus: false,
            summary_has_focus: form.has_problems() || form.is_restored(),
        }
    }

    /// The input's type: `email`, `tel`, `number`, `password`, `date`. A password is never filled in again.
    #[must_use]
    pub fn kind(mut self, kind: &'a str) -> Self {
        self.control = Control::Input(kind);
        if kind == "password" {
            self.value = "";
        }
        self
    }

    /// Several lines.
    #[must_use]
    pub fn lines(mut self, rows: u16) -> Self {
        self.control = Control::Lines(rows);
        self
    }

    /// A list to choose from: pairs of value and label.
    #[must_use]
    pub fn select(mut self, options: &'a [(&'a str, &'a str)]) -> Self {
        self.control = Control::Select(options);
        self
    }

    /// A sentence under the label.
    #[must_use]
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// What the browser may fill in; `off` unless said, since staff type other people's details.
    #[must_use]
    pub fn autocomplete(mut self, autocomplete: &'a str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    /// The keyboard of a phone: `numeric`, `tel`, `email`.
    #[must_use]
    pub fn inputmode(mut self, inputmode: &'a str) -> Self {
        self.inputmode = Some(inputmode);
        self
    }

    /// How many characters may be typed.
    #[must_use]
    pub fn max_length(mut self, max_length: u32) -> Self {
        self.max_length = Some(max_length);
        self
    }

    /// As many as a note may have ([`record::entry::clean_note`]).
    #[must_use]
    pub fn note_length(self) -> Self {
        self.max_length(u32::try_from(MAX_NOTE).unwrap_or(u32::MAX))
    }

    /// Must be filled in. The server says so too; browsers' own messages are switched off by `novalidate`.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self.is_marked_optional = false;
        self
    }

    /// Must be filled in in some cases, which its hint names: neither required nor marked as optional.
    #[must_use]
    pub fn sometimes_required(mut self) -> Self {
        self.is_marked_optional = false;
        self
    }

    /// Takes the focus when the page opens, unless something is wrong: then the summary has it. At most one on a page.
    #[must_use]
    pub fn autofocus(mut self) -> Self {
        self.autofocus = !self.summary_has_focus;
        self
    }
}

/// A box to tick, or one of several to choose from.
#[derive(Template)]
#[template(path = "kit/choice.html")]
pub struct Choice<'a> {
    kind: &'static str,
    name: &'a str,
    value: &'a str,
    label: &'a str,
    hint: Option<&'a str>,
    checked: bool,
    problem: Option<&'a str>,
}
impl HtmlSafe for Choice<'_> {}

impl<'a> Choice<'a> {
    pub(super) fn new(
        form: &'a FormState,
        kind: &'static str,
        name: &'a str,
        value: &'a str,
        label: &'a str,
    ) -> Self {
        Self {
            kind,
            name,
            value,
            label,
            hint: None,
            checked: form.has(name, value),
            problem: form.problem_of(name),
        }
    }

    /// A sentence under the label.
    #[must_use]
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = Some(hint);
        self
    }
}
