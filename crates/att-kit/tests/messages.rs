//! Messages on a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::UserId;
use alta_sim::{Action, Fault, Hook, Sim};
use att_console::{Argument, Console, ErrorKind, State, Status};
use att_kit::messages::{Delivery, Messages};
use att_kit::players::Players;
use att_kit::timing::{DelayEnd, Delays};
use std::time::Duration;
use support::{NAMES, config, id, open, self_hosted, until, within};

const SHORT: Duration = Duration::from_millis(50);

async fn town() -> (Sim, u64, Console, Messages) {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    within(Players::of(&console).complete()).await.unwrap();
    let messages = Messages::of(&console);
    (sim, server, console, messages)
}

/// The players who were sent a message, and the texts.
fn sent(sim: &Sim, server: u64) -> Vec<(u64, String)> {
    let messages = sim.messages(server).into_iter();
    messages
        .map(|message| (message.player, message.text))
        .collect()
}

#[tokio::test]
async fn odd_names_are_addressed_and_nobody_else() {
    let (sim, server, console, messages) = town().await;
    let players = NAMES.map(|name| sim.player_joins(server, name).unwrap());
    let known = Players::of(&console);
    until("all are known", || known.online().len() == NAMES.len()).await;
    for name in NAMES {
        let text = Argument::replacing(format!("Hi, {name}"), '\'');
        assert_eq!(
            within(messages.to(name, text)).await.unwrap(),
            Delivery::Sent
        );
    }
    let expected = players.into_iter().zip([
        "Hi, O'Neil",
        "Hi, -Bee-",
        "Hi, J.K.",
        "Hi, Elder Toad",
        "Hi, a'b'c",
        "Hi, 1234",
    ]);
    let expected: Vec<_> = expected.map(|(id, text)| (id, text.to_owned())).collect();
    assert_eq!(sent(&sim, server), expected);
    // A text that cannot be written is an error, not another text.
    let unwritten = within(messages.to(id(players[0]), "say \"hi\""))
        .await
        .unwrap_err();
    assert!(
        matches!(unwritten.kind(), ErrorKind::Argument(_)),
        "{unwritten}"
    );
    assert_eq!(
        within(messages.to("Nobody", "Hi")).await.unwrap(),
        Delivery::Left
    );
    assert_eq!(sent(&sim, server).len(), NAMES.len());
}

#[tokio::test]
async fn a_message_to_all_is_no_error_when_nobody_is_online() {
    let (sim, server, console, messages) = town().await;
    // Some servers accept it, others reply with an error.
    let sent = within(messages.to_all("It is noon")).await.unwrap();
    assert_eq!(sent, Delivery::Sent);
    let refuse = || {
        let fault = Fault::new(Hook::ConsoleCommand, Action::Refuse(7));
        sim.faults().arm(fault.containing("player message"));
    };
    refuse();
    let nobody = within(messages.to_all("It is noon")).await.unwrap();
    assert_eq!(nobody, Delivery::Nobody);
    let player = sim.player_joins(server, "1234").unwrap();
    let all = messages
        .to_all("It is noon")
        .duration(Duration::from_secs(3));
    assert_eq!(within(all).await.unwrap(), Delivery::Sent);
    let shown = sim.messages(server).remove(0);
    assert_eq!((shown.player, shown.duration), (player, 3.0));
    let players = Players::of(&console);
    until("the player is known", || players.online().len() == 1).await;
    refuse();
    let error = within(messages.to_all("It is noon")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server { .. }), "{error}");
}

#[tokio::test]
async fn a_player_who_leaves_or_is_not_there_gets_nothing() {
    let (sim, server, console, messages) = town().await;
    let leaves = sim.player_joins(server, "O'Neil").unwrap();
    let known = Players::of(&console);
    until("the player is known", || known.online().len() == 1).await;
    let message = messages
        .to(id(leaves), "Welcome")
        .delay(Duration::from_secs(600))
        .spawn();
    let unseen = messages.to(id(leaves), "Welcome").when_visible().spawn();
    sim.player_leaves(server, leaves).unwrap();
    assert_eq!(within(message).await.unwrap().unwrap(), Delivery::Left);
    assert_eq!(within(unseen).await.unwrap().unwrap(), Delivery::Left);
    let absent = within(messages.to(UserId::new(77), "Hi")).await.unwrap();
    assert_eq!(absent, Delivery::Left);
    assert_eq!(sent(&sim, server), []);
}

#[tokio::test]
async fn a_message_that_is_too_old_is_not_sent_after_a_reconnect() {
    let (sim, server, console, messages) = town().await;
    sim.stop_server(server).await.unwrap();
    let lost = |status: &Status| !status.state.is_connected();
    within(console.statuses().wait_for(lost)).await.unwrap();
    let old = messages.to_all("The gate opens now").max_age(SHORT);
    assert_eq!(within(old).await.unwrap(), Delivery::TooOld);
    // This one is young enough when the server is back.
    let young = messages
        .to_all("The server is back")
        .max_age(Duration::from_secs(600))
        .spawn();
    sim.start_server(server).unwrap();
    sim.player_joins(server, "-Bee-").unwrap();
    within(console.ready()).await.unwrap();
    assert_eq!(within(young).await.unwrap().unwrap(), Delivery::Sent);
    let texts: Vec<_> = sent(&sim, server)
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(texts, ["The server is back"]);
}

#[tokio::test]
async fn a_message_waits_while_the_server_does_not_reply() {
    let (sim, server) = self_hosted().await;
    let url = sim.console_url(server).unwrap().parse().unwrap();
    let access = att_console::ConsoleAccess::new(url, sim.console_token(server));
    let console = Console::open_with(access, config().stalled_after(SHORT));
    within(Players::of(&console).complete()).await.unwrap();
    let messages = Messages::of(&console);
    sim.player_joins(server, "J.K.").unwrap();
    sim.stall_console(server);
    let slow = tokio::spawn({
        let console = console.clone();
        async move { console.command("player list").await.map(|_| ()) }
    });
    let stalled = |state: &State| *state == State::Stalled;
    within(console.statuses().wait_for(|status| stalled(&status.state)))
        .await
        .unwrap();
    // The server would run it minutes later.
    let old = messages.to_all("The gate opens now").max_age(SHORT);
    assert_eq!(within(old).await.unwrap(), Delivery::TooOld);
    sim.resume_console(server);
    within(slow).await.unwrap().unwrap();
    let young = messages.to_all("The gate is open");
    assert_eq!(within(young).await.unwrap(), Delivery::Sent);
    let texts: Vec<_> = sent(&sim, server)
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(texts, ["The gate is open"]);
}

#[tokio::test]
async fn waiting_messages_are_bounded_and_do_not_keep_a_console_open() {
    let (sim, server, console, messages) = town().await;
    let later = || {
        messages
            .to_all("Later")
            .delay(Duration::from_secs(600))
            .spawn()
    };
    let mut all: Vec<_> = (0..=4_096).map(|_| later()).collect();
    let last = all.pop().unwrap();
    assert_eq!(within(last).await.unwrap().unwrap(), Delivery::Refused);
    let first = all.remove(0);
    drop((console, messages));
    sim.wait_for_consoles(server, 0).await.unwrap();
    assert_eq!(within(first).await.unwrap().unwrap(), Delivery::Closed);
}

#[tokio::test]
async fn a_name_is_looked_up_in_the_first_list_of_a_new_console() {
    let (sim, server) = self_hosted().await;
    let player = sim.player_joins(server, " J.K. ").unwrap();
    let console = open(&sim, server);
    let messages = Messages::of(&console);
    for name in ["J.K.", " J.K. ", "j.k."] {
        let sent = within(messages.to(name, "Hi")).await;
        assert_eq!(sent.unwrap(), Delivery::Sent, "{name:?}");
    }
    let expected = (player, "Hi".to_owned());
    assert_eq!(sent(&sim, server), vec![expected; 3]);
    assert_eq!(
        within(messages.to("Nobody", "Hi")).await.unwrap(),
        Delivery::Left
    );
}

#[tokio::test]
async fn a_player_whom_a_slow_server_has_not_listed_yet_has_not_left() {
    let (sim, server) = self_hosted().await;
    sim.withdraw_console_event(server, "PlayerJoined");
    sim.withdraw_console_event(server, "PlayerLeft");
    let console = open(&sim, server);
    within(Players::of(&console).complete()).await.unwrap();
    let slow = Fault::new(Hook::ConsoleCommand, Action::Delay(Duration::from_secs(3)));
    sim.faults().arm(slow.containing("player list"));
    let player = sim.player_joins(server, "O'Neil").unwrap();
    let mut soon = Delays::of(&console).after(id(player), SHORT, |_| async {});
    let message = Messages::of(&console).to(id(player), "Hi");
    assert_eq!(within(message).await.unwrap(), Delivery::Sent);
    assert_eq!(within(soon.ended()).await, DelayEnd::Ran);
}
