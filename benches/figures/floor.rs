//! What nothing durable over HTTP can be faster than: 4 KiB appended and flushed to the same disk, or inserted on the
//! same server, then one exchange by the same client over loopback (DESIGN 5). It is measured between the samples that
//! it is the floor of.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls, Statement};

use crate::carrier::Carrier;
use crate::wire::{self, Wire};

const PAGE: [u8; 4096] = [0x4c; 4096];

/// Somewhere to keep a page, and somebody to exchange a message of this size with.
pub(crate) struct Floor {
    pages: Pages,
    wire: Wire,
    request: Vec<u8>,
}

enum Pages {
    File(File, TempDir),
    Server(Box<Client>, Statement),
}

impl Floor {
    pub(crate) async fn new(carrier: &Carrier, body: &str) -> Self {
        let folder = folder();
        let file = File::create(folder.path().join("floor")).unwrap();
        Self::of(Pages::File(file, folder), carrier, body).await
    }

    /// A floor on PostgreSQL, in an empty database.
    pub(crate) async fn of_server(database: &str, carrier: &Carrier, body: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(database, NoTls).await.unwrap();
        tokio::spawn(connection);
        let table = "CREATE TABLE page (page BYTEA NOT NULL)";
        client.batch_execute(table).await.unwrap();
        let insert = "INSERT INTO page (page) VALUES ($1)";
        let insert = client.prepare(insert).await.unwrap();
        Self::of(Pages::Server(Box::new(client), insert), carrier, body).await
    }

    async fn of(pages: Pages, carrier: &Carrier, body: &str) -> Self {
        Self {
            pages,
            wire: Wire::connect(carrier.address).await.unwrap(),
            request: wire::post("/floor", &[], body),
        }
    }

    /// One sample. The hand-over between its two parts doesn't count.
    pub(crate) async fn sample(&mut self) -> Duration {
        let kept = self.pages.keep().await;
        let answer = self.wire.exchange(&self.request).await.unwrap();
        kept + answer.took
    }
}

impl Pages {
    async fn keep(&mut self) -> Duration {
        match self {
            Self::File(file, _folder) => tokio::task::block_in_place(|| {
                let since = Instant::now();
                file.write_all(&PAGE).unwrap();
                file.sync_data().unwrap();
                since.elapsed()
            }),
            Self::Server(client, insert) => {
                let since = Instant::now();
                client.execute(&*insert, &[&PAGE.as_slice()]).await.unwrap();
                since.elapsed()
            }
        }
    }
}

/// A folder on the disk that the build lies on: a temporary one of the system may be no disk at all.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
