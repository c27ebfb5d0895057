//! A bot against the simulated cloud, over loopback sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "py_tale/support.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

use alta_bot::commands::player;
use alta_bot::event::PlayerJoined;
use alta_bot::{Bot, BotCredentials, ErrorKind};
use alta_model::{GroupId, MemberType, ServerId};
use alta_rest::ConsoleOptions;
use alta_sim::{Action, Fault, Hook, HttpReply, Sim};
use alta_socket::BackoffPolicy;
use att_console::{NotConnected, State};
use std::error::Error as _;
use std::time::Duration;
use support::{TEST_TIMEOUT, builder, connect, server, within};

/// Waits until the console has this label.
async fn labeled(console: &att_console::Console, label: &str) {
    within(async {
        while &*console.label() != label {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// A backoff that is longer than the test: only an event can end it.
fn long_backoff() -> att_console::Config {
    let hour = Duration::from_secs(3_600);
    att_console::Config::default().backoff(BackoffPolicy::new(hour, hour))
}

#[tokio::test]
async fn a_login_for_rest_alone_opens_no_main_websocket_and_reports_a_wrong_secret() {
    let sim = Sim::builder().start().await.unwrap();
    // A main websocket would fail.
    let refuse = Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(u32::MAX);
    sim.faults().arm(refuse);
    let rest = within(builder(&sim).rest()).await.unwrap();
    let groups = within(rest.groups().joined().collect(10)).await.unwrap();
    assert_eq!(groups.len(), 1);
    let wrong = BotCredentials::new(sim.bot().client_id, "another");
    let error = within(builder(&sim).bot(wrong).rest()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Login);
    assert!(
        format!("{error:?}").starts_with("logging in: the login failed"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_bot_has_its_id_and_name_and_accepts_pending_and_new_invitations() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = connect(&sim).await;
    assert_eq!(
        bot.user_id().unwrap().get(),
        i64::try_from(sim.bot().user_id).unwrap()
    );
    assert_eq!(bot.username(), Some(sim.bot().username.as_str()));

    let mut invites = within(bot.accept_invites()).await.unwrap();
    let first = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(first.group_id.get(), i64::try_from(sim.group()).unwrap());
    assert_eq!(first.r#type, Some(MemberType::Accepted));

    let other = sim.add_group("Hollowmere");
    sim.invite_bot(other).unwrap();
    let second = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(second.group_id, GroupId::new(other.try_into().unwrap()));

    let again = within(bot.request_accept_invite(second.group_id))
        .await
        .unwrap_err();
    assert_eq!(*again.kind(), ErrorKind::Rest);
    assert!(
        again.source().unwrap().to_string().contains("400"),
        "{:?}",
        again.source()
    );
    within(bot.close()).await;
    assert!(within(invites.next()).await.is_none());
}

#[tokio::test]
async fn a_console_opened_by_server_id_connects_again_when_its_server_starts() {
    let sim = Sim::builder().server_online(false).start().await.unwrap();
    let bot = within(builder(&sim).console_config(long_backoff()).connect())
        .await
        .unwrap();
    let console = within(bot.open_console(server(&sim))).await.unwrap();
    let mut statuses = console.statuses();
    let offline = |state: &State| {
        matches!(
            state,
            State::Recovering {
                because: NotConnected::NotUp(_),
                ..
            }
        )
    };
    within(statuses.wait_for(|status| offline(&status.state)))
        .await
        .unwrap();

    sim.start_server(sim.server()).unwrap();
    within(console.ready()).await.unwrap();
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    within(statuses.wait_for(|status| matches!(status.state, State::Recovering { .. })))
        .await
        .unwrap();
    sim.start_server(sim.server()).unwrap();
    assert!(within(joins.next()).await.unwrap().is_err(), "the gap");
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    let joined = within(joins.next()).await.unwrap().unwrap();
    assert_eq!(joined.server, Some(server(&sim)));
    within(console.command(player::message(joined.data.user, "Welcome back")))
        .await
        .unwrap();
    assert_eq!(sim.messages(sim.server())[0].text, "Welcome back");
}

#[tokio::test]
async fn consoles_are_kept_by_server_and_opened_once() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    let id = server(&sim);
    assert_eq!(*bot.console(id).unwrap_err().kind(), ErrorKind::NotOpen(id));
    within(bot.open_console(id).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    assert_eq!(bot.consoles().len(), 1);
    let twice = within(bot.open_console(id)).await.unwrap_err();
    assert_eq!(*twice.kind(), ErrorKind::AlreadyOpen(id));
    within(bot.close_console(id)).await.unwrap();
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    assert!(within(bot.close_console(id)).await.is_err());
    within(bot.open_console(id).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    within(bot.close()).await;
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    assert_eq!(
        *within(bot.open_console(id)).await.unwrap_err().kind(),
        ErrorKind::Closed
    );
}

#[tokio::test]
async fn an_unknown_a_refused_and_a_stopped_server_are_different_errors() {
    let sim = Sim::builder().bot_role(1).start().await.unwrap();
    let bot = connect(&sim).await;
    let unknown = within(bot.open_console(ServerId::new(42)))
        .await
        .unwrap_err();
    assert_eq!(*unknown.kind(), ErrorKind::NoSuchServer(ServerId::new(42)));
    assert!(unknown.to_string().contains("server 42"), "{unknown}");

    let member = within(bot.open_console(server(&sim)).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap_err();
    assert_eq!(*member.kind(), ErrorKind::PermissionDenied, "{member}");
    assert!(bot.consoles().is_empty());

    sim.set_role(sim.group(), sim.bot().user_id, 2).unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    let short = Duration::from_secs(1);
    let down = within(bot.open_console(server(&sim)).ensure_open(short))
        .await
        .unwrap_err();
    assert_eq!(*down.kind(), ErrorKind::TimedOut(short));
    let because = down.source().unwrap().to_string();
    assert_eq!(because, "the server is not up: Server is not online");
    assert_eq!(bot.consoles().len(), 1, "it continues to try");
    sim.start_server(sim.server()).unwrap();
    within(bot.console(server(&sim)).unwrap().ready())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_console_without_the_required_scope_is_refused_and_not_requested_again() {
    let sim = Sim::builder().start().await.unwrap();
    let account = sim.bot();
    let scopes = "server.view group.view ws.group_servers".parse().unwrap();
    let account = BotCredentials::new(account.client_id, account.client_secret).with_scopes(scopes);
    let bot = within(builder(&sim).bot(account).connect()).await.unwrap();
    let error = within(bot.open_console(server(&sim)).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::PermissionDenied, "{error}");
    let source = error.source().unwrap().to_string();
    assert!(source.contains("server.console"), "{source}");
    let asked = bot.request_post_console(server(&sim), ConsoleOptions::default());
    assert_eq!(
        *within(asked).await.unwrap_err().kind(),
        ErrorKind::PermissionDenied
    );
}

#[tokio::test]
async fn failed_logins_have_a_cause_and_show_no_secret() {
    let sim = Sim::builder().start().await.unwrap();
    let wrong = BotCredentials::new(sim.bot().client_id, "c2VjcmV0LXdyb25n".to_owned());
    let refused = within(builder(&sim).bot(wrong).connect())
        .await
        .unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::Login);
    let source = refused.source().unwrap().to_string();
    assert!(source.contains("invalid_client"), "{source}");
    assert!(!format!("{refused:?} {refused} {source}").contains("c2VjcmV0"));

    let nobody = within(Bot::builder().connect()).await.unwrap_err();
    assert!(
        matches!(nobody.kind(), ErrorKind::Config { .. }),
        "{nobody}"
    );
}

#[tokio::test]
async fn a_console_that_is_being_opened_while_the_bot_closes_is_closed_too() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    let path = format!("GET /api/servers/{}", sim.server());
    let slow = Fault::new(Hook::Http, Action::Delay(Duration::from_millis(100)));
    sim.faults().arm(slow.containing(&path));
    let (opened, ()) = within(async {
        let close = async {
            sim.wait_until(|sim| sim.faults().armed() == 0)
                .await
                .unwrap();
            bot.close().await;
        };
        tokio::join!(bot.open_console(server(&sim)).into_future(), close)
    })
    .await;
    assert_eq!(*opened.unwrap_err().kind(), ErrorKind::Closed);
    assert!(bot.consoles().is_empty());
    sim.flush().await.unwrap();
    assert_eq!(sim.console_connections(sim.server()).len(), 0);
}

#[tokio::test]
async fn a_refused_console_leaves_no_subscription_behind() {
    let sim = Sim::builder().bot_role(1).start().await.unwrap();
    let socket = alta_ws::Config::default().linger(Duration::ZERO);
    let bot = within(builder(&sim).socket_config(socket).connect())
        .await
        .unwrap();
    let console = within(bot.open_console(server(&sim))).await.unwrap();
    within(console.ready()).await.unwrap_err();
    let nothing = |sim: &Sim| sim.main_socket_subscriptions().is_empty();
    sim.wait_until(nothing).await.unwrap();
}

#[tokio::test]
async fn an_invitation_that_another_program_has_accepted_is_skipped() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = connect(&sim).await;
    let mut invites = within(bot.accept_invites()).await.unwrap();
    within(bot.request_accept_invite(GroupId::new(sim.group().try_into().unwrap())))
        .await
        .unwrap();
    let other = sim.add_group("Hollowmere");
    sim.invite_bot(other).unwrap();
    let next = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(next.group_id, GroupId::new(other.try_into().unwrap()));
}

#[tokio::test]
async fn a_group_that_invites_the_bot_again_during_a_gap_is_joined_again() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = connect(&sim).await;
    let mut invites = within(bot.accept_invites()).await.unwrap();
    let first = within(invites.next()).await.unwrap().unwrap();

    let refuse = Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(u32::MAX);
    sim.faults().arm(refuse);
    sim.drop_main_sockets();
    let is_cut = |sim: &Sim| sim.main_sockets().is_empty();
    sim.wait_until(is_cut).await.unwrap();
    sim.kick_bot(sim.group()).unwrap();
    sim.invite_bot(sim.group()).unwrap();
    sim.faults().clear();
    let again = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(again.group_id, first.group_id);
    assert_eq!(again.r#type, Some(MemberType::Accepted));
}

#[tokio::test]
async fn an_invitation_that_was_refused_is_accepted_after_a_gap() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let refuse = Fault::new(Hook::Http, Action::Refuse(400));
    sim.faults()
        .arm(refuse.containing("POST /api/groups/invites/"));
    let bot = connect(&sim).await;
    let mut invites = within(bot.accept_invites()).await.unwrap();
    let refused = within(invites.next()).await.unwrap().unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::Rest);

    sim.drop_main_sockets();
    let member = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(member.group_id.get(), i64::try_from(sim.group()).unwrap());
}

#[tokio::test]
async fn a_console_opens_without_its_servers_name_and_gets_it_later() {
    let sim = Sim::builder().start().await.unwrap();
    for failure in [
        Action::Reply(HttpReply::status(504)),
        Action::Reply(HttpReply::status(403)),
        Action::Reply(HttpReply::html_500()),
        Action::Truncate,
        Action::Silence,
    ] {
        let details = format!("GET /api/servers/{}", sim.server());
        let fault = Fault::new(Hook::Http, failure.clone());
        let fault = fault.when(move |asked| asked.trim_end_matches('?') == details);
        sim.faults().arm(fault.times(1_000));
        let bot = connect(&sim).await;
        let console = within(bot.create_console(server(&sim)).ensure_open(TEST_TIMEOUT)).await;
        let console = console.unwrap_or_else(|error| panic!("{failure:?}: {error:?}"));
        assert_eq!(&*console.label(), format!("server {}", sim.server()));
        sim.faults().clear();
        if let Action::Reply(reply) = failure
            && reply.status == 504
        {
            labeled(&console, "Thornwood").await;
            let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
            sim.player_joins(sim.server(), "Ashwick").unwrap();
            let joined = within(joins.next()).await.unwrap().unwrap();
            assert_eq!(&*joined.console, "Thornwood");
        }
        within(bot.close()).await;
    }
}

#[tokio::test]
async fn a_console_has_its_servers_current_name_unless_the_program_has_chosen_one() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    let console = within(bot.create_console(server(&sim)).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    let mut joins = within(bot.subscribe::<PlayerJoined>()).await.unwrap();
    let second = sim.add_server(sim.group(), "Hollow").unwrap();
    let config = att_console::Config::default().label("mine");
    let second_id = ServerId::new(second.try_into().unwrap());
    let chosen = within(bot.create_console(second_id).config(config))
        .await
        .unwrap();
    let subscribed = |sim: &Sim| {
        let mut held = sim.main_socket_subscriptions().into_iter();
        held.any(|(_, event, _)| event == "group-server-update")
    };
    sim.wait_until(subscribed).await.unwrap();
    sim.rename_server(second, "Hollowmere").unwrap();
    sim.rename_server(sim.server(), "Emberfall").unwrap();
    labeled(&console, "Emberfall").await;
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    let joined = within(joins.next()).await.unwrap().1.unwrap();
    assert_eq!(&*joined.console, "Emberfall");
    assert_eq!(&*chosen.label(), "mine");
}
