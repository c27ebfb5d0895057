//! The logins of fixtures, made with `alta-auth`.

use super::client::http;
use super::recorded::Recorded;
use super::returned::Returned;
use super::server::Server;
use crate::Error;
use alta_auth::{BotCredentials, BotLogin, Endpoints, Login, Password, UserCredentials, UserLogin};
use url::form_urlencoded;

/// The logins, besides the typed calls: method, path, account, function, description.
pub(crate) const LOGINS: [(&str, &str, &str, &str, &str); 4] = [
    (
        "POST",
        "https://accounts.townshiptale.com/connect/token",
        "bot",
        "alta_auth::BotLogin",
        "Logs a bot in.",
    ),
    (
        "POST",
        "sessions",
        "none",
        "alta_auth::UserLogin",
        "Logs a user in by name.",
    ),
    (
        "POST",
        "sessions/email",
        "none",
        "alta_auth::UserLogin",
        "Logs a user in by e-mail address.",
    ),
    (
        "PUT",
        "sessions",
        "user",
        "alta_auth::UserLogin",
        "Renews a user's session.",
    ),
];

/// The login of the fixture, if it is one.
pub(super) fn login(recorded: &Recorded, server: &Server) -> Result<Option<Box<dyn Login>>, Error> {
    let uri = server.uri();
    let endpoints = Endpoints::new(
        format!("{uri}/connect/token").parse()?,
        format!("{uri}/api").parse()?,
    );
    let (method, path) = (&*recorded.request.method, &*recorded.request.path);
    let is_login = LOGINS
        .iter()
        .any(|login| login.0 == method && login.1 == path.trim_start_matches('/'));
    if !is_login {
        return Ok(None);
    }
    let password = || Password::hashed(recorded.text("password_hash"));
    let user = match (method, path) {
        ("POST", "/sessions") => UserCredentials::new(recorded.text("username"), password()?),
        ("POST", "/sessions/email") => {
            UserCredentials::with_email(recorded.text("email"), password()?)
        }
        ("PUT", _) => UserCredentials::new("Ashwick", Password::plain("password")),
        _ => {
            let login = BotLogin::new(http()?, bot(recorded)?, &endpoints);
            return Ok(Some(Box::new(login)));
        }
    };
    Ok(Some(Box::new(UserLogin::new(http()?, user, &endpoints))))
}

fn bot(recorded: &Recorded) -> Result<BotCredentials, Error> {
    let form = recorded.request.body.as_str().unwrap_or_default();
    let field = |wanted: &str| {
        form_urlencoded::parse(form.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
            .ok_or_else(|| Error::from(format!("{wanted} is not in the form")))
    };
    let credentials = BotCredentials::new(field("client_id")?, field("client_secret")?);
    Ok(credentials.with_scopes(field("scope")?.parse()?))
}

/// Logs in; twice if the fixture is the renewal of a session.
pub(super) async fn make(login: Box<dyn Login>, recorded: &Recorded) -> Returned {
    if recorded.request.method == "PUT"
        && let Err(error) = login.log_in().await
    {
        return Returned::Login(Err(error));
    }
    Returned::Login(login.log_in().await)
}
