use alta_model::{ErrorCode, ServerId, escaped};
use std::borrow::Cow;
use std::time::Duration;

alta_model::error_type! {
    /// An operation of a bot failed. [`kind`](Self::kind) is for the program; the message names the operation, and
    /// [`source`](std::error::Error::source) is the error of the part that failed. `{:?}` prints both in one line.
    pub struct Error(ErrorKind, ());
}

/// The kind of an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration lacks something, or contradicts itself. All its problems are listed.
    #[error("the configuration cannot be used: {}", escaped(.problems.join("; ")))]
    Config {
        /// Each problem.
        problems: Vec<String>,
    },
    /// The login failed.
    #[error("the login failed")]
    Login,
    /// A REST call failed.
    #[error("the REST call failed")]
    Rest,
    /// No server has this id, or the account may not see it. The id of a group is not the id of a server.
    #[error("there is no server {0} that this account can see (a group's id is not a server's)")]
    NoSuchServer(ServerId),
    /// The main websocket failed.
    #[error("the main websocket failed")]
    Socket,
    /// A console failed.
    #[error("the console failed")]
    #[doc(alias = "ConsoleCreateFailedException")]
    Console,
    /// The account may not use the console: the service refuses it, or a scope is missing.
    #[error("the console is refused")]
    #[doc(alias = "ConsolePermissionsDenied")]
    PermissionDenied,
    /// A console of this server is open already; [`Bot::console`](crate::Bot::console) returns it.
    #[error("a console of server {0} is open already")]
    #[doc(alias = "ConsoleAlreadyCreatedException")]
    AlreadyOpen(ServerId),
    /// No console of this server is open.
    #[error("no console of server {0} is open")]
    NotOpen(ServerId),
    /// The console was not ready within this time. It stays open and tries again.
    #[error("not ready within {0:?}")]
    #[doc(alias = "ConsoleTimeoutException")]
    TimedOut(Duration),
    /// The service refused a subscription of the main websocket. Its status is 404 for an unknown event, for an unknown id and
    /// for an id that the account may not see.
    #[error("the service refused it with status {status}{}{}", said(.message), att_kit::did_you_mean(.suggestions))]
    SubscriptionRefused {
        /// The status of the reply.
        status: u16,
        /// The message of the service; may be empty.
        message: String,
        /// The error code of the service.
        error_code: Option<ErrorCode>,
        /// The most similar known names, nearest first, if the event is unknown.
        suggestions: Vec<String>,
    },
    /// The server has no event of this name.
    #[error("there is no such event{}", att_kit::did_you_mean(.suggestions))]
    NoSuchEvent {
        /// The most similar known names, nearest first.
        suggestions: Vec<String>,
    },
    /// The operation requires an account that this bot does not have.
    #[error("it needs {needs}, which this bot does not have")]
    #[doc(alias = "FunctionDisabledException")]
    NoAccount {
        /// The missing part, such as `a user's credentials`.
        needs: &'static str,
    },
    /// An argument has the wrong type. Nothing was sent. The compiler finds most of these; the rest is inside strings, such as
    /// that of [`OpenConsole::body`](crate::OpenConsole::body).
    #[error("an argument is of the wrong type: {}", escaped(.reason))]
    #[doc(alias = "WrongArgumentTypeException")]
    ArgumentType {
        /// The problem.
        reason: String,
    },
    /// An argument cannot be parsed, or cannot be written into a command without ambiguity. Nothing was sent.
    #[error("an argument has the wrong format: {}", escaped(.reason))]
    #[doc(alias = "WrongArgumentFormatException")]
    ArgumentFormat {
        /// The problem.
        reason: String,
    },
    /// A file could not be downloaded.
    #[error("the download failed{}", .status.map_or(String::new(), |status| format!(" (HTTP status {status})")))]
    Download {
        /// The HTTP status, if there was a response.
        status: Option<u16>,
    },
    /// The bot is closed.
    #[error("the bot is closed")]
    Closed,
}

impl Error {
    /// A failed REST call. A missing account has a kind of its own.
    pub(crate) fn of_rest(error: alta_rest::Error, doing: impl Into<Cow<'static, str>>) -> Self {
        let kind = match error.kind() {
            alta_rest::ErrorKind::NoAccount => ErrorKind::NoAccount {
                needs: "the credentials of an account that may do this",
            },
            _ => ErrorKind::Rest,
        };
        Self::new(kind, doing).caused_by(error)
    }

    /// A failed call about a server.
    pub(crate) fn of_server(
        error: alta_rest::Error,
        server: ServerId,
        doing: impl Into<Cow<'static, str>>,
    ) -> Self {
        match error.kind() {
            alta_rest::ErrorKind::NotFound => {
                Self::new(ErrorKind::NoSuchServer(server), doing).caused_by(error)
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
                Self::new(ErrorKind::PermissionDenied, doing).caused_by(error)
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
        Self::new(kind, doing).caused_by(error)
    }
}

/// For `?`.
impl From<alta_rest::Error> for Error {
    fn from(error: alta_rest::Error) -> Self {
        let doing = format!("calling {}", error.doing());
        Self::of_rest(error, doing)
    }
}

/// For `?`.
impl From<att_console::Error> for Error {
    fn from(error: att_console::Error) -> Self {
        let doing = error.doing().to_owned();
        Self::of_console(error, doing)
    }
}

/// For `?`.
impl From<alta_ws::Error> for Error {
    fn from(error: alta_ws::Error) -> Self {
        let doing = error.doing().to_owned();
        let kind = match error.kind() {
            alta_ws::ErrorKind::Closed { .. } => ErrorKind::Closed,
            _ => ErrorKind::Socket,
        };
        Self::new(kind, doing).caused_by(error)
    }
}

/// For `?`.
impl From<alta_auth::Error> for Error {
    fn from(error: alta_auth::Error) -> Self {
        Self::new(ErrorKind::Login, "logging in").caused_by(error)
    }
}

/// The message of a service, as the end of a sentence.
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
    fn errors_of_other_crates_convert_with_a_question_mark() {
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
    async fn an_error_of_a_rest_call_converts_with_a_question_mark() {
        async fn call() -> Result<(), Error> {
            let refused = tower::service_fn(|_: http::Request<bytes::Bytes>| async {
                let response = http::Response::builder().status(404);
                Ok::<_, std::convert::Infallible>(response.body(String::new()).unwrap_or_default())
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
            "calling GET groups/7: the REST call failed: GET groups/7: not found (404)"
        );
    }
}
