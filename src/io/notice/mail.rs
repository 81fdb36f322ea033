//! Mail through the group's own server. A mail repeated after a crash has the same Message-ID, so that whoever reads
//! it sees it once.

use std::time::{Duration, SystemTime};

use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;
use thiserror::Error;

use crate::io::config::Email;
use crate::io::store::Message;

/// How long each answer of the mail server may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Why no mail can be sent. The server's address is not quoted: it may hold a password.
#[derive(Debug, Error)]
pub enum CannotMail {
    /// The sender is no address.
    #[error("`from` of [notice] is no mail address: {0}")]
    From(#[from] AddressError),
    /// The server's address makes no sense.
    #[error(
        "`smtp` of [notice] can't be used; write smtp://host:25, or smtps://user:password@host"
    )]
    Server,
}

/// A mail server, and who writes.
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// How handing over a mail ended.
pub(super) enum Mailed {
    /// The server has it.
    Taken,
    /// Later, perhaps.
    Again,
    /// The server refused it for good, with this code.
    Never(Option<u32>),
}

impl Mailer {
    /// A mailer. It connects when the first mail leaves.
    pub(super) fn new(email: &Email) -> Result<Mailer, CannotMail> {
        let url = with_tls(email.smtp.expose_secret());
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url);
        let transport = builder.map_err(|_| CannotMail::Server)?;
        Ok(Mailer {
            transport: transport.timeout(Some(ANSWER_WITHIN)).build(),
            from: Mailbox::new(Some("Leadbridge".to_owned()), email.from.parse()?),
        })
    }

    /// Hands a message over.
    pub(super) async fn send(&self, to: &str, message: &Message) -> Mailed {
        let Some(mail) = self.written(to, message) else {
            return Mailed::Never(None);
        };
        match self.transport.send(mail).await {
            Ok(_) => Mailed::Taken,
            Err(error) if error.is_permanent() => Mailed::Never(code(&error)),
            Err(_) => Mailed::Again,
        }
    }

    fn written(&self, to: &str, message: &Message) -> Option<Mail> {
        let name = format!(
            "<{}.{}@{}>",
            message.id,
            message.at.as_millisecond(),
            self.from.email.domain()
        );
        let mail = Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.parse().ok()?))
            .subject(&message.draft.subject)
            .message_id(Some(name))
            .date(SystemTime::from(message.at))
            .header(ContentType::TEXT_PLAIN);
        let mut mail = mail.body(message.draft.body.clone()).ok()?;
        // Nobody's absence is answered to us.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let value = HeaderValue::new(automatic, "auto-generated".to_owned());
        mail.headers_mut().insert_raw(value);
        Some(mail)
    }
}

/// Between machines a connection is encrypted where the server can; `?tls=required` insists on it.
fn with_tls(url: &str) -> String {
    let host = url.rsplit_once('@').map_or(url, |(_, host)| host);
    let host = host.strip_prefix("smtp://").unwrap_or(host);
    let is_here = ["localhost", "127.", "[::1]"]
        .iter()
        .any(|here| host.starts_with(here));
    if url.starts_with("smtps://") || url.contains('?') || is_here {
        return url.to_owned();
    }
    format!("{url}?tls=opportunistic")
}

fn code(error: &smtp::Error) -> Option<u32> {
    error.status().map(|code| u16::from(code).into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_elsewhere_is_talked_to_in_secret_where_it_can() {
        for (written, meant) in [
            ("smtp://localhost:25", "smtp://localhost:25"),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
            (
                "smtp://mail.example.be",
                "smtp://mail.example.be?tls=opportunistic",
            ),
            (
                "smtp://u:p@mail.example.be:587",
                "smtp://u:p@mail.example.be:587?tls=opportunistic",
            ),
            (
                "smtp://mail.example.be?tls=required",
                "smtp://mail.example.be?tls=required",
            ),
            ("smtps://mail.example.be", "smtps://mail.example.be"),
        ] {
            assert_eq!(with_tls(written), meant);
        }
    }

    #[test]
    fn a_server_that_makes_no_sense_is_not_quoted() {
        let email = Email {
            smtp: "smtp://:hunter2@".into(),
            from: "leadbridge@example.be".to_owned(),
        };
        let error = Mailer::new(&email).err().unwrap();
        assert!(!error.to_string().contains("hunter2"));
    }
}
