//! The configuration of a private cloud, `cloud.toml`.

mod keys;
#[cfg(test)]
mod tests;

use crate::failure::Failure;
use alta_cloud::state::PERMISSIONS;
use pytale::Console;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use url::Url;

/// The port of REST and the token endpoint. The main websocket has the next port, consoles the one after it.
const PORT: u16 = 1780;

/// The default of `player-list-milliseconds`: clients learn of a join within a second.
const PLAYER_LIST: u64 = 750;

/// The configuration file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// The address of the network interface. The default is the loopback.
    #[serde(default = "loopback")]
    pub(crate) listen: IpAddr,
    /// The port of REST; with 0, all ports are free ones.
    #[serde(default = "default_port")]
    pub(crate) port: u16,
    /// The host and the port of the consoles, as bots are told. The default is the address and the port of this service.
    #[serde(default)]
    pub(crate) advertised_host: Option<String>,
    #[serde(default)]
    pub(crate) advertised_console_port: Option<u16>,
    #[serde(default)]
    pub(crate) tls: Option<TlsFiles>,
    #[serde(default)]
    pub(crate) database: Option<PathBuf>,
    #[serde(default)]
    pub(crate) audit: Audit,
    /// The interval at which a server that has sent no join or leave is asked for its players, in milliseconds.
    #[serde(default = "default_player_list")]
    pub(crate) player_list_milliseconds: u64,
    #[serde(default)]
    pub(crate) groups: Vec<GroupConfig>,
    /// The path of the file.
    #[serde(skip)]
    path: PathBuf,
}

/// The certificate of the service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TlsFiles {
    /// The chain of certificates in PEM.
    pub(crate) certificate: PathBuf,
    /// The private key in PEM.
    pub(crate) key: PathBuf,
    /// `true` if the consoles also accept connections without TLS. Most libraries open consoles only without TLS.
    #[serde(default)]
    pub(crate) plain_consoles: bool,
}

/// The audit log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Audit {
    pub(crate) file: PathBuf,
    /// The size at which a new file begins.
    pub(crate) max_megabytes: u64,
    /// The number of older files that are kept.
    pub(crate) keep: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            file: "audit.jsonl".into(),
            max_megabytes: 16,
            keep: 8,
        }
    }
}

/// A group with its servers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct GroupConfig {
    pub(crate) id: u64,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) servers: Vec<ServerConfig>,
    #[serde(default)]
    pub(crate) roles: Vec<RoleConfig>,
}

/// A server with its real console.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ServerConfig {
    pub(crate) id: u64,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// The address of the console, such as `127.0.0.1:1760`.
    pub(crate) console: String,
    /// The `console_token.txt` that the server writes. A relative path begins at the folder of the configuration.
    pub(crate) token_file: PathBuf,
    /// The version, until the server says it.
    #[serde(default)]
    pub(crate) version: Option<String>,
    /// `true` for a server of the Quest version.
    #[serde(default)]
    pub(crate) quest: bool,
    #[serde(default)]
    pub(crate) player_limit: Option<u64>,
}

/// A role of a group.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RoleConfig {
    pub(crate) id: u64,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) permissions: Vec<String>,
    /// The commands that the role may run; empty for all.
    #[serde(default)]
    pub(crate) allowed_commands: Vec<String>,
}

fn loopback() -> IpAddr {
    Ipv4Addr::LOCALHOST.into()
}

fn default_port() -> u16 {
    PORT
}

fn default_player_list() -> u64 {
    PLAYER_LIST
}

/// The advice for paths of Windows in double quotes.
const QUOTES: &str =
    r#"in "double quotes", \ begins an escape such as \t: write paths in 'single quotes'"#;

/// Returns whether the line at this position of a file has a string in double quotes with a backslash.
fn has_escape(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let (start, end) = (before.rsplit('\n').next(), after.split('\n').next());
    let line = [start, end].map(Option::unwrap_or_default).concat();
    line.split_once('"')
        .is_some_and(|(_, rest)| rest.contains('\\'))
}

impl Config {
    /// Reads and checks the file.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            let doing = format!("reading the configuration {}", path.display());
            Failure::io(doing, &error).advice("docs/own-servers.md shows a configuration")
        })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let wrong = |reason: String| {
            Failure::usage(format!(
                "the configuration {} is wrong: {reason}",
                path.display()
            ))
        };
        // Editors of Windows write a byte-order mark.
        let text = text.trim_start_matches('\u{feff}');
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let failure = wrong(error.to_string());
            let is_path = error
                .span()
                .is_some_and(|span| has_escape(text, span.start));
            if is_path {
                failure.advice(QUOTES)
            } else {
                failure
            }
        })?;
        keys::check(&table).map_err(wrong)?;
        let mut config: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        path.clone_into(&mut config.path);
        config.check().map_err(wrong)?;
        Ok(config)
    }

    /// Finds the errors that types do not find.
    fn check(&self) -> Result<(), String> {
        if self.groups.is_empty() {
            return Err("it has no [[groups]]".to_owned());
        }
        if self.port > u16::MAX - 2 {
            return Err(format!(
                "port is {}, but the two ports after it are needed, too",
                self.port
            ));
        }
        let milliseconds = self.player_list_milliseconds;
        if !(100..=60_000).contains(&milliseconds) {
            return Err(format!(
                "player-list-milliseconds is {milliseconds}; it is 100 to 60000"
            ));
        }
        if let Some(host) = &self.advertised_host
            && (host.is_empty() || host.contains(|c: char| "/:@".contains(c) || c.is_whitespace()))
            && host.parse::<IpAddr>().is_err()
        {
            return Err(format!(
                "advertised-host is {host:?}; it is a host name or an IP address without a scheme and a port"
            ));
        }
        if self.audit.max_megabytes == 0 {
            return Err("audit.max-megabytes is 0".to_owned());
        }
        let (mut groups, mut servers) = (BTreeSet::new(), BTreeSet::new());
        let mut group_names = BTreeSet::new();
        for group in &self.groups {
            let place = format!("group {:?}", group.name);
            check_name(&group.name, "group")?;
            check_id(group.id, &place)?;
            if !groups.insert(group.id) {
                return Err(format!("two groups have the id {}", group.id));
            }
            if !group_names.insert(&group.name) {
                return Err(format!("two groups have the name {:?}", group.name));
            }
            let mut names = BTreeSet::new();
            group.check_roles(&place)?;
            for server in &group.servers {
                check_name(&server.name, "server")?;
                check_id(server.id, &format!("server {:?}", server.name))?;
                if !servers.insert(server.id) {
                    return Err(format!("two servers have the id {}", server.id));
                }
                if !names.insert(&server.name) {
                    return Err(format!(
                        "two servers of {place} have the name {:?}",
                        server.name
                    ));
                }
                server.url()?;
                let file = server.token_file.to_string_lossy();
                if file.chars().any(char::is_control) {
                    let name = &server.name;
                    return Err(format!(
                        "the token-file of server {name:?} is {file:?}; {QUOTES}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// A path in the configuration: relative ones begin at its folder.
    pub(crate) fn path_in(&self, path: &Path) -> PathBuf {
        self.path
            .parent()
            .map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }

    /// The path of the database.
    pub(crate) fn database(&self) -> PathBuf {
        match &self.database {
            Some(path) => self.path_in(path),
            None => self.path.with_extension("db"),
        }
    }

    /// All servers.
    pub(crate) fn servers(&self) -> impl Iterator<Item = &ServerConfig> {
        self.groups.iter().flat_map(|group| &group.servers)
    }
}

impl GroupConfig {
    fn check_roles(&self, place: &str) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for role in &self.roles {
            check_name(&role.name, "role")?;
            let place = format!("role {:?} of {place}", role.name);
            if !ids.insert(role.id) {
                return Err(format!("{place} has the id {} of another role", role.id));
            }
            for permission in &role.permissions {
                if !PERMISSIONS.contains(&permission.as_str()) {
                    let known = PERMISSIONS.iter().copied();
                    let hint = match crate::settings::nearest(permission, known) {
                        Some(near) => format!("did you mean {near}?"),
                        None => format!("the permissions are {}", PERMISSIONS.join(", ")),
                    };
                    return Err(format!(
                        "{place} has the unknown permission {permission:?}; {hint}"
                    ));
                }
            }
            if let Some(empty) = role.allowed_commands.iter().find(|it| it.trim().is_empty()) {
                return Err(format!("{place} has the empty allowed command {empty:?}"));
            }
        }
        Ok(())
    }
}

impl ServerConfig {
    /// The address of the console.
    pub(crate) fn url(&self) -> Result<Url, String> {
        let place = format!("the console of server {:?}", self.name);
        let url =
            Console::parse_address(&self.console).map_err(|error| format!("{place}: {error}"))?;
        if url.scheme() != "ws" {
            return Err(format!(
                "{place}: the service opens consoles without TLS, so the address begins with ws://"
            ));
        }
        Ok(url)
    }
}

/// The largest id that all clients can read.
const LARGEST_ID: u64 = i32::MAX as u64;

fn check_id(id: u64, place: &str) -> Result<(), String> {
    if (1..=LARGEST_ID).contains(&id) {
        Ok(())
    } else {
        Err(format!(
            "{place} has the id {id}; ids are 1 to {LARGEST_ID}"
        ))
    }
}

fn check_name(name: &str, kind: &str) -> Result<(), String> {
    if name.trim().is_empty() || name.chars().any(char::is_control) || name.len() > 200 {
        return Err(format!(
            "a {kind} has the name {name:?}; a name has 1 to 200 characters and no control character"
        ));
    }
    Ok(())
}
