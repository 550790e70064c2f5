//! `valid` and `consent_invalid`: the row gives the newest word, and then the owner's consent decides.

use std::collections::BTreeSet;

use chain::{OnChainVersion, WalletAnswer};
use record::{
    B256,
    consent::{Standing, TermsProblem},
    signature::ConsentSignature,
};

use super::{
    ConsentProblem, Finding, Obstacle, Reason, Verdict, VersionRow,
    content::{Content, Match, Spot},
    known::{Fault, Known},
    wallet_change::{self, Signed},
};

/// The verdict if the row gives the newest word; else the version that is at fault, newest first.
pub(super) fn judge<'a>(known: &Known<'a>) -> Result<Finding, Fault<'a>> {
    let newest = known.newest;
    let row = known.row_for(newest.version);
    let fault = Fault {
        version: newest,
        row,
    };
    let Some((row, (content, spot, matched))) =
        row.and_then(|row| Some((row, known.matched(newest, row)?)))
    else {
        return Err(fault);
    };
    if let Some(problem) = consent_problem(known, row, &content, spot, &matched) {
        return Ok(consent_invalid(problem, newest));
    }
    let mut digests = BTreeSet::from([matched.digest]);
    let mut newer = Signed::of(newest, row, &content, spot);
    for older in known.before(newest.version) {
        if older.voided {
            judge_voided(known, older)?;
            continue;
        }
        match judge_older(known, older, &newer)? {
            // Of values that were destroyed only the digest is left: it must not be that of another version.
            Ok((digest, signed)) if digests.insert(digest) => newer = signed,
            Ok(_) => {
                let twice = ConsentProblem::Terms(TermsProblem::Version);
                return Ok(consent_invalid(twice, older));
            }
            Err(problem) => return Ok(problem),
        }
    }
    if let Some(uid) = known.facts.nonce_also_at {
        return Ok(consent_invalid(ConsentProblem::NonceReused(uid), newest));
    }
    if !known.is_whole(newest, row) || !known.uid_fits() || !known.head_fits() {
        return Err(fault);
    }
    if !known.is_told() {
        let reason = Reason::Obstacle(Obstacle::ChainForgets);
        return Ok(Finding::new(Verdict::Unverifiable, reason).of(newest));
    }
    let valid = Finding::new(Verdict::Valid, Reason::Matches).of(newest);
    Ok(valid.found(Some(newest.word)))
}

/// Whether the row holds this version whole: it gives the word, nothing beside it is at fault, and its owner signed it.
pub(super) fn holds(known: &Known<'_>, version: &OnChainVersion) -> bool {
    let Some(row) = known.row.versions.get(&version.version) else {
        return false;
    };
    let Some((content, spot, matched)) = known.matched(version, row) else {
        return false;
    };
    row.is_told()
        && known.is_whole(version, row)
        && consent_problem(known, row, &content, spot, &matched).is_none()
        && wallet_problem(known, &Signed::of(version, row, &content, spot)).is_none()
}

/// Why this version may not have its wallet, as far as the one before stands beside it.
fn wallet_problem(known: &Known<'_>, newer: &Signed<'_>) -> Option<ConsentProblem> {
    let older = known.counting_before(newer.version.version)?;
    let row = known.row.versions.get(&older.version)?;
    let (content, spot, _) = known.matched(older, row)?;
    let older = Signed::of(older, row, &content, spot);
    wallet_change::problem(known, &older, newer)
}

/// A version that the authority voided counts for nothing. Its row may be gone; one that stands is as it was anchored.
fn judge_voided<'a>(known: &Known<'a>, voided: &'a OnChainVersion) -> Result<(), Fault<'a>> {
    let Some(row) = known.row.versions.get(&voided.version) else {
        return Ok(());
    };
    if known.matched(voided, row).is_some() && known.is_whole(voided, row) {
        return Ok(());
    }
    Err(Fault {
        version: voided,
        row: Some(row),
    })
}

/// What an older version has against the next one that counts; or the digest that was signed.
fn judge_older<'a>(
    known: &Known<'a>,
    older: &'a OnChainVersion,
    newer: &Signed<'_>,
) -> Result<Result<(B256, Signed<'a>), Finding>, Fault<'a>> {
    let row = known
        .row
        .versions
        .get(&older.version)
        .filter(|row| row.version != newer.row.version);
    let Some(row) = row else {
        let gone = ConsentProblem::OlderVersionGone(older.version);
        return Ok(Err(consent_invalid(gone, known.newest)));
    };
    let fault = || Fault {
        version: older,
        row: Some(row),
    };
    let (content, spot, matched) = known.matched(older, row).ok_or_else(fault)?;
    if let Some(problem) = consent_problem(known, row, &content, spot, &matched) {
        return Ok(Err(consent_invalid(problem, older)));
    }
    let signed = Signed::of(older, row, &content, spot);
    if let Some(problem) = wallet_change::problem(known, &signed, newer) {
        return Ok(Err(consent_invalid(problem, newer.version)));
    }
    if known.is_whole(older, row) {
        return Ok(Ok((matched.digest, signed)));
    }
    // An order that does not open is no mere alteration: without it this wallet is not the owner's.
    match wallet_problem(known, &signed) {
        Some(problem) => Ok(Err(consent_invalid(problem, older))),
        None => Err(fault()),
    }
}

fn consent_problem(
    known: &Known<'_>,
    row: &VersionRow,
    content: &Content<'_>,
    spot: Spot,
    matched: &Match,
) -> Option<ConsentProblem> {
    if !matched.rebuilt {
        return Some(ConsentProblem::Signature);
    }
    match content.signature {
        ConsentSignature::Ecdsa(signature) => {
            if signature.recover(&matched.digest) != Ok(content.wallet) {
                return Some(ConsentProblem::Signature);
            }
        }
        ConsentSignature::Contract { .. } => match row.contract_answer {
            Some(WalletAnswer::Accepts { block_time }) => {
                let follows = known.could_follow(spot.version, block_time);
                if !follows || !content.covers_check(block_time, spot.timestamp) {
                    return Some(ConsentProblem::CheckBlock);
                }
            }
            // Whatever else is at fault is told; what is not is called valid by nobody (`Known::is_told`).
            Some(WalletAnswer::NotTold) => {}
            // Not asked counts as refused: a thief would else hide behind a question that nobody puts.
            Some(WalletAnswer::Refuses) | None => return Some(ConsentProblem::Contract),
        },
    }
    let previous_proofs = known.chain.previous_proofs(spot.version);
    let standing = Standing {
        uid: spot.uid,
        version: spot.version,
        previous_proofs: &previous_proofs,
    };
    content
        .check_terms(&standing, spot.timestamp)
        .err()
        .map(ConsentProblem::Terms)
}

/// The row gives the anchored word: expected and found are the same.
fn consent_invalid(problem: ConsentProblem, version: &OnChainVersion) -> Finding {
    Finding::new(Verdict::ConsentInvalid, Reason::Consent(problem))
        .of(version)
        .found(Some(version.word))
}
