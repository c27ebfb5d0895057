//! The program `alta-sim`, for another program that offers it as a subcommand: the [arguments](Arguments) and the [`run`].

mod addresses;
mod arguments;
mod config;
mod error;
mod failures;
mod log;
mod output;
mod run;
mod signals;

pub use arguments::{Arguments, World};
pub use error::{Error, ErrorKind};
pub use run::run;
