//! The state of a freshly deployed chain, made once per process: tests want a chain each, and the
//! deployment scripts take seconds.

use std::fs;

use anyhow::{Result, bail};
use tokio::sync::OnceCell;

use crate::chain::{Chain, ChainOptions, Mining};

const STATE: &str = "state.json";

struct Deployed {
    chain_id: u64,
    state: Vec<u8>,
    deployment: Vec<u8>,
}

pub(crate) async fn start(options: &ChainOptions) -> Result<Chain> {
    static DEPLOYED: OnceCell<Deployed> = OnceCell::const_new();
    let deployed = DEPLOYED.get_or_try_init(deploy).await?;
    if options.chain_id != deployed.chain_id {
        bail!("the deployed chain has the id {}", deployed.chain_id);
    }
    let mut chain = Chain::prepare(options)?;
    fs::write(chain.dir().join(STATE), &deployed.state)?;
    fs::write(chain.deployment_file(), &deployed.deployment)?;
    chain.resume().await?;
    Ok(chain)
}

async fn deploy() -> Result<Deployed> {
    let options = ChainOptions {
        mining: Mining::EachTransaction,
        ..ChainOptions::default()
    };
    let mut chain = Chain::start(&options).await?;
    let deployment = fs::read(chain.deploy().await?)?;
    chain.stop().await?;
    Ok(Deployed {
        chain_id: options.chain_id,
        state: fs::read(chain.dir().join(STATE))?,
        deployment,
    })
}
