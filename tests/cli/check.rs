//! Is the configuration good?

use crate::peer::Peer;
use crate::program::Program;

#[test]
fn good_files_are_called_good_and_counted() {
    let said = Program::new().run("check");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(
        said.out,
        "leadbridge.toml is good: 4 reps, 2 rooftops, 2 sources\n"
    );
    assert_eq!(said.err, "");
}

#[test]
fn a_mistake_is_shown_with_its_line_and_its_cure() {
    let program = Program::new();
    program.replace(
        "rotation.toml",
        "reps = [\"an\", \"bart\"]",
        "reps = [\"an\", \"brat\"]",
    );
    let said = program.run("check");
    assert_eq!(said.code, Some(1));
    assert_eq!(said.out, "");
    assert_eq!(
        said.err,
        "error: there is no rep `brat`
  --> rotation.toml:35:15
   |
35 | reps = [\"an\", \"brat\"]
   |               ^^^^^^
   |
   = help: did you mean \"bart\"?

"
    );
}

#[test]
fn mistakes_of_two_files_are_shown_together() {
    let program = Program::new();
    program.replace("rotation.toml", "\"+32470000002\"", "\"bel bart\"");
    program.replace("sources.toml", "\"json\"", "\"jsno\"");
    let said = program.run("check");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("rotation.toml:16:9"), "{}", said.err);
    assert!(said.err.contains("sources.toml:3:10"), "{}", said.err);
}

#[test]
fn a_warning_is_shown_and_the_files_are_good() {
    let program = Program::new();
    let bearer = "{ scheme = \"bearer\", secret = { env = \"WEBSITE\" } }";
    program.replace("sources.toml", bearer, "{ scheme = \"none\" }");
    let said = program.run("check");
    assert_eq!(said.code, Some(0));
    assert!(said.err.starts_with("warning: "), "{}", said.err);
    assert!(said.err.contains("sources.toml:5:"), "{}", said.err);
    assert!(said.out.contains("is good"), "{}", said.out);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let program = Program::new();
    let said = program.run("--config nowhere/leadbridge.toml check");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("nowhere/leadbridge.toml"), "{}", said.err);
}

#[test]
fn live_asks_the_carrier_for_the_account_and_rings_nobody() {
    let told = r#"{"sid":"AC00000000000000000000000000000000","status":"active",
        "incoming_phone_numbers":[{"phone_number":"+3292000000"},{"phone_number":"+3292000005"}]}"#;
    let carrier = Peer::answering("200 OK", told);
    let said = Program::listening_at(carrier.port).run("check --live");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.out.ends_with(
            "carrier main takes our credentials\ncarrier main shows the caller_id of aalst\n\
             carrier main shows the caller_id of gent\n"
        ),
        "{}",
        said.out
    );
    let asked = carrier.asked();
    assert!(
        asked.line.starts_with("GET /2010-04-01/Accounts/AC0000"),
        "{}",
        asked.line
    );
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
}

#[test]
fn live_tells_when_the_carrier_refuses() {
    let carrier = Peer::answering("401 Unauthorized", r#"{"code":20003,"status":401}"#);
    let said = Program::listening_at(carrier.port).run("check --live");
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.err,
        "carrier main refuses our credentials; check account and token\n"
    );
}

#[test]
fn live_tells_when_the_carrier_cannot_be_reached() {
    let said = Program::new().run("check --live");
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.starts_with("carrier main cannot be asked ("),
        "{}",
        said.err
    );
    assert!(
        !said.err.contains("AC0000"),
        "the account stays out: {}",
        said.err
    );
}

#[test]
fn an_edit_that_lost_against_another_node_s_is_a_warning() {
    let program = Program::new();
    std::fs::write(program.path("rotation.toml.mine"), "").unwrap();
    let said = program.run("check");
    assert_eq!(said.code, Some(0), "{said:?}");
    let warning = "warning: rotation.toml.mine is an edit that came after another node's: see what is missing in rotation.toml";
    assert!(said.err.starts_with(warning), "{said:?}");
}

#[test]
fn hours_that_hardly_mean_what_they_say_are_shown_with_what_was_meant() {
    let program = Program::new();
    program.replace(
        "rotation.toml",
        "hours = \"Mo-Fr 09:00-18:30; PH off\"",
        "hours = \"Mo-Fr 09:00-12:00; Mo-Fr 13:00-18:00\"\ncustomer_hours = \"off\"",
    );
    program.replace("rotation.toml", "Mo-Fr 10:00-18:00", "sunrise-sunset");
    program.replace(
        "rotation.toml",
        "country = \"BE\"",
        "country = \"BE\"\ncustomer_hours = \"off\"",
    );
    let said = program.run("check");
    assert_eq!(said.code, Some(0), "{said:?}");
    for told in [
        "warning: `Mo-Fr 09:00-12:00` is never in force: a later rule replaces it
  --> rotation.toml:35:9",
        "help: write Mo-Fr 09:00-12:00,13:00-18:00 if both are meant",
        "warning: these hours never open within a year
  --> rotation.toml:36:18",
        "warning: these hours never open within a year
 --> rotation.toml:6:18",
        "rotation.toml:18:9",
    ] {
        assert!(said.err.contains(told), "no {told:?} in\n{}", said.err);
    }
    assert_eq!(said.err.matches("warning: ").count(), 4, "{}", said.err);
}

#[test]
fn a_file_in_another_encoding_is_told_with_the_line_and_the_cure() {
    let program = Program::new();
    let text = std::fs::read_to_string(program.path("rotation.toml")).unwrap();
    let utf_16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let ansi: Vec<u8> = text
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap())
        .collect();
    for (bytes, line) in [(ansi, 21), (utf_16, 1)] {
        std::fs::write(program.path("rotation.toml"), bytes).unwrap();
        let said = program.run("check");
        assert_eq!(said.code, Some(1));
        let title = format!("error: the file is no UTF-8 text, from line {line} on\n");
        assert!(said.err.starts_with(&title), "{}", said.err);
        assert!(said.err.contains("help: save it as UTF-8"), "{}", said.err);
    }
}
