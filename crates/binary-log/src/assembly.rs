//! From events to whole transactions.

use mysql_async::binlog::events::{
    Event, EventData, GtidEvent, QueryEvent, RotateEvent, RowsEventData, TableMapEvent,
};
use zeroize::Zeroizing;

use crate::error::LogError;
use crate::mariadb;
use crate::position::Position;
use crate::row::{Change, Row};
use crate::statement::{Bracket, Statement, StatementKind};

/// Everything that was committed together, or a part of it.
#[derive(Clone)]
pub struct Transaction {
    /// Where to go on behind it; before it, where more of it follows.
    pub position: Position,
    /// Where it stands.
    pub place: Place,
    /// When, in Unix seconds, by the server's clock. A session can set its own.
    pub at: u64,
    /// The connection that did it, where the log tells. A session can give another.
    pub connection: Option<u32>,
    /// The rows of our database that it changed.
    pub changes: Vec<Change>,
    /// Statements in place of rows that may concern our database.
    pub statements: Vec<Statement>,
    /// The texts behind the rows, where they came along (MySQL).
    pub texts: Vec<Zeroizing<String>>,
    /// Whether the log holds all that it did to our database.
    pub is_whole: bool,
    /// So many bytes of the log are in here.
    pub bytes: usize,
    /// Whether more of it follows: what is too large to be held comes in parts.
    pub goes_on: bool,
}

/// A place in the server's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The offset of the transaction's first event.
    pub offset: u64,
}

/// What counts a transaction, once it is whole.
enum Counts {
    MariaDb(u32, u32, u64),
    MySql(String, u64),
    Nothing,
}

/// A transaction that is not whole yet.
struct Open {
    place: Place,
    counts: Counts,
    at: u64,
    connection: Option<u32>,
    changes: Vec<Change>,
    statements: Vec<Statement>,
    texts: Vec<Zeroizing<String>>,
    is_whole: bool,
    bytes: usize,
    /// Whether more than one statement may belong to it.
    is_group: bool,
    /// Whether XA prepares it only: nobody may see a part of it before it is committed.
    is_prepared: bool,
}

impl Open {
    /// What it holds so far.
    fn told(&mut self, position: Position, goes_on: bool) -> Transaction {
        Transaction {
            position,
            place: self.place.clone(),
            at: self.at,
            connection: self.connection,
            changes: std::mem::take(&mut self.changes),
            statements: std::mem::take(&mut self.statements),
            texts: std::mem::take(&mut self.texts),
            is_whole: std::mem::replace(&mut self.is_whole, true),
            bytes: std::mem::take(&mut self.bytes),
            goes_on,
        }
    }
}

/// What was prepared by XA and not committed yet, and how much of it was completed. Which of it, only its id would tell:
/// all of it is told with each. More than a part's worth is forgotten, and that is told.
#[derive(Default)]
struct Prepared {
    changes: Vec<Change>,
    bytes: usize,
    is_cut: bool,
    awaited: usize,
}

impl Prepared {
    fn add(&mut self, open: &mut Open, longest: usize) {
        self.awaited += 1;
        self.changes.append(&mut open.changes);
        self.bytes += std::mem::take(&mut open.bytes);
        self.is_cut |= self.bytes > longest;
        if self.is_cut {
            self.changes.clear();
        }
    }

    /// One of it is completed now.
    fn complete(&mut self, open: &mut Open) {
        self.awaited = self.awaited.saturating_sub(1);
        open.is_whole &= !self.is_cut;
        open.bytes += self.bytes;
        open.changes.extend(self.changes.iter().cloned());
        if self.awaited == 0 {
            *self = Self::default();
        }
    }
}

pub(crate) struct Assembly {
    database: String,
    /// No more bytes of a transaction are held.
    longest: usize,
    position: Position,
    file: String,
    /// Behind the newest event of the file itself.
    offset: u64,
    /// Whether the events come out of a compressed one, and have no offset of their own.
    in_payload: bool,
    /// Whether the description of the events has come, which comes first but for the name of the file.
    is_described: bool,
    open: Option<Open>,
    prepared: Prepared,
}

impl Assembly {
    pub(crate) fn new(database: &str, position: Position, longest: usize) -> Self {
        let (file, offset) = match &position {
            Position::File { file, offset } => (file.clone(), *offset),
            _ => (String::new(), 0),
        };
        Self {
            database: database.to_owned(),
            longest,
            position,
            file,
            offset,
            in_payload: false,
            is_described: false,
            open: None,
            prepared: Prepared::default(),
        }
    }

    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// Takes the next event; `table` finds a table's description by its number. Gives the transaction that it ends,
    /// or the part of it that is enough by now.
    pub(crate) fn take<'t>(
        &mut self,
        event: &Event,
        table: impl Fn(u64) -> Option<&'t TableMapEvent<'static>>,
    ) -> Result<Option<Transaction>, LogError> {
        let raw = event.header().event_type_raw();
        if mariadb::COMPRESSED.contains(&raw) {
            return Err(LogError::Compressed);
        }
        let begins_at = self.offset_of(event);
        if raw == mariadb::GTID {
            let gtid = mariadb::Gtid::read(event.data())?;
            let server = event.header().server_id();
            let counts = Counts::MariaDb(gtid.domain, server, gtid.sequence);
            self.begin(event, begins_at, counts, !gtid.stands_alone);
            self.opened(event, begins_at).is_prepared = gtid.is_prepared;
            return Ok(None);
        }
        let data = event.read_data();
        match data.map_err(|_| LogError::Malformed("an event"))? {
            Some(EventData::RotateEvent(rotate)) => self.rotate(&rotate),
            Some(EventData::GtidEvent(gtid)) => {
                self.begin(event, begins_at, counts(&gtid), false);
            }
            Some(EventData::AnonymousGtidEvent(_)) => {
                self.begin(event, begins_at, Counts::Nothing, false);
            }
            Some(EventData::FormatDescriptionEvent(_)) => self.is_described = true,
            Some(EventData::TransactionPayloadEvent(_)) => self.in_payload = true,
            Some(EventData::RowsQueryEvent(text)) => {
                let text = Zeroizing::new(text.query().into_owned());
                let open = self.opened(event, begins_at);
                open.bytes += text.len();
                open.texts.push(text);
            }
            Some(EventData::RowsEvent(rows)) => {
                if let Some(table) = table(rows.table_id())
                    && table.database_name_raw() == self.database.as_bytes()
                {
                    let changes = changes(&rows, table)?;
                    let bytes = event.data().len();
                    let open = self.opened(event, begins_at);
                    open.bytes += bytes;
                    open.is_whole &= changes.iter().all(Change::is_whole);
                    open.changes.extend(changes);
                }
            }
            Some(EventData::QueryEvent(query)) => {
                let ended = self.query(event, begins_at, &query);
                return Ok(ended.or_else(|| self.part()));
            }
            Some(EventData::IncidentEvent(_)) => self.opened(event, begins_at).is_whole = false,
            Some(EventData::XidEvent(_)) => return Ok(self.end()),
            Some(EventData::XaPrepareLogEvent(_)) => {
                if let Some(open) = &mut self.open {
                    self.prepared.add(open, self.longest);
                }
                return Ok(self.end());
            }
            _ => {}
        }
        Ok(self.part())
    }

    /// What there is of a transaction, once it is more than is held.
    fn part(&mut self) -> Option<Transaction> {
        let open = self.open.as_mut()?;
        if open.bytes <= self.longest {
            return None;
        }
        if open.is_prepared {
            // Its length is kept: that tells, once it is completed, that its rows are not there.
            open.changes.clear();
            return None;
        }
        Some(open.told(self.position.clone(), true))
    }

    /// Where an event begins; moves on behind it.
    fn offset_of(&mut self, event: &Event) -> u64 {
        let header = event.header();
        let end = u64::from(header.log_pos());
        // Made up for us, or out of a compressed one.
        if end == 0 || self.in_payload {
            return self.offset;
        }
        self.offset = end;
        end.saturating_sub(u64::from(header.event_size()))
    }

    fn rotate(&mut self, rotate: &RotateEvent<'_>) {
        // The first one comes before the driver knows that checksums follow events: this one's stands behind the name.
        let name = rotate.name_raw();
        let name = match name.split_last_chunk::<4>() {
            Some((name, _)) if !self.is_described && is_whole_name(name) => name,
            _ => name,
        };
        self.file = String::from_utf8_lossy(name).into_owned();
        self.offset = rotate.position();
        if let Position::File { file, offset } = &mut self.position
            && *file != self.file
        {
            (*file, *offset) = (self.file.clone(), self.offset);
        }
    }

    fn begin(&mut self, event: &Event, begins_at: u64, counts: Counts, is_group: bool) {
        self.open = Some(Open {
            place: Place {
                file: self.file.clone(),
                offset: begins_at,
            },
            counts,
            at: u64::from(event.header().timestamp()),
            connection: None,
            changes: Vec::new(),
            statements: Vec::new(),
            texts: Vec::new(),
            is_whole: true,
            bytes: 0,
            is_group,
            is_prepared: false,
        });
    }

    /// The transaction that an event belongs to.
    fn opened(&mut self, event: &Event, begins_at: u64) -> &mut Open {
        if self.open.is_none() {
            self.begin(event, begins_at, Counts::Nothing, false);
        }
        let open = self.open.as_mut();
        open.expect("it was begun just now")
    }

    fn query(
        &mut self,
        event: &Event,
        begins_at: u64,
        query: &QueryEvent<'_>,
    ) -> Option<Transaction> {
        let text = Zeroizing::new(query.query().into_owned());
        let bracket = Bracket::of(&text);
        let statement = Statement::new(&text);
        let concerns = statement.concerns(query.schema_raw(), &self.database);
        let open = self.opened(event, begins_at);
        open.connection = Some(query.thread_id());
        match bracket {
            // MySQL puts it behind the GTID: what follows belongs together.
            Some(Bracket::Begin) => open.is_group = true,
            Some(Bracket::Prepares) => (open.is_group, open.is_prepared) = (true, true),
            Some(Bracket::Within) => {}
            Some(Bracket::Completes) => {
                if let Some(open) = &mut self.open {
                    self.prepared.complete(open);
                }
                return self.end();
            }
            Some(Bracket::End) => return self.end(),
            None => {
                if concerns {
                    open.is_whole &= statement.kind == StatementKind::Definition;
                    open.bytes += statement.text.len();
                    open.statements.push(statement);
                }
                if !open.is_group {
                    return self.end();
                }
            }
        }
        None
    }

    fn end(&mut self) -> Option<Transaction> {
        self.in_payload = false;
        let mut open = self.open.take()?;
        // Committed at once after all, and its rows are gone.
        open.is_whole &= !(open.is_prepared && open.bytes > self.longest);
        match (&mut self.position, &open.counts) {
            (Position::MariaDb(domains), Counts::MariaDb(domain, server, sequence)) => {
                domains.insert(*domain, (*server, *sequence));
            }
            (Position::MySql(set), Counts::MySql(source, number)) => set.add(source, *number),
            (Position::File { file, offset }, _) => {
                (*file, *offset) = (self.file.clone(), self.offset);
            }
            _ => {}
        }
        Some(open.told(self.position.clone(), false))
    }
}

/// Whether it ends like `.000001`.
fn is_whole_name(name: &[u8]) -> bool {
    let mut parts = name.rsplitn(2, |byte| *byte == b'.');
    let number = parts.next().unwrap_or_default();
    parts.next().is_some() && number.len() >= 6 && number.iter().all(u8::is_ascii_digit)
}

fn counts(gtid: &GtidEvent) -> Counts {
    let uuid: String = gtid
        .sid()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts: Vec<&str> = parts.map(|(from, to)| &uuid[from..to]).into();
    let source = parts.join("-");
    let source = match gtid.tag() {
        Some(tag) => format!("{source}:{}", tag.as_str()),
        None => source,
    };
    Counts::MySql(source, gtid.gno())
}

fn changes(rows: &RowsEventData<'_>, table: &TableMapEvent<'_>) -> Result<Vec<Change>, LogError> {
    const NO_ROW: LogError = LogError::Malformed("a row");
    let columns = usize::try_from(rows.num_columns()).map_err(|_| NO_ROW)?;
    let before = rows.columns_before_image();
    let in_before: Option<Vec<bool>> = before.map(|bits| bits.iter().by_vals().collect());
    let after = rows.columns_after_image();
    let in_after: Option<Vec<bool>> = after.map(|bits| bits.iter().by_vals().collect());
    let all_columns = vec![true; columns];
    let in_before = in_before.as_ref().unwrap_or(&all_columns);
    let in_after = in_after.as_ref().unwrap_or(&all_columns);
    let name = table.table_name().into_owned();
    let all = rows.rows(table).map(|row| {
        let (before, after) = row.map_err(|_| NO_ROW)?;
        Ok(Change {
            table: name.clone(),
            before: before.map(|row| Row::read(row, in_before.iter().copied())),
            after: after.map(|row| Row::read(row, in_after.iter().copied())),
        })
    });
    all.collect()
}
