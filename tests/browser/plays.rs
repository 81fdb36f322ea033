//! The demo played: to a conversation, past phones that do not help, in two tabs, across a restart.

use crate::chromium::{Chromium, DESK, Kind};
use crate::demo::Demo;
use crate::tab::{AN, BART, CUSTOMER, Tab};

const ENTER: &str = "\u{e007}";

#[tokio::test]
async fn a_newcomer_clicks_from_the_lead_to_a_conversation() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    tab.picture("1-start").await;
    tab.click("#send").await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    tab.picture("2-rings").await;
    tab.click(&format!("{AN} .answer")).await;
    tab.sees(&format!("{AN}[data-wants=true] .caption")).await;
    assert!(tab.text(&format!("{AN} .caption")).await.contains("Druk 1"));
    tab.picture("3-whisper").await;
    tab.click(&format!("{AN} [data-key='1']")).await;
    tab.sees(&format!("{CUSTOMER}[data-state=ringing]")).await;
    tab.picture("4-customer").await;
    tab.click(&format!("{CUSTOMER} .answer")).await;
    tab.sees(&format!("{AN}[data-state=joined]")).await;
    tab.sees(&format!("{CUSTOMER}[data-state=joined]")).await;
    assert!(tab.text(AN).await.contains("in gesprek met Jan"));
    assert!(tab.text(CUSTOMER).await.contains("in gesprek met An"));
    tab.holds("document.querySelectorAll('#bridges path').length === 1")
        .await;
    tab.picture("5-joined").await;
    tab.click(&format!("{CUSTOMER} .hang-up")).await;
    tab.sees(&format!("{AN}[data-wants=true]")).await;
    tab.picture("6-menu").await;
    tab.click(&format!("{AN} [data-key='1']")).await;
    tab.sees("#story [data-what=closed]").await;
    let why = tab.text("#why").await;
    assert!(why.contains("An werd na"), "{why}");
    assert!(why.contains("dat de klant gesproken is"), "{why}");
    assert!(
        tab.text("#story [data-what=closed]")
            .await
            .contains("verbonden")
    );
    assert!(tab.text(".count").await.contains("van lead tot gesprek"));
    tab.picture("7-closed").await;
    tab.click("#language option[value=fr]").await;
    let french = "document.querySelector('#why').textContent.includes('avoir parlé au client')";
    tab.holds(french).await;
    tab.close().await;
}

#[tokio::test]
async fn the_same_by_keys_alone() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    tab.tabs_to("#guide .do").await;
    tab.types(ENTER).await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    tab.tabs_to(&format!("{AN} .answer")).await;
    tab.picture("keys-focus").await;
    tab.types(ENTER).await;
    tab.sees(&format!("{AN}[data-wants=true]")).await;
    tab.holds(&format!("document.activeElement.matches(\"{AN}\")"))
        .await;
    tab.types("1").await;
    tab.sees(&format!("{CUSTOMER}[data-state=ringing]")).await;
    tab.tabs_to(&format!("{CUSTOMER} .answer")).await;
    tab.types(ENTER).await;
    tab.sees(&format!("{AN}[data-state=joined]")).await;
    tab.tabs_to(&format!("{CUSTOMER} .hang-up")).await;
    tab.types(ENTER).await;
    tab.sees(&format!("{AN}[data-wants=true]")).await;
    tab.types("1").await;
    tab.sees("#story [data-what=closed]").await;
    assert!(
        tab.text("#story [data-what=closed]")
            .await
            .contains("verbonden")
    );
    tab.close().await;
}

#[tokio::test]
async fn the_guides_button_plays_it_all_in_french() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let kind = Kind {
        language: "fr-BE,fr",
        ..DESK
    };
    let tab = Tab::open(&chromium, &kind, &demo).await;
    assert_eq!(tab.text("#send").await, "Envoyer le lead");
    tab.tabs_to("#guide .do").await;
    for next in [
        format!("{AN}[data-state=ringing]"),
        format!("{AN}[data-wants=true]"),
        format!("{CUSTOMER}[data-state=ringing]"),
        format!("{CUSTOMER}[data-state=joined]"),
        format!("{AN}[data-wants=true]"),
        "#story [data-what=closed]".to_owned(),
    ] {
        tab.types(ENTER).await;
        tab.sees(&next).await;
    }
    assert!(
        tab.text("#story [data-what=closed]")
            .await
            .contains("Clos : client joint")
    );
    tab.picture("french").await;
    tab.close().await;
}

#[tokio::test]
async fn a_declined_and_an_unanswered_phone_pass_the_lead_on_and_voicemail_never_gets_a_customer() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    tab.click("#send").await;
    tab.click(&format!("{AN} .decline")).await;
    tab.sees("#story [data-what=rep-missed]").await;
    tab.sees(&format!("{AN} .texts li")).await;
    let text = tab.text(&format!("{AN} .texts li")).await;
    assert!(text.starts_with("Gemiste lead"), "{text}");
    tab.click(&format!("{BART} .machine")).await;
    tab.sees(&format!("{BART}[data-state=machine] .caption"))
        .await;
    tab.picture("voicemail").await;
    let third = ".phone[data-number='+32470000003']";
    tab.click(&format!("{third} .answer")).await;
    tab.sees(&format!("{third}[data-wants=true]")).await;
    tab.holds(&format!(
        "document.querySelector(\"{CUSTOMER}\").dataset.state === 'idle'"
    ))
    .await;
    tab.types("1").await;
    tab.sees(&format!("{CUSTOMER}[data-state=ringing]")).await;
    tab.close().await;
}

#[tokio::test]
async fn a_premium_number_rings_nobody_and_the_same_twice_is_one_lead() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    tab.click("[data-sample=bad]").await;
    tab.sees("#story [data-what=lead-held]").await;
    assert!(tab.text("#why").await.contains("betaalnummer"));
    tab.picture("held").await;
    tab.click("[data-sample=twice]").await;
    tab.sees("#story [data-what=lead-joined]").await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    tab.holds("document.querySelectorAll('.phone[data-state=ringing]').length === 1")
        .await;
    assert!(tab.text("#guide .say").await.contains("An"));
    tab.picture("joined-lead").await;
    tab.close().await;
}

#[tokio::test]
async fn two_tabs_stay_in_step_and_a_late_one_sees_what_is() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let first = Tab::open(&chromium, &DESK, &demo).await;
    first.click("#send").await;
    first.click(&format!("{AN} .answer")).await;
    first.sees(&format!("{AN}[data-wants=true]")).await;
    let late = Tab::late(&chromium, &DESK, &demo).await;
    late.sees(&format!("{AN}[data-wants=true]")).await;
    late.sees("#story [data-what=rep-answered]").await;
    late.types("1").await;
    first.sees(&format!("{CUSTOMER}[data-state=ringing]")).await;
    first.close().await;
    late.close().await;
}

#[tokio::test]
async fn a_tab_finds_a_demo_that_was_started_again() {
    let (mut demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    tab.click("[data-sample=bad]").await;
    tab.sees("#story [data-what=lead-held]").await;
    let address = demo.address().to_owned();
    demo.stop();
    tab.sees("#lost").await;
    let _again = Demo::at(&address);
    tab.holds("document.querySelector('#lost').hidden").await;
    tab.holds("document.querySelectorAll('#story li').length === 0")
        .await;
    tab.click("#send").await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    tab.close().await;
}

#[tokio::test]
async fn a_rep_who_missed_a_lead_rings_back_and_gets_it() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    tab.click("#send").await;
    tab.click(&format!("{AN} .decline")).await;
    tab.click(&format!("{AN} .call")).await;
    tab.sees(&format!("{AN}[data-wants=true]")).await;
    tab.picture("rings-back").await;
    tab.click(&format!("{AN} [data-key='1']")).await;
    tab.click(&format!("{CUSTOMER} .answer")).await;
    tab.sees(&format!("{AN}[data-state=joined]")).await;
    tab.sees("#story [data-what=rep-called-in]").await;
    tab.close().await;
}

#[tokio::test]
async fn the_lead_line_by_keys_alone() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    tab.tabs_to("#send").await;
    tab.types(ENTER).await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    tab.tabs_to(&format!("{AN} .decline")).await;
    tab.types(ENTER).await;
    tab.tabs_to(&format!("{AN} .call")).await;
    tab.types(ENTER).await;
    tab.sees(&format!("{AN}[data-wants=true]")).await;
    tab.types("1").await;
    tab.sees(&format!("{CUSTOMER}[data-state=ringing]")).await;
    tab.tabs_to(&format!("{CUSTOMER} .answer")).await;
    tab.types(ENTER).await;
    tab.sees(&format!("{AN}[data-state=joined]")).await;
    tab.sees("#story [data-what=rep-called-in]").await;
    tab.close().await;
}

#[tokio::test]
async fn a_customer_who_rings_while_a_rep_is_rung_is_joined_at_once() {
    let (demo, chromium) = (Demo::start(), Chromium::start().await);
    let tab = Tab::open(&chromium, &DESK, &demo).await;
    tab.click("#send").await;
    tab.sees(&format!("{AN}[data-state=ringing]")).await;
    tab.click(&format!("{CUSTOMER} .call")).await;
    tab.sees("#story [data-what=customer-called-in]").await;
    tab.picture("customer-rings-in").await;
    tab.click(&format!("{AN} .answer")).await;
    tab.sees(&format!("{AN}[data-wants=true]")).await;
    tab.click(&format!("{AN} [data-key='1']")).await;
    tab.sees(&format!("{AN}[data-state=joined]")).await;
    tab.sees(&format!("{CUSTOMER}[data-state=joined]")).await;
    tab.holds("document.querySelectorAll('#bridges path').length === 1")
        .await;
    tab.picture("customer-joined").await;
    tab.close().await;
}
