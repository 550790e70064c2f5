//! The first word of a server to whoever connects, before anybody says who they are: that it is there.
//! [The protocol](https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html).

use std::time::Duration;

use sqlx::MySqlPool;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpStream, UnixStream};

const PATIENCE: Duration = Duration::from_secs(2);
/// Of the handshake that both servers speak. One that turns everybody away sends an error in its place.
const VERSION: u8 = 10;

/// The number that the server gives to a connection: it counts them from its start. None where it does not greet us.
pub async fn greeting(pool: &MySqlPool) -> Option<u32> {
    let options = pool.connect_options();
    let asked = async {
        if let Some(socket) = options.get_socket() {
            return heard(UnixStream::connect(socket).await.ok()?).await;
        }
        let host = options.get_host().trim_matches(['[', ']']);
        heard(TcpStream::connect((host, options.get_port())).await.ok()?).await
    };
    tokio::time::timeout(PATIENCE, asked).await.ok().flatten()
}

async fn heard(mut stream: impl AsyncRead + Unpin) -> Option<u32> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await.ok()?;
    let [low, middle, high, _] = header;
    let length = u32::from_le_bytes([low, middle, high, 0]);
    let mut packet = vec![0; usize::try_from(length).ok()?];
    stream.read_exact(&mut packet).await.ok()?;
    number(&packet)
}

/// It stands behind the server's version, which a zero ends.
fn number(packet: &[u8]) -> Option<u32> {
    let version = packet.strip_prefix(&[VERSION])?;
    let end = version.iter().position(|byte| *byte == 0)?;
    let number = version.get(end + 1..)?.first_chunk()?;
    Some(u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_has_its_number_and_an_error_none() {
        let greeting = b"\x0a11.8.2-MariaDB\0\x07\x01\0\0salt";
        assert_eq!(number(greeting), Some(263));
        assert_eq!(number(b"\xff\x10\x04Too many connections"), None);
        assert_eq!(number(b"\x0a11.8.2"), None);
        assert_eq!(number(b""), None);
    }
}
