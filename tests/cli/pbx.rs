//! Is the group's own PBX set up as it must be? Asked over real HTTP, of one that answers as Asterisk 22 does.

use crate::peer::Peer;
use crate::program::{Program, Said};

const CARRIER: &str = r#"[[carrier]]
id = "main"
kind = "asterisk"
url = "http://127.0.0.1:PORT"
user = "leadbridge"
password = { env = "TOKEN" }
endpoint = "PJSIP/{number}@trunk"
endpoints = { "+32470000001" = "PJSIP/an", "+32470000002" = "PJSIP/bart" }
"#;

type Answer = (&'static str, &'static str);

const NOT_THERE: &str = "404 Not Found";
const INFO: &str =
    r#"{"system":{"version":"22.10.1"},"status":{"startup_time":"2026-11-22T11:58:26.487+0000"}}"#;
const RUNS: &str =
    r#"{"name":"x.so","description":"x","use_count":0,"status":"Running","support_level":"core"}"#;
const ONLINE: &str = r#"{"technology":"PJSIP","resource":"x","state":"online","channel_ids":[]}"#;
const OFFLINE: &str = r#"{"technology":"PJSIP","resource":"x","state":"offline","channel_ids":[]}"#;

/// How a PBX answers that has nothing to mend.
fn good(asked: &str) -> Answer {
    match asked.split(' ').nth(1).unwrap() {
        "/ari/asterisk/info" => ("200 OK", INFO),
        "/ari/channels/leadbridge-check/ring" => (NOT_THERE, r#"{"message":"Channel not found"}"#),
        path if path.starts_with("/ari/asterisk/modules/") => ("200 OK", RUNS),
        path if path.starts_with("/ari/endpoints/PJSIP/") => ("200 OK", ONLINE),
        _ => (NOT_THERE, r#"{"message":"Resource not found"}"#),
    }
}

/// The check of a PBX that answers so where its path ends so, and else has nothing to mend.
fn check(exceptions: &'static [(&'static str, Answer)], lines: &str) -> (Said, Peer) {
    let pbx = Peer::told(move |asked| {
        let path = asked.split(' ').nth(1).unwrap();
        let exception = exceptions.iter().find(|(end, _)| path.ends_with(end));
        exception.map_or_else(|| good(asked), |(_, answer)| *answer)
    });
    let program = Program::listening_at(pbx.port);
    let text = std::fs::read_to_string(program.path("leadbridge.toml")).unwrap();
    let (server, _) = text.split_once("[[carrier]]").unwrap();
    let carrier = CARRIER.replace("PORT", &pbx.port.to_string());
    program.write("leadbridge.toml", &format!("{server}{carrier}{lines}"));
    (program.run("check --live"), pbx)
}

#[test]
fn a_good_pbx_is_asked_and_what_it_cannot_be_asked_is_said() {
    let (said, pbx) = check(&[], "[notice]\ntext = false\n");
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let (_, told) = said.out.split_once('\n').unwrap();
    assert_eq!(
        told,
        "carrier main takes our credentials\n\
         carrier main lets us order\n\
         carrier main runs the modules that we need\n\
         carrier main knows the trunk of PJSIP/{number}@trunk\n\
         carrier main can ring PJSIP/an\n\
         carrier main can ring PJSIP/bart\n\
         carrier main cannot be asked whether it can fetch what is said from public_url: on its machine, while the daemon \
         runs, curl -fo /dev/null https://bridge.example.be/carriers/main/speech/tone.wav must succeed\n\
         carrier main cannot be asked whether its trunk shows +3292000005, the caller_id of aalst: the trunk's operator \
         must have given you this number\n\
         carrier main cannot be asked whether its trunk shows +3292000000, the caller_id of gent: the trunk's operator \
         must have given you this number\n\
         carrier main has a voice in nl, fr, de and en\n"
    );
    let asked = pbx.all_asked();
    assert!(
        asked
            .iter()
            .all(|one| one.header("authorization").unwrap().starts_with("Basic "))
    );
    let orders: Vec<_> = asked
        .iter()
        .filter(|one| !one.line.starts_with("GET "))
        .collect();
    assert_eq!(orders.len(), 1, "nobody is rung: {orders:?}");
    assert!(
        orders[0]
            .line
            .starts_with("DELETE /ari/channels/leadbridge-check/ring ")
    );
    let opens = |path: &str| asked.iter().any(|one| one.line.contains(path));
    assert!(
        !opens("/ari/events"),
        "a running daemon keeps its application"
    );
    assert!(
        opens("/ari/asterisk/modules/func_timeout.so")
            && opens("/ari/asterisk/modules/res_curl.so")
    );
}

#[test]
fn what_is_wrong_is_told_all_at_once_with_its_cure() {
    let (said, _) = check(
        &[
            (
                "/ring",
                ("403 Forbidden", r#"{"message":"Write access denied"}"#),
            ),
            (
                "/func_timeout.so",
                (
                    NOT_THERE,
                    r#"{"message":"Module could not be found in running modules"}"#,
                ),
            ),
            (
                "/PJSIP/trunk",
                (NOT_THERE, r#"{"message":"Endpoint not found"}"#),
            ),
            (
                "/PJSIP/bart",
                (NOT_THERE, r#"{"message":"Endpoint not found"}"#),
            ),
        ],
        "voice = { fr = [\"false\"] }\n[notice]\ntext = false\n",
    );
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(
        said.err,
        "carrier main lets us only look; write read_only = no in the section of our user in its ari.conf\n\
         carrier main does not run func_timeout.so; write  load = func_timeout.so  under [modules] in its modules.conf \
         and restart it\n\
         carrier main has no trunk as in PJSIP/{number}@trunk; write the name of its endpoint in pjsip.conf\n\
         carrier main has no phone PJSIP/bart; write the name of its endpoint in pjsip.conf\n\
         carrier main has no voice in fr: the command ended with an error; run it by hand with a sentence on its \
         standard input\n"
    );
    assert!(
        said.out.contains("carrier main can ring PJSIP/an\n"),
        "{}",
        said.out
    );
}

#[test]
fn a_phone_that_is_switched_off_and_texts_that_nobody_sends_are_warnings() {
    let (said, _) = check(&[("/PJSIP/an", ("200 OK", OFFLINE))], "");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        said.err,
        "warning: carrier main cannot ring PJSIP/an now: it is not registered, which counts as missed\n\
         warning: carrier main sends no texts: the reps and managers of aalst, gent are told nothing (write email under \
         [notice]), and customers who agreed to texts get none\n"
    );
    let mails = "[notice]\nemail = { smtp = \"smtp://localhost:25\", from = \"a@example.be\" }\n";
    let (said, _) = check(&[("/PJSIP/trunk", ("200 OK", OFFLINE))], mails);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.err
            .contains("does not reach the trunk of PJSIP/{number}@trunk now"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("are told by e-mail alone"),
        "{}",
        said.err
    );
}

#[test]
fn a_pbx_that_refuses_us_or_has_no_interface_is_told() {
    let refused = "carrier main refuses our credentials; check user and password, and that its ari.conf says enabled = yes\n";
    let (said, _) = check(
        &[(
            "/info",
            (
                "401 Unauthorized",
                r#"{"message":"Authentication required"}"#,
            ),
        )],
        "",
    );
    assert!(said.err.starts_with(refused), "{said:?}");
    assert_eq!(said.code, Some(1));
    let (said, _) = check(&[("/info", (NOT_THERE, "<html>"))], "");
    assert!(said.err.starts_with(refused), "{said:?}");
    let (said, _) = check(&[("/res_curl.so", ("503 Service Unavailable", ""))], "");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err
            .contains("carrier main answered 503, which makes no sense; check url and ask again"),
        "{said:?}"
    );
}
