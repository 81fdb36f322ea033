//! `leadbridge schema`: the shape of a configuration file as JSON Schema, for editors that show mistakes while somebody
//! types. `tests/package/schema.rs` holds its keys equal to those that the reader knows.

use std::io::{self, Write};

use clap::ValueEnum;

/// A configuration file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum File {
    /// The daemon's settings
    Leadbridge,
    /// Who is rung, and when
    Rotation,
    /// Where leads come from
    Sources,
}

/// Writes the schema.
pub(super) fn schema(file: File, out: &mut impl Write) -> io::Result<()> {
    let text = match file {
        File::Leadbridge => include_str!("schema/leadbridge.json"),
        File::Rotation => include_str!("schema/rotation.json"),
        File::Sources => include_str!("schema/sources.json"),
    };
    out.write_all(text.as_bytes())
}
