use crate::failure::Failure;
use crate::server::token::{self, TokenSource};
use crate::settings::Settings;
use clap::Args;
use pytale::Console;
use pytale::console::{Access, ConsoleAccess, TokenFile};
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
    /// A profile of the configuration file.
    #[arg(long, global = true, value_name = "NAME", env = "TALE_PROFILE")]
    pub(crate) profile: Option<String>,
}

/// A server with the access to its console.
pub(crate) struct Target {
    /// The name in messages: of the profile, or else the address.
    pub(crate) name: String,
    pub(crate) url: String,
    access: Arc<dyn Access>,
}

impl TargetOptions {
    pub(crate) fn resolve(&self, settings: &Settings) -> Result<Target, Failure> {
        // A server on the command line does not take the address or the token of the default profile.
        let named = self.profile.is_some() || self.host.is_none();
        let profile = if named {
            settings.profile(self.profile.as_deref())?
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
        let access: Arc<dyn Access> = match token::find(self.token_file.as_deref(), file)? {
            TokenSource::File(path) => Arc::new(TokenFile::new(url.clone(), path)),
            TokenSource::Value(token) => Arc::new(ConsoleAccess::self_hosted(url.clone(), token)),
        };
        // Without user and password, which an address can have.
        let shown = format!(
            "{}://{}:{}",
            url.scheme(),
            url.host_str().unwrap_or_default(),
            url.port_or_known_default().unwrap_or_default()
        );
        Ok(Target {
            name: profile.map_or_else(|| shown.clone(), |(name, _)| name.to_owned()),
            url: shown,
            access,
        })
    }
}

impl Target {
    pub(crate) fn access(&self) -> Arc<dyn Access> {
        Arc::clone(&self.access)
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
