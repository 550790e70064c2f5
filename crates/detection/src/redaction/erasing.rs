//! Destroying a record that was erased on the chain, and whatever comes back of it. docs/ERASURE.md tells what goes and what stays.

use chain::{OnChainRecord, Retirement};
use database::erasures::{self, Erasure, ErasureState};
use database::evidence::{self, Evidence};
use database::record_events::{self, Actor, RecordEventKind};
use database::request_way::RequestWay;
use database::{MySqlConnection, owner_key_backups, record_backups, remains};
use notification::{Destroyed, EventKey, Mail, first_name};
use record::erasure::ErasureEvidence;
use record::ids::Uid;
use record::time::UnixMillis;
use sqlx::Connection;

use super::Redactor;
use super::failure::Failure;
use crate::examiner::Sight;
use crate::verdict::newest_of;

/// What came of an erased record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Erased {
    /// Nothing of it is left that may be destroyed.
    Gone,
    /// Something came back after the look that led here, which saw nothing wrong: another look has to tell of it first.
    CameBack,
}

/// What destroying came across.
struct Found {
    uid: Uid,
    retirement: Retirement,
    erasure: Erasure,
    evidence: ErasureEvidence,
    at: UnixMillis,
}

impl Redactor {
    /// Destroys everything that is left. Nothing on the chain's word alone: somebody may have stolen the controller's key. And
    /// nothing that came back to the main database and was not told: `is_told` where the look that led here found something wrong.
    pub(super) async fn erase(
        &self,
        chain: &OnChainRecord,
        sight: &Sight,
        is_told: bool,
    ) -> Result<Erased, Failure> {
        let Some(retirement) = &chain.retired else {
            return Ok(Erased::Gone);
        };
        let request = self.request_for(chain, retirement, sight, is_told).await?;
        let Some((erasure, evidence)) = request else {
            return Ok(Erased::Gone);
        };
        let id = erasure.record_id;
        // In this order: as long as rows stand, it is tried again.
        let keys = owner_key_backups::destroy(&mut *self.parts.keys.acquire().await?, id).await?;
        let mut backup = self.parts.backup.acquire().await?;
        let copies = record_backups::destroy(&mut backup, chain.uid).await?;
        drop(backup);
        let found = Found {
            uid: chain.uid,
            retirement: *retirement,
            erasure,
            evidence,
            at: self.registrar.examiner().now(),
        };
        let Some(rows) = self.in_main(chain, found, is_told).await? else {
            return Ok(Erased::CameBack);
        };
        if keys + copies + rows > 0 {
            let uid = chain.uid.get();
            tracing::info!(uid, keys, copies, rows, "an erased record was destroyed");
        }
        Ok(Erased::Gone)
    }

    /// The request that proves the retirement. One that the main database lost, by a dump from before it, comes back from its copy.
    async fn request_for(
        &self,
        chain: &OnChainRecord,
        retirement: &Retirement,
        sight: &Sight,
        is_told: bool,
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
        // Lost since it was looked at: the next look finds a retirement that nothing proves.
        if !is_told {
            return Ok(None);
        }
        let mut backup = self.parts.backup.acquire().await?;
        let copies = examiner.granted_of(&mut backup, &uids).await?;
        let proof = examiner.proof_of(chain, retirement, &copies, block).await?;
        let Some((copy, evidence)) = proof else {
            return Ok(None);
        };
        erasures::put(&mut main, &examiner.parts().keys, copy).await?;
        tracing::warn!(
            uid = chain.uid.get(),
            "a request that was lost came back from its copy"
        );
        Ok(Some((copy.clone(), evidence)))
    }

    /// How many rows there were; none where they have to be told of first.
    async fn in_main(
        &self,
        chain: &OnChainRecord,
        mut found: Found,
        is_told: bool,
    ) -> Result<Option<u64>, Failure> {
        let (keys, id) = (
            &self.registrar.examiner().parts().keys,
            found.erasure.record_id,
        );
        let before = self.registrar.examiner().destroyed_at(id).await?;
        let mut connection = self.parts.main.acquire().await?;
        let mut transaction = connection.begin().await?;
        let rows = evidence::by_record(&mut transaction, id).await?;
        let destroyed = remains::destroy(&mut transaction, keys, id).await?;
        // Another process may have done it since it was read.
        if let Some(stands) = erasures::lock(&mut transaction, keys, found.erasure.id).await? {
            found.erasure = stands;
        }
        if found.erasure.state == ErasureState::Destroyed && destroyed == 0 {
            // What no verdict can see is gone as well.
            transaction.commit().await?;
            return Ok(Some(0));
        }
        let is_first = found.erasure.state == ErasureState::Granted && before.is_none();
        if destroyed > 0 && !is_first && !is_told {
            transaction.rollback().await?;
            return Ok(None);
        }
        // Of a request that came back from its copy: the owner's receipt names that day.
        found.erasure.destroyed_at = found.erasure.destroyed_at.or(before);
        let receipt = rows
            .as_ref()
            .filter(|_| is_first)
            .and_then(|rows| self.receipt(chain, rows, &found));
        if let Some((to, mail)) = receipt {
            let (front, event) = (keys.front(), EventKey::of(mail.kind(), id.as_bytes()));
            notification::enqueue(&mut transaction, &front, found.at, event, &to, &mail).await?;
        }
        // Not the version that the key's row names: anybody can have written that, and a link may have been sealed by a newer one since.
        let key_version = rows.as_ref().map(|_| keys.current_version());
        self.note_destroyed(&mut transaction, &found, key_version)
            .await?;
        transaction.commit().await?;
        Ok(Some(destroyed))
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
            was_due: found.erasure.way == RequestWay::Retention,
            destroyed: Destroyed {
                uid: found.uid,
                at: found.at,
                versions: rows.versions.len() as u64,
                block: found.retirement.block,
                evidence: found.retirement.evidence.to_string(),
                key_version: Some(keys.current_version()),
            },
        };
        Some((fields.get("email")?.value().to_owned(), mail))
    }
}
