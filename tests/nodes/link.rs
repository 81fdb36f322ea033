//! A cable between a node and something else, that can be slow, be cut, or go on as if nothing were wrong and pass nothing on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How much later it comes on a slow one, each way.
const LATER: Duration = Duration::from_millis(20);

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Passage {
    Open,
    /// All comes a little later, so that what takes several exchanges is hardly ever done.
    Slow,
    /// Connections end, and new ones do too.
    Cut,
    /// It stays on the way until the passage is open again.
    Silent,
}

/// It runs as long as the runtime in which it was started.
pub(crate) struct Link {
    pub(crate) address: SocketAddr,
    passage: watch::Sender<Passage>,
    /// When something was last passed on from who connects.
    sent: Arc<watch::Sender<Instant>>,
}

impl Link {
    /// An open one to this address.
    pub(crate) async fn to(address: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Self {
            address: listener.local_addr().unwrap(),
            passage: watch::Sender::new(Passage::Open),
            sent: Arc::new(watch::Sender::new(Instant::now())),
        };
        let (passage, sent) = (link.passage.subscribe(), link.sent.clone());
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                tokio::spawn(passes_on(
                    connection,
                    address,
                    passage.clone(),
                    sent.clone(),
                ));
            }
        });
        link
    }

    /// From now on.
    pub(crate) fn is(&self, passage: Passage) {
        self.passage.send_replace(passage);
    }

    pub(crate) fn last_sent(&self) -> Instant {
        *self.sent.borrow()
    }
}

async fn passes_on(
    connection: TcpStream,
    address: SocketAddr,
    passage: watch::Receiver<Passage>,
    sent: Arc<watch::Sender<Instant>>,
) {
    let mut cut = passage.clone();
    let both = async {
        let other = TcpStream::connect(address).await.ok()?;
        let (from, back) = connection.into_split();
        let (answers, to) = other.into_split();
        let there = one_way(from, to, passage.clone(), || {
            sent.send_replace(Instant::now());
        });
        tokio::join!(there, one_way(answers, back, passage, || {}));
        Some(())
    };
    tokio::select! {
        _ = both => {}
        _ = cut.wait_for(|passage| *passage == Passage::Cut) => {}
    }
}

async fn one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut passage: watch::Receiver<Passage>,
    passed: impl Fn(),
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if *passage.borrow() == Passage::Slow {
            sleep(LATER).await;
        }
        let is_open = |passage: &Passage| matches!(passage, Passage::Open | Passage::Slow);
        if passage.wait_for(is_open).await.is_err() {
            return;
        }
        passed();
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
