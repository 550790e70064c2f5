//! Why the log can't be followed, by name. None carries anything that stood in the log.

use mysql_async::{Error, ServerError};

/// What keeps us from following the log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The address is not `mysql://user[:password]@host[:port]/database[?ssl-mode=…&ssl-ca=…]`; it is never shown.
    #[error("the address is not mysql://user[:password]@host[:port]/database")]
    Address,
    /// No connection, or one that ended.
    #[error("the database server is out of reach: {0}")]
    Unreachable(&'static str),
    /// The account is not let in, or lacks a right.
    #[error("the database server refuses the account or one of its rights (error {0})")]
    Refused(u16),
    /// The server keeps no binary log.
    #[error("the binary log is switched off")]
    Off,
    /// The log does not hold whole rows.
    #[error("the binary log does not hold whole rows: {0} is not {1}")]
    NotWholeRows(&'static str, &'static str),
    /// MariaDB compresses the events.
    #[error("the binary log is compressed (log_bin_compress)")]
    Compressed,
    /// The server leaves the database out of its log.
    #[error("the binary log leaves out the database")]
    LeavesOut,
    /// The log no longer reaches back to the position, or never held it.
    #[error("the binary log does not hold the position any more")]
    PositionLost,
    /// The server answered with another error.
    #[error("the database server answered with error {0}")]
    Server(u16),
    /// The log holds what makes no sense.
    #[error("the binary log can't be read: {0}")]
    Malformed(&'static str),
}

/// Access denied, in all its forms: account, database, table, right; password expired, account locked.
const REFUSALS: [u16; 8] = [1044, 1045, 1142, 1227, 1698, 1820, 3118, 4151];
/// "Got fatal error from master when reading data from binary log": the text says why.
const FATAL: u16 = 1236;
const NO_BINARY_LOG: u16 = 1381;

impl From<Error> for LogError {
    fn from(error: Error) -> Self {
        match error {
            Error::Server(error) => Self::of_server(&error),
            Error::Io(_) => Self::Unreachable("the connection broke"),
            // Its text may hold what was read.
            Error::Driver(_) => Self::Unreachable("the connection ended"),
            Error::Url(_) => Self::Address,
            Error::Other(_) => Self::Malformed("unknown"),
        }
    }
}

impl LogError {
    fn of_server(error: &ServerError) -> Self {
        match error.code {
            code if REFUSALS.contains(&code) => Self::Refused(code),
            NO_BINARY_LOG => Self::Off,
            FATAL => Self::of_fatal(&error.message),
            code => Self::Server(code),
        }
    }

    /// The servers give no code of their own for these.
    fn of_fatal(message: &str) -> Self {
        const LOST: [&str; 6] = [
            "purged",
            "too old",
            "Could not find first log file",
            "not in the master's binlog",
            "is missing the GTID",
            "has gone past",
        ];
        if message.contains("log is not open") || message.contains("not enabled") {
            return Self::Off;
        }
        let is_lost = LOST.iter().any(|part| message.contains(part))
            // MySQL: the source has fewer transactions of ours than we have seen; file and offset: beyond its end.
            || message.contains("has more GTIDs than")
            || message.contains("> file size")
            || message.contains("impossible position");
        match is_lost {
            true => Self::PositionLost,
            false => Self::Server(FATAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u16, message: &str) -> String {
        let error = ServerError {
            code,
            message: message.to_owned(),
            state: "HY000".to_owned(),
        };
        LogError::of_server(&error).to_string()
    }

    #[test]
    fn errors_have_names_and_carry_no_text_of_the_server() {
        for lost in [
            "Could not find first log file name in binary log index file",
            "Could not find GTID state requested by slave in any binlog files. Probably the slave state is too old and required binlog files have been purged.",
            "Cannot replicate because the source purged required binary logs. secret",
            "Client requested source to start replication from position > file size",
        ] {
            assert_eq!(
                of(1236, lost),
                "the binary log does not hold the position any more"
            );
        }
        assert_eq!(
            of(1236, "Binary log is not open"),
            "the binary log is switched off"
        );
        assert!(of(1227, "you need REPLICATION SLAVE").contains("refuses"));
        assert!(!of(1064, "near 'secret'").contains("secret"));
    }
}
