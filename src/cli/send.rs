//! `leadbridge send`: a lead as a source would send it, signed by that source's secret.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leadbridge_providers::LeadId;
use reqwest::StatusCode;

use super::Failure;
use super::group::{NO_STORE, daemon_url, unknown};
use super::table::plain;
use crate::intake::Format;
use crate::io::clock::Clock;
use crate::io::config::{self, Environment, Uses};
use crate::io::engine::Engine;
use crate::rotation::SourceId;
use crate::source::{Source, Sources};

/// How long the daemon may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What to send.
#[derive(Debug, clap::Args)]
pub(super) struct SendOptions {
    /// As which source, by its id in sources.toml
    #[arg(long, value_name = "ID")]
    source: String,
    /// The body, as that source would write it
    file: PathBuf,
    /// To where; the daemon on this machine unless said
    #[arg(long, value_name = "URL", value_parser = web_address)]
    to: Option<String>,
}

/// What came back.
struct Answer {
    status: StatusCode,
    body: String,
}

/// Signs and posts; a lead that is refused is a no.
pub(super) async fn send(
    config: &Path,
    options: &SendOptions,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let env = Environment::of_this_process().only(Uses::Source(options.source.clone()));
    let loaded = config::load(config, &NO_STORE, &env)?;
    let source = source(&loaded.sources, &options.source)?;
    let body = std::fs::read(&options.file).map_err(|error| {
        let file = options.file.display();
        Failure::No(format!("{file} cannot be read: {error}"))
    })?;
    let url = match &options.to {
        Some(url) => url.clone(),
        None => leads_url(&daemon_url(&loaded.settings), source),
    };
    let answer = deliver(source, &body, url).await?;
    writeln!(out, "{}", answer.status)?;
    if !answer.body.is_empty() {
        writeln!(out, "{}", plain(answer.body.trim_end()))?;
    }
    answer.taken()
}

/// The same for a daemon of this process at `base`; which lead it became.
pub(super) async fn post(
    engine: &Engine,
    source_id: &str,
    body: &[u8],
    base: &str,
) -> Result<LeadId, Failure> {
    let sources = engine.sources.load_full();
    let source = source(&sources, source_id)?;
    let answer = deliver(source, body, leads_url(base, source)).await?;
    answer.taken()?;
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let lead = told["lead"].as_str().and_then(|lead| lead.parse().ok());
    lead.ok_or_else(|| Failure::No("the daemon took the lead and did not name it".to_owned()))
}

/// The whole address of a source, not its beginning alone.
fn web_address(text: &str) -> Result<String, &'static str> {
    let url = text.parse::<reqwest::Url>().ok();
    let is_web = url.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
    is_web.then(|| text.to_owned()).ok_or(
        "write the whole address, such as https://bridge.example.be/leads/website, or leave --to out for the daemon on this machine",
    )
}

fn source<'s>(sources: &'s Sources, id: &str) -> Result<&'s Source, Failure> {
    let known = sources.keys().map(|known| known.0.as_str());
    sources
        .get(&SourceId(id.to_owned()))
        .ok_or_else(|| unknown("source", id, known))
}

fn leads_url(base: &str, source: &Source) -> String {
    format!("{base}/leads/{}", source.id.0)
}

async fn deliver(source: &Source, body: &[u8], url: String) -> Result<Answer, Failure> {
    let clock = Clock::start();
    let message = clock.lead_id().to_string();
    let signed = source.auth.sign(&message, clock.now(), body);
    let url = match &signed.url_secret {
        Some(secret) => format!("{}/{secret}", url.trim_end_matches('/')),
        None => url,
    };
    // The address may end in a secret.
    let unsent = |error: reqwest::Error| {
        let error = error.without_url();
        Failure::No(format!(
            "the lead could not be sent ({error}); is the daemon running, and --to right?"
        ))
    };
    // What is signed or bears a secret goes straight there, or nowhere.
    let http = reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy();
    let http = http.build();
    let mut posting = http
        .map_err(unsent)?
        .post(url)
        .header("content-type", content_type(source.format))
        .body(signed.body);
    for (name, value) in signed.headers {
        posting = posting.header(name, value);
    }
    let answer = posting.send().await.map_err(unsent)?;
    Ok(Answer {
        status: answer.status(),
        body: answer.text().await.map_err(unsent)?,
    })
}

fn content_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
        Format::Form => "application/x-www-form-urlencoded",
        Format::Adf => "application/xml",
    }
}

impl Answer {
    fn taken(&self) -> Result<(), Failure> {
        if self.status.is_success() {
            Ok(())
        } else {
            Err(Failure::No(format!(
                "the lead was refused with {}",
                self.status
            )))
        }
    }
}
