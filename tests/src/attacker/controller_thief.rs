//! Somebody who has the controller's chain key.

use std::fs;

use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::BlockNumberOrTag;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol;
use anyhow::{Context, Result, ensure};
use devstack::{Accounts, Site};

sol! {
    #[sol(rpc)]
    "../contracts/src/interfaces/IMasterData.sol"
}

/// Writes to the chain in the controller's name.
pub struct ControllerThief {
    provider: DynProvider,
    authority: DynProvider,
    master_data: Address,
}

impl ControllerThief {
    /// Reads the controller's key file.
    ///
    /// # Errors
    /// When it is not there.
    pub fn at(site: &Site) -> Result<Self> {
        let deployment = chain::Deployment::load(&site.chain.deployment_file())?;
        let key = fs::read_to_string(site.dir().join("controller.key"))?;
        let authority = Accounts::load()?.private_key("authority")?;
        Ok(Self {
            provider: provider(site, &key)?,
            authority: provider(site, &authority)?,
            master_data: deployment.master_data,
        })
    }

    /// A timestamp that the contracts take now.
    ///
    /// # Errors
    /// When the chain is gone.
    pub async fn timestamp(&self) -> Result<u64> {
        let newest = self.provider.get_block_by_number(BlockNumberOrTag::Latest);
        Ok(newest.await?.context("the newest block")?.header.timestamp)
    }

    /// The newest word of a UID.
    ///
    /// # Errors
    /// When the chain does not know it.
    pub async fn word(&self, uid: u64) -> Result<B256> {
        let master_data = IMasterData::new(self.master_data, &self.provider);
        Ok(master_data
            .getRecordProof(U256::from(uid))
            .call()
            .await?
            .proof)
    }

    /// The UID that comes next.
    ///
    /// # Errors
    /// When the chain is gone.
    pub async fn next_uid(&self) -> Result<u64> {
        let master_data = IMasterData::new(self.master_data, &self.provider);
        Ok(master_data.nextUid().call().await?.try_into()?)
    }

    /// Anchors a word: a new UID, or a further version of one.
    ///
    /// # Errors
    /// When the contracts refuse it.
    pub async fn anchor(&self, uid: u64, timestamp: u64, proof: B256) -> Result<()> {
        let master_data = IMasterData::new(self.master_data, &self.provider);
        let call = master_data.addRecordProof(U256::from(uid), timestamp, proof);
        let receipt = call.send().await?.get_receipt().await?;
        ensure!(receipt.status(), "the contracts refused the thief");
        Ok(())
    }

    /// What the authority does about it: declares a version void.
    ///
    /// # Errors
    /// When the contracts refuse it.
    pub async fn void(&self, uid: u64, version: u64) -> Result<()> {
        let master_data = IMasterData::new(self.master_data, &self.authority);
        let call = master_data.voidRecordProof(U256::from(uid), U256::from(version));
        let receipt = call.send().await?.get_receipt().await?;
        ensure!(receipt.status(), "the contracts refused the authority");
        Ok(())
    }
}

fn provider(site: &Site, key: &str) -> Result<DynProvider> {
    let signer: PrivateKeySigner = key.trim().parse()?;
    let provider = ProviderBuilder::new()
        .wallet(signer)
        .connect_http(site.chain.rpc_url().parse()?);
    Ok(provider.erased())
}
