//! `tale sim`: the simulator, with the arguments of the program `alta-sim`.

use crate::failure::{Failure, Status};
use clap::Args;
use pytale::testing::program::{self, Arguments, ErrorKind};

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale sim
  tale sim --config town.toml --control 13600
  tale sim --port 0 --json --seconds 60 --log=sim.log
  tale sim --self-hosted --self-hosted-port 1760 --token-folder .")]
pub(crate) struct SimOptions {
    #[command(flatten)]
    arguments: Arguments,
}

pub(crate) async fn run(options: &SimOptions) -> Result<(), Failure> {
    program::run(&options.arguments).await.map_err(|error| {
        let status = match error.kind() {
            ErrorKind::Usage => Status::Usage,
            ErrorKind::File => Status::Io,
            _ => Status::Failed,
        };
        Failure::new(status, error.to_string())
    })
}
