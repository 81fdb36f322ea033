//! What is told in writing: texts over the carrier's wire, mails over a real mail server.

use std::time::Duration;

use leadbridge::phones::{Behaviour, Misbehaviour, TextFault, TextRecord};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::config::{AN, BART, Config, GROUP, PAUL, SHOWN, rotation, source};
use crate::daemon::{Daemon, until};
use crate::mailbox::Mailbox;
use crate::people::{accepts, accepts_after, ms, talks};
use crate::sender::{Answer, CUSTOMER, NAMES, customer, lead, now};

/// Time enough for a message that must not come.
const NOT_COMING: Duration = Duration::from_millis(700);

fn declines() -> Behaviour {
    Behaviour::Declines { after: ms(100) }
}

/// A lead whose customer agreed to texts.
fn texting(phone: &str) -> Value {
    let mut lead = lead(phone);
    lead["consent"]["text"] = json!(true);
    lead
}

/// Such a lead comes for this garage.
async fn comes_to(daemon: &Daemon, source: &str, phone: &str) -> Answer {
    let lead = texting(phone);
    daemon.sender.try_send(source, &lead).await.unwrap()
}

/// Three garages, all closed until half a day from now, so that every lead waits.
fn closed() -> Config {
    let opens = now() + jiff::SignedDuration::from_hours(12);
    let zone = jiff::tz::TimeZone::get("Europe/Brussels").unwrap();
    let hour = zone.to_datetime(opens).hour();
    let mut config = garages(&format!("Mo-Su {hour:02}:00-{hour:02}:30"));
    config.sources = ["brugge", "aalst"]
        .map(|id| source(id, "json", id))
        .concat();
    config
}

fn garages(hours: &str) -> Config {
    let mut text = rotation("paul", &["an"], hours, "");
    for (id, caller_id) in [("brugge", "+3250000000"), ("aalst", "+3253000000")] {
        text += &format!(
            "[[rooftop]]\nid = \"{id}\"\nname = \"Garage Peeters {id}\"\ncarrier = \"main\"\ncaller_id = \"{caller_id}\"\n\
             hours = \"{hours}\"\nreps = [\"an\"]\nowner = [\"paul\"]\n"
        );
    }
    Config::with_rotation(text)
}

/// The same with addresses for mail.
fn with_mail(mut config: Config, mailbox: &Mailbox) -> Config {
    for (phone, email) in [(AN, "an@example.be"), (PAUL, "paul@example.be")] {
        let phone = format!("phone = \"{phone}\"\n");
        let with = format!("{phone}email = \"{email}\"\n");
        config.rotation = config.rotation.replace(&phone, &with);
    }
    config.notice = mailbox.notice();
    config
}

/// The texts that this phone shows, once there are so many.
async fn texts(daemon: &Daemon, number: &str, count: usize) -> Vec<TextRecord> {
    let phone = daemon.phone(number);
    until(&format!("{count} texts came"), || async {
        phone.texts().len() >= count
    })
    .await;
    let texts = phone.texts();
    assert_eq!(texts.len(), count, "{texts:#?}");
    texts
}

/// Nothing more comes to this phone.
async fn no_more_than(daemon: &Daemon, number: &str, count: usize) {
    sleep(NOT_COMING).await;
    texts(daemon, number, count).await;
}

fn whats(lead: &Value) -> Vec<&str> {
    let timeline = lead["timeline"].as_array().unwrap().iter();
    timeline
        .filter_map(|entry| entry["what"].as_str())
        .collect()
}

#[tokio::test]
async fn a_rep_who_missed_a_lead_reads_what_it_was_and_which_number_takes_it() {
    let daemon = Daemon::start(Config::of(&["an", "bart"], "")).await;
    daemon
        .on_phone(AN, declines())
        .on_phone(BART, accepts_after(ms(1500)))
        .on_phone(CUSTOMER, talks(ms(200)));
    let id = daemon.sends(&lead(CUSTOMER)).await;
    let text = texts(&daemon, AN, 1).await.remove(0);
    assert_eq!(
        text.body,
        "Gemiste lead Garage Peeters Gent, website, VW Golf, proefrit. Bel +3292000000 en je krijgt hem."
    );
    assert_eq!(text.from, SHOWN);
    for personal in NAMES {
        assert!(!text.body.contains(personal), "{text:?}");
    }
    let lead = daemon.ends(&id, "connected").await;
    let timeline = lead["timeline"].as_array().unwrap();
    let told = timeline.iter().find(|entry| entry["what"] == "text-sent");
    assert_eq!(told.unwrap()["rep"], "an", "{lead:#}");
    assert_eq!(told.unwrap()["reason"], "rep-missed", "{lead:#}");
    let figure = "leadbridge_messages_total{kind=\"rep-missed\",result=\"delivered\"}";
    until("the text is counted", || async {
        daemon.sender.figure(figure).await == Some(1.0)
    })
    .await;
    no_more_than(&daemon, AN, 1).await;
    assert!(
        daemon.phone(CUSTOMER).texts().is_empty(),
        "no consent to texts"
    );
}

#[tokio::test]
async fn a_customer_who_waits_reads_when_we_call_and_stop_holds_for_the_whole_group() {
    let daemon = Daemon::start(closed()).await;
    daemon
        .network
        .reports_texts_to(&format!("{}/carriers/main/inbound", daemon.url));
    let id = daemon.sends(&texting(CUSTOMER)).await;
    let text = texts(&daemon, CUSTOMER, 1).await.remove(0);
    assert!(
        text.body.starts_with("Garage Peeters Gent: dank u"),
        "{text:?}"
    );
    assert!(
        text.body.contains(SHOWN) && text.body.ends_with("STOP."),
        "{text:?}"
    );
    let lead = daemon
        .lead_when(&id, "told", |lead| whats(lead).contains(&"text-sent"))
        .await;
    assert_eq!(lead["state"], "waiting");

    let phone = daemon.phone(CUSTOMER);
    assert_eq!(phone.writes(SHOWN, "Stop aub!").await, Some(200));
    let elsewhere = comes_to(&daemon, "brugge", CUSTOMER).await;
    assert_eq!(elsewhere.status, 202);
    // Another customer's text, sent later, has come: the first one's would have, too.
    comes_to(&daemon, "brugge", &customer(1)).await;
    texts(&daemon, &customer(1), 1).await;
    no_more_than(&daemon, CUSTOMER, 1).await;

    assert_eq!(phone.writes(SHOWN, "START").await, Some(200));
    comes_to(&daemon, "aalst", CUSTOMER).await;
    let text = texts(&daemon, CUSTOMER, 2).await.remove(1);
    assert!(text.body.starts_with("Garage Peeters aalst"), "{text:?}");
}

#[tokio::test]
async fn a_customer_who_objects_on_the_phone_is_never_texted() {
    let daemon = Daemon::start(closed()).await;
    let id = daemon.sends(&texting(CUSTOMER)).await;
    texts(&daemon, CUSTOMER, 1).await;
    let token = format!("Bearer {}", crate::config::API_TOKEN);
    let path = format!("/api/v1/leads/{id}/objects");
    let without = daemon.sender.post(&path, &[], vec![]).await;
    without.is_a_problem(401);
    let headers = [("Authorization", token.as_str())];
    let answer = daemon.sender.post(&path, &headers, vec![]).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    comes_to(&daemon, "brugge", CUSTOMER).await;
    comes_to(&daemon, "brugge", &customer(1)).await;
    texts(&daemon, &customer(1), 1).await;
    no_more_than(&daemon, CUSTOMER, 1).await;
}

#[tokio::test]
async fn a_number_that_the_carrier_says_has_refused_is_left_alone_from_then_on() {
    let daemon = Daemon::start(closed()).await;
    let how = TextFault::Refused(21610);
    let number = CUSTOMER.to_owned();
    daemon.misbehave(Misbehaviour::Texts { number, how }).await;
    daemon.sends(&texting(CUSTOMER)).await;
    let refused = "leadbridge_messages_total{kind=\"customer-waits\",result=\"refused\"}";
    until("it is refused", || async {
        daemon.sender.figure(refused).await == Some(1.0)
    })
    .await;
    daemon.network.behave();
    comes_to(&daemon, "brugge", CUSTOMER).await;
    comes_to(&daemon, "brugge", &customer(1)).await;
    texts(&daemon, &customer(1), 1).await;
    no_more_than(&daemon, CUSTOMER, 0).await;
}

#[tokio::test]
async fn a_customer_gets_two_texts_for_a_lead_and_no_more() {
    let config = closed();
    let daemon = Daemon::start(config.clone()).await;
    daemon
        .on_phone(AN, accepts())
        .on_phone(CUSTOMER, Behaviour::RingsOut);
    let id = daemon.sends(&texting(CUSTOMER)).await;
    texts(&daemon, CUSTOMER, 1).await;
    daemon.write("rotation.toml", &garages("24/7").rotation);
    until("it is read", || async {
        daemon.log().contains("were read anew")
    })
    .await;
    daemon.sends(&texting(CUSTOMER)).await;
    daemon.ends(&id, "customer-unreached").await;
    let tried = texts(&daemon, CUSTOMER, 2).await.remove(1);
    assert!(
        tried.body.contains("VW Golf") && tried.body.contains(SHOWN),
        "{tried:?}"
    );
    no_more_than(&daemon, CUSTOMER, 2).await;
}

#[tokio::test]
async fn a_fixed_line_and_a_customer_who_did_not_agree_get_no_text() {
    let daemon = Daemon::start(closed()).await;
    daemon.sends(&texting("+3292123456")).await;
    daemon.sends(&lead(CUSTOMER)).await;
    daemon.sends(&texting(&customer(1))).await;
    texts(&daemon, &customer(1), 1).await;
    sleep(NOT_COMING).await;
    assert_eq!(daemon.network.texts().len(), 1);
}

#[tokio::test]
async fn kill_9_while_a_text_leaves_never_sends_it_twice() {
    let daemon = Daemon::start(Config::of(&["an", "bart"], "")).await;
    let how = TextFault::AnswersAfter(Duration::from_secs(3));
    let number = AN.to_owned();
    daemon.misbehave(Misbehaviour::Texts { number, how }).await;
    daemon
        .on_phone(AN, declines())
        .on_phone(BART, declines())
        .on_phone(PAUL, accepts())
        .on_phone(&customer(0), talks(ms(200)));
    let mut ids = vec![daemon.sends(&about_golf(0)).await];
    // Its request has left; its answer has not come.
    texts(&daemon, AN, 1).await;
    daemon.kill();
    daemon.serve().await;
    for count in 1..6 {
        daemon.on_phone(&customer(count), talks(ms(200)));
        ids.push(daemon.sends(&about_golf(count)).await);
        sleep(ms(fastrand::u64(..250))).await;
        daemon.kill();
        daemon.serve().await;
    }
    for id in &ids {
        daemon.in_state(id, "closed").await;
    }
    sleep(NOT_COMING).await;
    for number in [AN, BART, PAUL] {
        let told = daemon.phone(number).texts();
        for count in 0..ids.len() {
            let vehicle = format!("VW Golf{count}, ");
            let missed = told.iter().filter(|text| text.body.contains(&vehicle));
            assert!(missed.count() <= 1, "{told:#?}");
        }
    }
    let told = daemon.lead(&ids[0]).await;
    let timeline = told["timeline"].as_array().unwrap().iter();
    let to_an = timeline.filter(|entry| entry["what"] == "text-sent" && entry["rep"] == "an");
    assert!(to_an.count() <= 1, "{told:#}");
}

/// A lead whose vehicle tells it from the others.
fn about_golf(count: usize) -> Value {
    let mut lead = lead(&customer(count));
    lead["vehicle"]["model"] = json!(format!("Golf{count}"));
    lead
}

#[tokio::test]
async fn a_carrier_that_is_down_is_told_to_the_owner_by_mail_also_when_the_mail_server_is_away_at_first()
 {
    let mut mailbox = Mailbox::away();
    let config = with_mail(Config::owned_by("paul", &["an"], ""), &mailbox);
    let daemon = Daemon::start(config).await;
    daemon
        .on_phone(AN, accepts())
        .on_phone(CUSTOMER, talks(ms(100)));
    let span = Duration::from_secs(3600);
    daemon.misbehave(Misbehaviour::Unauthorized { span }).await;
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon.in_state(&id, "stalled").await;
    until("the mail server was tried", || async {
        daemon.log().contains("the mail server is away")
    })
    .await;
    mailbox.opens();
    let down = mailbox.mail("Leadbridge kan niet bellen").await;
    assert_eq!(down["rcpt"], json!(["paul@example.be"]), "{down:#}");
    assert_eq!(down["mail_from"], "leadbridge@example.be");
    assert!(
        down["body"].as_str().unwrap().contains("code 20003"),
        "{down:#}"
    );
    assert!(
        down["content-type"]
            .as_str()
            .unwrap()
            .starts_with("text/plain"),
        "{down:#}"
    );
    assert_eq!(down["auto-submitted"], "auto-generated");
    assert!(
        down["message-id"]
            .as_str()
            .unwrap()
            .ends_with("@example.be>"),
        "{down:#}"
    );
    daemon.network.behave();
    daemon.signal("HUP");
    mailbox.mail("Leadbridge belt weer").await;
    daemon.ends(&id, "connected").await;
    assert_eq!(mailbox.mails().len(), 2, "{:#?}", mailbox.mails());
}

#[tokio::test]
async fn owners_are_told_by_text_and_mail_that_nobody_accepted() {
    let mailbox = Mailbox::open();
    let config = with_mail(Config::owned_by("paul", &["an"], ""), &mailbox);
    let daemon = Daemon::start(config).await;
    daemon.on_phone(AN, declines()).on_phone(PAUL, declines());
    let id = daemon.sends(&lead(CUSTOMER)).await;
    daemon.ends(&id, "nobody-accepted").await;
    let mail = mailbox.mail("niemand nam hem aan").await;
    assert_eq!(mail["rcpt"], json!(["paul@example.be"]), "{mail:#}");
    assert!(mail["subject"].as_str().unwrap().is_ascii());
    let body = mail["body"].as_str().unwrap();
    assert!(body.contains("VW Golf") && body.contains(&id), "{mail:#}");
    for personal in NAMES.into_iter().chain([CUSTOMER]) {
        assert!(!mail.to_string().contains(personal), "{mail:#}");
    }
    until("a text came", || async {
        let texts = daemon.phone(PAUL).texts();
        texts.iter().any(|text| text.body.contains("gesloten"))
    })
    .await;
    assert_eq!(
        mailbox.mail("Gemiste lead").await["rcpt"],
        json!(["an@example.be"])
    );
}

/// In this zone it is past eight in the morning, and not yet midnight for a while.
fn zone_of_day() -> &'static str {
    let hour = |name| {
        let zone = jiff::tz::TimeZone::get(name).unwrap();
        zone.to_datetime(now()).hour()
    };
    let zones = ["Europe/Brussels", "America/New_York", "Asia/Tokyo"];
    let mut zones = zones.into_iter();
    zones.find(|name| (8..23).contains(&hour(name))).unwrap()
}

#[tokio::test]
async fn held_leads_are_told_once_a_day_and_a_restart_neither_skips_nor_doubles_it() {
    let mailbox = Mailbox::open();
    let mut config = with_mail(Config::owned_by("paul", &["an"], ""), &mailbox);
    let group = GROUP.replace("Europe/Brussels", zone_of_day());
    config.rotation = config.rotation.replace(GROUP, &group);
    let daemon = Daemon::start(config).await;
    let store = daemon.folder.path().join("data/leadbridge.db");
    let told = |sql: &str| {
        let store = rusqlite::Connection::open(&store).unwrap();
        store.execute(sql, []).unwrap()
    };
    for phone in ["+3290012345", "0900 12 345"] {
        let answer = daemon.sender.send(&lead(phone)).await;
        assert_eq!(answer.text("status"), "held", "{answer:?}");
    }
    until("this morning's words are said, of nothing", || async {
        told("UPDATE meta SET value = value WHERE key = 'held-told'") == 1
    })
    .await;
    daemon.kill();
    // As if it had not been done yet today.
    assert_eq!(told("DELETE FROM meta WHERE key = 'held-told'"), 1);
    daemon.serve().await;
    let mail = mailbox.mail("Leads die wachten: 2").await;
    assert!(
        mail["body"].as_str().unwrap().contains("2x betaalnummer"),
        "{mail:#}"
    );
    // A mail whose leaving was not written down leaves again, under its name.
    until("it is known to have left", || async {
        told("UPDATE message SET state = state WHERE state = 'taken'") == 1
    })
    .await;
    daemon.kill();
    daemon.serve().await;
    sleep(NOT_COMING).await;
    assert_eq!(mailbox.mails().len(), 1, "{:#?}", mailbox.mails());
}

#[tokio::test]
async fn a_forged_report_or_stop_changes_nothing_and_a_late_one_neither() {
    let daemon = Daemon::start(closed()).await;
    daemon.sends(&texting(CUSTOMER)).await;
    texts(&daemon, CUSTOMER, 1).await;
    let path = format!("message/{}", first_message(&daemon));
    let stop = [
        ("MessageSid", "SM1"),
        ("From", CUSTOMER),
        ("To", SHOWN),
        ("Body", "STOP"),
    ];
    let forged = daemon.carrier_asks_as("a guess", "inbound", &stop).await;
    forged.is_a_problem(403);
    let failed = [
        ("MessageSid", "SM1"),
        ("MessageStatus", "failed"),
        ("ErrorCode", "21610"),
    ];
    let forged = daemon.carrier_asks_as("a guess", &path, &failed).await;
    forged.is_a_problem(403);
    let sent = [("MessageSid", "SM1"), ("MessageStatus", "sent")];
    for path in [&path, &path, "message/999", "message/x"] {
        assert_eq!(daemon.carrier_asks(path, &sent).await.status, 204, "{path}");
    }
    let sent = "leadbridge_messages_total{kind=\"customer-waits\",result=\"sent\"}";
    assert!(
        daemon.sender.figure(sent).await <= Some(1.0),
        "a delivered text stays delivered"
    );
    comes_to(&daemon, "brugge", CUSTOMER).await;
    texts(&daemon, CUSTOMER, 2).await;
}

/// The name of the first message that was written.
fn first_message(daemon: &Daemon) -> i64 {
    let store = daemon.folder.path().join("data/leadbridge.db");
    let store = rusqlite::Connection::open(store).unwrap();
    let first = "SELECT min(id) FROM message";
    store.query_row(first, [], |row| row.get(0)).unwrap()
}
