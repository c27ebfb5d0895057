use super::support::*;
use alta_bot::event::PlayerJoined;
use alta_bot::{Handlers, Limits};
use alta_sim::Sim;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder as Runtime, Handle};
use tokio::sync::Notify;

#[tokio::test]
async fn running_handlers_finish_and_waiting_calls_are_dropped() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let bot = managed(&sim).handlers(Handlers::new().on::<PlayerJoined>(move |console, event| {
        let (notes, gate) = (notes.clone(), Arc::clone(&opened));
        async move {
            notes.note("begins");
            gate.notified().await;
            console.command("player list").await?;
            notes.note(event.data.user.username);
            Ok::<_, att_console::Error>(())
        }
    }));
    let bot = start(bot).await;
    let server = sim.server();
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    let player = sim.player_joins(server, "Ashwick").unwrap();
    noted.next_are(&["begins"]).await;
    sim.player_leaves(server, player).unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    until("both events", || bot.health().totals.events == 2).await;

    let shutdown = bot.shutdown(TEST_TIMEOUT);
    let finish = async {
        until("the subscription is gone or about to go", || {
            bot.health().totals.running == 1
        })
        .await;
        gate.notify_one();
    };
    let (finished, ()) = within(async { tokio::join!(shutdown, finish) }).await;
    assert_eq!(finished.given_up, 1, "the second call");
    noted.next_are(&["Ashwick"]).await;
    assert_eq!(noted.rest(), [""; 0]);
    sim.wait_for_consoles(server, 0).await.unwrap();
    sim.wait_until(|sim| sim.main_socket_subscriptions().is_empty())
        .await
        .unwrap();
    assert_eq!(
        within(bot.shutdown(TEST_TIMEOUT)).await,
        finished,
        "a second shutdown returns the same"
    );
}

/// Runs a bot in a runtime of its own, which runs only this test.
fn alone(end: impl AsyncFnOnce(alta_bot::ManagedBot, &Sim)) {
    let simulator = Runtime::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let sim = simulator
        .block_on(Sim::builder().bot_invited().start())
        .unwrap();
    let own = Runtime::new_current_thread().enable_all().build().unwrap();
    // Without idle connections, which the default HTTP stack keeps in tasks of its own.
    let http = alta_http::HttpClient::web_roots(&alta_http::Config::default()).unwrap();
    let elsewhere = simulator.handle().clone();
    let http = alta_http::HttpClient::new(tower::service_fn(move |request| {
        let http = http.clone();
        let response = elsewhere.spawn(async move { http.send(request).await });
        async move {
            let response = response.await.unwrap()?;
            Ok::<_, alta_http::Error>(response.map(|body| String::from_utf8(body.into()).unwrap()))
        }
    }));
    own.block_on(async {
        let bot = builder(&sim)
            .http(http)
            .managed()
            .view_config(following())
            .limits(Limits::default().grace(Duration::from_millis(50)))
            .accept_invites(alta_bot::Invites::All)
            .handlers(
                Handlers::new()
                    .on::<PlayerJoined>(|_, _| std::future::pending::<()>())
                    .on_session(|_| std::future::pending::<()>()),
            );
        let bot = start(bot).await;
        until("the group", || !bot.view().groups().is_empty()).await;
        sim.set_role(sim.group(), sim.bot().user_id, 2).unwrap();
        sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
            .await
            .unwrap();
        sim.player_joins(sim.server(), "Ashwick").unwrap();
        until("a handler runs", || bot.health().totals.running == 1).await;
        assert_ne!(Handle::current().metrics().num_alive_tasks(), 0);
        end(bot, &sim).await;
    });
    drop(own);
}

#[test]
fn after_a_shutdown_nothing_is_left_running() {
    alone(async |bot, sim| {
        within(bot.shutdown(Duration::from_millis(10))).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        sim.wait_for_consoles(sim.server(), 0).await.unwrap();
        sim.wait_until(|sim| sim.main_sockets().is_empty())
            .await
            .unwrap();
    });
}

#[test]
fn a_dropped_bot_leaves_nothing_running() {
    alone(async |bot, sim| {
        drop(bot);
        until("no task", || {
            Handle::current().metrics().num_alive_tasks() == 0
        })
        .await;
        sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    });
}

#[test]
fn closing_the_bot_through_another_handle_ends_the_managed_bot() {
    alone(async |bot, _| {
        let handle = bot.bot().clone();
        within(handle.close()).await;
        within(bot.run()).await.unwrap();
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    });
}

#[test]
fn a_bot_that_is_dropped_while_it_shuts_down_waits_for_no_handler() {
    alone(async |bot, sim| {
        let hour = Duration::from_secs(3_600);
        let shutdown = tokio::time::timeout(Duration::from_millis(20), bot.shutdown(hour));
        assert!(shutdown.await.is_err(), "a handler runs");
        drop(bot);
        until("no task", || {
            Handle::current().metrics().num_alive_tasks() == 0
        })
        .await;
        sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    });
}
