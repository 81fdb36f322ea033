//! "STOP": what a person who texts back wants of our texts, in the words that people use for it.

/// No more texts.
const STOP: [&str; 22] = [
    "stop",
    "stopall",
    "stoppen",
    "stopp",
    "stopzetten",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "optout",
    "revoke",
    "arret",
    "arreter",
    "arretez",
    "desabonner",
    "desinscrire",
    "afmelden",
    "uitschrijven",
    "abmelden",
    "abbestellen",
    "annuleren",
    "ende",
];
/// Texts again.
const START: [&str; 6] = ["start", "unstop", "yes", "hervat", "reprendre", "aanmelden"];
/// The words that still mean no when more follows: "Stop please", "ARRET svp".
const FIRST: [&str; 5] = ["stop", "stopp", "arret", "stopall", "unsubscribe"];
/// More words than this are a letter, not a command.
const WORDS_MAX: usize = 5;

/// Whether its writer wants texts (`true`), no more (`false`), or wrote of something else.
pub fn wants_texts(body: &str) -> Option<bool> {
    let plain = super::in_gsm(body).to_lowercase();
    let plain: String = plain.chars().map(unaccented).collect();
    let words: Vec<&str> = plain
        .split(|letter: char| !letter.is_alphanumeric() && letter != '-')
        .filter(|word| !word.is_empty())
        .collect();
    let first = words.first().filter(|_| words.len() <= WORDS_MAX)?;
    let whole = words.concat().replace('-', "");
    if STOP.contains(&whole.as_str()) || FIRST.contains(first) {
        Some(false)
    } else {
        START.contains(&whole.as_str()).then_some(true)
    }
}

fn unaccented(letter: char) -> char {
    match letter {
        'é' | 'è' => 'e',
        'à' => 'a',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_is_understood_in_every_language() {
        for no in [
            "STOP",
            " stop. ",
            "Stop!",
            "“Stop”",
            "STOPALL",
            "Stop aub",
            "Stop met die sms'en",
            "Unsubscribe",
            "Arrêt",
            "ARRET SVP",
            "arrêtez",
            "Désinscrire",
            "Afmelden",
            "uitschrijven",
            "Abmelden",
            "STOPP",
            "opt-out",
            "Opt out",
        ] {
            assert_eq!(wants_texts(no), Some(false), "{no}");
        }
    }

    #[test]
    fn a_yes_takes_it_back() {
        for yes in ["START", "start", "Unstop", "YES"] {
            assert_eq!(wants_texts(yes), Some(true), "{yes}");
        }
    }

    #[test]
    fn anything_else_is_an_answer_to_a_person() {
        for other in [
            "",
            "Bel mij na 17u",
            "Ik stop om vijf uur met werken, daarna kan het",
            "yes, call me tomorrow please",
            "?",
            "Ok",
            "End of the week is fine",
        ] {
            assert_eq!(wants_texts(other), None, "{other}");
        }
    }
}
