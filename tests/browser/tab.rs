//! A tab with the demo's page: what is looked for in it, and what a person does in it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use tokio::time::{Instant, sleep};

use crate::chromium::{self, Chromium, Kind};
use crate::demo::Demo;

const PATIENCE: Duration = Duration::from_secs(25);
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(crate) const AN: &str = ".phone[data-number='+32470000001']";
pub(crate) const BART: &str = ".phone[data-number='+32470000002']";
pub(crate) const CUSTOMER: &str = ".phone[data-role=customer]";

pub(crate) struct Tab {
    pub(crate) browser: WebDriver,
    driver: u32,
}

impl Drop for Tab {
    /// A test that failed does not ask its browser to go, which can take minutes: it ends it, and never drops the handle.
    fn drop(&mut self) {
        if std::thread::panicking() {
            chromium::end_group(self.driver);
            std::mem::forget(self.browser.clone());
        }
    }
}

impl Tab {
    /// The page, once it has been told who there is.
    pub(crate) async fn open(chromium: &Chromium, kind: &Kind, demo: &Demo) -> Tab {
        let tab = Tab::late(chromium, kind, demo).await;
        tab.sees(&format!("{AN}[data-state=idle]")).await;
        tab
    }

    /// The page as it is for whoever comes later.
    pub(crate) async fn late(chromium: &Chromium, kind: &Kind, demo: &Demo) -> Tab {
        let browser = chromium.open(kind).await;
        let driver = chromium.group();
        let tab = Tab { browser, driver };
        let page = format!("{}/", demo.url);
        tab.browser.goto(page).await.unwrap();
        tab
    }

    /// Waits until there is such an element to see.
    pub(crate) async fn sees(&self, selector: &str) -> WebElement {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            for element in self.browser.find_all(By::Css(selector)).await.unwrap() {
                if element.is_displayed().await.unwrap_or(false) {
                    return element;
                }
            }
            sleep(LOOK_EVERY).await;
        }
        self.picture("missed").await;
        panic!(
            "{selector} was not seen; the page said: {}",
            self.text("body").await
        );
    }

    /// Waits until this holds in the page.
    pub(crate) async fn holds(&self, script: &str) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if self.asked(script).await == json!(true) {
                return;
            }
            sleep(LOOK_EVERY).await;
        }
        self.picture("missed").await;
        panic!("it never held that {script}");
    }

    pub(crate) async fn asked(&self, script: &str) -> Value {
        let script = format!("return {script}");
        let answer = self.browser.execute(script, vec![]).await.unwrap();
        answer.json().clone()
    }

    pub(crate) async fn click(&self, selector: &str) {
        self.sees(selector).await.click().await.unwrap();
    }

    /// What is to be read there, in one question: the page may draw itself anew between two.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let read = format!("document.querySelector({})?.innerText", json!(selector));
        let text = self.asked(&read).await;
        text.as_str()
            .unwrap_or_else(|| panic!("there is no {selector} to read"))
            .to_owned()
    }

    /// Presses keys wherever the tab's focus is.
    pub(crate) async fn types(&self, keys: &str) {
        let pressing = self.browser.action_chain().send_keys(keys);
        pressing.perform().await.unwrap();
    }

    /// Goes from element to element with the Tab key until one that fits has the focus.
    pub(crate) async fn tabs_to(&self, selector: &str) {
        for _ in 0..80 {
            let there = format!("document.activeElement.matches(\"{selector}\")");
            if self.asked(&there).await == json!(true) {
                return;
            }
            self.types("\u{e004}").await;
        }
        panic!("the Tab key never comes to {selector}");
    }

    pub(crate) async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.png"));
        self.browser.screenshot(&file).await.unwrap();
    }

    pub(crate) async fn close(self) {
        self.browser.clone().quit().await.unwrap();
    }
}
