//! Intake against bytes: the samples of `corpus`, each beside the lead that it is, and thousands of bodies that
//! grow out of them by damage. A sample is `<name>.txt`, its lead `<name>.lead` (JSON, absent fields are empty).

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use fastrand::Rng;
use jiff::tz::TimeZone;
use leadbridge::intake::{Format, Unreadable, read};
use leadbridge::lead::Lead;
use leadbridge::phone::PhoneNumber;

const FORMATS: [(Format, &str); 3] = [
    (Format::Json, "json"),
    (Format::Form, "form"),
    (Format::Adf, "adf"),
];

const MUTATIONS: usize = 10_000;

#[test]
fn every_sample_is_the_lead_beside_it() {
    for (format, folder) in FORMATS {
        for (name, body) in samples(folder) {
            let beside = corpus(folder).join(format!("{name}.lead"));
            let expected: Lead =
                serde_json::from_str(&fs::read_to_string(beside).unwrap()).unwrap();
            assert_eq!(
                read(format, &body, &brussels()),
                Ok(expected),
                "{folder}/{name}"
            );
        }
    }
}

#[test]
fn a_body_that_is_no_lead_says_what_and_how_to_mend_it() {
    for (format, body, said) in [
        (Format::Json, "", "it is empty"),
        (Format::Json, "{\"phone\":\n \"0470\"", "line 2 column 7"),
        (Format::Json, "[{\"phone\":\"1\"}]", "no object"),
        (
            Format::Json,
            "{\"colour\":\"red\"}",
            "send at least `phone`",
        ),
        (Format::Json, "<adf/>", "format = \"adf\""),
        (Format::Json, "phone=0470", "format = \"form\""),
        (Format::Form, "", "empty"),
        (Format::Form, "{\"phone\":\"1\"}", "format = \"json\""),
        (Format::Form, "<adf/>", "format = \"adf\""),
        (
            Format::Form,
            "--x\r\nContent-Disposition: form-data",
            "multipart",
        ),
        (Format::Form, "colour=red", "send at least `phone`"),
        (Format::Adf, "", "it is empty"),
        (Format::Adf, "{}", "format = \"json\""),
        (Format::Adf, "<html>", "another kind"),
        (
            Format::Adf,
            "<?xml version=\"1.0\"?><note/>",
            "no <prospect>",
        ),
        (
            Format::Adf,
            "<adf>\n<prospect><id>1</id>",
            "line 2, column 21",
        ),
        (Format::Adf, "<adf><prospect><customer", "breaks off"),
        (Format::Adf, "<adf><prospect", "breaks off"),
    ] {
        let sentence = read(format, body.as_bytes(), &brussels())
            .unwrap_err()
            .to_string();
        assert!(sentence.contains(said), "{format:?} {body}: {sentence}");
    }
}

#[test]
fn of_several_prospects_none_is_lost() {
    let first = "<prospect><customer><contact><phone>0470 00 00 01</phone></contact></customer>";
    for rest in [
        "</prospect><prospect><id>2</id></prospect>",
        "</prospect></adf><adf><x:PROSPECT status=\"new\"/></adf>",
        "</prospect><!-- é <prospect>",
        "<prospect><id>2</id></prospect>",
        "<![CDATA[ é </prospect><prospect>",
    ] {
        let body = format!("<adf>{first}{rest}");
        let said = sentence(read(Format::Adf, body.as_bytes(), &brussels()));
        assert!(said.contains("one lead per request"), "{rest}: {said}");
    }
    for rest in [
        "</prospect></adf> a <prospectus> of ours",
        "</prospect><!-- <prospect> --></adf>",
        "</prospect></adf> <!",
    ] {
        let body = format!("<adf>{first}{rest}");
        let lead = read(Format::Adf, body.as_bytes(), &brussels()).unwrap();
        assert_eq!(lead.phone.as_deref(), Some("0470 00 00 01"), "{rest}");
    }
}

#[test]
fn a_body_nested_or_long_beyond_reason_is_refused_in_words() {
    let json = "{\"phone\":".repeat(100_000);
    assert!(sentence(read(Format::Json, json.as_bytes(), &brussels())).contains("recursion"));
    let xml = format!("<adf>{}", "<prospect>".repeat(100_000));
    assert!(sentence(read(Format::Adf, xml.as_bytes(), &brussels())).contains("nested"));
    let long = vec![b' '; 5 * 1024 * 1024];
    for (format, _) in FORMATS {
        assert!(sentence(read(format, &long, &brussels())).contains("at most"));
    }
}

#[test]
fn a_long_text_is_cut_and_the_lead_stays() {
    let words = "ë ".repeat(50_000);
    let body =
        format!("{{\"phone\":\"0470000001\",\"first_name\":\"{words}\",\"message\":\"{words}\"}}");
    let lead = read(Format::Json, body.as_bytes(), &brussels()).unwrap();
    assert_eq!(lead.phone.as_deref(), Some("0470000001"));
    assert_within_limits(&lead);
    assert_eq!(lead.message.unwrap().chars().count(), 3_999);
}

#[test]
fn half_an_emoji_is_left_out_and_the_lead_stays() {
    for (written, message) in [
        (r"hallo \ud83d", "hallo"),
        (r"\uDE00\uD83D\uDE00 \ud83d\ud83d\ude00", "😀 😀"),
        (r"\ud83d\n\\ud83d \\\ud83d.", r"\ud83d \."),
        (r"\ud83d\u00e9 é", "é é"),
    ] {
        let body = format!(r#"{{"phone":"0470000001","message":"{written}"}}"#);
        let lead = read(Format::Json, body.as_bytes(), &brussels()).unwrap();
        assert_eq!(lead.message.as_deref(), Some(message), "{written}");
    }
    for broken in [r"\ud83", r"\ud83dé\", r"\ud83d\x", r"\ud83d\"] {
        let body = format!(r#"{{"phone":"0470000001","message":"{broken}"#);
        let said = sentence(read(Format::Json, body.as_bytes(), &brussels()));
        assert!(said.contains("check quotes"), "{said}");
    }
}

#[test]
fn two_ids_too_long_for_a_number_are_not_one_id() {
    let body = br#"{"id":12345678901234567890123,"phone":"0470000001"}"#;
    assert_eq!(read(Format::Json, body, &brussels()).unwrap().id, None);
}

#[test]
fn ten_thousand_damaged_bodies_of_each_format_are_leads_or_sentences() {
    for (format, folder) in FORMATS {
        let whole = bodies_of_all_formats(folder);
        let mut random = Rng::with_seed(20_261_122);
        let mut read_as_leads = 0;
        for round in 0..MUTATIONS {
            let body = damaged(&whole, &mut random);
            match read(format, &body, &brussels()) {
                Ok(lead) => {
                    assert_within_limits(&lead);
                    read_as_leads += 1;
                }
                Err(unreadable) => assert_is_a_sentence(&unreadable.to_string(), round),
            }
        }
        assert!(
            (MUTATIONS / 20..MUTATIONS).contains(&read_as_leads),
            "{folder}: {read_as_leads}"
        );
    }
}

#[test]
fn ten_thousand_damaged_numbers_are_numbers_or_none() {
    let whole: Vec<Vec<u8>> = [
        "0470 12 34 56",
        "+32 (0)470/12.34.56 ext. 3",
        "tel:+32-470-123456;ext=12;phone-context=+32",
        "0031 6 12345678 / 0900-1234567",
        "＋４４ (0) 20 7183 8750 na 18u",
        "1-800-FLOWERS",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    let mut random = Rng::with_seed(7);
    for _ in 0..MUTATIONS {
        let body = damaged(&whole, &mut random);
        if let Ok(number) = PhoneNumber::parse(&String::from_utf8_lossy(&body), "BE") {
            let kept = serde_json::to_string(&number).unwrap();
            assert_eq!(serde_json::from_str::<PhoneNumber>(&kept).unwrap(), number);
            assert!(format!("{number:?}").chars().count() == 8, "{kept}");
            let _ = (number.kind(), number.country());
        }
    }
}

/// The format's own samples first and most, the others' for splicing.
fn bodies_of_all_formats(folder: &str) -> Vec<Vec<u8>> {
    let own = samples(folder).into_iter().cycle().take(60);
    let others = FORMATS.iter().flat_map(|(_, other)| samples(other));
    own.chain(others).map(|(_, body)| body).collect()
}

fn damaged(whole: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut body = whole[random.usize(..whole.len())].clone();
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=body.len());
        let end = random.usize(at..=body.len());
        match random.u8(..5) {
            0 => body
                .iter_mut()
                .skip(at)
                .take(3)
                .for_each(|byte| *byte ^= 1 << random.u8(..8)),
            1 => drop(body.drain(at..end.min(at + 40))),
            2 => body.extend_from_within(at..end),
            3 => body.truncate(body.len() - (end - at) / 4),
            _ => {
                let other = &whole[random.usize(..whole.len())];
                let from = random.usize(..=other.len());
                let to = random.usize(from..=other.len());
                drop(body.splice(at..at, other[from..to].iter().copied()));
            }
        }
    }
    body
}

fn assert_is_a_sentence(text: &str, round: usize) {
    assert!(
        text.starts_with("the ") && text.len() < 400,
        "round {round}: {text}"
    );
    assert!(
        !text.contains("0470") && !text.contains("Peeters"),
        "round {round} quotes: {text}"
    );
}

fn assert_within_limits(lead: &Lead) {
    let vehicle = &lead.vehicle;
    for (text, max_chars) in [
        (&lead.id, 200),
        (&lead.first_name, 100),
        (&lead.last_name, 100),
        (&lead.phone, 100),
        (&lead.email, 254),
        (&lead.message, 4_000),
        (&lead.rep, 100),
        (&lead.consent.wording, 1_000),
        (&vehicle.make, 100),
        (&vehicle.model, 100),
        (&vehicle.stock, 100),
    ] {
        let text = text.as_deref().unwrap_or("x");
        assert!((1..=max_chars).contains(&text.chars().count()), "{text}");
        assert_eq!(text.trim(), text);
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n'),
            "{text:?}"
        );
    }
}

fn sentence(read: Result<Lead, Unreadable>) -> String {
    read.unwrap_err().to_string()
}

fn brussels() -> TimeZone {
    TimeZone::get("Europe/Brussels").unwrap()
}

/// Names and bodies, in order of name, so that every run is the same.
fn samples(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut samples: Vec<_> = fs::read_dir(corpus(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

fn corpus(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/intake/corpus")
        .join(folder)
}
