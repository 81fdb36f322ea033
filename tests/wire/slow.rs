//! Who connects and does not ask, or asks one letter at a time, holds nobody up.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::config::Config;
use crate::daemon::Daemon;

/// What the daemon allows, and a little more.
const CUT_OFF_WITHIN: Duration = Duration::from_secs(14);
const LETTER_EVERY: Duration = Duration::from_millis(400);

#[tokio::test]
async fn a_connection_that_never_comes_to_the_point_is_cut_off() {
    let daemon = Daemon::start(Config::of(&["an"], "")).await;
    let host = daemon.url.strip_prefix("http://").unwrap().to_owned();
    let silent = cut_off(TcpStream::connect(&host).await.unwrap(), "");
    let slow = cut_off(
        TcpStream::connect(&host).await.unwrap(),
        "GET /healthz HTTP/1.1\r\nHost: bridge.example.be\r\nX-Slow: ",
    );
    tokio::join!(silent, slow);
    assert!(daemon.sender.alive().await);
}

/// Writes this letter by letter until the other side hangs up, which it must in time.
async fn cut_off(stream: TcpStream, says: &str) {
    let began = Instant::now();
    let (mut reads, mut writes) = stream.into_split();
    let writing = async {
        for letter in says.bytes().chain(std::iter::repeat(b'x')) {
            if says.is_empty() || writes.write_all(&[letter]).await.is_err() {
                break;
            }
            sleep(LETTER_EVERY).await;
        }
        std::future::pending::<()>().await;
    };
    let mut heard = Vec::new();
    let hangs_up = async {
        let _ = reads.read_to_end(&mut heard).await;
    };
    let cut = timeout(CUT_OFF_WITHIN, async {
        tokio::select! {
            () = hangs_up => {}
            () = writing => {}
        }
    });
    assert!(
        cut.await.is_ok(),
        "still let in after {:?}",
        began.elapsed()
    );
}
