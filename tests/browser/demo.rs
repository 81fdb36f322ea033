//! The demo as a process of its own, on a free port.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) struct Demo {
    process: Child,
    pub(crate) url: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Demo {
    pub(crate) fn start() -> Demo {
        Demo::at("127.0.0.1:0")
    }

    pub(crate) fn at(listen: &str) -> Demo {
        let mut process = Command::new(env!("CARGO_BIN_EXE_leadbridge"))
            .args(["demo", "--listen", listen])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = said.find_map(|line| {
            let line = line.unwrap();
            let at = line.find("http://")?;
            Some(line[at..].trim_end_matches('/').to_owned())
        });
        std::thread::spawn(move || said.for_each(drop));
        Demo {
            process,
            url: url.unwrap(),
        }
    }

    /// As if its terminal had been closed.
    pub(crate) fn stop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            let process = self.process.id().to_string();
            let _ = Command::new("kill").arg(process).status();
            let _ = self.process.wait();
        }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }
}
