//! Secrets are named in the files and never written there: `{ env = .. }`, `{ file = .. }` or `{ credential = .. }`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml::Spanned;
use toml::de::DeValue;

use super::section::{Section, Text};

/// Where systemd puts what `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The environment variables that secrets may be taken from.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// This process's own.
    pub fn of_this_process() -> Environment {
        let readable = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        Environment(readable.collect())
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Environment {
        Environment(
            variables
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }
}

/// Where secrets are looked up: the environment, and the folder of the file that names them.
#[derive(Clone, Copy)]
pub(super) struct Vault<'v> {
    pub(super) env: &'v Environment,
    pub(super) folder: &'v Path,
}

impl Vault<'_> {
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
        self.look_up(place, &text)
            .map_err(|(title, cure)| findings.error(text.span(), title, cure))
            .ok()
    }

    fn look_up(&self, place: &str, text: &Text<'_>) -> Result<SecretString, (String, String)> {
        let name = *text.get_ref();
        let found = match place {
            "env" => self.env.0.get(name).cloned().ok_or_else(|| {
                (
                    format!("the environment variable `{name}` is not set"),
                    format!("set it before the start: {name}=.. leadbridge .."),
                )
            }),
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

    fn credential(&self, name: &str) -> Result<PathBuf, (String, String)> {
        let folder = self.env.0.get(CREDENTIALS).ok_or_else(|| {
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
        Ok(Path::new(folder).join(name))
    }
}

/// A secret's file; the newline that editors leave at its end is not part of it.
fn content(path: &Path) -> Result<String, (String, String)> {
    let text = std::fs::read_to_string(path).map_err(|err| {
        (
            format!("the secret's file cannot be read: {err}"),
            format!("see that {} exists and may be read", path.display()),
        )
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn example(key: &str) -> String {
    format!("{key} = {{ env = \"LEADBRIDGE_{}\" }}", key.to_uppercase())
}
