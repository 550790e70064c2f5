//! Whether what is stored is what the owner signed, and the proof that follows from it: one look at the unsealed row serves both.

use chain::{ChainError, ChainReader, WalletAnswer, WalletQuestion};
use database::{
    consents,
    sealed::{KeptMessage, SealedVersion},
};
use keyring::{FrontKeys, OwnerKey};
use record::{
    Address, B256,
    consent::{ConsentMessage, Standing, TermsProblem},
    ids::{Uid, Version},
    proof::{Fields, RecordProofInput, SaltedValue, consent_hash},
    signature::ConsentSignature,
    wallet_change::WalletOrder,
};

use crate::{Rejection, round::Sight};

/// An unsealed version with what its owner signed, every cell of it whole and in its place.
pub(crate) struct Statement {
    fields: Fields,
    wallet: Address,
    /// The stored message with details and wallet of the row.
    message: ConsentMessage,
    signature: ConsentSignature,
    /// By what the wallet may be another one than before.
    order: Option<WalletOrder>,
}

/// Whether the owner signed for this.
pub(crate) enum Verdict {
    Holds,
    Fails(Rejection),
    /// The chain's time has not come to that of the offer yet (it stands still between its blocks), or the block at which a contract
    /// wallet accepted is not final.
    Early,
    /// A contract wallet's answer at a block that the node does not know, or whose state it no longer keeps.
    Unknown,
}

impl Verdict {
    pub(crate) const fn of(signed: bool) -> Self {
        match signed {
            true => Self::Holds,
            false => Self::Fails(Rejection::ConsentInvalid),
        }
    }
}

impl Statement {
    /// Opens the version as a verdict does: the proof covers neither relation nor receipt, and a record whose are not ours
    /// would be anchored as an altered one.
    pub fn open(
        sealed: &SealedVersion,
        key: &OwnerKey,
        front: &FrontKeys,
    ) -> Result<Self, Rejection> {
        let filed = sealed.consent.as_ref().ok_or(Rejection::ConsentMissing)?;
        let opened = sealed.open(key);
        let fields = opened.whole_fields().ok_or(Rejection::RowUnreadable)?;
        let wallet = opened.wallet.map_err(|_| Rejection::RowUnreadable)?;
        let stored = opened.message.ok_or(Rejection::ConsentMissing)?;
        let signature = opened.signature.ok_or(Rejection::ConsentMissing)?;
        let (Ok(KeptMessage::Whole(stored)), Ok(signature)) = (stored, signature) else {
            return Err(Rejection::RowUnreadable);
        };
        if filed.nonce_index != consents::nonce_index(front, &stored.nonce) {
            return Err(Rejection::NonceReused);
        }
        if opened.relation.is_err() || !filed.is_ours(front) {
            return Err(Rejection::RowUnreadable);
        }
        let order = opened.wallet_order.transpose();
        let order = order.map_err(|_| Rejection::RowUnreadable)?;
        let message = stored.rebuilt(&fields, wallet);
        Ok(Self {
            fields,
            wallet,
            message,
            signature,
            order,
        })
    }

    /// Checks the terms and the signature for anchoring at this place and time.
    pub async fn check(
        &self,
        reader: &ChainReader,
        sight: &Sight,
        standing: &Standing<'_>,
        timestamp: u64,
    ) -> Result<Verdict, ChainError> {
        match self.message.check_terms(standing, timestamp) {
            Ok(()) => {}
            Err(TermsProblem::Time) if timestamp < self.message.issued_at => {
                return Ok(Verdict::Early);
            }
            Err(problem) => return Ok(Verdict::Fails(problem.into())),
        }
        match &self.signature {
            ConsentSignature::Ecdsa(signature) => {
                let signer = signature.recover(&self.digest(reader));
                Ok(Verdict::of(signer.is_ok_and(|one| one == self.wallet)))
            }
            ConsentSignature::Contract { bytes, check_block } => {
                let question = WalletQuestion {
                    wallet: self.wallet,
                    digest: self.digest(reader),
                    signature: bytes.clone(),
                    at: *check_block,
                };
                let covers = |block_time| self.message.covers_check(block_time, timestamp);
                ask(reader, sight, question, covers).await
            }
        }
    }

    /// The record proof at this place and time.
    pub fn proof(&self, reader: &ChainReader, uid: Uid, version: Version, timestamp: u64) -> B256 {
        let deployment = reader.deployment();
        RecordProofInput {
            chain_id: deployment.chain_id,
            relay: deployment.relay,
            wallet: self.wallet,
            uid,
            version,
            timestamp,
            consent_hash: consent_hash(&self.digest(reader), &self.signature),
            leaves: self.fields.leaves(),
        }
        .record_proof()
    }

    /// By what the wallet may be another one than before.
    pub const fn order(&self) -> Option<&WalletOrder> {
        self.order.as_ref()
    }

    /// The wallet that signs.
    pub const fn wallet(&self) -> Address {
        self.wallet
    }

    /// The e-mail address, by which the record is looked up.
    pub fn email(&self) -> Option<&str> {
        self.fields.get("email").map(SaltedValue::value)
    }

    /// The leaves, for the anchor cell.
    pub fn leaves(&self) -> Vec<B256> {
        self.fields.leaves().as_slice().to_vec()
    }

    fn digest(&self, reader: &ChainReader) -> B256 {
        let deployment = reader.deployment();
        self.message.digest(deployment.chain_id, deployment.relay)
    }
}

/// Asks a contract once more, at the block at which it accepted; `covers` tells whether that block's time is one that counts.
pub(crate) async fn ask(
    reader: &ChainReader,
    sight: &Sight,
    question: WalletQuestion,
    covers: impl Fn(u64) -> bool,
) -> Result<Verdict, ChainError> {
    // What is not final may still be another block, in which it does not accept.
    if question.at > sight.last.number {
        return Ok(match question.at > sight.head.number {
            true => Verdict::Unknown,
            false => Verdict::Early,
        });
    }
    let answers = reader.ask_wallets(&[question]).await?;
    Ok(match answers.first() {
        Some(WalletAnswer::Accepts { block_time }) => Verdict::of(covers(*block_time)),
        Some(WalletAnswer::Refuses) => Verdict::of(false),
        Some(WalletAnswer::NotTold) | None => Verdict::Unknown,
    })
}
