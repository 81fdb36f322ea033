//! TLS to PostgreSQL: a node trusts whom its machine trusts, says what is wrong with a certificate, and goes on when the
//! server has a right one.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::authority::{Authority, Certificate};
use crate::config::{AN, Config};
use crate::daemon::{Daemon, network, until};
use crate::house::{is_ready, readiness, with};
use crate::people::{accepts, ms, talks};
use crate::sender::{CUSTOMER, lead};
use crate::server::Server;

/// Where these nodes find the server.
const HERE: &str = "IP:127.0.0.1";
const ELSEWHERE: &str = "DNS:db.example.be";
/// A server that shows this certificate, and a node that trusts this authority and wants TLS.
async fn server_and_node(shown: Certificate, trusted: &Authority) -> (Arc<Server>, Daemon) {
    let server = Arc::new(spawn_blocking(Server::start_unflushed).await.unwrap());
    let database = with(&server, Server::database).await;
    shows(&server, shown).await;
    let mut config = Config::of(&["an"], "");
    config.store = Some(format!("{database}?sslmode=require"));
    let network = network().await;
    let mut node = Daemon::prepared(&network, &network.url(), &config);
    node.env = vec![("SSL_CERT_FILE", trusted.path("authority.pem"))];
    node.serve().await;
    (server, node)
}

async fn shows(server: &Arc<Server>, Certificate(certificate, key): Certificate) {
    with(server, move |server| server.shows(&certificate, &key)).await;
}

async fn takes_a_lead_over_tls(server: &Arc<Server>, node: &Daemon) {
    is_ready(node).await;
    node.on_phone(AN, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let id = node.sends(&lead(CUSTOMER)).await;
    node.ends(&id, "connected").await;
    let asks = |server: &Server| {
        let open = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) \
             where application_name = 'leadbridge'";
        server.ask(&server.database(), open)
    };
    assert_eq!(with(server, asks).await, "t");
}

#[tokio::test]
async fn a_node_that_trusts_the_authority_takes_leads_over_tls() {
    let authority = Authority::of("Groep Peeters");
    let (server, node) = server_and_node(authority.certifies(HERE), &authority).await;
    takes_a_lead_over_tls(&server, &node).await;
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_is_not_trusted_is_refused() {
    let says = "PostgreSQL: its certificate is from an authority that this machine does not trust; add that";
    let trusted = Authority::of("Groep Peeters");
    for other in ["Groep Janssens", "Groep Peeters"] {
        let shown = Authority::of(other).certifies(HERE);
        is_refused_until_it_is_mended(shown, &trusted, says).await;
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::of("Groep Peeters");
    let says = "PostgreSQL: its certificate is for another name than the host in store.url; write";
    is_refused_until_it_is_mended(authority.certifies(ELSEWHERE), &authority, says).await;
}

/// The server may be mended while nobody is at the node: it waits for that.
async fn is_refused_until_it_is_mended(shown: Certificate, trusted: &Authority, says: &str) {
    let (server, node) = server_and_node(shown, trusted).await;
    until("it says that it waits", || async {
        readiness(&node).await == Some(503)
    })
    .await;
    node.sender.send(&lead(CUSTOMER)).await.is_a_problem(503);
    let log = node.log();
    assert!(log.contains(says), "{log}");
    shows(&server, trusted.certifies(HERE)).await;
    takes_a_lead_over_tls(&server, &node).await;
}
