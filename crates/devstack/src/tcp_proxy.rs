//! A TCP proxy, for tests of what happens when the network to a server fails at the worst moment.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Stands between an app and a server. Ends when it is dropped.
pub struct TcpProxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
    listening: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq)]
enum Network {
    Passes,
    Hangs,
    Refuses,
}

impl TcpProxy {
    /// Listens on a free port and passes everything on to this port of the same machine.
    pub async fn start(upstream: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::ports::free_port()?)).await?;
        let address = listener.local_addr()?;
        let network = watch::Sender::new(Network::Passes);
        let listening = tokio::spawn(listen(listener, upstream, network.subscribe()));
        Ok(Self {
            address,
            network,
            listening,
        })
    }

    /// The port that stands for the server's.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Breaks every connection, open ones too, and lets none come about.
    pub fn cut(&self) {
        self.network.send_replace(Network::Refuses);
    }

    /// Connections come about and stay; nothing passes through them.
    pub fn hang(&self) {
        self.network.send_replace(Network::Hangs);
    }

    /// Everything passes again. What hung before goes on; what was cut has to come anew.
    pub fn heal(&self) {
        self.network.send_replace(Network::Passes);
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, upstream: u16, network: watch::Receiver<Network>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, upstream, network.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Passes bytes while the network does. A connection ends with either side or with a cut.
async fn serve(mut stream: TcpStream, upstream: u16, mut network: watch::Receiver<Network>) {
    let mut cuts = network.clone();
    let cut = cuts.wait_for(|network| *network == Network::Refuses);
    let passing = async {
        network
            .wait_for(|network| *network == Network::Passes)
            .await
            .ok()?;
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream))
            .await
            .ok()?;
        loop {
            let hangs = network.wait_for(|network| *network == Network::Hangs);
            tokio::select! {
                // What one side has sent and the other not got when the network hangs is lost with the connection.
                _ = copy_bidirectional(&mut stream, &mut server) => return Some(()),
                hangs = hangs => drop(hangs.ok()?),
            }
            network
                .wait_for(|network| *network == Network::Passes)
                .await
                .ok()?;
        }
    };
    tokio::select! {
        _ = cut => {}
        _ = passing => {}
    }
}
