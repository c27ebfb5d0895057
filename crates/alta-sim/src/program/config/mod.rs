//! The configuration file.

mod file;
mod place;
#[cfg(test)]
mod tests;
mod timeline;

use super::error::Error;
use crate::{Builder, Sim, advice};
use file::File;
use place::Places;
use std::path::Path;

/// Reads a configuration file. Paths in it begin at its folder. `port` is that of HTTP if the file has none.
pub(super) fn read(path: &Path, port: u16) -> Result<Builder, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::file(format_args!("reading {}", path.display()), &error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, Sim::builder().port(port), folder).map_err(|wrong| {
        let place = wrong.line.map(|line| format!(", line {line}"));
        let place = place.unwrap_or_default();
        Error::usage(format!("{}{place}: {}", path.display(), wrong.reason))
    })
}

/// An error of the file.
#[derive(Debug, Eq, PartialEq)]
struct Wrong {
    /// From 1.
    line: Option<usize>,
    /// Without the text of the line, which can have a secret.
    reason: String,
}

fn parse(text: &str, builder: Builder, folder: &Path) -> Result<Builder, Wrong> {
    let wrong = |error: toml::de::Error| Wrong {
        line: error.span().map(|span| place::line(text, span.start)),
        reason: advice::explain(error.message(), "key"),
    };
    let places = Places::of(text).map_err(wrong)?;
    let file: File = toml::from_str(text).map_err(wrong)?;
    let located = |problem: crate::setup::Problem| Wrong {
        line: places.line(&problem.path),
        reason: problem.to_string(),
    };
    let builder = file.apply(builder, folder).map_err(located)?;
    builder.check().map_err(located)?;
    Ok(builder)
}
