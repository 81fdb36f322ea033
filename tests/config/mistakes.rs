//! Every mistake, where it is and what to write instead.

use crate::files::Folder;

const LEADBRIDGE: &str = "leadbridge.toml";
const ROTATION: &str = "rotation.toml";
const SOURCES: &str = "sources.toml";

/// A file, what stood there, what stands there now, and what is told.
type Mistake = (&'static str, &'static str, &'static str, &'static str);

fn check(mistakes: &[Mistake]) {
    for (name, old, new, told) in mistakes {
        assert_eq!(
            Folder::with(name, old, new).told().join("\n"),
            *told,
            "{new}"
        );
    }
}

#[test]
fn a_mistake_is_shown_as_a_compiler_shows_one() {
    let folder = Folder::with(
        "rotation.toml",
        "Mo-Fr 09:00-18:30; PH off",
        "Ma-Vr 9u-18u30",
    );
    assert_eq!(
        folder.rendered(),
        "error: these hours cannot be read from `Ma-Vr 9u-18u30` on
  --> rotation.toml:27:10
   |
27 | hours = \"Ma-Vr 9u-18u30\"
   |          ^^^^^^^^^^^^^^
   |
   = help: write \"Mo-Fr 09:00-18:30\""
    );
    let twice = Folder::with("rotation.toml", "+32470000009", "+32470000001");
    assert_eq!(
        twice.rendered(),
        "error: two reps have the same phone
  --> rotation.toml:19:9
   |
11 | phone = \"0470 00 00 01\"
   |         --------------- here first
...
19 | phone = \"+32470000001\"
   |         ^^^^^^^^^^^^^^
   |
   = help: give each rep a phone of their own"
    );
    let reports = twice.load().unwrap_err();
    assert!(
        reports[0].render(true).contains("\u{1b}["),
        "and in colours where there are colours"
    );
}

#[test]
fn a_word_that_is_not_known_and_a_value_of_another_type() {
    check(&[
        (
            ROTATION,
            r#"hours = "Mo-Fr 09:00-18:00""#,
            r#"huors = "Mo-Fr 09:00-18:00""#,
            "rotation.toml:13:1 [[rep]] has no key `huors` -> did you mean `hours`?",
        ),
        (
            ROTATION,
            "[[rooftop]]",
            "[[roof]]",
            "rotation.toml:1:1 the file has no `rooftop` -> add the line  [[rooftop]]  and below it  id, name, carrier, caller_id, hours, reps, owner\nrotation.toml:21:3 the file has no key `roof` -> did you mean `rooftop`?",
        ),
        (
            ROTATION,
            r#"name = "An Claes""#,
            "name = An Claes",
            r#"rotation.toml:10:8 words must stand between quotes -> write them so: name = "An Claes""#,
        ),
        (
            ROTATION,
            r#"name = "An Claes""#,
            "name = 12",
            r#"rotation.toml:10:8 `name` must be a text, and this is a whole number -> write  name = "..""#,
        ),
        (
            ROTATION,
            "name = \"An Claes\"\n",
            "",
            r#"rotation.toml:8:1 [[rep]] has no `name` -> add the line  name = "An Claes""#,
        ),
        (
            ROTATION,
            "ring_s = 25",
            r#"ring_s = "25""#,
            "rotation.toml:6:10 `ring_s` must be a whole number, and this is a text -> write  ring_s = 10",
        ),
        (
            ROTATION,
            "ring_s = 25",
            "ring_s = -1",
            "rotation.toml:6:10 `ring_s` must lie between 0 and 120 -> write a number in that range, or take the line away for the default of `ring_s`",
        ),
        (
            ROTATION,
            "ring_s = 25",
            "ring_s = 99999999999999999999",
            "rotation.toml:6:10 `ring_s` must lie between 0 and 120 -> write a number in that range, or take the line away for the default of `ring_s`",
        ),
        (
            ROTATION,
            "ring_s = 25",
            "ring_s = 25\nring_s = 30",
            "rotation.toml:7:1 this stands here twice -> take one of the two away; several reps each begin with [[rep]]",
        ),
        (
            ROTATION,
            r#"owner = ["paul"]"#,
            r#"owner = "paul""#,
            "rotation.toml:30:9 `owner` must be a list, and this is a text -> write  owner = [ .. ]",
        ),
        (
            ROTATION,
            "[[rep]]\nid = \"an\"",
            "[rep]\nid = \"an\"",
            "rotation.toml:16:3 this stands here twice -> take one of the two away; several reps each begin with [[rep]]",
        ),
        (
            ROTATION,
            r#"language = "nl""#,
            r#"language = "nederlands""#,
            "rotation.toml:3:12 `nederlands` is not known here -> one of: nl, fr, de, en",
        ),
        (
            ROTATION,
            r#"language = "nl""#,
            r#"language = "n1""#,
            r#"rotation.toml:3:12 `n1` is not known here -> did you mean "nl"?"#,
        ),
    ]);
}

#[test]
fn a_rep_who_cannot_be_rung() {
    check(&[
        (
            ROTATION,
            r#"id = "paul""#,
            r#"id = "an""#,
            "rotation.toml:17:6 the id `an` stands here twice -> give one of the two another id\nrotation.toml:29:15 there is no rep `paul` -> the reps of this file: an\nrotation.toml:30:10 there is no rep `paul` -> the reps of this file: an",
        ),
        (
            ROTATION,
            r#"id = "paul""#,
            r#"id = "Paul P""#,
            "rotation.toml:17:6 `Paul P` cannot be an id -> write small letters, digits and dashes, such as \"gent-2\"\nrotation.toml:29:15 there is no rep `paul` -> did you mean \"Paul P\"?\nrotation.toml:30:10 there is no rep `paul` -> did you mean \"Paul P\"?",
        ),
        (
            ROTATION,
            r#"phone = "+32470000009""#,
            r#"phone = "0470 00 00 01""#,
            "rotation.toml:19:9 two reps have the same phone -> give each rep a phone of their own",
        ),
        (
            ROTATION,
            r#"phone = "+32470000009""#,
            r#"phone = "0470 00 00""#,
            r#"rotation.toml:19:9 nobody can have this number: a digit too many, too few or mistyped -> write it whole: "+32470123456""#,
        ),
        (
            ROTATION,
            r#"phone = "+32470000009""#,
            r#"phone = "112""#,
            "rotation.toml:19:9 this is a short number that only works inside one network -> write a full number as +32470123456",
        ),
        (
            ROTATION,
            r#"phone = "+32470000009""#,
            r#"phone = "mobile""#,
            "rotation.toml:19:9 this is no telephone number -> write it as +32470123456",
        ),
        (
            ROTATION,
            r#"phone = "+32470000009""#,
            r#"phone = "0900 12 345""#,
            "rotation.toml:19:9 this is a premium number: ringing it costs extra -> write an ordinary fixed or mobile number",
        ),
        (
            ROTATION,
            r#"["fr", "nl"]"#,
            r#"["vl"]"#,
            r#"rotation.toml:12:14 `vl` is not known here -> did you mean "nl"?"#,
        ),
        (
            ROTATION,
            r#"["fr", "nl"]"#,
            "[]",
            r#"rotation.toml:12:13 `languages` is empty -> write ["nl"], or take the line away for the group's language"#,
        ),
        (
            ROTATION,
            "Mo-Fr 09:00-18:00",
            "Mo-Fr 09:00-18:00 lunch",
            r#"rotation.toml:13:28 these hours cannot be read from `lunch` on -> write "Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off""#,
        ),
        (
            ROTATION,
            "Mo-Fr 09:00-18:00",
            "Mo, We 09:00-18:00",
            r#"rotation.toml:13:12 a comma and a space begin a new rule: the day before it would be open day and night -> write "Mo,We 09:00-18:00""#,
        ),
        (
            ROTATION,
            "Mo-Fr 09:00-18:00",
            "",
            r#"rotation.toml:13:9 no hours are given -> write "Mo-Fr 09:00-18:30; Sa 10:00-17:00; PH off""#,
        ),
        (
            ROTATION,
            "2026-12-24/2026-12-31",
            "2026-12-31/2026-12-24",
            r#"rotation.toml:14:9 this absence ends before it begins -> write the first day first: "2026-12-24/2026-12-31""#,
        ),
        (
            ROTATION,
            "2026-12-24/2026-12-31",
            "24/12/2026",
            r#"rotation.toml:14:9 `24/12/2026` are no days -> write year-month-day, the first and the last: "2026-12-24/2026-12-31""#,
        ),
        (
            ROTATION,
            "away",
            "email = \"an at example.be\"\naway",
            r#"rotation.toml:14:9 this is no e-mail address -> write an address such as "an@example.be""#,
        ),
    ]);
}

#[test]
fn a_rooftop_that_would_ring_the_wrong_people() {
    check(&[
        (
            ROTATION,
            r#""Europe/Brussels""#,
            r#""Europe/Brussel""#,
            r#"rotation.toml:4:12 there is no time zone `Europe/Brussel` -> did you mean "Europe/Brussels"?"#,
        ),
        (
            ROTATION,
            r#""Europe/Brussels""#,
            r#""here""#,
            r#"rotation.toml:4:12 there is no time zone `here` -> write a continent and a city, such as "Europe/Brussels""#,
        ),
        (
            ROTATION,
            r#"country = "BE""#,
            r#"country = "Belgium""#,
            r#"rotation.toml:5:11 there is no country `Belgium` -> write its two letters, such as "BE""#,
        ),
        (
            ROTATION,
            r#"carrier = "main""#,
            r#"carrier = "mian""#,
            r#"rotation.toml:24:11 there is no carrier `mian` -> did you mean "main"?"#,
        ),
        (
            ROTATION,
            r#"carrier = "main""#,
            r#"carrier = "telnyx""#,
            "rotation.toml:24:11 there is no carrier `telnyx` -> the carriers of leadbridge.toml: main",
        ),
        (
            ROTATION,
            r#"caller_id = "+3292000000""#,
            r#"caller_id = "+32470111111""#,
            "rotation.toml:25:13 (warning) Belgian operators block calls from abroad that show a Belgian mobile number -> rent a Belgian fixed number from the carrier and write that one",
        ),
        (
            ROTATION,
            r#"caller_id = "+3292000000""#,
            r#"caller_id = "+32470000001""#,
            "rotation.toml:25:13 (warning) Belgian operators block calls from abroad that show a Belgian mobile number -> rent a Belgian fixed number from the carrier and write that one\nrotation.toml:25:13 the number that rings the lead line is a rep's phone -> write a number rented from the carrier",
        ),
        (
            ROTATION,
            r#"reception = "+3292000001""#,
            r#"reception = "09 200 00 00""#,
            "rotation.toml:26:13 the reception's number rings the lead line again -> write a number that a person answers, or take the line away",
        ),
        (
            ROTATION,
            r#"after_hours = "wait""#,
            r#"after_hours = "duty""#,
            r#"rotation.toml:28:15 nobody is on duty after hours -> name who is on duty: duty = ["an"], or write after_hours = "owner""#,
        ),
        (
            ROTATION,
            r#"after_hours = "wait""#,
            "after_hours = \"duty\"\nduty = []",
            r#"rotation.toml:28:15 nobody is on duty after hours -> name who is on duty: duty = ["an"], or write after_hours = "owner""#,
        ),
        (
            ROTATION,
            r#"after_hours = "wait""#,
            r#"after_hours = "owners""#,
            r#"rotation.toml:28:15 `owners` is not known here -> did you mean "owner"?"#,
        ),
        (
            ROTATION,
            r#"reps = ["an", "paul"]"#,
            r#"reps = ["an", "paal"]"#,
            r#"rotation.toml:29:15 there is no rep `paal` -> did you mean "paul"?"#,
        ),
        (
            ROTATION,
            r#"reps = ["an", "paul"]"#,
            r#"reps = ["chloe"]"#,
            "rotation.toml:29:9 there is no rep `chloe` -> the reps of this file: an, paul",
        ),
        (
            ROTATION,
            r#"reps = ["an", "paul"]"#,
            r#"reps = ["an", "an"]"#,
            "rotation.toml:29:15 `an` stands in this list twice -> take one of the two away",
        ),
        (
            ROTATION,
            r#"owner = ["paul"]"#,
            "owner = []",
            r#"rotation.toml:30:9 nobody is the owner -> name at least one rep, who is rung last: owner = ["paul"]"#,
        ),
        (
            ROTATION,
            "owner = [\"paul\"]\n",
            "",
            r#"rotation.toml:21:1 [[rooftop]] has no `owner` -> add the line  owner = ["paul"]"#,
        ),
        (
            ROTATION,
            "ring_s = 25",
            r#"managers = ["paula"]"#,
            r#"rotation.toml:6:13 there is no rep `paula` -> did you mean "paul"?"#,
        ),
        (
            ROTATION,
            "[0, 0.5, 10]",
            "[1, 2]",
            "rotation.toml:31:15 the first round starts at once -> let the list begin with 0: [0, 2, 10]",
        ),
        (
            ROTATION,
            "[0, 0.5, 10]",
            "[0, 10, 2]",
            "rotation.toml:31:22 this round starts before the one before it -> let the minutes rise: [0, 2, 10]",
        ),
        (
            ROTATION,
            "[0, 0.5, 10]",
            "[0, 2, 2]",
            "rotation.toml:31:21 this round starts before the one before it -> let the minutes rise: [0, 2, 10]",
        ),
        (
            ROTATION,
            "[0, 0.5, 10]",
            "[0, -2]",
            "rotation.toml:31:18 `rounds_min` must be 0 or more -> write a number in that range, or take the line away for the default of `rounds_min`",
        ),
        (
            ROTATION,
            "[0, 0.5, 10]",
            "[]",
            "rotation.toml:31:14 the first round starts at once -> let the list begin with 0: [0, 2, 10]",
        ),
        (
            ROTATION,
            "[0, 0.5, 10]",
            "[0, 99999]",
            "rotation.toml:31:18 after 7 days no lead is open -> write fewer minutes",
        ),
        (
            ROTATION,
            "ring_s = 25",
            r#"customer_hours = "8u-21u""#,
            r#"rotation.toml:6:19 these hours cannot be read from `8u-21u` on -> write "08:00-21:00""#,
        ),
    ]);
}

#[test]
fn a_source_that_nobody_could_trust() {
    check(&[
        (
            SOURCES,
            r#"rooftop = "gent""#,
            r#"rooftop = "gnet""#,
            r#"sources.toml:4:11 there is no rooftop `gnet` -> did you mean "gent"?"#,
        ),
        (
            SOURCES,
            r#"rooftop = "gent""#,
            r#"rooftop = "antwerpen""#,
            "sources.toml:4:11 there is no rooftop `antwerpen` -> the rooftops of rotation.toml: gent",
        ),
        (
            SOURCES,
            r#"format = "json""#,
            r#"format = "jsn""#,
            r#"sources.toml:3:10 `jsn` is not known here -> did you mean "json"?"#,
        ),
        (
            SOURCES,
            r#""sha256""#,
            r#""sha1""#,
            "sources.toml:5:19 there is no scheme `sha1` -> the schemes: basic, bearer, field, none, sha256, standard-webhooks, url-secret",
        ),
        (
            SOURCES,
            r#""sha256""#,
            r#""hmac""#,
            "sources.toml:5:19 there is no scheme `hmac` -> the schemes: basic, bearer, field, none, sha256, standard-webhooks, url-secret",
        ),
        (
            SOURCES,
            r#"header = "X-Signature-256", "#,
            "",
            r#"sources.toml:5:8 `auth` has no `header` -> add the line  header = "X-Signature-256""#,
        ),
        (
            SOURCES,
            r#"{ env = "WEBSITE" }"#,
            r#"{ env = "WEBSIDE" }"#,
            "sources.toml:5:74 the environment variable `WEBSIDE` is not set -> set it before the start: WEBSIDE=.. leadbridge ..",
        ),
        (
            SOURCES,
            r#"{ env = "WEBSITE" }"#,
            r#"{ env = "EMPTY" }"#,
            "sources.toml:5:74 the secret in `EMPTY` is empty -> put the secret there",
        ),
        (
            SOURCES,
            r#"{ env = "WEBSITE" }"#,
            r#"{ file = "keys/website" }"#,
            "sources.toml:5:75 the secret's file cannot be read: No such file or directory (os error 2) -> see that keys/website exists and may be read",
        ),
        (
            SOURCES,
            r#"{ env = "WEBSITE" }"#,
            r#"{ env = "WEBSITE", file = "x" }"#,
            r#"sources.toml:5:66 `secret` must name one place -> write  secret = { env = "LEADBRIDGE_SECRET" }"#,
        ),
        (
            SOURCES,
            r#"{ env = "WEBSITE" }"#,
            r#""letmein""#,
            r#"sources.toml:5:66 a secret is never written into the file: `secret` must say where it is -> write  secret = { env = "LEADBRIDGE_SECRET" }"#,
        ),
        (
            SOURCES,
            r#"{ scheme = "sha256", header = "X-Signature-256", secret = { env = "WEBSITE" } }"#,
            r#"{ scheme = "none" }"#,
            r#"sources.toml:5:19 (warning) anybody who knows the address can make your phones ring -> use "url-secret" where the sender cannot sign; without it one ring per network address and 3 minutes, never at night"#,
        ),
        (
            SOURCES,
            r#"{ scheme = "sha256", header = "X-Signature-256", secret = { env = "WEBSITE" } }"#,
            r#"{ scheme = "url-secret", secret = { env = "SHORT" } }"#,
            "sources.toml:5:8 (warning) a secret in an address should have 20 characters or more -> make a new one: openssl rand -hex 20",
        ),
        (
            SOURCES,
            r#"{ scheme = "sha256", header = "X-Signature-256", secret = { env = "WEBSITE" } }"#,
            r#"{ scheme = "standard-webhooks", secret = { env = "SHORT" } }"#,
            "sources.toml:5:8 this is no secret of Standard Webhooks -> take the one that begins with whsec_ from the sender's console",
        ),
        (
            SOURCES,
            "auth =",
            "rate_per_min = 1.5\nauth =",
            "sources.toml:5:16 `rate_per_min` must be a whole number, and this is a number with decimals -> write  rate_per_min = 10",
        ),
    ]);
}

#[test]
fn a_daemon_that_could_not_run() {
    check(&[
        (
            LEADBRIDGE,
            r#"public_url = "https://bridge.example.be/""#,
            r#"public_url = "bridge.example.be""#,
            r#"leadbridge.toml:2:14 this is no web address -> write it whole: "https://bridge.example.be""#,
        ),
        (
            LEADBRIDGE,
            "public_url = \"https://bridge.example.be/\"\n",
            "",
            r#"leadbridge.toml:1:1 [server] has no `public_url` -> add the line  public_url = "https://bridge.example.be""#,
        ),
        (
            LEADBRIDGE,
            "public_url",
            "listen = \"8080\"\npublic_url",
            r#"leadbridge.toml:2:10 `8080` is no address to listen at -> write an address and a port: "127.0.0.1:8080""#,
        ),
        (
            LEADBRIDGE,
            "public_url",
            "trusted_proxies = [\"proxy\"]\npublic_url",
            r#"leadbridge.toml:2:20 `proxy` is no address -> write an address such as "127.0.0.1""#,
        ),
        (
            LEADBRIDGE,
            "[guard]",
            "[store]\nurl = \"mysql:x\"\n[guard]",
            r#"leadbridge.toml:7:7 this is no store -> write "sqlite:leadbridge.db" or "postgres://..""#,
        ),
        (
            LEADBRIDGE,
            "[guard]",
            "[notice]\ntext = \"yes\"\n[guard]",
            "leadbridge.toml:7:8 `text` must be true or false, and this is a text -> write  text = true",
        ),
        (
            LEADBRIDGE,
            "[guard]",
            "[notice]\nemail = { smtp = \"localhost\", from = \"us\" }\n[guard]",
            "leadbridge.toml:7:18 this is no mail server -> write \"smtp://localhost:25\" or \"smtps://mail.example.be\"\nleadbridge.toml:7:38 this is no e-mail address -> write an address such as \"leadbridge@example.be\"",
        ),
        (
            LEADBRIDGE,
            r#"["BE", "NL"]"#,
            r#"["BE", "NLD"]"#,
            r#"leadbridge.toml:7:20 there is no country `NLD` -> write its two letters, such as "BE""#,
        ),
        (
            LEADBRIDGE,
            r#"kind = "twilio""#,
            r#"kind = "telnyx""#,
            r#"leadbridge.toml:11:8 there is no carrier of kind `telnyx` -> write "twilio""#,
        ),
        (
            LEADBRIDGE,
            r#""AC00000000000000000000000000000000""#,
            r#""AC0000""#,
            "leadbridge.toml:12:11 (warning) this does not look like an account -> copy the Account SID from the carrier's console: AC and 32 hexadecimal digits",
        ),
        (
            LEADBRIDGE,
            r#""AC00000000000000000000000000000000""#,
            r#""""#,
            "leadbridge.toml:12:11 this is no account -> copy the Account SID from the carrier's console: AC and 32 hexadecimal digits",
        ),
        (
            LEADBRIDGE,
            r#"[{ env = "OLD" }, { env = "NEW" }]"#,
            "[]",
            r#"leadbridge.toml:13:9 `token` names no secret -> write  token = { env = "LEADBRIDGE_TOKEN" }"#,
        ),
        (
            LEADBRIDGE,
            r#"[{ env = "OLD" }, { env = "NEW" }]"#,
            r#"[{ env = "OLD" }, { env = "NEXT" }]"#,
            "leadbridge.toml:13:35 the environment variable `NEXT` is not set -> set it before the start: NEXT=.. leadbridge ..",
        ),
        (
            LEADBRIDGE,
            "token = [",
            "calls_per_s = -1\ntoken = [",
            "leadbridge.toml:13:15 `calls_per_s` must be 0 or more -> write a number in that range, or take the line away for the default of `calls_per_s`",
        ),
        (
            LEADBRIDGE,
            "[guard]",
            "[files]\nrotation = \"rotatie.toml\"\n[guard]",
            "rotatie.toml the file cannot be read: No such file or directory (os error 2) -> see that it exists and may be read",
        ),
        (
            LEADBRIDGE,
            "[guard]",
            "[gaurd]",
            "leadbridge.toml:6:2 the file has no key `gaurd` -> did you mean `guard`?",
        ),
    ]);
}
