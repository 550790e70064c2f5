//! The connection over which the log comes.

use std::time::Duration;

use futures::StreamExt as _;
use mysql_async::prelude::Queryable;
use mysql_async::{BinlogStream, BinlogStreamRequest, Conn};
use tokio::time::timeout;

use crate::assembly::{Assembly, Transaction};
use crate::error::LogError;
use crate::position::{Position, mariadb_text};

/// So often the server says that it is still there, in nanoseconds.
const HEARTBEAT: u64 = 1_000_000_000;
/// A server that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(10);
/// Heartbeats of both kinds.
const HEARTBEATS: [u8; 2] = [27, 41];

/// What comes next.
pub enum News {
    /// A whole transaction, perhaps without anything of ours, or a part of one.
    Transaction(Box<Transaction>),
    /// Nothing more has happened so far.
    Quiet,
}

/// Follows the log. After an error a new one goes on from the newest position.
pub struct Follower {
    stream: BinlogStream,
    assembly: Assembly,
}

impl Follower {
    pub(crate) async fn begin(
        mut connection: Conn,
        database: &str,
        from: Position,
        number: u32,
        longest: usize,
    ) -> Result<Self, LogError> {
        let assembly = Assembly::new(database, from.clone(), longest);
        let heartbeat = format!(
            "SET @master_heartbeat_period = {HEARTBEAT}, @source_heartbeat_period = {HEARTBEAT}"
        );
        connection.query_drop(heartbeat).await?;
        let request = BinlogStreamRequest::new(number);
        let request = match &from {
            Position::MariaDb(domains) => {
                // 4: we know GTIDs, and that events are left out.
                let state = mariadb_text(domains);
                for setting in [
                    "SET @mariadb_slave_capability = 4".to_owned(),
                    format!("SET @slave_connect_state = '{state}'"),
                    "SET @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0".to_owned(),
                ] {
                    connection.query_drop(setting).await?;
                }
                request
            }
            Position::MySql(set) => {
                let sids = set.sids();
                let sids = sids.map_err(|_| LogError::Malformed("the position"))?;
                request.with_gtid().with_gtid_set(sids)
            }
            Position::File { file, offset } => {
                request.with_filename(file.as_bytes()).with_pos(*offset)
            }
        };
        let stream = connection.get_binlog_stream(request).await?;
        Ok(Self { stream, assembly })
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Result<News, LogError> {
        loop {
            let event = timeout(SILENCE, self.stream.next()).await;
            let event = event.map_err(|_| LogError::Unreachable("the log fell silent"))?;
            let event = event.ok_or(LogError::Unreachable("the log ended"))??;
            if HEARTBEATS.contains(&event.header().event_type_raw()) {
                return Ok(News::Quiet);
            }
            let table = |number| self.stream.get_tme(number);
            if let Some(transaction) = self.assembly.take(&event, table)? {
                return Ok(News::Transaction(Box::new(transaction)));
            }
        }
    }

    /// Where to go on behind the newest transaction that [`Self::next`] gave.
    #[must_use]
    pub fn position(&self) -> &Position {
        self.assembly.position()
    }
}
