//! What records are released together, and what the authority signs for them.

use database::records;
use enrolment::retention::{Term, hold};
use record::erasure::{Ended, ErasureEvidence, ErasureOrder, Signatory};
use record::ids::{RecordId, Uid};
use record::signature::EcdsaSignature;
use record::time::UnixMillis;
use sqlx::MySqlConnection;
use web_kit::error::{Error, Result};
use web_kit::form::FormState;

use crate::pages::records::on_chain::{OnChain, Sight};
use crate::pages::records::retention_view::hold_in_words;
use crate::pages::records::{explain, explain_row};
use crate::state::Desk;
use crate::urls;

/// So many at once: the authority reads what it signs.
pub const MOST: usize = 50;
/// The authority may take its time, and no longer than this.
const OLDEST: std::time::Duration = std::time::Duration::from_hours(90 * 24);
const NONE_CHOSEN: &str =
    "No record was chosen that the chain knows. Tick some in the list of what is due.";

/// One record of the order.
pub struct Chosen {
    pub uid: Uid,
    on_chain: OnChain,
    /// None when nothing of it is left.
    pub id: Option<RecordId>,
    pub due_at: Option<UnixMillis>,
    pub held: Option<&'static str>,
}

impl Chosen {
    pub fn mark(&self) -> String {
        self.uid.to_string()
    }

    pub fn address(&self) -> Option<String> {
        self.id.map(urls::record)
    }
}

/// What is released, and what is signed for it.
pub struct Order {
    pub chosen: Vec<Chosen>,
    pub order: ErasureOrder,
}

impl Order {
    /// What the address, or the form that it made, is about.
    pub async fn load(
        desk: &Desk,
        connection: &mut MySqlConnection,
        form: &FormState,
    ) -> Result<Self> {
        let ordered_at = read_time(form, desk.clock.now())?;
        let sight = Sight::load(desk).await?;
        let mut chosen = Vec::new();
        for uid in read_uids(form)? {
            if let Some(on_chain) = OnChain::load(desk, &sight, uid).await? {
                chosen.push(look_at(desk, connection, uid, on_chain).await?);
            }
        }
        let ended = chosen.iter().filter_map(|one| {
            Some(Ended {
                uid: one.uid.get(),
                record_proof: one.on_chain.word()?,
            })
        });
        let order = ErasureOrder {
            controller: desk.profile.controller.identity(),
            records: ended.collect(),
            ordered_at,
        };
        match order.records.is_empty() {
            true => Err(Error::conflict(NONE_CHOSEN)),
            false => Ok(Self { chosen, order }),
        }
    }

    /// What ends this one, where the authority signed the order that names it.
    pub fn evidence(&self, one: &Chosen, signature: EcdsaSignature) -> Option<ErasureEvidence> {
        let mut records = self.order.records.iter();
        let ended = records.find(|ended| ended.uid == one.uid.get())?;
        let evidence = ErasureEvidence {
            statement: self.order.statement(ended),
            signature,
            salt: rand::random::<[u8; 32]>().into(),
            signatory: Signatory::AuthorityOfSeveral(self.order.clone()),
        };
        one.on_chain.bears(&evidence).then_some(evidence)
    }
}

fn read_time(form: &FormState, now: UnixMillis) -> Result<u64> {
    let at = form.value("at").parse::<u64>();
    let at = UnixMillis::from_seconds(at.map_err(|_| Error::NotFound)?);
    match at <= now && now.since(at) <= OLDEST {
        true => Ok(at.as_seconds()),
        false => Err(Error::conflict(
            "This order is too old. Begin anew in the list of what is due.",
        )),
    }
}

/// In the order of their numbers, each once: what is signed does not hang on how the address was written.
fn read_uids(form: &FormState) -> Result<Vec<Uid>> {
    let mut uids = Vec::new();
    for text in form.all("uid") {
        let uid = text.parse().ok().and_then(Uid::new);
        uids.push(uid.ok_or(Error::NotFound)?);
    }
    uids.sort_unstable();
    uids.dedup();
    match uids.len() > MOST {
        true => Err(Error::conflict(format!(
            "At most {MOST} records are released at once."
        ))),
        false => Ok(uids),
    }
}

async fn look_at(
    desk: &Desk,
    connection: &mut MySqlConnection,
    uid: Uid,
    on_chain: OnChain,
) -> Result<Chosen> {
    let record = records::by_uid(connection, &desk.keys.front(), uid)
        .await
        .map_err(explain_row)?;
    let Some(record) = record.filter(|_| !on_chain.is_retired) else {
        return Ok(Chosen {
            uid,
            on_chain,
            id: None,
            due_at: None,
            held: Some("it has ended already."),
        });
    };
    let term = Term::load(connection, &desk.keys, &record, &desk.rules())
        .await
        .map_err(explain)?;
    let hold = hold(connection, &desk.keys, &record, &term, desk.clock.now())
        .await
        .map_err(explain)?;
    Ok(Chosen {
        uid,
        on_chain,
        id: Some(record.id),
        due_at: term.due_at(),
        held: hold.map(hold_in_words),
    })
}
