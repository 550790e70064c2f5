//! Destroying a record that was erased on the chain, and whatever comes back of it. docs/ERASURE.md tells what goes and what stays.

use chain::{OnChainRecord, Retirement};
use database::erasures::{self, Erasure, ErasureState};
use database::evidence::{self, Evidence};
use database::record_events::{self, Actor, RecordEventKind};
use database::{
    MySqlConnection, consents, corrections, owner_key_backups, owner_keys, record_backups,
    record_versions, records,
};
use notification::{Destroyed, EventKey, Mail, first_name};
use record::erasure::ErasureEvidence;
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::Connection;

use super::Redactor;
use super::failure::Failure;
use crate::examiner::{Examined, Sight};
use crate::verdict::newest_of;

/// What destroying came across.
struct Found {
    uid: Uid,
    retirement: Retirement,
    erasure: Erasure,
    evidence: ErasureEvidence,
    /// How many copies the backup held.
    copies: u64,
    at: UnixMillis,
}

impl Redactor {
    /// Destroys everything that is left. Nothing on the chain's word alone: somebody may have stolen the controller's key.
    pub(super) async fn erase(
        &self,
        chain: &OnChainRecord,
        stands: &Examined,
        sight: &Sight,
    ) -> Result<(), Failure> {
        let Some(retirement) = &chain.retired else {
            return Ok(());
        };
        let Some((erasure, evidence)) = self.request_for(chain, retirement, sight).await? else {
            return Ok(());
        };
        let id = erasure.record_id;
        let is_left = stands.record_id() == Some(id);
        if !is_left && erasure.state == ErasureState::Destroyed {
            return Ok(());
        }
        // In this order: as long as the head stands, it is tried again.
        owner_key_backups::destroy(&mut *self.parts.keys.acquire().await?, id).await?;
        let mut backup = self.parts.backup.acquire().await?;
        let copies = record_backups::destroy(&mut backup, chain.uid).await?;
        drop(backup);
        let found = Found {
            uid: chain.uid,
            retirement: *retirement,
            erasure,
            evidence,
            copies,
            at: self.registrar.examiner().now(),
        };
        self.in_main(chain, found).await?;
        tracing::info!(uid = chain.uid.get(), "an erased record was destroyed");
        Ok(())
    }

    /// The request that proves the retirement. One that the main database lost, by a dump from before it, comes back from its copy.
    async fn request_for(
        &self,
        chain: &OnChainRecord,
        retirement: &Retirement,
        sight: &Sight,
    ) -> Result<Option<(Erasure, ErasureEvidence)>, Failure> {
        let (examiner, uids) = (self.registrar.examiner(), [chain.uid]);
        let mut main = self.parts.main.acquire().await?;
        let granted = examiner.granted_of(&mut main, &uids).await?;
        let block = &sight.block;
        if let Some((one, evidence)) = examiner
            .proof_of(chain, retirement, &granted, block)
            .await?
        {
            return Ok(Some((one.clone(), evidence)));
        }
        let mut backup = self.parts.backup.acquire().await?;
        let copies = examiner.granted_of(&mut backup, &uids).await?;
        let proof = examiner.proof_of(chain, retirement, &copies, block).await?;
        let Some((copy, evidence)) = proof else {
            return Ok(None);
        };
        match erasures::insert(&mut main, &examiner.parts().keys, copy).await {
            Ok(()) => {}
            // What stands there under its id is not ours any more: the officer hears of that by itself.
            Err(error) if error.is_duplicate_of("PRIMARY") => {}
            Err(error) => return Err(error.into()),
        }
        tracing::warn!(
            uid = chain.uid.get(),
            "a request that was lost came back from its copy"
        );
        Ok(Some((copy.clone(), evidence)))
    }

    async fn in_main(&self, chain: &OnChainRecord, found: Found) -> Result<(), Failure> {
        let (keys, id) = (
            &self.registrar.examiner().parts().keys,
            found.erasure.record_id,
        );
        let mut connection = self.parts.main.acquire().await?;
        let mut transaction = connection.begin().await?;
        let rows = evidence::by_record(&mut transaction, id).await?;
        let key_version = rows
            .as_ref()
            .and_then(|rows| Some(rows.owner_key.as_ref()?.app_key_version));
        if found.erasure.state == ErasureState::Granted {
            let receipt = rows
                .as_ref()
                .and_then(|rows| self.receipt(chain, rows, &found));
            if let Some((to, mail)) = receipt {
                let (front, event) = (keys.front(), EventKey::of(mail.kind(), id.as_bytes()));
                notification::enqueue(&mut transaction, &front, found.at, event, &to, &mail)
                    .await?;
            }
        }
        consents::destroy(&mut transaction, id).await?;
        record_versions::destroy(&mut transaction, id).await?;
        owner_keys::destroy(&mut transaction, id).await?;
        corrections::destroy(&mut transaction, id).await?;
        records::destroy(&mut transaction, id).await?;
        self.note_destroyed(&mut transaction, &found, key_version)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn note_destroyed(
        &self,
        transaction: &mut MySqlConnection,
        found: &Found,
        key_version: Option<u32>,
    ) -> Result<(), Failure> {
        let keys = &self.registrar.examiner().parts().keys;
        let mut erasure = found.erasure.clone();
        erasure.state = ErasureState::Destroyed;
        erasure.destroyed_at = erasure.destroyed_at.or(Some(found.at));
        erasure.key_version = erasure.key_version.max(key_version);
        erasures::update(transaction, keys, &erasure).await?;
        let (what, who) = (RecordEventKind::Destroyed, Actor::System);
        let (front, id) = (keys.front(), erasure.record_id);
        record_events::append(transaction, &front, id, what, who, found.at).await?;
        Ok(())
    }

    /// The last mail, to the address in the newest version that was anchored; none where that does not open.
    fn receipt(
        &self,
        chain: &OnChainRecord,
        rows: &Evidence,
        found: &Found,
    ) -> Option<(String, Mail)> {
        let keys = &self.registrar.examiner().parts().keys;
        let wrapped = rows.owner_key.as_ref()?;
        let key = keys.unwrap_owner_key(wrapped).ok()?;
        let newest = rows.version(newest_of(chain)?.version)?;
        let fields = newest.open(&key).whole_fields()?;
        let mail = Mail::RecordErased {
            first_name: first_name(fields.get("name")?.value()),
            controller: found.evidence.statement.controller.clone(),
            destroyed: Destroyed {
                uid: found.uid,
                at: found.at,
                versions: rows.versions.len() as u64,
                copies: found.copies,
                block: found.retirement.block,
                evidence: found.retirement.evidence.to_string(),
                key_version: Some(wrapped.app_key_version),
            },
        };
        Some((fields.get("email")?.value().to_owned(), mail))
    }
}
