//! `leadbridge man`: the manual page, all commands on one page.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::Cli;

/// What the program's own description cannot know.
const MORE: &str = r#".SH "EXIT STATUS"
0 when all is good, 1 when the answer is no, 2 when the question is wrong.
.SH FILES
.TP
\fI/etc/leadbridge/leadbridge.toml\fR
The daemon's settings. A change needs a restart.
.TP
\fI/etc/leadbridge/rotation.toml\fR
Who is rung, and when. Saving is enough.
.TP
\fI/etc/leadbridge/sources.toml\fR
Where leads come from. Saving is enough.
.TP
\fI/etc/leadbridge/credentials/\fR
The secrets, one file each, as the service reads them.
.TP
\fI/var/lib/leadbridge/\fR
The store.
.SH ENVIRONMENT
.TP
\fBLEADBRIDGE_CONFIG\fR
Where leadbridge.toml is.
.TP
\fBCREDENTIALS_DIRECTORY\fR
Where secrets written as { credential = "name" } are looked for; set by systemd.
.TP
\fBLEADBRIDGE_LOG\fR, \fBRUST_LOG\fR
json: the log for machines; how much is logged.
"#;

/// Writes the page.
pub(super) fn man(out: &mut impl Write) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let page = Man::new(command.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    for command in commands(&command) {
        out.write_all(section(command)?.as_bytes())?;
    }
    out.write_all(MORE.as_bytes())
}

/// All that can be asked for, and not those that only hold others.
fn commands(command: &Command) -> Vec<&Command> {
    let below = command
        .get_subcommands()
        .filter(|command| command.get_name() != "help");
    let each = |command| match commands(command) {
        below if below.is_empty() => vec![command],
        below => below,
    };
    below.flat_map(each).collect()
}

/// One command as a section of the page.
fn section(command: &Command) -> io::Result<String> {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    let text = String::from_utf8_lossy(&text).replace(".SH ", ".SS ");
    Ok(format!(".SH \"{}\"\n{text}", name.to_uppercase()))
}
