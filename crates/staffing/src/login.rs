//! The name that a person signs in with.

const LENGTH: std::ops::RangeInclusive<usize> = 3..=64;

/// Why a login was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A login has {} to {} letters, digits or . - _ @ +", LENGTH.start(), LENGTH.end())]
pub struct LoginProblem;

/// The login as it is kept: without blanks around it.
///
/// # Errors
/// When it is too short, too long, or holds something else.
pub fn clean_login(typed: &str) -> Result<String, LoginProblem> {
    let login = typed.trim();
    let is_well = LENGTH.contains(&login.chars().count())
        && login
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+'));
    match is_well {
        true => Ok(login.to_owned()),
        false => Err(LoginProblem),
    }
}
