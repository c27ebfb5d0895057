//! Parses the address of a console as people write it.

use crate::error::{Error, ErrorKind};
use crate::handle::console::Console;
use std::net::Ipv6Addr;
use url::{Host, Url};

/// The port of the console of a self-hosted server (TavernLib).
const PORT: u16 = 1760;

impl Console {
    /// Reads a console's address: `ws://192.0.2.7:1760`. What goes without saying may be left out: `192.0.2.7` is the same,
    /// and so are `town.example` and `::1` for their servers. A port that is written is kept. Where a scheme is given, so
    /// must be the port, unless it is the scheme's own (80 of `ws`, 443 of `wss`).
    ///
    /// Unlike `Url::parse`, its error shows the input and how an address is written.
    ///
    /// ```
    /// use att_console::Console;
    ///
    /// assert_eq!(Console::address("192.0.2.7")?.as_str(), "ws://192.0.2.7:1760/");
    /// assert_eq!(Console::address("town.example:80")?.as_str(), "ws://town.example/");
    /// assert_eq!(Console::address("wss://town.example/console")?.as_str(), "wss://town.example/console");
    /// assert_eq!(
    ///     Console::address("http://192.0.2.7:1760").unwrap_err().to_string(),
    ///     r#"reading "http://192.0.2.7:1760" as a console's address: its scheme is http; ws://192.0.2.7:1760 would be one"#
    /// );
    /// assert_eq!(
    ///     Console::address("1760").unwrap_err().to_string(),
    ///     r#"reading "1760" as a console's address: it is a number and no host; is ws://127.0.0.1:1760 meant?"#
    /// );
    /// # Ok::<(), att_console::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Address`].
    pub fn address(text: &str) -> Result<Url, Error> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        read(text).map_err(|reason| {
            let reason = if Parts::of(text).rest.contains('@') {
                // The part before can be a password, so the reason must not quote it.
                UNESCAPED.to_owned()
            } else {
                reason
            };
            let doing = format!("reading {:?} as a console's address", shown(text));
            Error::new(ErrorKind::Address(reason), doing)
        })
    }
}

const EXAMPLE: &str = "is one such as ws://127.0.0.1:1760 meant?";

/// What is wrong with `ws://me:a/b@town.example`.
const UNESCAPED: &str = "in a user and a password before the @, write %2F for /, %3F for ?, %23 for # and %5C for \\, as in \
    ws://user:a%2Fb@town.example:1760";

fn read(text: &str) -> Result<Url, String> {
    if text.is_empty() {
        return Err(format!("it is empty; {EXAMPLE}"));
    }
    // The URL parser would skip some of them silently.
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(format!(
            "there is a blank or a control character in it; {EXAMPLE}"
        ));
    }
    let parts = Parts::of(text);
    if parts.path().contains('@') {
        return Err(UNESCAPED.to_owned());
    }
    let scheme = parts.scheme.unwrap_or("ws").to_ascii_lowercase();
    if !matches!(scheme.as_str(), "ws" | "wss") {
        let (host, path) = (parts.host, parts.path());
        return Err(format!(
            "its scheme is {scheme}; ws://{host}{path} would be one"
        ));
    }
    let (host, port) = host_and_port(parts.host, &scheme)?;
    let port = match (port, parts.scheme) {
        (Some(port), _) => format!(":{port}"),
        (None, None) => format!(":{PORT}"),
        (None, Some(_)) => String::new(),
    };
    let Parts { user, rest, .. } = parts;
    let url = Url::parse(&format!("{scheme}://{user}{host}{port}{rest}"))
        .map_err(|error| format!("{error}; {EXAMPLE}"))?;
    match url.host() {
        // The URL parser also accepts one to three numbers as an IPv4 address.
        Some(Host::Ipv4(ip)) if host.parse() != Ok(ip) => Err(format!(
            "{host} is no IPv4 address, which has four numbers; {EXAMPLE}"
        )),
        _ => Ok(url),
    }
}

/// Host and port as written, an IPv6 address in brackets.
fn host_and_port(text: &str, scheme: &str) -> Result<(String, Option<u16>), String> {
    if text.is_empty() {
        return Err(format!("it names no host; {EXAMPLE}"));
    }
    if let Some(port) = text.strip_prefix("::1:").filter(|port| is_number(port)) {
        return Err(format!(
            "an IPv6 address stands in brackets before a port; is {scheme}://[::1]:{port} meant?"
        ));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((format!("[{text}]"), None));
    }
    if is_number(text) {
        return Err(format!(
            "it is a number and no host; is {scheme}://127.0.0.1:{text} meant?"
        ));
    }
    let end_of_ip = text.rfind(']').map_or(0, |end| end + 1);
    let Some((host, port)) = text[end_of_ip..].split_once(':') else {
        return Ok((text.to_owned(), None));
    };
    let host = format!("{}{host}", &text[..end_of_ip]);
    if port.contains(':') {
        return Err(format!(
            "there is more than one colon; an IPv6 address stands in brackets, as in {scheme}://[::1]:1760"
        ));
    }
    if host.is_empty() {
        return Err(format!(
            "it names no host; is {scheme}://127.0.0.1:{} meant?",
            if is_number(port) { port } else { "1760" }
        ));
    }
    if is_number(&host) {
        return Err(format!(
            "{host} is a number and no host; is {scheme}://127.0.0.1:{port} meant?"
        ));
    }
    match port.parse() {
        // `parse` accepts a plus sign, which a port must not have.
        Ok(number) if number > 0 && is_number(port) => Ok((host, Some(number))),
        _ if port.is_empty() => Err(format!(
            "the port is missing behind the colon; is {scheme}://{host}:1760 meant?"
        )),
        _ => Err(format!(
            "a port is a number from 1 to 65535; is {scheme}://{host}:1760 meant?"
        )),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The parts of an address as written.
#[derive(Clone, Copy)]
struct Parts<'a> {
    scheme: Option<&'a str>,
    /// User and password with the `@`, or nothing.
    user: &'a str,
    /// The host, and the port if there is one.
    host: &'a str,
    /// Path, query and fragment.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        };
        let (scheme, text) = match text.split_once("://") {
            Some((scheme, text)) if is_scheme(scheme) => (Some(scheme), text),
            _ => (None, text.strip_prefix("//").unwrap_or(text)),
        };
        let (authority, rest) =
            text.split_at(text.find(['/', '?', '#', '\\']).unwrap_or(text.len()));
        let (user, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        Self {
            scheme,
            user,
            host,
            rest,
        }
    }

    /// The part of the rest that can be shown: a query can contain a secret.
    fn path(&self) -> &'a str {
        self.rest.split(['?', '#']).next().unwrap_or_default()
    }
}

/// An address without user, password and query. A password can contain characters that would end it.
fn shown(text: &str) -> String {
    let scheme = Parts::of(text)
        .scheme
        .map_or(String::new(), |scheme| format!("{scheme}://"));
    let behind_user = text.rsplit('@').next().unwrap_or_default();
    let parts = Parts::of(behind_user);
    format!("{scheme}{}{}", parts.host, parts.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_without_saying_may_be_left_out() {
        for (text, url) in [
            ("ws://127.0.0.1:1760", "ws://127.0.0.1:1760/"),
            (" 127.0.0.1 ", "ws://127.0.0.1:1760/"),
            ("town.example:2760", "ws://town.example:2760/"),
            ("[::1]", "ws://[::1]:1760/"),
            ("town.example:80", "ws://town.example/"),
            ("ws://town.example", "ws://town.example/"),
            ("wss://town.example", "wss://town.example/"),
            ("localhost", "ws://localhost:1760/"),
            // A port that is written is kept.
            ("town.example:80/console", "ws://town.example/console"),
            ("town.example:80?x=1", "ws://town.example/?x=1"),
            ("town.example:80#x", "ws://town.example/#x"),
            ("town.example:443", "ws://town.example:443/"),
            ("ws://town.example:80/", "ws://town.example/"),
            ("wss://town.example:443", "wss://town.example/"),
            ("wss://town.example:80", "wss://town.example:80/"),
            ("[::1]:80", "ws://[::1]/"),
            ("me:80@town.example", "ws://me:80@town.example:1760/"),
            ("me@town.example:80/", "ws://me@town.example/"),
            ("town.example/console", "ws://town.example:1760/console"),
            (
                "town.example?next=http://x",
                "ws://town.example:1760/?next=http://x",
            ),
            ("//town.example", "ws://town.example:1760/"),
            // An IPv6 address needs no brackets if nothing follows.
            ("::1", "ws://[::1]:1760/"),
            ("::1/console", "ws://[::1]:1760/console"),
            ("2001:db8::17", "ws://[2001:db8::17]:1760/"),
            ("ws://::1", "ws://[::1]/"),
            ("ws://[::1]:1760", "ws://[::1]:1760/"),
            // As it is copied from elsewhere.
            ("WS://Town.Example:1760", "ws://town.example:1760/"),
            ("\u{feff}WSS://town.example \r\n", "wss://town.example/"),
        ] {
            assert_eq!(Console::address(text).unwrap().as_str(), url, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_with_one_that_would_be() {
        for text in [
            "",
            "http://town.example:1760",
            "town.example:99999",
            "town.example:0",
            "town.example:x",
            "a b",
            "town.exa\nmple",
            "town\t.example",
            "ws://",
            "ws://:1760",
            ":1760",
            "town.example:",
            "ws://town.example:",
            "1760",
            "ws://1760",
            "1760:1760",
            "0x7f.1",
            "192.168.1",
            "192.168.001.010",
            "ws://2130706433:1760",
            "::1:1760",
            "ws://::1:1760",
            "2001:db8::17::1",
            "ws:///console",
            "127.0.0.1:+1760",
            "fe80::1%eth0",
            "ws:/town.example",
            "http:town.example",
        ] {
            let error = Console::address(text).unwrap_err();
            let said = error.to_string();
            assert!(matches!(error.kind(), ErrorKind::Address(_)), "{said}");
            assert!(said.starts_with(&format!("reading {text:?} as ")), "{said}");
            assert!(said.contains("ws://"), "{said}");
        }
    }

    #[test]
    fn what_would_be_right_is_written_out() {
        for (text, meant) in [
            ("1760", "ws://127.0.0.1:1760"),
            ("wss://2760", "wss://127.0.0.1:2760"),
            (":2760", "ws://127.0.0.1:2760"),
            ("::1:2760", "ws://[::1]:2760"),
            ("town.example:", "ws://town.example:1760"),
            (
                "HTTPS://me:hunter20@town.example:1760/x",
                "ws://town.example:1760/x",
            ),
            ("ws://me:hunter20/x@town.example", "%2F for /"),
        ] {
            let said = Console::address(text).unwrap_err().to_string();
            assert!(said.contains(meant), "{said}");
            assert!(!said.contains("hunter20"), "{said}");
        }
    }

    #[test]
    fn an_error_shows_neither_password_nor_query() {
        for text in [
            "ws://me:hunter20@town.example:99999/?token=hunter20",
            "me:hunter20@1760",
            "http://hunter20@town.example#hunter20",
            "me:hunter20@a b",
            // Characters that would end the host.
            "ws://me:hunter20/x@town.example:1760",
            "ws://me:x/hunter20@town.example:1760",
            "ws://me:hunter20?x@town.example:1760",
            "me:hunter20#x@town.example",
            r"ws://me:hunter20\x@town.example:1760",
            "hunter20/@town.example:x",
            "http://me:hunter20/x@town.example",
            "ws://hunter20/x y@town.example",
        ] {
            let error = Console::address(text).unwrap_err();
            let said = format!("{error} {error:?} {error:#?}");
            assert!(!said.contains("hunter20"), "{said}");
        }
    }
}
