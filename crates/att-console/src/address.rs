//! A console's address as people write it.

use crate::console::Console;
use crate::error::{Error, ErrorKind};
use url::Url;

/// Where a self-hosted server (TavernLib) has its console.
const PORT: u16 = 1760;

impl Console {
    /// Reads a console's address: `ws://192.0.2.7:1760`. What goes without saying may be left out: `192.0.2.7` is the same.
    /// Where a scheme is given, so must be the port, unless it is the scheme's own (80 of `ws`, 443 of `wss`).
    ///
    /// A [`Url`] can be had by `parse()`, too; this one's error says what was read and how an address is written.
    ///
    /// ```
    /// use att_console::Console;
    ///
    /// assert_eq!(Console::address("192.0.2.7")?.as_str(), "ws://192.0.2.7:1760/");
    /// assert_eq!(Console::address("wss://town.example/console")?.as_str(), "wss://town.example/console");
    /// assert_eq!(
    ///     Console::address("http://192.0.2.7:1760").unwrap_err().to_string(),
    ///     r#"reading "http://192.0.2.7:1760" as a console's address: its scheme is http; ws://192.0.2.7:1760 would be one"#
    /// );
    /// # Ok::<(), att_console::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Address`].
    pub fn address(text: &str) -> Result<Url, Error> {
        let text = text.trim();
        read(text).map_err(|reason| {
            let doing = format!("reading {text:?} as a console's address");
            Error::new(ErrorKind::Address(reason), doing)
        })
    }
}

fn read(text: &str) -> Result<Url, String> {
    let example = "is one such as ws://127.0.0.1:1760 meant?";
    if text.is_empty() {
        return Err(format!("it is empty; {example}"));
    }
    let has_scheme = text.contains("://");
    let whole = if has_scheme {
        text.to_owned()
    } else {
        format!("ws://{text}")
    };
    let mut url = Url::parse(&whole).map_err(|error| format!("{error}; {example}"))?;
    if !matches!(url.scheme(), "ws" | "wss") {
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        return Err(format!(
            "its scheme is {}; ws://{rest} would be one",
            url.scheme()
        ));
    }
    // A port that is the scheme's own is not shown by the URL.
    let has_port = url.port().is_some() || text.trim_end_matches('/').ends_with(":80");
    if !has_scheme && !has_port && url.set_port(Some(PORT)).is_err() {
        return Err(format!("it names no host; {example}"));
    }
    Ok(url)
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
            "a b",
            "ws://",
            "ws://:1760",
        ] {
            let error = Console::address(text).unwrap_err();
            let said = error.to_string();
            assert!(matches!(error.kind(), ErrorKind::Address(_)), "{said}");
            assert!(said.starts_with(&format!("reading {text:?} as ")), "{said}");
            assert!(said.contains("ws://"), "{said}");
        }
    }
}
