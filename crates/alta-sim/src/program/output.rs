//! The texts on standard output.

use super::addresses::Addresses;
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// The form of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Labels and values for people.
    Text,
    /// One JSON object on one line.
    Json,
    /// Assignments of variables for a shell.
    Env,
}

impl Form {
    pub(super) fn write(self, addresses: &Addresses) -> String {
        match self {
            Self::Text => text(addresses),
            Self::Json => json(addresses),
            Self::Env => variables(addresses),
        }
    }
}

/// Writes to standard output at once.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn text(addresses: &Addresses) -> String {
    let mut lines = vec![
        ("token endpoint", addresses.token_url.clone()),
        ("REST", addresses.rest_url.clone()),
        ("main websocket", addresses.socket_url.clone()),
    ];
    for bot in &addresses.bots {
        lines.push(("client id", bot.client_id.clone()));
        lines.push(("client secret", bot.client_secret.clone()));
        lines.push(("bot user id", bot.user_id.to_string()));
    }
    for user in &addresses.users {
        lines.push(("user name", user.username.clone()));
        lines.push(("password", user.password.clone()));
    }
    for server in &addresses.servers {
        let url = server.console_url.clone();
        lines.push(("group, server", format!("{}, {}", server.group, server.id)));
        lines.push(("console", url.unwrap_or_else(|| "offline".to_owned())));
    }
    for server in &addresses.self_hosted {
        let url = server.console_url.clone();
        lines.push(("self-hosted", url.unwrap_or_else(|| "offline".to_owned())));
        let file = server.token_file.iter();
        lines.extend(file.map(|file| ("token file", file.display().to_string())));
    }
    if let Some(file) = &addresses.certificate {
        lines.push(("certificate", file.display().to_string()));
    }
    if let Some(url) = &addresses.control_url {
        lines.push(("control", url.clone()));
    }
    let lines = lines
        .into_iter()
        .map(|(label, value)| format!("{label:<15} {value}\n"));
    lines
        .chain(["Ctrl-C ends the program.\n".to_owned()])
        .collect()
}

fn json(addresses: &Addresses) -> String {
    // Texts and numbers can always be written.
    let text = serde_json::to_string(addresses).unwrap_or_default();
    format!("{text}\n")
}

/// The first account, group and server of each kind.
fn variables(addresses: &Addresses) -> String {
    let mut lines = vec![
        ("ALTA_TOKEN_URL", addresses.token_url.clone()),
        ("ALTA_REST_URL", addresses.rest_url.clone()),
        ("ALTA_SOCKET_URL", addresses.socket_url.clone()),
    ];
    if let Some(bot) = addresses.bots.first() {
        lines.push(("ALTA_CLIENT_ID", bot.client_id.clone()));
        lines.push(("ALTA_CLIENT_SECRET", bot.client_secret.clone()));
        lines.push(("ALTA_SCOPES", bot.scopes.clone()));
        lines.push(("ALTA_USER_ID", bot.user_id.to_string()));
    }
    if let Some(user) = addresses.users.first() {
        lines.push(("ALTA_USERNAME", user.username.clone()));
        lines.push(("ALTA_PASSWORD", user.password.clone()));
    }
    if let Some(server) = addresses.servers.first() {
        lines.push(("SIM_GROUP", server.group.to_string()));
        lines.push(("SIM_SERVER", server.id.to_string()));
        lines.extend(
            server
                .console_url
                .clone()
                .map(|url| ("SIM_CONSOLE_URL", url)),
        );
    }
    if let Some(server) = addresses.self_hosted.first() {
        let url = server.console_url.clone();
        lines.extend(url.map(|url| ("SIM_SELF_HOSTED_URL", url)));
        let file = server.token_file.iter();
        lines.extend(file.map(|file| ("SIM_TOKEN_FILE", file.display().to_string())));
    }
    if let Some(file) = &addresses.certificate {
        lines.push(("SIM_CERTIFICATE", file.display().to_string()));
    }
    if let Some(url) = &addresses.control_url {
        lines.push(("SIM_CONTROL_URL", url.clone()));
    }
    lines
        .into_iter()
        .fold(String::new(), |mut text, (name, value)| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name}={}", quoted(&value));
            text
        })
}

/// A word of a POSIX shell.
fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:,+@=".contains(letter);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_word_of_a_shell() {
        for (value, expected) in [
            ("http://127.0.0.1:1/api", "http://127.0.0.1:1/api"),
            ("", "''"),
            ("ws.group group.info", "'ws.group group.info'"),
            ("$(rm -r x)", "'$(rm -r x)'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(value), expected);
        }
    }
}
