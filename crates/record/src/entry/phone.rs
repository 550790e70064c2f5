//! Phone numbers.

use phonenumber::Mode;

use super::{FieldProblem, text};

/// Longest that anyone writes a number, with blanks and brackets.
const MAX_TYPED: usize = 40;

/// A phone number in E.164: + and digits. It must carry its country code; 00 is taken for the +.
pub fn clean_phone(typed: &str) -> Result<String, FieldProblem> {
    let typed = text::line(typed, MAX_TYPED)?;
    let international = match typed.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => typed,
    };
    if !international.starts_with('+') {
        return Err(FieldProblem::PhoneCountry);
    }
    // The parser also reads letters as digits and takes extensions; neither is a number to keep.
    let written = |c: char| c.is_ascii_digit() || " -()./".contains(c);
    if !international[1..].chars().all(written) {
        return Err(FieldProblem::Phone);
    }
    // "+44 (0)20 …": the zero in brackets is dialled within the country only.
    let number = phonenumber::parse(None, international.replace("(0)", ""))
        .map_err(|_| FieldProblem::Phone)?;
    if number.extension().is_some() || !number.is_valid() {
        return Err(FieldProblem::Phone);
    }
    Ok(number.format().mode(Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_e164_however_they_are_written() {
        for typed in [
            "+44 20 7946 0018",
            "0044 (0)20 7946-0018",
            "+44 (0) 20 7946 0018",
            "+442079460018",
        ] {
            assert_eq!(clean_phone(typed), Ok("+442079460018".into()), "{typed}");
        }
        assert_eq!(clean_phone("+39 06 698 12345"), Ok("+390669812345".into()));
        assert_eq!(clean_phone("+1 (202) 456-1111"), Ok("+12024561111".into()));
        assert_eq!(clean_phone("+91 98765 43210"), Ok("+919876543210".into()));
        assert_eq!(clean_phone("+49 30 901820"), Ok("+4930901820".into()));
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        assert_eq!(clean_phone(""), Err(FieldProblem::Missing));
        assert_eq!(
            clean_phone("020 7946 0018"),
            Err(FieldProblem::PhoneCountry)
        );
        for bad in [
            "+",
            "+1",
            "+44 123",
            "+999 1234567",
            "+1 800 FLOWERS",
            "+44 20 7946 0018 ext. 5",
            "+4420794600181234",
        ] {
            assert_eq!(clean_phone(bad), Err(FieldProblem::Phone), "{bad}");
        }
        assert_eq!(
            clean_phone(&"+1".repeat(30)),
            Err(FieldProblem::TooLong(40))
        );
    }
}
