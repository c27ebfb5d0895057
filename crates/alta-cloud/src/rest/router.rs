use super::attempts::{TOKEN, attempts};
use super::listed::Listed;
use super::reply::Reply;
use super::routes::{Arrival, Routes};
use super::{friends, groups, members, servers, sessions, token, users};
use crate::host::{Host, NoFile};
use crate::wire::rest_body;
use axum::extract::Path;
use axum::middleware::from_fn;
use axum::routing::MethodFilter;
use axum::{Extension, Router};

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;

/// All routes. The paths are in the form of [`canonical`](super::paths::canonical).
pub(super) fn router<H: Host>() -> Router {
    let unknown = async || Reply::gateway(403, "Missing Authentication Token");
    routes::<H>().into_router().fallback(unknown)
}

/// The methods and paths of all routes.
#[cfg(test)]
pub(crate) fn table<H: Host>() -> Vec<(&'static str, String)> {
    routes::<H>().table()
}

fn routes<H: Host>() -> Listed {
    let public = Listed::default()
        .on(POST, "/sessions", log_in::<H>)
        .on(MethodFilter::PUT, "/sessions", refresh::<H>)
        .on(POST, "/sessions/email", log_in_by_email::<H>)
        .with(|router| router.route_layer(from_fn(attempts::<H>)))
        .on(GET, "/regions", regions)
        .on(GET, "/servers/regions", regions)
        .with(|router| router.method_not_allowed_fallback(wrong_method));
    Listed::default()
        .on(POST, TOKEN, token::<H>)
        .with(|router| router.route_layer(from_fn(attempts::<H>)))
        .on(GET, "/.well-known/openid-configuration", discovery::<H>)
        .on(GET, "/output/{user}/{file}", output::<H>)
        .with(|router| router.method_not_allowed_fallback(wrong_method))
        .nest("/api", rooms::<H>().into_listed().merge(public))
}

/// The routes that need an access token.
fn rooms<H: Host>() -> Routes<H> {
    let rooms = members::routes(groups::routes(Routes::new()));
    friends::routes(users::routes(servers::routes(rooms)))
}

async fn wrong_method() -> Reply {
    Reply::wrong_method()
}

async fn regions() -> Reply {
    Reply::ok(rest_body("regions"))
}

async fn log_in<H: Host>(Extension(arrival): Extension<Arrival<H>>) -> Reply {
    sessions::log_in(&*arrival.host, &arrival.http, false).await
}

async fn log_in_by_email<H: Host>(Extension(arrival): Extension<Arrival<H>>) -> Reply {
    sessions::log_in(&*arrival.host, &arrival.http, true).await
}

async fn refresh<H: Host>(Extension(arrival): Extension<Arrival<H>>) -> Reply {
    arrival
        .public(|cloud, now, call| sessions::refresh(cloud, now, call.request))
        .await
}

async fn token<H: Host>(Extension(arrival): Extension<Arrival<H>>) -> Reply {
    token::token(&*arrival.host, &arrival.http).await
}

async fn discovery<H: Host>(Extension(arrival): Extension<Arrival<H>>) -> Reply {
    let scheme = arrival.host.env().scheme(&arrival.http.headers);
    token::discovery(scheme, arrival.http.header("host"))
}

/// A file that a console has written for a user. Hosts get only names that lead to no other folder.
async fn output<H: Host>(
    Extension(arrival): Extension<Arrival<H>>,
    Path((user, file)): Path<(String, String)>,
) -> Reply {
    let is_name = |name: &str| !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    if !is_name(&user) || !is_name(&file) {
        return Reply::gateway(403, "Forbidden");
    }
    let authorization = arrival.http.header("authorization");
    match arrival.host.file(authorization, &user, &file) {
        Err(NoFile::Unauthorized) => Reply::gateway(401, "Unauthorized"),
        Err(NoFile::Forbidden) => Reply::gateway(403, "Forbidden"),
        Ok(text) => Reply::file(text),
    }
}
