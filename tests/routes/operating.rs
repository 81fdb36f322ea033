//! How the daemon is, and whether it is what it says.

use leadbridge::rotation::CarrierId;
use leadbridge_providers::Placing;
use serde_json::json;

use crate::house::{Ask, House, lead};

#[tokio::test]
async fn it_says_which_part_is_not_ready() {
    let house = House::new().await;
    let ready = house.ask(Ask::new("GET", "/readyz")).await;
    assert_eq!(ready.status, 200);
    assert_eq!(
        ready.json(),
        json!({"ready": true, "store": "writable", "carriers": {"main": "up"}})
    );
    let _lock = house.lock();
    let away = house.ask(Ask::new("GET", "/readyz")).await;
    assert_eq!(away.status, 503);
    assert_eq!(away.json()["store"], "away");
    assert_eq!(house.ask(Ask::new("GET", "/healthz")).await.status, 200);
}

#[tokio::test]
async fn the_figures_have_the_names_that_were_promised() {
    let house = House::new().await;
    house.send("website", &lead("web-1", "0470 12 34 56")).await;
    house.send("website", &lead("web-1", "0470 12 34 56")).await;
    let held = house.send("website", &lead("web-2", "no number")).await;
    house.send("website", &lead("web-3", "0470 12 34 57")).await;
    let path = format!(
        "/api/v1/leads/{}/discard",
        held.json()["lead"].as_str().unwrap()
    );
    house.ask(Ask::new("POST", path).known()).await;
    let list = house
        .ask(Ask::new("GET", "/api/v1/leads?state=ringing").known())
        .await;
    let rung = list.json()["leads"][0]["lead"].as_str().unwrap().to_owned();
    let status = format!("/carriers/main/{rung}-r1/status");
    let busy = [("CallSid", "CA1"), ("CallStatus", "busy")];
    for _ in 0..2 {
        house.ask(Ask::callback(&status, &busy)).await;
    }
    let carrier = CarrierId("main".to_owned());
    house.engine.metrics.carrier_up(&carrier, true);
    house
        .engine
        .metrics
        .carrier_request(&carrier, &Placing::NotSent);
    let figures = house.ask(Ask::new("GET", "/metrics")).await;
    let kind = figures.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    for line in [
        r#"leadbridge_leads_total{source="website",status="ringing"} 1"#,
        r#"leadbridge_leads_total{source="website",status="held"} 1"#,
        r#"leadbridge_leads_total{source="website",status="in-line"} 1"#,
        r#"leadbridge_attempts_total{rooftop="gent",result="missed"} 1"#,
        r#"leadbridge_outcomes_total{rooftop="gent",outcome="discarded"} 1"#,
        r#"leadbridge_carrier_requests_total{carrier="main",result="not-sent"} 1"#,
        r#"leadbridge_carrier_up{carrier="main"} 1"#,
        r#"leadbridge_flows{state="held"} 0"#,
        r#"leadbridge_flows{state="talking"} 0"#,
        "leadbridge_outbox ",
        "leadbridge_store_commit_seconds_count",
        "leadbridge_time_to_ring_seconds_count 1",
        "leadbridge_time_to_accept_seconds_count 0",
        "leadbridge_time_to_connect_seconds_count 0",
    ] {
        assert!(figures.body.contains(line), "{line}\n{}", figures.body);
    }
    assert!(!figures.body.contains("Wouters") && !figures.body.contains("12345"));
}

#[tokio::test]
async fn every_address_takes_the_methods_that_the_description_names_and_no_other() {
    let house = House::new().await;
    let document = house.ask(Ask::new("GET", "/openapi.json")).await.json();
    let paths = document["paths"].as_object().unwrap();
    for (path, methods) in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let answer = house.ask(Ask::new(method, filled_in(path))).await;
            let is_described = methods.get(method.to_lowercase()).is_some();
            assert_eq!(answer.status != 405, is_described, "{method} {path}");
            assert!(
                !answer.body.contains("nothing at this address"),
                "{method} {path}"
            );
        }
    }
}

fn filled_in(path: &str) -> String {
    let values = [
        ("{source}", "website"),
        ("{secret}", "secret"),
        ("{carrier}", "main"),
        ("{leg}", "leg"),
        ("{turn}", "1"),
        ("{route}", "answer"),
        ("{id}", "id"),
        ("{sound}", "tone.wav"),
        ("{act}", "cancel"),
    ];
    let path = values.iter().fold(path.to_owned(), |path, (name, value)| {
        path.replace(name, value)
    });
    assert!(!path.contains('{'), "{path}");
    path
}

#[tokio::test]
async fn no_answer_names_a_version_and_all_are_guarded() {
    let house = House::new().await;
    for path in ["/", "/healthz", "/metrics", "/api/v1/leads", "/nothing"] {
        let answer = house.ask(Ask::new("GET", path)).await;
        assert!(answer.headers.get("server").is_none(), "{path}");
        assert_eq!(
            answer.headers["x-content-type-options"], "nosniff",
            "{path}"
        );
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}");
        assert!(!answer.body.contains(env!("CARGO_PKG_VERSION")), "{path}");
    }
}
