//! The work of logins to accounts that exist and to others.

use super::support::World;
use crate::host::Host as _;
use crate::net::Limits;
use crate::state::{HashCost, Login, NewAccount, Scopes, SecretHash, password_hash};

/// Adds a bot and a user, whose secrets are "tin".
fn add_accounts(world: &World) {
    let secret = SecretHash::of_secret("tin", HashCost::CHEAPEST).unwrap();
    let password = SecretHash::of_password("tin", HashCost::CHEAPEST).unwrap();
    let bot = Login::Bot {
        client_id: "client_lamp".to_owned(),
        scopes: Scopes::ALL,
    };
    let user = Login::User {
        email: "wick@example.invalid".to_owned(),
    };
    for (name, login, hash) in [("Lamp", bot, secret), ("Wick", user, password)] {
        let name = name.to_owned();
        let new = NewAccount {
            name,
            login,
            user_id: None,
        };
        world
            .service
            .with_cloud(|cloud, now| cloud.add_account(new, hash, now))
            .unwrap();
    }
}

#[tokio::test]
async fn a_login_costs_the_same_with_and_without_an_account() {
    let world = World::new(Limits::generous());
    add_accounts(&world);
    let computed = || world.service.with_cloud(|cloud, _| cloud.computed());
    let (right, long) = (password_hash("tin"), "x".repeat(5_000));
    let bot = |id: &str, secret: &str| {
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")
    };
    let user = |field: &str, name: &str, hash: &str| {
        serde_json::json!({field: name, "password_hash": hash}).to_string()
    };
    let by_grant = |name: &str, hash: &str| {
        format!(
            "grant_type=password&client_id=client_lamp&client_secret=tin&username={name}&password={hash}"
        )
    };
    // The paths, the computations of one login, and the bodies: a right secret, wrong ones, and names without an account.
    let token = "/connect/token";
    for (path, cost, bodies) in [
        (
            token,
            1,
            [
                bot("client_lamp", "tin"),
                bot("client_lamp", "brass"),
                bot("client_lamp", &long),
                bot("client_none", "tin"),
                bot("client_none", &long),
                bot("", ""),
            ],
        ),
        (
            "/api/sessions",
            1,
            [
                user("username", "Wick", &right),
                user("username", "Wick", "brass"),
                user("username", "Wick", &long),
                user("username", "Nobody", &right),
                user("username", "Nobody", &long),
                user("username", "Lamp", &right),
            ],
        ),
        (
            "/api/sessions/email",
            1,
            [
                user("email", "wick@example.invalid", &right),
                user("email", "wick@example.invalid", "brass"),
                user("email", "wick@example.invalid", &long),
                user("email", "none@example.invalid", &right),
                user("email", "none@example.invalid", &long),
                user("email", "", &right),
            ],
        ),
        (
            token,
            2,
            [
                by_grant("Wick", &right),
                by_grant("Wick", "brass"),
                by_grant("Wick", &long),
                by_grant("Nobody", &right),
                by_grant("Nobody", &long),
                by_grant("", ""),
            ],
        ),
    ] {
        for (nth, body) in bodies.iter().enumerate() {
            let before = computed();
            let (status, text) = world.call("POST", path, "", body).await;
            let expected = if nth == 0 { 200 } else { 400 };
            assert_eq!(status, expected, "{path} {body}: {text}");
            assert_eq!(computed() - before, cost, "{path} {body}");
        }
    }
}
