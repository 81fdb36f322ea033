//! The dealer group whose leads they are: its files, as the daemon reads them.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use leadbridge::io::config::{self, Environment};
use leadbridge::phone::HashKey;
use leadbridge::rotation::Rules;

pub(crate) const ROOFTOPS: usize = 200;
pub(crate) const REPS: usize = 8;
/// Leads come to a rooftop by so many ways.
pub(crate) const SOURCES: usize = 2;

/// The secrets of its settings.
pub(crate) const SECRETS: [(&str, &str); 3] = [
    ("API_TOKEN", "the-interface-token"),
    ("TWILIO_TOKEN", "the-carriers-token"),
    ("SOURCE_SECRET", "the-source-secret"),
];

/// Writes its files into a folder.
pub(crate) fn write(folder: &Path, listen: SocketAddr, carrier: &str, store: &str) {
    let sources: String = (0..ROOFTOPS)
        .flat_map(|rooftop| (0..SOURCES).map(move |way| source(rooftop, way)))
        .collect();
    let files = [
        ("leadbridge.toml", settings(listen, carrier, store)),
        ("rotation.toml", rotation()),
        ("sources.toml", sources),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// Its rules, with the keys that this store gives to phones.
pub(crate) fn rules(folder: &Path, key: &HashKey) -> Arc<Rules> {
    let env: Environment = SECRETS.into_iter().collect();
    let settings = config::load_settings(&folder.join("leadbridge.toml"), &env).unwrap();
    Arc::new(config::load_rules(&settings.value, key).unwrap().value)
}

fn settings(listen: SocketAddr, carrier: &str, store: &str) -> String {
    format!(
        "[server]\nlisten = \"{listen}\"\npublic_url = \"http://{listen}\"\ndata_dir = \"data\"\n\
         api_token = {{ env = \"API_TOKEN\" }}\n[store]\nurl = \"{store}\"\n\
         [[carrier]]\nid = \"main\"\nkind = \"twilio\"\naccount = \"AC0123456789abcdef0123456789abcdef\"\n\
         token = {{ env = \"TWILIO_TOKEN\" }}\nbase_url = \"{carrier}\"\n"
    )
}

fn rotation() -> String {
    let mut text =
        "[group]\nname = \"Groep Peeters\"\nlanguage = \"nl\"\ntimezone = \"Europe/Brussels\"\n\
                    country = \"BE\"\n"
            .to_owned();
    for rooftop in 0..ROOFTOPS {
        let ids: Vec<_> = (0..REPS).map(|rep| format!("r{rooftop}-{rep}")).collect();
        for (rep, id) in ids.iter().enumerate() {
            text += &person(id, rooftop, rep);
        }
        text += &person(&format!("o{rooftop}"), rooftop, 99);
        text += &format!(
            "[[rooftop]]\nid = \"g{rooftop}\"\nname = \"Garage Peeters {rooftop}\"\ncarrier = \"main\"\n\
             caller_id = \"+3292{rooftop:06}\"\nhours = \"Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off\"\n\
             reps = {ids:?}\nowner = [\"o{rooftop}\"]\n"
        );
    }
    text
}

fn person(id: &str, rooftop: usize, rep: usize) -> String {
    let phone = rooftop * 100 + rep;
    format!(
        "[[rep]]\nid = \"{id}\"\nname = \"An Claes {rooftop} {rep}\"\nphone = \"+3247{phone:07}\"\n"
    )
}

fn source(rooftop: usize, way: usize) -> String {
    format!(
        "[[source]]\nid = \"s{rooftop}-{way}\"\nformat = \"json\"\nrooftop = \"g{rooftop}\"\n\
         auth = {{ scheme = \"sha256\", header = \"X-Signature-256\", secret = {{ env = \"SOURCE_SECRET\" }} }}\n"
    )
}
