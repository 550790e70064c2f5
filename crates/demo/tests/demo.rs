//! `make demo` as the person at the terminal meets it: story, hint, Ctrl-C, a second run, and who else wants to start it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use demo::doors::Browser;
use devstack::{free_port, wait_until};
use rustix::process::{Pid, Signal, kill_process};

const LIMIT: Duration = Duration::from_secs(60);
const PORTS: [&str; 7] = [
    "entry", "consent", "viewer", "inbox", "smtp", "database", "chain",
];

#[tokio::test]
async fn the_story_is_told_once_and_everything_keeps_running_until_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let ports = PORTS.map(|_| free_port().unwrap());
    let mut first = Demo::start(folder.path(), &ports);
    let farewell = first.until_farewell();
    for verdict in ["altered", "missing", "swapped", "rolled back", "forged"] {
        let deed = farewell.lines().find(|line| line.ends_with(verdict));
        assert!(deed.is_some(), "{verdict} in {farewell}");
    }
    let viewer = Officer::sign_in(&farewell).await;
    let untouched = viewer.all("valid").await;
    assert_eq!(untouched.len(), 3, "of eight the insider touched five");

    let second = command(folder.path(), &ports).output().unwrap();
    assert!(!second.status.success());
    assert!(
        complaint(&second).contains("runs"),
        "{}",
        complaint(&second)
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let taken = command(elsewhere.path(), &ports).output().unwrap();
    assert!(!taken.status.success());
    let port = format!("VIEWER_PORT={}", ports[2]);
    assert!(complaint(&taken).contains(&port), "{}", complaint(&taken));

    let hint = farewell.lines().find(|line| line.contains("mariadb --"));
    let altered = Command::new("sh").args(["-c", hint.unwrap()]).status();
    assert!(altered.unwrap().success());
    viewer.until_verdict(1, "altered").await;
    let neighbours: Vec<String> = untouched.into_iter().filter(|uid| uid != "1").collect();
    assert_eq!(viewer.all("valid").await, neighbours);

    // What is put right is not told of again.
    let deed = farewell.lines().find(|line| line.ends_with("altered"));
    let words: Vec<&str> = deed.unwrap().split_whitespace().collect();
    let restored = words[words.len() - 2];
    viewer.restore(restored).await;
    let mut neighbours = neighbours;
    neighbours.push(restored.to_owned());
    neighbours.sort();
    assert_eq!(viewer.all("valid").await, neighbours);

    assert!(first.interrupt().success());
    assert_eq!(programs_in(folder.path()), 0);
    let written = folder.path().join("chain/state.json");
    let state = std::fs::read(&written).unwrap();
    let mut again = Demo::start(folder.path(), &ports);
    let farewell = again.until_farewell();
    assert!(farewell.contains("The demo continues."), "{farewell}");
    assert!(farewell.contains("this still stands"), "{farewell}");
    for verdict in ["missing", "swapped", "rolled back", "forged"] {
        let deed = farewell.lines().find(|line| line.ends_with(verdict));
        assert!(deed.is_some(), "{verdict} in {farewell}");
    }
    let put_right = farewell.lines().find(|line| line.ends_with("altered"));
    assert_eq!(put_right, None, "{farewell}");
    let viewer = Officer::sign_in(&farewell).await;
    viewer.until_verdict(1, "altered").await;
    assert_eq!(viewer.all("valid").await, neighbours);
    until_more_is_seen(folder.path(), &state).await;
    assert!(again.interrupt().success());

    // As after a kill: the state written last is older than what was seen.
    std::fs::write(&written, state).unwrap();
    let short = command(folder.path(), &ports).output().unwrap();
    assert!(!short.status.success());
    let told = complaint(&short);
    assert!(told.contains("without its newest blocks"), "{told}");
    assert!(told.contains("make clean-demo"), "{told}");
    assert_eq!(programs_in(folder.path()), 0);
}

/// The apps have seen a block that this state of the chain does not hold.
async fn until_more_is_seen(folder: &Path, state: &[u8]) {
    let state: serde_json::Value = serde_json::from_slice(state).unwrap();
    let newest = state["best_block_number"].as_u64().unwrap();
    let more_is_seen = || async {
        let output = Command::new("mariadb")
            .arg(format!(
                "--defaults-file={}",
                folder.join("insider.cnf").display()
            ))
            .args(["sealwatch_main", "-N", "-e"])
            .arg("SELECT MAX(block_number) FROM chain_progress")
            .output()?;
        let seen: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
        Ok((seen > newest).then_some(()))
    };
    wait_until("a further block", LIMIT, more_is_seen)
        .await
        .unwrap();
}

/// A demo that runs.
struct Demo {
    process: Child,
    printed: BufReader<ChildStdout>,
}

impl Demo {
    fn start(folder: &Path, ports: &[u16]) -> Self {
        let mut process = command(folder, ports)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(process.stdout.take().unwrap());
        Self { process, printed }
    }

    /// All that is printed until everything runs.
    fn until_farewell(&mut self) -> String {
        let mut told = String::new();
        while !told.contains("Ctrl-C stops everything") {
            let read = self.printed.read_line(&mut told).unwrap();
            assert_ne!(read, 0, "the demo ended by itself: {told}");
        }
        told
    }

    /// Ctrl-C.
    fn interrupt(mut self) -> ExitStatus {
        let pid = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        let mut rest = String::new();
        self.printed.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("Stopped."), "{rest}");
        self.process.wait().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Everything that it started ends with it.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn command(folder: &Path, ports: &[u16]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.arg("--dir").arg(folder).args(["--people", "8"]);
    for (name, port) in PORTS.iter().zip(ports) {
        command.arg(format!("--{name}-port")).arg(port.to_string());
    }
    command.stdin(Stdio::null());
    command
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Who signs in to breach-viewer with what the terminal shows.
struct Officer(Browser);

impl Officer {
    async fn sign_in(farewell: &str) -> Self {
        let mut lines = farewell.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with("breach-viewer  http"));
        let words: Vec<&str> = line.unwrap().split_whitespace().collect();
        let [_, address, login, "/", password] = words[..] else {
            panic!("address and sign-in in {words:?}")
        };
        let browser = Browser::new(&address.parse().unwrap()).unwrap();
        browser.sign_in(login, password).await.unwrap();
        Self(browser)
    }

    /// The UIDs of all records under a verdict.
    async fn all(&self, verdict: &str) -> Vec<String> {
        let address = format!("/records?verdict={verdict}");
        let grid = self.0.page(&address).await.unwrap();
        let links = grid.split("href=\"/records/").skip(1);
        let mut uids: Vec<String> = links
            .filter_map(|link| link.split_once('"').map(|(uid, _)| uid.to_owned()))
            .filter(|uid| uid.parse::<u64>().is_ok())
            .collect();
        uids.sort();
        uids.dedup();
        uids
    }

    async fn restore(&self, uid: &str) {
        let address = format!("/records/{uid}/restore");
        self.0.submit(&address, &[]).await.unwrap();
    }

    async fn until_verdict(&self, uid: u64, verdict: &str) {
        let (address, link) = (
            format!("/records?verdict={verdict}"),
            format!("href=\"/records/{uid}\""),
        );
        wait_until(&format!("record {uid} to be {verdict}"), LIMIT, || async {
            let grid = self.0.page(&address).await?;
            Ok(grid.contains(&link).then_some(()))
        })
        .await
        .unwrap();
    }
}

/// How many programs were started for what lies in this folder.
fn programs_in(folder: &Path) -> usize {
    let folder = folder.to_string_lossy();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let names = |file| {
        let bytes = std::fs::read(file).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(&*folder)
    };
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| names(path.join("cmdline")) || names(path.join("environ")))
        .count()
}
