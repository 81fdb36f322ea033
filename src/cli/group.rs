//! The group as a command sees it: its files, its store beside the daemon that has it, and where that daemon is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use jiff::tz::TimeZone;
use secrecy::ExposeSecret;

use super::Failure;
use crate::io::config::{self, Environment, Report, Settings, Uses, nearest};
use crate::io::store::{Reads, Store};
use crate::phone::HashKey;
use crate::rotation::{RooftopId, Rules};

/// Hides phones where no store has chosen a secret yet.
pub(super) const NO_STORE: HashKey = HashKey([0; 32]);

/// Settings, rules and store.
pub(super) struct Group {
    /// `leadbridge.toml`.
    pub(super) settings: Settings,
    /// `rotation.toml`; the leads can be looked at while it has mistakes.
    pub(super) rules: Result<Rules, Vec<Report>>,
    /// The store's questions, once there is a store.
    pub(super) reads: Option<Reads>,
    /// What its phones are hidden by.
    pub(super) key: HashKey,
}

impl Group {
    /// Reads the files, and opens the store if there is one. Who only looks needs no secret.
    pub(super) async fn open(config: &Path) -> Result<Group, Failure> {
        Group::open_using(config, Uses::Nothing).await
    }

    /// The same for who asks the daemon, and shows it its token.
    pub(super) async fn open_to_ask(config: &Path) -> Result<Group, Failure> {
        Group::open_using(config, Uses::ApiToken).await
    }

    async fn open_using(config: &Path, uses: Uses) -> Result<Group, Failure> {
        let env = Environment::of_this_process().only(uses);
        let settings = config::load_settings(config, &env)?.value;
        let reads = match &settings.store {
            config::Store::Sqlite(file) if !file.exists() => None,
            config::Store::Sqlite(file) => Some(Store::open_read_only(file)?),
            config::Store::Postgres(url) => {
                Some(Store::connect_read_only(url.expose_secret()).await?)
            }
        };
        let key = match &reads {
            Some(reads) => reads.hash_key().await?,
            None => NO_STORE,
        };
        let rules = config::load_rules(&settings, &key).map(|rules| rules.value);
        Ok(Group {
            settings,
            rules,
            reads,
            key,
        })
    }

    /// The store's questions; there must be a store.
    pub(super) fn reads(&self) -> Result<&Reads, Failure> {
        self.reads.as_ref().ok_or_else(|| no_store(&self.settings))
    }

    /// The clock of a rooftop; UTC for one that is not in the rules any more.
    pub(super) fn zone(&self, rooftop: &RooftopId) -> TimeZone {
        let rules = self.rules.as_ref().ok();
        let rooftop = rules.and_then(|rules| rules.rooftops.get(rooftop));
        rooftop.map_or(TimeZone::UTC, |rooftop| rooftop.hours.zone().clone())
    }
}

/// There is no lead to ask about.
pub(super) fn no_store(settings: &Settings) -> Failure {
    let folder = settings.server.data_dir.display();
    Failure::No(format!(
        "there is no store in {folder} yet: the first `leadbridge serve` makes it"
    ))
}

/// Where the daemon answers on this machine.
pub(super) fn daemon_url(settings: &Settings) -> String {
    let listen = settings.server.listen;
    let loopback = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V4(_) | IpAddr::V6(_) => listen.ip(),
    };
    format!("http://{}", SocketAddr::new(loopback, listen.port()))
}

/// A name that nobody here has: the one that was meant, or all there are.
pub(super) fn unknown<'k>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Failure {
    let cure = match nearest(name, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Failure::No(format!("there is no {what} `{name}`; {cure}"))
}
