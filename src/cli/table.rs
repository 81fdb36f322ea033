//! Columns that stand under each other. What outsiders wrote must not steer the terminal, so no control
//! character leaves here.

use std::io::{self, Write};

/// Between two columns.
const GAP: &str = "  ";

/// Writes rows with each column as wide as its widest cell, the first row being the headings. An empty column is
/// left out, and so are blanks at the ends of lines.
pub(super) fn write<const N: usize>(out: &mut impl Write, rows: &[[String; N]]) -> io::Result<()> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in rows {
        let cells = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{:<width$}", plain(cell)))
            .collect();
        writeln!(out, "{}", cells.join(GAP).trim_end())?;
    }
    Ok(())
}

/// A text without control characters.
pub(super) fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn written<const N: usize>(rows: &[[&str; N]]) -> String {
        let rows: Vec<_> = rows.iter().map(|row| row.map(str::to_owned)).collect();
        let mut out = Vec::new();
        write(&mut out, &rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_empty_ones_are_left_out() {
        let rows = [["rep", "", "why"], ["chloé", "", "duty"], ["an", "", ""]];
        assert_eq!(written(&rows), "rep    why\nchloé  duty\nan\n");
    }

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        assert_eq!(written(&[["a\u{1b}[2J\nb"]]), "a\u{fffd}[2J\u{fffd}b\n");
    }
}
