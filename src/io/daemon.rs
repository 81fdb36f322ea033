//! The daemon put together: store, rules, carriers, engine, web. `serve` runs it on the group's configuration,
//! `demo` on its own.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use leadbridge_providers::Carrier;
use leadbridge_providers::asterisk::Asterisk;
use leadbridge_providers::twilio::Twilio;
use secrecy::ExposeSecret;
use thiserror::Error;
use tracing::warn;

use crate::io::carrier::Trunk;
use crate::io::clock::Clock;
use crate::io::config::{self, CarrierKind, CarrierSettings, Environment, Report, Settings};
use crate::io::due::Look;
use crate::io::engine::{Engine, Parts};
use crate::io::metrics::Metrics;
use crate::io::notice::{CannotMail, Post};
use crate::io::private;
use crate::io::retention;
use crate::io::rules::Rulebook;
use crate::io::speech::Speech;
use crate::io::store::{LEASE, Store, StoreError};
use crate::io::web;
use crate::phrases::Phrases;
use crate::rotation::CarrierId;

/// Why a daemon can't start.
#[derive(Debug, Error)]
pub enum CannotStart {
    /// The configuration has mistakes.
    #[error("the configuration has mistakes; `leadbridge check` shows them")]
    Config(Vec<Report>),
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No HTTP client could be made.
    #[error("no connection to carriers can be made: {0}")]
    Http(#[from] reqwest::Error),
    /// No mail can be sent.
    #[error(transparent)]
    Mail(#[from] CannotMail),
    /// The folder for the data can't be made.
    #[error("the folder {} can't be made: {error}; make it, or change data_dir in [server]", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A PBX tells one program only what happens on it.
    #[error(
        "a carrier of kind \"asterisk\" is served by one node, and another one is running on this PostgreSQL; end that one, or use a carrier that several nodes can share"
    )]
    SharedPbx,
}

impl CannotStart {
    /// Whether the cause may pass by itself.
    pub fn may_pass(&self) -> bool {
        matches!(self, CannotStart::Store(why) if why.may_pass())
    }
}

/// A daemon that is ready to serve.
pub struct Daemon {
    /// Its moving part.
    pub engine: Engine,
    /// Its settings.
    pub settings: Settings,
    /// What the writers of its configuration should know.
    pub warnings: Vec<Report>,
    /// Where its rules come from.
    pub rulebook: Rulebook,
}

impl Daemon {
    /// Opens the store and finds the rules. Nothing moves yet.
    pub async fn open(settings: Settings, env: &Environment) -> Result<Daemon, CannotStart> {
        let metrics = Metrics::new();
        let heard = metrics.clone();
        let store = open_store(&settings, move |took| heard.commit(took)).await?;
        alone_at_a_pbx(&settings, &store).await?;
        let clock = Clock::start();
        let mut rulebook = Rulebook::new(store.clone(), settings.clone(), env.clone());
        let agreed = rulebook.agree(clock.now()).await?;
        let both = agreed.both.map_err(CannotStart::Config)?;
        let (rules, sources) = both.value;
        let mut warnings = agreed.mistakes;
        warnings.extend(both.warnings);
        let engine = Engine::new(Parts {
            store,
            clock,
            rules: ArcSwap::from_pointee(rules),
            sources: ArcSwap::from_pointee(sources),
            phrases: Phrases::shipped(),
            trunks: trunks(&settings)?,
            post: Post::new(&settings.notice)?,
            metrics,
            due: Look::new(),
        });
        Ok(Daemon {
            engine,
            settings,
            warnings,
            rulebook,
        })
    }

    /// Takes up what the process before left: nothing is served before. What failed may be tried again.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let store = &self.engine.store;
        // Its lease may have ended since the store was opened, or with a try that failed.
        store.renew().await?;
        let recovered = self.engine.recover().await;
        if recovered.is_err() && store.is_shared() {
            // What it took over is in its own hand by now, and found again under another number.
            store.give_up();
        }
        recovered
    }

    /// All that answers.
    pub fn router(&self) -> Router {
        web::router(self.engine.clone(), &self.settings.server)
    }

    /// Runs what is due until what it serves has ended: requests in hand finish, the outbox stays for the next process.
    pub async fn run(
        self,
        served: impl Future<Output = std::io::Result<()>>,
    ) -> std::io::Result<()> {
        let engine = self.engine.clone();
        let pruning = tokio::spawn(retention::run(engine.clone(), self.settings.retention));
        let mut running = tokio::spawn(self.engine.run());
        let served = tokio::select! {
            served = served => served,
            // A daemon that takes leads and lets no deadline pass is worse than one that is started again (P6).
            _ = &mut running => Err(std::io::Error::other("what is due is no longer run")),
        };
        running.abort();
        pruning.abort();
        if let Err(error) = engine.store.leave().await {
            warn!(%error, "the other nodes take over once the lease of this one is over");
        }
        served
    }
}

/// Opens the group's store to write; `on_commit` hears how long each commit took.
pub async fn open_store(
    settings: &Settings,
    on_commit: impl Fn(Duration) + Send + Sync + 'static,
) -> Result<Store, CannotStart> {
    let path = match &settings.store {
        config::Store::Sqlite(path) => path,
        config::Store::Postgres(url) => {
            return Ok(Store::connect(url.expose_secret(), on_commit).await?);
        }
    };
    if let Some(folder) = path.parent() {
        private::folder(folder).map_err(|error| no_folder(folder, error))?;
    }
    let path = path.clone();
    // A lock of another program's is waited for there, and others are to be answered meanwhile.
    let opening = tokio::task::spawn_blocking(move || Store::open(&path, on_commit));
    Ok(opening.await.map_err(|_| StoreError::Panicked)??)
}

fn no_folder(folder: &Path, error: std::io::Error) -> CannotStart {
    if error.kind() == ErrorKind::StorageFull {
        return StoreError::DiskFull.into();
    }
    CannotStart::Folder {
        path: folder.to_owned(),
        error,
    }
}

/// Two nodes would take a PBX from each other again and again. One that was killed a moment ago is waited for.
async fn alone_at_a_pbx(settings: &Settings, store: &Store) -> Result<(), CannotStart> {
    let is_pbx = |carrier: &CarrierSettings| matches!(carrier.kind, CarrierKind::Asterisk(_));
    let has_pbx = settings.carriers.iter().any(is_pbx);
    if !has_pbx || !store.is_shared() || store.others().await? == 0 {
        return Ok(());
    }
    tokio::time::sleep(LEASE).await;
    match store.others().await? {
        0 => Ok(()),
        _ => Err(CannotStart::SharedPbx),
    }
}

fn trunks(settings: &Settings) -> Result<BTreeMap<CarrierId, Arc<Trunk>>, reqwest::Error> {
    let public_url = &settings.server.public_url;
    let trunk = |carrier: &CarrierSettings| {
        let (id, adapter) = (carrier.id.clone(), adapter(carrier, public_url));
        let trunk = Trunk::new(
            id.clone(),
            adapter,
            carrier.calls_per_s,
            speech(carrier),
            public_url,
        )?;
        Ok((id, Arc::new(trunk)))
    };
    settings.carriers.iter().map(trunk).collect()
}

/// Who speaks on a carrier that has no voice of its own.
pub(crate) fn speech(carrier: &CarrierSettings) -> Option<Speech> {
    match &carrier.kind {
        CarrierKind::Twilio { .. } => None,
        CarrierKind::Asterisk(pbx) => Some(Speech::new(pbx.voice.clone())),
    }
}

/// The pure adapter of a configured carrier.
pub fn adapter(carrier: &CarrierSettings, public_url: &str) -> Carrier {
    match &carrier.kind {
        CarrierKind::Twilio {
            account,
            tokens,
            base_url,
        } => Carrier::Twilio(Twilio {
            id: carrier.id.0.clone(),
            account: account.clone(),
            tokens: tokens
                .iter()
                .map(|token| token.expose_secret().to_owned())
                .collect(),
            base_url: base_url.clone(),
            public_url: public_url.to_owned(),
        }),
        CarrierKind::Asterisk(pbx) => Carrier::Asterisk(Asterisk {
            id: carrier.id.0.clone(),
            url: pbx.url.clone(),
            app: pbx.app.clone(),
            user: pbx.user.clone(),
            password: pbx.password.expose_secret().to_owned(),
            endpoint: pbx.endpoint.clone(),
            endpoints: pbx
                .endpoints
                .iter()
                .map(|(number, endpoint)| (number.as_str().to_owned(), endpoint.clone()))
                .collect(),
        }),
    }
}
