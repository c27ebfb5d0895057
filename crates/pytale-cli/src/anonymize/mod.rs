//! `tale anonymize`: replaces names, ids, addresses and tokens in JSON, so that frames and replies can be shared.
//!
//! The same original gets the same replacement in all files of a run, also inside strings, paths and JSON within strings.

mod frames;
mod replacements;
#[cfg(test)]
mod tests;

use crate::args::AnonymizeOptions;
use crate::context::Context;
use crate::failure::{Failure, Status};
pub(crate) use frames::frames;
use replacements::Replacements;
use serde_json::Value;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// The limit of the input.
const MOST_BYTES: u64 = 64 << 20;

/// Reads all files, or standard input, and prints their JSON values anonymized, one after the other.
pub(crate) fn run(options: &AnonymizeOptions, context: &Context) -> Result<(), Failure> {
    let mut values = Vec::new();
    for path in &options.files {
        let read = File::open(path).map_err(Error::from).and_then(read);
        values.extend(read.map_err(|error| unreadable(&path.display(), &error))?);
    }
    if options.files.is_empty() {
        values = read(io::stdin()).map_err(|error| unreadable(&"standard input", &error))?;
    }
    let values =
        anonymized(values).map_err(|error| Failure::new(Status::Failed, error.to_string()))?;
    for value in values {
        context.output.line(format_args!("{value:#}"));
    }
    Ok(())
}

fn unreadable(source: &dyn Display, error: &Error) -> Failure {
    Failure::new(Status::Io, format!("reading {source}: {error}"))
}

/// Any number of JSON values, one after the other.
fn read(from: impl Read) -> Result<Vec<Value>, Error> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("more than {} MiB", MOST_BYTES >> 20).into());
    }
    let values = serde_json::Deserializer::from_slice(&bytes).into_iter();
    Ok(values.collect::<Result<_, _>>()?)
}

/// Replaces all personal data.
///
/// # Errors
///
/// If an original would remain somewhere. Nothing may be written then.
fn anonymized(values: Vec<Value>) -> Result<Vec<Value>, Error> {
    let replacements = Replacements::of(&values);
    replaced(values, &replacements)
}

fn replaced(values: Vec<Value>, replacements: &Replacements) -> Result<Vec<Value>, Error> {
    let values: Vec<Value> = values
        .into_iter()
        .map(|value| replacements.replace(value))
        .collect();
    if replacements.remain_in(&values) {
        return Err("an original value would remain, for example a count that equals an id".into());
    }
    Ok(values)
}
