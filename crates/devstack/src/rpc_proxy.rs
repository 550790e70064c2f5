//! A small HTTP proxy before the chain, for tests of what happens when the network fails at the
//! worst moment.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::readiness::wait_until;

/// What the proxy does to a method's calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The connection breaks before the chain sees the call.
    CutBefore,
    /// The chain carries the call out; the connection breaks before the answer.
    CutAfter,
    /// The call waits here until the fault is healed, then goes on to the chain.
    Hold,
    /// This result is given without asking the chain.
    Answer(Value),
}

/// Stands between an app and the chain. Ends when it is dropped.
pub struct RpcProxy {
    url: String,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

struct State {
    upstream: String,
    http: reqwest::Client,
    rules: watch::Sender<Rules>,
    counts: Mutex<BTreeMap<String, u64>>,
}

#[derive(Clone, Default)]
struct Rules {
    cut_all: bool,
    babble: bool,
    delay: Duration,
    ends_at: Option<u64>,
    by_method: BTreeMap<String, Fault>,
}

impl RpcProxy {
    /// Listens on a free port and passes everything on to `upstream`.
    pub async fn start(upstream: &str) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::ports::free_port()?)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()?;
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            http,
            rules: watch::Sender::new(Rules::default()),
            counts: Mutex::default(),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&state)));
        Ok(Self {
            url,
            state,
            listening,
        })
    }

    /// What the app gets as its chain's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on this happens to every call of `method`.
    pub fn fault(&self, method: &str, fault: Fault) {
        self.state.rules.send_modify(|rules| {
            rules.by_method.insert(method.to_owned(), fault);
        });
    }

    /// Calls of `method` pass again; held ones go on.
    pub fn heal(&self, method: &str) {
        self.state.rules.send_modify(|rules| {
            rules.by_method.remove(method);
        });
    }

    /// Breaks every connection, open ones too, and lets none pass.
    pub fn cut_all(&self) {
        self.state.rules.send_modify(|rules| rules.cut_all = true);
    }

    /// Answers every call with something that is no JSON.
    pub fn babble(&self) {
        self.state.rules.send_modify(|rules| rules.babble = true);
    }

    /// Lets every answer wait for so long.
    pub fn slow(&self, delay: Duration) {
        self.state.rules.send_modify(|rules| rules.delay = delay);
    }

    /// Shows the chain as a node does that got no block after this one.
    pub fn end_at(&self, block: u64) {
        self.state
            .rules
            .send_modify(|rules| rules.ends_at = Some(block));
    }

    /// Everything passes again.
    pub fn heal_all(&self) {
        self.state.rules.send_replace(Rules::default());
    }

    /// How many calls of `method` came in, whatever became of them.
    pub fn count(&self, method: &str) -> u64 {
        self.state
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(method)
            .copied()
            .unwrap_or(0)
    }

    /// Waits until `method` was called at least `times` times.
    pub async fn wait_for_calls(&self, method: &str, times: u64, limit: Duration) -> Result<()> {
        let what = format!("{times} calls of {method}");
        wait_until(&what, limit, || async {
            Ok((self.count(method) >= times).then_some(()))
        })
        .await
    }
}

impl Drop for RpcProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let mut rules = state.rules.subscribe();
            tokio::select! {
                // A broken connection is this proxy's daily work.
                _ = serve(stream, &state) => {}
                _ = rules.wait_for(|rules| rules.cut_all) => {}
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection until the client or a fault ends it.
async fn serve(mut stream: TcpStream, state: &State) -> Result<()> {
    let mut buffer = Vec::new();
    while let Some(body) = read_request(&mut stream, &mut buffer).await? {
        let answer = state.pass_on(body).await?;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&answer).await?;
    }
    Ok(())
}

impl State {
    async fn pass_on(&self, body: Vec<u8>) -> Result<Vec<u8>> {
        let call: Value = serde_json::from_slice(&body)?;
        let methods = methods(&call);
        self.count(&methods);
        let fault = self.fault_now(&methods).await?;
        if let Some(Fault::Answer(result)) = &fault {
            return Ok(
                json!({"jsonrpc": "2.0", "id": call["id"], "result": result})
                    .to_string()
                    .into_bytes(),
            );
        }
        if fault == Some(Fault::CutBefore) {
            bail!("cut before");
        }
        let rules = self.rules.borrow().clone();
        tokio::time::sleep(rules.delay).await;
        if rules.babble {
            return Ok(b"<html>the office is closed</html>".to_vec());
        }
        let body = match rules.ends_at {
            None => body,
            Some(end) => match as_if_ended(call, end) {
                Seen::Ask(call) => call.to_string().into_bytes(),
                Seen::Answer(answer) => return Ok(answer.to_string().into_bytes()),
            },
        };
        let request = self
            .http
            .post(&self.upstream)
            .header("content-type", "application/json")
            .body(body);
        let answer = request.send().await?.bytes().await?.to_vec();
        // Asked again: the rule may have come while the chain was at work.
        if fault == Some(Fault::CutAfter)
            || self.fault_now(&methods).await? == Some(Fault::CutAfter)
        {
            bail!("cut after");
        }
        Ok(answer)
    }

    /// The fault of the first method that has one; holds while it says so.
    async fn fault_now(&self, methods: &[String]) -> Result<Option<Fault>> {
        let find = |rules: &Rules| {
            methods
                .iter()
                .find_map(|method| rules.by_method.get(method).cloned())
        };
        let mut rules = self.rules.subscribe();
        let free = rules
            .wait_for(|rules| find(rules) != Some(Fault::Hold))
            .await
            .context("the proxy ends")?;
        Ok(find(&free))
    }

    fn count(&self, methods: &[String]) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for method in methods {
            *counts.entry(method.clone()).or_default() += 1;
        }
    }
}

/// What becomes of a call where the chain ends earlier.
enum Seen {
    Ask(Value),
    Answer(Value),
}

/// A single call, as a node with no block after `end` takes it.
fn as_if_ended(mut call: Value, end: u64) -> Seen {
    let answer = |result: Value| json!({"jsonrpc": "2.0", "id": call["id"], "result": result});
    let newest = json!(format!("{end:#x}"));
    match call["method"].as_str() {
        Some("eth_blockNumber") => return Seen::Answer(answer(newest)),
        Some("eth_getBlockByNumber") => {}
        _ => return Seen::Ask(call),
    }
    let wanted = call["params"][0].as_str().unwrap_or_default();
    let number = wanted
        .strip_prefix("0x")
        .map(|hex| u64::from_str_radix(hex, 16));
    match number {
        Some(Ok(number)) if number > end => Seen::Answer(answer(Value::Null)),
        Some(_) => Seen::Ask(call),
        None => {
            call["params"][0] = newest;
            Seen::Ask(call)
        }
    }
}

/// The methods of a call or of a batch.
fn methods(call: &Value) -> Vec<String> {
    let calls = call
        .as_array()
        .map_or(std::slice::from_ref(call), Vec::as_slice);
    calls
        .iter()
        .filter_map(|call| call["method"].as_str())
        .map(str::to_owned)
        .collect()
}

/// The body of the next request, or nothing when the client has closed. Clients of JSON-RPC send a
/// content-length; another framing ends the connection.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).to_ascii_lowercase();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .context("a request without content-length")?
        .trim()
        .parse()?;
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let rest = buffer.split_off(head_end + length);
    let body = buffer.split_off(head_end);
    *buffer = rest;
    Ok(Some(body))
}
