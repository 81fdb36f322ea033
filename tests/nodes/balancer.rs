//! What stands before the nodes, as in a group's own network: it asks each all the time whether it is ready, and forwards
//! each new connection to the next that is. Who no longer answers loses the connections it has.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

const ASK_EVERY: Duration = Duration::from_millis(150);
/// Who does not answer within it, twice, is taken for gone.
const ANSWERS_WITHIN: Duration = Duration::from_millis(300);
/// How long a connection waits for a node.
const HELD_FOR: Duration = Duration::from_secs(3);

/// It runs as long as the runtime in which it was started.
pub(crate) struct Balancer {
    pub(crate) url: String,
    listener: TcpListener,
}

/// The better, the smaller.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Health {
    Ready,
    /// It answers, and cannot take leads.
    Alive,
    Away,
}

struct Node {
    address: SocketAddr,
    health: watch::Sender<Health>,
}

impl Balancer {
    /// One with an address, that does nothing yet.
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            listener,
        }
    }

    /// Forwards to these from now on.
    pub(crate) fn stands_before(self, nodes: Vec<SocketAddr>) {
        let nodes: Arc<[Node]> = nodes
            .into_iter()
            .map(|address| Node {
                address,
                health: watch::Sender::new(Health::Away),
            })
            .collect();
        for node in 0..nodes.len() {
            tokio::spawn(keeps_asking(nodes.clone(), node));
        }
        tokio::spawn(async move {
            for turn in 0.. {
                let (connection, _) = self.listener.accept().await.unwrap();
                let nodes = nodes.clone();
                tokio::spawn(async move { forwards(connection, &nodes, turn).await });
            }
        });
    }
}

async fn keeps_asking(nodes: Arc<[Node]>, node: usize) {
    let node = &nodes[node];
    let client = Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(ANSWERS_WITHIN)
        .build()
        .unwrap();
    let mut was_away = true;
    loop {
        let answer = client.get(format!("http://{}/readyz", node.address)).send();
        let health = match answer.await {
            Ok(answer) if answer.status().is_success() => Health::Ready,
            Ok(_) => Health::Alive,
            Err(_) => Health::Away,
        };
        let is_away = health == Health::Away;
        if !is_away || was_away {
            node.health.send_replace(health);
        }
        was_away = is_away;
        sleep(ASK_EVERY).await;
    }
}

async fn forwards(mut connection: TcpStream, nodes: &[Node], turn: usize) {
    let find = async {
        loop {
            if let Some(found) = next(nodes, turn).await {
                return found;
            }
            sleep(ASK_EVERY).await;
        }
    };
    let Ok((node, mut other)) = timeout(HELD_FOR, find).await else {
        return;
    };
    let mut health = node.health.subscribe();
    tokio::select! {
        _ = copy_bidirectional(&mut connection, &mut other) => {}
        _ = health.wait_for(|health| *health == Health::Away) => {}
    }
}

/// A connection to one of the best, each time another.
async fn next(nodes: &[Node], turn: usize) -> Option<(&Node, TcpStream)> {
    let health = |node: &&Node| *node.health.borrow();
    let mut nodes: Vec<_> = (0..nodes.len())
        .map(|place| &nodes[(turn + place) % nodes.len()])
        .filter(|node| health(node) != Health::Away)
        .collect();
    nodes.sort_by_key(health);
    for node in nodes {
        if let Ok(Ok(other)) = timeout(ANSWERS_WITHIN, TcpStream::connect(node.address)).await {
            return Some((node, other));
        }
    }
    None
}
