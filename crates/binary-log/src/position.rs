//! Where in the log to go on.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::gtid_set::GtidSet;

/// A place between two transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// MariaDB: the newest transaction of each domain, as server and sequence number.
    MariaDb(BTreeMap<u32, (u32, u64)>),
    /// MySQL with GTIDs: all transactions seen.
    MySql(GtidSet),
    /// MySQL without: the end of the last transaction.
    File {
        /// The log's file.
        file: String,
        /// The offset in it.
        offset: u64,
    },
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no position in a binary log")]
pub struct UnknownPosition;

impl Position {
    /// Of `gtid_binlog_pos`, such as `0-1-5,1-1-7`.
    pub(crate) fn mariadb(text: &str) -> Result<Self, UnknownPosition> {
        let mut domains = BTreeMap::new();
        for gtid in text
            .split(',')
            .map(str::trim)
            .filter(|gtid| !gtid.is_empty())
        {
            let mut parts = gtid.split('-');
            let mut next = || parts.next().ok_or(UnknownPosition);
            let (domain, server, sequence) = (next()?, next()?, next()?);
            domains.insert(
                domain.parse().map_err(|_| UnknownPosition)?,
                (
                    server.parse().map_err(|_| UnknownPosition)?,
                    sequence.parse().map_err(|_| UnknownPosition)?,
                ),
            );
        }
        Ok(Self::MariaDb(domains))
    }
}

pub(crate) fn mariadb_text(domains: &BTreeMap<u32, (u32, u64)>) -> String {
    let gtids = domains.iter();
    let gtids = gtids.map(|(domain, (server, sequence))| format!("{domain}-{server}-{sequence}"));
    gtids.collect::<Vec<_>>().join(",")
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MariaDb(domains) => write!(out, "mariadb:{}", mariadb_text(domains)),
            Self::MySql(set) => write!(out, "mysql:{set}"),
            Self::File { file, offset } => write!(out, "file:{file}:{offset}"),
        }
    }
}

impl FromStr for Position {
    type Err = UnknownPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, rest) = text.split_once(':').ok_or(UnknownPosition)?;
        match kind {
            "mariadb" => Self::mariadb(rest),
            "mysql" => rest.parse().map(Self::MySql),
            "file" => {
                let (file, offset) = rest.rsplit_once(':').ok_or(UnknownPosition)?;
                Ok(Self::File {
                    file: file.to_owned(),
                    offset: offset.parse().map_err(|_| UnknownPosition)?,
                })
            }
            _ => Err(UnknownPosition),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_position_reads_as_it_is_written() {
        for text in [
            "mariadb:",
            "mariadb:0-1-4711,7-2-1",
            "mysql:3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4711",
            "file:binlog.000003:1547",
        ] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        for wrong in ["", "mariadb", "mariadb:0-1", "file:x", "postgres:1"] {
            assert!(wrong.parse::<Position>().is_err(), "{wrong}");
        }
    }
}
