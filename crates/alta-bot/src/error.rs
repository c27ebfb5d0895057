use alta_model::{ErrorCode, ServerId, escaped};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

alta_model::error_type! {
    /// An operation of a bot failed. [`kind`](Self::kind) is for the program; the message names the operation, and the
    /// [`source`](StdError::source) is the error of the part that failed. `{:?}` shows both in one line.
    pub struct Error(ErrorKind, ());
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration lacks something, or contradicts itself. Everything wrong with it is listed.
    #[error("the configuration cannot be used: {}", escaped(.problems.join("; ")))]
    Config {
        /// Each thing that is wrong.
        problems: Vec<String>,
    },
    /// Logging in failed.
    #[error("the login failed")]
    Login,
    /// A REST call failed.
    #[error("the REST API did not do it")]
    Rest,
    /// There is no server of that id, or it is not the account's to see. A group's id is not a server's.
    #[error("there is no server {0} that this account can see (a group's id is not a server's)")]
    NoSuchServer(ServerId),
    /// The main websocket failed.
    #[error("the main websocket did not do it")]
    Socket,
    /// A console failed.
    #[error("the console did not do it")]
    #[doc(alias = "ConsoleCreateFailedException")]
    Console,
    /// The account may not use that console, by the service's word or for lack of a scope.
    #[error("the console is refused")]
    #[doc(alias = "ConsolePermissionsDenied")]
    PermissionDenied,
    /// A console of that server is open already; [`Bot::console`](crate::Bot::console) has it.
    #[error("a console of server {0} is open already")]
    #[doc(alias = "ConsoleAlreadyCreatedException")]
    AlreadyOpen(ServerId),
    /// No console of that server is open.
    #[error("no console of server {0} is open")]
    NotOpen(ServerId),
    /// The console was not ready in time. It goes on trying.
    #[error("not ready within {0:?}")]
    #[doc(alias = "ConsoleTimeoutException")]
    TimedOut(Duration),
    /// The service refused a subscription of the main websocket. It answers 404 alike to an event that it does not have, to
    /// an id that does not exist, and to one that is not the account's.
    #[error("the service answered {status}{}{}", said(.message), att_kit::did_you_mean(.suggestions))]
    SubscriptionRefused {
        /// The status of the answer.
        status: u16,
        /// What the service said; may be empty.
        message: String,
        /// The service's word for programs.
        error_code: Option<ErrorCode>,
        /// The known names nearest to the event's, if that is none of them, nearest first.
        suggestions: Vec<String>,
    },
    /// The server has no event of that name.
    #[error("there is no such event{}", att_kit::did_you_mean(.suggestions))]
    NoSuchEvent {
        /// The known names nearest to it, nearest first.
        suggestions: Vec<String>,
    },
    /// This bot cannot do that at all, for lack of an account of the right kind.
    #[error("it needs {needs}, which this bot was not given")]
    #[doc(alias = "FunctionDisabledException")]
    Unavailable {
        /// What is missing, such as `a user's credentials`.
        needs: &'static str,
    },
    /// An argument is of another type than what it stands for. Nothing was sent. The compiler finds most of these; what
    /// remains is inside texts, such as [`OpenConsole::body`](crate::OpenConsole::body).
    #[error("an argument is of the wrong type: {}", escaped(.reason))]
    #[doc(alias = "WrongArgumentTypeException")]
    ArgumentType {
        /// What is wrong with it.
        reason: String,
    },
    /// An argument cannot be read, or cannot be written in a command for certain. Nothing was sent.
    #[error("an argument is not in its format: {}", escaped(.reason))]
    #[doc(alias = "WrongArgumentFormatException")]
    ArgumentFormat {
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be fetched.
    #[error("the file server did not give it{}", .status.map_or(String::new(), |status| format!(" (HTTP status {status})")))]
    Download {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
    },
    /// The bot is closed.
    #[error("the bot is closed")]
    Closed,
}

impl Error {
    /// A failed call of the REST API: what the account lacks is told apart.
    pub(crate) fn of_rest(error: alta_rest::Error, doing: impl Into<Cow<'static, str>>) -> Self {
        let kind = match error.kind() {
            alta_rest::ErrorKind::NoAccount => ErrorKind::Unavailable {
                needs: "the credentials of an account that may do this",
            },
            _ => ErrorKind::Rest,
        };
        Self::new(kind, doing).because(error)
    }

    /// A failed call about a server.
    pub(crate) fn of_server(
        error: alta_rest::Error,
        server: ServerId,
        doing: impl Into<Cow<'static, str>>,
    ) -> Self {
        match error.kind() {
            alta_rest::ErrorKind::NotFound => {
                Self::new(ErrorKind::NoSuchServer(server), doing).because(error)
            }
            _ => Self::of_rest(error, doing),
        }
    }

    /// A failed call about a server's console.
    pub(crate) fn of_console_access(
        error: alta_rest::Error,
        server: ServerId,
        doing: impl Into<Cow<'static, str>>,
    ) -> Self {
        use alta_rest::ErrorKind::{Forbidden, MissingScope, Unauthorized};

        match error.kind() {
            Forbidden | MissingScope | Unauthorized => {
                Self::new(ErrorKind::PermissionDenied, doing).because(error)
            }
            _ => Self::of_server(error, server, doing),
        }
    }

    /// A failed command or subscription of a console.
    pub(crate) fn of_console(
        error: att_console::Error,
        doing: impl Into<Cow<'static, str>>,
    ) -> Self {
        use att_console::{Closed, ErrorKind as Console};

        let kind = match error.kind() {
            Console::Closed {
                because: Closed::Refused(_),
            } => ErrorKind::PermissionDenied,
            Console::EventNotFound { suggestions } => ErrorKind::NoSuchEvent {
                suggestions: suggestions.clone(),
            },
            Console::Argument(reason) => ErrorKind::ArgumentFormat {
                reason: reason.clone(),
            },
            _ => ErrorKind::Console,
        };
        Self::new(kind, doing).because(error)
    }

    pub(crate) fn because(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.caused_by(source)
    }
}

/// Lets `?` pass on what a part of the bot said.
impl From<alta_rest::Error> for Error {
    fn from(error: alta_rest::Error) -> Self {
        let doing = format!("calling {}", error.doing());
        Self::of_rest(error, doing)
    }
}

/// Lets `?` pass on what a part of the bot said.
impl From<att_console::Error> for Error {
    fn from(error: att_console::Error) -> Self {
        let doing = error.doing().to_owned();
        Self::of_console(error, doing)
    }
}

/// Lets `?` pass on what a part of the bot said.
impl From<alta_ws::Error> for Error {
    fn from(error: alta_ws::Error) -> Self {
        let doing = error.doing().to_owned();
        let kind = match error.kind() {
            alta_ws::ErrorKind::Closed => ErrorKind::Closed,
            _ => ErrorKind::Socket,
        };
        Self::new(kind, doing).because(error)
    }
}

/// Lets `?` pass on what a part of the bot said.
impl From<alta_auth::Error> for Error {
    fn from(error: alta_auth::Error) -> Self {
        Self::new(ErrorKind::Login, "logging in").because(error)
    }
}

/// What a service said, as the end of a sentence.
fn said(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {}", escaped(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_part_of_the_bot_said_is_passed_on_by_a_question_mark() {
        fn console() -> Result<(), Error> {
            att_console::Console::parse_address("1760")?;
            Ok(())
        }
        fn login() -> Result<(), Error> {
            alta_auth::Password::hashed("abc")?;
            Ok(())
        }
        let error = console().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Console);
        assert!(format!("{error:?}").contains("did you mean ws://127.0.0.1:1760?"));
        assert_eq!(login().unwrap_err().kind(), &ErrorKind::Login);
    }

    #[tokio::test]
    async fn a_failed_call_of_the_rest_api_is_passed_on_by_a_question_mark() {
        async fn call() -> Result<(), Error> {
            let refused = tower::service_fn(|_: http::Request<bytes::Bytes>| async {
                let answer = http::Response::builder().status(404);
                Ok::<_, std::convert::Infallible>(answer.body(String::new()).unwrap_or_default())
            });
            let http = alta_http::HttpClient::new(refused);
            let base = alta_rest::Client::BASE_URL.parse();
            let base = base.map_err(|_| Error::new(ErrorKind::Closed, "a constant"))?;
            let tokens = alta_auth::StaticToken::new("abc");
            let identities = alta_rest::Identities::bot(tokens);
            let rest = alta_rest::Client::new(http, base, identities);
            rest.groups().get(alta_model::GroupId::new(7)).await?;
            Ok(())
        }
        let error = call().await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Rest);
        assert_eq!(
            format!("{error:?}"),
            "calling GET groups/7: the REST API did not do it: GET groups/7: not found (404)"
        );
    }
}
