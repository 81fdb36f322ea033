//! The listening socket: so many connections at a time, each with a time within which it must ask. When the process is
//! told to end, nobody who was let in is sent away unheard; who was not yet let in waits in the socket, which may
//! outlive the process.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;
use tracing::{debug, warn};

/// Connections at a time; more wait in the socket. Below the 1024 files that a process may open unless told
/// otherwise, with room for the store and the carriers.
const CONNECTIONS_MAX: usize = 900;
/// The longest that a connection may take to say what it asks, also between two requests.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection that has not asked yet is listened to once the process is told to end.
const FIRST_WITHIN: Duration = Duration::from_secs(1);
/// How long requests in hand may go on then.
const FINISH_WITHIN: Duration = Duration::from_secs(5);
/// After how long the socket is tried again when the system gives no connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Answers until `shutdown`; then requests in hand may finish, for a while.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let end = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (place, stream, peer) = next(&listener, &places) => {
                connections.spawn(attend(place, stream, peer, router.clone(), end.subscribe()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    end.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(FINISH_WITHIN, finished).await.is_err() {
        warn!("some requests did not finish in time");
    }
    Ok(())
}

/// The next connection, as soon as there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let place = places.clone().acquire_owned().await;
    let place = place.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (place, stream, peer),
            Err(error) => {
                warn!(%error, "no connection can be taken; trying again");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn attend(
    place: OwnedSemaphorePermit,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut end: watch::Receiver<bool>,
) {
    let _place = place;
    // A script is one small packet that a carrier waits for.
    let _ = stream.set_nodelay(true);
    let (asks, mut asked) = watch::channel(false);
    let service = service_fn(move |mut request: Request<Incoming>| {
        asks.send_replace(true);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => return gone(ended),
        () = is_true(&mut end) => {}
    }
    // Told to end, a connection on which nothing was asked yet is closed at once: its request may be on the way.
    tokio::select! {
        ended = connection.as_mut() => return gone(ended),
        _ = tokio::time::timeout(FIRST_WITHIN, is_true(&mut asked)) => {}
    }
    connection.as_mut().graceful_shutdown();
    gone(connection.await);
}

async fn is_true(seen: &mut watch::Receiver<bool>) {
    let _ = seen.wait_for(|is_true| *is_true).await;
}

/// Who leaves in the middle has the right to.
fn gone(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        debug!(%error, "a connection was cut off");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn when_all_places_are_taken_the_next_one_waits_for_a_free_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let _guests = (
            TcpStream::connect(address).await.unwrap(),
            TcpStream::connect(address).await.unwrap(),
        );
        let places = Arc::new(Semaphore::new(1));
        let first = next(&listener, &places).await;
        let soon = Duration::from_millis(50);
        let second = tokio::time::timeout(soon, next(&listener, &places)).await;
        assert!(second.is_err(), "there is no place");
        drop(first);
        drop(next(&listener, &places).await);
    }
}
