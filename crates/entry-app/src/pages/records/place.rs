//! Where on the chain a correction goes, as a final block tells it.

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

fn away(error: ChainError) -> Error {
    tracing::warn!(%error, "the place of a correction can't be told");
    Error::Unavailable { what: "the chain" }
}
