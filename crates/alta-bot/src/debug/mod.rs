//! Showing what a bot sends and receives, with secrets hidden.

mod http;

pub(crate) use http::tap as tap_http;

use alta_model::{ServerId, escaped};
use alta_socket::Observer;
use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

pub use alta_socket::Direction;

/// Something that a bot sent or received, for people to look at.
///
/// What is secret in it is replaced by `<redacted>`, as [`Redactor`](alta_model::Redactor) says: known are the tokens and passwords that were sent
/// by the same way before, and the first frame to a console is a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Whether it was sent or received.
    pub direction: Direction,
    /// By which way.
    pub channel: Channel,
    /// The text: at most the first 64 KiB of a frame or body.
    pub text: String,
}

/// By which way something went.
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

/// What looks at the traffic.
pub(crate) type Watcher = Arc<dyn Fn(&Traffic) + Send + Sync>;

/// An observer that tells the watcher what it sees on this channel.
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
        // Nobody can be told that standard error is closed.
        let _ = stderr.lock().write_all(line.as_bytes());
    })
}

fn in_colors(traffic: &Traffic) -> String {
    // Cyan out, green in.
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
    fn a_line_says_which_way_by_which_and_what() {
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
