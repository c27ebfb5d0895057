use super::call::form;
use super::reply::Reply;
use super::routes::Arrival;
use super::token::basic_credentials;
use crate::host::Host;
use crate::net::HttpRequest;
use crate::wire::lenient;
use axum::Extension;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// The path of the token endpoint. It reads forms, the other logins read JSON.
pub(super) const TOKEN: &str = "/connect/token";

/// The most characters of an account's name that count. A longer one is no account.
const NAME: usize = 256;

/// Limits the failed logins of an address and to an account.
pub(super) async fn attempts<H: Host>(
    Extension(arrival): Extension<Arrival<H>>,
    request: Request,
    next: Next,
) -> Response {
    let env = arrival.host.env();
    let accounts = accounts(request.uri().path(), &arrival.http);
    match env.log_in(arrival.client, &accounts) {
        Ok(attempt) => {
            let response = next.run(request).await;
            if response.status().is_success() {
                env.logged_in(&attempt);
            }
            response
        }
        Err(wait) => {
            let message = "Too many failed logins, try again later";
            let mut reply = Reply::error(429, message, "ActionPerformedRecently");
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            reply.headers.push(("retry-after", seconds.to_string()));
            reply.into_response()
        }
    }
}

/// The names of the accounts that a login is for, as the endpoints read them. The password grant is for a bot and a user.
fn accounts(path: &str, request: &HttpRequest) -> Vec<String> {
    let names = if path == TOKEN {
        let basic = request.header("authorization").and_then(basic_credentials);
        let fields = form(&String::from_utf8_lossy(&request.body));
        let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted);
        let fields = [field("client_id"), field("username")]
            .into_iter()
            .flatten();
        basic
            .map(|(id, _)| id)
            .into_iter()
            .chain(fields.map(|(_, value)| value.clone()))
            .collect::<Vec<_>>()
    } else {
        let body = lenient::parse(&request.body).unwrap_or_default();
        let fields = ["username", "email"].into_iter();
        fields
            .filter_map(|name| Some(lenient::text(&body, name)?.to_owned()))
            .collect()
    };
    let names = names.iter();
    names
        .map(|name| name.chars().take(NAME).collect::<String>().to_lowercase())
        .collect()
}
