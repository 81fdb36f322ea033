//! The simulated phone network: a carrier that speaks Twilio's API, with phones that people or scripts press.
//!
//! The daemon cannot tell it from the real one: calls are created, fetched and ended over HTTP, scripts are fetched and
//! acted out, signed callbacks report what happens. The demo lets people hold the phones, the tests script them, and
//! everything a carrier is known to do wrong can be asked for ([`Misbehaviour`]). Only speech and the delay before the
//! first ring have a length of their own ([`Settings`]); every other duration is the caller's.

mod api;
mod behaviour;
mod callbacks;
mod control;
mod delivery;
mod faults;
mod handset;
mod leg;
mod messages;
mod numbers;
mod person;
mod record;
mod refusal;
mod resource;
mod room;
mod script;
mod twiml;
mod world;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{broadcast, mpsc, oneshot, watch},
    time::{Instant, sleep, sleep_until, timeout},
};

pub use behaviour::{Act, Behaviour};
pub use faults::{CallbackFault, CreateFault, Misbehaviour};
pub use handset::Handset;
pub use messages::{TextFault, TextRecord};
pub use record::{CallRecord, Delivery, End, Event, What};

use leg::{Key, Order};
use world::{Shared, World};

/// How often a closed listening socket is tried again when another process has taken its port.
const REBIND_PAUSE: Duration = Duration::from_millis(20);
/// How long answers in hand may hold up the closing of the socket.
const CLOSING_WAIT: Duration = Duration::from_millis(100);

/// How long a machine that was left to pick up records.
const MACHINE_RECORDS: Duration = Duration::from_secs(20);

/// What a network is like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account's name, `AC` and 32 hexadecimal digits.
    pub account: String,
    /// The account's secret: requests show it, callbacks are signed with it.
    pub token: String,
    /// Numbers that may be shown; empty: any.
    pub caller_ids: Vec<String>,
    /// How many calls start each second, 0: any number.
    pub calls_per_s: u32,
    /// From the start of a call to its ringing.
    pub ring_delay: Duration,
    /// How long speech takes.
    pub speech_ms_per_char: u32,
}

impl Settings {
    /// A network as slow as a real one.
    pub fn lifelike(account: &str, token: &str) -> Self {
        Self {
            calls_per_s: 1,
            ring_delay: Duration::from_millis(1500),
            speech_ms_per_char: 60,
            ..Self::quick(account, token)
        }
    }

    /// A network that takes no time of its own.
    pub fn quick(account: &str, token: &str) -> Self {
        Self {
            account: account.to_owned(),
            token: token.to_owned(),
            caller_ids: vec![],
            calls_per_s: 0,
            ring_delay: Duration::ZERO,
            speech_ms_per_char: 0,
        }
    }
}

/// A running network; it ends when the last clone is dropped.
#[derive(Clone)]
pub struct Network(Arc<Running>);

struct Running(Shared);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.stopped.send_replace(true);
    }
}

impl Network {
    /// Starts a network on a socket, in the present runtime.
    ///
    /// # Panics
    /// Outside of a runtime, or if the socket has no address.
    pub fn start(listener: TcpListener, settings: Settings) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let (refusing, refusals) = mpsc::unbounded_channel();
        let world = Arc::new(World::new(settings, format!("http://{address}"), refusing));
        world.spawn(serve(world.clone(), listener, address, refusals));
        Self(Arc::new(Running(world)))
    }

    /// Ends the network with all its calls.
    pub fn stop(&self) {
        self.0.0.stopped.send_replace(true);
    }

    /// The base address of its API.
    pub fn url(&self) -> String {
        self.0.0.url.clone()
    }

    /// The phone with this number; one that was never told what to do rings out.
    pub fn phone(&self, number: &str) -> Phone {
        Phone::new(self.0.0.clone(), number)
    }

    /// The routes by which people hold the phones, for a page that is served elsewhere.
    pub fn by_hand(&self) -> axum::Router {
        control::by_hand().with_state(self.0.0.clone())
    }

    /// Who rings this number hears what this address says; it is told of the call's end as well.
    pub fn answers_at(&self, number: &str, url: &str) {
        let (number, url) = (number.to_owned(), url.to_owned());
        self.0.0.state().lines.insert(number, url);
    }

    /// Everything that happens on the phones from now on.
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.0.0.watch()
    }

    /// All calls ever, in the order of their requests.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.0
            .0
            .state()
            .calls
            .iter()
            .map(|call| call.record.clone())
            .collect()
    }

    /// All texts ever, both ways, in the order in which they were written.
    pub fn texts(&self) -> Vec<TextRecord> {
        self.0.0.state().texts.sent.clone()
    }

    /// Says where the texts that people write are reported, as the caller's number would be set up.
    pub fn reports_texts_to(&self, url: &str) {
        messages::report_inbound(&self.0.0, url);
    }

    /// All requests made to the caller's server, in the order in which they were done with.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.0.0.state().deliveries.clone()
    }

    /// How many calls met a phone that another call already held.
    pub fn collisions(&self) -> usize {
        self.0
            .0
            .state()
            .calls
            .iter()
            .filter(|call| call.record.collided)
            .count()
    }

    /// Does something wrong from now on; several add up.
    pub async fn misbehave(&self, misbehaviour: Misbehaviour) {
        misbehave(&self.0.0, misbehaviour).await;
    }

    /// Does nothing wrong from now on, except to go on refusing connections.
    pub fn behave(&self) {
        control::behave_again(&self.0.0);
    }
}

/// A phone of the network.
#[derive(Clone)]
pub struct Phone {
    world: Shared,
    number: String,
}

impl Phone {
    fn new(world: Shared, number: &str) -> Self {
        Self {
            world,
            number: number.to_owned(),
        }
    }

    /// Does this with every call from now on.
    pub fn does(&self, behaviour: Behaviour) {
        self.does_in_turn(vec![behaviour]);
    }

    /// Does one of these with each call; the last repeats.
    pub fn does_in_turn(&self, behaviours: Vec<Behaviour>) {
        self.world.state().set_behaviours(&self.number, behaviours);
    }

    /// Rings a number of the caller's and is then used by hand; the call's name at the carrier, or `None` if the phone is
    /// on a call or nobody has that number.
    pub fn calls(&self, number: &str) -> Option<String> {
        self.calls_and(number, vec![])
    }

    /// The same, and its person then does this.
    pub fn calls_and(&self, number: &str, then: Vec<Act>) -> Option<String> {
        leg::start_inbound(&self.world, &self.number, number, then)
    }

    /// Picks up; false if it does not ring.
    pub fn answer(&self) -> bool {
        self.order("ringing", Order::Answer)
    }

    /// Declines; false if it does not ring.
    pub fn decline(&self) -> bool {
        self.order("ringing", Order::Decline)
    }

    /// The texts that it shows, the oldest first.
    pub fn texts(&self) -> Vec<TextRecord> {
        messages::shown_on(&self.world, &self.number)
    }

    /// Texts this number, and waits until the caller's server has answered: with this status, or the carrier's code.
    /// `None`: nobody said where texts are reported.
    pub async fn writes(&self, to: &str, body: &str) -> Option<u32> {
        messages::receive(&self.world, &self.number, to, body).await
    }

    /// Presses a key now; false if it is not on a call.
    pub fn press(&self, key: char) -> bool {
        self.order("in-progress", Order::Key(Key { key, done: None }))
    }

    /// Hangs up; false if it is not on a call.
    pub fn hang_up(&self) -> bool {
        self.order("in-progress", Order::HangUp)
    }

    /// Lets a machine pick up, which presses nothing and hangs up after a while; false if it does not ring.
    pub fn leave_to_machine(&self) -> bool {
        let is_left = self.answer();
        if is_left {
            let sid = self.world.state().left_to_machine(&self.number);
            let world = self.world.clone();
            self.world.spawn(async move {
                sleep(MACHINE_RECORDS).await;
                if let Some(sid) = sid {
                    let _ = world.call(&sid, |call| call.orders.send(Order::HangUp));
                }
            });
        }
        is_left
    }

    /// What it shows; nothing while it never rang.
    pub fn handset(&self) -> Option<Handset> {
        self.world.state().handset(&self.number)
    }

    fn order(&self, status: &str, order: Order) -> bool {
        let state = self.world.state();
        let call = state
            .call_of(&self.number)
            .filter(|call| call.record.status() == status);
        call.is_some_and(|call| call.orders.send(order).is_ok())
    }
}

async fn misbehave(world: &World, misbehaviour: Misbehaviour) {
    if let Misbehaviour::RefusesConnections { span } = misbehaviour {
        let (closed, is_closed) = oneshot::channel();
        let _ = world.refusing.send(Refusing { span, closed });
        let _ = is_closed.await;
    }
    let mut state = world.state();
    if let Misbehaviour::Texts { number, how } = &misbehaviour {
        state.texts.faults.insert(number.clone(), how.clone());
    }
    state.faults.add(misbehaviour, Instant::now());
}

/// The wish to have no socket for a while.
struct Refusing {
    span: Duration,
    /// Told once the socket and its idle connections are gone.
    closed: oneshot::Sender<()>,
}

/// Serves until the network stops; while it refuses connections there is no socket at all.
async fn serve(
    world: Shared,
    mut listener: TcpListener,
    address: SocketAddr,
    mut refusals: mpsc::UnboundedReceiver<Refusing>,
) {
    loop {
        let end = watch::Sender::new(());
        let server = tokio::spawn(generation(world.clone(), listener, end.subscribe()));
        let Some(Refusing { span, closed }) = refusals.recv().await else {
            return;
        };
        drop(end);
        let _ = timeout(CLOSING_WAIT, server).await;
        let opens = Instant::now() + span;
        let _ = closed.send(());
        sleep_until(opens).await;
        listener = bound(address).await;
    }
}

async fn bound(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => sleep(REBIND_PAUSE).await,
        }
    }
}

/// One life of the listening socket.
async fn generation(world: Shared, listener: TcpListener, mut closed: watch::Receiver<()>) {
    let mut stopped = world.stopped.subscribe();
    let router = api::routes()
        .merge(messages::routes())
        .merge(numbers::routes())
        .merge(control::routes())
        .with_state(world);
    let end = async move {
        tokio::select! {
            _ = closed.changed() => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    };
    let _ = axum::serve(listener, router)
        .with_graceful_shutdown(end)
        .await;
}
