//! The states of servers: their sources, and the calls of handlers.

use super::support::*;
use alta_bot::{Known, ManagedBuilder, Rules};
use alta_sim::{Action, Fault, Hook, Sim};
use std::time::Duration;

/// A bot whose main websocket is pinged so often that this heartbeat timeout is valid.
fn quick(sim: &Sim, heartbeat_timeout: Duration) -> ManagedBuilder {
    let socket = socket_config().ping_interval(heartbeat_timeout / 3);
    let bot = builder(sim).socket_config(socket).managed();
    bot.view_config(following().heartbeat_timeout(heartbeat_timeout))
}

/// Notes the calls of the handlers of servers.
fn noting(bot: ManagedBuilder) -> (ManagedBuilder, Noted) {
    let (notes, noted) = notes();
    let (up, down) = (notes.clone(), notes);
    let bot = bot
        .on_server_online(move |_, server| {
            assert!(server.is_online);
            let notes = up.clone();
            async move { notes.note(format!("up {} {:?}", server.name, server.known)) }
        })
        .on_server_offline(move |bot, server| {
            assert!(!server.is_online && server.players().is_empty());
            let seen = bot.current_view().and_then(|view| view.server(server.id));
            assert!(seen.is_none_or(|seen| !seen.is_online));
            let notes = down.clone();
            async move { notes.note(format!("down {} {:?}", server.name, server.known)) }
        });
    (bot, noted)
}

fn drop_main_events(sim: &Sim) {
    let drop = Fault::new(Hook::MainEvent, Action::Drop);
    sim.faults().arm(drop.times(u32::MAX));
}

/// The number of readings of a server.
fn readings(sim: &Sim, server: u64) -> usize {
    let path = format!("/api/servers/{server}");
    let received = sim.received();
    let requests = received.iter().filter(|it| it.is_request("GET", &path));
    requests.count()
}

#[tokio::test]
async fn servers_are_announced_at_the_start_and_when_their_state_changes() {
    let sim = Sim::builder().start().await.unwrap();
    let hollow = sim.add_server(sim.group(), "Hollow").unwrap();
    let (bot, mut noted) = noting(managed(&sim));
    let bot = start(bot).await;
    let mut first = [noted.next().await, noted.next().await];
    first.sort();
    assert_eq!(first, ["down Hollow AtStart", "up Thornwood AtStart"]);
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();

    sim.start_server(hollow).unwrap();
    noted.next_are(&["up Hollow Now"]).await;
    sim.stop_server(sim.server()).await.unwrap();
    noted.next_are(&["down Thornwood Now"]).await;
    sim.start_server(sim.server()).unwrap();
    noted.next_are(&["up Thornwood Now"]).await;

    // A new server has not gone offline.
    let third = sim.add_server(sim.group(), "Fern").unwrap();
    until("it is known", || {
        let third = bot.view().server(server_id(third));
        third.is_some_and(|third| third.known.is_some())
    })
    .await;
    sim.start_server(third).unwrap();
    noted.next_are(&["up Fern Now"]).await;
    sim.remove_server(third).await.unwrap();
    noted.next_are(&["down Fern Now"]).await;

    // Servers of a group that the rules allow again count as found at the start.
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    bot.change_rules(|rules| rules.deny(group(&sim)));
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    bot.change_rules(|rules| rules.allow(group(&sim)));
    let mut again = [noted.next().await, noted.next().await];
    again.sort();
    assert_eq!(again, ["up Hollow AtStart", "up Thornwood AtStart"]);
}

#[tokio::test]
async fn changes_in_a_gap_are_announced_as_found_after_it() {
    let sim = Sim::builder().start().await.unwrap();
    let hollow = sim.add_server(sim.group(), "Hollow").unwrap();
    // Without consoles, no other source reports it.
    let bot = managed(&sim).rules(Rules::default().consoles(false));
    let (bot, mut noted) = noting(bot);
    let _bot = start(bot).await;
    let mut first = [noted.next().await, noted.next().await];
    first.sort();
    assert_eq!(first, ["down Hollow AtStart", "up Thornwood AtStart"]);
    drop_main_events(&sim);
    sim.stop_server(sim.server()).await.unwrap();
    sim.start_server(hollow).unwrap();
    sim.drop_main_sockets();
    let mut found = [noted.next().await, noted.next().await];
    found.sort();
    assert_eq!(found, ["down Thornwood AfterGap", "up Hollow AfterGap"]);
    sim.faults().clear();
    sim.start_server(sim.server()).unwrap();
    noted.next_are(&["up Thornwood Now"]).await;
}

#[tokio::test]
async fn the_state_of_a_console_is_announced_without_an_event() {
    let sim = Sim::builder().start().await.unwrap();
    // Heartbeats do not become overdue in this test.
    let (bot, mut noted) = noting(managed(&sim));
    let bot = start(bot).await;
    noted.next_are(&["up Thornwood AtStart"]).await;
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    drop_main_events(&sim);
    sim.stop_server(sim.server()).await.unwrap();
    noted.next_are(&["down Thornwood Now"]).await;
    within(bot.shutdown(TEST_TIMEOUT)).await;
}

#[tokio::test]
async fn a_console_that_the_program_opens_puts_its_server_online() {
    let sim = Sim::builder().server_online(false).start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let view = within(bot.view(following())).await.unwrap();
    within(view.complete()).await.unwrap();
    let server = || view.server(server_id(sim.server())).unwrap();
    assert!(!server().is_online && server().known == Some(Known::AtStart));
    let console = bot.open_console(server_id(sim.server()));
    let _console = within(console).await.unwrap();
    drop_main_events(&sim);
    sim.start_server(sim.server()).unwrap();
    until("the state of the console", || server().is_online).await;
    assert_eq!(server().known, Some(Known::Now));
}

#[tokio::test]
async fn missing_heartbeats_alone_put_no_server_offline() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = quick(&sim, Duration::from_millis(600)).rules(Rules::default().consoles(false));
    let (bot, mut noted) = noting(bot);
    let bot = start(bot).await;
    noted.next_are(&["up Thornwood AtStart"]).await;
    let server = || bot.view().server(server_id(sim.server())).unwrap();
    within(bot.view().complete()).await.unwrap();
    sim.heartbeat(sim.server());
    let first = readings(&sim, sim.server());
    until("it is read", || readings(&sim, sim.server()) > first + 1).await;
    assert!(server().is_online);
    assert_eq!(noted.rest(), [""; 0]);

    // The reading fails: the state stays as it was.
    let path = format!("GET /api/servers/{}", sim.server());
    let refuse = Fault::new(Hook::Http, Action::Refuse(403)).containing(&path);
    sim.faults().arm(refuse.times(20));
    until("it is stale", || server().is_stale).await;
    until("REST replies again", || sim.faults().armed() == 0).await;
    assert!(server().is_online);

    drop_main_events(&sim);
    sim.stop_server(sim.server()).await.unwrap();
    noted.next_are(&["down Thornwood Now"]).await;
}

#[tokio::test]
async fn a_main_websocket_that_is_half_open_puts_no_server_offline() {
    let sim = Sim::builder().start().await.unwrap();
    let (bot, mut noted) = noting(quick(&sim, Duration::from_millis(600)));
    let bot = start(bot).await;
    noted.next_are(&["up Thornwood AtStart"]).await;
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    sim.heartbeat(sim.server());
    let socket = bot.bot().socket().unwrap();
    // A new connection does not work either.
    let silence = Fault::new(Hook::MainUpgrade, Action::Silence);
    sim.faults().arm(silence.times(u32::MAX));
    sim.silence_main_sockets();
    until("its silence is noticed", || {
        !socket.status().state.is_connected()
    })
    .await;
    let server = || bot.view().server(server_id(sim.server())).unwrap();
    assert!(server().is_online);
    // The console reports that the server has stopped.
    sim.stop_server(sim.server()).await.unwrap();
    noted.next_are(&["down Thornwood Now"]).await;
}

#[tokio::test]
async fn a_heartbeat_timeout_below_two_pings_is_an_error() {
    let sim = Sim::builder().start().await.unwrap();
    let socket = socket_config().ping_interval(Duration::from_secs(30));
    let check = |error: alta_bot::Error| {
        let error = format!("{error:?}");
        assert!(error.contains("heartbeat_timeout"), "{error}");
        assert!(error.contains("30s") && error.contains("45s"), "{error}");
    };
    let bot = builder(&sim).socket_config(socket.clone());
    check(within(bot.managed().start()).await.unwrap_err());
    let bot = within(builder(&sim).socket_config(socket).connect());
    let bot = bot.await.unwrap();
    check(within(bot.view(following())).await.unwrap_err());
    let patient = following().heartbeat_timeout(Duration::from_secs(61));
    within(bot.view(patient)).await.unwrap();
}
