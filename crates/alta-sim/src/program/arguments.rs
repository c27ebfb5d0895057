//! The arguments of the program.

use clap::{Args, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The arguments of the program.
#[derive(Clone, Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each one is a switch of the command line"
)]
#[non_exhaustive]
pub struct Arguments {
    /// A TOML file with accounts, groups, servers, players and a timeline. Other arguments count before its settings.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The HTTP port (default 13490). The main websocket gets the next port, consoles the ports after it. With 0, every port is any
    /// free one.
    #[arg(long)]
    pub port: Option<u16>,
    /// The source of changes in the simulated world (default: town, or empty with --config).
    #[arg(long, value_enum)]
    pub scenario: Option<World>,
    /// The seed of everything random (default 0).
    #[arg(long)]
    pub seed: Option<u64>,
    /// Milliseconds between two events in the town (default 500).
    #[arg(long)]
    pub pace: Option<u64>,
    /// Invites the bot to the group, in place of making it a moderator.
    #[arg(long, conflicts_with = "config")]
    pub invited: bool,

    /// Runs a self-hosted server, too.
    #[arg(long)]
    pub self_hosted: bool,
    /// The console port of the self-hosted server; real ones have 1760. With 0, it is the next port.
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        requires = "self_hosted"
    )]
    pub self_hosted_port: u16,
    /// The folder for the self-hosted server's console_token.txt.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub token_folder: PathBuf,

    /// The IP address of all ports (default 127.0.0.1). On another one than the loopback, other machines can connect; 0.0.0.0 is for containers.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<IpAddr>,
    /// The host name or IP address by which clients reach the ports, such as the name of the container.
    #[arg(long, value_name = "NAME")]
    pub advertise: Option<String>,
    /// Serves REST and the main websocket over TLS. Without --certificate, the certificate is self-made.
    #[arg(long)]
    pub tls: bool,
    /// A PEM file with the certificate and those between it and its root.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// A PEM file with the key of the certificate.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub key: Option<PathBuf>,
    /// The file for the self-made certificate, which clients have to trust.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "alta-sim.pem",
        conflicts_with = "certificate"
    )]
    pub certificate_to: PathBuf,

    /// The port by which tests in any language drive the simulator: HTTP and JSON. With 0, it is any free one.
    #[arg(long, value_name = "PORT")]
    pub control: Option<u16>,

    /// Prints the addresses and the accounts as one JSON object.
    #[arg(long, conflicts_with = "env")]
    pub json: bool,
    /// Prints the addresses and the first accounts as variables of a shell, with the names that bots of `pytale` read.
    #[arg(long)]
    pub env: bool,
    /// Writes the actions of clients to standard error or to a file, without tokens and passwords.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub log: Option<Option<PathBuf>>,
    /// Ends the program after this many seconds.
    #[arg(long, value_parser = seconds)]
    pub seconds: Option<Duration>,
}

/// The source of changes in the simulated world.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum World {
    /// Nothing changes.
    Empty,
    /// Players join, walk, fight, trade, die and leave by themselves.
    Town,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
