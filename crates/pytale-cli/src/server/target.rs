use crate::account::{self, Account};
use crate::failure::Failure;
use crate::server::token::{self, TokenSource};
use crate::settings::{Profile, Settings};
use clap::Args;
use pytale::Console;
use pytale::bot::CloudAccess;
use pytale::console::{Access, ConsoleAccess, TokenFile};
use pytale::rest::ConsoleOptions;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::sync::Arc;

/// The options that name a server. Without any, the default profile, or else the server on this machine.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct TargetOptions {
    /// The host of the server, or the address of its console, such as wss://town.example/console.
    #[arg(long, global = true, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// The port of the console; 1760 by default.
    #[arg(long, global = true, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// The console_token.txt that the server writes. By default, TAVERN_TOKEN_FILE, TAVERN_TOKEN (the token itself), or the
    /// file in its default place.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The id or the name of a server of the cloud; the account is that of the profile, or of ALTA_CLIENT_ID and
    /// ALTA_CLIENT_SECRET.
    #[arg(long, global = true, value_name = "ID|NAME", conflicts_with_all = ["host", "port", "token_file"])]
    pub(crate) server: Vec<String>,
    /// A profile of the configuration file. Like --server, it can be repeated for the subcommands that work with several
    /// servers: exec, events and players.
    #[arg(long, global = true, value_name = "NAME", env = "TALE_PROFILE")]
    pub(crate) profile: Vec<String>,
}

/// A server with the access to its console.
pub(crate) struct Target {
    /// The name in messages: of the profile, or else the address.
    pub(crate) name: String,
    /// The address in messages.
    pub(crate) url: String,
    place: Place,
}

/// A self-hosted server.
pub(crate) struct SelfHosted {
    /// The host, an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The file with the token; `None` if the token itself is given.
    pub(crate) token_file: Option<PathBuf>,
    /// Fails if no place of the token is known.
    pub(crate) access: Result<Arc<dyn Access>, Failure>,
}

/// The names of one server on the command line.
#[derive(Clone, Copy)]
struct Named<'o> {
    server: Option<&'o str>,
    profile: Option<&'o str>,
}

enum Place {
    SelfHosted(SelfHosted),
    Cloud {
        account: Box<Account>,
        server: String,
    },
}

impl TargetOptions {
    /// The profile, of which there can be one at most.
    pub(crate) fn only_profile(&self) -> Result<Option<&str>, Failure> {
        at_most_one(&self.profile, "--profile")
    }

    /// The server of a subcommand that works with one.
    pub(crate) fn resolve(&self, settings: &Settings) -> Result<Target, Failure> {
        let named = Named {
            server: at_most_one(&self.server, "--server")?,
            profile: self.only_profile()?,
        };
        self.resolve_named(named, settings)
    }

    /// The servers of a subcommand that works with several: one of each `--profile`, or of each `--server`.
    pub(crate) fn resolve_all(&self, settings: &Settings) -> Result<Vec<Target>, Failure> {
        if self.profile.len() < 2 && self.server.len() < 2 {
            return Ok(vec![self.resolve(settings)?]);
        }
        if self.host.is_some() || self.port.is_some() || self.token_file.is_some() {
            return Err(Failure::usage(
                "--host, --port and --token-file name one server, and several are given",
            )
            .advice("write a profile for each server"));
        }
        let several = if self.server.is_empty() {
            let of = |profile| Named {
                server: None,
                profile: Some(profile),
            };
            self.profile
                .iter()
                .map(String::as_str)
                .map(of)
                .collect::<Vec<_>>()
        } else {
            let profile = self.only_profile()?;
            let of = |server| Named {
                server: Some(server),
                profile,
            };
            self.server.iter().map(String::as_str).map(of).collect()
        };
        let mut targets: Vec<Target> = Vec::new();
        for named in several {
            let target = self.resolve_named(named, settings)?;
            if targets.iter().any(|other| other.name == target.name) {
                return Err(Failure::usage(format!("{} is given twice", target.name)));
            }
            targets.push(target);
        }
        Ok(targets)
    }

    fn resolve_named(&self, named: Named<'_>, settings: &Settings) -> Result<Target, Failure> {
        if let Some(server) = self.cloud_server(named, settings)? {
            let account = Account::find(named.profile, settings)?;
            return Ok(Target {
                name: match (named.server, account.profile()) {
                    (None, Some(profile)) => profile.to_owned(),
                    _ => server.clone(),
                },
                url: format!("server {server} of {}", account.cloud()),
                place: Place::Cloud {
                    account: Box::new(account),
                    server,
                },
            });
        }
        // A server on the command line does not take the address or the token of the default profile.
        let profile = if named.profile.is_some() || self.host.is_none() {
            settings.profile(named.profile)?
        } else {
            None
        };
        let host = self
            .host
            .as_deref()
            .or(profile.and_then(|(_, profile)| profile.host.as_deref()));
        let port = self.port.or(profile.and_then(|(_, profile)| profile.port));
        let address = address(host.unwrap_or("127.0.0.1"), port)?;
        let url = Console::parse_address(&address)?;
        let file = profile.and_then(|(_, profile)| profile.token_file.as_deref());
        let file = file.map(|path| settings.path_in(path));
        let source = token::find(self.token_file.as_deref(), file);
        let token_file = match &source {
            Ok(TokenSource::File(path)) => Some(path.clone()),
            _ => None,
        };
        let access = source.map(|source| match source {
            TokenSource::File(path) => {
                Arc::new(TokenFile::new(url.clone(), path)) as Arc<dyn Access>
            }
            TokenSource::Value(token) => Arc::new(ConsoleAccess::self_hosted(url.clone(), token)),
        });
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        // Without user and password, which an address can have.
        let shown = format!("{}://{host}:{port}", url.scheme());
        Ok(Target {
            name: profile.map_or_else(|| shown.clone(), |(name, _)| name.to_owned()),
            url: shown,
            place: Place::SelfHosted(SelfHosted {
                host: host
                    .trim_start_matches('[')
                    .trim_end_matches(']')
                    .to_owned(),
                port,
                token_file,
                access,
            }),
        })
    }

    /// The server of the cloud that the command line or the profile names.
    fn cloud_server(
        &self,
        named: Named<'_>,
        settings: &Settings,
    ) -> Result<Option<String>, Failure> {
        if let Some(server) = named.server {
            return Ok(Some(server.to_owned()));
        }
        let profile = settings.profile(named.profile)?;
        let Some((name, profile)) = profile.filter(|(_, profile)| profile.server.is_some()) else {
            return Ok(None);
        };
        let of_profile =
            |Profile {
                 host,
                 port,
                 token_file,
                 ..
             }: &Profile| { host.is_some() || port.is_some() || token_file.is_some() };
        if of_profile(profile) {
            return Err(Failure::usage(format!(
                "the profile {name} names both a server of the cloud and a self-hosted one"
            ))
            .advice("use two profiles: one with server, one with host, port and token-file"));
        }
        let of_options = self.host.is_some() || self.port.is_some() || self.token_file.is_some();
        match (of_options, named.profile) {
            (false, _) => Ok(profile.server.clone()),
            // A self-hosted server on the command line takes nothing from the default profile.
            (true, None) => Ok(None),
            (true, Some(_)) => Err(Failure::usage(format!(
                "the profile {name} names a server of the cloud, and the options a self-hosted one"
            ))
            .advice("leave out --profile, or --host, --port and --token-file")),
        }
    }
}

impl Target {
    pub(crate) fn is_in_cloud(&self) -> bool {
        matches!(self.place, Place::Cloud { .. })
    }

    /// The server, if it is self-hosted.
    pub(crate) fn self_hosted(&self) -> Option<&SelfHosted> {
        match &self.place {
            Place::SelfHosted(server) => Some(server),
            Place::Cloud { .. } => None,
        }
    }

    /// The access to the console. For a server of the cloud, logs in and finds the server.
    pub(crate) async fn access(&self) -> Result<Arc<dyn Access>, Failure> {
        match &self.place {
            Place::SelfHosted(server) => server.access.clone(),
            Place::Cloud { account, server } => {
                let rest = account.log_in().await?;
                let id = account::server_id(&rest, server).await?;
                Ok(Arc::new(CloudAccess::new(
                    rest,
                    id,
                    ConsoleOptions::default(),
                )))
            }
        }
    }
}

fn at_most_one<'o>(given: &'o [String], option: &str) -> Result<Option<&'o str>, Failure> {
    match given {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(
            Failure::usage(format!("this subcommand takes one {option}"))
                .advice("exec, events and players work with several servers"),
        ),
    }
}

/// The address with the port. The host must not have a port of its own then.
fn address(host: &str, port: Option<u16>) -> Result<String, Failure> {
    let Some(port) = port else {
        return Ok(host.to_owned());
    };
    let conflict = || {
        Failure::usage(format!("{host} and --port both set a port")).advice("leave out one of them")
    };
    if host.contains("://") {
        let mut url = Console::parse_address(host)?;
        if url.port().is_some() {
            return Err(conflict());
        }
        url.set_port(Some(port))
            .map_err(|()| Failure::usage(format!("{host} cannot have a port")))?;
        return Ok(url.into());
    }
    let is_v6 = host.parse::<Ipv6Addr>().is_ok();
    if !is_v6
        && host
            .rsplit(']')
            .next()
            .is_some_and(|rest| rest.contains(':'))
    {
        return Err(conflict());
    }
    Ok(if is_v6 {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_added_to_any_form_of_a_host() {
        for (host, expected) in [
            ("town.example", "town.example:2760"),
            ("::1", "[::1]:2760"),
            ("[::1]", "[::1]:2760"),
            (
                "wss://town.example/console",
                "wss://town.example:2760/console",
            ),
        ] {
            assert_eq!(address(host, Some(2760)).unwrap(), expected);
        }
        for host in ["town.example:80", "[::1]:80", "ws://town.example:81"] {
            let said = address(host, Some(2760)).unwrap_err().to_string();
            assert!(said.contains("both set a port"), "{said}");
        }
    }
}
