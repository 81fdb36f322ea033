//! `leadbridge.toml`: the daemon's own settings. What is in force since the start; a change needs a restart.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use axum::http::Uri;
use secrecy::{ExposeSecret, SecretString};
use toml::Spanned;
use toml::de::DeValue;

use super::carriers::{CarrierSettings, carriers};
use super::secret::{Vault, warn_if_short};
use super::section::{Section, Text};
use super::texts::{country, mail_address, parsed, warn_if_in_the_clear, web_address};

/// Bodies larger than this are no leads.
const BODY_MAX_KB: u32 = 16 * 1024;

/// More a second than this would not be a limit.
const FLOOD_MAX: u32 = 100_000;

/// More rings a day than this would be no cap.
const RINGS_MAX: u32 = 1_000;

/// Longer than this is as good as for ever.
const DAYS_MAX: u32 = 36_500;

/// The settings of the daemon.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How it is reached.
    pub server: Server,
    /// Where it keeps what it knows.
    pub store: Store,
    /// The other two files.
    pub files: Files,
    /// How our own people are told.
    pub notice: Notice,
    /// What is never rung.
    pub guard: Guard,
    /// How long what was stored is kept.
    pub retention: Retention,
    /// Who places calls, in the file's order.
    pub carriers: Vec<CarrierSettings>,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    /// Address and port to listen at.
    pub listen: SocketAddr,
    /// What carriers call back, without a slash at its end.
    pub public_url: String,
    /// Where the store and the keys lie.
    pub data_dir: PathBuf,
    /// The bearer token of the interface under `/api`.
    pub api_token: SecretString,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The largest body of a lead, in KiB.
    pub body_max_kb: u32,
    /// Requests a second from one address or unsigned source; 0: no limit.
    pub flood_per_s: u32,
}

/// `[store]`
#[derive(Clone, Debug)]
pub enum Store {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A database server; the address may hold a password.
    Postgres(SecretString),
}

/// `[files]`
#[derive(Clone, Debug)]
pub struct Files {
    /// Reps and rooftops.
    pub rotation: PathBuf,
    /// Where leads come from.
    pub sources: PathBuf,
}

/// `[notice]`
#[derive(Clone, Debug)]
pub struct Notice {
    /// By text message.
    pub text: bool,
    /// By e-mail.
    pub email: Option<Email>,
}

/// How e-mail leaves.
#[derive(Clone, Debug)]
pub struct Email {
    /// The mail server's address, `smtp://` or `smtps://`; it may hold a password.
    pub smtp: SecretString,
    /// The sender.
    pub from: String,
}

/// `[guard]`
#[derive(Clone, Debug)]
pub struct Guard {
    /// Countries whose numbers may be rung.
    pub countries: Vec<String>,
    /// How often a customer's number is rung within 24 h at most; 0: no cap.
    pub customer_rings_per_day: u32,
}

/// `[retention]`: days since a lead came in, once it is closed; 0: it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// The body as it came.
    pub raw_days: u32,
    /// All that is personal.
    pub personal_days: u32,
    /// The whole lead.
    pub leads_days: u32,
}

pub(super) fn settings(mut file: Section<'_>, vault: Vault<'_>) -> Option<Settings> {
    let server = part(&mut file, "server", true, |part| server(part, vault));
    let data_dir = server
        .as_ref()
        .and_then(|server| server.as_ref())
        .map(|server| server.data_dir.clone());
    let store = part(&mut file, "store", false, |part| {
        store(part, vault, data_dir.as_deref())
    });
    let files = part(&mut file, "files", false, |part| {
        Some(files(part, vault.folder))
    });
    let notice = part(&mut file, "notice", false, |part| notice(part, vault));
    let guard = part(&mut file, "guard", false, guard);
    let kept = part(&mut file, "retention", false, |part| Some(retention(part)));
    file.need(
        "carrier",
        "[[carrier]]  and below it  id, kind and what its kind needs",
    );
    let carriers = carriers(&mut file, vault);
    file.end();
    let default_store = data_dir.map(|folder| Store::Sqlite(folder.join(SQLITE_FILE)));
    Some(Settings {
        server: server??,
        store: store.unwrap_or(default_store)?,
        files: files
            .flatten()
            .unwrap_or_else(|| Files::below(vault.folder)),
        notice: notice.unwrap_or(Some(Notice {
            text: true,
            email: None,
        }))?,
        guard: guard.unwrap_or_else(|| Some(Guard::default()))?,
        retention: kept.flatten().unwrap_or_default(),
        carriers: carriers?,
    })
}

/// The file of the embedded store, below `data_dir`.
const SQLITE_FILE: &str = "leadbridge.db";

impl Files {
    fn below(folder: &Path) -> Files {
        Files {
            rotation: folder.join("rotation.toml"),
            sources: folder.join("sources.toml"),
        }
    }
}

impl Retention {
    /// Whether everything is kept.
    pub fn is_endless(&self) -> bool {
        *self == Retention::default()
    }
}

impl Default for Guard {
    fn default() -> Guard {
        let countries = ["BE", "NL", "LU", "DE", "FR"].map(str::to_owned).to_vec();
        Guard {
            countries,
            customer_rings_per_day: 4,
        }
    }
}

/// Reads one part to its end: `None` where it is absent, `Some(None)` where it is wrong.
fn part<'t, T>(
    file: &mut Section<'t>,
    key: &'static str,
    needed: bool,
    read: impl FnOnce(&mut Section<'t>) -> Option<T>,
) -> Option<Option<T>> {
    if needed {
        file.need(key, &format!("[{key}]"));
    }
    let mut part = file.section(key)?;
    let value = read(&mut part);
    part.end();
    Some(value)
}

fn server(part: &mut Section<'_>, vault: Vault<'_>) -> Option<Server> {
    let listen = match part.text("listen") {
        Some(text) => parsed(
            part,
            &text,
            "is no address to listen at",
            "write an address and a port: \"127.0.0.1:8080\"",
        ),
        None => Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
    };
    let public_url = part.needed("public_url", "public_url = \"https://bridge.example.be\"");
    let public_url = public_url.and_then(|text| public_url_of(part, &text));
    let data_dir = part.needed("data_dir", "data_dir = \"/var/lib/leadbridge\"");
    let api_token = api_token(part, vault.for_the_api());
    let proxies = part.texts("trusted_proxies");
    let trusted_proxies = match proxies {
        Some(proxies) => proxies
            .get_ref()
            .iter()
            .map(|text| {
                parsed(
                    part,
                    text,
                    "is no address",
                    "write an address such as \"127.0.0.1\"",
                )
            })
            .collect(),
        None => Some(vec![IpAddr::from([127, 0, 0, 1])]),
    };
    Some(Server {
        body_max_kb: body_max_kb(part).unwrap_or(256),
        flood_per_s: part.whole("flood_per_s", FLOOD_MAX).unwrap_or(50),
        listen: listen?,
        public_url: public_url?,
        data_dir: vault.folder.join(data_dir?.get_ref()),
        api_token: api_token?,
        trusted_proxies: trusted_proxies?,
    })
}

fn api_token(part: &mut Section<'_>, vault: Vault<'_>) -> Option<SecretString> {
    let token = vault.secret(part, "api_token")?;
    if let Some(value) = part.value("api_token").filter(|_| vault.is_open()) {
        warn_if_short(part.findings(), value.span(), &token);
    }
    Some(token)
}

fn body_max_kb(part: &mut Section<'_>) -> Option<u32> {
    let most = part.whole("body_max_kb", BODY_MAX_KB)?;
    if let Some(value) = part.value("body_max_kb").filter(|_| most == 0) {
        part.findings().error(
            value.span(),
            "no lead is as small as that",
            "write  body_max_kb = 256",
        );
    }
    Some(most)
}

/// What carriers call back. It stands in every callback and in front of every path.
fn public_url_of(part: &Section<'_>, text: &Text<'_>) -> Option<String> {
    let url = web_address(part, text)?;
    let address: Uri = url.parse().ok()?;
    if !matches!(address.path(), "" | "/") {
        part.findings().error(
            text.span(),
            "an address with a path is not answered: we ask to be called back at its root",
            "give the daemon a name of its own, such as \"https://bridge.example.be\"",
        );
        return None;
    }
    warn_if_in_the_clear(part, text, &address);
    Some(url)
}

fn store(part: &mut Section<'_>, vault: Vault<'_>, data_dir: Option<&Path>) -> Option<Store> {
    let Some(value) = part.value("url") else {
        return data_dir.map(|folder| Store::Sqlite(folder.join(SQLITE_FILE)));
    };
    let file = value
        .get_ref()
        .as_str()
        .and_then(|text| text.strip_prefix("sqlite:"));
    if let Some(file) = file {
        return data_dir.map(|folder| Store::Sqlite(folder.join(file)));
    }
    let examples =
        "write \"sqlite:leadbridge.db\" or \"postgres://leadbridge@db.example.be/leadbridge\"";
    let schemes = ["postgres://", "postgresql://"];
    address(
        part,
        vault,
        ("url", value),
        schemes,
        ("this is no store", examples),
    )
    .map(Store::Postgres)
}

/// An address of a server. One that holds a password is a secret like any other, and is only named here.
fn address<'t>(
    part: &Section<'t>,
    vault: Vault<'_>,
    (key, value): (&'static str, &'t Spanned<DeValue<'t>>),
    schemes: [&str; 2],
    (wrong, cure): (&str, &str),
) -> Option<SecretString> {
    let address = match value.get_ref().as_str() {
        Some(text) if !holds_a_password(text) => SecretString::from(text),
        Some(_) | None => {
            let address = vault.one(part, key, value)?;
            if !vault.is_open() {
                return Some(address);
            }
            address
        }
    };
    let text = address.expose_secret();
    if schemes.iter().any(|scheme| text.starts_with(scheme)) && text.parse::<Uri>().is_ok() {
        return Some(address);
    }
    part.findings().mask(value.span());
    part.findings().error(value.span(), wrong, cure);
    None
}

/// `scheme://user:password@host`
fn holds_a_password(address: &str) -> bool {
    let user = address.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| {
        user.split_once("://")
            .map_or(user, |(_, user)| user)
            .contains(':')
    })
}

fn files(part: &mut Section<'_>, folder: &Path) -> Files {
    let default = Files::below(folder);
    let mut path = |key, default| {
        part.text(key)
            .map_or(default, |text| folder.join(text.get_ref()))
    };
    Files {
        rotation: path("rotation", default.rotation),
        sources: path("sources", default.sources),
    }
}

fn notice(part: &mut Section<'_>, vault: Vault<'_>) -> Option<Notice> {
    let text = part.flag("text").unwrap_or(true);
    let Some(mut email) = part.section("email") else {
        return Some(Notice { text, email: None });
    };
    email.need("smtp", "smtp = \"smtp://localhost:25\"");
    let examples = "write \"smtp://localhost:25\" or \"smtps://mail.example.be\"";
    let smtp = email.value("smtp").and_then(|value| {
        let wrong = ("this is no mail server", examples);
        address(
            &email,
            vault.for_the_daemon(),
            ("smtp", value),
            ["smtp://", "smtps://"],
            wrong,
        )
    });
    let from = email.needed("from", "from = \"leadbridge@example.be\"");
    email.end();
    if let Some(from) = from.as_ref().filter(|from| !mail_address(from.get_ref())) {
        let cure = "write an address such as \"leadbridge@example.be\"";
        part.findings()
            .error(from.span(), "this is no e-mail address", cure);
    }
    let email = Email {
        smtp: smtp?,
        from: (*from?.get_ref()).to_owned(),
    };
    Some(Notice {
        text,
        email: Some(email),
    })
}

fn guard(part: &mut Section<'_>) -> Option<Guard> {
    let default = Guard::default();
    let countries = match part.texts("countries") {
        Some(list) => {
            if list.get_ref().is_empty() {
                let cure = "write yours: [\"BE\", \"NL\"], or take the line away";
                part.findings()
                    .error(list.span(), "no customer could be rung", cure);
            }
            let read = list.get_ref().iter().map(|text| country(part, text));
            read.collect()
        }
        None => Some(default.countries),
    };
    let rings = part.whole("customer_rings_per_day", RINGS_MAX);
    Some(Guard {
        countries: countries?,
        customer_rings_per_day: rings.unwrap_or(default.customer_rings_per_day),
    })
}

fn retention(part: &mut Section<'_>) -> Retention {
    let mut days = |key| part.whole(key, DAYS_MAX).unwrap_or_default();
    Retention {
        raw_days: days("raw_days"),
        personal_days: days("personal_days"),
        leads_days: days("leads_days"),
    }
}
