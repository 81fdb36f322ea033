//! What is said on the phone and written in texts, in four languages. The sentences are the files of
//! `config/phrases`, in Fluent's syntax, built in; the flow and the scripts know their names only.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use leadbridge_providers::Language;
use unic_langid::LanguageIdentifier;

const LANGUAGES: [Language; 4] = [Language::Nl, Language::Fr, Language::De, Language::En];

/// What an empty value is for a phrase: something that Fluent can select on.
const NONE: &str = "none";

/// The sentences of every language; each language has all of them.
pub struct Phrases(BTreeMap<Language, FluentBundle<FluentResource>>);

/// Why a file of phrases can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPhrases {
    /// It is no Fluent.
    #[error(
        "the {language:?} phrases can't be read at line {line}; a phrase is written `name = text`"
    )]
    NotFluent {
        /// Which file.
        language: Language,
        /// Where, from 1.
        line: usize,
    },
    /// A sentence that would be said is not there.
    #[error(
        "the {language:?} phrases have no `{id}`; copy its line from another language and translate it"
    )]
    Missing {
        /// Which file.
        language: Language,
        /// The sentence's name.
        id: String,
    },
    /// A name stands twice.
    #[error("the {language:?} phrases have a name twice; take one of them out")]
    Twice {
        /// Which file.
        language: Language,
    },
}

impl Phrases {
    /// The sentences that Leadbridge ships.
    pub fn shipped() -> Phrases {
        Phrases::new(&[
            (Language::Nl, include_str!("../config/phrases/nl.ftl")),
            (Language::Fr, include_str!("../config/phrases/fr.ftl")),
            (Language::De, include_str!("../config/phrases/de.ftl")),
            (Language::En, include_str!("../config/phrases/en.ftl")),
        ])
        .expect("the shipped phrases are whole, a test reads them")
    }

    /// Reads one text per language; a sentence that one language has, all must have.
    pub fn new(texts: &[(Language, &str)]) -> Result<Phrases, BadPhrases> {
        let mut bundles = BTreeMap::new();
        for (language, text) in texts {
            bundles.insert(*language, bundle(*language, text)?);
        }
        let ids: BTreeSet<&str> = texts.iter().flat_map(|(_, text)| ids(text)).collect();
        for language in LANGUAGES {
            let has = |id: &str| {
                bundles
                    .get(&language)
                    .is_some_and(|own| own.has_message(id))
            };
            if let Some(id) = ids.iter().find(|id| !has(id)) {
                return Err(BadPhrases::Missing {
                    language,
                    id: (*id).to_owned(),
                });
            }
        }
        Ok(Phrases(bundles))
    }

    /// A sentence with its values filled in; an empty value is `none` to it. A name that doesn't exist says
    /// itself.
    pub fn say(&self, language: Language, id: &str, args: &[(&str, &str)]) -> String {
        let Some(bundle) = self.0.get(&language) else {
            return id.to_owned();
        };
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let values: FluentArgs<'_> = args
            .iter()
            .map(|(name, value)| (*name, if value.is_empty() { NONE } else { *value }))
            .collect();
        bundle
            .format_pattern(pattern, Some(&values), &mut Vec::new())
            .into_owned()
    }
}

fn bundle(language: Language, text: &str) -> Result<FluentBundle<FluentResource>, BadPhrases> {
    let resource = FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| {
        let at = errors
            .first()
            .map_or(0, |error| error.pos.start)
            .min(text.len());
        let line = text.as_bytes()[..at]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        BadPhrases::NotFluent { language, line }
    })?;
    let mut bundle = FluentBundle::new_concurrent(vec![langid(language)]);
    // The marks would be read aloud, and cost a text two characters each.
    bundle.set_use_isolating(false);
    bundle
        .add_resource(resource)
        .map_err(|_| BadPhrases::Twice { language })?;
    Ok(bundle)
}

fn langid(language: Language) -> LanguageIdentifier {
    let code = match language {
        Language::Nl => "nl",
        Language::Fr => "fr",
        Language::De => "de",
        Language::En => "en",
    };
    code.parse().expect("two letters are a language id")
}

/// The names of a text's sentences: they stand at the beginning of a line, and nothing else does.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    let named = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()));
    named
        .filter_map(|line| line.split_once('='))
        .map(|(id, _)| id.trim())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TYPICAL: [(&str, &str); 17] = [
        ("rooftop", "Gent"),
        ("source", "website"),
        ("vehicle", "VW Golf"),
        ("interest", "proefrit"),
        ("name", "An Peeters"),
        ("comment", "Is hij nog beschikbaar?"),
        ("rep", "Bart Maes"),
        ("number", "+3292000000"),
        ("count", "3"),
        ("minutes", "60"),
        ("reasons", "2x spam, 1x premium"),
        ("when", "morgen om 09:00"),
        ("time", "09:00"),
        ("day", "23"),
        ("month", "11"),
        ("carrier", "Twilio"),
        ("code", "21210"),
    ];

    /// The alphabet of a text message of 160 characters.
    const GSM_7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                         ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

    #[test]
    fn a_whisper_sounds_as_the_rules_say() {
        let phrases = Phrases::shipped();
        let whisper = phrases.say(Language::Nl, "whisper", &TYPICAL);
        assert_eq!(whisper, "Lead Gent, website, VW Golf, proefrit. Druk 1.");
        let customer = phrases.say(Language::Nl, "customer", &TYPICAL);
        assert_eq!(customer, "An Peeters. Is hij nog beschikbaar? We bellen.");
        assert_eq!(
            phrases.say(Language::Nl, "taken", &[("rep", "An")]),
            "An heeft hem."
        );
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let bare = [
            ("rooftop", "Gent"),
            ("source", "website"),
            ("vehicle", ""),
            ("interest", ""),
        ];
        let phrases = Phrases::shipped();
        assert_eq!(
            phrases.say(Language::En, "whisper", &bare),
            "Lead Gent, website. Press 1."
        );
        let nameless = phrases.say(Language::Nl, "customer-plain", &[("name", "")]);
        assert_eq!(nameless, "De klant. We bellen.");
    }

    #[test]
    fn every_language_says_the_same_things_about_the_same() {
        let dutch = variables(include_str!("../config/phrases/nl.ftl"));
        assert!(dutch.contains_key("whisper") && dutch["about"].len() == 4);
        for other in [
            include_str!("../config/phrases/fr.ftl"),
            include_str!("../config/phrases/de.ftl"),
            include_str!("../config/phrases/en.ftl"),
        ] {
            assert_eq!(variables(other), dutch);
        }
    }

    #[test]
    fn every_sentence_is_whole_when_its_values_are_filled_in() {
        each_sentence(|id, said| {
            assert!(
                !said.contains(['{', '}', '$', '\u{2068}', '\u{2069}', '\n']),
                "{id}: {said}"
            );
            assert!(
                !said.contains("  ") && !said.contains("none"),
                "{id}: {said}"
            );
            assert!(
                said.ends_with(['.', '?', '2']) || is_part(id),
                "{id}: {said}"
            );
        });
    }

    #[test]
    fn a_whisper_fits_into_ninety_characters() {
        each_sentence(|id, said| {
            assert!(
                !id.starts_with("whisper") || said.chars().count() <= 90,
                "{id}: {said}"
            );
        });
    }

    #[test]
    fn a_text_fits_into_one_message() {
        each_sentence(|id, said| {
            if id.starts_with("text-") {
                assert!(
                    said.chars().count() <= 160,
                    "{id} {}: {said}",
                    said.chars().count()
                );
                let foreign: String = said.chars().filter(|c| !GSM_7.contains(*c)).collect();
                assert_eq!(foreign, "", "{id}: {said}");
            }
        });
    }

    #[test]
    fn phrases_that_can_not_be_used_say_where() {
        let bad = Phrases::new(&[(Language::Nl, "hold = Momentje.\nna = { $x\n")]).err();
        assert_eq!(
            bad,
            Some(BadPhrases::NotFluent {
                language: Language::Nl,
                line: 3
            })
        );
        let twice = Phrases::new(&[(Language::Nl, "hold = Een.\nhold = Twee.\n")]).err();
        assert_eq!(
            twice,
            Some(BadPhrases::Twice {
                language: Language::Nl
            })
        );
        let missing = Phrases::new(&[(Language::Nl, "hold = Momentje.\n")])
            .err()
            .unwrap();
        assert_eq!(
            missing.to_string(),
            "the Fr phrases have no `hold`; copy its line from another language and translate it"
        );
    }

    #[test]
    fn many_may_speak_at_once() {
        let phrases = Phrases::shipped();
        let said = std::thread::scope(|scope| {
            let speak = |each| phrases.say(each, "hold", &[]);
            let speakers = LANGUAGES.map(|each| scope.spawn(move || speak(each)));
            speakers.map(|speaker| speaker.join().unwrap())
        });
        assert_eq!(said[0], "Een ogenblik geduld.");
    }

    /// What stands within other sentences.
    fn is_part(id: &str) -> bool {
        let parts = ["about", "interest-", "when-", "held-", "subject-"];
        parts.iter().any(|part| id.starts_with(part))
    }

    fn each_sentence(judge: impl Fn(&str, &str)) {
        let phrases = Phrases::shipped();
        for id in ids(include_str!("../config/phrases/nl.ftl")) {
            for language in LANGUAGES {
                let longest = phrases.say(language, "interest-trade-in", &[]);
                let args = TYPICAL.map(|(name, value)| match name {
                    "interest" => (name, longest.as_str()),
                    _ => (name, value),
                });
                judge(id, &phrases.say(language, id, &args));
            }
        }
    }

    /// Each sentence's variables.
    fn variables(text: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut variables = BTreeMap::new();
        let mut id = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            id = ids(line).next().unwrap_or(id);
            let used = line
                .split('$')
                .skip(1)
                .filter_map(|rest| rest.split_whitespace().next());
            variables
                .entry(id)
                .or_insert_with(BTreeSet::new)
                .extend(used);
        }
        variables
    }
}
