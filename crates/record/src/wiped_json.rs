//! JSON of what is secret or personal.

use std::io::{self, Write};

use serde::Serialize;
use zeroize::Zeroizing;

/// The value's JSON, in one piece of memory that is wiped when dropped: a buffer that grows leaves copies of its beginning
/// behind.
pub fn wiped_json(value: &impl Serialize) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value)?;
    let mut json = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *json, value)?;
    Ok(json)
}

/// Counts, and keeps nothing.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    #[test]
    fn it_is_the_same_json_and_never_outgrows_its_room() {
        let value = (
            "Zoë \"the\" first",
            vec![u64::MAX; 1000],
            Some(1.5),
            [0_u8; 0],
        );
        let json = wiped_json(&value).unwrap();
        assert_eq!(*json, serde_json::to_vec(&value).unwrap());
        assert_eq!(json.capacity(), json.len());
    }
}
