//! The pages for people, the figures and what became of a lead.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::house::{Answer, Ask, House, lead};

/// With the token as the password of a browser's log-in.
fn browser(path: &str) -> Ask {
    let given = BASE64_STANDARD.encode("an:api-token-of-some-length");
    Ask::new("GET", path).header("authorization", &format!("Basic {given}"))
}

async fn sent(house: &House, body: &str) -> String {
    let answer = house.send("website", body).await;
    answer.json()["lead"].as_str().unwrap().to_owned()
}

fn is_page(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn pages_ask_for_the_token_as_a_password() {
    let house = House::new().await;
    let lead = sent(&house, &lead("web-1", "0470 12 34 56")).await;
    for path in [
        "/".to_owned(),
        "/report".to_owned(),
        format!("/lead/{lead}"),
    ] {
        let refused = house.ask(Ask::new("GET", &*path)).await;
        let detail = refused.problem(401);
        assert!(detail.contains("password"), "{detail}");
        let ask = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(ask.starts_with("Basic realm="), "{ask}");
        let wrong = BASE64_STANDARD.encode("an:api-token");
        let wrong = Ask::new("GET", &*path).header("authorization", &format!("Basic {wrong}"));
        house.ask(wrong).await.problem(401);
        is_page(&house.ask(browser(&path)).await);
    }
}

#[tokio::test]
async fn the_interface_for_programs_takes_no_browsers_log_in() {
    let house = House::new().await;
    let lead = sent(&house, &lead("web-1", "0470 12 34 56")).await;
    for path in [
        "/api/v1/report".to_owned(),
        "/api/v1/leads".to_owned(),
        format!("/api/v1/leads/{lead}/why"),
    ] {
        house.ask(browser(&path)).await.problem(401);
        let known = house.ask(Ask::new("GET", &*path).known()).await;
        assert_eq!(known.status, 200, "{}", known.body);
    }
}

#[tokio::test]
async fn the_board_shows_what_is_held_with_its_cure_and_who_is_on_what() {
    let house = House::new().await;
    let held = sent(&house, &lead("web-1", "0900 12345")).await;
    let abroad = sent(&house, &lead("web-3", "+1 202 555 0143")).await;
    let rung = sent(&house, &lead("web-2", "0470 12 34 56")).await;
    let board = house.ask(browser("/")).await;
    is_page(&board);
    for part in [
        format!("<a href=\"/lead/{held}\">by hand"),
        format!("leadbridge lead release {abroad}"),
        "premium".to_owned(),
        format!("rings for <a href=\"/lead/{rung}\">"),
        "An Claes".to_owned(),
        "Jan Wouters".to_owned(),
    ] {
        assert!(board.body.contains(&part), "no {part} in {}", board.body);
    }
    assert!(!board.body.contains(&format!("release {held}")));
    assert!(!board.body.contains("0900"), "the number is on its page");
}

#[tokio::test]
async fn a_lead_that_no_release_can_ring_shows_what_was_typed() {
    let house = House::new().await;
    let typed = r#"{"phone":"0470 99 88 <7>","message":"na 18u\nof morgen"}"#;
    let lead = sent(&house, typed).await;
    let page = house.ask(browser(&format!("/lead/{lead}"))).await;
    for part in [
        "0470 99 88 &lt;7&gt;",
        "na 18u\nof morgen",
        &format!("leadbridge lead discard {lead}"),
    ] {
        assert!(page.body.contains(part), "no {part} in {}", page.body);
    }
    assert!(!page.body.contains("lead release"), "{}", page.body);
    let unread = sent(&house, "<b>Jan</b>, 0470 12 34 56").await;
    let page = house.ask(browser(&format!("/lead/{unread}"))).await;
    let raw = "&lt;b&gt;Jan&lt;/b&gt;, 0470 12 34 56";
    assert!(page.body.contains(raw), "{}", page.body);
}

#[tokio::test]
async fn what_outsiders_wrote_is_shown_and_never_run() {
    let house = House::new().await;
    let evil = "<script>alert(1)</script>";
    let quoted = "\\\"><img src=x onerror=alert(1)>";
    let body = format!(
        r#"{{"id":"{evil}","first_name":"{evil}","last_name":"{quoted}","phone":"0900 12345",
        "rep":"{evil}","vehicle":{{"make":"{evil}","model":"'{evil}"}},"message":"{evil}"}}"#
    );
    let lead = sent(&house, &body).await;
    let reason = format!(r#"{{"reason":"{evil}"}}"#);
    let discard = format!("/api/v1/leads/{lead}/discard");
    let pages = [
        "/".to_owned(),
        format!("/lead/{lead}"),
        "/report".to_owned(),
    ];
    for before in [true, false] {
        for path in &pages {
            let page = house.ask(browser(path)).await;
            is_page(&page);
            let lower = page.body.to_lowercase();
            assert!(
                !lower.contains("<script") && !lower.contains("<img"),
                "{path}: {lower}"
            );
            let policy = page.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"));
        }
        if before {
            let page = house.ask(browser(&pages[1])).await;
            assert!(page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
            let discarded = house
                .ask(Ask::new("POST", &*discard).known().body(reason.clone()))
                .await;
            assert_eq!(discarded.status, 200, "{}", discarded.body);
        }
    }
}

#[tokio::test]
async fn the_figures_are_asked_for_by_day_and_group() {
    let house = House::new().await;
    sent(&house, &lead("web-1", "0470 12 34 56")).await;
    sent(&house, &lead("web-2", "0900 12345")).await;
    let report = house
        .ask(Ask::new("GET", "/api/v1/report?by=rooftop").known())
        .await
        .json();
    assert_eq!(report["rows"][0]["name"], "gent");
    assert_eq!(report["total"]["leads"], 2);
    assert_eq!(report["total"]["held"]["reasons"]["premium"], 1);
    assert_eq!(
        report["total"]["time_to_connect"]["wall"]["median_ms"],
        serde_json::Value::Null
    );
    let sheet = house
        .ask(Ask::new("GET", "/api/v1/report?format=csv").known())
        .await;
    assert!(
        sheet.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert!(
        sheet.body.starts_with("from,to,source,leads,"),
        "{}",
        sheet.body
    );
    assert_eq!(sheet.body.matches("\r\n").count(), 3);
    let page = house.ask(browser("/report?by=rep")).await;
    is_page(&page);
    assert!(
        page.body.contains("<svg") && page.body.contains("<desc"),
        "plots"
    );
    let sheet = house.ask(browser("/report?format=csv")).await;
    assert!(
        sheet.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
}

#[tokio::test]
async fn a_wrong_question_about_the_figures_is_told_in_a_sentence() {
    let house = House::new().await;
    for (query, word) in [
        ("from=yesterday", "2026-11-30"),
        ("from=2026-11-24&to=2026-11-23", "after"),
        ("to=2026-02-30", "`to`"),
        ("by=colour", "source, rep or rooftop"),
        ("format=pdf", "csv"),
        ("rooftop=gent", "from, to, by"),
    ] {
        for ask in [
            Ask::new("GET", format!("/api/v1/report?{query}")).known(),
            browser(&format!("/report?{query}")),
        ] {
            let detail = house.ask(ask).await.problem(400);
            assert!(detail.contains(word), "{query}: {detail}");
        }
    }
}

#[tokio::test]
async fn what_became_of_a_lead_is_told_in_the_groups_language_or_another() {
    let house = House::new().await;
    let lead = sent(&house, &lead("web-1", "0470 12 34 56")).await;
    let path = format!("/api/v1/leads/{lead}/why");
    let told = house.ask(Ask::new("GET", &*path).known()).await.json();
    assert_eq!(told["lead"], *lead);
    let why = told["why"].as_str().unwrap();
    assert!(why.starts_with("Deze lead kwam op "), "{why}");
    assert!(!why.contains("Jan") && !why.contains("Wouters"), "{why}");
    let told = house
        .ask(Ask::new("GET", format!("{path}?language=fr")).known())
        .await
        .json();
    assert!(
        told["why"]
            .as_str()
            .unwrap()
            .starts_with("Ce lead est arrivé"),
        "{told}"
    );
    house
        .ask(Ask::new("GET", format!("{path}?language=es")).known())
        .await
        .problem(400);
    let stranger = "/api/v1/leads/0190b1f0-7b3c-7000-8000-000000000001/why";
    house
        .ask(Ask::new("GET", stranger).known())
        .await
        .problem(404);
    house.ask(browser("/lead/web-1")).await.problem(404);
}

#[tokio::test]
async fn a_conversion_is_told_once_and_taken_back() {
    let house = House::new().await;
    let lead = sent(&house, &lead("web-1", "0470 12 34 56")).await;
    let path = format!("/api/v1/leads/{lead}/conversion");
    let tell = |body: &str| Ask::new("POST", &*path).known().body(body);
    let share = async || {
        let report = house.ask(Ask::new("GET", "/api/v1/report").known()).await;
        let share = &report.json()["conversions"]["share"];
        (
            share["n"].as_u64().unwrap(),
            share["count"].as_u64().unwrap(),
        )
    };
    assert_eq!(
        share().await,
        (0, 0),
        "nothing was told, so nothing is known"
    );
    for body in ["", r#"{"converted":true}"#] {
        let told = house.ask(tell(body)).await.json();
        assert_eq!(told["converted"], true);
        assert_eq!(share().await, (1, 1));
    }
    assert!(
        house
            .ask(browser(&format!("/lead/{lead}")))
            .await
            .body
            .contains("became a customer")
    );
    house.ask(tell(r#"{"converted":false}"#)).await;
    assert_eq!(share().await, (0, 0));
    house.ask(tell("yes")).await.problem(400);
    house.ask(Ask::new("POST", &*path)).await.problem(401);
    let stranger = "/api/v1/leads/0190b1f0-7b3c-7000-8000-000000000001/conversion";
    house
        .ask(Ask::new("POST", stranger).known())
        .await
        .problem(404);
}
