//! Texts of the information notice (GDPR Art. 13) by the SHA-256 that owners sign: the hash is their proof.

use alloy_primitives::B256;
use record::time::UnixMillis;
use sha2::{Digest, Sha256};
use sqlx::mysql::MySqlConnection;

use crate::error::{RowError, Tampered};

const TABLE: &str = "notices";

/// The hash that the consent message names.
#[must_use]
pub fn hash(text: &str) -> B256 {
    B256::new(Sha256::digest(text.as_bytes()).into())
}

/// Keeps a text and gives its hash; a text that is there already is left alone.
pub async fn keep(
    connection: &mut MySqlConnection,
    text: &str,
    now: UnixMillis,
) -> Result<B256, RowError> {
    let hash = hash(text);
    let kept = sqlx::query("INSERT INTO notices (hash, text, created_at) VALUES (?, ?, ?)")
        .bind(hash.as_slice())
        .bind(text)
        .bind(now.0)
        .execute(connection)
        .await
        .map_err(|error| RowError::of_insert(TABLE, error));
    match kept {
        Ok(_) => Ok(hash),
        Err(error) if error.is_duplicate_of("PRIMARY") => Ok(hash),
        Err(error) => Err(error),
    }
}

/// The text with this hash. A row whose text has another hash is [`RowError::Column`].
pub async fn text(
    connection: &mut MySqlConnection,
    hash: &B256,
) -> Result<Option<String>, RowError> {
    let text: Option<String> = sqlx::query_scalar("SELECT text FROM notices WHERE hash = ?")
        .bind(hash.as_slice())
        .fetch_optional(connection)
        .await?;
    match text {
        Some(text) if self::hash(&text) != *hash => Err(RowError::Column {
            table: TABLE,
            column: "text",
            source: "the text does not have the hash it is kept under".into(),
        }),
        other => Ok(other),
    }
}

/// The texts that are not those of their hashes; of very many the first.
pub(crate) async fn planted(connection: &mut MySqlConnection) -> Result<Vec<Tampered>, RowError> {
    let hashes: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT hash FROM notices WHERE hash <> UNHEX(SHA2(CAST(text AS BINARY), 256)) LIMIT 1000",
    )
    .fetch_all(connection)
    .await?;
    let tampered = |hash: Vec<u8>| Tampered {
        table: TABLE,
        row: hex::encode(hash),
    };
    Ok(hashes.into_iter().map(tampered).collect())
}
