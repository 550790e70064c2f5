use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sqlx::{Connection, MySqlConnection};
use tokio::sync::OnceCell;
use url::Url;

use crate::databases::Databases;
use crate::process::{OnOrphaned, Process, Signal};
use crate::readiness::wait_until;
use crate::stack_dir::StackDir;
use crate::{data_dir, ports, tools};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// How a private database server is started.
#[derive(Clone, Debug, Default)]
pub struct DatabaseOptions {
    /// Where data and log are kept; without it in a throw-away folder.
    pub dir: Option<PathBuf>,
    /// The TCP port on 127.0.0.1; without it a free one.
    pub port: Option<u16>,
    /// Whether a commit survives a power cut. Tests don't need it, and are faster without.
    pub durable: bool,
    /// Settings of the server beside ours or in their place, such as `--skip-log-bin`.
    pub settings: Vec<String>,
}

/// A MariaDB server of our own, or the one that `DATABASE_SERVER_URL` names.
pub struct DatabaseServer {
    url: Url,
    own: Mutex<Option<Own>>,
}

struct Own {
    process: Process,
    // Dropped after the process: it may remove the data.
    _throw_away: Option<StackDir>,
}

impl DatabaseServer {
    /// Starts a private server and waits until it answers.
    pub async fn start(options: &DatabaseOptions) -> Result<Self> {
        let port = ports::claim("database", options.port)?;
        let throw_away = options
            .dir
            .is_none()
            .then(|| StackDir::throw_away("database"))
            .transpose()?;
        let dir = match (&options.dir, &throw_away) {
            (Some(dir), _) => dir.clone(),
            (None, Some(stack)) => stack.part("database")?,
            (None, None) => bail!("no folder for the database"),
        };
        fs::create_dir_all(&dir).with_context(|| format!("create {}", dir.display()))?;
        // The server changes its working directory.
        let dir = dir.canonicalize()?;
        let data = dir.join("data");
        data_dir::create(&dir, &data).await?;
        let password = data_dir::root_password(&dir)?;
        let init_file = data_dir::write_init_file(&dir, &password)?;
        let command = server_command(&dir, &init_file, port, options)?;
        let mut process = Process::spawn(
            "database",
            &command,
            &dir.join("mariadbd.log"),
            OnOrphaned::Terminate,
        )?;
        if options.durable {
            process.be_gentle(Signal::TERM, STOP_LIMIT);
        }
        let url = Url::parse(&format!("mysql://root:{password}@127.0.0.1:{port}"))?;
        wait_for_answer(&mut process, &url).await?;
        fs::remove_file(&init_file).ok();
        Ok(Self {
            url,
            own: Mutex::new(Some(Own {
                process,
                _throw_away: throw_away,
            })),
        })
    }

    /// The server that `DATABASE_SERVER_URL` names; without the variable one that is started on
    /// first use and ends with this process.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<DatabaseServer> = OnceCell::const_new();
        SHARED
            .get_or_try_init(|| async {
                match std::env::var("DATABASE_SERVER_URL") {
                    Ok(given) if !given.is_empty() => Self::given(&given),
                    _ => Self::start(&DatabaseOptions::default()).await,
                }
            })
            .await
    }

    /// A server that somebody else runs; the URL's account must be able to create databases and accounts.
    pub fn given(url: &str) -> Result<Self> {
        let url = Url::parse(url).context("DATABASE_SERVER_URL")?;
        if url.scheme() != "mysql" {
            bail!("DATABASE_SERVER_URL must be a mysql:// URL");
        }
        Ok(Self {
            url,
            own: Mutex::new(None),
        })
    }

    /// The administrator's URL, without a database name.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The administrator's URL of one database.
    pub fn database_url(&self, name: &str) -> Url {
        with_database(&self.url, name)
    }

    /// The URL of another account on this server.
    pub fn account_url(&self, user: &str, password: &str, database: &str) -> Result<Url> {
        let mut url = with_database(&self.url, database);
        url.set_username(user).ok().context("user name")?;
        url.set_password(Some(password)).ok().context("password")?;
        Ok(url)
    }

    /// Three new, empty databases with a random suffix, dropped with the returned value.
    pub async fn create_databases(&self, prefix: &str) -> Result<Databases> {
        Databases::create(&self.url, prefix).await
    }

    /// A connection as administrator.
    pub async fn connect(&self) -> Result<MySqlConnection> {
        Ok(MySqlConnection::connect(self.url.as_str()).await?)
    }

    /// Fails with the log's end when our own server has ended.
    pub fn check_running(&self) -> Result<()> {
        match self.lock().as_mut() {
            Some(own) => own.process.check_running(),
            None => Ok(()),
        }
    }

    /// SIGSTOP: connections hang, as with a server that swaps.
    pub fn freeze(&self) -> Result<()> {
        self.with_own(Process::freeze)
    }

    /// SIGCONT after [`Self::freeze`].
    pub fn thaw(&self) -> Result<()> {
        self.with_own(Process::thaw)
    }

    /// Shuts our own server down in good order. A given server is left alone.
    pub async fn stop(&self) -> Result<()> {
        let own = self.lock().take();
        if let Some(mut own) = own {
            own.process.stop(Signal::TERM, STOP_LIMIT).await?;
        }
        Ok(())
    }

    fn with_own(&self, act: impl FnOnce(&Process) -> Result<()>) -> Result<()> {
        let own = self.lock();
        act(&own
            .as_ref()
            .context("the database server isn't ours")?
            .process)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Own>> {
        self.own
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

pub(crate) fn with_database(url: &Url, name: &str) -> Url {
    let mut url = url.clone();
    url.set_path(name);
    url
}

fn server_command(
    dir: &Path,
    init_file: &Path,
    port: u16,
    options: &DatabaseOptions,
) -> Result<Command> {
    let mut command = Command::new(tools::program(
        &["mariadbd", "mysqld"],
        "mariadb-server-core",
    )?);
    // Must come first: a system server's settings are not ours.
    command.arg("--no-defaults");
    command.arg(format!("--datadir={}", dir.join("data").display()));
    command.arg(format!(
        "--tmpdir={}",
        data_dir::temporary_dir(dir)?.display()
    ));
    command.arg(format!("--init-file={}", init_file.display()));
    command.arg(format!("--port={port}"));
    command.args([
        "--bind-address=127.0.0.1",
        // Relative to the data directory: the path of a socket may be 107 bytes long at most.
        "--socket=mariadbd.sock",
        "--pid-file=mariadbd.pid",
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--max-connections=600",
        "--innodb-buffer-pool-size=128M",
        "--innodb-log-file-size=32M",
        "--server-id=1",
        "--log-bin=binlog",
        "--binlog-format=ROW",
        "--binlog-row-image=FULL",
        "--binlog-annotate-row-events=ON",
        "--log-bin-compress=OFF",
        "--binlog-expire-logs-seconds=604800",
        "--feedback=OFF",
    ]);
    if options.durable {
        command.args(["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1"]);
    } else {
        command.args(["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0"]);
    }
    if data_dir::is_root() {
        // Staying root keeps the kernel's "parent died" signal, which a change of account clears.
        command.arg("--user=root");
    }
    // The last one wins.
    command.args(&options.settings);
    Ok(command)
}

async fn wait_for_answer(process: &mut Process, url: &Url) -> Result<()> {
    let deadline = std::time::Instant::now() + START_LIMIT;
    loop {
        process.check_running()?;
        let attempt = wait_until(
            "an answer of the database",
            Duration::from_millis(500),
            || async {
                let mut connection = MySqlConnection::connect(url.as_str()).await?;
                sqlx::query("SELECT 1").execute(&mut connection).await?;
                connection.close().await.ok();
                Ok(Some(()))
            },
        )
        .await;
        match attempt {
            Ok(()) => return Ok(()),
            Err(problem) if std::time::Instant::now() > deadline => {
                return Err(process.explain(&problem));
            }
            Err(_) => {}
        }
    }
}
