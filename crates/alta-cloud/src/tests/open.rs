//! The routes that need no access token: logins, documents, files.

use super::credentials::{bearer, worthless};
use super::roles;
use super::support::{SECRET, Service, World};
use crate::host::Host as _;
use crate::net::Limits;
use crate::rest::table;
use crate::state::{Identity, Purpose, Scopes, password_hash};
use serde_json::json;
use std::collections::BTreeSet;

/// A route, a request for it, and its status without credentials of its own, also with any access token.
type Row = (&'static str, &'static str, &'static str, &'static str, u16);

#[rustfmt::skip]
const ROWS: [Row; 8] = [
    ("POST", "/connect/token", "/connect/token", "grant_type=client_credentials&client_id=client_Founder&client_secret=x&scope=ws.group", 400),
    ("POST", "/api/sessions", "/api/sessions", r#"{"username":"Ashwick","password_hash":"00"}"#, 400),
    ("PUT", "/api/sessions", "/api/sessions", "", 401),
    ("POST", "/api/sessions/email", "/api/sessions/email", r#"{"email":"Ashwick@example.com","password_hash":"00"}"#, 400),
    ("GET", "/api/regions", "/api/regions", "", 200),
    ("GET", "/api/servers/regions", "/api/servers/regions", "", 200),
    ("GET", "/.well-known/openid-configuration", "/.well-known/openid-configuration", "", 200),
    ("GET", "/output/{user}/{file}", "/output/1/x.txt", "", 401),
];

#[test]
fn the_tables_have_every_route() {
    let open = ROWS.map(|(method, route, ..)| (method, route.to_owned()));
    let rows: BTreeSet<_> = roles::routes().chain(open).collect();
    let routes: BTreeSet<_> = table::<Service>().into_iter().collect();
    assert_eq!(rows, routes);
    assert_eq!(rows.len(), 63);
}

#[tokio::test]
async fn a_token_changes_nothing_where_none_is_needed() {
    let world = World::new(Limits::generous());
    let mut headers = worthless(&world);
    for bot in world.bots {
        headers.push(bearer(&world.bot_token(bot, Scopes::ALL)));
        headers.push(bearer(&world.bot_token(bot, Scopes::NONE)));
    }
    for user in world.users {
        headers.push(bearer(&world.token(Identity::User(user), Purpose::Access)));
    }
    let before = world.snapshot();
    for (method, _, path, body, expected) in ROWS {
        for headers in &headers {
            let (status, text) = world.call(method, path, headers, body).await;
            assert_eq!(status, expected, "{method} {path} with {headers}: {text}");
            assert!(!text.contains("Thornwood"), "{method} {path}: {text}");
        }
        for other in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if ROWS.iter().any(|row| row.0 == other && row.2 == path) {
                continue;
            }
            // `servers/{server}` has the same form.
            let (status, text) = world.call(other, path, "", body).await;
            assert!([401, 405].contains(&status), "{other} {path}: {text}");
        }
    }
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn each_login_accepts_its_own_accounts_and_secrets() {
    let world = World::new(Limits::generous());
    let bot = |id: &str, secret: &str| {
        format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=ws.group"
        )
    };
    let hash = password_hash(SECRET);
    let user = |name: &str, secret: &str| {
        let login = "grant_type=password&client_id=client_Founder&client_secret=moss&scope=";
        format!("{login}&username={name}&password={secret}")
    };
    let session = |field: &str, name: &str, hash: &str| {
        json!({field: name, "password_hash": hash}).to_string()
    };
    let (token, name, email) = ("/connect/token", "/api/sessions", "/api/sessions/email");
    for (path, body, expected) in [
        (token, bot("client_Founder", SECRET), 200),
        (token, bot("client_Founder", ""), 400),
        (token, bot("client_founder", SECRET), 400),
        (token, bot("Founder", SECRET), 400),
        (token, bot("Ashwick", SECRET), 400),
        (token, bot("client_Founder%00", SECRET), 400),
        (token, bot("' OR '1'='1", SECRET), 400),
        (
            token,
            bot("client_Founder&client_id=client_Keeper", "x"),
            400,
        ),
        (
            token,
            bot("client_Founder", SECRET).replace("ws.group", "root"),
            400,
        ),
        (token, user("Ashwick", &hash), 200),
        (token, user("Ashwick", SECRET), 400),
        (token, user("Founder", &hash), 400),
        (name, session("username", "Ashwick", &hash), 200),
        (name, session("username", "Founder", &hash), 400),
        (name, session("email", "Ashwick@example.com", &hash), 400),
        (name, session("username", "Ashwick", SECRET), 400),
        (email, session("email", "Ashwick@example.com", &hash), 200),
        (email, session("email", "Founder@example.com", &hash), 400),
        (email, session("email", "", &hash), 400),
    ] {
        let (status, text) = world.call("POST", path, "", &body).await;
        assert_eq!(status, expected, "{path} {body}: {text}");
        assert_eq!(text.contains("access_token"), expected == 200, "{text}");
        assert!(!text.contains(SECRET) && !text.contains("argon2"), "{text}");
    }
}

#[tokio::test]
async fn only_a_users_refresh_token_renews_a_session() {
    let world = World::new(Limits::generous());
    let [member, bot] = [Identity::User(world.users[0]), Identity::Bot(world.bots[3])];
    for (identity, purpose, expected) in [
        (member, Purpose::Refresh, 200),
        (member, Purpose::Identity, 401),
        (member, Purpose::Console(world.server), 401),
        (bot, Purpose::Refresh, 401),
        (Identity::User(9), Purpose::Refresh, 401),
    ] {
        let token = world.token(identity, purpose);
        let (status, text) = world.call_as(&token, "PUT", "/api/sessions", "").await;
        assert_eq!(status, expected, "{identity:?} {purpose:?}: {text}");
        let client = "client_id=client_Keeper&client_secret=moss";
        let form = format!("grant_type=refresh_token&{client}&refresh_token={token}");
        let (status, text) = world.call("POST", "/connect/token", "", &form).await;
        let expected = if expected == 200 { 200 } else { 400 };
        assert_eq!(status, expected, "{identity:?} {purpose:?}: {text}");
    }
}

#[tokio::test]
async fn a_file_is_for_the_user_of_the_console_token() {
    let world = World::new(Limits::generous());
    let me = world.users[0];
    let token = world.token(Identity::User(me), Purpose::Console(world.server));
    for (path, expected) in [
        (format!("{me}/x.txt"), 200),
        (format!("{}/x.txt", world.users[1]), 403),
        (format!("{me}/..%2fsecret"), 403),
        (format!("{me}/..%5csecret"), 403),
        (format!("{me}/%2e%2e"), 403),
        (format!("{me}/.hidden"), 403),
        (format!("{me}/a%2fb"), 403),
        (format!("{me}/x%00.txt"), 403),
        (format!("%2e%2e/{me}"), 403),
        (format!("..%2f{me}/x.txt"), 403),
        (format!("{me}/x.txt/y"), 403),
        (me.to_string(), 403),
    ] {
        let path = format!("/output/{path}");
        let (status, text) = world.call_as(&token, "GET", &path, "").await;
        assert_eq!(status, expected, "{path}: {text}");
        assert_eq!(text.contains("The file"), expected == 200, "{path}: {text}");
    }
}

#[tokio::test]
async fn a_bot_that_requests_no_scope_gets_those_of_its_account() {
    let world = World::new(Limits::default());
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let granted = world.service.with_cloud(|cloud, _| {
        let scopes = "group.info server.view".parse().unwrap();
        cloud.set_scopes(world.bots[1], scopes).unwrap();
        scopes.to_string()
    });
    for (scope, status, expected) in [
        ("", 200, granted.as_str()),
        ("&scope=", 200, &granted),
        ("&scope=+", 200, &granted),
        ("&scope=group.info", 200, "group.info"),
        ("&scope=server.console", 400, "invalid_scope"),
    ] {
        let body = format!(
            "grant_type=client_credentials&client_id=client_Joiner&client_secret={SECRET}{scope}"
        );
        let (found, text) = world.call("POST", "/connect/token", form, &body).await;
        assert_eq!(found, status, "{scope}: {text}");
        assert!(text.contains(&format!("\"{expected}\"")), "{scope}: {text}");
    }
}
