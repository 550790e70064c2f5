//! Cleaning of text, whatever it says.

use unicode_normalization::UnicodeNormalization;

use super::FieldProblem;

/// One line: trimmed, NFC, single blanks, nothing hidden, not empty, at most `max` characters.
pub(super) fn line(typed: &str, max: usize) -> Result<String, FieldProblem> {
    within(blanks_collapsed(typed)?, max)
}

/// Lines, each cleaned; empty ones at both ends are dropped, several between two lines become one.
pub(super) fn lines(typed: &str) -> Result<Vec<String>, FieldProblem> {
    let typed = typed.replace("\r\n", "\n");
    let mut lines: Vec<String> = Vec::new();
    for line in typed.trim().split('\n') {
        let line = blanks_collapsed(line)?;
        let repeated_gap = line.is_empty() && lines.last().is_none_or(String::is_empty);
        if !repeated_gap {
            lines.push(line);
        }
    }
    Ok(lines)
}

/// The text, if it is there and short enough.
pub(super) fn within(text: String, max: usize) -> Result<String, FieldProblem> {
    if text.is_empty() {
        Err(FieldProblem::Missing)
    } else if text.chars().count() > max {
        Err(FieldProblem::TooLong(max))
    } else {
        Ok(text)
    }
}

fn blanks_collapsed(typed: &str) -> Result<String, FieldProblem> {
    let mut clean = String::with_capacity(typed.len());
    let mut gap = false;
    for c in typed.trim().nfc() {
        if let Some(problem) = problem_with(c) {
            return Err(problem);
        }
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) && !clean.is_empty() {
            clean.push(' ');
        }
        clean.push(c);
    }
    Ok(clean)
}

/// What makes a character unfit for text that people sign.
pub(super) fn problem_with(c: char) -> Option<FieldProblem> {
    match c {
        _ if c.is_control() => Some(FieldProblem::Control),
        // Line and paragraph separator.
        '\u{2028}' | '\u{2029}' => Some(FieldProblem::Control),
        // Bidirectional controls (Unicode UAX #9).
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(FieldProblem::Hidden)
        }
        // Invisible: soft hyphen, zero-width space, word joiner and its kin, byte order mark, annotations, tags.
        '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}' => {
            Some(FieldProblem::Hidden)
        }
        '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => {
            Some(FieldProblem::Hidden)
        }
        // What a broken encoding leaves behind, and code points that are no characters.
        '\u{fffd}' | '\u{fdd0}'..='\u{fdef}' => Some(FieldProblem::Hidden),
        _ if u32::from(c) & 0xfffe == 0xfffe => Some(FieldProblem::Hidden),
        _ => None,
    }
}
