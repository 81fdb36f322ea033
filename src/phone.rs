//! Telephone numbers: E.164 from anything people type, and the keyed hash that stands for a number elsewhere.
//!
//! The numbering plans are `rlibphonenumber`'s, and nothing outside this file knows that crate.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use rlibphonenumber::phonenumber_matcher::FindNumberExt;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, Region};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Longer texts hold no number; without a limit the numbering plans would be searched in a novel.
const TEXT_MAX_CHARS: usize = 100;

/// What E.164 allows after the plus; the shortest numbers in use have seven.
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A number of up to so many digits that isn't valid is a short one (112, 1207, 4411), not a mistyped one.
const SHORT_MAX_DIGITS: usize = 6;

/// Calling codes of no country: satellites, networks at sea and in the air, worldwide freephone and premium.
const GLOBAL_SERVICES: [i32; 9] = [800, 808, 870, 878, 881, 882, 883, 888, 979];

/// A telephone number in E.164. It prints shortened; [`PhoneNumber::as_str`] is the whole of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// What ringing a number means for the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Fixed, mobile, internet, company and freephone numbers.
    Ordinary,
    /// Premium, shared-cost, personal, pager and voicemail numbers, satellites, and whatever is unknown: never
    /// rung for a lead.
    Premium,
}

/// Why a text is no telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotANumber {
    /// It holds no digits that could be rung.
    #[error("this is no telephone number; write it as +32470123456")]
    NoDigits,
    /// 112, 1207: dialled inside one country or network only.
    #[error(
        "this is a short number that only works inside one network; write a full number as +32470123456"
    )]
    Short,
    /// Too long, too short, or in a range that nobody can have.
    #[error("nobody can have this number: a digit too many, too few or mistyped")]
    NoSuchNumber,
    /// The country that national numbers are read by is none.
    #[error("the country must be two letters, such as BE")]
    NoSuchCountry,
}

impl PhoneNumber {
    /// Reads what people type: `0470/12.34.56`, `00 32 (0)470 ..`, `tel:+32-470-..`; national numbers as those
    /// of `country` (ISO 3166). An extension is dropped.
    pub fn parse(text: &str, country: &str) -> Result<PhoneNumber, NotANumber> {
        let region = country.trim().to_ascii_uppercase();
        let region = Region::from_code(&region).map_err(|_| NotANumber::NoSuchCountry)?;
        let text: String = text.trim().chars().take(TEXT_MAX_CHARS).collect();
        match PHONE_NUMBER_UTIL.parse(&text, Some(region)) {
            Ok(number) if number.is_valid() => PhoneNumber::of(&number),
            Ok(_) | Err(_) => first_number_in(&text, region).ok_or_else(|| why_not(&text)),
        }
    }

    /// What ringing it means for the bill: the rule against toll fraud (P10).
    pub fn kind(&self) -> Kind {
        let Some(number) = self.parsed() else {
            return Kind::Premium;
        };
        if GLOBAL_SERVICES.contains(&number.country_code) {
            return Kind::Premium;
        }
        match number.get_type() {
            PhoneNumberType::FixedLine
            | PhoneNumberType::Mobile
            | PhoneNumberType::FixedLineOrMobile
            | PhoneNumberType::TollFree
            | PhoneNumberType::VoIP
            | PhoneNumberType::UAN => Kind::Ordinary,
            PhoneNumberType::PremiumRate
            | PhoneNumberType::SharedCost
            | PhoneNumberType::PersonalNumber
            | PhoneNumberType::Pager
            | PhoneNumberType::VoiceMail
            | PhoneNumberType::Unknown => Kind::Premium,
        }
    }

    /// Whether texts can be read at it: fixed lines and company numbers read them aloud, or lose them.
    pub fn is_mobile(&self) -> bool {
        self.parsed().is_some_and(|number| {
            matches!(
                number.get_type(),
                PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile
            )
        })
    }

    /// Its country's ISO 3166 code; `None` where it belongs to no country.
    pub fn country(&self) -> Option<String> {
        let number = self.parsed()?;
        if GLOBAL_SERVICES.contains(&number.country_code) {
            return None;
        }
        number.get_region_code().map(|region| region.to_string())
    }

    /// The whole number, `+32470000001`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(number: &rlibphonenumber::PhoneNumber) -> Result<PhoneNumber, NotANumber> {
        number
            .format_as(PhoneNumberFormat::E164)
            .into_owned()
            .try_into()
    }

    fn parsed(&self) -> Option<rlibphonenumber::PhoneNumber> {
        PHONE_NUMBER_UTIL.parse(&self.0, None).ok()
    }
}

/// "0470 12 34 56 after six", "0470123456 or 092000000": the first number in it.
fn first_number_in(text: &str, region: Region) -> Option<PhoneNumber> {
    let found = text
        .find_phone_numbers_with_preferred_region(region)
        .next()?;
    PhoneNumber::of(&found.number).ok()
}

fn why_not(text: &str) -> NotANumber {
    match text.chars().filter(|c| c.is_numeric()).count() {
        0 | 1 => NotANumber::NoDigits,
        2..=SHORT_MAX_DIGITS => NotANumber::Short,
        _ => NotANumber::NoSuchNumber,
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…{}", &self.0[..5], &self.0[self.0.len() - 2..])
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Judges the shape alone: what was written down by us was read against the numbering plans before.
impl TryFrom<String> for PhoneNumber {
    type Error = NotANumber;

    fn try_from(text: String) -> Result<Self, NotANumber> {
        let digits = text.strip_prefix('+').ok_or(NotANumber::NoSuchNumber)?;
        let shaped = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if shaped && E164_DIGITS.contains(&digits.len()) {
            Ok(PhoneNumber(text))
        } else {
            Err(NotANumber::NoSuchNumber)
        }
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> String {
        number.0
    }
}

/// The secret that turns numbers into [`PhoneKey`]s. It prints nothing of itself.
#[derive(Clone)]
pub struct HashKey(pub [u8; 32]);

impl HashKey {
    /// The key that stands for this number.
    pub fn of(&self, number: &PhoneNumber) -> PhoneKey {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0)
            .expect("HMAC takes a key of any length");
        mac.update(number.as_str().as_bytes());
        let sum = mac.finalize().into_bytes();
        PhoneKey(
            sum[..KEY_BYTES]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(..)")
    }
}

/// So much of the HMAC is kept: no two numbers of a group will ever share it.
const KEY_BYTES: usize = 16;

/// A number's keyed hash in hex: what desk, outbox, timeline and logs know a phone by (P9).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneKey(String);

/// A text that is no phone key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a phone key is 32 hexadecimal digits")]
pub struct NotAKey;

impl PhoneKey {
    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PhoneKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        let hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex && text.len() == KEY_BYTES * 2 {
            Ok(PhoneKey(text))
        } else {
            Err(NotAKey)
        }
    }
}

impl FromStr for PhoneKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        text.to_owned().try_into()
    }
}

impl From<PhoneKey> for String {
    fn from(key: PhoneKey) -> String {
        key.0
    }
}

impl fmt::Display for PhoneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_all_its_spellings_is_one_number() {
        for typed in [
            "0470123456",
            "0470 12 34 56",
            "0470/12.34.56",
            "0470-12-34-56",
            "(0470) 12 34 56",
            "+32 470 12 34 56",
            "+32 (0)470 12 34 56",
            "+32(0)470/123456",
            "0032 470 12 34 56",
            "00 32 (0) 470 12 34 56",
            "＋３２４７０１２３４５６",
            "++32470123456",
            "tel:+32-470-12-34-56",
            "Tel. 0470 12 34 56",
            "GSM: 0470/12.34.56",
            "0470 12 34 56 ext. 12",
            "0470 12 34 56 x3",
            "0470 12 34 56 na 18u",
            "0470 12 34 56 / 09 200 00 00",
            "0470 12 34 56 of 09 200 00 00",
            "32470123456",
            "470123456",
            "\u{a0}0470\u{a0}12\u{a0}34\u{a0}56",
            "0470\u{2011}12\u{2011}34\u{2011}56",
            "\u{202a}+32 470 12 34 56\u{202c}",
        ] {
            let read = PhoneNumber::parse(typed, "BE");
            assert_eq!(
                read.as_ref().map(PhoneNumber::as_str),
                Ok("+32470123456"),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_national_number_is_read_by_the_country_given() {
        let dutch = PhoneNumber::parse("06 12345678", "nl").unwrap();
        assert_eq!(dutch.as_str(), "+31612345678");
        assert_eq!(dutch.country().as_deref(), Some("NL"));
        let german = PhoneNumber::parse("0151 23456789", "DE").unwrap();
        assert_eq!(german.country().as_deref(), Some("DE"));
        assert_eq!(
            PhoneNumber::parse("0470123456", "Belgium"),
            Err(NotANumber::NoSuchCountry)
        );
    }

    #[test]
    fn what_is_no_number_says_why() {
        for (typed, why) in [
            ("", NotANumber::NoDigits),
            ("call me", NotANumber::NoDigits),
            ("112", NotANumber::Short),
            ("1207", NotANumber::Short),
            ("+32 4411", NotANumber::Short),
            ("0470 12 34", NotANumber::NoSuchNumber),
            ("0470 12 34 56 78 90", NotANumber::NoSuchNumber),
            ("00000000000", NotANumber::NoSuchNumber),
        ] {
            assert_eq!(PhoneNumber::parse(typed, "BE"), Err(why), "{typed}");
        }
        assert!(PhoneNumber::parse(&"9".repeat(100_000), "BE").is_err());
    }

    #[test]
    fn numbers_that_cost_are_told_from_the_others() {
        for (typed, country) in [
            ("0900 12345", "BE"),
            ("0903 12345", "BE"),
            ("070 23 32 33", "BE"),
            ("0900 1234567", "NL"),
            ("0906 1234567", "NL"),
            ("0899 123456", "FR"),
            ("0825 123456", "FR"),
            ("0900 1234567", "DE"),
            ("0180 5123456", "DE"),
            ("+44 909 8790000", "BE"),
            ("+44 70 1234 5678", "BE"),
            ("+881 612 345 678", "BE"),
            ("+870 773 123 456", "BE"),
            ("+979 123 456 789", "BE"),
        ] {
            let kind = PhoneNumber::parse(typed, country).map(|number| number.kind());
            assert_eq!(kind, Ok(Kind::Premium), "{typed} {country}");
        }
        for (typed, country) in [
            ("0470 12 34 56", "BE"),
            ("09 200 00 00", "BE"),
            ("078 15 00 00", "BE"),
            ("0800 12345", "BE"),
            ("085 1234567", "NL"),
            ("088 1234567", "NL"),
            ("09 70 12 34 56", "FR"),
            ("+352 621 123 456", "BE"),
            ("+1 650 253 0000", "BE"),
        ] {
            let kind = PhoneNumber::parse(typed, country).map(|number| number.kind());
            assert_eq!(kind, Ok(Kind::Ordinary), "{typed} {country}");
        }
    }

    #[test]
    fn a_satellite_has_no_country() {
        let satellite = PhoneNumber::parse("+881 612 345 678", "BE").unwrap();
        assert_eq!(satellite.country(), None);
    }

    #[test]
    fn a_number_prints_shortened_and_is_kept_whole() {
        let number = PhoneNumber::parse("+32470000001", "BE").unwrap();
        assert_eq!(format!("{number:?} {number}"), "+3247…01 +3247…01");
        let kept = serde_json::to_string(&number).unwrap();
        assert_eq!(kept, r#""+32470000001""#);
        assert_eq!(serde_json::from_str::<PhoneNumber>(&kept).unwrap(), number);
    }

    #[test]
    fn only_the_shape_of_a_number_is_taken_back() {
        for text in [
            "",
            "+",
            "32470000001",
            "+0470000001",
            "+32 470",
            "+123456",
            "+1234567890123456",
        ] {
            assert!(PhoneNumber::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_stands_for_one_number_under_one_secret() {
        let number = PhoneNumber::parse("+32470000001", "BE").unwrap();
        let key = HashKey([7; 32]).of(&number);
        assert_eq!(key.as_str(), "0125578d33b9ebdcc3fb1b56bd30853a");
        assert_eq!(key, HashKey([7; 32]).of(&number));
        assert_ne!(key, HashKey([8; 32]).of(&number));
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!("no key".parse::<PhoneKey>(), Err(NotAKey));
        assert_eq!(format!("{:?}", HashKey([7; 32])), "HashKey(..)");
    }
}
