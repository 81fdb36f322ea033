//! Real SIP phones: what they do, what they are told, what they say happened and what was heard in them.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::asterisk::{Asterisk, LOOK_EVERY, PATIENCE};
use crate::sound::Sound;

/// What is missing, and how to get it.
const INSTALL: &str = "needs a Python with pjsua2: run tests/run once: it makes target/venv";

/// All phones on one PBX; they end with this.
pub(crate) struct Phones {
    wire: Arc<Wire>,
    process: Child,
    _folder: TempDir,
}

/// One phone. What it said is read once and in order: [`Phone::next`] looks only at what came after what was read last.
pub(crate) struct Phone {
    pub(crate) number: String,
    wire: Arc<Wire>,
    read: Mutex<usize>,
}

/// Something that happened to a phone.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Seconds since 1970.
    pub(crate) at: f64,
    pub(crate) phone: String,
    /// The SIP Call-ID.
    pub(crate) call: String,
    /// See phones.py.
    pub(crate) event: String,
    /// All of it.
    pub(crate) told: Value,
}

/// What a phone does in each call that comes to it.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour(Value);

struct Wire {
    told: Mutex<Option<ChildStdin>>,
    said: Mutex<Vec<Said>>,
}

impl Behaviour {
    /// It is picked up this long after it began to ring.
    pub(crate) fn answers(after: Duration) -> Self {
        Self(json!({ "code": 200, "after": after.as_secs_f64() }))
    }

    /// It refuses with this SIP code.
    pub(crate) fn refuses(code: u16, after: Duration) -> Self {
        Self(json!({ "code": code, "after": after.as_secs_f64() }))
    }

    /// Nobody is there.
    pub(crate) fn rings() -> Self {
        Self(json!({ "code": 0 }))
    }

    /// Presses these keys this long after each answer.
    pub(crate) fn presses(mut self, after: Duration, keys: &str) -> Self {
        let press = json!([after.as_secs_f64(), keys]);
        match self.0["keys"].as_array_mut() {
            Some(presses) => presses.push(press),
            None => self.0["keys"] = json!([press]),
        }
        self
    }

    /// Says this tone all the time.
    pub(crate) fn says(mut self, hertz: u32) -> Self {
        self.0["tone"] = json!(hertz);
        self
    }

    /// Hangs up this long after the answer.
    pub(crate) fn hangs_up(mut self, after: Duration) -> Self {
        self.0["hang_up_after"] = json!(after.as_secs_f64());
        self
    }
}

impl Phones {
    /// None yet, but what they need.
    pub(crate) async fn start(asterisk: &Asterisk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let python = std::env::var_os("LEADBRIDGE_TEST_PYTHON").map(PathBuf::from);
        let mut process =
            Command::new(python.unwrap_or_else(|| root.join("target/venv/bin/python")))
                .arg(root.join("tests/pbx/phones.py"))
                .args([
                    asterisk.outside.to_string(),
                    format!("127.0.0.1:{}", asterisk.sip),
                ])
                .arg(folder.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|_| panic!("this test {INSTALL}"));
        let wire = Arc::new(Wire {
            told: Mutex::new(process.stdin.take()),
            said: Mutex::default(),
        });
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let reader = wire.clone();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| reader.hears(&line))
        });
        let mut phones = Self {
            wire,
            process,
            _folder: folder,
        };
        phones.are_ready().await;
        phones
    }

    /// The phone with this number, once it is there and does this.
    pub(crate) async fn phone(&self, number: &str, behaviour: Behaviour) -> Phone {
        let phone = Phone {
            number: number.to_owned(),
            wire: self.wire.clone(),
            read: Mutex::new(self.wire.said.lock().unwrap().len()),
        };
        phone.does(behaviour).await;
        phone
    }

    /// The same for a phone of the house, once it has registered.
    pub(crate) async fn registered(&self, number: &str, behaviour: Behaviour) -> Phone {
        let phone = self.phone(number, behaviour).await;
        phone.registers().await;
        phone
    }

    /// Everything that happened.
    pub(crate) fn said(&self) -> Vec<Said> {
        self.wire.said.lock().unwrap().clone()
    }

    async fn are_ready(&mut self) {
        while self.wire.said.lock().unwrap().is_empty() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "this test {INSTALL}");
            sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        drop(self.wire.told.lock().unwrap().take());
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("---- the phones said:");
            for said in self.said() {
                eprintln!("{:.3} {} {} {}", said.at, said.phone, said.event, said.told);
            }
        }
    }
}

impl Phone {
    /// From the next call on it does this.
    pub(crate) async fn does(&self, behaviour: Behaviour) {
        self.tell("have", behaviour.0);
        self.next("ready").await;
    }

    pub(crate) async fn registers(&self) {
        self.tell("register", json!({}));
        self.next("registered").await;
    }

    pub(crate) async fn unregisters(&self) {
        self.tell("unregister", json!({}));
        self.next("unregistered").await;
    }

    pub(crate) fn calls(&self, to: &str) {
        self.tell("call", json!({ "to": to }));
    }

    /// In its newest call.
    pub(crate) fn presses(&self, keys: &str) {
        self.tell("press", json!({ "keys": keys }));
    }

    /// Its newest call; one that still rings is declined.
    pub(crate) fn hangs_up(&self) {
        self.tell("hang_up", json!({}));
    }

    /// The next event of this name, once it is there.
    pub(crate) async fn next(&self, event: &str) -> Said {
        let began = Instant::now();
        loop {
            if let Some(found) = self.found(event) {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "{}: not {event}", self.number);
            sleep(LOOK_EVERY).await;
        }
    }

    /// All events of this name so far, read or not: `incoming` is how often it rang.
    pub(crate) fn all(&self, event: &str) -> Vec<Said> {
        let said = self.wire.said.lock().unwrap();
        let of_mine = said.iter().filter(|said| said.phone == self.number);
        of_mine
            .filter(|said| said.event == event)
            .cloned()
            .collect()
    }

    /// What was heard so far in its newest call that was answered, and when that began, in seconds since 1970.
    pub(crate) fn heard(&self) -> (f64, Sound) {
        let newest = self.all("recording").pop().expect("it was in a call");
        (
            newest.at,
            Sound::read(newest.told["file"].as_str().unwrap()),
        )
    }

    fn found(&self, event: &str) -> Option<Said> {
        let said = self.wire.said.lock().unwrap();
        let mut read = self.read.lock().unwrap();
        let mut unread = said.iter().enumerate().skip(*read);
        let (at, found) =
            unread.find(|(_, said)| said.phone == self.number && said.event == event)?;
        *read = at + 1;
        Some(found.clone())
    }

    fn tell(&self, what: &str, mut more: Value) {
        more["do"] = json!(what);
        more["phone"] = json!(self.number);
        let mut told = self.wire.told.lock().unwrap();
        writeln!(told.as_mut().unwrap(), "{more}").unwrap();
    }
}

impl Wire {
    fn hears(&self, line: &str) {
        let told: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| told[key].as_str().unwrap().to_owned();
        let said = Said {
            at: told["at"].as_f64().unwrap(),
            phone: text("phone"),
            call: text("call"),
            event: text("event"),
            told,
        };
        self.said.lock().unwrap().push(said);
    }
}
