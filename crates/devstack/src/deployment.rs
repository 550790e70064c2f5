//! Runs the deployment scripts of `contracts/` against a local chain.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::accounts::Accounts;
use crate::task::Task;
use crate::tools;

/// What the authority gives a controller to pay its gas with: ten ether.
const FUNDS: &str = "10000000000000000000";

pub(crate) async fn deploy(rpc_url: &str, file: &Path) -> Result<()> {
    run("deploy", rpc_url, file, &[]).await
}

pub(crate) async fn appoint(rpc_url: &str, file: &Path, controller: &str) -> Result<()> {
    let accounts = Accounts::load()?;
    let witness = &accounts.named("witness")?.address;
    let settings = [
        ("CONTROLLER", controller),
        ("CONTROLLER_FUNDS", FUNDS),
        ("WITNESS", witness),
        ("WITNESS_FUNDS", FUNDS),
    ];
    run("appoint", rpc_url, file, &settings).await
}

/// One of the scripts, signed by the authority.
async fn run(script: &str, rpc_url: &str, file: &Path, settings: &[(&str, &str)]) -> Result<()> {
    let accounts = Accounts::load()?;
    let authority = accounts.named("authority")?;
    let mut command = Command::new(tools::workspace_root().join("contracts").join(script));
    command
        .env("DEPLOYMENT_FILE", file)
        .envs(settings.iter().copied())
        .args(["--rpc-url", rpc_url, "--sender", &authority.address])
        .args(["--mnemonics", &accounts.mnemonic])
        .args(["--mnemonic-indexes", &authority.index.to_string()]);
    let task = Task::new(format!("contracts/{script}"), command);
    task.run().await.map(drop)
}
