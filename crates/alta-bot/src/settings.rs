//! Settings from the environment or from a file.

use crate::builder::Builder;
use crate::endpoints::Endpoints;
use alta_auth::{BotCredentials, Password, Scopes, UserCredentials};
use alta_model::{Secret, UserId};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;
use url::Url;

/// The names of all settings.
const NAMES: [&str; 10] = [
    "ALTA_CLIENT_ID",
    "ALTA_CLIENT_SECRET",
    "ALTA_SCOPES",
    "ALTA_USER_ID",
    "ALTA_USERNAME",
    "ALTA_PASSWORD",
    "ALTA_TOKEN_URL",
    "ALTA_REST_URL",
    "ALTA_SOCKET_URL",
    "ALTA_DEBUG",
];

/// The largest settings file, in bytes.
const LARGEST_FILE: u64 = 64 * 1024;

impl Builder {
    /// Reads the settings from environment variables:
    ///
    /// | variable | value |
    /// | --- | --- |
    /// | `ALTA_CLIENT_ID`, `ALTA_CLIENT_SECRET` | the credentials of a bot |
    /// | `ALTA_SCOPES` | the scopes of the bot, if not the defaults |
    /// | `ALTA_USER_ID` | the user id of the bot |
    /// | `ALTA_USERNAME`, `ALTA_PASSWORD` | the credentials of a user; the password is plain text or its SHA-512 |
    /// | `ALTA_TOKEN_URL`, `ALTA_REST_URL`, `ALTA_SOCKET_URL` | the addresses of the service |
    /// | `ALTA_DEBUG` | `true` or `false`: see [`debug`](Self::debug) |
    ///
    /// A variable that is empty or not set changes nothing. White space, line ends and byte-order marks at both ends of a value
    /// are removed. A secret that contains a control character is an error.
    ///
    /// [`connect`](Self::connect) returns all errors at once.
    #[doc(alias = "config")]
    pub fn read_env(self) -> Self {
        self.read_variables(|name| std::env::var_os(name))
    }

    fn read_variables(mut self, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let source = "the environment";
        let mut values = BTreeMap::new();
        for name in NAMES {
            match variable(name).map(OsString::into_string) {
                Some(Ok(value)) if !Secret::trimmed(&value).is_empty() => {
                    values.insert(name.to_owned(), Secret::trimmed(&value).to_owned());
                }
                Some(Err(_)) => self.problem(format!(
                    "{source} sets {name} to a value that is not Unicode"
                )),
                Some(Ok(_)) | None => {}
            }
        }
        self.read(values, source)
    }

    /// Reads the settings from a file: lines of `NAME=value` with the names of [`read_env`](Self::read_env). Empty lines and
    /// lines that begin with `#` are ignored; quotes around a value are removed.
    ///
    /// A file that other users of this machine can read is a [warning](Self::warnings). [`connect`](Self::connect) returns all
    /// errors at once.
    pub fn read_file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let shown = path.display().to_string();
        match read(path) {
            Err(error) => self.problem(format!("{shown} cannot be read: {error}")),
            Ok((text, readable_by_others)) => {
                if readable_by_others {
                    self.warning(format!(
                        "{shown} contains credentials and other users can read it: remove their permissions (chmod 600)"
                    ));
                }
                let values = self.lines(&text, &shown);
                self = self.read(values, &shown);
            }
        }
        self
    }

    /// The doubtful settings so far. They work, and each is also logged as a warning.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn lines(&mut self, text: &str, source: &str) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let text = text.trim_start_matches('\u{feff}');
        for (number, line) in text.lines().enumerate() {
            let line = Secret::trimmed(line);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = number + 1;
            let Some((name, value)) = line.split_once('=') else {
                // The line is not in the message: it may be a secret.
                self.problem(format!("line {number} of {source} is not NAME=value"));
                continue;
            };
            let name = name.trim();
            if !NAMES.contains(&name) {
                let problem = format!("line {number} of {source} sets {}", unknown(name));
                self.problem(problem);
                continue;
            }
            if values
                .insert(name.to_owned(), unquoted(value.trim()).to_owned())
                .is_some()
            {
                self.problem(format!("line {number} of {source} sets {name} again"));
            }
        }
        values.retain(|_, value| !Secret::trimmed(value).is_empty());
        values
    }

    fn read(mut self, mut values: BTreeMap<String, String>, source: &str) -> Self {
        let mut take = |name: &str| values.remove(name);
        let mut bot = (
            take("ALTA_CLIENT_ID"),
            take("ALTA_CLIENT_SECRET"),
            take("ALTA_SCOPES"),
        );
        let mut user = (take("ALTA_USERNAME"), take("ALTA_PASSWORD"));
        let user_id = take("ALTA_USER_ID");
        let debug = take("ALTA_DEBUG");
        let secrets = [
            ("ALTA_CLIENT_SECRET", &mut bot.1),
            ("ALTA_PASSWORD", &mut user.1),
        ];
        for (name, text) in secrets {
            let secret = Secret::new(text.as_deref().unwrap_or_default());
            if let Err(error) = secret.check(format_args!("{name} of {source}")) {
                self.problem(error.to_string());
                // The credentials would report it again, without the name.
                *text = Some(String::new());
            }
        }
        let mut endpoints = self.endpoints.clone();
        let Endpoints {
            token_url,
            rest_url,
            socket_url,
        } = &mut endpoints;
        let urls = [
            ("ALTA_TOKEN_URL", "http", token_url),
            ("ALTA_REST_URL", "http", rest_url),
            ("ALTA_SOCKET_URL", "ws", socket_url),
        ];
        for (name, scheme, url) in urls {
            let what = format!("an address that begins with {scheme}:// or {scheme}s://");
            let Some(new) = self.parse::<Url>(name, &what, take(name), source) else {
                continue;
            };
            if new.scheme() == scheme || new.scheme().strip_suffix('s') == Some(scheme) {
                *url = new;
            } else {
                self.problem(format!(
                    "{source} sets {name} to a value that is not {what}"
                ));
            }
        }
        self.endpoints = endpoints;

        match bot {
            (Some(id), Some(secret), scopes) => {
                let mut credentials = BotCredentials::new(id, secret);
                if let Some(scopes) =
                    self.parse::<Scopes>("ALTA_SCOPES", "a list of scopes", scopes, source)
                {
                    credentials = credentials.with_scopes(scopes);
                }
                self.bot = Some(credentials);
            }
            (Some(_), None, _) => self.problem(format!(
                "{source} sets ALTA_CLIENT_ID but not ALTA_CLIENT_SECRET"
            )),
            (None, Some(_), _) => self.problem(format!(
                "{source} sets ALTA_CLIENT_SECRET but not ALTA_CLIENT_ID"
            )),
            (None, None, Some(_)) => self.problem(format!(
                "{source} sets ALTA_SCOPES but neither ALTA_CLIENT_ID nor ALTA_CLIENT_SECRET"
            )),
            (None, None, None) => {}
        }
        match user {
            (Some(name), Some(password)) => {
                let password = Password::automatic(password);
                self.user = Some(UserCredentials::new(name, password));
            }
            (Some(_), None) => {
                self.problem(format!("{source} sets ALTA_USERNAME but not ALTA_PASSWORD"));
            }
            (None, Some(_)) => {
                self.problem(format!("{source} sets ALTA_PASSWORD but not ALTA_USERNAME"));
            }
            (None, None) => {}
        }
        if let Some(id) = self.parse::<UserId>(
            "ALTA_USER_ID",
            "a user id, which is a number",
            user_id,
            source,
        ) {
            self.user_id = Some(id);
        }
        let debug = debug.map(|value| value.to_ascii_lowercase());
        if let Some(on) = self.parse::<bool>("ALTA_DEBUG", "true or false", debug, source) {
            self = self.debug(on);
        }
        self
    }

    fn parse<T: FromStr>(
        &mut self,
        name: &str,
        what: &str,
        text: Option<String>,
        source: &str,
    ) -> Option<T> {
        let value = Secret::trimmed(&text?).parse().ok();
        if value.is_none() {
            // The value is not in the message: it may be a secret in the wrong place.
            self.problem(format!(
                "{source} sets {name} to a value that is not {what}"
            ));
        }
        value
    }
}

/// Describes an unknown name. A name that resembles no setting is not in the message: it may be a secret with an equals sign.
fn unknown(name: &str) -> String {
    let hint = crate::nearest::names(name, NAMES);
    if hint.is_empty() {
        "an unknown setting".to_owned()
    } else {
        format!("an unknown {name}; did you mean {}?", hint.join(", "))
    }
}

fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

/// The content, and whether other users can read the file.
fn read(path: &Path) -> std::io::Result<(String, bool)> {
    let (text, about) = att_console::read_small_file(path, LARGEST_FILE)?;
    Ok((text, readable_by_others(&about)))
}

#[cfg(unix)]
fn readable_by_others(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    // Group and others.
    about.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn readable_by_others(_: &std::fs::Metadata) -> bool {
    // Permissions of other systems are not checked.
    false
}

// A test can make a variable that is not valid Unicode only on Unix.
#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_and_one_that_is_not_unicode_is_an_error() {
        use std::os::unix::ffi::OsStringExt as _;

        let builder = Builder::default().read_variables(|name| match name {
            "ALTA_CLIENT_ID" => Some("client_1".into()),
            "ALTA_CLIENT_SECRET" => Some(OsString::from_vec(vec![0x63, 0xff])),
            "ALTA_SCOPES" => Some(OsString::new()),
            _ => None,
        });
        let problems = builder.problems();
        assert!(
            problems.iter().any(
                |problem| problem.contains("ALTA_CLIENT_SECRET to a value that is not Unicode")
            ),
            "{problems:?}"
        );
        assert!(
            problems
                .iter()
                .all(|problem| !problem.contains("ALTA_SCOPES")),
            "{problems:?}"
        );
        let builder = Builder::default().read_variables(|name| match name {
            "ALTA_CLIENT_ID" | "ALTA_CLIENT_SECRET" => Some(name.into()),
            _ => None,
        });
        assert!(builder.problems().is_empty() && builder.bot.is_some());
    }

    #[test]
    fn a_secret_with_a_control_character_is_an_error_that_names_the_variable() {
        let builder = Builder::default().read_variables(|name| match name {
            "ALTA_CLIENT_ID" | "ALTA_USERNAME" => Some("\u{feff}itsley\r\n".into()),
            "ALTA_CLIENT_SECRET" => Some("hunter20\nhunter21".into()),
            "ALTA_PASSWORD" => Some("hunter\u{7f}22".into()),
            "ALTA_USER_ID" => Some("17\u{feff}".into()),
            _ => None,
        });
        assert_eq!(
            builder.problems(),
            [
                "ALTA_CLIENT_SECRET of the environment has a control character (U+000A) as its character 9",
                "ALTA_PASSWORD of the environment has a control character (U+007F) as its character 7",
            ]
        );
        assert_eq!(builder.bot.unwrap().client_id(), "itsley");
        assert_eq!(builder.user_id, Some(UserId::new(17)));
    }

    #[test]
    fn a_value_of_white_space_counts_as_not_set_in_files_and_in_the_environment() {
        let mut builder = Builder::default();
        let values = builder.lines(
            "ALTA_CLIENT_ID=c\nALTA_CLIENT_SECRET=\" \u{feff}\"",
            "a file",
        );
        let of_file = builder.read(values, "a file");
        let of_environment = Builder::default().read_variables(|name| match name {
            "ALTA_CLIENT_ID" => Some("c".into()),
            "ALTA_CLIENT_SECRET" => Some(" \r\n".into()),
            _ => None,
        });
        for (builder, source) in [(of_file, "a file"), (of_environment, "the environment")] {
            let problem = format!("{source} sets ALTA_CLIENT_ID but not ALTA_CLIENT_SECRET");
            assert_eq!(builder.problems(), [problem]);
        }
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = Builder::default().read_file(std::env::temp_dir());
        assert!(
            folder.problems()[0].contains("cannot be read"),
            "{:?}",
            folder.problems()
        );
        #[cfg(unix)]
        {
            let endless = Builder::default().read_file("/dev/zero");
            assert_eq!(
                endless.problems(),
                ["/dev/zero cannot be read: it is not a regular file"]
            );
        }
    }
}
