//! Several accounts, their credentials and their scopes.

use crate::support::http;
use alta_sim::{BotAccount, ErrorKind, Sim, UserAccount};
use serde_json::{Value, json};

fn lamp() -> BotAccount {
    BotAccount {
        username: "Lamp".to_owned(),
        client_id: "client_lamp".to_owned(),
        client_secret: "a b+/&%=".to_owned(),
        user_id: 55_000_111,
        scopes: "group.info server.view".to_owned(),
    }
}

async fn log_in(sim: &Sim, bot: &BotAccount, scopes: &str) -> (u16, Value) {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let form = format!(
        "grant_type=client_credentials&scope={}&client_id={}&client_secret={}",
        encode(scopes),
        encode(&bot.client_id),
        encode(&bot.client_secret)
    );
    let reply = http("POST", &sim.token_url(), &[], &form).await;
    (reply.status, reply.json())
}

#[tokio::test]
async fn several_bots_log_in_with_their_own_credentials_and_scopes() {
    let sim = Sim::builder().start().await.unwrap();
    let lamp = sim.add_bot_account(lamp()).unwrap();
    assert_eq!(lamp.user_id, 55_000_111);
    let (status, reply) = log_in(&sim, &lamp, &lamp.scopes).await;
    assert_eq!(
        (status, &reply["scope"]),
        (200, &json!("group.info server.view"))
    );
    let bearer = format!("Bearer {}", reply["access_token"].as_str().unwrap());
    let url = format!("{}/groups/joined", sim.rest_url());
    let joined = http("GET", &url, &[("authorization", &bearer)], "").await;
    assert_eq!((joined.status, joined.json()), (200, json!([])));
    assert_eq!(log_in(&sim, &sim.bot(), &sim.bot().scopes).await.0, 200);

    let refused = log_in(&sim, &lamp, "group.info group.join").await;
    assert_eq!(refused, (400, json!({"error": "invalid_scope"})));
    let mut mixed = lamp.clone();
    mixed.client_secret = sim.bot().client_secret;
    let refused = log_in(&sim, &mixed, "group.info").await;
    assert_eq!(refused, (400, json!({"error": "invalid_client"})));
    mixed.client_secret = String::new();
    assert_eq!(log_in(&sim, &mixed, "group.info").await.0, 400);
}

#[tokio::test]
async fn accounts_with_taken_or_unknown_values_are_refused() {
    let sim = Sim::builder().start().await.unwrap();
    let add = |bot| sim.add_bot_account(bot).unwrap_err();
    let error = add(BotAccount {
        scopes: "group.own".to_owned(),
        ..lamp()
    });
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(format!("{error:?}").contains("there is no scope \"group.own\""));
    let error = add(BotAccount {
        client_id: sim.bot().client_id,
        ..lamp()
    });
    assert!(format!("{error:?}").contains("already a bot with the client id"));
    let user = UserAccount {
        email: "other@example.invalid".to_owned(),
        ..UserAccount::default()
    };
    let error = sim.add_user_account(user).unwrap_err();
    assert!(format!("{error:?}").contains("already an account named \"Ashwick\""));
}

#[tokio::test]
async fn the_accounts_of_the_start_may_be_chosen() {
    let user = UserAccount {
        username: "Wick".to_owned(),
        password: "letters-of-tin".to_owned(),
        user_id: 77,
        ..UserAccount::default()
    };
    let builder = Sim::builder().bot_account(lamp()).user_account(user);
    let sim = builder.start().await.unwrap();
    assert_eq!((sim.bot().user_id, sim.user().user_id), (55_000_111, 77));
    assert_eq!(log_in(&sim, &sim.bot(), "server.view").await.0, 200);
    let hash = alta_cloud::state::password_hash("letters-of-tin");
    let body = json!({"username": "wick", "password_hash": hash}).to_string();
    let url = format!("{}/sessions", sim.rest_url());
    assert_eq!(http("POST", &url, &[], &body).await.status, 200);
}

#[tokio::test]
async fn garbage_at_the_login_is_refused() {
    let sim = Sim::builder().start().await.unwrap();
    let long = "x".repeat(1_000_000);
    let secret = format!("client_id=a&client_secret={long}");
    let form = "grant_type=client_credentials";
    for body in ["", "&&==&", "\0", "client_id", form, &long, &secret] {
        let reply = http("POST", &sim.token_url(), &[], body).await;
        assert_eq!(reply.status, 400, "{body:.40}");
        assert_eq!(reply.json()["error"], "invalid_client");
    }
    for basic in [
        "Basic",
        "Basic !!!",
        "Basic YQ==",
        "Basic ///=",
        "Bearer a.b.c",
    ] {
        let headers = [("authorization", basic)];
        let reply = http("POST", &sim.token_url(), &headers, form).await;
        assert_eq!(reply.status, 400, "{basic}");
    }
    let url = format!("{}/sessions", sim.rest_url());
    for body in [
        json!({"username": "Ashwick", "password_hash": long}),
        json!({"username": long, "password_hash": "00"}),
        json!({"username": "Ashwick", "password_hash": ""}),
        json!({"username": "Example_Bot", "password_hash": sim.bot().client_secret}),
        json!({"username": 5, "password_hash": []}),
        json!([]),
    ] {
        let reply = http("POST", &url, &[], &body.to_string()).await;
        assert_eq!(reply.status, 400);
    }
}
