//! Transcripts: sessions of a console in files. The first line is a header; each further line is a JSON object with a frame.

mod line;
mod recorder;
mod writer;

pub(crate) use recorder::{Recorder, Recording};
