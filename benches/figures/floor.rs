//! What nothing durable over HTTP can be faster than: 4 KiB appended and flushed to the same disk, then one exchange
//! by the same client over loopback (DESIGN 5). It is measured between the samples that it is the floor of.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::carrier::Carrier;
use crate::wire::{self, Wire};

const PAGE: [u8; 4096] = [0x4c; 4096];

/// A file to append to, and somebody to exchange a message of this size with.
pub(crate) struct Floor {
    _folder: TempDir,
    file: File,
    wire: Wire,
    request: Vec<u8>,
}

impl Floor {
    pub(crate) async fn new(carrier: &Carrier, body: &str) -> Self {
        let folder = folder();
        Self {
            file: File::create(folder.path().join("floor")).unwrap(),
            _folder: folder,
            wire: Wire::connect(carrier.address).await.unwrap(),
            request: wire::post("/floor", &[], body),
        }
    }

    /// One sample. The hand-over between its two parts doesn't count.
    pub(crate) async fn sample(&mut self) -> Duration {
        let flushed = tokio::task::block_in_place(|| {
            let since = Instant::now();
            self.file.write_all(&PAGE).unwrap();
            self.file.sync_data().unwrap();
            since.elapsed()
        });
        let answer = self.wire.exchange(&self.request).await.unwrap();
        flushed + answer.took
    }
}

/// A folder on the disk that the build lies on: a temporary one of the system may be no disk at all.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}
