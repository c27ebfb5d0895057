//! Consoles against simulated game servers, over loopback sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use alta_sim::{Action, Fault, Hook, Junk};
use att_console::commands::player;
use att_console::event::{PlayerJoined, PlayerLeft, PlayerMovedChunk};
use att_console::{
    AnyEvent, Closed, Console, ErrorKind, Missed, Overflow, Sent, ServerId, State, Status, Target,
    Trouble, WhenNotReady,
};
use common::{access, config, next, ready, self_hosted, within};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_console_logs_in_runs_commands_and_hears_events() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();

    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    let event = next(&mut joins).await.unwrap();
    assert_eq!(event.data.user.username, "Ashwick");
    assert_eq!(event.data.user.id.get(), i64::try_from(ashwick).unwrap());
    assert!(event.timestamp().is_some());
    assert_eq!(&*event.console, "Thornwood");
    assert_eq!(event.server, None, "a self-hosted server has no id");
    let age = std::time::SystemTime::now().duration_since(event.received().into());
    assert!(age.unwrap() < common::PATIENCE);
    assert!(event.raw().as_str().contains("\"PlayerJoined\""));

    let players = within(console.command(player::list())).await.unwrap();
    assert_eq!(players.len(), 1);
    let greeting = player::message(&event.data.user, "Welcome!");
    within(console.command(greeting)).await.unwrap();
    assert_eq!(sim.messages(server)[0].text, "Welcome!");
    console.close().await;
}

#[tokio::test]
async fn promise_01_and_09_a_restart_is_one_gap_and_the_stream_goes_on() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    assert!(next(&mut joins).await.is_ok());

    sim.stop_server(server).await.unwrap();
    let mut statuses = console.statuses();
    within(statuses.wait_for(|status| matches!(status.state, State::Recovering { .. })))
        .await
        .unwrap();
    sim.start_server(server).unwrap();
    let gap = next(&mut joins).await.unwrap_err();
    assert!(
        matches!(gap, Missed::Gap { since, until } if since < until),
        "{gap:?}"
    );
    assert!(gap.gap_length().unwrap() < Duration::from_secs(10));

    sim.player_joins(server, "Brambletoe").unwrap();
    assert_eq!(
        next(&mut joins).await.unwrap().data.user.username,
        "Brambletoe"
    );
    let totals = console.status().totals;
    assert_eq!((totals.connects, totals.gaps, totals.events), (2, 1, 2));
}

#[tokio::test]
async fn promise_02_a_slow_stream_lags_and_delays_nobody() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut oldest = within(console.subscribe::<PlayerMovedChunk>().capacity(3))
        .await
        .unwrap();
    let mut newest = within(
        console
            .subscribe::<PlayerMovedChunk>()
            .capacity(3)
            .overflow(Overflow::DropNewest),
    )
    .await
    .unwrap();
    let mut ending = within(
        console
            .subscribe::<PlayerMovedChunk>()
            .capacity(3)
            .overflow(Overflow::End),
    )
    .await
    .unwrap();
    let mut quick = within(console.subscribe::<PlayerMovedChunk>())
        .await
        .unwrap();

    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    for layer in 1..=10 {
        sim.player_moves(server, ashwick, &format!("Cave Layer {layer}"))
            .unwrap();
    }
    for layer in 1..=10 {
        let event = next(&mut quick).await.unwrap();
        assert_eq!(event.data.new_chunk, format!("Cave Layer {layer}"));
    }
    // Answers come while nobody reads the others.
    within(console.command("player list")).await.unwrap();

    assert_eq!(next(&mut oldest).await.unwrap_err(), Missed::Lagged(7));
    assert_eq!(
        next(&mut oldest).await.unwrap().data.new_chunk,
        "Cave Layer 8"
    );
    assert_eq!(
        next(&mut newest).await.unwrap().data.new_chunk,
        "Cave Layer 1"
    );
    for _ in 0..3 {
        next(&mut ending).await.unwrap();
    }
    assert_eq!(next(&mut ending).await.unwrap_err(), Missed::Lagged(1));
    assert!(within(ending.next()).await.is_none());
    let never = ending.wait_for(common::PATIENCE, |_| true);
    let error = within(never).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Overflown, "{error}");
}

#[tokio::test]
async fn a_status_is_waited_for_by_its_counts_too() {
    let (sim, server) = self_hosted().await;
    // Nothing else may wake it meanwhile.
    let quiet = config().ask_again(Vec::new());
    let console = Console::open_with(access(&sim, server), quiet);
    let _joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let mut statuses = console.statuses();
    for (count, name) in (1..).zip(["Ashwick", "Brambletoe", "Cinder_Wick"]) {
        // Nothing changes but the count, and only when it is waited for.
        let heard = statuses.wait_for(|status| status.totals.events == count);
        let joins = async {
            tokio::task::yield_now().await;
            sim.player_joins(server, name).unwrap();
        };
        let (heard, ()) = within(async { tokio::join!(heard, joins) }).await;
        assert_eq!(heard.unwrap().state, State::Ready);
    }
    within(console.close()).await;
    let never = statuses.wait_for(|status| status.totals.events == 4);
    assert_eq!(within(never).await, None);
    let closed = statuses.wait_for(|status| status.state.is_closed());
    assert!(within(closed).await.is_some());
}

#[tokio::test]
async fn promise_03_what_is_unknown_is_passed_on_and_what_is_malformed_is_counted_and_skipped() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut everything = within(console.subscribe_to_everything()).await.unwrap();
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.offer_console_event(server, "DoorOpened");
    let mut doors = within(console.subscribe_to(["dooropened"])).await.unwrap();

    for junk in [
        Junk::Text("not JSON at all".to_owned()),
        Junk::Text("[1, 2]".to_owned()),
        Junk::Text(r#"{"type":"Subscription","data":{}}"#.to_owned()),
        Junk::Text(r#"{"type":"Rumour","data":{}}"#.to_owned()),
        Junk::Binary(vec![1, 2, 3]),
    ] {
        sim.faults()
            .arm(Fault::new(Hook::ConsoleEvent, Action::Before(junk)).containing("DoorOpened"));
        sim.emit_console_event(server, "DoorOpened", json!({"door": 7}));
        let event = next(&mut doors).await.unwrap();
        assert_eq!(event.data, json!({"door": 7}));
    }
    assert_eq!(console.status().totals.malformed, 5);
    assert_eq!(
        console.status().totals.connects,
        1,
        "the connection lives on"
    );
    // Logs of the commands come in between.
    let unknown = async {
        loop {
            let event = next(&mut everything).await.unwrap();
            if !event.name.is_known() {
                return event.name;
            }
        }
    };
    assert_eq!(within(unknown).await.as_str(), "DoorOpened");

    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.emit_console_event(server, "PlayerJoined", json!({"user": "nobody knows"}));
    assert!(
        matches!(next(&mut joins).await, Err(Missed::Undecodable(why)) if why.contains("PlayerJoined"))
    );
    sim.player_joins(server, "Ashwick").unwrap();
    next(&mut joins).await.unwrap();
}

#[tokio::test]
async fn promise_03_a_frame_over_the_limit_ends_the_connection_with_that_cause() {
    for (junk, cause) in [
        (Junk::Oversize(5_000), "over the limit of 4096 bytes"),
        (Junk::InvalidUtf8, "not valid UTF-8"),
    ] {
        let (sim, server) = self_hosted().await;
        let console = Console::open_with(access(&sim, server), config().frame_limit(4_096));
        within(console.ready()).await.unwrap();
        let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
        let mut statuses = console.statuses();
        sim.faults()
            .arm(Fault::new(Hook::ConsoleEvent, Action::Instead(junk)).containing("PlayerJoined"));
        sim.player_joins(server, "Ashwick").unwrap();
        let lost =
            within(statuses.wait_for(|status| matches!(status.state, State::Recovering { .. })))
                .await
                .unwrap();
        let State::Recovering { because, .. } = lost.state else {
            panic!("{lost:?}")
        };
        assert!(because.to_string().contains(cause), "{because}");
        assert!(matches!(next(&mut joins).await, Err(Missed::Gap { .. })));
        sim.player_joins(server, "Brambletoe").unwrap();
        assert_eq!(
            next(&mut joins).await.unwrap().data.user.username,
            "Brambletoe"
        );
    }
}

#[tokio::test]
async fn promise_04_one_subscription_on_the_server_serves_all_streams() {
    let (sim, server) = self_hosted().await;
    let console = Console::open_with(
        access(&sim, server),
        config().linger(Duration::from_millis(50)),
    );
    let first = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let second = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let asked = |sim: &alta_sim::Sim, line: &str| {
        let received = sim.received();
        received
            .iter()
            .filter(|received| received.command().as_deref() == Some(line))
            .count()
    };
    assert_eq!(asked(&sim, "websocket subscribe PlayerJoined"), 1);
    drop(first);
    drop(second);
    sim.wait_until(|sim| asked(sim, "websocket unsubscribe PlayerJoined") == 1)
        .await
        .unwrap();
    let _third = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    assert_eq!(asked(&sim, "websocket subscribe PlayerJoined"), 2);
}

#[tokio::test]
async fn a_misspelt_event_brings_the_nearest_names() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let error = within(console.subscribe_to(["PlayerJoind"]))
        .await
        .unwrap_err();
    let ErrorKind::EventNotFound { suggestions } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(suggestions[0], "PlayerJoined");
    assert!(
        error.to_string().contains("did you mean PlayerJoined"),
        "{error}"
    );
}

#[tokio::test]
async fn promise_05_every_command_ends_and_says_whether_it_may_have_run() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    sim.stall_console(server);
    let slow = within(
        console
            .command("player list")
            .timeout(Duration::from_millis(100)),
    )
    .await;
    assert_eq!(slow.unwrap_err().sent(), Some(Sent::MayHaveRun));

    let open = console.command("player list");
    let received = sim.received().len();
    let (lost, ()) = within(async {
        tokio::join!(open.into_future(), async {
            sim.wait_for(|all| all.len() > received).await.unwrap();
            sim.stop_server(server).await.unwrap();
        })
    })
    .await;
    let lost = lost.unwrap_err();
    assert!(
        matches!(
            lost.kind(),
            ErrorKind::Disconnected {
                sent: Sent::MayHaveRun,
                ..
            }
        ),
        "{lost}"
    );

    let waiting = within(
        console
            .command("player list")
            .timeout(Duration::from_millis(50)),
    )
    .await;
    assert!(matches!(
        waiting.unwrap_err().kind(),
        ErrorKind::TimedOut {
            sent: Sent::NotSent,
            ..
        }
    ));
    let at_once = console
        .command("player list")
        .when_not_ready(WhenNotReady::Fail);
    assert!(matches!(
        within(at_once).await.unwrap_err().kind(),
        ErrorKind::NotReady
    ));

    sim.start_server(server).unwrap();
    within(console.command("player list")).await.unwrap();
    let commands = sim
        .received()
        .iter()
        .filter(|one| one.command().as_deref() == Some("player list"))
        .count();
    assert_eq!(
        commands, 3,
        "two that may have run, one that did; none was sent twice"
    );
}

#[tokio::test]
async fn promise_06_answers_twice_late_and_for_nobody_are_counted_and_thrown_away() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, Action::Twice));
    within(console.command("player list")).await.unwrap();
    within(console.command("player list")).await.unwrap();
    assert_eq!(console.status().totals.late_answers, 1);

    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, Action::WrongId(4_000)));
    let short = console
        .command("player list")
        .timeout(Duration::from_millis(100));
    assert!(matches!(
        within(short).await.unwrap_err().kind(),
        ErrorKind::TimedOut { .. }
    ));
    assert_eq!(console.status().totals.strange_answers, 1);

    sim.faults().arm(Fault::new(
        Hook::ConsoleCommand,
        Action::Delay(Duration::from_millis(150)),
    ));
    let late = console
        .command("player list")
        .timeout(Duration::from_millis(50));
    assert!(within(late).await.is_err());
    while console.status().totals.late_answers < 2 {
        within(console.command("player list")).await.unwrap();
    }
}

#[tokio::test]
async fn the_servers_errors_keep_its_words() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let error = within(console.command("player lst")).await.unwrap_err();
    let ErrorKind::CommandNotFound { suggestions } = error.kind() else {
        panic!("{error}")
    };
    assert!(suggestions.contains(&"player list".to_owned()), "{error}");
    assert!(
        error
            .to_string()
            .starts_with(r#"running "player lst" on Thornwood: "#),
        "{error}"
    );

    let hostile = player::message("\" ; player kill *", "hello");
    let error = within(console.command(hostile)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
    assert_eq!(error.sent(), Some(Sent::NotSent));
}

/// What players might call themselves to be taken for somebody or something else.
const HOSTILE: [&str; 40] = [
    r#"" ; player kill *"#,
    r#"" player kill *"#,
    r#"x" "player kill *"#,
    r#""""#,
    r"\",
    r#"\" ; player kill *"#,
    r#"O"Neil \ Jr."#,
    r"C:\*",
    "O'Neil",
    "' ; player kill *",
    "''",
    "`player kill *`",
    "$(player kill *)",
    "; player kill *",
    "&& player kill *",
    "| player kill *",
    "player kill *",
    "-Bee-",
    "--all",
    "-1",
    "+1000000001",
    "1234",
    " 1000000001",
    "0x10",
    "1e9",
    "\u{661}\u{662}",
    "*",
    " * ",
    "**",
    "a,b",
    "Ashwick,*",
    ",",
    "line\nplayer kill *",
    "tab\there",
    "nul\0",
    "\u{2028}player kill *",
    "\u{202e}kciwhsA",
    "“ ; player kill *",
    "{\"id\":1,\"content\":\"player kill *\"}",
    "Ash\u{e4}\u{1f525} wick",
];

#[tokio::test]
async fn promise_07_a_player_with_a_hostile_name_is_greeted_alone() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    sim.player_joins(server, "Ashwick").unwrap();
    let mut by_name = 0;
    for name in HOSTILE {
        let player = sim.player_joins(server, name).unwrap();
        let players = within(console.command(player::list())).await.unwrap();
        let record = players.iter().find(|one| one.username == name).unwrap();
        let before = sim.messages(server).len();
        within(console.command(player::message(record, "Welcome; here")))
            .await
            .unwrap();
        let told = |sim: &alta_sim::Sim| -> Vec<(u64, String)> {
            let messages = sim.messages(server).into_iter().skip(before);
            messages.map(|one| (one.player, one.text)).collect()
        };
        let alone = (player, "Welcome; here".to_owned());
        let once = std::slice::from_ref(&alone);
        assert_eq!(told(&sim), once, "one message to one player");

        // By name it is the same, or an error before anything is sent.
        match within(console.command(player::message(name, "Welcome; here"))).await {
            Ok(()) => {
                by_name += 1;
                assert_eq!(told(&sim), [once, once].concat(), "{name:?}");
            }
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::Argument(_)),
                    "{name:?}: {error}"
                );
                assert_eq!((told(&sim).len(), error.sent()), (1, Some(Sent::NotSent)));
            }
        }
    }
    assert!(by_name > 10, "{by_name} can be called by name");
    within(console.command(player::message(Target::Everyone, "all")))
        .await
        .unwrap();
    let left = sim.players(server).len();
    assert_eq!(left, HOSTILE.len() + 1, "nobody was killed or kicked");
}

#[tokio::test]
async fn promise_09_a_wrong_token_is_refused_at_once_in_the_cloud_and_by_silence_at_home() {
    let sim = alta_sim::Sim::builder().start().await.unwrap();
    let (cloud, home) = (sim.server(), sim.add_self_hosted("Home").unwrap());
    for (server, refused_aloud) in [(cloud, true), (home, false)] {
        let mut wrong = access(&sim, server);
        wrong.token = "wrong".to_owned().into();
        let console = Console::open_with(wrong, config());
        let error = within(console.ready()).await.unwrap_err();
        let ErrorKind::Closed { because } = error.kind() else {
            panic!("{error}")
        };
        match because {
            Closed::Refused(words) => assert!(refused_aloud && !words.is_empty()),
            Closed::NoAnswerToToken { attempts } => assert!(!refused_aloud && *attempts == 3),
            other => panic!("{other}"),
        }
        let after = within(console.command("player list")).await.unwrap_err();
        assert!(matches!(after.kind(), ErrorKind::Closed { .. }));
        let stream = within(console.subscribe::<PlayerLeft>()).await;
        assert!(matches!(
            stream.unwrap_err().kind(),
            ErrorKind::Closed { .. }
        ));
    }
}

#[tokio::test]
async fn an_unreachable_host_is_told_and_tried_again() {
    let (sim, server) = self_hosted().await;
    sim.stop_server(server).await.unwrap();
    let console = Console::open_with(access(&sim, server), config());
    let mut statuses = console.statuses();
    let status = within(statuses.wait_for(|status| {
        matches!(&status.state, State::Recovering { attempt, because: Trouble::Unreachable(why) } if *attempt > 2 && why.contains("127.0.0.1"))
    }))
    .await;
    assert!(status.is_some());
    sim.start_server(server).unwrap();
    within(console.ready()).await.unwrap();
}

#[tokio::test]
async fn promise_10_close_ends_everything_it_started_and_dropping_does_too() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.stall_console(server);
    let handle = console.clone();
    let open = tokio::spawn(async move { handle.command("player list").await.map(|_| ()) });
    sim.wait_for(|all| {
        all.iter()
            .any(|one| one.command().as_deref() == Some("player list"))
    })
    .await
    .unwrap();
    within(console.close()).await;
    assert!(within(joins.next()).await.is_none());
    assert!(within(open).await.unwrap().is_err());
    sim.wait_for_consoles(server, 0).await.unwrap();
    assert!(matches!(
        console.status().state,
        State::Closed {
            because: Closed::ByUs
        }
    ));

    sim.resume_console(server);
    let dropped = ready(&sim, server).await;
    sim.wait_for_consoles(server, 1).await.unwrap();
    drop(dropped);
    sim.wait_for_consoles(server, 0).await.unwrap();
}

#[tokio::test]
async fn several_kinds_come_in_one_stream_each_in_its_own_type() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let names = ["playerjoined", "PlayerLeft"];
    let mut events = within(console.subscribe_to_any(names)).await.unwrap();
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    sim.player_leaves(server, ashwick).unwrap();
    let first = within(events.next_event()).await.unwrap();
    assert!(
        matches!(first.data, AnyEvent::PlayerJoined(joined) if joined.user.username == "Ashwick")
    );
    let second = within(events.next_event()).await.unwrap();
    assert!(matches!(second.data, AnyEvent::PlayerLeft(_)));
}

#[tokio::test]
async fn events_are_filtered_and_gaps_are_not() {
    let (sim, server) = self_hosted().await;
    let named = config().server(ServerId::new(7));
    let console = Console::open_with(access(&sim, server), named);
    let into_caves = |moved: &PlayerMovedChunk| moved.new_cave_layer().is_some();
    let mut moves = within(console.subscribe().filter(into_caves))
        .await
        .unwrap();
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    for chunk in ["Chunk 18-33", "Cave Layer 1", "Chunk 18-34", "Cave Layer 2"] {
        sim.player_moves(server, ashwick, chunk).unwrap();
    }
    for layer in 1..=2 {
        let event = next(&mut moves).await.unwrap();
        assert_eq!(event.data.new_cave_layer(), Some(layer));
        assert_eq!(event.server, Some(ServerId::new(7)));
    }
    sim.drop_consoles(server);
    assert!(matches!(next(&mut moves).await, Err(Missed::Gap { .. })));
}

#[tokio::test]
async fn the_next_event_that_matches_is_waited_for_with_a_bound() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    for name in ["Ashwick", "Brambletoe"] {
        sim.player_joins(server, name).unwrap();
    }
    let is_brambletoe = |joined: &PlayerJoined| joined.user.username == "Brambletoe";
    let event = joins
        .wait_for(common::PATIENCE, is_brambletoe)
        .await
        .unwrap();
    assert_eq!(event.data.user.username, "Brambletoe");
    let short = Duration::from_millis(20);
    let nothing = joins.wait_for(short, is_brambletoe).await.unwrap_err();
    assert_eq!(*nothing.kind(), ErrorKind::NothingCame(short));
    within(console.close()).await;
    let closed = joins.wait_for(short, is_brambletoe).await.unwrap_err();
    assert!(matches!(
        closed.kind(),
        ErrorKind::Closed {
            because: Closed::ByUs
        }
    ));
}

#[tokio::test]
async fn commands_in_flight_are_limited_and_the_queue_tells_its_length() {
    let (sim, server) = self_hosted().await;
    let console = Console::open_with(access(&sim, server), config().in_flight(2));
    within(console.ready()).await.unwrap();
    sim.stall_console(server);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let console = console.clone();
        running.spawn(async move { console.command("player count").await.map(|_| ()) });
    }
    let sent = |sim: &alta_sim::Sim| {
        let received = sim.received();
        received
            .iter()
            .filter(|one| one.command().as_deref() == Some("player count"))
            .count()
    };
    sim.wait_until(|sim| sent(sim) == 2).await.unwrap();
    let waiting = |status: &Status| status.waiting == 3;
    let mut statuses = console.statuses();
    let status = within(statuses.wait_for(waiting)).await.unwrap();
    assert_eq!((status.in_flight, sent(&sim)), (2, 2));
    sim.resume_console(server);
    while let Some(outcome) = within(running.join_next()).await {
        outcome.unwrap().unwrap();
    }
    assert_eq!((console.status().waiting, sent(&sim)), (0, 5));
}

#[tokio::test]
async fn a_result_that_is_a_file_gives_a_ready_request() {
    let sim = alta_sim::Sim::builder().start().await.unwrap();
    let server = sim.server();
    let files = access(&sim, server).web_server("http://127.0.0.1:1761/".parse().unwrap());
    let console = Console::open_with(files, config());
    within(console.ready()).await.unwrap();
    let file = serde_json::from_value(json!({"downloadUrl": "Chunk Details.txt"})).unwrap();
    let request = console.download(&file).unwrap();
    let user = sim.bot().user_id;
    assert_eq!(
        request.uri().path(),
        format!("/output/{user}/Chunk%20Details.txt")
    );
    assert!(!format!("{request:?}").contains(&sim.console_token(server)));

    let home = ready(&sim, server).await;
    assert_eq!(
        *home.download(&file).unwrap_err().kind(),
        ErrorKind::NoFileServer
    );
}
