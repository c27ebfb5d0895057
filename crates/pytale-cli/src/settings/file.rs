use crate::failure::Failure;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// The profile that is used if the command line names none.
    #[serde(default)]
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
    /// The path of the file, for messages.
    #[serde(skip)]
    path: PathBuf,
}

/// A server or an account under a name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Profile {
    /// The host of a self-hosted server, or the whole address of its console.
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    /// The token file of a self-hosted server. A relative path begins at the folder of the configuration file.
    pub(crate) token_file: Option<PathBuf>,
    /// The id or the name of a server of the cloud.
    #[serde(default, deserialize_with = "id_or_name")]
    pub(crate) server: Option<String>,
    /// The account of a bot, and the file with its secret.
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The account of a player, and the file with its password.
    pub(crate) username: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    /// The addresses of a private cloud.
    pub(crate) token_url: Option<String>,
    pub(crate) rest_url: Option<String>,
    pub(crate) socket_url: Option<String>,
}

/// `server = 7` and `server = "Thornwood"`.
fn id_or_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected the id or the name of a server")]
    enum IdOrName {
        Id(u64),
        Name(String),
    }

    Ok(Some(match IdOrName::deserialize(deserializer)? {
        IdOrName::Id(id) => id.to_string(),
        IdOrName::Name(name) => name,
    }))
}

/// The keys of each table, for the error of a misspelled one.
const KEYS: [&str; 2] = ["default", "profiles"];
const PROFILE_KEYS: [&str; 11] = [
    "host",
    "port",
    "token-file",
    "server",
    "client-id",
    "client-secret-file",
    "username",
    "password-file",
    "token-url",
    "rest-url",
    "socket-url",
];

impl Settings {
    /// Reads the file. A missing file is empty settings.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(Failure::io(
                    format_args!("reading the configuration file {}", path.display()),
                    &error,
                ));
            }
        };
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Failure> {
        let wrong = |reason: String| {
            Failure::usage(format!(
                "the configuration file {} is wrong: {reason}",
                path.display()
            ))
        };
        // The position is in the message, and the text is shown: the file has no secrets.
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        check_keys(&table).map_err(wrong)?;
        let mut settings: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        path.clone_into(&mut settings.path);
        Ok(settings)
    }

    /// The named profile, or the default one; `None` if no name is given and the file has no default.
    pub(crate) fn profile(&self, name: Option<&str>) -> Result<Option<(&str, &Profile)>, Failure> {
        let Some(name) = name.or(self.default.as_deref()) else {
            return Ok(None);
        };
        if let Some((name, profile)) = self.profiles.get_key_value(name) {
            return Ok(Some((name, profile)));
        }
        let names = || self.profiles.keys().map(String::as_str);
        let advice = match nearest(name, names()) {
            Some(near) => format!("did you mean {near}?"),
            None if self.profiles.is_empty() => {
                format!("add a table [profiles.{name}] to {}", self.path.display())
            }
            None => format!(
                "the profiles are {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        Err(Failure::usage(format!(
            "there is no profile {name:?} in {}",
            self.path.display()
        ))
        .advice(advice))
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A path in the file: relative ones begin at its folder.
    pub(crate) fn path_in(&self, path: &Path) -> PathBuf {
        self.path
            .parent()
            .map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

/// Finds a misspelled key. The error of the deserializer lists all keys instead of the nearest one.
fn check_keys(table: &toml::Table) -> Result<(), String> {
    check("", table, &KEYS)?;
    let profiles = table.get("profiles").and_then(toml::Value::as_table);
    for (name, profile) in profiles.into_iter().flatten() {
        if let Some(profile) = profile.as_table() {
            check(&format!("profiles.{name}."), profile, &PROFILE_KEYS)?;
        }
    }
    Ok(())
}

fn check(place: &str, table: &toml::Table, known: &[&str]) -> Result<(), String> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(match nearest(key, known.iter().copied()) {
            Some(near) => format!("unknown key {place}{key}; did you mean {place}{near}?"),
            None => format!(
                "unknown key {place}{key}; the keys are {}",
                known.join(", ")
            ),
        }),
        None => Ok(()),
    }
}

/// The most similar known name.
pub(crate) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| {
            (
                strsim::damerau_levenshtein(&typed.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(text, Path::new("/etc/tale.toml")).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_misspelled_key_is_named_with_the_nearest_one() {
        for (text, named, near) in [
            ("defalt = 'x'", "defalt", "default"),
            ("[profile.home]", "profile", "profiles"),
            (
                "[profiles.home]\nhots = 'x'",
                "profiles.home.hots",
                "profiles.home.host",
            ),
            (
                "[profiles.home]\ntokenfile = 'x'",
                "profiles.home.tokenfile",
                "profiles.home.token-file",
            ),
        ] {
            let said = parse(text).unwrap_err();
            assert!(
                said.contains(&format!("unknown key {named}; did you mean {near}?")),
                "{said}"
            );
            assert!(said.contains("/etc/tale.toml"), "{said}");
        }
        let said = parse("[profiles.home]\ncolour = 1").unwrap_err();
        assert!(
            said.contains("the keys are host, port, token-file"),
            "{said}"
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_with_its_line() {
        let said = parse("[profiles.home]\nport = 'many'").unwrap_err();
        assert!(said.contains("line 2") && said.contains("port"), "{said}");
    }

    #[test]
    fn a_server_is_an_id_or_a_name() {
        let text = "[profiles.a]\nserver = 7\n[profiles.b]\nserver = 'Thornwood'";
        let settings = parse(text).unwrap();
        let server = |name: &str| settings.profiles[name].server.clone().unwrap();
        assert_eq!(
            (server("a").as_str(), server("b").as_str()),
            ("7", "Thornwood")
        );
        let said = parse("[profiles.a]\nserver = true").unwrap_err();
        assert!(said.contains("the id or the name of a server"), "{said}");
    }

    #[test]
    fn an_unknown_profile_is_named_with_the_nearest_one() {
        let settings = parse("default = 'home'\n[profiles.home]\nport = 2760").unwrap();
        let (name, profile) = settings.profile(None).unwrap().unwrap();
        assert_eq!((name, profile.port), ("home", Some(2760)));
        let said = settings.profile(Some("hmoe")).unwrap_err().to_string();
        assert!(said.contains("did you mean home?"), "{said}");
        assert!(parse("").unwrap().profile(None).unwrap().is_none());
        assert!(parse("default = 'gone'").unwrap().profile(None).is_err());
    }

    #[test]
    fn a_relative_path_begins_at_the_folder_of_the_file() {
        let settings = parse("").unwrap();
        assert_eq!(
            settings.path_in(Path::new("a/token.txt")),
            Path::new("/etc/a/token.txt")
        );
        assert_eq!(
            settings.path_in(Path::new("/srv/token.txt")),
            Path::new("/srv/token.txt")
        );
    }
}
