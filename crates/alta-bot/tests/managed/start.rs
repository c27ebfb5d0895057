use super::support::*;
use alta_bot::event::PlayerJoined;
use alta_bot::{
    Bot, BotCredentials, Error, ErrorKind, Handlers, Invites, Limits, Password, Rules,
    UserCredentials, ViewConfig,
};
use alta_sim::{Action, Fault, Hook, HttpReply, Sim};
use alta_socket::BackoffPolicy;
use std::time::Duration;

fn problems(error: &Error) -> &[String] {
    match error.kind() {
        ErrorKind::Config { problems } => problems,
        _ => panic!("{error}"),
    }
}

#[tokio::test]
async fn all_errors_of_a_configuration_are_returned_before_anything_is_sent() {
    let sim = Sim::builder().start().await.unwrap();
    let account = sim.user();
    let user = UserCredentials::new(account.username, Password::plain(account.password));
    let wrong = Bot::builder()
        .user(user.clone())
        .managed()
        .view_config(ViewConfig::default().refresh(Duration::ZERO))
        .limits(Limits::default().handler_timeout(Duration::ZERO));
    let error = within(wrong.start()).await.unwrap_err();
    for (problem, part) in problems(&error).iter().zip([
        "`refresh` is zero",
        "`handler_timeout` is zero",
        "needs a bot's",
    ]) {
        assert!(problem.contains(part), "{part}: {error}");
    }
    assert_eq!(problems(&error).len(), 3, "{error}");
    assert!(sim.received().is_empty());

    let person = builder(&sim)
        .bot(BotCredentials::new("", String::new()))
        .user(user);
    let error = within(person.managed().start()).await.unwrap_err();
    assert!(
        problems(&error)[0].contains("client id is empty"),
        "{error}"
    );
}

#[tokio::test]
async fn a_bot_that_is_connected_can_be_managed_and_held_by_its_handlers() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let (notes, mut noted) = notes();
    let asking = bot.clone();
    let managed = bot
        .managed()
        .handlers(Handlers::new().on::<PlayerJoined>(move |_, event| {
            let (bot, notes) = (asking.clone(), notes.clone());
            async move {
                let server = bot.request_server_by_id(event.server.unwrap()).await?;
                notes.note(format!("{} on {}", event.data.user.username, server.name));
                Ok::<_, Error>(())
            }
        }));
    let managed = start(managed).await;
    sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    noted.next_are(&["Ashwick on Thornwood"]).await;
    within(managed.shutdown(TEST_TIMEOUT)).await;
    assert_eq!(
        *within(bot.console_sub("PlayerLeft"))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Closed
    );
}

#[tokio::test]
async fn a_bot_whose_account_is_refused_ends_and_says_so() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = start(managed(&sim)).await;
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    let refusal = HttpReply::status(400).body("application/json", r#"{"error":"invalid_client"}"#);
    let refusal = Fault::new(Hook::Http, Action::Reply(refusal)).containing("/connect/token");
    sim.faults().arm(refusal.times(1_000));
    sim.expire_tokens();
    sim.drop_main_sockets();
    let error = within(bot.run()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Socket);
    let because = std::error::Error::source(&error).unwrap();
    assert!(because.is::<alta_ws::Error>(), "{because}");
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
}

#[tokio::test]
async fn the_order_of_the_builder_calls_does_not_matter() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let (notes, mut noted) = notes();
    let noting = |what: &'static str| {
        let notes = notes.clone();
        move |_: Bot, _: alta_bot::Invitation| {
            let notes = notes.clone();
            async move { notes.note(what) }
        }
    };
    let bot = managed(&sim)
        .accept_invites(Invites::All)
        .rules(Rules::default())
        .on_invite(noting("first"))
        .on_invite(noting("second"));
    let bot = start(bot).await;
    noted.next_are(&["first", "second"]).await;
    assert_eq!(bot.health().invites_accepted, 1);
}

#[tokio::test]
async fn durations_that_never_end_are_valid() {
    let sim = Sim::builder().start().await.unwrap();
    let never = Duration::MAX;
    let view = following()
        .heartbeat_timeout(never)
        .refresh(never)
        .subscribe_timeout(never)
        .retry(BackoffPolicy::new(never, never));
    let bot = builder(&sim)
        .managed()
        .view_config(view)
        .limits(Limits::default().handler_timeout(never).grace(never))
        .rules(Rules::default().leave_empty_after(never));
    let bot = start(bot).await;
    within(bot.view().complete()).await.unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    sim.status(sim.server());
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    assert_eq!(within(bot.shutdown(never)).await.given_up, 0);
}

#[tokio::test]
async fn a_bot_is_managed_once() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    sim.faults().arm(
        Fault::new(Hook::Http, Action::Reply(HttpReply::status(403))).containing("groups/joined"),
    );
    let refused = within(bot.managed().start()).await.unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::Rest);
    let managed = within(bot.managed().start()).await.unwrap();
    let again = within(bot.managed().start()).await.unwrap_err();
    assert_eq!(problems(&again), ["the bot is already managed"]);
    within(managed.shutdown(TEST_TIMEOUT)).await;
}

#[tokio::test]
async fn rules_that_contradict_themselves_are_an_error_before_anything_is_sent() {
    let sim = Sim::builder().start().await.unwrap();
    let rules = Rules::default().only([group(&sim)]);
    let wrong = managed(&sim)
        .rules(rules)
        .accept_invites(Invites::listed([group_id(1)]));
    let error = within(wrong.start()).await.unwrap_err();
    assert!(
        problems(&error)[0].contains("group 1 is listed but not allowed"),
        "{error}"
    );
    assert!(sim.received().is_empty());
}
