//! Where secrets come from, and that they are never shown.

use secrecy::ExposeSecret;

use crate::files::Folder;

fn api_token(new: &str) -> Folder {
    Folder::with("leadbridge.toml", "{ env = \"API\" }", new)
}

#[test]
fn a_file_holds_a_secret_and_its_last_newline_is_not_part_of_it() {
    let folder = api_token("{ file = \"keys/api\" }");
    std::fs::create_dir(folder.path("keys")).unwrap();
    folder.write("keys/api", "from a file\n");
    assert_eq!(
        folder
            .load()
            .unwrap()
            .settings
            .server
            .api_token
            .expose_secret(),
        "from a file"
    );
}

#[test]
fn systemd_hands_over_a_credential() {
    let folder = Folder::with(
        "leadbridge.toml",
        "[{ env = \"OLD\" }, { env = \"NEW\" }]",
        "{ credential = \"twilio\" }",
    );
    let credentials = tempfile::tempdir().unwrap();
    std::fs::write(credentials.path().join("twilio"), "from systemd").unwrap();
    let place = credentials.path().display().to_string();
    let folder = folder.env([
        ("CREDENTIALS_DIRECTORY", place.as_str()),
        ("API", "x"),
        ("WEBSITE", "y"),
    ]);
    assert!(folder.load().is_ok(), "{}", folder.rendered());
    let without = api_token("{ credential = \"api\" }");
    assert_eq!(
        without.told(),
        [
            "leadbridge.toml:4:28 `api` is a systemd credential, and $CREDENTIALS_DIRECTORY is not set -> start through systemd \
          with LoadCredential=api:.., or name an environment variable: { env = \"..\" }"
        ]
    );
}

#[test]
fn a_credential_s_name_leads_nowhere_else() {
    for name in ["../api", "/etc/passwd", ".."] {
        let folder = api_token(&format!("{{ credential = \"{name}\" }}"));
        let folder = folder.env([
            ("CREDENTIALS_DIRECTORY", "/run"),
            ("OLD", "o"),
            ("NEW", "n"),
        ]);
        assert!(
            folder.told()[0].contains("is no name of a credential"),
            "{:?}",
            folder.told()
        );
    }
}

/// A file, what stands there, and a secret put in its place.
const WRITTEN_DOWN: [(&str, &str, &str); 15] = [
    (
        "leadbridge.toml",
        "[guard]",
        "[store]\nurl = \"postgres://u:hunter2@db/x@y\"\n[guard]",
    ),
    (
        "leadbridge.toml",
        "[guard]",
        "[notice]\nemail = { smtp = \"smtp://u:hunter2@mail\", from = \"a@b.be\" }\n[guard]",
    ),
    ("leadbridge.toml", "{ env = \"API\" }", "\"hunter2\""),
    (
        "leadbridge.toml",
        "{ env = \"API\" }",
        "{ value = \"hunter2\" }",
    ),
    (
        "leadbridge.toml",
        "api_token = { env = \"API\" }",
        "api_tokn = \"hunter2\"",
    ),
    (
        "leadbridge.toml",
        "api_token = { env = \"API\" }",
        "key = \"hunter2\"",
    ),
    (
        "leadbridge.toml",
        "api_token = { env = \"API\" }",
        "api_token = \"hunter2",
    ),
    (
        "leadbridge.toml",
        "api_token = { env = \"API\" }",
        "api_token = hunter2 # hunter2",
    ),
    (
        "leadbridge.toml",
        "api_token = { env = \"API\" }",
        "api_token = { env = \"API\" }\napi_token = \"hunter2\"",
    ),
    (
        "leadbridge.toml",
        "[{ env = \"OLD\" }, { env = \"NEW\" }]",
        "[\"hunter2\"]",
    ),
    (
        "leadbridge.toml",
        "[guard]",
        "[store]\nurl = \"postgres://u:hunter2@db/x\"\n[guard]",
    ),
    (
        "leadbridge.toml",
        "[guard]",
        "[store]\nurl = \"mysql://u:hunter2@db/x\"\n[guard]",
    ),
    ("sources.toml", "{ env = \"WEBSITE\" }", "\"hunter2\""),
    (
        "sources.toml",
        "secret = { env = \"WEBSITE\" }",
        "secret = \"hunter2\", colour = 1",
    ),
    (
        "sources.toml",
        "secret = { env = \"WEBSITE\" }",
        "secret = \"\"\"\nhunter2\n\"\"\"",
    ),
];

#[test]
fn a_secret_that_was_written_down_is_refused_and_not_shown() {
    for (name, old, new) in WRITTEN_DOWN {
        let folder = Folder::with(name, old, new);
        assert!(folder.load().is_err(), "{new}");
        let rendered = folder.rendered();
        assert!(
            rendered.contains("error: ") && !rendered.contains("hunter2"),
            "{new}\n{rendered}"
        );
        let printed = format!("{:?}", folder.load().unwrap_err());
        assert!(!printed.contains("hunter2"), "{new}\n{printed}");
    }
}

#[test]
fn a_secret_that_was_read_does_not_print() {
    let loaded = Folder::new().load().unwrap();
    let printed = format!("{loaded:?}");
    for secret in ["api-secret", "old-secret", "new-secret", "website-secret"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}
