//! One WebSocket per PBX: what happens there, as it happens. Our application exists on the PBX while it is open.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use leadbridge_providers::asterisk::{Event, event};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tracing::{error, info, warn};

use super::{Pbx, resume};
use crate::io::engine::Engine;
use crate::io::notice;
use crate::message::Turned;

/// How soon it is tried again after a cut, at first and at most.
const AGAIN_FIRST: Duration = Duration::from_millis(100);
const AGAIN_MOST: Duration = Duration::from_secs(5);
/// Whoever took our application over is not fought: that would cut both off again and again.
const AFTER_TAKE_OVER: Duration = Duration::from_secs(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How often the PBX is asked whether it is still there, and how long it may be silent.
const PING_EVERY: Duration = Duration::from_secs(5);
const SILENT_MOST: Duration = Duration::from_secs(15);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a WebSocket was left.
enum Cut {
    Lost,
    TakenOver,
}

/// Listens as long as the process lives.
pub(super) async fn listen(pbx: &Arc<Pbx>, engine: &Engine) {
    let mut pause = AGAIN_FIRST;
    let mut alarmed = false;
    loop {
        match open(pbx).await {
            Ok(socket) => {
                info!(carrier = pbx.id.0, "we hear what happens on the PBX");
                pause = AGAIN_FIRST;
                if std::mem::take(&mut alarmed) {
                    notice::carrier_turned(engine, &pbx.id, Turned::Back);
                }
                if let Cut::TakenOver = hear(pbx, engine, socket).await {
                    alarmed = true;
                    pause = AFTER_TAKE_OVER;
                    error!(
                        carrier = pbx.id.0,
                        "another client has taken over our application on the PBX; give each daemon an app of its own"
                    );
                    notice::carrier_turned(engine, &pbx.id, Turned::Down(None));
                }
            }
            Err(why) => warn!(carrier = pbx.id.0, %why, "the PBX is not heard; trying again"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(AGAIN_MOST);
    }
}

async fn open(pbx: &Pbx) -> Result<Socket, String> {
    let address = pbx.ari.events();
    let mut request = address
        .url
        .as_str()
        .into_client_request()
        .map_err(without_address)?;
    let authorization = address.authorization.parse();
    let authorization = authorization.map_err(|_| "user or password can't be sent".to_owned())?;
    request.headers_mut().insert("authorization", authorization);
    let opening = timeout(CONNECT_WITHIN, connect_async(request)).await;
    let opened = opening.map_err(|_| "it does not answer".to_owned())?;
    opened.map(|(socket, _)| socket).map_err(without_address)
}

/// What the library says, with what the admin can do about it.
#[allow(clippy::needless_pass_by_value, reason = "it maps errors")]
fn without_address(error: Error) -> String {
    if let Error::Http(answer) = &error
        && answer.status().as_u16() == 401
    {
        return "it refuses user and password; compare them with its ari.conf".to_owned();
    }
    error.to_string()
}

/// Reads until it is cut, and takes up what lives there meanwhile.
async fn hear(pbx: &Arc<Pbx>, engine: &Engine, mut socket: Socket) -> Cut {
    pbx.connected.store(true, Ordering::SeqCst);
    let resuming = tokio::spawn(resume::resume(pbx.clone(), engine.clone()));
    let cut = read(pbx, engine, &mut socket).await;
    pbx.connected.store(false, Ordering::SeqCst);
    resuming.abort();
    cut
}

async fn read(pbx: &Arc<Pbx>, engine: &Engine, socket: &mut Socket) -> Cut {
    let mut ping = interval(PING_EVERY);
    let mut heard_at = Instant::now();
    loop {
        tokio::select! {
            message = socket.next() => {
                heard_at = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => match event(&text) {
                        Some(Event::TakenOver) => return Cut::TakenOver,
                        Some(event) => pbx.hear(engine, event),
                        None => warn!(carrier = pbx.id.0, "the PBX said something that is no event"),
                    },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Cut::Lost,
                    Some(Ok(_)) => {}
                }
            }
            _ = ping.tick() => {
                let silent = heard_at.elapsed() > SILENT_MOST;
                if silent || socket.send(Message::Ping(Vec::new().into())).await.is_err() {
                    return Cut::Lost;
                }
            }
        }
    }
}
