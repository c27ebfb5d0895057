//! The forms of values on the wire: JSON, samples of the real services, times.

pub mod json;
pub(crate) mod lenient;
mod sample_files;
pub mod samples;
pub mod time;

pub(crate) use sample_files::{main_content, main_socket, rest_body, rest_item};
