//! What programs of the group ask and order.

use serde_json::{Value, json};

use crate::house::{Ask, House, lead};

async fn sent(house: &House, id: &str, phone: &str) -> String {
    let answer = house.send("website", &lead(id, phone)).await;
    answer.json()["lead"].as_str().unwrap().to_owned()
}

async fn listed(house: &House, query: &str) -> Value {
    let path = format!("/api/v1/leads?{query}");
    house.ask(Ask::new("GET", path).known()).await.json()
}

fn act(lead: &str, act: &str, body: &str) -> Ask {
    Ask::new("POST", format!("/api/v1/leads/{lead}/{act}"))
        .known()
        .body(body)
}

#[tokio::test]
async fn without_the_token_nothing_is_shown_or_done() {
    let house = House::new().await;
    let lead = sent(&house, "web-1", "0470 12 34 56").await;
    for ask in [
        Ask::new("GET", "/api/v1/leads"),
        Ask::new("GET", format!("/api/v1/leads/{lead}")),
        Ask::new("POST", format!("/api/v1/leads/{lead}/cancel")),
        Ask::new("GET", "/api/v1/leads").header("authorization", "Bearer api-token"),
    ] {
        let answer = house.ask(ask).await;
        let detail = answer.problem(401);
        assert!(detail.contains("api_token"), "{detail}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    assert_eq!(listed(&house, "").await["leads"][0]["state"], "ringing");
}

#[tokio::test]
async fn a_token_is_not_guessed_at_the_speed_of_the_network() {
    for (path, wrong) in [
        ("/api/v1/leads", "Bearer a-guess"),
        ("/", "Basic YW46YS1ndWVzcw=="),
    ] {
        let house = House::new().await;
        for _ in 0..100 {
            let right = house.ask(Ask::new("GET", "/api/v1/leads").known()).await;
            assert_eq!(right.status, 200, "the right one is no guess");
        }
        let guess = || house.ask(Ask::new("GET", path).header("authorization", wrong));
        guess().await.problem(401);
        let mut last = guess().await;
        for _ in 0..400 {
            if last.status == 429 {
                break;
            }
            last = guess().await;
        }
        last.problem(429);
        assert_eq!(last.headers["retry-after"], "1");
    }
}

#[tokio::test]
async fn leads_are_listed_page_by_page_and_by_what_they_are() {
    let house = House::new().await;
    for nth in 0..3 {
        sent(&house, &format!("web-{nth}"), &format!("0470 12 34 5{nth}")).await;
    }
    sent(&house, "web-3", "no number").await;
    let page = listed(&house, "limit=3").await;
    let ids: Vec<_> = page["leads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lead| &lead["source_id"])
        .collect();
    assert_eq!(ids, ["web-3", "web-2", "web-1"], "the latest first");
    let next = page["next"].as_str().unwrap();
    let rest = listed(&house, &format!("limit=3&after={next}")).await;
    assert_eq!(rest["leads"][0]["source_id"], "web-0");
    assert_eq!(rest["next"], Value::Null);
    let held = listed(&house, "state=held&source=website&rooftop=gent").await;
    assert_eq!(held["leads"].as_array().unwrap().len(), 1);
    assert_eq!(
        listed(&house, "source=other").await["leads"],
        Value::Array(vec![])
    );
    let detail = house
        .ask(Ask::new("GET", "/api/v1/leads?state=open").known())
        .await
        .problem(400);
    assert!(detail.contains("in-line"), "{detail}");
}

#[tokio::test]
async fn a_held_lead_is_released_or_put_away_once() {
    let house = House::new().await;
    let lead = sent(&house, "web-1", "no number").await;
    let shown = house
        .ask(act(&lead, "discard", r#"{"reason":"a joke"}"#))
        .await
        .json();
    assert_eq!(shown["outcome"], "discarded");
    assert_eq!(shown["reason"], "a joke");
    let last = shown["timeline"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&last["what"], &last["reason"]),
        (&"closed".into(), &"discarded: a joke".into())
    );
    house.ask(act(&lead, "discard", "")).await.problem(409);
    house.ask(act(&lead, "release", "")).await.problem(409);
}

#[tokio::test]
async fn an_open_lead_is_canceled_with_a_reason_and_a_closed_one_is_not() {
    let house = House::new().await;
    let lead = sent(&house, "web-1", "0470 12 34 56").await;
    house.ask(act(&lead, "release", "")).await.problem(409);
    house
        .ask(act(&lead, "cancel", "because"))
        .await
        .problem(400);
    let shown = house
        .ask(act(&lead, "cancel", r#"{"reason":"sold"}"#))
        .await
        .json();
    assert_eq!(shown["outcome"], "canceled");
    let detail = house.ask(act(&lead, "cancel", "")).await.problem(409);
    assert!(detail.contains("nothing is left to cancel"), "{detail}");
}

#[tokio::test]
async fn a_lead_that_is_not_there_is_told_from_an_address_that_is_not_there() {
    let house = House::new().await;
    let stranger = "0190b1f0-7b3c-7000-8000-000000000001";
    for ask in [
        Ask::new("GET", format!("/api/v1/leads/{stranger}")).known(),
        Ask::new("GET", "/api/v1/leads/web-1").known(),
        act(stranger, "cancel", ""),
    ] {
        let detail = house.ask(ask).await.problem(404);
        assert!(detail.contains("no such lead"), "{detail}");
    }
    let detail = house.ask(act(stranger, "praise", "")).await.problem(404);
    assert!(detail.contains("nothing at this address"), "{detail}");
}

fn erase(person: &str) -> Ask {
    let body = json!({ "person": person }).to_string();
    Ask::new("POST", "/api/v1/persons/erase").known().body(body)
}

#[tokio::test]
async fn an_erased_person_is_rung_no_more_and_nothing_of_theirs_is_left() {
    let house = House::new().await;
    let open = sent(&house, "web-1", "0470 12 34 56").await;
    let other = sent(&house, "web-2", "0470 12 34 57").await;
    let answer = house.ask(erase("+32 470 12 34 56")).await.json();
    assert_eq!(answer, json!({ "erased": [open], "talking": [] }));
    let path = format!("/api/v1/leads/{open}");
    let shown = house.ask(Ask::new("GET", path).known()).await.json();
    assert_eq!(
        (&shown["outcome"], &shown["reason"]),
        (&"canceled".into(), &"erased".into())
    );
    assert_eq!(
        house.personal(&open),
        (0, 0),
        "rows of lead and raw that hold anything"
    );
    assert_eq!(house.personal(&other), (1, 1));
    let again = house.ask(erase("0470 12 34 56")).await.json();
    assert_eq!(again, json!({ "erased": [], "talking": [] }));
    let same = sent(&house, "web-1", "0470 12 34 56").await;
    assert_eq!(same, open, "sent again it is still known, and rings nobody");
}

#[tokio::test]
async fn a_person_is_a_number_or_an_address_and_asked_for_with_the_token() {
    let house = House::new().await;
    let stranger = Ask::new("POST", "/api/v1/persons/erase").body(r#"{"person":"a@b.be"}"#);
    house.ask(stranger).await.problem(401);
    for (body, word) in [
        ("", "e-mail"),
        (r#"{"person":"An"}"#, "+32470123456"),
        (r#"{"phone":"1"}"#, "person"),
    ] {
        let ask = Ask::new("POST", "/api/v1/persons/erase").known().body(body);
        let detail = house.ask(ask).await.problem(400);
        assert!(detail.contains(word), "{body}: {detail}");
    }
}
