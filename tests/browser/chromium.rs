//! Debian's Chromium behind its driver, one at a time: two at once make each other slow.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities};
use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());
/// What is missing, and how to get it.
const INSTALL: &str =
    "needs chromium and chromedriver: run tests/run, or apt-get install chromium chromium-driver";

/// A driver process; it ends with the test, and all its browsers with it.
pub(crate) struct Chromium {
    driver: Child,
    url: String,
    _turn: MutexGuard<'static, ()>,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        end_group(self.driver.id());
        let _ = self.driver.wait();
    }
}

/// What kind of browser is wanted.
pub(crate) struct Kind {
    pub(crate) language: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
    /// Nothing may move: a browser without a graphics card has other things to do.
    pub(crate) still: bool,
}

/// A desk in Ghent.
pub(crate) const DESK: Kind = Kind {
    language: "nl",
    width: 1440,
    height: 900,
    dark: false,
    still: true,
};

impl Chromium {
    pub(crate) async fn start() -> Chromium {
        let _turn = TURN.lock().await;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let found = Command::new("chromium").arg("--version").output();
        assert!(
            found.is_ok_and(|version| version.status.success()),
            "this test {INSTALL}"
        );
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        let mut driver = driver.unwrap_or_else(|_| panic!("this test {INSTALL}"));
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = said.find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // The driver must not find its pipe closed.
        std::thread::spawn(move || said.for_each(drop));
        let url = format!("http://127.0.0.1:{}", port.unwrap());
        Chromium { driver, url, _turn }
    }

    /// The name that the system gives the driver and all its browsers.
    pub(crate) fn group(&self) -> u32 {
        self.driver.id()
    }

    /// A new browser, which remembers nothing.
    pub(crate) async fn open(&self, kind: &Kind) -> WebDriver {
        let mut wanted = DesiredCapabilities::chrome();
        for option in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
        ] {
            wanted.add_arg(option).unwrap();
        }
        let languages = json!({ "intl.accept_languages": kind.language });
        wanted.add_experimental_option("prefs", languages).unwrap();
        let browser = WebDriver::new(&self.url, wanted).await.unwrap();
        let screen = json!({
            "width": kind.width, "height": kind.height, "deviceScaleFactor": 1, "mobile": kind.width < 500
        });
        let wishes = json!({ "features": [
            { "name": "prefers-color-scheme", "value": if kind.dark { "dark" } else { "light" } },
            { "name": "prefers-reduced-motion", "value": if kind.still { "reduce" } else { "no-preference" } }
        ]});
        for (command, parameters) in [
            ("Emulation.setDeviceMetricsOverride", screen),
            ("Emulation.setEmulatedMedia", wishes),
        ] {
            browser.cdp().send_raw(command, parameters).await.unwrap();
        }
        browser
    }
}

/// Ends a driver with all its browsers.
pub(crate) fn end_group(group: u32) {
    let group = format!("-{group}");
    let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
}
