//! A carrier that has taken our credentials, and what it answers.

use std::time::Duration;

use leadbridge_providers::{Carrier, Method, Request, Response};

use crate::io::outgoing;

/// How long a carrier may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// It can be asked.
pub(super) struct Line {
    http: reqwest::Client,
    /// The key of `leadbridge.toml` that says where it is.
    place: &'static str,
}

impl Line {
    /// What is wrong is told as the rest of a sentence, here and below.
    pub(super) async fn to(carrier: &Carrier) -> Result<Line, String> {
        let (place, cure) = match carrier {
            Carrier::Twilio(_) => ("base_url", "check account and token"),
            Carrier::Asterisk(_) => (
                "url",
                "check user and password, and that its ari.conf says enabled = yes",
            ),
        };
        let account = carrier.account();
        let http = outgoing::client_for(&account.url).timeout(ANSWER_WITHIN);
        let http = http.build().map_err(|error| unreached(place, error))?;
        let line = Line { http, place };
        match line.ask(account, |said| carrier.recognised(said)).await? {
            true => Ok(line),
            false => Err(format!("refuses our credentials; {cure}")),
        }
    }

    /// What `read` makes of the answer, which is `None` where it can make no sense of it.
    pub(super) async fn ask<T>(
        &self,
        request: Request,
        read: impl FnOnce(Response<'_>) -> Option<T>,
    ) -> Result<T, String> {
        let asking = match request.method {
            Method::Get => self.http.get(request.url),
            Method::Post => self.http.post(request.url),
            Method::Delete => self.http.delete(request.url),
        };
        let asking = asking.header("authorization", request.authorization);
        let unreached = |error| unreached(self.place, error);
        let answer = asking.send().await.map_err(unreached)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(unreached)?;
        let body = &body;
        read(Response { status, body }).ok_or_else(|| {
            let place = self.place;
            format!("answered {status}, which makes no sense; check {place} and ask again")
        })
    }
}

/// Without the address, which names the account.
fn unreached(place: &str, error: reqwest::Error) -> String {
    let error = error.without_url();
    format!("cannot be asked ({error}); check {place} and this machine's way to it")
}
