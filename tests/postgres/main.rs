//! The PostgreSQL of the other tests: it keeps its promises to them.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "authority.rs"]
mod authority;
#[path = "server.rs"]
mod server;

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use authority::{Authority, Certificate};
use server::Server;

const PATIENCE: Duration = Duration::from_secs(20);
/// Told to this program when it is begun by itself.
const IS_KILLED: &str = "LEADBRIDGE_TEST_IS_KILLED";

#[test]
fn what_was_acknowledged_outlives_an_immediate_stop() {
    let server = Server::start();
    let database = server.database();
    server.ask(&database, "create table lead (id text)");
    server.ask(&database, "insert into lead values ('kept')");
    server.stop_immediate();
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err());
    server.start_again();
    assert_eq!(server.ask(&database, "select id from lead"), "kept");
    server.restart();
    assert_eq!(server.ask(&database, "select id from lead"), "kept");
    assert_eq!(server.ask(&database, "show fsync"), "on");
}

#[test]
fn each_test_has_a_database_of_its_own() {
    let server = Server::shared();
    let (mine, yours) = (server.database(), server.database());
    server.ask(&mine, "create table lead (id text)");
    let tables = "select count(*) from pg_tables where tablename = 'lead'";
    assert_eq!(server.ask(&mine, tables), "1");
    assert_eq!(server.ask(&yours, tables), "0");
}

#[test]
fn it_shows_the_certificate_that_it_was_given() {
    let server = Server::start_unflushed();
    let database = server.database();
    let Certificate(certificate, key) = Authority::of("Groep Peeters").certifies("IP:127.0.0.1");
    server.shows(&certificate, &key);
    let over_tls = format!("{database}?sslmode=require");
    let is_over_tls = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert_eq!(server.ask(&over_tls, is_over_tls), "t");
}

#[test]
fn a_frozen_server_answers_nobody_until_it_is_thawed() {
    let server = Server::start_unflushed();
    let database = server.database();
    server.freeze();
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_ok());
    std::thread::scope(|scope| {
        let (answered, answer) = mpsc::channel();
        let (server, database) = (&server, &database);
        scope.spawn(move || answered.send(server.ask(database, "show fsync")));
        assert!(answer.recv_timeout(Duration::from_millis(500)).is_err());
        server.thaw();
        assert_eq!(answer.recv_timeout(PATIENCE).unwrap(), "off");
    });
}

#[test]
fn it_ends_with_the_process_that_is_killed() {
    if std::env::var_os(IS_KILLED).is_some() {
        return is_killed();
    }
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args([
            "it_ends_with_the_process_that_is_killed",
            "--exact",
            "--nocapture",
        ])
        .env(IS_KILLED, "yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let port = lines
        .map_while(Result::ok)
        .find_map(|line| line.rsplit_once("port ")?.1.parse::<u16>().ok())
        .unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    process.kill().unwrap();
    process.wait().unwrap();
    let began = Instant::now();
    while TcpListener::bind(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < PATIENCE, "it still runs");
        std::thread::yield_now();
    }
}

fn is_killed() {
    let server = Server::start_unflushed();
    println!("port {}", server.port);
    loop {
        std::thread::park();
    }
}
