//! Lists of the REST API: read page by page, printed as a table or as JSON.

use super::failure::of_rest;
use super::progress::Progress;
use crate::context::Context;
use crate::failure::{Failure, Status};
use crate::output::error_line;
use crate::render::{self, Format, json_text};
use pytale::model::escaped;
use pytale::rest::Pages;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most entries of a list. It bounds the memory.
const MOST: usize = 1_000_000;

/// Reads all pages of a list. `doing` is the operation in the words of the user; `total` is the expected number of entries.
pub(crate) async fn listing<T>(
    doing: &str,
    mut pages: Pages<T>,
    total: Option<usize>,
) -> Result<Vec<T>, Failure>
where
    T: DeserializeOwned + Send + 'static,
{
    let mut entries = Vec::new();
    let mut progress = Progress::new(doing, total);
    loop {
        let next = tokio::select! {
            biased;
            next = pages.next() => next,
            // The next page is on its way.
            () = async { progress.draw(entries.len()) } => pages.next().await,
        };
        let Some(entry) = next else {
            break;
        };
        match entry {
            Ok(_) if entries.len() == MOST => {
                return Err(Failure::new(
                    Status::Failed,
                    format!("{doing}: the list has more than {MOST} entries"),
                ));
            }
            Ok(entry) => entries.push(entry),
            Err(error) => {
                let doing = match entries.len() {
                    0 => doing.to_owned(),
                    read => format!("{doing}, after {read} entries"),
                };
                return Err(of_rest(&doing, &error));
            }
        }
    }
    drop(progress);
    if !pages.skipped().is_empty() {
        error_line(format_args!(
            "warning: {doing}: the cloud sent {} invalid entries, which are left out",
            pages.skipped().count()
        ));
    }
    Ok(entries)
}

/// Prints entries as a table, as a JSON array in one line, or as CSV.
pub(crate) fn print<T: Serialize, const N: usize>(
    context: &Context,
    format: Format,
    entries: &[T],
    headings: [&str; N],
    row: impl Fn(&T) -> [String; N],
) -> Result<(), Failure> {
    if format.json {
        return print_json(context, &entries);
    }
    if format.csv {
        let rows = entries.iter().map(|entry| {
            row(entry)
                .iter()
                .map(|cell| render::text_cell(cell))
                .collect()
        });
        let text = render::csv(&headings, rows);
        context.output.line(format_args!("{text}"));
        return Ok(());
    }
    if entries.is_empty() {
        context.output.line(format_args!("(none)"));
        return Ok(());
    }
    let rows = entries
        .iter()
        .map(|entry| row(entry).map(|cell| escaped(cell).to_string()));
    let table = render::table(render::width(), headings, rows);
    context.output.line(format_args!("{table}"));
    Ok(())
}

/// Prints a value as JSON in one line.
pub(crate) fn print_json(context: &Context, value: &impl Serialize) -> Result<(), Failure> {
    let text = json_text(value)?;
    context.output.line(format_args!("{text}"));
    Ok(())
}
