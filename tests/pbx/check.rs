//! `leadbridge check --live` asks a real PBX, set up by the files of the admin's guide.

use std::path::Path;
use std::process::{Command, Output};

use reqwest::Method;
use tempfile::TempDir;

use crate::asterisk::{Asterisk, USER};
use crate::phones::{Behaviour, Phones};

const AN: &str = "+32470000001";
/// Phones of the shipped file that this PBX does not have under these names.
const SHIPPED: &str = "{ \"+32470000001\" = \"PJSIP/an\", \"+32470000002\" = \"PJSIP/bart\" }";

/// The shipped files with the PBX of their comments in the place of Twilio.
fn shipped(asterisk: &Asterisk, phone: &str) -> TempDir {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| std::fs::read_to_string(config.join(name)).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let settings = read("leadbridge.toml");
    let (daemon, _) = settings.split_once("\n[[carrier]]").unwrap();
    let (_, pbx) = settings.split_once("# [[carrier]]").unwrap();
    let pbx = pbx.replace("\n# ", "\n");
    assert!(pbx.contains(SHIPPED) && pbx.contains(&format!("user = \"{USER}\"")));
    let phone = format!("{{ \"{AN}\" = \"PJSIP/{phone}\" }}");
    let pbx = pbx
        .replace(SHIPPED, &phone)
        .replace("http://127.0.0.1:8088", &asterisk.url);
    write("leadbridge.toml", &format!("{daemon}\n[[carrier]]{pbx}"));
    let rotation = read("rotation.toml").replace("carrier = \"main\"", "carrier = \"pbx\"");
    write("rotation.toml", &rotation);
    write("sources.toml", &read("sources.toml"));
    folder
}

/// The exit code, what it says and what it complains about.
fn check(folder: &TempDir, password: &str) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_leadbridge"))
        .args(["check", "--live"])
        .env("LEADBRIDGE_CONFIG", folder.path().join("leadbridge.toml"))
        .env("LEADBRIDGE_API_TOKEN", "a-secret-of-some-length")
        .env("WEBSITE_SECRET", "a-secret-of-some-length")
        .env("ASTERISK_PASSWORD", password)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pbx_of_the_guide_has_what_we_need_and_its_phones_are_seen_to_come() {
    let asterisk = Asterisk::start(&[AN]).await;
    let folder = shipped(&asterisk, AN);
    let (code, out, err) = check(&folder, &asterisk.password);
    assert_eq!(code, Some(0), "{out}{err}");
    for good in [
        "takes our credentials",
        "lets us order",
        "runs the modules that we need",
        "knows the trunk of PJSIP/{number}@trunk",
        "has a voice in nl, fr, de and en",
    ] {
        assert!(
            out.contains(&format!("carrier pbx {good}\n")),
            "{good}: {out}{err}"
        );
    }
    assert!(
        err.contains(&format!("cannot ring PJSIP/{AN} now")),
        "{err}"
    );

    let phones = Phones::start(&asterisk).await;
    let an = phones.registered(AN, Behaviour::rings()).await;
    let (code, out, _) = check(&folder, &asterisk.password);
    assert_eq!(code, Some(0));
    assert!(out.contains(&format!("can ring PJSIP/{AN}\n")), "{out}");
    assert!(an.all("incoming").is_empty(), "nobody is rung");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pbx_lacks_is_told_and_no_application_is_taken_over() {
    let asterisk = Asterisk::start(&[AN]).await;
    let folder = shipped(&asterisk, "nobody");
    let (code, _, err) = check(&folder, "wrong");
    assert_eq!(code, Some(1));
    assert!(err.contains("refuses our credentials"), "{err}");

    let module = "/asterisk/modules/func_timeout.so";
    asterisk.ask(Method::DELETE, module).await.unwrap();
    let (code, _, err) = check(&folder, &asterisk.password);
    assert_eq!(code, Some(1));
    assert!(err.contains("does not run func_timeout.so"), "{err}");
    assert!(err.contains("has no phone PJSIP/nobody"), "{err}");
    let (_, applications) = asterisk.ask(Method::GET, "/applications").await.unwrap();
    assert_eq!(applications.as_array().unwrap().len(), 0, "{applications}");
}
