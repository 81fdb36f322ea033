//! One text message is 160 characters of an alphabet of its own; a single character from outside makes it 70.

/// What fits into one message.
const ONE: usize = 160;
/// What fits into each part of a longer one.
const PART: usize = 153;

/// GSM 03.38: one unit each.
const PLAIN: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its second page: two units each.
const SECOND: &str = "^{}\\[~]|€";

/// The same in the alphabet of text messages: what it lacks becomes its nearest letter, or nothing.
pub fn in_gsm(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        if PLAIN.contains(letter) || SECOND.contains(letter) {
            written.push(letter);
        } else {
            written.push_str(nearest(letter));
        }
    }
    written
}

/// How many messages a text of that alphabet costs.
pub fn segments(text: &str) -> usize {
    match text.chars().map(units).sum() {
        0..=ONE => 1,
        longer => longer.div_ceil(PART),
    }
}

fn units(letter: char) -> usize {
    if SECOND.contains(letter) { 2 } else { 1 }
}

fn nearest(letter: char) -> &'static str {
    match letter {
        'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' => "a",
        'Á' | 'À' | 'Â' | 'Ã' | 'Ą' => "A",
        'ç' | 'ć' | 'č' => "c",
        'Ć' | 'Č' => "C",
        'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'È' | 'Ê' | 'Ë' | 'Ę' => "E",
        'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'Í' | 'Î' | 'Ï' | 'İ' => "I",
        'ł' => "l",
        'Ł' => "L",
        'ń' | 'ň' => "n",
        'ó' | 'ô' | 'õ' | 'ő' => "o",
        'Ó' | 'Ò' | 'Ô' | 'Õ' => "O",
        'ř' => "r",
        'š' | 'ś' | 'ş' => "s",
        'Š' | 'Ś' | 'Ş' => "S",
        'ú' | 'û' | 'ů' | 'ű' => "u",
        'Ú' | 'Ù' | 'Û' => "U",
        'ý' | 'ÿ' => "y",
        'ž' | 'ź' | 'ż' => "z",
        'Ž' | 'Ź' | 'Ż' => "Z",
        'ğ' => "g",
        'œ' => "oe",
        'Œ' => "OE",
        '’' | '‘' | '´' | '`' => "'",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '–' | '—' | '‑' | '·' | '•' => "-",
        '…' => "...",
        '\u{a0}' | '\u{202f}' | '\t' => " ",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_message_can_not_hold_becomes_its_nearest_letter() {
        assert_eq!(in_gsm("Françoise Lemaître"), "Francoise Lemaitre");
        assert_eq!(in_gsm("Müller – “Autohaus” 🚗"), "Müller - \"Autohaus\" ");
        assert_eq!(in_gsm("Škoda Citroën, 20 000 €"), "Skoda Citroen, 20 000 €");
    }

    #[test]
    fn a_long_text_is_counted_as_the_carrier_bills_it() {
        assert_eq!(segments(&"a".repeat(160)), 1);
        assert_eq!(segments(&"a".repeat(161)), 2);
        assert_eq!(segments(&"a".repeat(306)), 2);
        assert_eq!(segments(&"a".repeat(307)), 3);
        assert_eq!(segments(&format!("{}€", "a".repeat(159))), 2);
    }
}
