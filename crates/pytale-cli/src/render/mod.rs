//! Results of commands as text, by their shape.

mod csv;
mod cut;
mod event;
mod format;
mod json;
mod modules;
mod scalar;
mod shape;
mod table;
mod tree;

pub(crate) use csv::{cell, csv, text as text_cell};
pub(crate) use cut::{screen, shortened};
pub(crate) use event::EventItem;
pub(crate) use format::{Format, json_text, result};
use json::json_line;
pub(crate) use scalar::lines_escaped;
pub(crate) use shape::print_reply;
pub(crate) use table::table;

use terminal_size::{Width, terminal_size};

/// The width without a terminal: no line is wrapped.
const UNLIMITED: u16 = u16::MAX;

/// The width of the terminal at standard output. `COLUMNS` sets another one.
pub(crate) fn width() -> u16 {
    let set = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    let width = set.or_else(|| terminal_size().map(|(Width(width), _)| width));
    width.filter(|width| *width > 0).unwrap_or(UNLIMITED)
}

/// A number of things: `1 step`, `2 steps`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
