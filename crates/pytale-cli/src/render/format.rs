use crate::failure::{Failure, Status};
use crate::render::csv::csv_of;
use crate::render::{json_line, print_reply, width};
use clap::Args;
use pytale::console::Reply;
use serde::Serialize;
use serde_json::{Value, json};

/// The form of results. Without an option, text for a reader.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Format {
    /// Print each result as JSON in one line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print each result as CSV with a row of headings, for a spreadsheet.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

impl Format {
    /// The result of a command.
    pub(crate) fn reply(self, reply: &Reply) -> Result<String, Failure> {
        if self.json {
            return json_text(&result(reply));
        }
        Ok(if self.csv {
            csv_of(&result(reply))
        } else {
            print_reply(reply, width())
        })
    }
}

/// The result of a command as JSON; the text of a command without a result.
pub(crate) fn result(reply: &Reply) -> Value {
    reply.result().unwrap_or_else(|| json!(reply.text()))
}

/// A value as JSON in one line.
pub(crate) fn json_text(value: &impl Serialize) -> Result<String, Failure> {
    json_line(value).map_err(|error| Failure::new(Status::Failed, format!("writing JSON: {error}")))
}
