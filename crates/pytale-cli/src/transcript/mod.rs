//! Transcripts: sessions of a console in files. The first line is a header; each further line is a JSON object with a frame.

mod ends;
mod line;
mod reader;
mod recorder;
mod writer;

pub(crate) use line::Way;
pub(crate) use reader::{Content, Recorded, read};
pub(crate) use recorder::{Recorder, Recording};
