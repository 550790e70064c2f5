//! Statements that the log holds as text.

use zeroize::Zeroizing;

/// What a statement does, by its first word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// It changes tables, accounts or the server.
    Definition,
    /// It changes rows, and the log does not hold them.
    Data,
}

/// A statement that stands in the log in place of rows.
#[derive(Clone)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// Its text; may be personal.
    pub text: Zeroizing<String>,
}

impl Statement {
    pub(crate) fn new(text: &str) -> Self {
        const DATA: [&str; 9] = [
            "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "CALL", "WITH", "SELECT", "DO",
        ];
        let first = first_word(text).to_ascii_uppercase();
        Self {
            kind: match DATA.contains(&first.as_str()) {
                true => StatementKind::Data,
                false => StatementKind::Definition,
            },
            text: Zeroizing::new(text.to_owned()),
        }
    }

    /// The words of it: names without their quotes, keywords as they were typed.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
        self.text
            .split(move |letter: char| !is_part(letter))
            .filter(|word| !word.is_empty())
    }

    /// Whether it may concern a database: it ran within it, or names it.
    pub(crate) fn concerns(&self, schema: &[u8], database: &str) -> bool {
        schema == database.as_bytes() || self.text.contains(database)
    }
}

/// The first word behind comments and parentheses. What stands in `/*! … */` is run by the server.
fn first_word(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '(');
        let marked = ["/*!", "/*M!"]
            .iter()
            .find_map(|mark| rest.strip_prefix(mark));
        if let Some(run) = marked {
            rest = run.trim_start_matches(|letter: char| letter.is_ascii_digit());
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
        } else if rest.starts_with("--") || rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
        } else {
            break;
        }
    }
    let end = rest.find(|letter: char| !letter.is_ascii_alphabetic());
    &rest[..end.unwrap_or(rest.len())]
}

/// What begins or ends a transaction, or marks a place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bracket {
    Begin,
    /// What follows is prepared by XA, to be committed later.
    Prepares,
    End,
    /// Within a transaction, and of no consequence to us.
    Within,
    /// A transaction that was prepared earlier, by its id, is committed or rolled back.
    Completes,
}

impl Bracket {
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let first = words.next()?.trim_end_matches(';');
        let second = words.next().unwrap_or_default();
        let is = |word: &str, wanted: &str| word.eq_ignore_ascii_case(wanted);
        match first {
            _ if is(first, "BEGIN") => Some(Self::Begin),
            _ if is(first, "COMMIT") => Some(Self::End),
            _ if is(first, "ROLLBACK") => Some(match is(second, "TO") {
                true => Self::Within,
                false => Self::End,
            }),
            _ if is(first, "SAVEPOINT") || is(first, "RELEASE") => Some(Self::Within),
            _ if is(first, "XA") => Some(match second {
                _ if is(second, "COMMIT") || is(second, "ROLLBACK") => Self::Completes,
                _ if is(second, "START") || is(second, "BEGIN") => Self::Prepares,
                _ => Self::Within,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_hide_no_statement() {
        for data in [
            "UPDATE t SET a = 1",
            " /* harmless */ update t set a = 1",
            "/*!50000 UPDATE */ t SET a = 1",
            "/*M!100100 DELETE FROM t*/",
            "-- a remark\nDELETE FROM t",
            "# a remark\n(SELECT f(1))",
        ] {
            assert_eq!(Statement::new(data).kind, StatementKind::Data, "{data}");
        }
        for definition in [
            "ALTER TABLE t ADD a INT",
            "/* x */ TRUNCATE t",
            "CREATE TRIGGER x",
        ] {
            let kind = Statement::new(definition).kind;
            assert_eq!(kind, StatementKind::Definition, "{definition}");
        }
    }

    #[test]
    fn names_come_without_quotes() {
        let statement = Statement::new("TRUNCATE TABLE `a`.`outbox`");
        let words: Vec<&str> = statement.words().collect();
        assert_eq!(words, ["TRUNCATE", "TABLE", "a", "outbox"]);
    }

    #[test]
    fn brackets_are_told_from_statements() {
        assert_eq!(Bracket::of("BEGIN"), Some(Bracket::Begin));
        assert_eq!(Bracket::of("XA START X'31',X'',1"), Some(Bracket::Prepares));
        assert_eq!(Bracket::of("ROLLBACK TO `s`"), Some(Bracket::Within));
        assert_eq!(
            Bracket::of("XA COMMIT X'31',X'',1"),
            Some(Bracket::Completes)
        );
        assert_eq!(Bracket::of("ALTER TABLE t"), None);
    }
}
