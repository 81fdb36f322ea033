//! The three files: `leadbridge.toml` (the daemon), `rotation.toml` (who is rung, the admin's) and `sources.toml`
//! (where leads come from). Each is read whole: every mistake is told with its place and its cure, and a file
//! with a mistake changes nothing. The last two may be read anew while the daemon runs.

mod blame;
mod carriers;
mod doubts;
mod findings;
mod pbx;
mod report;
mod rotation;
mod secret;
mod section;
mod settings;
mod sources;
mod texts;
mod words;

use std::path::Path;

use crate::phone::HashKey;
use crate::rotation::Rules;
use crate::source::Sources;

pub use blame::caller_ids_refused;
pub use carriers::{CarrierKind, CarrierSettings};
pub use doubts::doubtful_hours;
pub use findings::Checked;
pub use pbx::Pbx;
pub use report::{Report, Severity};
pub use secret::{Environment, Uses};
pub use settings::{Email, Files, Guard, Notice, Retention, Server, Settings, Store};

/// What the name of a file ends in that keeps an edit beside it, which lost against another node's.
pub(crate) const ASIDE: &str = ".mine";

use findings::Findings;
use secret::Vault;
use section::{Section, Text};

pub(crate) use findings::{NoText, text_of};
pub(crate) use words::nearest;

/// All three files.
#[derive(Debug)]
pub struct Loaded {
    /// `leadbridge.toml`.
    pub settings: Settings,
    /// `rotation.toml`.
    pub rules: Rules,
    /// `sources.toml`.
    pub sources: Sources,
    /// What their writers should know.
    pub warnings: Vec<Report>,
}

/// Reads all three files, beginning with `leadbridge.toml` at `path`. That one says where the others are, so
/// they are read only once it is right; the mistakes of those two are told together.
pub fn load(path: &Path, key: &HashKey, env: &Environment) -> Result<Loaded, Vec<Report>> {
    let Checked {
        value: settings,
        mut warnings,
    } = load_settings(path, env)?;
    let texts = [&settings.files.rotation, &settings.files.sources].map(|path| text_of(path));
    let both = read_both(&settings, texts, key, env)?;
    let (rules, sources) = both.value;
    warnings.extend(both.warnings);
    Ok(Loaded {
        settings,
        rules,
        sources,
        warnings,
    })
}

/// Reads the texts of `rotation.toml` and `sources.toml`, which must go together; one that is no text is why it is none.
pub(crate) fn read_both(
    settings: &Settings,
    [rotation, sources]: [Result<String, NoText>; 2],
    key: &HashKey,
    env: &Environment,
) -> Result<Checked<(Rules, Sources)>, Vec<Report>> {
    let rules = read(&settings.files.rotation, rotation, |file| {
        rotation::rules(file, settings, key)
    });
    let known = rules.as_ref().ok().map(|rules| &rules.value);
    let path = &settings.files.sources;
    let sources = read(path, sources, |file| {
        sources::sources(file, known, Vault::of(env, folder_of(path)))
    });
    match (rules, sources) {
        (Ok(mut rules), Ok(sources)) => {
            rules.warnings.extend(sources.warnings);
            Ok(Checked {
                value: (rules.value, sources.value),
                warnings: rules.warnings,
            })
        }
        (rules, sources) => {
            let mistakes = rules.err().into_iter().chain(sources.err());
            Err(mistakes.flatten().collect())
        }
    }
}

/// Reads `leadbridge.toml`.
pub fn load_settings(path: &Path, env: &Environment) -> Result<Checked<Settings>, Vec<Report>> {
    read(path, text_of(path), |file| {
        settings::settings(file, Vault::of(env, folder_of(path)))
    })
}

/// Reads `rotation.toml`; the settings know the carriers that it names, and `key` hides the phones.
pub fn load_rules(settings: &Settings, key: &HashKey) -> Result<Checked<Rules>, Vec<Report>> {
    let path = &settings.files.rotation;
    read(path, text_of(path), |file| {
        rotation::rules(file, settings, key)
    })
}

fn read<T>(
    path: &Path,
    text: Result<String, NoText>,
    value: impl FnOnce(Section<'_>) -> Option<T>,
) -> Result<Checked<T>, Vec<Report>> {
    let findings = Findings::of(path, text);
    let value = findings
        .tree()
        .and_then(|tree| value(Section::root(&tree, &findings)));
    findings.finish(value)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The id of a part, which no earlier part of its kind may have; it stands in addresses, so it is plain.
fn own_id<'t>(
    part: &mut Section<'t>,
    earlier: &mut Vec<Text<'t>>,
    example: &str,
) -> Option<&'t str> {
    let id = part.needed("id", example)?;
    let name = *id.get_ref();
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if name.is_empty() || name.len() > ID_MAX || !name.bytes().all(plain) {
        let title = format!("`{name}` cannot be an id");
        part.findings().error(
            id.span(),
            title,
            "write small letters, digits and dashes, such as \"gent-2\"",
        );
    }
    let twin = earlier.iter().find(|other| *other.get_ref() == name);
    if let Some(twin) = twin {
        let first = (twin.span(), "here first");
        part.findings().clash(
            id.span(),
            first,
            format!("the id `{name}` stands here twice"),
            "give one of the two another id",
        );
    }
    earlier.push(id);
    Some(name)
}

/// Longer names are no ids.
const ID_MAX: usize = 60;
