use super::UNLIMITED;
use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement, Table};
use std::fmt::Display;
use unicode_width::UnicodeWidthStr as _;

/// The spaces between two columns.
const GAP: usize = 2;

/// The width of a column below which its cells cannot be read any more.
const NARROW: usize = 10;

/// A table with a row of headings, which is not wider than `width`: long cells are wrapped. If the columns would be too narrow
/// for that, each row is a list of its cells.
pub(crate) fn table<H, R>(width: u16, headings: H, rows: R) -> String
where
    H: IntoIterator<Item: Display>,
    R: IntoIterator<Item: IntoIterator<Item: Display>>,
{
    let headings: Vec<String> = headings
        .into_iter()
        .map(|heading| heading.to_string().to_uppercase())
        .collect();
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| row.into_iter().map(|cell| cell.to_string()).collect())
        .collect();
    let limit = if width == UNLIMITED {
        usize::MAX
    } else {
        usize::from(width)
    };
    if let Some(table) = unwrapped(limit, &headings, &rows) {
        return table;
    }
    if usize::from(width) < NARROW * headings.len() {
        let blocks = rows
            .iter()
            .map(|row| wrapped(width, None, named(&headings, row)));
        return blocks.collect::<Vec<_>>().join("\n\n");
    }
    let cells = rows
        .iter()
        .map(|row| row.iter().map(String::as_str).collect());
    wrapped(width, Some(&headings), cells)
}

/// The cells of a row, each behind its heading.
fn named<'t>(headings: &'t [String], row: &'t [String]) -> impl Iterator<Item = Vec<&'t str>> {
    let cells = headings.iter().zip(row);
    cells.map(|(heading, cell)| vec![heading.as_str(), cell.as_str()])
}

/// The table without wrapped cells, if it is not wider than `width`. A million rows need no more memory than their text.
fn unwrapped(width: usize, headings: &[String], rows: &[Vec<String>]) -> Option<String> {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.width()).collect();
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            if cell.contains('\n') {
                return None;
            }
            *widest = (*widest).max(cell.width());
        }
    }
    let whole = widths.iter().map(|width| width + GAP).sum::<usize>();
    if whole.saturating_sub(GAP) > width {
        return None;
    }
    let mut text = String::new();
    for row in std::iter::once(headings).chain(rows.iter().map(Vec::as_slice)) {
        if !text.is_empty() {
            text.push('\n');
        }
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(cell);
            let spaces = width + GAP - cell.width();
            text.extend(std::iter::repeat_n(' ', spaces));
        }
        text.truncate(text.trim_end_matches(' ').len());
    }
    Some(text)
}

fn wrapped<'t>(
    width: u16,
    headings: Option<&[String]>,
    rows: impl Iterator<Item = Vec<&'t str>>,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width);
    if let Some(headings) = headings {
        table.set_header(headings.iter().map(Cell::new));
    }
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new));
    }
    let columns = table.column_count();
    for column in table.column_iter_mut().take(columns.saturating_sub(1)) {
        column.set_padding((0, 2));
    }
    if let Some(last) = columns
        .checked_sub(1)
        .and_then(|last| table.column_mut(last))
    {
        last.set_padding((0, 0));
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADINGS: [&str; 4] = ["id", "name", "chunk", "position"];
    const ROW: [&str; 4] = [
        "1000000001",
        "Elder Toad",
        "Cave Layer 3",
        "-12.5, 60.0, 207.2",
    ];

    #[test]
    fn a_table_that_fits_is_not_wrapped() {
        let text = table(80, HEADINGS, [ROW]);
        assert_eq!(
            text,
            "ID          NAME        CHUNK         POSITION\n\
             1000000001  Elder Toad  Cave Layer 3  -12.5, 60.0, 207.2"
        );
        assert_eq!(table(7, ["a", "b"], [["日本", "x"]]), "A     B\n日本  x");
    }

    #[test]
    fn a_table_is_a_list_of_cells_on_a_narrow_terminal() {
        let text = table(20, HEADINGS, [ROW, ROW]);
        assert!(
            text.starts_with("ID        1000000001\nNAME      Elder Toad\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.width() <= 20), "{text}");
        assert_eq!(text.matches("NAME").count(), 2, "{text}");
        let text = table(40, HEADINGS, [ROW]);
        assert!(
            text.lines()
                .next()
                .is_some_and(|line| line.contains("NAME")),
            "{text}"
        );
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
    }
}
