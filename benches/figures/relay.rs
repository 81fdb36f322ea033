//! The program that does nothing but pass on: what comes in by axum leaves by reqwest, and nothing is stored.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::carrier::Carrier;
use crate::daemon::{ACCOUNT, free_address, spent};
use crate::wire::Wire;

/// A relay in a process of its own, as the daemon is.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Relay {
    pub(crate) async fn start(carrier: &Carrier) -> Self {
        let address = free_address();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--relay", &address.to_string(), &carrier.url()])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        while Wire::connect(address).await.is_err() {
            sleep(Duration::from_millis(1)).await;
        }
        Self { address, child }
    }

    /// How long it has kept processors busy.
    pub(crate) fn spent(&self) -> Duration {
        spent(&self.child)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the relay, until killed.
pub(crate) async fn serve(listen: &str, carrier: &str) {
    let to = format!("{carrier}/2010-04-01/Accounts/{ACCOUNT}/Calls.json");
    let router = Router::new()
        .route("/leads/{source}", post(pass_on))
        .with_state((reqwest::Client::new(), to));
    let listener = TcpListener::bind(listen).await.unwrap();
    axum::serve(listener, router).await.unwrap();
}

async fn pass_on(
    State((http, to)): State<(reqwest::Client, String)>,
    body: Bytes,
) -> (StatusCode, Bytes) {
    let answer = http.post(to).body(body).send().await.unwrap();
    (StatusCode::ACCEPTED, answer.bytes().await.unwrap())
}
