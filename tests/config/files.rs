//! Three small files in a folder of their own, with one text put for another.

use std::path::PathBuf;

use leadbridge::io::config::{self, Environment, Loaded, Report, Severity};
use leadbridge::phone::HashKey;
use tempfile::TempDir;

pub(crate) const LEADBRIDGE: &str = r#"[server]
public_url = "https://bridge.example.be/"
data_dir = "data"
api_token = { env = "API" }

[guard]
countries = ["BE", "NL"]

[[carrier]]
id = "main"
kind = "twilio"
account = "AC00000000000000000000000000000000"
token = [{ env = "OLD" }, { env = "NEW" }]
"#;

pub(crate) const ROTATION: &str = r#"[group]
name = "Groep Peeters"
language = "nl"
timezone = "Europe/Brussels"
country = "BE"
ring_s = 25

[[rep]]
id = "an"
name = "An Claes"
phone = "0470 00 00 01"
languages = ["fr", "nl"]
hours = "Mo-Fr 09:00-18:00"
away = ["2026-12-24/2026-12-31"]

[[rep]]
id = "paul"
name = "Paul Peeters"
phone = "+32470000009"

[[rooftop]]
id = "gent"
name = "Garage Peeters Gent"
carrier = "main"
caller_id = "+3292000000"
reception = "+3292000001"
hours = "Mo-Fr 09:00-18:30; PH off"
after_hours = "wait"
reps = ["an", "paul"]
owner = ["paul"]
rounds_min = [0, 0.5, 10]
"#;

pub(crate) const SOURCES: &str = r#"[[source]]
id = "website"
format = "json"
rooftop = "gent"
auth = { scheme = "sha256", header = "X-Signature-256", secret = { env = "WEBSITE" } }
"#;

pub(crate) const NAMES: [&str; 3] = ["leadbridge.toml", "rotation.toml", "sources.toml"];

/// A folder with the three files.
pub(crate) struct Folder {
    folder: TempDir,
    env: Environment,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        let env = [
            ("API", "api-secret-of-some-length"),
            ("OLD", "old-secret"),
            ("NEW", "new-secret"),
            ("WEBSITE", "website-secret-of-some-length"),
            (
                "WHSEC",
                "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
            ),
            ("SHORT", "short"),
            ("EMPTY", ""),
            ("DATABASE", "postgres://leadbridge:secret@db/leadbridge"),
        ];
        let folder = Folder {
            folder: tempfile::tempdir().unwrap(),
            env: env.into_iter().collect(),
        };
        for (name, text) in NAMES.into_iter().zip([LEADBRIDGE, ROTATION, SOURCES]) {
            folder.write(name, text);
        }
        folder
    }

    /// The three files with one text of one of them replaced, wherever it stands.
    pub(crate) fn with(name: &str, old: &str, new: &str) -> Folder {
        let folder = Folder::new();
        let text = std::fs::read_to_string(folder.path(name)).unwrap();
        assert!(text.contains(old), "{name} has no {old:?}");
        folder.write(name, &text.replacen(old, new, 1));
        folder
    }

    pub(crate) fn env<const N: usize>(mut self, variables: [(&str, &str); N]) -> Folder {
        self.env = variables.into_iter().collect();
        self
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn load(&self) -> Result<Loaded, Vec<Report>> {
        config::load(&self.path("leadbridge.toml"), &HashKey([7; 32]), &self.env)
    }

    /// Every report as one line: `rotation.toml:12:9 what is wrong -> what to do`.
    pub(crate) fn told(&self) -> Vec<String> {
        let reports = match self.load() {
            Ok(loaded) => loaded.warnings,
            Err(reports) => reports,
        };
        reports.iter().map(|report| self.line(report)).collect()
    }

    /// Everything that would be printed, without the folder.
    pub(crate) fn rendered(&self) -> String {
        let reports = match self.load() {
            Ok(loaded) => loaded.warnings,
            Err(reports) => reports,
        };
        let texts: Vec<String> = reports.iter().map(Report::to_string).collect();
        self.without_folder(&texts.join("\n\n"))
    }

    pub(crate) fn without_folder(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }

    fn line(&self, report: &Report) -> String {
        let place = report
            .position()
            .map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
        let name = report.path().file_name().unwrap().to_string_lossy();
        let mark = if report.severity() == Severity::Warning {
            " (warning)"
        } else {
            ""
        };
        self.without_folder(&format!(
            "{name}{place}{mark} {} -> {}",
            report.title(),
            report.cure()
        ))
    }
}
