//! The three files of a daemon whose carrier is the house's PBX: short seconds, hours that never close.

use std::fs;
use std::path::Path;

use super::asterisk::{Asterisk, LEAD_LINE, USER};

pub(crate) const API_TOKEN: &str = "the-interface-token-77aa";
pub(crate) const WEBSITE_SECRET: &str = "the-website-secret-51bd";

pub(crate) const AN: &str = "+32470000001";
pub(crate) const BART: &str = "+32470000002";
pub(crate) const CHLOE: &str = "+32470000003";
pub(crate) const PAUL: &str = "+32470000009";
/// Where whoever rings the lead line and is nobody's is put through to.
pub(crate) const RECEPTION: &str = "+3232010001";

/// Who works there, in which language, and the numbers of their phones in the house.
pub(crate) const STAFF: [(&str, &str, &str, &str); 4] = [
    ("an", "An Claes", AN, "nl"),
    ("bart", "Bart Maes", BART, "fr"),
    ("chloe", "Chloé Dubois", CHLOE, "de"),
    ("paul", "Paul Peeters", PAUL, "en"),
];

/// What a rooftop's own terms replace.
const GROUP: &str = r#"[group]
name = "Groep Peeters"
language = "nl"
timezone = "Europe/Brussels"
country = "BE"
customer_hours = "24/7"
ring_s = 5
next_after_s = 0
rounds_min = [0]
mornings = 0
wrap_up_s = 0
customer_s = 5
talk_s = 0
"#;

/// The files, before their addresses are known.
#[derive(Clone)]
pub(crate) struct Config {
    reps: Vec<String>,
    terms: String,
    voice: String,
    heard_at: Option<u16>,
    crowd: usize,
}

impl Config {
    /// These reps in this order, Paul as the owner, and these terms of the rooftop, with semicolons between them.
    pub(crate) fn of(reps: &[&str], terms: &str) -> Self {
        Self {
            reps: reps.iter().map(|rep| (*rep).to_owned()).collect(),
            terms: terms.replace("; ", "\n"),
            voice: String::new(),
            heard_at: None,
            crowd: 0,
        }
    }

    /// The same with another command that speaks, as TOML.
    pub(crate) fn spoken_by(mut self, command: &str) -> Self {
        self.voice = format!("voice = {command}\n");
        self
    }

    /// The same where the PBX fetches what is said from this port.
    pub(crate) fn heard_at(mut self, port: u16) -> Self {
        self.heard_at = Some(port);
        self
    }

    /// So many reps in turn, whose phones are out there.
    pub(crate) fn crowd(crowd: usize, terms: &str) -> Self {
        let reps: Vec<_> = (0..crowd).map(|count| format!("rep{count}")).collect();
        let reps: Vec<_> = reps.iter().map(String::as_str).collect();
        let terms = format!("strategy = \"round-robin\"; {terms}");
        Self {
            crowd,
            ..Self::of(&reps, &terms)
        }
    }

    /// Writes them for a daemon on this port and the carrier at this address, which is the PBX's or in front of it.
    pub(crate) fn write(&self, folder: &Path, port: u16, carrier: &str) {
        let files = [
            ("leadbridge.toml", self.settings(port, carrier)),
            ("rotation.toml", self.rotation()),
            ("sources.toml", SOURCES.to_owned()),
        ];
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
    }

    fn settings(&self, port: u16, carrier: &str) -> String {
        let phones = STAFF.map(|(_, _, phone, _)| format!("\"{phone}\" = \"PJSIP/{phone}\""));
        format!(
            r#"[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{}"
data_dir = "data"
api_token = {{ env = "API_TOKEN" }}
flood_per_s = 0
[guard]
customer_rings_per_day = 0
[[carrier]]
id = "pbx"
kind = "asterisk"
url = "{carrier}"
app = "leadbridge"
user = "{USER}"
password = {{ env = "PBX_PASSWORD" }}
endpoint = "PJSIP/{{number}}@trunk"
endpoints = {{ {} }}
{}"#,
            self.heard_at.unwrap_or(port),
            phones.join(", "),
            self.voice
        )
    }

    fn rotation(&self) -> String {
        let mut text = GROUP.to_owned();
        for (id, name, phone, language) in STAFF {
            text += &format!(
                "[[rep]]\nid = \"{id}\"\nname = \"{name}\"\nphone = \"{phone}\"\nlanguages = [\"{language}\"]\n"
            );
        }
        for rep in 0..self.crowd {
            let phone = one_of_the_crowd(rep);
            text += &format!(
                "[[rep]]\nid = \"rep{rep}\"\nname = \"Jan Peeters {rep}\"\nphone = \"{phone}\"\nlanguages = [\"nl\"]\n"
            );
        }
        let strategy = if self.terms.contains("strategy") {
            ""
        } else {
            "strategy = \"in-order\"\n"
        };
        text + &format!(
            "[[rooftop]]\nid = \"gent\"\nname = \"Garage Peeters Gent\"\ncarrier = \"pbx\"\n\
             caller_id = \"{LEAD_LINE}\"\nreception = \"{RECEPTION}\"\nhours = \"24/7\"\n\
             reps = {:?}\nowner = [\"paul\"]\n{strategy}{}\n",
            self.reps, self.terms
        )
    }
}

/// The phone of a rep of a crowd.
pub(crate) fn one_of_the_crowd(rep: usize) -> String {
    format!("+3247200{rep:04}")
}

/// The daemon's secrets, as it finds them in its environment.
pub(crate) fn secrets(asterisk: &Asterisk) -> [(&'static str, String); 3] {
    [
        ("API_TOKEN", API_TOKEN.to_owned()),
        ("PBX_PASSWORD", asterisk.password.clone()),
        ("WEBSITE_SECRET", WEBSITE_SECRET.to_owned()),
    ]
}

const SOURCES: &str = r#"[[source]]
id = "website"
format = "json"
rooftop = "gent"
rate_per_min = 0
auth = { scheme = "sha256", header = "X-Signature-256", secret = { env = "WEBSITE_SECRET" } }
"#;
