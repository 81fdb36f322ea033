//! Whatever stands in a file, it is read or refused: 3,000 files that people, editors and disks have mangled.

use crate::files::{Folder, LEADBRIDGE, NAMES, ROTATION, SOURCES};

const PIECES: [&str; 24] = [
    "\"",
    "'",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ",",
    "\n",
    "\r\n",
    "\t",
    "#",
    "-",
    "0",
    "999999999999999999999",
    "inf",
    "é",
    "🚗",
    "\u{feff}",
    "\u{0}",
    "\"\"\"",
    "2026-12-24",
];

#[test]
fn three_thousand_mangled_files_are_read_or_refused() {
    let mut rng = fastrand::Rng::with_seed(20_261_122);
    let folder = Folder::new();
    let mut refused = 0;
    for _ in 0..3_000 {
        let which = rng.usize(..3);
        let whole = [LEADBRIDGE, ROTATION, SOURCES][which];
        let mut text = whole.to_owned();
        for _ in 0..rng.usize(1..4) {
            mangle(&mut text, &mut rng);
        }
        folder.write(NAMES[which], &text);
        let reports = folder.load().err().unwrap_or_default();
        refused += usize::from(!reports.is_empty());
        for report in reports {
            assert!(
                report.render(false).contains(NAMES[which]),
                "the mistake is in {}\n{text}",
                NAMES[which]
            );
            assert!(
                !report.title().is_empty()
                    && !report.cure().is_empty()
                    && !report.render(true).is_empty()
            );
        }
        folder.write(NAMES[which], whole);
    }
    assert!(
        (1_500..3_000).contains(&refused),
        "{refused} of 3,000 were refused"
    );
}

fn mangle(text: &mut String, rng: &mut fastrand::Rng) {
    let mut spots: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    spots.push(text.len());
    let (one, other) = (
        spots[rng.usize(..spots.len())],
        spots[rng.usize(..spots.len())],
    );
    let (start, end) = (one.min(other), one.max(other).min(one.min(other) + 40));
    let end = (end..=text.len())
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(text.len());
    match rng.u8(..5) {
        0 => text.insert_str(start, PIECES[rng.usize(..PIECES.len())]),
        1 => text.replace_range(start..end, ""),
        2 => text.replace_range(start..end, PIECES[rng.usize(..PIECES.len())]),
        3 => {
            let again = text[start..end].to_owned();
            text.insert_str(start, &again);
        }
        _ => text.truncate(start.max(1)),
    }
}
