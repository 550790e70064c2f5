use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::process::{OnOrphaned, Process, Signal};
use crate::readiness::wait_until;
use crate::rpc::Rpc;
use crate::stack_dir::StackDir;
use crate::ticker::Ticker;
use crate::{deployed_state, deployment};
use crate::{ports, tools};

/// The state of a million records, which benchmarks keep, is gigabytes to be read and written.
const START_LIMIT: Duration = Duration::from_secs(180);
const STOP_LIMIT: Duration = Duration::from_secs(300);
/// The node hashes all that it holds for each block.
const MINE_LIMIT: Duration = Duration::from_secs(300);
/// Longer than any chain runs: anvil writes its state each minute unless it is told another number.
const NO_INTERVAL: u32 = 100 * 365 * 24 * 3600;

/// When the chain makes a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// One block every so many seconds.
    EverySeconds(u64),
    /// One block for each transaction, at once.
    EachTransaction,
    /// Only on [`Chain::mine`].
    OnDemand,
}

/// When the chain writes its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateWriting {
    /// At the end, and every minute: only a power cut or a kill of anvil itself needs that.
    EveryMinute,
    /// At the end alone: a state of gigabytes takes longer to write than a minute.
    AtEnd,
    /// Never: the next start finds what this one found.
    Never,
}

/// How a chain is started.
#[derive(Clone, Debug)]
pub struct ChainOptions {
    /// Where state and log are kept; without it in a throw-away folder.
    pub dir: Option<PathBuf>,
    /// The RPC port; without it a free one.
    pub port: Option<u16>,
    /// When blocks are made.
    pub mining: Mining,
    /// The chain's id.
    pub chain_id: u64,
    /// How many blocks back a read of the past can reach, also after a restart. Each costs room in
    /// the written state, and the more the longer the chain is.
    pub kept_states: u32,
    /// When the state is written.
    pub writing: StateWriting,
}

impl Default for ChainOptions {
    fn default() -> Self {
        Self {
            dir: None,
            port: None,
            mining: Mining::EverySeconds(1),
            chain_id: 31_337,
            kept_states: 600,
            writing: StateWriting::EveryMinute,
        }
    }
}

/// An anvil chain with the named accounts of [`Accounts`], each unlocked and rich.
pub struct Chain {
    dir: PathBuf,
    port: u16,
    mining: Mining,
    chain_id: u64,
    kept_states: u32,
    writing: StateWriting,
    rpc: Rpc,
    process: Option<Process>,
    ticker: Option<Ticker>,
    throw_away: Option<StackDir>,
}

impl Chain {
    /// Starts a chain, from its kept state when its folder holds one.
    pub async fn start(options: &ChainOptions) -> Result<Self> {
        let mut chain = Self::prepare(options)?;
        chain.resume().await?;
        Ok(chain)
    }

    /// The folder and the port, without anvil.
    pub(crate) fn prepare(options: &ChainOptions) -> Result<Self> {
        let port = ports::claim("chain", options.port)?;
        let throw_away = options
            .dir
            .is_none()
            .then(|| StackDir::throw_away("chain"))
            .transpose()?;
        let dir = match (&options.dir, &throw_away) {
            (Some(dir), _) => dir.clone(),
            (None, Some(stack)) => stack.part("chain")?,
            (None, None) => bail!("no folder for the chain"),
        };
        Ok(Self {
            dir,
            port,
            mining: options.mining,
            chain_id: options.chain_id,
            kept_states: options.kept_states,
            writing: options.writing,
            rpc: Rpc::new(port)?,
            process: None,
            ticker: None,
            throw_away,
        })
    }

    /// Where the apps and the tests reach the chain.
    pub fn rpc_url(&self) -> String {
        self.rpc.url().to_owned()
    }

    /// The folder of state, deployment and log.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// One JSON-RPC call.
    pub async fn rpc(&self, method: &str, params: Value) -> Result<Value> {
        self.rpc.call(method, params).await
    }

    /// The newest block's number.
    pub async fn block_number(&self) -> Result<u64> {
        self.rpc.block_number().await
    }

    /// Makes `count` blocks at once.
    pub async fn mine(&self, count: u64) -> Result<()> {
        let blocks = json!([format!("{count:#x}")]);
        let mined = self.rpc.call_within(MINE_LIMIT, "anvil_mine", blocks).await;
        mined.map(drop)
    }

    /// No new block until [`Self::resume_mining`]; transactions wait in the pool.
    pub async fn pause_mining(&self) -> Result<()> {
        self.set_mining(false).await
    }

    /// Mines again as the options said.
    pub async fn resume_mining(&self) -> Result<()> {
        self.set_mining(true).await
    }

    async fn set_mining(&self, on: bool) -> Result<()> {
        match (self.mining, &self.ticker) {
            (_, Some(ticker)) => ticker.pause(!on),
            (Mining::EachTransaction, None) => {
                self.rpc("evm_setAutomine", json!([on])).await?;
            }
            (Mining::EverySeconds(_) | Mining::OnDemand, None) => {}
        }
        Ok(())
    }

    /// Replaces the newest `depth` blocks by empty ones: their transactions are gone.
    pub async fn reorganise(&self, depth: u64) -> Result<()> {
        self.rpc("anvil_reorg", json!([depth, []])).await.map(drop)
    }

    /// Deploys and wires the contracts in the name of `authority`, appoints and funds `controller`
    /// and `witness` of the named accounts, and writes the deployment file. What is already done
    /// is not done again.
    pub async fn deploy(&self) -> Result<PathBuf> {
        let accounts = Accounts::load()?;
        let controller = accounts.named("controller")?.address.clone();
        self.deploy_for(&controller).await
    }

    /// As [`Self::deploy`], with a controller's address of one's own.
    pub async fn deploy_for(&self, controller: &str) -> Result<PathBuf> {
        let file = self.deployment_file();
        deployment::deploy(&self.rpc_url(), &file).await?;
        deployment::appoint(&self.rpc_url(), &file, controller).await?;
        Ok(file)
    }

    /// A chain on which [`Self::deploy`] was done, with nothing else on it: deployed once per process, copied for each caller.
    pub async fn start_deployed(options: &ChainOptions) -> Result<Self> {
        deployed_state::start(options).await
    }

    /// Where [`Self::deploy`] writes the addresses and pins.
    pub fn deployment_file(&self) -> PathBuf {
        self.dir.join("deployment.json")
    }

    /// SIGSTOP: calls hang until [`Self::thaw`].
    pub fn freeze(&self) -> Result<()> {
        self.running()?.freeze()
    }

    /// SIGCONT after [`Self::freeze`].
    pub fn thaw(&self) -> Result<()> {
        self.running()?.thaw()
    }

    /// Ends anvil in good order, which writes its state. [`Self::resume`] continues from there.
    pub async fn stop(&mut self) -> Result<()> {
        self.ticker = None;
        if let Some(mut process) = self.process.take() {
            process.thaw().ok();
            process.stop(Signal::INT, STOP_LIMIT).await?;
            self.keep_written_state()?;
        }
        Ok(())
    }

    /// SIGKILL: the state written last is all that [`Self::resume`] finds.
    pub fn kill(&mut self) {
        self.ticker = None;
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts anvil again on the same port.
    pub async fn resume(&mut self) -> Result<()> {
        self.keep_written_state()?;
        let command = self.anvil_command()?;
        let process = Process::spawn(
            "chain",
            &command,
            &self.dir.join("anvil.log"),
            OnOrphaned::Interrupt,
        )?;
        let process = self.process.insert(process);
        if self.throw_away.is_none() {
            process.be_gentle(Signal::INT, STOP_LIMIT);
        }
        let ready = wait_until("the chain", START_LIMIT, || {
            let running = process.check_running();
            let rpc = &self.rpc;
            async move {
                match running {
                    Ok(()) => rpc.block_number().await.map(|number| Some(Ok(number))),
                    Err(ended) => Ok(Some(Err(ended))),
                }
            }
        })
        .await;
        match ready {
            Ok(answer) => answer?,
            Err(problem) => return Err(process.explain(&problem)),
        };
        if let Mining::EverySeconds(seconds) = self.mining {
            self.ticker = Some(Ticker::start(self.port, Duration::from_secs(seconds))?);
        }
        Ok(())
    }

    /// Fails with the log's end when anvil has ended by itself.
    pub fn check_running(&mut self) -> Result<()> {
        self.process
            .as_mut()
            .context("the chain is stopped")?
            .check_running()
    }

    fn running(&self) -> Result<&Process> {
        self.process.as_ref().context("the chain is stopped")
    }

    fn anvil_command(&self) -> Result<Command> {
        let accounts = Accounts::load()?;
        let mut command = Command::new(tools::foundry("anvil")?);
        command.current_dir(&self.dir);
        // Quiet: it would log every call. Errors are still told.
        command.args([
            "--quiet",
            "--host",
            "127.0.0.1",
            "--port",
            &self.port.to_string(),
        ]);
        command.args(["--chain-id", &self.chain_id.to_string()]);
        command.args([
            "--mnemonic",
            &accounts.mnemonic,
            "--accounts",
            &accounts.all().len().to_string(),
        ]);
        self.keep_state(&mut command);
        match self.mining {
            Mining::EachTransaction => {}
            Mining::EverySeconds(_) | Mining::OnDemand => {
                command.arg("--no-mining");
            }
        }
        Ok(command)
    }

    fn keep_state(&self, command: &mut Command) {
        command.args([
            "--prune-history",
            &self.kept_states.to_string(),
            "--preserve-historical-states",
        ]);
        let interval = match self.writing {
            StateWriting::EveryMinute => Some(60),
            StateWriting::AtEnd => Some(NO_INTERVAL),
            StateWriting::Never => None,
        };
        if let Some(seconds) = interval {
            command.args(["--dump-state", "state.next.json"]);
            command.args(["--state-interval", &seconds.to_string()]);
        }
        if self.dir.join("state.json").is_file() {
            command.args(["--load-state", "state.json"]);
        }
    }

    /// anvil writes its state over the file in place, so that a kill can leave half a file. What it
    /// wrote becomes the state to load only when it is whole.
    fn keep_written_state(&self) -> Result<()> {
        let written = self.dir.join("state.next.json");
        if let Ok(file) = fs::File::open(&written) {
            let whole =
                serde_json::from_reader::<_, serde::de::IgnoredAny>(std::io::BufReader::new(file))
                    .is_ok();
            if whole {
                fs::rename(&written, self.dir.join("state.json"))?;
            }
        }
        Ok(())
    }
}
