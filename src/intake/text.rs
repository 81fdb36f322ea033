//! Text from outside: decoded, cleaned, cut, and read as the few words that we know.

use std::borrow::Cow;

use leadbridge_providers::Language;

pub(super) const NAME_MAX_CHARS: usize = 100;
pub(super) const PHONE_MAX_CHARS: usize = 100;
/// The longest address that mail can be sent to (RFC 5321).
pub(super) const EMAIL_MAX_CHARS: usize = 254;
pub(super) const MESSAGE_MAX_CHARS: usize = 4_000;
pub(super) const ID_MAX_CHARS: usize = 200;
pub(super) const WORD_MAX_CHARS: usize = 100;
pub(super) const WORDING_MAX_CHARS: usize = 1_000;

/// Bytes 0x80 to 0x9F of windows-1252; the rest of it is Latin-1. Undefined ones stand for nothing.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];

/// UTF-8 if it is, UTF-16 if it starts so, else windows-1252, which is what feeds mean by ISO-8859-1. What a
/// body declares is not asked: too many declare what they don't send.
pub(super) fn decode(body: &[u8]) -> Cow<'_, str> {
    match body {
        [0xef, 0xbb, 0xbf, rest @ ..] => decode(rest),
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes).into(),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes).into(),
        bytes => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
        },
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units)
}

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// One line of at most `max_chars`; `None` if nothing is left of it.
pub(super) fn line(text: &str, max_chars: usize) -> Option<String> {
    let visible: String = text
        .chars()
        .filter(|c| c.is_whitespace() || is_visible(*c))
        .collect();
    cut(
        &visible.split_whitespace().collect::<Vec<_>>().join(" "),
        max_chars,
    )
}

/// Several lines of at most `max_chars` together; `None` if nothing is left of them.
pub(super) fn prose(text: &str, max_chars: usize) -> Option<String> {
    let lines: Vec<String> = text
        .lines()
        .map(|each| line(each, max_chars).unwrap_or_default())
        .collect();
    cut(lines.join("\n").trim(), max_chars)
}

fn cut(text: &str, max_chars: usize) -> Option<String> {
    let kept: String = text.chars().take(max_chars).collect();
    let kept = kept.trim_end();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// Neither a control character nor one that hides or turns the text around it.
fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        )
        && !matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
}

/// "An Peeters" or "Peeters, An" as given and family name.
pub(super) fn split_name(full: &str) -> (Option<String>, Option<String>) {
    let name = |part: &str| line(part, NAME_MAX_CHARS);
    if let Some((last, first)) = full.split_once(',') {
        return (name(first), name(last));
    }
    match full.trim().split_once(' ') {
        Some((first, last)) => (name(first), name(last)),
        None => (name(full), None),
    }
}

pub(super) fn email(text: &str) -> Option<String> {
    let address = line(text, EMAIL_MAX_CHARS)?;
    let (user, host) = address.rsplit_once('@')?;
    let shaped = !user.is_empty() && host.contains('.') && !address.contains(' ');
    shaped.then_some(address)
}

/// The first four digits in a row, if cars have been built in that year.
pub(super) fn year(text: &str) -> Option<u16> {
    let digits: String = text
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    let year = digits.parse().ok()?;
    (1886..=2100).contains(&year).then_some(year)
}

pub(super) fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "on" | "ja" | "oui" | "checked" | "accepted" => Some(true),
        "false" | "0" | "no" | "n" | "off" | "nee" | "non" | "nein" => Some(false),
        _ => None,
    }
}

pub(super) fn language(text: &str) -> Option<Language> {
    let text = text.trim().to_lowercase();
    match text.split(['-', '_']).next().unwrap_or_default() {
        "nl" | "nld" | "dut" | "nederlands" | "dutch" => Some(Language::Nl),
        "fr" | "fra" | "fre" | "français" | "francais" | "french" => Some(Language::Fr),
        "de" | "deu" | "ger" | "deutsch" | "german" => Some(Language::De),
        "en" | "eng" | "english" | "engels" => Some(Language::En),
        _ => None,
    }
}

/// One of INTERFACE's five words, from the words that sites use.
pub(super) fn interest(text: &str) -> Option<String> {
    let word = match letters(text).as_str() {
        "buy" | "purchase" | "kopen" | "acheter" | "kaufen" => "buy",
        "lease" | "leasing" | "leasen" => "lease",
        "sell" | "verkopen" | "vendre" | "verkaufen" => "sell",
        "tradein" | "overname" | "inruil" | "reprise" | "inzahlungnahme" => "trade-in",
        "testdrive" | "proefrit" | "essai" | "probefahrt" => "test-drive",
        _ => return None,
    };
    Some(word.to_owned())
}

/// `new` or `used`, from the words that sites use.
pub(super) fn condition(text: &str) -> Option<String> {
    let word = match letters(text).as_str() {
        "new" | "nieuw" | "neuf" | "neuve" | "neu" | "neuwagen" => "new",
        "used" | "preowned" | "tweedehands" | "occasion" | "gebraucht" | "gebrauchtwagen" => "used",
        _ => return None,
    };
    Some(word.to_owned())
}

fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect()
}
