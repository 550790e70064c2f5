//! The one piece of personal data that a mail may hold.

const LONGEST: usize = 40;

/// A first name out of a full one, for a greeting: `Dr. Ada Lovelace` and `Lovelace, Ada` give `Ada`. Nothing where one word is
/// all there is: it may be the whole name.
#[must_use]
pub fn first_name(full_name: &str) -> String {
    let given = match full_name.split_once(',') {
        Some((_, given)) if !given.trim().is_empty() => given,
        _ => full_name,
    };
    if full_name.split_whitespace().nth(1).is_none() {
        return String::new();
    }
    let name = given
        .split_whitespace()
        .find(|word| !word.ends_with('.'))
        .or_else(|| given.split_whitespace().next())
        .unwrap_or_default();
    name.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_given_name_is_found() {
        for (full, first) in [
            ("Ada Lovelace", "Ada"),
            ("Dr. Ada Lovelace", "Ada"),
            ("Lovelace, Ada King", "Ada"),
            ("Björk", ""),
            ("陈大文", ""),
            ("J. R.", "J."),
            ("Anna-Maria Kovács", "Anna-Maria"),
            ("", ""),
        ] {
            assert_eq!(first_name(full), first);
        }
        assert_eq!(first_name(&format!("{} b", "a".repeat(500))).len(), LONGEST);
    }
}
