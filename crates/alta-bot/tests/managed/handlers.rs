use super::support::*;
use alta_bot::Handlers;
use alta_bot::commands::player;
use alta_bot::event::PlayerJoined;
use alta_sim::Sim;
use att_console::{Console, ConsoleAccess};
use att_kit::atm::Atm;
use att_kit::building::Selection;
use att_kit::conditions::Zone;
use att_kit::messages::Messages;
use att_kit::players::Players;
use att_kit::timing::Delays;
use att_kit::{Consoles, HandlerError, Runner};
use std::time::Duration;

fn greeter(notes: &Notes) -> Handlers {
    let (sessions, joins) = (notes.clone(), notes.clone());
    Handlers::new()
        .on_session(move |console| {
            sessions.note(format!("on {}", console.label()));
            std::future::ready(())
        })
        .on::<PlayerJoined>(move |console, event| {
            let notes = joins.clone();
            async move {
                let greeting = player::message(&event.data.user, "Welcome!");
                console.command(greeting).await?;
                let name = &event.data.user.username;
                notes.note(format!("{name} on {}", console.label()));
                Ok::<_, att_console::Error>(())
            }
        })
}

#[tokio::test]
async fn the_same_handlers_work_in_the_cloud_and_on_self_hosted_servers() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let handlers = greeter(&notes);

    let bot = start(managed(&sim).handlers(handlers.clone())).await;
    noted.next_are(&["on Thornwood"]).await;
    sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    noted.next_are(&["Ashwick on Thornwood"]).await;
    within(bot.shutdown(TEST_TIMEOUT)).await;

    let own = sim.add_self_hosted("own").unwrap();
    let url = sim.console_url(own).unwrap().parse().unwrap();
    let access = ConsoleAccess::new(url, sim.console_token(own));
    let consoles = Consoles::new();
    consoles.add(
        "own",
        Console::open_with(access, console_config().label("own")),
    );
    let runner = Runner::new(consoles, handlers);
    let handle = runner.handle();
    let running = tokio::spawn(runner.run_until(std::future::pending()));
    noted.next_are(&["on own"]).await;
    sim.wait_for_console_subscription(own, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(own, "Birch").unwrap();
    noted.next_are(&["Birch on own"]).await;
    assert_eq!(sim.messages(own)[0].text, "Welcome!");
    assert_eq!(within(handle.shutdown(TEST_TIMEOUT)).await.given_up, 0);
    within(running).await.unwrap().unwrap();
    sim.wait_for_consoles(own, 0).await.unwrap();
}

#[tokio::test]
async fn the_parts_of_the_kit_work_on_a_console_in_the_cloud() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let (notes, mut noted) = notes();
    let handlers = Handlers::new().on_transition(
        |players| players.when(Zone::caves()),
        move |console, transition| {
            let notes = notes.clone();
            async move {
                let id = transition.player.id();
                let sent = Messages::of(&console).to(id, "Mind your head").await?;
                notes.note(format!("{sent:?}"));
                let changed = Atm::of(&console).add(id, 5).await?;
                notes.note(changed.after);
                let players = Players::of(&console);
                let details = players.details_within(Duration::ZERO).await?;
                notes.note(details.by_id(id).is_some());
                let inventories = players.inventories_within(Duration::ZERO).await?;
                notes.note(inventories.by_id(id).is_some());
                let guard = Selection::of(&console).lock().await;
                notes.note(guard.find(id, 5.0).await?.len());
                let delay = Delays::of(&console).after(id, Duration::ZERO, |_| async {});
                notes.note(format!("{:?}", { delay }.ended().await));
                Ok::<_, HandlerError>(())
            }
        },
    );
    let bot = start(managed(&sim).handlers(handlers)).await;
    sim.wait_for_console_subscription(server, "PlayerMovedChunk")
        .await
        .unwrap();
    let player = sim.player_joins(server, "a\"b\\c").unwrap();
    sim.player_moves(server, player, "Cave Layer 3").unwrap();
    noted
        .next_are(&["Sent", "5", "true", "true", "0", "Ran"])
        .await;
    assert_eq!(sim.messages(server)[0].text, "Mind your head");
    assert_eq!(within(bot.shutdown(TEST_TIMEOUT)).await.given_up, 0);
}

#[tokio::test]
async fn a_handler_may_close_its_console_and_the_whole_bot() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let held = bot.clone();
    let managed =
        bot.managed()
            .handlers(Handlers::new().on::<PlayerJoined>(move |console, event| {
                let (bot, notes) = (held.clone(), notes.clone());
                async move {
                    if event.data.user.username == "Closer" {
                        bot.close_console(console.server().unwrap()).await?;
                    } else {
                        bot.close().await;
                    }
                    notes.note(event.data.user.username);
                    Ok::<_, alta_bot::Error>(())
                }
            }));
    let managed = start(managed).await;
    let server = sim.server();
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(server, "Closer").unwrap();
    noted.next_are(&["Closer"]).await;
    until("no console", || managed.consoles().is_empty()).await;

    // It stays closed until the server starts again.
    sim.stop_server(server).await.unwrap();
    let view = managed.view();
    until("it is down", || {
        view.server(server_id(server))
            .is_some_and(|server| !server.is_online)
    })
    .await;
    sim.start_server(server).unwrap();
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    noted.next_are(&["Ashwick"]).await;
    within(managed.run()).await.unwrap();
}
