//! A real mail server beside the daemon: aiosmtpd, a process of its own.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::daemon::{free_port, until};

/// A mail server that runs as long as this lives, or none yet.
pub(crate) struct Mailbox {
    pub(crate) port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl Mailbox {
    /// Only the port is known: nobody listens.
    pub(crate) fn away() -> Self {
        Self {
            port: free_port(),
            folder: tempfile::tempdir().unwrap(),
            child: None,
        }
    }

    /// One that listens.
    pub(crate) fn open() -> Self {
        let mut mailbox = Self::away();
        mailbox.opens();
        mailbox
    }

    /// It listens from now on.
    pub(crate) fn opens(&mut self) {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let python = std::env::var_os("LEADBRIDGE_TEST_PYTHON").map(PathBuf::from);
        let python = python.unwrap_or_else(|| root.join("target/venv/bin/python"));
        assert!(
            python.exists(),
            "no Python with aiosmtpd: run tests/run once: it makes target/venv"
        );
        let child = Command::new(python)
            .arg(root.join("tests/mail/server.py"))
            .arg(self.port.to_string())
            .stdin(Stdio::piped())
            .stdout(File::create(self.path()).unwrap())
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// The lines of `leadbridge.toml` that send mail here.
    pub(crate) fn notice(&self) -> String {
        format!(
            "[notice]\nemail = {{ smtp = \"smtp://127.0.0.1:{}\", from = \"leadbridge@example.be\" }}\n",
            self.port
        )
    }

    /// All mails so far.
    pub(crate) fn mails(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path()).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// The first mail whose subject holds this, once it is there.
    pub(crate) async fn mail(&self, subject: &str) -> Value {
        let find = || {
            let mut mails = self.mails().into_iter();
            mails.find(|mail| mail["subject"].as_str().unwrap().contains(subject))
        };
        until(&format!("there is a mail: {subject}"), || async {
            find().is_some()
        })
        .await;
        find().unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("mails")
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
