//! As little HTTP as a measurement needs: one message read off a connection that is kept, and a client that knows
//! when it sent. Both ends of every floor and every measurement are made of this.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection whose messages all tell their length.
pub(crate) struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A request or an answer.
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// What was answered, when it was asked and how long the answer took.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) sent: Instant,
    pub(crate) took: Duration,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> std::io::Result<Self> {
        Self::on(TcpStream::connect(address).await?)
    }

    pub(crate) fn on(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        let unread = Vec::with_capacity(16 * 1024);
        Ok(Self { stream, unread })
    }

    /// Sends a request and waits for its answer. The time starts before the first byte leaves.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Option<Answer> {
        let sent = Instant::now();
        self.write(request).await?;
        let Message { head, body } = self.read().await?;
        let took = sent.elapsed();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer {
            status,
            body,
            sent,
            took,
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).await.ok()
    }

    /// The next whole message; `None` when the other side has gone.
    pub(crate) async fn read(&mut self) -> Option<Message> {
        loop {
            if let Some((head, length)) = whole(&self.unread) {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let (head_text, body) =
                    (text(&self.unread[..head]), text(&self.unread[head..length]));
                self.unread.drain(..length);
                return Some(Message {
                    head: head_text,
                    body,
                });
            }
            if self.stream.read_buf(&mut self.unread).await.ok()? == 0 {
                return None;
            }
        }
    }
}

/// A request with its length.
pub(crate) fn post(path: &str, headers: &[(String, String)], body: &str) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Asks for a page.
pub(crate) fn get(path: &str, authorization: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: {authorization}\r\n\r\n")
        .into_bytes()
}

/// How long the head of the first message is, and the whole of it, if all of it is there.
fn whole(bytes: &[u8]) -> Option<(usize, usize)> {
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let length = std::str::from_utf8(&bytes[..head])
        .ok()?
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, length)| length.trim().parse().unwrap_or(0));
    (bytes.len() >= head + length).then_some((head, head + length))
}
