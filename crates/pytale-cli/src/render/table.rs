use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement, Table};
use std::fmt::Display;

/// A table with a row of headings, which is not wider than `width`: long cells are wrapped.
pub(crate) fn table<H, R>(width: u16, headings: H, rows: R) -> String
where
    H: IntoIterator<Item: Display>,
    R: IntoIterator<Item: IntoIterator<Item: Display>>,
{
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width);
    table.set_header(
        headings
            .into_iter()
            .map(|heading| Cell::new(heading.to_string().to_uppercase())),
    );
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}
