use crate::hints::did_you_mean;
use alta_model::{User, escaped};

/// The number of characters of a typed word in a message.
const SHOWN: usize = 60;

/// An error in a typed line. Its message is the reply to the caller.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The line is longer than 64 KiB.
    #[error("the line is too long")]
    TooLong,
    /// The line has a control character other than a tab or a line break.
    #[error("the line has the control character {}", .0.escape_debug())]
    ControlCharacter(char),
    /// A double quote has no end.
    #[error("the quote before {} has no end", quoted(.0))]
    OpenQuote(String),
    /// A parameter has no argument.
    #[error("<{parameter}> is missing")]
    Missing {
        /// The parameter.
        parameter: String,
    },
    /// The line has more words than parameters.
    #[error("{} is one word too many; write a value with spaces in quotes", quoted(.0))]
    TooMany(String),
    /// An argument does not have the type of its parameter.
    #[error("<{parameter}> must be {kind}, not {}", quoted(.given))]
    NotA {
        /// The parameter.
        parameter: String,
        /// The type with its article, such as `a number`.
        kind: String,
        /// The argument.
        given: String,
    },
    /// A number is too large, too small or not finite.
    #[error("<{parameter}> must be {range}, not {}", quoted(.given))]
    OutOfRange {
        /// The parameter.
        parameter: String,
        /// The range in words.
        range: String,
        /// The argument.
        given: String,
    },
    /// No online player has this name or id.
    #[error("no player {} is online{}", quoted(.given), did_you_mean(.nearest))]
    NoSuchPlayer {
        /// The name or id.
        given: String,
        /// The nearest names of players who are online, as a caller can type them.
        nearest: Vec<String>,
    },
    /// The server does not know this name or id.
    #[error("the server knows no player {}{}", quoted(.given), did_you_mean(.nearest))]
    NoSuchUser {
        /// The name or id.
        given: String,
        /// The nearest names of players who are online, as a caller can type them.
        nearest: Vec<String>,
    },
    /// Several players have this name, in any case, or one has it as name and another one as id.
    #[error("{} is more than one player: {}; add # and the id", quoted(.given), each(.users))]
    Ambiguous {
        /// The name or id.
        given: String,
        /// The players.
        users: Vec<User>,
    },
    /// The console has not listed its players: it is not connected, or closed.
    #[error("the players of the server are not known")]
    PlayersUnknown,
    /// The lookup of the player on the server has failed.
    #[error("{} could not be looked up: {because}", quoted(.given))]
    NotLookedUp {
        /// The name or id.
        given: String,
        /// The error of the console.
        because: String,
    },
}

/// A word in quotes, escaped and shortened.
pub(super) fn quoted(word: &str) -> String {
    format!("`{}`", escaped(word).at_most(SHOWN))
}

/// Names with their ids.
fn each(users: &[User]) -> String {
    let users = users.iter().take(5);
    let users = users.map(|user| format!("{} (#{})", escaped(&user.username), user.id));
    users.collect::<Vec<_>>().join(", ")
}
