//! How the page looks and behaves: on a phone's screen, in the dark, at rest, and for those who can't see it.

use serde_json::json;

use crate::chromium::{Chromium, DESK, Kind};
use crate::demo::Demo;
use crate::tab::{AN, CUSTOMER, Tab};

/// The contrast of each visible text with what is painted behind it; those below what WCAG 2 AA asks for are told.
const PALE: &str = r"(() => {
  const channel = (value) => (value /= 255) <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
  const bright = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const colours = (text) => [...text.matchAll(/rgba?\(([^)]+)\)/g)].map((found) => found[1].split(/[ ,/]+/).map(Number));
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((value, at) => value * a + under[at] * (1 - a));
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const stops = colours(style.backgroundImage);
      const plain = colours(style.backgroundColor)[0];
      if (stops.length) { layers.push(stops.sort((one, two) => bright(two) - bright(one))[0]); break; }
      if (plain && (plain[3] ?? 1) > 0) layers.push(plain);
      if (plain && (plain[3] ?? 1) === 1) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const pale = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest('.unseen')) continue;
    const ground = behind(element);
    const ink = over(colours(getComputedStyle(element).color)[0], ground);
    const [low, high] = [bright(ink), bright(ground)].sort((one, two) => one - two);
    const contrast = (high + .05) / (low + .05);
    if (contrast < 4.5) pale.push(`${element.textContent.trim().slice(0, 30)} (${contrast.toFixed(2)})`);
  }
  return pale;
})()";

#[tokio::test]
async fn on_a_phone_nothing_runs_off_the_screen() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let kind = Kind {
        width: 375,
        height: 760,
        ..DESK
    };
    let tab = Tab::open(&chromium, &kind, &demo).await;
    let fits = "document.documentElement.scrollWidth <= innerWidth";
    for language in ["nl", "fr", "de", "en"] {
        tab.click(&format!("#language option[value={language}]"))
            .await;
        tab.holds(&format!("document.documentElement.lang === '{language}'"))
            .await;
        assert_eq!(tab.asked(fits).await, json!(true), "in {language}");
    }
    tab.picture("phone-start").await;
    tab.click("#guide .do").await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    tab.picture("phone-rings").await;
    tab.click("#guide .do").await;
    tab.sees(&format!("{AN}[data-wants=true]")).await;
    assert_eq!(tab.asked(fits).await, json!(true));
    tab.picture("phone-whisper").await;
    tab.click(&format!("{AN} [data-key='1']")).await;
    tab.click(&format!("{CUSTOMER} .answer")).await;
    tab.sees(&format!("{CUSTOMER}[data-state=joined]")).await;
    assert_eq!(tab.asked(fits).await, json!(true));
    tab.picture("phone-joined").await;
    tab.close().await;
}

#[tokio::test]
async fn every_text_stands_out_by_day() {
    stands_out(false, "light").await;
}

#[tokio::test]
async fn every_text_stands_out_by_night() {
    stands_out(true, "dark").await;
}

async fn stands_out(dark: bool, name: &str) {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &Kind { dark, ..DESK }, &demo).await;
    assert_eq!(tab.asked(PALE).await, json!([]), "at rest");
    tab.click("#send").await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    assert_eq!(tab.asked(PALE).await, json!([]), "ringing");
    tab.click(&format!("{AN} .answer")).await;
    tab.sees(&format!("{AN}[data-wants=true] .caption")).await;
    assert_eq!(tab.asked(PALE).await, json!([]), "whispering");
    tab.types("1").await;
    tab.click(&format!("{CUSTOMER} .answer")).await;
    tab.sees(&format!("{AN}[data-state=joined]")).await;
    assert_eq!(tab.asked(PALE).await, json!([]), "talking");
    tab.picture(name).await;
    tab.close().await;
}

#[tokio::test]
async fn every_button_and_field_has_a_name_and_a_choice_of_language_is_kept() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let kind = Kind {
        language: "de-DE,de",
        ..DESK
    };
    let tab = Tab::open(&chromium, &kind, &demo).await;
    assert_eq!(tab.text("#send").await, "Lead senden");
    tab.click("#send").await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    let nameless = "[...document.querySelectorAll('button, input, select')].filter((one) => one.checkVisibility() \
        && !(one.ariaLabel || one.textContent.trim() || one.labels?.[0]?.textContent.trim())).map((one) => one.outerHTML)";
    assert_eq!(tab.asked(nameless).await, json!([]));
    tab.click("#language option[value=en]").await;
    tab.holds("document.querySelector('#send').textContent === 'Send the lead'")
        .await;
    tab.browser.refresh().await.unwrap();
    tab.holds("document.querySelector('#send').textContent === 'Send the lead'")
        .await;
    tab.close().await;
}

#[tokio::test]
async fn a_ringing_phone_shakes_only_for_those_who_like_things_that_move() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let moves = "document.getAnimations().filter((one) => one.playState === 'running').length > 0";
    let still = Tab::open(&chromium, &DESK, &demo).await;
    still.click("#send").await;
    still.sees(&format!("{AN}[data-state=ringing]")).await;
    assert_eq!(still.asked(moves).await, json!(false));
    let lively = Kind {
        still: false,
        ..DESK
    };
    let tab = Tab::late(&chromium, &lively, &demo).await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    assert_eq!(tab.asked(moves).await, json!(true));
    tab.close().await;
    still.close().await;
}

#[tokio::test]
async fn an_idle_page_asks_for_nothing_and_never_for_anything_elsewhere() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    let asked = "performance.getEntriesByType('resource').map((entry) => entry.name)";
    let before = tab.asked(asked).await;
    let all_own = before.as_array().unwrap().iter();
    assert!(all_own.clone().count() > 8);
    assert!(
        all_own
            .clone()
            .all(|url| url.as_str().unwrap().starts_with(&demo.url)),
        "{before}"
    );
    // Each change of the page would be seen here; a second of rest must bring none.
    let still = "const done = arguments[0]; let changes = 0;
        new MutationObserver((list) => { changes += list.length; }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
        setTimeout(() => done(changes), 1200);";
    let changes = tab.browser.execute_async(still, vec![]).await.unwrap();
    assert_eq!(changes.json(), &json!(0));
    assert_eq!(tab.asked(asked).await, before);
    tab.close().await;
}
