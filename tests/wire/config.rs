//! The three files of a daemon under test: short seconds, hours that never close, a source for each format.

use std::fs;
use std::path::Path;

pub(crate) const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "the-carriers-token-9f3c";
pub(crate) const API_TOKEN: &str = "the-interface-token-77aa";
pub(crate) const WEBSITE_SECRET: &str = "the-website-secret-51bd";
pub(crate) const SHOWN: &str = "+3292000000";

pub(crate) const AN: &str = "+32470000001";
pub(crate) const BART: &str = "+32470000002";
pub(crate) const CHLOE: &str = "+32470000003";
pub(crate) const PAUL: &str = "+32470000009";

/// The daemon's secrets, as it finds them in its environment.
pub(crate) const SECRETS: [(&str, &str); 3] = [
    ("API_TOKEN", API_TOKEN),
    ("TWILIO_TOKEN", TOKEN),
    ("WEBSITE_SECRET", WEBSITE_SECRET),
];

const STAFF: [(&str, &str, &str); 4] = [
    ("an", "An Claes", AN),
    ("bart", "Bart Maes", BART),
    ("chloe", "Chloé Dubois", CHLOE),
    ("paul", "Paul Peeters", PAUL),
];

/// What a rooftop's own terms replace.
pub(crate) const GROUP: &str = r#"[group]
name = "Groep Peeters"
language = "nl"
timezone = "Europe/Brussels"
country = "BE"
customer_hours = "24/7"
ring_s = 3
next_after_s = 2
rounds_min = [0]
mornings = 0
wrap_up_s = 0
customer_s = 2
talk_s = 0
"#;

/// The files, before their addresses are known.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) rotation: String,
    pub(crate) flood_per_s: u32,
    /// More `[[source]]` than those of the rooftop in Gent.
    pub(crate) sources: String,
    /// `[notice]`, if it is not left out.
    pub(crate) notice: String,
    /// The address of the store, if it is not the file in its folder.
    pub(crate) store: Option<String>,
    /// Where it is reached, if not at its own port.
    pub(crate) public_url: Option<String>,
    pub(crate) calls_per_s: u32,
}

impl Config {
    /// These reps in this order, Paul as the owner, and these terms.
    pub(crate) fn of(reps: &[&str], terms: &str) -> Self {
        Self::owned_by("paul", reps, terms)
    }

    /// The same with another owner.
    pub(crate) fn owned_by(owner: &str, reps: &[&str], terms: &str) -> Self {
        Self::with_rotation(rotation(owner, reps, "24/7", terms))
    }

    pub(crate) fn with_rotation(rotation: String) -> Self {
        Self {
            rotation,
            flood_per_s: 0,
            sources: String::new(),
            notice: String::new(),
            store: None,
            public_url: None,
            calls_per_s: 0,
        }
    }

    /// Writes them for a daemon on this port and a carrier at this address.
    pub(crate) fn write(&self, folder: &Path, port: u16, carrier: &str) {
        let (flood_per_s, notice) = (self.flood_per_s, &self.notice);
        let own = format!("http://127.0.0.1:{port}");
        let public_url = self.public_url.as_ref().unwrap_or(&own);
        let store = self.store.as_deref().unwrap_or("sqlite:leadbridge.db");
        let calls_per_s = self.calls_per_s;
        let settings = format!(
            r#"[server]
listen = "127.0.0.1:{port}"
public_url = "{public_url}"
data_dir = "data"
api_token = {{ env = "API_TOKEN" }}
flood_per_s = {flood_per_s}
{notice}[guard]
customer_rings_per_day = 0
[[carrier]]
id = "main"
kind = "twilio"
account = "{ACCOUNT}"
token = {{ env = "TWILIO_TOKEN" }}
base_url = "{carrier}"
calls_per_s = {calls_per_s}
[store]
url = "{store}"
"#
        );
        let files = [
            ("leadbridge.toml", settings),
            ("rotation.toml", self.rotation.clone()),
            ("sources.toml", sources() + &self.sources),
        ];
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
    }
}

/// `rotation.toml` with these reps in this order, and terms that stand between semicolons.
pub(crate) fn rotation(owner: &str, reps: &[&str], hours: &str, terms: &str) -> String {
    let mut text = GROUP.to_owned();
    for (id, name, phone) in STAFF {
        text += &format!("[[rep]]\nid = \"{id}\"\nname = \"{name}\"\nphone = \"{phone}\"\n");
    }
    let strategy = if terms.contains("strategy") {
        ""
    } else {
        "strategy = \"in-order\""
    };
    let terms = terms.replace("; ", "\n");
    text + &format!(
        "[[rooftop]]\nid = \"gent\"\nname = \"Garage Peeters Gent\"\ncarrier = \"main\"\ncaller_id = \"{SHOWN}\"\n\
         hours = \"{hours}\"\nreps = {reps:?}\nowner = [\"{owner}\"]\n{strategy}\n{terms}\n"
    )
}

fn sources() -> String {
    let simple = source("simple", "json", "gent").replace(
        SIGNED,
        "{ scheme = \"url-secret\", secret = { env = \"WEBSITE_SECRET\" } }",
    );
    let signed = [("website", "json"), ("forms", "form"), ("portal", "adf")];
    signed
        .map(|(id, format)| source(id, format, "gent"))
        .concat()
        + &simple
}

const SIGNED: &str =
    "{ scheme = \"sha256\", header = \"X-Signature-256\", secret = { env = \"WEBSITE_SECRET\" } }";

/// A source that signs.
pub(crate) fn source(id: &str, format: &str, rooftop: &str) -> String {
    format!(
        "[[source]]\nid = \"{id}\"\nformat = \"{format}\"\nrooftop = \"{rooftop}\"\nrate_per_min = 0\nauth = {SIGNED}\n"
    )
}
