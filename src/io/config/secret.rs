//! Secrets are named in the files and never written there: `{ env = .. }`, `{ file = .. }` or `{ credential = .. }`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml::Spanned;
use toml::de::DeValue;

use super::section::{Section, Text};

/// Where systemd puts what `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The environment variables that secrets may be taken from, and which secrets are wanted at all.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, Value>,
    uses: Uses,
}

/// What a variable holds; `None`: bytes that are no text.
type Value = Option<String>;

/// Which secrets a command uses; the others need not be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Uses {
    /// The daemon uses them all.
    #[default]
    All,
    /// Whoever only looks uses none but the store's own address.
    Nothing,
    /// Whoever asks the daemon shows it its token.
    ApiToken,
    /// Whoever sends as a source signs as it does.
    Source(String),
}

impl Environment {
    /// This process's own.
    pub fn of_this_process() -> Environment {
        let named = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())));
        Environment {
            variables: named.collect(),
            uses: Uses::All,
        }
    }

    /// The same for a command that uses only these secrets; the others are read as empty.
    pub fn only(self, uses: Uses) -> Environment {
        Environment { uses, ..self }
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Environment {
        let variables = variables.into_iter();
        Environment {
            variables: variables
                .map(|(name, value)| (name.into(), Some(value.into())))
                .collect(),
            uses: Uses::All,
        }
    }
}

/// Where secrets are looked up: the environment, and the folder of the file that names them.
#[derive(Clone, Copy)]
pub(super) struct Vault<'v> {
    pub(super) folder: &'v Path,
    env: &'v Environment,
    is_open: bool,
}

impl<'v> Vault<'v> {
    /// What the files of this folder name, for whoever uses all of it.
    pub(super) fn of(env: &'v Environment, folder: &'v Path) -> Vault<'v> {
        Vault {
            folder,
            env,
            is_open: true,
        }
    }

    /// The same, open only for those who use the daemon's token.
    pub(super) fn for_the_api(self) -> Vault<'v> {
        self.open_for(&Uses::ApiToken)
    }

    /// The same, open only for those who use the secrets of this source.
    pub(super) fn for_source(self, id: &str) -> Vault<'v> {
        self.open_for(&Uses::Source(id.to_owned()))
    }

    /// The same, open only for the daemon.
    pub(super) fn for_the_daemon(self) -> Vault<'v> {
        self.open_for(&Uses::All)
    }

    /// Whether secrets are looked up; else each is empty, and its shape is nobody's business.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    fn open_for(self, usage: &Uses) -> Vault<'v> {
        let is_open = self.env.uses == Uses::All || self.env.uses == *usage;
        Vault { is_open, ..self }
    }

    /// The secret that a key names.
    pub(super) fn secret<'t>(
        &self,
        section: &mut Section<'t>,
        key: &'static str,
    ) -> Option<SecretString> {
        section.need(key, &example(key));
        let value = section.value(key)?;
        self.one(section, key, value)
    }

    /// The secrets that a key names: one, or a list while they are rotated.
    pub(super) fn secrets<'t>(
        &self,
        section: &mut Section<'t>,
        key: &'static str,
    ) -> Option<Vec<SecretString>> {
        section.need(key, &example(key));
        let value = section.value(key)?;
        let Some(list) = value.get_ref().as_array() else {
            return self.one(section, key, value).map(|secret| vec![secret]);
        };
        if list.is_empty() {
            section.findings().error(
                value.span(),
                format!("`{key}` names no secret"),
                format!("write  {}", example(key)),
            );
        }
        list.iter()
            .map(|item| self.one(section, key, item))
            .collect()
    }

    /// The secret that a value names.
    pub(super) fn one<'t>(
        &self,
        section: &Section<'t>,
        key: &'static str,
        value: &'t Spanned<DeValue<'t>>,
    ) -> Option<SecretString> {
        let Some(mut named) = section.inline(key, value) else {
            section.findings().mask(value.span());
            let title =
                format!("a secret is never written into the file: `{key}` must say where it is");
            section
                .findings()
                .error(value.span(), title, format!("write  {}", example(key)));
            return None;
        };
        let places = [
            ("env", named.text("env")),
            ("file", named.text("file")),
            ("credential", named.text("credential")),
        ];
        let findings = named.findings();
        let mut given = places
            .into_iter()
            .filter_map(|(place, text)| Some((place, text?)));
        let (first, second) = (given.next(), given.next());
        named.end();
        let (Some((place, text)), None) = (first, second) else {
            findings.error(
                value.span(),
                format!("`{key}` must name one place"),
                format!("write  {}", example(key)),
            );
            return None;
        };
        if !self.is_open {
            return Some(SecretString::default());
        }
        self.look_up(place, &text)
            .map_err(|(title, cure)| findings.error(text.span(), title, cure))
            .ok()
    }

    fn look_up(&self, place: &str, text: &Text<'_>) -> Result<SecretString, (String, String)> {
        let name = *text.get_ref();
        let found = match place {
            "env" => self.variable(name),
            "file" => content(&self.folder.join(name)),
            _ => content(&self.credential(name)?),
        }?;
        if found.is_empty() {
            return Err((
                format!("the secret in `{name}` is empty"),
                "put the secret there".to_owned(),
            ));
        }
        Ok(SecretString::from(found))
    }

    fn variable(&self, name: &str) -> Result<String, (String, String)> {
        match self.env.variables.get(name) {
            Some(Some(value)) => Ok(value.clone()),
            Some(None) => Err((
                format!("the environment variable `{name}` is no UTF-8 text"),
                "write the secret there as UTF-8".to_owned(),
            )),
            None => Err((
                format!("the environment variable `{name}` is not set"),
                format!("set it before the start: {name}=.. leadbridge .."),
            )),
        }
    }

    fn credential(&self, name: &str) -> Result<PathBuf, (String, String)> {
        let folder = self.env.variables.get(CREDENTIALS).cloned().flatten();
        let folder = folder.ok_or_else(|| {
            (
                format!("`{name}` is a systemd credential, and ${CREDENTIALS} is not set"),
                format!("start through systemd with LoadCredential={name}:.., or name an environment variable: {{ env = \"..\" }}"),
            )
        })?;
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err((
                format!("`{name}` is no name of a credential"),
                "write its name alone, without a folder".to_owned(),
            ));
        }
        Ok(Path::new(&folder).join(name))
    }
}

/// A secret's file; the newline that editors leave at its end is not part of it.
fn content(path: &Path) -> Result<String, (String, String)> {
    let file = path.display();
    let text = std::fs::read_to_string(path).map_err(|err| {
        if err.kind() == ErrorKind::InvalidData {
            let title = "the secret's file is no UTF-8 text".to_owned();
            return (title, format!("save {file} as UTF-8"));
        }
        (
            format!("the secret's file cannot be read: {err}"),
            format!("see that {file} exists and may be read"),
        )
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn example(key: &str) -> String {
    format!("{key} = {{ env = \"LEADBRIDGE_{}\" }}", key.to_uppercase())
}
