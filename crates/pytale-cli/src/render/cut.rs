//! Results that are longer than a terminal can show in a useful time.

use crate::render::shape::value_text;
use crate::render::{print_reply, width};
use pytale::console::Reply;
use serde_json::Value;

/// The largest number of lines and of bytes of one result. A longer one belongs in a file.
const MOST_LINES: usize = 2_000;
const MOST_BYTES: usize = 100_000;

const ADVICE: &str = "`tale exec COMMAND > FILE` writes all of them";

/// The result of a command as text for a terminal. The rest of a long list is not rendered.
pub(crate) fn screen(reply: &Reply) -> String {
    // The lines of the headings and of the rest count, too.
    let (lines, bytes) = (MOST_LINES - 3, MOST_BYTES - 500);
    match reply.result() {
        Some(Value::Array(mut values)) if values.len() > lines => {
            let rest = values.len() - lines;
            values.truncate(lines);
            let text = cut(value_text(&Value::Array(values), width()), lines + 1, bytes);
            format!("{text}\n… {rest} more entries; {ADVICE}")
        }
        _ => cut(print_reply(reply, width()), lines, bytes),
    }
}

/// The text up to the largest number of lines and of bytes, with the size of the rest.
pub(crate) fn shortened(text: String) -> String {
    cut(text, MOST_LINES, MOST_BYTES)
}

fn cut(mut text: String, lines: usize, bytes: usize) -> String {
    let lines = text.match_indices('\n').nth(lines - 1);
    let lines = lines.map_or(text.len(), |(end, _)| end);
    let end = text.floor_char_boundary(lines.min(bytes));
    if end == text.len() {
        return text;
    }
    let rest = &text[end..];
    let line = rest.find('\n').unwrap_or(rest.len());
    let bytes = rest[..line].len();
    let lines = rest[line..].lines().filter(|line| !line.is_empty()).count();
    let rest = match (bytes, lines) {
        (0, lines) => format!("{lines} more lines"),
        (bytes, 0) => format!("{bytes} more bytes of this line"),
        (bytes, lines) => format!("{bytes} more bytes of this line, and {lines} more lines"),
    };
    text.truncate(end);
    format!("{text}\n… {rest}; {ADVICE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_and_one_long_line_are_cut_with_the_size_of_the_rest() {
        assert_eq!(shortened("short".to_owned()), "short");
        let lines = "line\n".repeat(2_000);
        assert!(
            shortened(format!("{lines}a\nb"))
                .ends_with("line\n… 2 more lines; `tale exec COMMAND > FILE` writes all of them")
        );
        let long = "é".repeat(60_000);
        let cut = shortened(long.clone());
        assert!(cut.len() < 100_200, "{}", cut.len());
        assert!(
            cut.contains("… 20000 more bytes of this line; "),
            "{}",
            &cut[cut.len() - 100..]
        );
        let both = shortened(format!("{long}\nx\ny"));
        assert!(
            both.contains("20000 more bytes of this line, and 2 more lines"),
            "{}",
            &both[both.len() - 100..]
        );
    }
}
