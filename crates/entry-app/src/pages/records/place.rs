//! Where on the chain a correction goes, and whether anything goes there any more, as a final block tells it.

use chain::ChainError;
use database::records::Record;
use database::sealed::Predecessor;
use enrolment::Place;
use web_kit::error::{Error, Result};

use crate::state::Desk;

/// The place of the next version of an anchored record; none of one that was never anchored.
pub async fn load(desk: &Desk, record: &Record) -> Result<Option<Place>> {
    let Some(uid) = record.uid else {
        return Ok(None);
    };
    let block = desk.chain.final_block(None).await.map_err(away)?;
    let known = desk.chain.record(uid, &block).await.map_err(away)?;
    let known = known.ok_or_else(|| {
        Error::conflict(
            "The chain does not show the record as final yet. Please try again in a minute.",
        )
    })?;
    if known.retired.is_some() {
        return Err(Error::conflict(
            "The record was retired on the chain: nothing of it is corrected any more.",
        ));
    }
    let full = || Error::conflict("The record has had all versions there are.");
    let version = known.newest().version.next().ok_or_else(full)?;
    // The newest word that the authority has not declared void.
    let proof = known.previous_proofs(version).pop().unwrap_or_default();
    Ok(Some(Place {
        version,
        follows: Predecessor { uid, proof },
    }))
}

/// Whether the record has ended on the chain, as far as that can be asked: its rows may be there still, or again.
pub async fn has_ended(desk: &Desk, record: &Record) -> bool {
    let Some(uid) = record.uid else { return false };
    let known = async {
        let block = desk.chain.final_block(None).await?;
        desk.chain.record(uid, &block).await
    };
    match known.await {
        Ok(known) => known.is_some_and(|known| known.retired.is_some()),
        Err(error) => {
            tracing::warn!(%error, "whether a record has ended can't be told");
            false
        }
    }
}

fn away(error: ChainError) -> Error {
    tracing::warn!(%error, "the place of a correction can't be told");
    Error::Unavailable { what: "the chain" }
}
