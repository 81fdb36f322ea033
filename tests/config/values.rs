//! What is read, and what holds when a key is left out.

use std::path::Path;

use leadbridge::hours::Hours;
use leadbridge::io::config::{CarrierKind, Environment, Pbx, Store, load};
use leadbridge::phone::{HashKey, PhoneNumber};
use leadbridge::rotation::{AfterHours, RepId, RooftopId, SourceId, Strategy};
use leadbridge::source::Auth;
use leadbridge_providers::Language;
use leadbridge_providers::asterisk::MODULES;
use secrecy::ExposeSecret;

use crate::files::{Folder, LEADBRIDGE, ROTATION};

fn shipped_env() -> Environment {
    [
        ("LEADBRIDGE_API_TOKEN", "a-token-of-some-length"),
        ("TWILIO_TOKEN", "b"),
        (
            "WEBSITE_SECRET",
            "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
        ),
    ]
    .into_iter()
    .collect()
}

#[test]
fn the_shipped_files_load_without_a_word() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let loaded = load(
        &shipped.join("leadbridge.toml"),
        &HashKey([7; 32]),
        &shipped_env(),
    )
    .unwrap();
    assert_eq!(
        loaded
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    assert_eq!(loaded.rules.reps.len(), 3);
}

#[test]
fn every_value_that_the_shipped_files_call_a_default_is_the_default() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let written = load(
        &shipped.join("leadbridge.toml"),
        &HashKey([7; 32]),
        &shipped_env(),
    )
    .unwrap();
    let folder = Folder::with("rotation.toml", "ring_s = 25\n", "");
    let left_out = folder.load().unwrap();
    let gent = RooftopId("gent".to_owned());
    let mut terms = left_out.rules.rooftops[&gent].terms.clone();
    terms.rounds_s = vec![0, 120, 600, 1800, 5400];
    assert_eq!(terms, written.rules.rooftops[&gent].terms);
    assert_eq!(
        left_out.rules.rooftops[&gent].strategy,
        written.rules.rooftops[&gent].strategy
    );
    let (left_out, written) = (left_out.settings, written.settings);
    assert_eq!(left_out.server.listen, written.server.listen);
    assert_eq!(
        left_out.server.trusted_proxies,
        written.server.trusted_proxies
    );
    assert_eq!(left_out.server.body_max_kb, written.server.body_max_kb);
    assert_eq!(left_out.server.flood_per_s, written.server.flood_per_s);
    assert_eq!(left_out.notice.text, written.notice.text);
    assert_eq!(left_out.retention, written.retention);
    assert_eq!(
        left_out.guard.customer_rings_per_day,
        written.guard.customer_rings_per_day
    );
    assert_eq!(
        left_out.carriers[0].calls_per_s,
        written.carriers[0].calls_per_s
    );
    let base_url = |settings: &leadbridge::io::config::Settings| match &settings.carriers[0].kind {
        CarrierKind::Twilio { base_url, .. } => Some(base_url.clone()),
        CarrierKind::Asterisk(_) => None,
    };
    assert_eq!(base_url(&left_out), base_url(&written));
}

#[test]
fn every_scheme_that_the_shipped_sources_describe_loads() {
    let shipped = include_str!("../../config/sources.toml");
    let described = shipped
        .lines()
        .filter_map(|line| line.strip_prefix("#   auth = "));
    let mut schemes = 0;
    for auth in described {
        let folder = Folder::with(
            "sources.toml",
            "{ scheme = \"sha256\", header = \"X-Signature-256\", secret = { env = \"WEBSITE\" } }",
            &auth.replace("WEBSITE_SECRET", "WHSEC"),
        );
        assert!(folder.load().is_ok(), "{auth}: {}", folder.rendered());
        schemes += 1;
    }
    assert_eq!(schemes, 6);
}

#[test]
fn the_settings_are_those_of_the_file() {
    let folder = Folder::new();
    let settings = folder.load().unwrap().settings;
    assert_eq!(settings.server.public_url, "https://bridge.example.be");
    assert_eq!(settings.server.data_dir, folder.path("data"));
    assert_eq!(
        settings.server.api_token.expose_secret(),
        "api-secret-of-some-length"
    );
    assert!(
        matches!(&settings.store, Store::Sqlite(file) if *file == folder.path("data/leadbridge.db"))
    );
    assert_eq!(settings.files.rotation, folder.path("rotation.toml"));
    assert_eq!(settings.guard.countries, ["BE", "NL"]);
    let CarrierKind::Twilio { tokens, .. } = &settings.carriers[0].kind else {
        panic!("{:?}", settings.carriers);
    };
    let tokens: Vec<&str> = tokens.iter().map(|token| token.expose_secret()).collect();
    assert_eq!(tokens, ["old-secret", "new-secret"]);
}

#[test]
fn each_kind_of_data_is_kept_for_days_of_its_own() {
    assert!(
        Folder::new()
            .load()
            .unwrap()
            .settings
            .retention
            .is_endless()
    );
    let folder = Folder::with(
        "leadbridge.toml",
        "[guard]",
        "[retention]\nraw_days = 30\npersonal_days = 365\n[guard]",
    );
    let kept = folder.load().unwrap().settings.retention;
    let days = (kept.raw_days, kept.personal_days, kept.leads_days);
    assert_eq!(days, (30, 365, 0));
    assert!(!kept.is_endless());
}

/// The carrier of these lines, in the place of the usual one.
fn pbx(lines: &str) -> (Pbx, f64) {
    let (usual, _) = LEADBRIDGE.split_once("[[carrier]]").unwrap();
    let folder = Folder::new();
    folder.write("leadbridge.toml", &format!("{usual}{lines}"));
    let rotation = ROTATION.replace("carrier = \"main\"", "carrier = \"pbx\"");
    folder.write("rotation.toml", &rotation);
    let mut carriers = folder.load().unwrap().settings.carriers;
    let carrier = carriers.pop().unwrap();
    let CarrierKind::Asterisk(pbx) = carrier.kind else {
        panic!("{:?}", carrier.kind);
    };
    (pbx, carrier.calls_per_s)
}

#[test]
fn a_pbx_is_read_as_the_shipped_file_describes_it() {
    let shipped = include_str!("../../config/leadbridge.toml");
    let (_, described) = shipped.split_once("# [[carrier]]").unwrap();
    let lines = described.lines().map(|line| line.strip_prefix("# "));
    let lines: Vec<&str> = lines.map(Option::unwrap_or_default).collect();
    let described = format!("[[carrier]]{}", lines.join("\n"));
    let (described, pace) = pbx(&described.replace("ASTERISK_PASSWORD", "NEW"));
    assert_eq!(described.password.expose_secret(), "new-secret");
    assert_eq!(described.endpoint, "PJSIP/{number}@trunk");
    let an = PhoneNumber::parse("+32470000001", "BE").unwrap();
    assert_eq!(described.endpoints[&an], "PJSIP/an");
    assert_eq!(described.endpoints.len(), 2);

    let (short, usual_pace) = pbx("[[carrier]]\nid = \"pbx\"\nkind = \"asterisk\"\n\
         url = \"http://127.0.0.1:8088/\"\nuser = \"leadbridge\"\n\
         password = { env = \"NEW\" }\nendpoint = \"PJSIP/{number}@trunk\"\n");
    assert_eq!((short.url, short.app), (described.url, described.app));
    assert_eq!((short.voice, usual_pace), (described.voice, pace));
    assert!(short.endpoints.is_empty());
}

#[test]
fn the_files_for_the_pbx_are_about_the_same_carrier() {
    let shipped = include_str!("../../config/leadbridge.toml");
    let modules = include_str!("../../config/asterisk/modules.conf");
    for module in MODULES {
        assert!(
            modules.contains(&format!("\nload = {module}\n")),
            "{module}"
        );
    }
    for (file, theirs, ours) in [
        (
            include_str!("../../config/asterisk/ari.conf"),
            "\n[leadbridge]\n",
            "\n# user = \"leadbridge\"\n",
        ),
        (
            include_str!("../../config/asterisk/http.conf"),
            "\nbindport = 8088\n",
            "\n# url = \"http://127.0.0.1:8088\"\n",
        ),
        (
            include_str!("../../config/asterisk/extensions.conf"),
            "Stasis(leadbridge,",
            "\n# app = \"leadbridge\"\n",
        ),
        (
            include_str!("../../config/asterisk/pjsip.conf"),
            "\n[trunk](",
            "\n# endpoint = \"PJSIP/{number}@trunk\"\n",
        ),
        (
            include_str!("../../config/asterisk/pjsip.conf"),
            "\n[an](",
            "\"PJSIP/an\"",
        ),
    ] {
        assert!(
            file.contains(theirs) && shipped.contains(ours),
            "{theirs} {ours}"
        );
    }
}

#[test]
fn each_language_may_have_a_voice_of_its_own() {
    let (pbx, _) = pbx("[[carrier]]\nid = \"pbx\"\nkind = \"asterisk\"\n\
         url = \"http://127.0.0.1:8088\"\nuser = \"leadbridge\"\n\
         password = { env = \"NEW\" }\nendpoint = \"PJSIP/{number}@trunk\"\n\
         voice = { fr = [\"say\", \"--voice={language}-be\"] }\n");
    assert_eq!(pbx.voice.0[&Language::Fr], ["say", "--voice=fr-be"]);
    assert_eq!(
        pbx.voice.0[&Language::De],
        ["espeak-ng", "-v", "de", "--stdout"]
    );
    assert_eq!(pbx.voice.0.len(), 4);
}

#[test]
fn a_database_server_s_address_may_be_a_secret() {
    let plain = Folder::with(
        "leadbridge.toml",
        "[guard]",
        "[store]\nurl = \"postgres://leadbridge@db/leadbridge\"\n[guard]",
    );
    assert!(matches!(
        plain.load().unwrap().settings.store,
        Store::Postgres(_)
    ));
    let named = Folder::with(
        "leadbridge.toml",
        "[guard]",
        "[store]\nurl = { env = \"DATABASE\" }\n[guard]",
    );
    assert!(
        matches!(&named.load().unwrap().settings.store, Store::Postgres(url) if url.expose_secret().contains("secret@db"))
    );
}

#[test]
fn the_rules_are_those_of_the_file() {
    let rules = Folder::new().load().unwrap().rules;
    let an = &rules.reps[&RepId("an".to_owned())];
    assert_eq!(an.phone, PhoneNumber::parse("+32470000001", "BE").unwrap());
    assert_eq!(an.key, HashKey([7; 32]).of(&an.phone));
    assert_eq!(an.language, Language::Fr);
    assert_eq!(
        an.hours,
        Some(Hours::parse("Mo-Fr 09:00-18:00", "Europe/Brussels", "BE").unwrap())
    );
    assert_eq!(
        an.away,
        [("2026-12-24".parse().unwrap(), "2026-12-31".parse().unwrap())]
    );
    let paul = RepId("paul".to_owned());
    assert_eq!(
        (rules.reps[&paul].language, &rules.reps[&paul].hours),
        (Language::Nl, &None)
    );
    let gent = &rules.rooftops[&RooftopId("gent".to_owned())];
    assert_eq!(
        (gent.after_hours, gent.strategy),
        (AfterHours::Wait, Strategy::RoundRobin)
    );
    assert_eq!(gent.managers, [paul], "the owners unless others are named");
    assert_eq!(gent.terms.ring_s, 25, "from [group]");
    assert_eq!(gent.terms.rounds_s, [0, 30, 600], "decimals of a minute");
    assert_eq!(
        (rules.countries, rules.customer_rings_per_day),
        (vec!["BE".to_owned(), "NL".to_owned()], 4)
    );
}

#[test]
fn a_rooftop_s_own_terms_go_before_the_group_s() {
    let folder = Folder::with(
        "rotation.toml",
        "rounds_min",
        "ring_s = 0\nmanagers = [\"an\"]\ntimezone = \"Europe/London\"\nrounds_min",
    );
    let rules = folder.load().unwrap().rules;
    let gent = &rules.rooftops[&RooftopId("gent".to_owned())];
    assert_eq!(
        (gent.terms.ring_s, gent.managers.as_slice()),
        (0, [RepId("an".to_owned())].as_slice())
    );
    let london = Hours::parse("Mo-Su 08:00-21:00", "Europe/London", "BE").unwrap();
    assert_eq!(
        gent.customer_hours, london,
        "the same text by the rooftop's own clock"
    );
}

#[test]
fn an_owner_may_be_in_the_rotation_too() {
    let folder = Folder::new();
    assert_eq!(folder.told(), Vec::<String>::new());
}

#[test]
fn a_source_is_read_with_its_secret() {
    let sources = Folder::new().load().unwrap().sources;
    let website = &sources[&SourceId("website".to_owned())];
    assert_eq!(
        (website.rooftop.0.as_str(), website.rate_per_min),
        ("gent", 60)
    );
    assert!(matches!(&website.auth, Auth::Sha256 { header, secret }
        if header == "x-signature-256" && secret.expose_secret() == "website-secret-of-some-length"));
}

#[test]
fn a_source_that_asks_whether_the_address_is_ours_has_a_word_for_it() {
    let folder = Folder::with(
        "sources.toml",
        "auth =",
        "challenge = { env = \"NEW\" }\nauth =",
    );
    let sources = folder.load().unwrap().sources;
    let website = &sources[&SourceId("website".to_owned())];
    assert!(
        website.asks_with("new-secret")
            && !website.asks_with("new-secrex")
            && !website.asks_with("")
    );
    let mute = Folder::new().load().unwrap().sources;
    assert!(!mute[&SourceId("website".to_owned())].asks_with(""));
}
