//! A lead told as names and values, which is what JSON and forms come to. Our own names go first, then those of
//! form builders, Calldrip's callers and labels in four languages; between two fields of one meaning the first
//! that is filled in wins.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::moment::moment;
use super::text;
use crate::lead::{Consent, Lead, Vehicle};

type Names = &'static [&'static str];

const ID: Names = &["id", "leadid", "entryid", "submissionid"];
const REQUESTED_AT: Names = &[
    "requestedat",
    "submittedat",
    "createdat",
    "createdtime",
    "requestdate",
];
const FIRST_NAME: Names = &[
    "firstname",
    "fname",
    "givenname",
    "yourfirstname",
    "voornaam",
    "prénom",
    "prenom",
    "vorname",
];
const MIDDLE_NAME: Names = &["middlename", "tussenvoegsel"];
const LAST_NAME: Names = &[
    "lastname",
    "lname",
    "surname",
    "familyname",
    "yourlastname",
    "achternaam",
    "familienaam",
    "nomdefamille",
    "nachname",
];
const FULL_NAME: Names = &[
    "name",
    "fullname",
    "yourname",
    "contactname",
    "customername",
    "naam",
    "nom",
    "nometprénom",
];
const PHONE: Names = &[
    "phone",
    "phonenumber",
    "tel",
    "telephone",
    "mobile",
    "mobilephone",
    "mobilenumber",
    "cell",
    "cellphone",
    "yourphone",
    "yourtel",
    "phonefull",
    "telefoon",
    "telefoonnummer",
    "gsm",
    "gsmnummer",
    "mobiel",
    "téléphone",
    "portable",
    "telefon",
    "telefonnummer",
    "handy",
    "handynummer",
];
const EMAIL: Names = &[
    "email",
    "emailaddress",
    "mail",
    "youremail",
    "emailadres",
    "adresseemail",
    "adressemail",
    "emailadresse",
];
const LANGUAGE: Names = &["language", "lang", "locale", "taal", "langue", "sprache"];
const MESSAGE: Names = &[
    "message",
    "comments",
    "comment",
    "notes",
    "note",
    "yourmessage",
    "question",
    "bericht",
    "opmerking",
    "opmerkingen",
    "vraag",
    "commentaire",
    "commentaires",
    "remarque",
    "nachricht",
    "bemerkung",
    "whisper",
];
const MAKE: Names = &[
    "vehicle.make",
    "make",
    "vehiclemake",
    "brand",
    "merk",
    "marque",
    "marke",
];
const MODEL: Names = &[
    "vehicle.model",
    "model",
    "vehiclemodel",
    "modèle",
    "modell",
    "vehicle",
    "wagen",
];
const YEAR: Names = &[
    "vehicle.year",
    "vehicleyear",
    "year",
    "bouwjaar",
    "année",
    "baujahr",
];
const CONDITION: Names = &[
    "vehicle.condition",
    "vehicle.status",
    "condition",
    "vehiclecondition",
];
const STOCK: Names = &[
    "vehicle.stock",
    "stock",
    "stocknumber",
    "stockid",
    "vehicle.stocknumber",
];
const INTEREST: Names = &["vehicle.interest", "interest", "interesttype"];
const REP: Names = &["rep", "salesperson", "verkoper", "vendeur", "verkäufer"];
const CONSENT_CALL: Names = &["consent.call", "consentcall", "consent"];
const CONSENT_TEXT: Names = &["consent.text", "consenttext"];
const CONSENT_AT: Names = &["consent.at", "consentat"];
const CONSENT_WORDING: Names = &["consent.wording", "consentwording"];
const TEST: Names = &["test", "istest"];

const KNOWN: [Names; 22] = [
    ID,
    REQUESTED_AT,
    FIRST_NAME,
    MIDDLE_NAME,
    LAST_NAME,
    FULL_NAME,
    PHONE,
    EMAIL,
    LANGUAGE,
    MESSAGE,
    MAKE,
    MODEL,
    YEAR,
    CONDITION,
    STOCK,
    INTEREST,
    REP,
    CONSENT_CALL,
    CONSENT_TEXT,
    CONSENT_AT,
    CONSENT_WORDING,
    TEST,
];

/// What senders wrap a lead in.
const WRAPPERS: [&str; 4] = ["lead.", "data.", "fields.", "formfields."];
/// What senders wrap a person in: not their id, which comes again with their next lead.
const PERSONS: [&str; 2] = ["customer.", "contact."];

/// Names, made plain, with their values; an empty value is a field that was sent but not filled in.
#[derive(Default)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Adds a field; of several with one name the first that is filled in stays.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        let kept = self.0.entry(plain(name)).or_default();
        if kept.trim().is_empty() {
            value.clone_into(kept);
        }
    }

    /// Whether any field is one that we know.
    pub(super) fn are_known(&self) -> bool {
        KNOWN
            .iter()
            .copied()
            .flatten()
            .any(|name| self.0.contains_key(*name))
    }

    /// The lead that they tell.
    pub(super) fn lead(&self, zone: &TimeZone) -> Lead {
        let (first_name, last_name) = self.names();
        Lead {
            id: self.line(ID, text::ID_MAX_CHARS),
            requested_at: self.filled(REQUESTED_AT).and_then(|at| moment(at, zone)),
            first_name,
            last_name,
            phone: self.line(PHONE, text::PHONE_MAX_CHARS),
            email: self.filled(EMAIL).and_then(text::email),
            language: self.filled(LANGUAGE).and_then(text::language),
            message: self
                .filled(MESSAGE)
                .and_then(|m| text::prose(m, text::MESSAGE_MAX_CHARS)),
            vehicle: self.vehicle(),
            rep: self.line(REP, text::NAME_MAX_CHARS),
            consent: self.consent(zone),
            test: self.filled(TEST).and_then(text::yes_or_no).unwrap_or(false),
        }
    }

    fn names(&self) -> (Option<String>, Option<String>) {
        let name = |names| self.line(names, text::NAME_MAX_CHARS);
        let full = name(FULL_NAME);
        match (name(FIRST_NAME), name(LAST_NAME)) {
            (None, None) => full.as_deref().map(text::split_name).unwrap_or_default(),
            // "Prénom, Nom": beside a given name, "name" is the family's.
            (Some(first), None) => {
                let last = full.and_then(|full| without_given(&full, &first));
                (Some(first), last)
            }
            (first, Some(last)) => {
                let whole = [name(MIDDLE_NAME).unwrap_or_default(), last].join(" ");
                (first, text::line(&whole, text::NAME_MAX_CHARS))
            }
        }
    }

    fn vehicle(&self) -> Vehicle {
        Vehicle {
            make: self.line(MAKE, text::WORD_MAX_CHARS),
            model: self.line(MODEL, text::WORD_MAX_CHARS),
            year: self.filled(YEAR).and_then(text::year),
            condition: self.filled(CONDITION).and_then(text::condition),
            stock: self.line(STOCK, text::WORD_MAX_CHARS),
            interest: self.filled(INTEREST).and_then(text::interest),
        }
    }

    fn consent(&self, zone: &TimeZone) -> Consent {
        Consent {
            call: self.filled(CONSENT_CALL).and_then(text::yes_or_no),
            text: self.filled(CONSENT_TEXT).and_then(text::yes_or_no),
            at: self.filled(CONSENT_AT).and_then(|at| moment(at, zone)),
            wording: self.line(CONSENT_WORDING, text::WORDING_MAX_CHARS),
        }
    }

    fn line(&self, names: Names, max_chars: usize) -> Option<String> {
        self.filled(names)
            .and_then(|value| text::line(value, max_chars))
    }

    fn filled(&self, names: Names) -> Option<&str> {
        let mut values = names.iter().filter_map(|name| self.0.get(*name));
        values
            .find(|value| !value.trim().is_empty())
            .map(String::as_str)
    }
}

fn without_given(full: &str, given: &str) -> Option<String> {
    let rest = full.strip_prefix(given);
    let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with(' '));
    text::line(rest.unwrap_or(full), text::NAME_MAX_CHARS)
}

/// `Vehicle[Make]`, `vehicle.make` and `vehicle_make` are written many ways: letters and digits, lower case, a
/// dot between the levels.
fn plain(name: &str) -> String {
    let mut levels = name.replace(']', "").replace('[', ".").to_lowercase();
    levels.retain(|c| c.is_alphanumeric() || c == '.');
    let mut rest = levels.trim_matches('.');
    while let Some(inner) = WRAPPERS
        .iter()
        .find_map(|wrapper| rest.strip_prefix(wrapper))
    {
        rest = inner;
    }
    if let Some(inner) = PERSONS.iter().find_map(|person| rest.strip_prefix(person)) {
        rest = if inner == "id" { rest } else { inner };
    }
    rest.strip_suffix(".value").unwrap_or(rest).to_owned()
}
