//! The carrier that costs nothing: it takes every ring with 201, knows every call as ringing, and calls nobody back.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::wire::{Message, Wire};

/// A create-call, when all of it was here.
pub(crate) struct Ring {
    /// The carrier's name for it.
    pub(crate) call: String,
    pub(crate) at: Instant,
    form: String,
}

impl Ring {
    /// Where the carrier is to ask what the leg hears, without the server's address.
    pub(crate) fn path(&self) -> String {
        let (_, url) = form_urlencoded::parse(self.form.as_bytes()).next().unwrap();
        let path = url.split('#').next().unwrap();
        path.splitn(4, '/')
            .nth(3)
            .map(|path| format!("/{path}"))
            .unwrap()
    }

    /// The lead of its leg.
    pub(crate) fn lead(&self) -> String {
        let path = self.path();
        let leg = path.split('/').nth(3).unwrap();
        leg.rsplit_once('-').unwrap().0.to_owned()
    }
}

/// A carrier in this process.
#[derive(Clone)]
pub(crate) struct Carrier {
    pub(crate) address: SocketAddr,
    rings: Arc<Mutex<Vec<Ring>>>,
    named: Arc<AtomicUsize>,
    count: watch::Sender<usize>,
}

impl Carrier {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let carrier = Self {
            address: listener.local_addr().unwrap(),
            rings: Arc::default(),
            named: Arc::default(),
            count: watch::Sender::new(0),
        };
        tokio::spawn(carrier.clone().take_all(listener));
        carrier
    }

    /// Waits until so many rings have come, and takes them.
    pub(crate) async fn rings(&self, count: usize) -> Vec<Ring> {
        let mut counted = self.count.subscribe();
        counted.wait_for(|rings| *rings >= count).await.unwrap();
        self.count.send_replace(0);
        std::mem::take(&mut *self.written())
    }

    /// The root of its interface.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn take_all(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let (carrier, wire) = (self.clone(), Wire::on(stream).unwrap());
            tokio::spawn(carrier.answer(wire));
        }
    }

    async fn answer(self, mut wire: Wire) {
        while let Some(message) = wire.read().await {
            let at = Instant::now();
            let call = is_ring(&message).then(|| self.name());
            let answer = match &call {
                Some(call) => answer("201 Created", &called(call, "queued")),
                None => answer("200 OK", &of_a_call(&message)),
            };
            if wire.write(answer.as_bytes()).await.is_none() {
                return;
            }
            if let Some(call) = call {
                let form = message.body;
                self.written().push(Ring { call, at, form });
                self.count.send_modify(|rings| *rings += 1);
            }
        }
    }

    /// No other call has this one.
    fn name(&self) -> String {
        let number = self.named.fetch_add(1, Ordering::Relaxed);
        format!("CA{number:032x}")
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Vec<Ring>> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_ring(message: &Message) -> bool {
    let mut words = message.head.split(' ');
    words.next() == Some("POST")
        && words
            .next()
            .is_some_and(|path| path.ends_with("/Calls.json"))
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// A call that is asked about or given up.
fn of_a_call(message: &Message) -> String {
    let path = message.head.split(' ').nth(1).unwrap_or("");
    let call = path
        .rsplit('/')
        .next()
        .and_then(|file| file.strip_suffix(".json"));
    match call {
        Some(call) if call.starts_with("CA") => called(call, "ringing"),
        Some(_) | None => "{\"calls\":[]}".to_owned(),
    }
}

fn called(call: &str, status: &str) -> String {
    format!(
        "{{\"sid\":\"{call}\",\"status\":\"{status}\",\"direction\":\"outbound-api\",\"date_created\":null}}"
    )
}
