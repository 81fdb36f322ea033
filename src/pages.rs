//! The pages for people, as pure functions of what they show. Every text is escaped by the template engine, whatever
//! an outsider wrote; plots are SVG made here, so that no page needs a script.
//!
//! `pages/frame.rs` what all pages share, `pages/board.rs` what is under way, `pages/lead.rs` one lead,
//! `pages/report.rs` the figures, `pages/plot.rs` their plots.

pub mod board;
mod frame;
pub mod lead;
mod plot;
pub mod report;
