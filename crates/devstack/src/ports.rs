use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};
use rand::RngExt;

/// Below the range from which the kernel takes the ports of outgoing connections, so that
/// a client's connection can't take the port between the choice and its use.
const CANDIDATES: std::ops::Range<u16> = 15_000..32_000;

/// A port on 127.0.0.1 that nothing listens on.
pub fn free_port() -> Result<u16> {
    for _ in 0..200 {
        let port = rand::rng().random_range(CANDIDATES);
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
