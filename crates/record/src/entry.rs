//! What staff type, cleaned once: from here on a value is kept, shown, signed and hashed byte for byte.
//!
//! Cleaning what is clean changes nothing. Text is trimmed, brought to Unicode NFC, its inner runs of blanks made one;
//! control, bidirectional and invisible characters are refused, never dropped: what is signed is what was seen.

mod email;
mod phone;
mod text;
mod wallet;

pub use email::clean_email;
pub use phone::clean_phone;
pub use wallet::{TypedWallet, clean_wallet};

/// Longest name, in characters.
pub const MAX_NAME: usize = 200;
/// Longest postal address, in characters.
pub const MAX_ADDRESS: usize = 500;
/// Longest description of a guardian's or proxy's relation, in characters.
pub const MAX_RELATION: usize = 200;
/// Longest note with which an owner asks for a correction, in characters.
pub const MAX_NOTE: usize = 2000;
/// Longest e-mail address (RFC 5321 with its erratum 1690), in bytes.
pub const MAX_EMAIL: usize = 254;
/// Highest age.
pub const MAX_AGE: u8 = 150;

/// Why a value is refused, in words for the person who typed it. Never repeats the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// Nothing was typed.
    #[error("Please fill in this field.")]
    Missing,
    /// More than the field takes.
    #[error("Please shorten this to at most {0} characters.")]
    TooLong(usize),
    /// Tabs, line breaks and other characters that have no shape.
    #[error("Please remove tabs, line breaks and other characters that cannot be shown.")]
    Control,
    /// Characters that turn the reading order round or are invisible.
    #[error("Please remove hidden characters that change how the text reads.")]
    Hidden,
    /// A name of digits and signs only.
    #[error("Please enter a name with at least one letter.")]
    Name,
    /// Not an e-mail address.
    #[error("Please enter an e-mail address such as name@example.org.")]
    Email,
    /// A phone number without its country.
    #[error("Please start the phone number with + and its country code, such as +44.")]
    PhoneCountry,
    /// Not a phone number of that country.
    #[error("Please check the phone number: no number of that country has these digits.")]
    Phone,
    /// Not an age.
    #[error("Please enter the age as a whole number from 0 to 150.")]
    Age,
    /// Not a wallet address.
    #[error("Please enter the wallet address as 0x followed by 40 characters out of 0-9 and a-f.")]
    WalletForm,
    /// Mixed case that is not the EIP-55 checksum.
    #[error(
        "Please copy the wallet address again: its capital letters do not fit, so a character may be wrong."
    )]
    WalletChecksum,
    /// The zero address.
    #[error("Please enter the owner's own wallet address: this one belongs to nobody.")]
    WalletZero,
}

/// A person's name.
pub fn clean_name(typed: &str) -> Result<String, FieldProblem> {
    let name = text::line(typed, MAX_NAME)?;
    if name.chars().any(char::is_alphabetic) {
        Ok(name)
    } else {
        Err(FieldProblem::Name)
    }
}

/// A postal address. Lines become one, joined by commas.
pub fn clean_address(typed: &str) -> Result<String, FieldProblem> {
    let lines = text::lines(typed)?;
    let lines = lines.iter().map(|line| line.trim_end_matches([',', ' ']));
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    text::line(&lines.join(", "), MAX_ADDRESS)
}

/// A guardian's or proxy's relation to the data owner.
pub fn clean_relation(typed: &str) -> Result<String, FieldProblem> {
    text::line(typed, MAX_RELATION)
}

/// A note in the owner's own words; its line breaks stay.
pub fn clean_note(typed: &str) -> Result<String, FieldProblem> {
    let note = text::lines(typed)?.join("\n");
    text::within(note, MAX_NOTE)
}

/// An age in whole years.
pub fn clean_age(typed: &str) -> Result<u8, FieldProblem> {
    let digits = typed.trim();
    if digits.is_empty() {
        return Err(FieldProblem::Missing);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FieldProblem::Age);
    }
    digits
        .parse()
        .ok()
        .filter(|age| *age <= MAX_AGE)
        .ok_or(FieldProblem::Age)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_trimmed_composed_and_single_spaced() {
        assert_eq!(
            clean_name("  Zoe\u{308}  van\u{a0} \u{2003}Dijk "),
            Ok("Zo\u{eb} van Dijk".into())
        );
        assert_eq!(
            clean_name("\u{6f22}\u{5b57}"),
            Ok("\u{6f22}\u{5b57}".into())
        );
        assert_eq!(clean_name(" \t\n "), Err(FieldProblem::Missing));
        assert_eq!(clean_name("4711 -"), Err(FieldProblem::Name));
        assert_eq!(
            clean_name(&"x".repeat(201)),
            Err(FieldProblem::TooLong(200))
        );
        assert!(clean_name(&"\u{10348}".repeat(200)).is_ok());
    }

    #[test]
    fn control_bidirectional_and_invisible_characters_are_refused() {
        for c in ['\0', '\t', '\n', '\u{7f}', '\u{85}', '\u{2028}'] {
            assert_eq!(
                clean_name(&format!("Ann{c}Lee")),
                Err(FieldProblem::Control),
                "{c:?}"
            );
        }
        for c in [
            '\u{61c}',
            '\u{200e}',
            '\u{202e}',
            '\u{2066}',
            '\u{200b}',
            '\u{feff}',
            '\u{ad}',
            '\u{e0041}',
            '\u{fffd}',
        ] {
            assert_eq!(
                clean_name(&format!("Ann{c}Lee")),
                Err(FieldProblem::Hidden),
                "{c:?}"
            );
        }
        // A joiner changes letters in Persian and Indic names.
        assert!(clean_name("\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}").is_ok());
    }

    #[test]
    fn addresses_become_one_line_and_notes_keep_theirs() {
        let typed = " 1 Main  Street,\r\n\r\n  Springfield \n";
        assert_eq!(
            clean_address(typed),
            Ok("1 Main Street, Springfield".into())
        );
        assert_eq!(
            clean_note("my  name\r\n\r\nis wrong "),
            Ok("my name\n\nis wrong".into())
        );
        assert_eq!(clean_address("\n,\n"), Err(FieldProblem::Missing));
        assert_eq!(clean_note("a\u{202e}b"), Err(FieldProblem::Hidden));
    }

    #[test]
    fn ages_are_whole_years() {
        assert_eq!(clean_age(" 007 "), Ok(7));
        assert_eq!(clean_age("0"), Ok(0));
        assert_eq!(clean_age("150"), Ok(150));
        assert_eq!(clean_age(""), Err(FieldProblem::Missing));
        for bad in [
            "151",
            "-1",
            "+1",
            "1.5",
            "256",
            "99999999999",
            "\u{661}",
            "ten",
        ] {
            assert_eq!(clean_age(bad), Err(FieldProblem::Age), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(typed in "\\PC{0,40}|[ -~\n\r]{0,40}") {
            for clean in [clean_name, clean_address, clean_relation, clean_note] {
                if let Ok(once) = clean(&typed) {
                    prop_assert_eq!(clean(&once), Ok(once.clone()));
                }
            }
        }
    }
}
