//! Leads come in (BEHAVIOUR 1).

use serde_json::json;

use crate::house::{Ask, House, lead};

#[tokio::test]
async fn an_authentic_lead_is_kept_and_told_where_it_stands() {
    let house = House::new().await;
    let answer = house.send("website", &lead("web-1", "0470 12 34 56")).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(answer.json()["status"], "ringing");
    let id = answer.json()["lead"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/leads/{id}");
    let shown = house.ask(Ask::new("GET", path).known()).await.json();
    assert_eq!(shown["source_id"], "web-1");
    assert_eq!(shown["timeline"][0]["what"], "lead-received");
}

#[tokio::test]
async fn the_same_id_again_is_the_same_lead() {
    let house = House::new().await;
    let first = house.send("website", &lead("web-1", "0470 12 34 56")).await;
    let again = house.send("website", &lead("web-1", "0470 99 99 99")).await;
    assert_eq!(again.status, 202);
    assert_eq!(first.json()["lead"], again.json()["lead"]);
    assert_eq!(house.kept().await, 1);
}

#[tokio::test]
async fn who_is_not_the_source_leaves_nothing_behind() {
    let house = House::new().await;
    let body = lead("web-1", "0470 12 34 56");
    let bare = Ask::new("POST", "/leads/website").body(body.clone());
    let detail = house.ask(bare).await.problem(401);
    assert!(detail.contains("sources.toml"), "{detail}");
    let other = house
        .signed("website", &body)
        .body(lead("web-2", "0470 12 34 56"));
    house.ask(other).await.problem(401);
    let path = "/leads/slow/another-segment";
    house
        .ask(Ask::new("POST", path).body(body.clone()))
        .await
        .problem(401);
    house
        .ask(Ask::new("POST", "/leads/slow").body(body))
        .await
        .problem(401);
    assert_eq!(house.kept().await, 0);
}

#[tokio::test]
async fn an_unknown_source_and_a_body_too_large_are_refused() {
    let house = House::new().await;
    let detail = house.ask(Ask::new("POST", "/leads/web")).await.problem(404);
    assert!(detail.contains("source"), "{detail}");
    let large = lead("web-1", &"0".repeat(3000));
    house.send("website", &large).await.problem(413);
    assert_eq!(house.kept().await, 0);
}

#[tokio::test]
async fn what_can_t_be_read_is_held_and_shown_to_a_person() {
    let house = House::new().await;
    let answer = house.send("website", "Jan, 0470 12 34 56").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["status"]),
        (202, &"held".into())
    );
    let path = format!("/api/v1/leads/{}", answer.json()["lead"].as_str().unwrap());
    let shown = house.ask(Ask::new("GET", path).known()).await.json();
    assert_eq!(shown["held_reason"], "unreadable");
    assert_eq!(shown["raw"], "Jan, 0470 12 34 56");
    let list = house
        .ask(Ask::new("GET", "/api/v1/leads").known())
        .await
        .json();
    assert!(
        list["leads"][0].get("raw").is_none(),
        "only where one lead is asked for"
    );
}

#[tokio::test]
async fn of_a_number_that_is_none_a_person_sees_what_was_typed() {
    let house = House::new().await;
    let body = r#"{"phone":"0470 99 88 7","email":"jan@example.org","message":"na 18u"}"#;
    let lead = house.send("website", body).await.json();
    let path = format!("/api/v1/leads/{}", lead["lead"].as_str().unwrap());
    let shown = house.ask(Ask::new("GET", path).known()).await.json();
    assert_eq!(shown["held_reason"], "invalid-number");
    assert_eq!(shown["phone"], "0470 99 88 7");
    assert_eq!(shown["email"], "jan@example.org");
    assert_eq!(shown["message"], "na 18u");
    assert_eq!(shown.get("raw"), None);
}

#[tokio::test]
async fn a_lead_that_can_be_rung_shows_nothing_personal() {
    let house = House::new().await;
    let lead = house.send("website", &lead("web-1", "0470 12 34 56")).await;
    let path = format!("/api/v1/leads/{}", lead.json()["lead"].as_str().unwrap());
    let shown = house.ask(Ask::new("GET", path).known()).await.json();
    for personal in ["phone", "email", "message", "raw"] {
        assert_eq!(shown.get(personal), None, "{personal}");
    }
}

#[tokio::test]
async fn what_came_is_shown_in_its_own_letters() {
    let house = House::new().await;
    let long = "é".repeat(1_000);
    let lead = house.send("website", &long).await.json();
    let path = format!("/api/v1/leads/{}", lead["lead"].as_str().unwrap());
    let shown = house.ask(Ask::new("GET", path).known()).await.json();
    assert_eq!(shown["raw"], *long);
}

#[tokio::test]
async fn a_lead_without_a_number_has_nobody_who_could_object_to_texts() {
    let house = House::new().await;
    let lead = house.send("website", "Jan, 0470 12 34 56").await.json();
    let path = format!("/api/v1/leads/{}/objects", lead["lead"].as_str().unwrap());
    let detail = house.ask(Ask::new("POST", path).known()).await.problem(409);
    assert!(detail.contains("no number"), "{detail}");
    let stranger = "/api/v1/leads/0190b1f0-7b3c-7000-8000-000000000001/objects";
    house
        .ask(Ask::new("POST", stranger).known())
        .await
        .problem(404);
}

#[tokio::test]
async fn over_its_rate_a_source_is_heard_and_its_leads_are_held() {
    let house = House::new().await;
    for nth in 0..3 {
        let phone = format!("0470 12 34 5{nth}");
        let answer = house
            .send("slow", &lead(&format!("slow-{nth}"), &phone))
            .await;
        let is_held = answer.json()["status"] == "held";
        assert_eq!(
            (answer.status.as_u16(), is_held),
            (202, nth == 2),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_source_that_proves_nothing_rings_once_from_one_address() {
    let house = House::new().await;
    let first = house.send("open", &lead("open-1", "0470 12 34 51")).await;
    let next = house.send("open", &lead("open-2", "0470 12 34 52")).await;
    assert_ne!(first.json()["status"], "held", "{}", first.body);
    assert_eq!(next.json()["status"], "held", "{}", next.body);
}

#[tokio::test]
async fn a_test_of_a_source_that_proves_nothing_rings_nobody() {
    let house = House::new().await;
    let test = |id: &str| json!({"id": id, "phone": "0470 00 00 01", "test": true}).to_string();
    let anybody = house.send("open", &test("open-1")).await;
    assert_eq!(anybody.json()["status"], "test", "{}", anybody.body);
    let proven = house.send("website", &test("web-1")).await;
    assert_eq!(proven.json()["status"], "ringing", "{}", proven.body);
}

#[tokio::test]
async fn a_flood_from_one_address_is_told_when_to_come_back() {
    let house = House::new().await;
    let mut last = house.ask(Ask::new("POST", "/leads/website")).await;
    for _ in 0..200 {
        if last.status == 429 {
            break;
        }
        last = house.ask(Ask::new("POST", "/leads/website")).await;
    }
    last.problem(429);
    assert_eq!(last.headers["retry-after"], "1");
}

#[tokio::test]
async fn a_lead_that_can_t_be_written_down_is_to_be_sent_again() {
    let house = House::new().await;
    let lock = house.lock();
    let away = house.send("website", &lead("web-1", "0470 12 34 56")).await;
    away.problem(503);
    assert_eq!(away.headers["retry-after"], "5");
    drop(lock);
    let again = house.send("website", &lead("web-1", "0470 12 34 56")).await;
    assert_eq!(again.status, 202, "{}", again.body);
}

#[tokio::test]
async fn a_source_that_asks_with_its_word_hears_its_challenge() {
    let house = House::new().await;
    let asked = |word: &str| {
        let query = format!("hub.mode=subscribe&hub.verify_token={word}&hub.challenge=1158201444");
        Ask::new("GET", format!("/leads/website?{query}"))
    };
    let right = house.ask(asked("challenge-of-some-length")).await;
    assert_eq!(
        (right.status.as_u16(), right.body.as_str()),
        (200, "1158201444")
    );
    house.ask(asked("another-word")).await.problem(403);
}
