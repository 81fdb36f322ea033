//! Who may use the demo's addresses: its own page, and nobody through a page of somebody else.

use reqwest::header::CONTENT_SECURITY_POLICY;
use reqwest::{Client, StatusCode};

use crate::demo::Demo;

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn another_site_can_neither_send_a_lead_nor_touch_a_phone() {
    let (demo, client) = (Demo::start(), client());
    for path in ["/demo/leads", "/_phones/+32470000001/answer"] {
        let post = |from| {
            let url = format!("{}{path}", demo.url);
            client
                .post(url)
                .header("sec-fetch-site", from)
                .body("{}")
                .send()
        };
        for from in ["cross-site", "same-site"] {
            assert_eq!(
                post(from).await.unwrap().status(),
                StatusCode::FORBIDDEN,
                "{path}"
            );
        }
        assert_ne!(
            post("same-origin").await.unwrap().status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_phones_can_be_held_here_and_not_made_to_misbehave() {
    let (demo, client) = (Demo::start(), client());
    let post = |path: &str| client.post(format!("{}{path}", demo.url)).send();
    let status = post("/_phones/+32470000001/answer").await.unwrap().status();
    assert_eq!(status, StatusCode::CONFLICT, "it does not ring");
    for path in [
        "/_phones/misbehave",
        "/_phones/behave",
        "/_phones/+32470000001",
    ] {
        assert_eq!(
            post(path).await.unwrap().status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere_and_the_daemons_own_addresses_stay() {
    let (demo, client) = (Demo::start(), client());
    let get = |path: &str| client.get(format!("{}{path}", demo.url)).send();
    let page = get("/").await.unwrap();
    let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    for path in ["/healthz", "/readyz", "/openapi.json", "/metrics"] {
        assert_eq!(get(path).await.unwrap().status(), StatusCode::OK, "{path}");
    }
    let leads = get("/api/v1/leads").await.unwrap();
    assert_eq!(
        leads.status(),
        StatusCode::UNAUTHORIZED,
        "the token is still asked for"
    );
}
