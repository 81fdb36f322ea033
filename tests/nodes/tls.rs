//! TLS to PostgreSQL: a node trusts whom its machine trusts, says what is wrong with a certificate, and goes on when the
//! server has a right one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::config::{AN, Config};
use crate::daemon::{Daemon, network, until};
use crate::house::{is_ready, readiness, with};
use crate::people::{accepts, ms, talks};
use crate::sender::{CUSTOMER, lead};
use crate::server::Server;

/// Where these nodes find the server.
const HERE: &str = "IP:127.0.0.1";
const ELSEWHERE: &str = "DNS:db.example.be";
const NEW_KEY: [&str; 6] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-batch",
];

/// Who gives certificates.
struct Authority(TempDir);

/// A certificate and its key.
struct Certificate(String, String);

impl Authority {
    fn of(group: &str) -> Self {
        let authority = Self(tempfile::tempdir().unwrap());
        authority.makes("authority", &["-subj", &format!("/CN={group}")]);
        authority
    }

    fn certifies(&self, name: &str) -> Certificate {
        let name = format!("subjectAltName={name}");
        let mine = [
            ("-CA", "authority.pem"),
            ("-CAkey", "authority.key"),
            ("-subj", "/CN=A server"),
            ("-addext", "basicConstraints=critical,CA:FALSE"),
            ("-addext", name.as_str()),
        ];
        let mine: Vec<_> = mine
            .iter()
            .flat_map(|(key, value)| [*key, *value])
            .collect();
        self.makes("server", &mine);
        let read = |name| fs::read_to_string(self.path(name)).unwrap();
        Certificate(read("server.pem"), read("server.key"))
    }

    fn makes(&self, name: &str, terms: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(self.0.path()).args(["req", "-x509"]);
        openssl.args(NEW_KEY).args(terms);
        openssl.args(["-out", &format!("{name}.pem")]);
        openssl.args(["-keyout", &format!("{name}.key")]);
        let made = openssl.output();
        let made = made.expect("this test makes certificates: install Debian's openssl");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

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
