//! `leadbridge.toml`: the daemon's own settings. What is in force since the start; a change needs a restart.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use axum::http::Uri;
use secrecy::SecretString;
use toml::Spanned;

use crate::phone::{NotANumber, PhoneNumber};
use crate::rotation::CarrierId;

use super::secret::Vault;
use super::section::{Section, Text};

/// Bodies larger than this are no leads.
const BODY_MAX_KB: u32 = 16 * 1024;

/// More a second than this would not be a limit.
const FLOOD_MAX: u32 = 100_000;

/// More rings a day than this would be no cap.
const RINGS_MAX: u32 = 1_000;

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
    /// The mail server's address, `smtp://` or `smtps://`.
    pub smtp: String,
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

/// `[[carrier]]`
#[derive(Clone, Debug)]
pub struct CarrierSettings {
    /// Id.
    pub id: CarrierId,
    /// Which carrier it is, and what it wants to know.
    pub kind: CarrierKind,
    /// Calls created a second; 0: no pacing.
    pub calls_per_s: f64,
}

/// The carriers we know.
#[derive(Clone, Debug)]
pub enum CarrierKind {
    /// Twilio.
    Twilio {
        /// The account's SID.
        account: String,
        /// The account's token, and the next one while rotating.
        tokens: Vec<SecretString>,
        /// The root of its interface, without a slash at its end.
        base_url: String,
    },
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
    let notice = part(&mut file, "notice", false, notice);
    let guard = part(&mut file, "guard", false, guard);
    file.need(
        "carrier",
        "[[carrier]]  and below it  id, kind, account, token",
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
    let public_url = public_url.and_then(|text| web_address(part, &text));
    let data_dir = part.needed("data_dir", "data_dir = \"/var/lib/leadbridge\"");
    let api_token = vault.secret(part, "api_token");
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
        body_max_kb: part.whole("body_max_kb", BODY_MAX_KB).unwrap_or(256),
        flood_per_s: part.whole("flood_per_s", FLOOD_MAX).unwrap_or(50),
        listen: listen?,
        public_url: public_url?,
        data_dir: vault.folder.join(data_dir?.get_ref()),
        api_token: api_token?,
        trusted_proxies: trusted_proxies?,
    })
}

/// A password in the address is a secret like any other.
fn store(part: &mut Section<'_>, vault: Vault<'_>, data_dir: Option<&Path>) -> Option<Store> {
    let Some(value) = part.value("url") else {
        return data_dir.map(|folder| Store::Sqlite(folder.join(SQLITE_FILE)));
    };
    let Some(text) = value.get_ref().as_str() else {
        return vault.one(part, "url", value).map(Store::Postgres);
    };
    if let Some(file) = text.strip_prefix("sqlite:") {
        return data_dir.map(|folder| Store::Sqlite(folder.join(file)));
    }
    let address: Option<Uri> = text
        .parse()
        .ok()
        .filter(|_| text.starts_with("postgres://"));
    let password = text.contains('@')
        && text
            .split('@')
            .next()
            .is_some_and(|user| user.matches(':').count() > 1);
    match address {
        Some(_) if password => vault.one(part, "url", value).map(Store::Postgres),
        Some(_) => Some(Store::Postgres(SecretString::from(text))),
        None => {
            part.findings().mask(value.span());
            part.findings().error(
                value.span(),
                "this is no store",
                "write \"sqlite:leadbridge.db\" or \"postgres://..\"",
            );
            None
        }
    }
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

fn notice(part: &mut Section<'_>) -> Option<Notice> {
    let text = part.flag("text").unwrap_or(true);
    let Some(mut email) = part.section("email") else {
        return Some(Notice { text, email: None });
    };
    let smtp = email.needed("smtp", "smtp = \"smtp://localhost:25\"");
    let from = email.needed("from", "from = \"leadbridge@example.be\"");
    email.end();
    let (smtp, from) = (smtp?, from?);
    if !smtp.get_ref().starts_with("smtp://") && !smtp.get_ref().starts_with("smtps://") {
        part.findings().error(
            smtp.span(),
            "this is no mail server",
            "write \"smtp://localhost:25\" or \"smtps://mail.example.be\"",
        );
    }
    if !mail_address(from.get_ref()) {
        part.findings().error(
            from.span(),
            "this is no e-mail address",
            "write an address such as \"leadbridge@example.be\"",
        );
    }
    let email = Email {
        smtp: (*smtp.get_ref()).to_owned(),
        from: (*from.get_ref()).to_owned(),
    };
    Some(Notice {
        text,
        email: Some(email),
    })
}

/// Whether a text has the shape of an e-mail address; whether it exists only a mail can tell.
pub(super) fn mail_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

fn guard(part: &mut Section<'_>) -> Option<Guard> {
    let default = Guard::default();
    let countries = match part.texts("countries") {
        Some(list) => list
            .get_ref()
            .iter()
            .map(|text| country(part, text))
            .collect(),
        None => Some(default.countries),
    };
    let rings = part.whole("customer_rings_per_day", RINGS_MAX);
    Some(Guard {
        countries: countries?,
        customer_rings_per_day: rings.unwrap_or(default.customer_rings_per_day),
    })
}

/// A country whose numbers can be read, in capitals.
pub(super) fn country(part: &Section<'_>, text: &Text<'_>) -> Option<String> {
    if PhoneNumber::parse("", text.get_ref()) == Err(NotANumber::NoSuchCountry) {
        let title = format!("there is no country `{}`", text.get_ref());
        part.findings()
            .error(text.span(), title, "write its two letters, such as \"BE\"");
        return None;
    }
    Some(text.get_ref().trim().to_uppercase())
}

fn carriers(file: &mut Section<'_>, vault: Vault<'_>) -> Option<Vec<CarrierSettings>> {
    let mut ids: Vec<Text<'_>> = Vec::new();
    let parts = file.sections("carrier");
    let read: Vec<Option<CarrierSettings>> = parts
        .into_iter()
        .map(|mut part| {
            let id = super::own_id(&mut part, &mut ids, "id = \"main\"");
            let carrier = carrier(&mut part, vault, id);
            part.end();
            carrier
        })
        .collect();
    read.into_iter().collect()
}

/// The one kind there is yet; the word is asked for all the same, so that files stay valid with the second.
fn carrier(part: &mut Section<'_>, vault: Vault<'_>, id: Option<&str>) -> Option<CarrierSettings> {
    let kind = part.needed("kind", "kind = \"twilio\"");
    if let Some(kind) = kind.filter(|kind| *kind.get_ref() != "twilio") {
        part.findings().error(
            kind.span(),
            format!("there is no carrier of kind `{}`", kind.get_ref()),
            "write \"twilio\"",
        );
    }
    let account = part.needed(
        "account",
        "account = \"AC..\", as the carrier's console shows it",
    );
    if let Some(account) = &account {
        account_shape(part, account);
    }
    let tokens = vault.secrets(part, "token");
    let base_url = match part.text("base_url") {
        Some(text) => web_address(part, &text),
        None => Some("https://api.twilio.com".to_owned()),
    };
    let calls_per_s = part.decimal("calls_per_s").map_or(1.0, Spanned::into_inner);
    let kind = CarrierKind::Twilio {
        account: (*account?.get_ref()).to_owned(),
        tokens: tokens?,
        base_url: base_url?,
    };
    Some(CarrierSettings {
        id: CarrierId(id?.to_owned()),
        kind,
        calls_per_s,
    })
}

/// The account stands in every URL we ask.
fn account_shape(part: &Section<'_>, account: &Text<'_>) {
    let text = *account.get_ref();
    let cure = "copy the Account SID from the carrier's console: AC and 32 hexadecimal digits";
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        part.findings()
            .error(account.span(), "this is no account", cure);
    } else if text.len() != 34 || !text.starts_with("AC") {
        part.findings()
            .warning(account.span(), "this does not look like an account", cure);
    }
}

fn web_address(part: &Section<'_>, text: &Text<'_>) -> Option<String> {
    let trimmed = text.get_ref().trim_end_matches('/');
    let address: Option<Uri> = trimmed.parse().ok();
    let web = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    };
    if address.as_ref().is_some_and(web) {
        return Some(trimmed.to_owned());
    }
    part.findings().error(
        text.span(),
        "this is no web address",
        "write it whole: \"https://bridge.example.be\"",
    );
    None
}

fn parsed<T: std::str::FromStr>(
    part: &Section<'_>,
    text: &Text<'_>,
    wrong: &str,
    cure: &str,
) -> Option<T> {
    let value = text.get_ref().parse().ok();
    if value.is_none() {
        part.findings()
            .error(text.span(), format!("`{}` {wrong}", text.get_ref()), cure);
    }
    value
}
