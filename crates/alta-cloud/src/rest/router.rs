use super::attempts::{TOKEN, attempts};
use super::reply::Reply;
use super::routes::{Arrival, Routes};
use super::{friends, groups, members, servers, sessions, token, users};
use crate::host::{Host, NoFile};
use crate::wire::rest_body;
use axum::extract::Path;
use axum::middleware::from_fn;
use axum::routing::{any, get, post};
use axum::{Extension, Router};

/// All routes. The paths are in the form of [`canonical`](super::paths::canonical).
pub(super) fn router<H: Host>() -> Router {
    let public = Router::new()
        .route("/sessions", post(log_in::<H>).put(refresh::<H>))
        .route("/sessions/email", post(log_in_by_email::<H>))
        .route_layer(from_fn(attempts::<H>))
        .route("/regions", get(regions))
        .route("/servers/regions", get(regions))
        .method_not_allowed_fallback(wrong_method);
    Router::new()
        .route(TOKEN, any(token::<H>))
        .route_layer(from_fn(attempts::<H>))
        .route("/.well-known/openid-configuration", any(discovery::<H>))
        .route("/output/{user}/{file}", get(output::<H>))
        .method_not_allowed_fallback(wrong_method)
        .nest("/api", rooms::<H>().into_router().merge(public))
        .fallback(async || Reply::gateway(403, "Missing Authentication Token"))
}

/// The routes that need an access token.
fn rooms<H: Host>() -> Routes<H> {
    let rooms = members::routes(groups::routes(Routes::new()));
    friends::routes(users::routes(servers::routes(rooms)))
}

/// Methods and paths of the routes that need an access token.
#[cfg(test)]
pub(crate) fn table<H: Host>() -> Vec<(&'static str, &'static str)> {
    use axum::routing::MethodFilter;
    let names = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let filters = [
        MethodFilter::GET,
        MethodFilter::POST,
        MethodFilter::PUT,
        MethodFilter::PATCH,
        MethodFilter::DELETE,
    ];
    let name = |method| {
        let nth = filters.iter().position(|filter| *filter == method);
        nth.map_or("another", |nth| names[nth])
    };
    let table = rooms::<H>().table.into_iter();
    table.map(|(method, path)| (name(method), path)).collect()
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
    arrival.public(|cloud, now, call| sessions::refresh(cloud, now, call.request))
}

async fn token<H: Host>(Extension(arrival): Extension<Arrival<H>>) -> Reply {
    token::token(&*arrival.host, &arrival.http).await
}

async fn discovery<H: Host>(Extension(arrival): Extension<Arrival<H>>) -> Reply {
    arrival.public(|_, _, call| token::discovery(call))
}

/// A file that a console has written for a user.
async fn output<H: Host>(
    Extension(arrival): Extension<Arrival<H>>,
    Path((user, file)): Path<(String, String)>,
) -> Reply {
    let authorization = arrival.http.header("authorization");
    match arrival.host.file(authorization, &user, &file) {
        Err(NoFile::Unauthorized) => Reply::gateway(401, "Unauthorized"),
        Err(NoFile::Forbidden) => Reply::gateway(403, "Forbidden"),
        Ok(text) => Reply::file(text),
    }
}
