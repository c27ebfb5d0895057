//! The output for an error that `main` returns, for the error of every crate.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pytale::bot::BotCredentials;
use pytale::http::{Config, HttpClient};
use pytale::prelude::*;
use pytale::testing::World;
use pytale::ws::Topic;
use std::error::Error;

/// Checks that `{:?}` prints the message and all causes in one line, and `{:#?}` the fields.
fn assert_readable(error: &dyn Error, words: &[&str]) {
    let shown = format!("{error:?}");
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    assert_eq!(shown, message);
    assert_eq!(shown.lines().count(), 1, "{shown}");
    for word in words {
        assert!(shown.contains(word), "no {word:?} in {shown}");
    }
    let fields = format!("{error:#?}");
    assert!(fields.contains(" {\n"), "{fields}");
}

#[tokio::test]
async fn an_error_of_any_crate_that_main_returns_is_readable() {
    let world = World::start().await.unwrap();

    let model = "twelve".parse::<ServerId>().unwrap_err();
    assert_readable(
        &model,
        &["reading \"twelve\": not a server id", "invalid digit"],
    );

    let sim = world.player_leaves(UserId::new(1)).unwrap_err();
    assert_readable(&sim, &["there is no player 1"]);

    let tls = pytale::socket::Tls::with_roots([b"no certificate".to_vec()]).unwrap_err();
    assert_readable(&tls, &["reading a root certificate"]);

    let account = world.sim().bot();
    let wrong = BotCredentials::new(account.client_id, "wrong".to_owned());
    let login = world.bot().bot(wrong).connect().await.unwrap_err();
    assert_readable(
        &login,
        &["connecting a bot", "logging in as a bot", "refused", "400"],
    );
    assert_readable(login.source().unwrap(), &["refused"]);

    let bot = world.bot().connect().await.unwrap();
    let nobody = bot.rest().servers().get(ServerId::new(5)).await;
    assert_readable(&nobody.unwrap_err(), &["GET servers/5", "not found (404)"]);

    let topic = "nonsense".parse::<Topic>().unwrap_err();
    assert_readable(&topic, &["nonsense"]);

    let console = bot.create_console(world.server()).await.unwrap();
    let command = console.command("player lst").await.unwrap_err();
    assert_readable(&command, &["player lst", "Thornwood", "no such command"]);

    let http = HttpClient::web_roots(&Config::default()).unwrap();
    let request = http::Request::get("http://127.0.0.1:1/").body("".into());
    let unsent = http.send(request.unwrap()).await.unwrap_err();
    assert_readable(&unsent, &["GET http://127.0.0.1:1/", "could not be sent"]);
    bot.close().await;
}
