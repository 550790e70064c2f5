use std::net::{Ipv4Addr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result, bail};

/// Below the range from which the kernel takes the ports of outgoing connections, so that
/// a client's connection can't take the port between the choice and its use.
const CANDIDATES: std::ops::Range<u16> = 15_000..32_000;

/// A port on 127.0.0.1 that nothing listens on. They are given in turn, not at random: whoever got one before may not listen on
/// it yet, or be about to do so again.
pub fn free_port() -> Result<u16> {
    static TURN: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(rand::random()));
    for _ in 0..200 {
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let port = CANDIDATES.start + turn % (CANDIDATES.end - CANDIDATES.start);
        if is_free(port) {
            return Ok(port);
        }
    }
    bail!("no free port found on 127.0.0.1")
}

/// The given port, when nothing listens on it; without one, any free port.
pub(crate) fn claim(part: &str, port: Option<u16>) -> Result<u16> {
    match port {
        None => free_port().context(part.to_owned()),
        Some(port) if is_free(port) => Ok(port),
        Some(port) => bail!(
            "{part}: port {port} on 127.0.0.1 is taken by another program; stop that one or choose another port"
        ),
    }
}

pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
