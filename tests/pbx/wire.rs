//! What stands between the daemon and its PBX, and may fail: the WebSocket can be cut, answers can be slow.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::asterisk::{Asterisk, free_port};

/// The path of the WebSocket.
const EVENTS: &[u8] = b"GET /ari/events";

/// What nobody's picking up is called, and a normal end.
const NO_ANSWER: &str = "\"cause\":19,";
const NORMAL: &str = "\"cause\":16,";

/// How a ring is asked for.
const RING: &[u8] = b"POST /ari/channels?";

/// A relay of bytes in front of a PBX.
pub(crate) struct Wire {
    pub(crate) address: String,
    fault: watch::Sender<Fault>,
}

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    Nothing,
    /// The WebSocket is cut, and can't be opened.
    Cut,
    /// The WebSocket is open and silent.
    Stalled,
    /// Each answer to a request comes late, by one second more each time: 1, 2, 3, 4, 1, ..
    Slow,
    /// Rings reach the PBX so late.
    LateRings(Duration),
    /// The operator calls it a normal end when nobody picks up.
    NormalEnds,
}

impl Wire {
    pub(crate) async fn to(asterisk: &Asterisk) -> Self {
        let (port, to) = (free_port(), asterisk.url.replace("http://", ""));
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let (fault, now) = watch::channel(Fault::Nothing);
        tokio::spawn(async move {
            let mut late = (1..=4).cycle().map(Duration::from_secs);
            while let Ok((daemon, _)) = listener.accept().await {
                let (to, now, late) = (to.clone(), now.clone(), late.next().unwrap());
                tokio::spawn(async move {
                    // An end that goes away ends the other.
                    let _ = relay(daemon, &to, now, late).await;
                });
            }
        });
        Self {
            address: format!("http://127.0.0.1:{port}"),
            fault,
        }
    }

    pub(crate) fn is(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

async fn relay(
    mut daemon: TcpStream,
    to: &str,
    mut now: watch::Receiver<Fault>,
    late: Duration,
) -> std::io::Result<()> {
    let mut asked = Vec::new();
    while asked.len() < EVENTS.len() {
        if daemon.read_buf(&mut asked).await? == 0 {
            return Ok(());
        }
    }
    let events = asked.starts_with(EVENTS);
    if events && *now.borrow() == Fault::Cut {
        return Ok(());
    }
    let mut pbx = TcpStream::connect(to).await?;
    if !events {
        return answers((&mut daemon, &mut pbx), asked, &now, late).await;
    }
    pbx.write_all(&asked).await?;
    asked.clear();
    let mut heard = Vec::new();
    loop {
        let fault = *now.borrow_and_update();
        tokio::select! {
            _ = now.changed() => {}
            read = pbx.read_buf(&mut heard), if fault != Fault::Stalled => {
                if read? == 0 {
                    return Ok(());
                }
                if fault == Fault::NormalEnds {
                    heard = renamed(&heard);
                }
                daemon.write_all(&heard).await?;
                heard.clear();
            }
            read = daemon.read_buf(&mut asked) => {
                if read? == 0 {
                    return Ok(());
                }
                pbx.write_all(&asked).await?;
            }
        }
        asked.clear();
        if *now.borrow() == Fault::Cut {
            return Ok(());
        }
    }
}

/// Both names are equally long: the length of a message is told before it.
fn renamed(heard: &[u8]) -> Vec<u8> {
    let mut heard = heard.to_vec();
    let length = NO_ANSWER.len();
    for at in 0..(heard.len() + 1).saturating_sub(length) {
        if heard[at..].starts_with(NO_ANSWER.as_bytes()) {
            heard[at..at + length].copy_from_slice(NORMAL.as_bytes());
        }
    }
    heard
}

/// One after the other, each after its time.
async fn answers(
    (daemon, pbx): (&mut TcpStream, &mut TcpStream),
    mut asked: Vec<u8>,
    now: &watch::Receiver<Fault>,
    late: Duration,
) -> std::io::Result<()> {
    let (mut answered, mut begun) = (Vec::new(), false);
    loop {
        let fault = *now.borrow();
        if let Fault::LateRings(late) = fault
            && asked.starts_with(RING)
        {
            sleep(late).await;
            // The PBX does not keep a connection for so long.
            *pbx = TcpStream::connect(pbx.peer_addr()?).await?;
        }
        pbx.write_all(&asked).await?;
        asked.clear();
        tokio::select! {
            read = daemon.read_buf(&mut asked) => {
                if read? == 0 {
                    return Ok(());
                }
                begun = false;
            }
            read = pbx.read_buf(&mut answered) => {
                if read? == 0 {
                    return Ok(());
                }
                if !std::mem::replace(&mut begun, true) && *now.borrow() == Fault::Slow {
                    sleep(late).await;
                }
                daemon.write_all(&answered).await?;
                answered.clear();
            }
        }
    }
}
