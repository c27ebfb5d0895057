//! The progress of a list in pages, in one line of standard error if that is a terminal.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _, stderr};
use terminal_size::{Width, terminal_size_of};

/// The characters of a full bar.
const BAR: usize = 20;

pub(super) struct Progress<'a> {
    doing: &'a str,
    /// The expected number of entries.
    total: Option<usize>,
    /// The number of characters of the line on the terminal.
    drawn: usize,
}

impl<'a> Progress<'a> {
    pub(super) fn new(doing: &'a str, total: Option<usize>) -> Self {
        Self {
            doing,
            total,
            drawn: 0,
        }
    }

    pub(super) fn draw(&mut self, count: usize) {
        if !stderr().is_terminal() {
            return;
        }
        let width = terminal_size_of(stderr()).map_or(80, |(Width(width), _)| usize::from(width));
        let text = line(self.doing, count, self.total, width.saturating_sub(1));
        let length = text.chars().count();
        // Spaces cover the rest of a longer line before.
        let _ = write!(stderr(), "\r{text:<drawn$}", drawn = self.drawn);
        self.drawn = self.drawn.max(length);
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.drawn > 0 {
            let _ = write!(stderr(), "\r{:drawn$}\r", "", drawn = self.drawn);
        }
    }
}

fn line(doing: &str, count: usize, total: Option<usize>, width: usize) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = match total {
        Some(total) if total >= count && total > 0 => {
            let full = BAR * count / total;
            let (full, rest) = ("#".repeat(full), "-".repeat(BAR - full));
            write!(text, "[{full}{rest}] {count} of {total}, {doing}")
        }
        _ => write!(text, "{count} so far, {doing}"),
    };
    text.chars().take(width).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_total_is_a_bar_and_a_narrow_terminal_cuts_the_line() {
        let doing = "listing the members";
        assert_eq!(
            line(doing, 5, Some(20), 80),
            "[#####---------------] 5 of 20, listing the members"
        );
        assert_eq!(line(doing, 5, None, 80), "5 so far, listing the members");
        assert_eq!(line(doing, 5, Some(3), 12), "5 so far, li");
    }
}
