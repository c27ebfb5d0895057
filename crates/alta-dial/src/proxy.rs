use crate::basic::{basic_authorization, credentials};
use crate::exceptions::{Exceptions, is_loopback};
use http::HeaderValue;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// The rules that assign connections to proxies: [`from_env`](Self::from_env) by default.
///
/// The connection to a proxy has no TLS and uses HTTP (`http://`) or SOCKS 5 (`socks5://`, `socks5h://`; the proxy resolves the
/// names). Websockets and `https` requests use a tunnel (CONNECT) through an HTTP proxy. A user name and password in a proxy's
/// address are sent only to the proxy; neither `Debug` nor an error shows them.
#[derive(Clone)]
pub struct Proxy(Arc<Rules>);

#[derive(Default)]
struct Rules {
    /// For `http` and `ws`.
    plain: Option<ProxyServer>,
    /// For `https` and `wss`.
    secure: Option<ProxyServer>,
    except: Exceptions,
    /// True if loopback addresses are reached directly.
    skips_loopback: bool,
}

/// A proxy is invalid. The message names the source of its address, and shows no part of the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} cannot be used as a proxy: {problem}")]
pub struct ProxyError {
    place: String,
    problem: &'static str,
}

impl Proxy {
    /// The proxies of the environment, read as curl does: `HTTPS_PROXY` for `https` and `wss`, `HTTP_PROXY` for `http` and `ws`,
    /// `ALL_PROXY` where these are not set, `NO_PROXY` for the exceptions, and the same names in lower case. Loopback addresses
    /// (`localhost`, `127.0.0.1`, `::1`) never use a proxy, because another machine cannot reach them.
    ///
    /// # Errors
    ///
    /// Fails if one of them contains an invalid address of a proxy.
    pub fn from_env() -> Result<Self, ProxyError> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ProxyError> {
        // In a CGI program, HTTP_PROXY is a header of the request.
        if variable("REQUEST_METHOD").is_some() {
            return Ok(Self::none());
        }
        let text = |names: [&'static str; 2]| {
            let mut set = names
                .into_iter()
                .filter_map(|name| Some((name, variable(name)?)));
            set.find(|(_, value)| !value.is_empty())
        };
        let server = |names| match text(names) {
            None => Ok(None),
            Some((name, value)) => match value.to_str() {
                Some(value) if value.trim().is_empty() => Ok(None),
                Some(value) => ProxyServer::read(value, name).map(Some),
                None => Err(ProxyError::new(name, "it is not valid UTF-8")),
            },
        };
        let all = server(["ALL_PROXY", "all_proxy"])?;
        let except = text(["NO_PROXY", "no_proxy"]);
        let except = except.map_or(String::new(), |(_, value)| {
            value.to_string_lossy().into_owned()
        });
        Ok(Self(Arc::new(Rules {
            plain: server(["HTTP_PROXY", "http_proxy"])?.or_else(|| all.clone()),
            secure: server(["HTTPS_PROXY", "https_proxy"])?.or(all),
            except: Exceptions::read(&except),
            skips_loopback: true,
        })))
    }

    /// This proxy for all connections (`http://user:password@proxy.example.org:3128`), except for those in `no_proxy`: hosts,
    /// domains and networks, separated by commas.
    ///
    /// # Errors
    ///
    /// Fails if the address of the proxy is invalid.
    pub fn all(address: &str, no_proxy: &str) -> Result<Self, ProxyError> {
        let server = ProxyServer::read(address, "the proxy's address")?;
        Ok(Self(Arc::new(Rules {
            plain: Some(server.clone()),
            secure: Some(server),
            except: Exceptions::read(no_proxy),
            skips_loopback: false,
        })))
    }

    /// No proxy, also if the environment names one.
    pub fn none() -> Self {
        Self(Arc::default())
    }

    /// Returns whether there is no proxy for any host.
    pub fn is_none(&self) -> bool {
        self.0.plain.is_none() && self.0.secure.is_none()
    }

    /// The proxy of connections to this host, if there is one.
    pub fn server(&self, host: &str, port: u16, is_secure: bool) -> Option<&ProxyServer> {
        let rules = &*self.0;
        let server = if is_secure {
            &rules.secure
        } else {
            &rules.plain
        }
        .as_ref()?;
        let direct = rules.skips_loopback && is_loopback(host) || rules.except.contain(host, port);
        (!direct).then_some(server)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("plain", &self.0.plain)
            .field("secure", &self.0.secure)
            .finish_non_exhaustive()
    }
}

impl ProxyError {
    fn new(place: &str, problem: &'static str) -> Self {
        Self {
            place: place.to_owned(),
            problem,
        }
    }
}

/// A proxy. `Display` and `Debug` show its address without user and password.
#[derive(Clone)]
pub struct ProxyServer {
    pub(crate) kind: ProxyKind,
    /// Without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// For an HTTP proxy.
    pub(crate) authorization: Option<HeaderValue>,
    /// For a SOCKS proxy.
    pub(crate) credentials: Option<(Vec<u8>, Vec<u8>)>,
    address: String,
}

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyKind {
    /// HTTP: it forwards plain requests and opens tunnels (CONNECT).
    Http,
    /// SOCKS 5.
    Socks,
}

impl ProxyServer {
    fn read(text: &str, place: &str) -> Result<Self, ProxyError> {
        const FORM: &str =
            "http://host:port, socks5://host:port or socks5h://host:port is expected";
        let wrong = |problem| ProxyError::new(place, problem);
        let text = text.trim();
        let (scheme, whole) = match text.split_once("://") {
            Some((scheme, _)) => (scheme.to_ascii_lowercase(), text.to_owned()),
            None => ("http".to_owned(), format!("http://{text}")),
        };
        let kind = match scheme.as_str() {
            "http" => ProxyKind::Http,
            "socks5" | "socks5h" => ProxyKind::Socks,
            "https" => {
                return Err(wrong(
                    "the connection to a proxy has no TLS; begin its address with http://",
                ));
            }
            "socks4" | "socks4a" => {
                return Err(wrong(
                    "SOCKS 4 is not supported; begin the address with socks5://",
                ));
            }
            _ => return Err(wrong(FORM)),
        };
        let url = Url::parse(&whole).map_err(|_| wrong(FORM))?;
        // A single word is more likely a mistake than a host.
        let has_port = whole.rsplit('@').next().is_some_and(|rest| {
            let authority = rest.trim_start_matches("http://").trim_end_matches('/');
            authority
                .rsplit(']')
                .next()
                .is_some_and(|end| end.contains(':'))
        });
        if !text.contains("://") && !has_port {
            return Err(wrong(FORM));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong(FORM))?;
        let credentials = credentials(&url);
        if kind == ProxyKind::Socks
            && let Some((user, password)) = &credentials
            && user.len().max(password.len()) > 255
        {
            return Err(wrong(
                "SOCKS allows users and passwords of at most 255 bytes",
            ));
        }
        let port = url.port_or_known_default().unwrap_or(match kind {
            ProxyKind::Http => 80,
            ProxyKind::Socks => 1080,
        });
        Ok(Self {
            kind,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            authorization: basic_authorization(&url),
            credentials,
            address: format!("{scheme}://{host}:{port}"),
        })
    }

    /// Its protocol.
    pub fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// The `Proxy-Authorization` header of requests that an HTTP proxy forwards.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }
}

impl fmt::Display for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Result<Proxy, ProxyError> {
        Proxy::from_variables(|name| {
            let mut found = variables.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| OsString::from(value))
        })
    }

    fn way(proxy: &Proxy, host: &str, is_secure: bool) -> Option<String> {
        proxy.server(host, 443, is_secure).map(ToString::to_string)
    }

    #[test]
    fn the_environment_is_read_in_both_cases_and_the_specific_takes_precedence() {
        let proxy = env(&[
            ("HTTP_PROXY", "http://plain.example:1"),
            ("https_proxy", "secure.example:2"),
            ("ALL_PROXY", "socks5://all.example"),
            ("no_proxy", "direct.example"),
        ])
        .unwrap();
        assert_eq!(way(&proxy, "h", false).unwrap(), "http://plain.example:1");
        assert_eq!(way(&proxy, "h", true).unwrap(), "http://secure.example:2");
        assert_eq!(way(&proxy, "x.direct.example", true), None);

        let proxy = env(&[("all_proxy", "socks5h://all.example"), ("HTTP_PROXY", "")]).unwrap();
        for is_secure in [true, false] {
            let all = way(&proxy, "h", is_secure).unwrap();
            assert_eq!(all, "socks5h://all.example:1080");
            for own in ["localhost", "127.0.0.1", "[::1]", "::1"] {
                assert_eq!(way(&proxy, own, is_secure), None);
            }
        }
        assert_eq!(way(&env(&[]).unwrap(), "h", true), None);
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "evil:1")];
        assert_eq!(way(&env(&cgi).unwrap(), "h", false), None);
    }

    #[test]
    fn an_invalid_proxy_is_an_error_that_names_the_variable_and_not_its_value() {
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"] {
            for value in [
                "nonsense",
                "itsley:hunter20@hunter20",
                "http://",
                "http://itsley:hunter20@",
                "http://itsley:hunter20@proxy.example:port",
                "http://itsley:hunter20@proxy.example:99999",
                "https://itsley:hunter20@proxy.example",
                "socks4://hunter20.example",
                "ftp://hunter20.example",
                "pro xy:3128",
                "socks5://",
            ] {
                let said = env(&[(name, value)]).unwrap_err().to_string();
                assert!(said.starts_with(name), "{said}");
                assert!(!said.contains("hunter20"), "{said}");
                assert!(Proxy::all(value, "").is_err(), "{value}");
            }
        }
        for value in [
            "http://proxy.example:3128",
            "proxy:3128",
            "itsley:hunter20@proxy:3128/",
            "http://proxy",
            "SOCKS5://p",
            "socks5h://[::1]:9050",
            " http://p ",
        ] {
            assert!(env(&[("ALL_PROXY", value)]).is_ok(), "{value}");
            // The exceptions do not matter for the validity.
            assert!(Proxy::all(value, "*").is_ok(), "{value}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_utf_8_is_an_error() {
        use std::os::unix::ffi::OsStringExt as _;

        let odd = |name: &str| (name == "ALL_PROXY").then(|| OsString::from_vec(vec![0xff]));
        let said = Proxy::from_variables(odd).unwrap_err().to_string();
        assert!(said.starts_with("ALL_PROXY"), "{said}");
    }

    #[test]
    fn debug_shows_no_credentials() {
        for scheme in ["http", "socks5"] {
            let address = format!("{scheme}://itsley:hunter20@proxy.example:3128");
            let proxy = Proxy::all(&address, "").unwrap();
            let shown = format!("{proxy:?} {}", way(&proxy, "h", true).unwrap());
            assert!(shown.contains("proxy.example:3128"), "{shown}");
            assert!(!shown.contains("itsley") && !shown.contains("hunter20"));
        }
    }
}
