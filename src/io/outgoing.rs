//! HTTP to carriers. A proxy that the environment names is for the way out, and never for this machine itself.

use reqwest::{ClientBuilder, Url};

/// A client for an address.
pub fn client_for(url: &str) -> ClientBuilder {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    match is_this_machine(url) {
        true => builder.no_proxy(),
        false => builder,
    }
}

fn is_this_machine(url: &str) -> bool {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loopback_is_this_machine() {
        for url in [
            "http://127.0.0.1:8080",
            "http://[::1]/x",
            "http://localhost:1",
        ] {
            assert!(is_this_machine(url), "{url}");
        }
        for url in [
            "https://api.twilio.com/2010-04-01",
            "http://127.0.0.1.example.org",
            "x",
        ] {
            assert!(!is_this_machine(url), "{url}");
        }
    }
}
