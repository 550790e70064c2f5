//! Passwords of staff: argon2id, in PHC form.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// RFC 9106's second choice but for the lanes: one hash runs in one thread, several run at once.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

const LENGTH_MIN: usize = 12;
const LENGTH_MAX: usize = 200;
const DIFFERENT_MIN: usize = 5;

/// How long a sign-in waits for its turn at hashing.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Length is what makes a password strong.
    #[error(
        "Use at least {LENGTH_MIN} characters. Four or five unrelated words are easy to remember."
    )]
    TooShort,
    /// Longer ones only cost time.
    #[error("Use at most {LENGTH_MAX} characters.")]
    TooLong,
    /// `aaaaaaaaaaaa` is long and weak.
    #[error("Use at least {DIFFERENT_MIN} different characters.")]
    TooUniform,
    /// The first thing anyone tries.
    #[error("The password must not contain the login.")]
    HoldsLogin,
}

/// Whether a new password may be used.
pub fn check_policy(
    login: &str,
    password: &SecretString,
) -> std::result::Result<(), PasswordProblem> {
    let password = password.expose_secret();
    let length = password.chars().count();
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    let login = login.trim().to_lowercase();
    match () {
        () if length < LENGTH_MIN => Err(PasswordProblem::TooShort),
        () if length > LENGTH_MAX => Err(PasswordProblem::TooLong),
        () if different.len() < DIFFERENT_MIN => Err(PasswordProblem::TooUniform),
        () if login.len() >= 3 && password.to_lowercase().contains(&login) => {
            Err(PasswordProblem::HoldsLogin)
        }
        () => Ok(()),
    }
}

/// Hashes a new password; blocks for a tenth of a second and uses 64 MiB.
pub fn hash(password: &SecretString) -> std::result::Result<String, argon2::password_hash::Error> {
    Ok(hasher()
        .hash_password(password.expose_secret().as_bytes())?
        .to_string())
}

/// Whether the password is the one of this hash; blocks as long as [`hash`]. A hash that can't be read matches nothing.
#[must_use]
pub fn matches(password: &SecretString, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        hasher()
            .verify_password(password.expose_secret().as_bytes(), &hash)
            .is_ok()
    })
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// A hash that nobody's password has, with the parameters of all others. To compute one would take as long as a sign-in, at each start.
fn decoy() -> String {
    let (salt, output) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${output}")
}

/// Checks passwords off the async threads, a few at a time: each check takes 64 MiB.
#[derive(Clone)]
pub(crate) struct PasswordChecker {
    turns: Arc<Semaphore>,
    /// What an unknown login is checked against, so that it takes as long as a known one.
    decoy: Arc<str>,
}

impl PasswordChecker {
    pub(crate) fn new() -> Self {
        let turns = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(turns)),
            decoy: decoy().into(),
        }
    }

    /// Whether the password is that of `hash`; never, after the same time, when there is no account.
    pub(crate) async fn matches(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool> {
        let turn = self.turn().await?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let matched = tokio::task::spawn_blocking(move || {
            let matched = matches(&password, &hash);
            drop(turn);
            matched
        })
        .await?;
        Ok(matched && known)
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String> {
        let turn = self.turn().await?;
        let hashed = tokio::task::spawn_blocking(move || {
            let hashed = hash(&password);
            drop(turn);
            hashed
        });
        hashed
            .await?
            .map_err(|error| Error::internal(error.to_string()))
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.turns.clone().acquire_owned());
        let turn = turn.await.map_err(|_| Error::Unavailable {
            what: "the sign-in, which is very busy",
        })?;
        Ok(turn?)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn a_password_matches_its_own_hash_alone() {
        let stored = hash(&secret("correct horse battery")).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
        assert!(matches(&secret("correct horse battery"), &stored));
        assert!(!matches(&secret("correct horse batterz"), &stored));
        assert!(!matches(&secret("correct horse battery"), "not a hash"));
    }

    #[tokio::test]
    async fn an_unknown_login_is_never_let_in() {
        let checker = PasswordChecker::new();
        let known = hash(&secret("correct horse battery")).unwrap();
        for password in ["correct horse battery", "nobody's password", ""] {
            assert!(!checker.matches(secret(password), None).await.unwrap());
        }
        let password = secret("correct horse battery");
        assert!(checker.matches(password, Some(known)).await.unwrap());
    }

    /// Else it would be known at once from a real one, by the time it takes.
    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        let (decoy, real) = (decoy(), hash(&secret("correct horse battery")).unwrap());
        let (decoy, real) = (
            PasswordHash::new(&decoy).unwrap(),
            PasswordHash::new(&real).unwrap(),
        );
        let cost = |hash: &PasswordHash| (hash.algorithm, hash.version, hash.params.clone());
        assert_eq!(cost(&decoy), cost(&real));
        let length = |hash: &PasswordHash| hash.hash.as_ref().unwrap().len();
        assert_eq!(length(&decoy), length(&real));
    }

    #[test]
    fn weak_passwords_are_refused() {
        for (password, problem) in [
            ("short", PasswordProblem::TooShort),
            ("aaaabbbbccccaaaa", PasswordProblem::TooUniform),
            ("my-ANNA.k-password", PasswordProblem::HoldsLogin),
        ] {
            assert_eq!(check_policy("anna.k", &secret(password)), Err(problem));
        }
        assert_eq!(
            check_policy("anna.k", &secret(&"long password ".repeat(20))),
            Err(PasswordProblem::TooLong)
        );
        assert_eq!(check_policy("anna.k", &secret("quiet river stone")), Ok(()));
    }
}
