//! The schemas say what the reader of the files says: the same keys in every part, and a validator that knows nothing of
//! us takes the shipped files and refuses the same mistakes.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use leadbridge::io::config::{self, Environment, Report};
use leadbridge::phone::HashKey;
use serde_json::Value;

use crate::written;

const LEADBRIDGE: &str = r#"#root
[server] #server
public_url = "https://bridge.example.be"
data_dir = "data"
api_token = { env = "S" #secret
}
[store] #store
[files] #files
[notice] #notice
email = { smtp = "smtp://localhost:25", from = "a@example.be" #email
}
[guard] #guard
[retention] #retention
[[carrier]] #carrier
id = "main"
kind = "twilio"
account = "AC00000000000000000000000000000000"
token = { env = "S" }
[[carrier]] #pbx
id = "pbx"
kind = "asterisk"
url = "http://127.0.0.1:8088"
user = "leadbridge"
password = { env = "S" }
endpoint = "PJSIP/{number}@trunk"
voice = { fr = ["espeak-ng"] #voice
}
"#;

const ROTATION: &str = r#"#root
[group] #group
name = "Groep Peeters"
language = "nl"
timezone = "Europe/Brussels"
country = "BE"
[[rep]] #rep
id = "an"
name = "An Claes"
phone = "+32470000001"
[[rooftop]] #rooftop
id = "gent"
name = "Garage Peeters Gent"
carrier = "main"
caller_id = "+3292000000"
hours = "24/7"
reps = ["an"]
owner = ["an"]
"#;

const SOURCES: &str = r#"#root
[[source]] #source
id = "website"
format = "json"
rooftop = "gent"
auth = { AUTH #auth
}
"#;

/// Each scheme with what it needs, in the order of the schema's choices.
const SCHEMES: [(&str, usize); 7] = [
    (
        r#"scheme = "sha256", header = "X", secret = { env = "S" }"#,
        0,
    ),
    (r#"scheme = "standard-webhooks", secret = { env = "S" }"#, 1),
    (r#"scheme = "bearer", secret = { env = "S" }"#, 1),
    (r#"scheme = "url-secret", secret = { env = "S" }"#, 1),
    (
        r#"scheme = "basic", user = "u", password = { env = "S" }"#,
        2,
    ),
    (r#"scheme = "field", name = "n", secret = { env = "S" }"#, 3),
    (r#"scheme = "none""#, 4),
];

/// A key that nobody could mean anything by.
const STRANGE: &str = "qqwwqqww";

#[test]
fn leadbridge_toml_has_the_keys_of_its_schema() {
    let schema = schema("leadbridge");
    for (part, pointer) in [
        ("#root", ""),
        ("#server", "/properties/server"),
        ("#store", "/properties/store"),
        ("#files", "/properties/files"),
        ("#notice", "/properties/notice"),
        ("#email", "/properties/notice/properties/email"),
        ("#guard", "/properties/guard"),
        ("#retention", "/properties/retention"),
        ("#carrier", "/properties/carrier/items/oneOf/0"),
        ("#pbx", "/properties/carrier/items/oneOf/1"),
        (
            "#voice",
            "/properties/carrier/items/oneOf/1/properties/voice/oneOf/1",
        ),
        ("#secret", "/$defs/secret"),
    ] {
        let known = known_keys([
            &LEADBRIDGE.replace(part, &strange(part)),
            ROTATION,
            &sources(),
        ]);
        assert_eq!(known, keys(&schema, pointer), "{part}");
    }
}

#[test]
fn rotation_toml_has_the_keys_of_its_schema() {
    let schema = schema("rotation");
    for (part, pointer) in [
        ("#root", ""),
        ("#group", "/properties/group"),
        ("#rep", "/properties/rep/items"),
        ("#rooftop", "/properties/rooftop/items"),
    ] {
        let known = known_keys([
            LEADBRIDGE,
            &ROTATION.replace(part, &strange(part)),
            &sources(),
        ]);
        assert_eq!(known, keys(&schema, pointer), "{part}");
    }
}

#[test]
fn sources_toml_has_the_keys_of_its_schema() {
    let schema = schema("sources");
    for (part, pointer) in [("#root", ""), ("#source", "/properties/source/items")] {
        let known = known_keys([
            LEADBRIDGE,
            ROTATION,
            &sources().replace(part, &strange(part)),
        ]);
        assert_eq!(known, keys(&schema, pointer), "{part}");
    }
    for (auth, choice) in SCHEMES {
        let text = SOURCES
            .replace("AUTH", auth)
            .replace("#auth", &strange("#auth"));
        let known = known_keys([LEADBRIDGE, ROTATION, &text]);
        assert_eq!(
            known,
            keys(&schema, &format!("/$defs/auth/oneOf/{choice}")),
            "{auth}"
        );
    }
}

#[test]
fn a_validator_takes_the_shipped_files_and_refuses_mistakes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/venv/bin/python");
    assert!(
        python.exists(),
        "no Python with jsonschema: run tests/run once: it makes target/venv"
    );
    let folder = tempfile::tempdir().unwrap();
    for name in ["leadbridge", "rotation", "sources"] {
        std::fs::write(
            folder.path().join(format!("{name}.json")),
            written(&format!("schema {name}")),
        )
        .unwrap();
    }
    let output = Command::new(python)
        .arg(root.join("tests/package/validator.py"))
        .args([folder.path(), &root.join("config")])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&written(&format!("schema {name}"))).unwrap()
}

fn keys(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let properties = schema.pointer(&format!("{pointer}/properties"));
    properties
        .unwrap()
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

fn sources() -> String {
    SOURCES.replace("AUTH", SCHEMES[0].0)
}

/// The strange key, as the last of an inline table or in a line of its own.
fn strange(part: &str) -> String {
    match part {
        "#email" | "#secret" | "#auth" | "#voice" => format!(", {STRANGE} = 1"),
        _ => format!("\n{STRANGE} = 1"),
    }
}

/// What the reader knows where it finds the strange key.
fn known_keys(files: [&str; 3]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in ["leadbridge", "rotation", "sources"].iter().zip(files) {
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    let env = Environment::from_iter([("S", "a-secret-of-some-length")]);
    let told = config::load(
        &folder.path().join("leadbridge.toml"),
        &HashKey([0; 32]),
        &env,
    );
    let told = told.expect_err("the strange key is refused");
    let about_it = |report: &&Report| report.title().contains(STRANGE);
    let report = told
        .iter()
        .find(about_it)
        .unwrap_or_else(|| panic!("{told:#?}"));
    let known = report.cure().strip_prefix("known here: ").unwrap();
    known.split(", ").map(str::to_owned).collect()
}
