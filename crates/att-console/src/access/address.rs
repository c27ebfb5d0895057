//! Parses the address of a console.

use crate::error::{Error, ErrorKind};
use std::net::Ipv6Addr;
use url::{Host, Url};

/// The port of the console of a self-hosted server (TavernLib).
const PORT: u16 = 1760;

/// See [`Console::parse_address`](crate::Console::parse_address).
pub(crate) fn parse(text: &str) -> Result<Url, Error> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    read(text).map_err(|reason| {
        let reason = if Parts::of(text).rest.contains('@') {
            // The part before the `@` can be a password, so the reason must not quote it.
            UNESCAPED.to_owned()
        } else {
            reason
        };
        let doing = format!("parsing {:?} as a console's address", without_secrets(text));
        Error::new(ErrorKind::Address(reason), doing)
    })
}

const EXAMPLE: &str = "an address is, for example, ws://127.0.0.1:1760";

/// The reason for `ws://me:a/b@town.example`.
const UNESCAPED: &str = "in the user and the password before the @, write %2F for /, %3F for ?, %23 for # and %5C for \\, \
    as in ws://user:a%2Fb@town.example:1760";

fn read(text: &str) -> Result<Url, String> {
    if text.is_empty() {
        return Err(format!("it is empty; {EXAMPLE}"));
    }
    // The URL parser silently skips some of these characters.
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(format!(
            "it contains white space or a control character; {EXAMPLE}"
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
            "its scheme is {scheme}, not ws or wss; did you mean ws://{host}{path}?"
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
            "{host} is not an IPv4 address, which has four numbers; {EXAMPLE}"
        )),
        _ => Ok(url),
    }
}

/// Host and port as written, an IPv6 address in brackets.
fn host_and_port(text: &str, scheme: &str) -> Result<(String, Option<u16>), String> {
    if text.is_empty() {
        return Err(format!("it has no host; {EXAMPLE}"));
    }
    if let Some(port) = text.strip_prefix("::1:").filter(|port| is_number(port)) {
        return Err(format!(
            "before a port, an IPv6 address needs brackets; did you mean {scheme}://[::1]:{port}?"
        ));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((format!("[{text}]"), None));
    }
    if is_number(text) {
        return Err(format!(
            "it is a number, not a host; did you mean {scheme}://127.0.0.1:{text}?"
        ));
    }
    let end_of_ip = text.rfind(']').map_or(0, |end| end + 1);
    let Some((host, port)) = text[end_of_ip..].split_once(':') else {
        return Ok((text.to_owned(), None));
    };
    let host = format!("{}{host}", &text[..end_of_ip]);
    if port.contains(':') {
        return Err(format!(
            "it has more than one colon; an IPv6 address needs brackets, as in {scheme}://[::1]:1760"
        ));
    }
    if host.is_empty() {
        return Err(format!(
            "it has no host; did you mean {scheme}://127.0.0.1:{}?",
            if is_number(port) { port } else { "1760" }
        ));
    }
    if is_number(&host) {
        return Err(format!(
            "{host} is a number, not a host; did you mean {scheme}://127.0.0.1:{port}?"
        ));
    }
    match port.parse() {
        // `parse` accepts a plus sign, which a port must not have.
        Ok(number) if number > 0 && is_number(port) => Ok((host, Some(number))),
        _ if port.is_empty() => Err(format!(
            "the port after the colon is missing; did you mean {scheme}://{host}:1760?"
        )),
        _ => Err(format!(
            "a port is a number from 1 to 65535; did you mean {scheme}://{host}:1760?"
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

/// A possibly invalid address without user, password and query. A password can contain characters that would end it.
fn without_secrets(text: &str) -> String {
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
    fn scheme_and_port_are_optional() {
        for (text, url) in [
            ("ws://127.0.0.1:1760", "ws://127.0.0.1:1760/"),
            (" 127.0.0.1 ", "ws://127.0.0.1:1760/"),
            ("town.example:2760", "ws://town.example:2760/"),
            ("[::1]", "ws://[::1]:1760/"),
            ("town.example:80", "ws://town.example/"),
            ("ws://town.example", "ws://town.example/"),
            ("wss://town.example", "wss://town.example/"),
            ("localhost", "ws://localhost:1760/"),
            // A given port is kept, even if it is the default of the scheme.
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
            // Without a port, an IPv6 address needs no brackets.
            ("::1", "ws://[::1]:1760/"),
            ("::1/console", "ws://[::1]:1760/console"),
            ("2001:db8::17", "ws://[2001:db8::17]:1760/"),
            ("ws://::1", "ws://[::1]/"),
            ("ws://[::1]:1760", "ws://[::1]:1760/"),
            // As a user copies it.
            ("WS://Town.Example:1760", "ws://town.example:1760/"),
            ("\u{feff}WSS://town.example \r\n", "wss://town.example/"),
        ] {
            assert_eq!(parse(text).unwrap().as_str(), url, "{text}");
        }
    }

    #[test]
    fn the_error_of_an_invalid_address_shows_a_valid_one() {
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
            let error = parse(text).unwrap_err();
            let said = error.to_string();
            assert!(matches!(error.kind(), ErrorKind::Address(_)), "{said}");
            assert!(said.starts_with(&format!("parsing {text:?} as ")), "{said}");
            assert!(said.contains("ws://"), "{said}");
        }
    }

    #[test]
    fn the_error_suggests_the_address_that_was_probably_meant() {
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
            let said = parse(text).unwrap_err().to_string();
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
            let error = parse(text).unwrap_err();
            let said = format!("{error} {error:?} {error:#?}");
            assert!(!said.contains("hunter20"), "{said}");
        }
    }
}
