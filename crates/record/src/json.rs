//! Numbers in JSON that every language reads alike.

/// 64-bit numbers: a JSON number up to 2^53 − 1, a decimal string above, where JavaScript would round.
pub mod u64 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    const LARGEST_EXACT: u64 = (1 << 53) - 1;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }

    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        if *number <= LARGEST_EXACT {
            serializer.serialize_u64(*number)
        } else {
            serializer.collect_str(number)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(number),
            Written::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().map_err(D::Error::custom)
            }
            Written::Text(_) => Err(D::Error::custom("expected a whole number")),
        }
    }
}
