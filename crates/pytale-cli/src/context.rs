use crate::account::Account;
use crate::failure::Failure;
use crate::log::Log;
use crate::output::Output;
use crate::server::{Target, TargetOptions};
use crate::settings::{Settings, config_file};

/// The parts that all subcommands share.
pub(crate) struct Context {
    pub(crate) options: TargetOptions,
    pub(crate) log: Log,
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn settings() -> Result<Settings, Failure> {
        Settings::load(&config_file()?)
    }

    /// The server that the command line, the environment and the configuration file name.
    pub(crate) fn target(&self) -> Result<Target, Failure> {
        self.options.resolve(&Self::settings()?)
    }

    /// The servers that the command line names, or else the one of [`target`](Self::target).
    pub(crate) fn targets(&self) -> Result<Vec<Target>, Failure> {
        self.options.resolve_all(&Self::settings()?)
    }

    /// The account of the cloud that the command line, the configuration file or the environment names.
    pub(crate) fn account(&self) -> Result<Account, Failure> {
        Account::find(self.options.only_profile()?, &Self::settings()?)
    }
}
