//! The observer of everything that a bot sends and receives, without secrets.

mod http;

use alta_model::{ServerId, escaped};
pub use alta_socket::Direction;
use alta_socket::Observer;
pub(crate) use http::observe as observe_http;
use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

/// A frame or an HTTP body that a bot sent or received.
///
/// Secrets in it are replaced by `<redacted>`: the tokens and passwords that were sent on the same channel before, the fields
/// that [`Redactor`](alta_model::Redactor) knows, and the first frame to a console, which is its token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// The direction: sent or received.
    pub direction: Direction,
    /// The channel.
    pub channel: Channel,
    /// The text: at most the first 64 KiB of a frame or body.
    pub text: String,
}

/// The channel of a [`Traffic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// Login and REST.
    Http,
    /// The main websocket.
    MainSocket,
    /// A server's console.
    Console(ServerId),
}

/// The function of the program that observes the traffic.
pub(crate) type Watcher = Arc<dyn Fn(&Traffic) + Send + Sync>;

/// An observer of one channel that calls the watcher.
pub(crate) fn observer(watcher: &Watcher, channel: Channel) -> Observer {
    let watcher = Arc::clone(watcher);
    Observer::new(move |direction, text| {
        watcher(&Traffic {
            direction,
            channel,
            text: text.to_owned(),
        });
    })
}

impl fmt::Display for Traffic {
    /// One line: `<- console 3000011 {…}`, [escaped].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.direction,
            self.channel,
            escaped(&self.text)
        )
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Channel::Http => f.write_str("http"),
            Channel::MainSocket => f.write_str("main"),
            Channel::Console(server) => write!(f, "console {server}"),
        }
    }
}

/// Writes to standard error, in colors if that is a terminal and `NO_COLOR` is not set.
pub(crate) fn printer() -> Watcher {
    let stderr = std::io::stderr();
    let colored = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    Arc::new(move |traffic| {
        let line = if colored {
            in_colors(traffic)
        } else {
            format!("{traffic}\n")
        };
        // An error here cannot be reported: standard error is closed.
        let _ = stderr.lock().write_all(line.as_bytes());
    })
}

fn in_colors(traffic: &Traffic) -> String {
    // Cyan for sent, green for received.
    let color = match traffic.direction {
        Direction::Sent => 36,
        Direction::Received => 32,
    };
    let Traffic {
        direction,
        channel,
        text,
    } = traffic;
    format!(
        "\x1b[{color}m{direction} {channel}\x1b[0m {}\n",
        escaped(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_direction_the_channel_and_the_text() {
        let mut traffic = Traffic {
            direction: Direction::Sent,
            channel: Channel::Console(ServerId::new(7)),
            text: "{}".to_owned(),
        };
        assert_eq!(traffic.to_string(), "-> console 7 {}");
        let sent = in_colors(&traffic);
        traffic.direction = Direction::Received;
        assert_ne!(sent, in_colors(&traffic).replace("<-", "->"));
    }
}
