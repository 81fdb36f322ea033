//! Some nodes on one store and one phone network, and the balancer before them.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use leadbridge::phones::Network;
use tokio::task::spawn_blocking;

use crate::balancer::Balancer;
use crate::config::Config;
use crate::daemon::{Daemon, network, until};
use crate::server::Server;

/// What is to be where, before anything runs.
pub(crate) struct Plan {
    pub(crate) network: Network,
    /// The terms of each node and where it finds its carrier.
    pub(crate) nodes: Vec<(Config, String)>,
}

impl Plan {
    /// So many equal nodes.
    pub(crate) async fn of(count: usize, config: &Config) -> Self {
        let network = network().await;
        let node = (config.clone(), network.url());
        Self {
            network,
            nodes: vec![node; count],
        }
    }

    /// Starts all of it, the nodes at the same moment, and waits until each is ready.
    pub(crate) async fn opens(self) -> House {
        let balancer = Balancer::new().await;
        let front = Daemon::without_process(&self.network, &balancer.url);
        let mut nodes = vec![];
        for (mut config, carrier) in self.nodes {
            config.public_url = Some(balancer.url.clone());
            nodes.push(Daemon::prepared(&self.network, &carrier, &config));
        }
        balancer.stands_before(nodes.iter().map(|node| address(&node.url)).collect());
        join_all(nodes.iter().map(Daemon::serve)).await;
        join_all(nodes.iter().map(is_ready)).await;
        until("the balancer knows", || front.sender.alive()).await;
        House { front, nodes }
    }
}

/// It is open as long as this lives.
pub(crate) struct House {
    /// Whoever is behind the balancer.
    pub(crate) front: Daemon,
    pub(crate) nodes: Vec<Daemon>,
}

/// Waits until leads can be taken here and phones rung.
pub(crate) async fn is_ready(node: &Daemon) {
    until("it is ready", || async {
        readiness(node).await == Some(200)
    })
    .await;
}

/// What it says of it; `None` while it does not answer.
pub(crate) async fn readiness(node: &Daemon) -> Option<u16> {
    Some(node.sender.try_get("/readyz").await.ok()?.status)
}

/// Where something listens, from its URL.
pub(crate) fn address(url: &str) -> SocketAddr {
    url.strip_prefix("http://").unwrap().parse().unwrap()
}

/// A new database of the PostgreSQL that these tests share.
pub(crate) async fn database() -> String {
    spawn_blocking(|| Server::shared().database())
        .await
        .unwrap()
}

/// Does this with a server while the phones go on.
pub(crate) async fn with<T: Send + 'static>(
    server: &Arc<Server>,
    act: impl FnOnce(&Server) -> T + Send + 'static,
) -> T {
    let server = server.clone();
    spawn_blocking(move || act(&server)).await.unwrap()
}
