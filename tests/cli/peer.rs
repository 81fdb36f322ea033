//! Somebody at the other end: answers each request and remembers what was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

pub(crate) struct Peer {
    pub(crate) port: u16,
    asked: Receiver<Asked>,
}

/// A request, its headers' names in small letters.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Peer {
    /// Answers each request with the same words.
    pub(crate) fn answering(status: &'static str, body: &'static str) -> Peer {
        Peer::told(move |_| (status, body))
    }

    /// Answers with a status and a body, by the line that says what is wanted.
    pub(crate) fn told(
        say: impl Fn(&str) -> (&'static str, &'static str) + Send + 'static,
    ) -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, asked) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &sender, &say);
            }
        });
        Peer { port, asked }
    }

    pub(crate) fn asked(&self) -> Asked {
        self.asked.recv().unwrap()
    }

    /// Everything that was asked so far.
    pub(crate) fn all_asked(&self) -> Vec<Asked> {
        self.asked.try_iter().collect()
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn answer(
    stream: TcpStream,
    sender: &Sender<Asked>,
    say: &impl Fn(&str) -> (&'static str, &'static str),
) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
    let mut asked = Asked {
        line: lines[0].clone(),
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: String::new(),
    };
    let length = asked
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut sent = vec![0; length];
    reader.read_exact(&mut sent).unwrap();
    asked.body = String::from_utf8(sent).unwrap();
    let (status, body) = say(&asked.line);
    let length = body.len();
    let said =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    sender.send(asked).unwrap();
    reader.get_mut().write_all(said.as_bytes()).unwrap();
}
