//! `pytale::testing` by what it is for: testing a bot without a server and without knowing of networks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pytale::prelude::*;
use pytale::testing::Sim;

/// The README's bot for a self-hosted server, but for where the console comes from, and for commands that fail: one that
/// is under way when the server goes down does.
async fn welcome(console: Console) -> Result<(), pytale::console::Error> {
    let mut joins = console.subscribe::<PlayerJoined>().await?;
    while let Some(event) = joins.next_event().await {
        let greeting = player::message(event.data.user, "Welcome!");
        if let Err(error) = console.command(greeting).await {
            eprintln!("{error}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_bot_greets_and_greets_again_after_a_restart() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let town = sim.add_self_hosted("Thornwood").unwrap();
    let url = sim.console_url(town).unwrap().parse().unwrap();
    let console = Console::open(ConsoleAccess::new(url, sim.console_token(town)));
    let bot = tokio::spawn(welcome(console.clone()));

    sim.wait_for_console_subscription(town, "PlayerJoined")
        .await
        .unwrap();
    let ashwick = sim.player_joins(town, "Ashwick").unwrap();
    sim.wait_until(|sim| sim.messages(town).len() == 1)
        .await
        .unwrap();
    let message = &sim.messages(town)[0];
    assert_eq!(
        (message.player, message.text.as_str()),
        (ashwick, "Welcome!")
    );

    sim.stop_server(town).await.unwrap();
    sim.wait_for_consoles(town, 0).await.unwrap();
    sim.start_server(town).unwrap();
    sim.wait_for_console_subscription(town, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(town, "Brambletoe").unwrap();
    sim.wait_until(|sim| sim.messages(town).len() == 2)
        .await
        .unwrap();

    console.close().await;
    bot.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_bot_of_the_cloud_is_tested_with_its_login_and_all() {
    let sim = Sim::builder().start().await.unwrap();
    let account = sim.bot();
    let endpoints = Endpoints::new(
        sim.token_url().parse().unwrap(),
        sim.rest_url().parse().unwrap(),
        sim.socket_url().parse().unwrap(),
    );
    let account = BotCredentials::new(account.client_id, account.client_secret);
    let bot = Bot::builder()
        .bot(account)
        .endpoints(endpoints)
        .connect()
        .await
        .unwrap();
    let server = ServerId::new(sim.server().try_into().unwrap());
    bot.create_console(server).await.unwrap();
    let joins = bot
        .subscribe::<PlayerJoined>()
        .callback(|bot, event| async move {
            let greeting = player::message(event.data.user, "Welcome!");
            bot.send_command_console(event.server.unwrap(), greeting)
                .await
        });
    joins.await.unwrap();
    sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    sim.wait_until(|sim| sim.messages(sim.server()).len() == 1)
        .await
        .unwrap();
    bot.close().await;
}
