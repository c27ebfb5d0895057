//! The life of a runner: consoles that are added and removed, refusals, wrong configurations, and the end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_sim::Sim;
use att_console::{Closed, Config, Console, ConsoleAccess, Missed, ServerId, TokenFile};
use att_kit::commands::player;
use att_kit::event::PlayerJoined;
use att_kit::{Consoles, Error, ErrorKind, Handlers, Limits, Runner};
use serde_json::json;
use std::time::Duration;
use support::{
    Ends, Notes, TEST_TIMEOUT, access, config, notes, open, run, run_all, run_with, self_hosted,
    subscribed, until, within,
};

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

fn labeled(sim: &Sim, server: u64, label: &str) -> Console {
    Console::open_with(access(sim, server), config().label(label))
}

#[tokio::test]
async fn players_on_self_hosted_servers_are_greeted_and_a_restart_affects_no_other_server() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let (notes, mut noted) = notes();
    let names = ["one", "two"];
    let servers = names.map(|name| sim.add_self_hosted(name).unwrap());
    let consoles = Consoles::new();
    for (name, server) in names.into_iter().zip(servers) {
        consoles.add(name, labeled(&sim, server, name));
    }
    let bot = run_all(consoles, greeter(&notes), Limits::default());
    let mut sessions = [noted.next().await, noted.next().await];
    sessions.sort();
    assert_eq!(sessions, ["on one", "on two"]);
    for (server, expected) in servers.into_iter().zip(["Birch on one", "Birch on two"]) {
        subscribed(&sim, server).await;
        sim.player_joins(server, "Birch").unwrap();
        noted.next_are(&[expected]).await;
        assert_eq!(sim.messages(server)[0].text, "Welcome!");
    }

    sim.stop_server(servers[0]).await.unwrap();
    until("one is lost", || !bot.handle.health().is_connected()).await;
    sim.start_server(servers[0]).unwrap();
    noted.next_are(&["on one"]).await;

    let health = bot.handle.health();
    let known = health.consoles.iter().map(|console| &*console.key);
    assert!(known.eq(names));
    let finished = within(bot.handle.shutdown(TEST_TIMEOUT)).await;
    assert_eq!(finished.given_up, 0);
    assert_eq!(within(bot.task).await.unwrap().unwrap(), finished);
    for server in servers {
        sim.wait_for_consoles(server, 0).await.unwrap();
    }
}

#[tokio::test]
async fn consoles_are_added_removed_and_replaced_while_it_runs_and_leave_one_gap() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let missed = notes.clone();
    let handlers = greeter(&notes).on_missed(move |_, what| {
        assert!(matches!(what, Missed::Gap { .. }), "{what}");
        missed.note("gap");
        std::future::ready(())
    });
    let consoles = Consoles::new();
    consoles.add("first", open(&sim, server));
    let _bot = run_all(consoles.clone(), handlers, Limits::default());
    noted.next_are(&["on Thornwood"]).await;
    let second = sim.add_self_hosted("Hollow").unwrap();
    consoles.add("second", labeled(&sim, second, "Hollow"));
    noted.next_are(&["on Hollow"]).await;
    subscribed(&sim, second).await;
    sim.player_joins(second, "Ashwick").unwrap();
    noted.next_are(&["Ashwick on Hollow"]).await;

    let removed = consoles.remove("second").unwrap();
    sim.wait_until(|sim| sim.console_subscriptions(second).is_empty())
        .await
        .unwrap();
    within(removed.ready()).await.unwrap();
    sim.player_joins(second, "Birch").unwrap();
    consoles.add("second", removed);
    noted.next_are(&["on Hollow", "gap"]).await;
    subscribed(&sim, second).await;
    sim.player_joins(second, "Cobb").unwrap();
    noted.next_are(&["Cobb on Hollow"]).await;

    let before = consoles.add("second", labeled(&sim, second, "Hollow again"));
    noted.next_are(&["on Hollow again", "gap"]).await;
    within(before.unwrap().close()).await;
    subscribed(&sim, second).await;
    sim.player_joins(second, "Duskmoor").unwrap();
    noted.next_are(&["Duskmoor on Hollow again"]).await;
    assert_eq!(noted.rest(), [""; 0]);
}

#[tokio::test]
async fn a_session_ends_when_its_server_stops_not_when_the_next_begins() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let handlers = Handlers::new().on_session(move |_| {
        let notes = notes.clone();
        async move {
            let _ends = Ends(notes.clone());
            notes.note("begins");
            std::future::pending::<()>().await;
        }
    });
    let bot = run(&sim, server, handlers);
    noted.next_are(&["begins"]).await;
    sim.stop_server(server).await.unwrap();
    noted.next_are(&["ends"]).await;
    assert!(!bot.task.is_finished(), "the runner continues");
    sim.start_server(server).unwrap();
    noted.next_are(&["begins"]).await;
}

#[tokio::test]
async fn a_runner_ends_with_the_refusal_when_every_console_is_refused() {
    let (sim, server) = self_hosted().await;
    let url = sim.console_url(server).unwrap().parse().unwrap();
    let login = Duration::from_millis(50);
    let config = config()
        .login_timeout(login)
        .max_silent_logins(1)
        .label("one");
    let wrong = Console::open_with(ConsoleAccess::new(url, "wrong".to_owned()), config);
    let bot = run_with(wrong, Handlers::new(), Limits::default());
    let error = within(bot.task).await.unwrap().unwrap_err();
    assert_eq!(error.doing(), "running the handlers of one");
    let because = Closed::NoReplyToToken { attempts: 1 };
    assert_eq!(*error.kind(), ErrorKind::Closed { because });
    assert!(bot.handle.consoles().all().is_empty());
}

#[tokio::test]
async fn a_runner_ends_when_its_set_is_closed() {
    let (sim, server) = self_hosted().await;
    let bot = run(&sim, server, Handlers::new());
    within(bot.console().ready()).await.unwrap();
    within(bot.handle.consoles().close()).await;
    assert_eq!(within(bot.task).await.unwrap().unwrap().given_up, 0);

    let bot = run(&sim, server, Handlers::new());
    within(bot.console().ready()).await.unwrap();
    bot.handle.consoles().remove("Thornwood");
    sim.wait_for_consoles(server, 0).await.unwrap();
    within(bot.handle.consoles().close()).await;
    within(bot.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_refusal_of_a_console_that_was_replaced_is_not_the_result() {
    let (sim, server) = self_hosted().await;
    let url = "http://127.0.0.1:1760".parse().unwrap();
    let wrong = Console::open(ConsoleAccess::new(url, "token".to_owned()));
    let (notes, mut noted) = notes();
    let consoles = Consoles::new();
    consoles.add("one", wrong);
    consoles.add("two", open(&sim, server));
    let bot = run_all(consoles.clone(), greeter(&notes), Limits::default());
    noted.next_are(&["on Thornwood"]).await;
    until("the first is refused", || {
        let wrong = consoles.get("one").unwrap();
        wrong.status().state.is_closed()
    })
    .await;
    let second = sim.add_self_hosted("Hollow").unwrap();
    consoles.add("one", labeled(&sim, second, "Hollow"));
    noted.next_are(&["on Hollow"]).await;
    for (_, console) in consoles.all() {
        within(console.close()).await;
    }
    within(bot.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_handle_that_was_made_before_the_limits_has_the_same_counters() {
    let (sim, server) = self_hosted().await;
    let consoles = Consoles::new();
    consoles.add("one", open(&sim, server));
    let runner = Runner::new(consoles, Handlers::new());
    let handle = runner.handle();
    let runner = runner.limits(Limits::default());
    let task = tokio::spawn(runner.run_until(std::future::pending()));
    until("a session is counted", || {
        handle.health().totals.sessions == 1
    })
    .await;
    within(handle.shutdown(TEST_TIMEOUT)).await;
    within(task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_runner_whose_only_address_is_invalid_ends_with_that_error() {
    let url = "http://127.0.0.1:1760".parse().unwrap();
    let access = ConsoleAccess::new(url, "token".to_owned());
    let wrong = Console::open_with(access, Config::default().label("one"));
    let bot = run_with(wrong, Handlers::new(), Limits::default());
    let error = within(bot.task).await.unwrap().unwrap_err();
    let shown = format!("{error:?}");
    assert!(
        shown.starts_with("running the handlers of one: "),
        "{shown}"
    );
    let why = "http://127.0.0.1:1760/ cannot be dialed: its scheme is neither ws nor wss";
    assert!(shown.ends_with(why), "{shown}");
}

fn problems(error: &Error) -> &[String] {
    match error.kind() {
        ErrorKind::Config { problems } => problems,
        _ => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_an_error_at_once() {
    let limits = Limits::default().handler_timeout(Duration::ZERO);
    let runner = Runner::new(Consoles::new(), Handlers::new()).limits(limits);
    let error = within(runner.run()).await.unwrap_err();
    for (problem, part) in problems(&error)
        .iter()
        .zip(["`handler_timeout` is zero", "no console"])
    {
        assert!(problem.contains(part), "{part}: {error}");
    }
    assert_eq!(problems(&error).len(), 2, "{error}");
}

#[tokio::test]
async fn a_server_that_is_in_the_set_twice_is_an_error_at_the_start() {
    let console = |url: &str| {
        let access = ConsoleAccess::new(url.parse().unwrap(), "token".to_owned());
        Console::open(access)
    };
    let start = async |consoles: Vec<(&str, Console)>| {
        let set = Consoles::new();
        for (key, console) in consoles {
            set.add(key, console);
        }
        let runner = Runner::new(set, Handlers::new());
        within(runner.run_until(std::future::ready(()))).await
    };
    for (one, other) in [
        ("ws://127.0.0.1:1", "ws://127.0.0.1:1/"),
        ("ws://127.0.0.1:1", "ws://localhost:1"),
        ("ws://[::1]:1", "ws://127.0.0.1:1"),
        ("ws://user@town.invalid", "ws://TOWN.invalid:80/"),
    ] {
        let servers = vec![
            ("home", console(one)),
            ("middle", console("ws://127.0.0.1:2")),
            ("away", console(other)),
        ];
        let error = start(servers).await.unwrap_err();
        assert_eq!(problems(&error).len(), 1, "{error}");
        assert!(problems(&error)[0].contains("\"away\""), "{error}");
    }
    let url = "ws://127.0.0.1:1".parse().unwrap();
    let file = Console::open(TokenFile::new(url, "console_token.txt"));
    let error = start(vec![("one", console("ws://localhost:1")), ("two", file)]).await;
    assert_eq!(problems(&error.unwrap_err()).len(), 1);
    let id = |url: &str, id| {
        let access = ConsoleAccess::new(url.parse().unwrap(), "token".to_owned());
        Console::open_with(access, Config::default().server(ServerId::new(id)))
    };
    let same = [id("ws://127.0.0.1:1", 7), id("ws://127.0.0.1:2", 7)];
    let error = start(["one", "two"].into_iter().zip(same).collect()).await;
    assert_eq!(problems(&error.unwrap_err()).len(), 1);

    let different = [id("ws://127.0.0.1:1", 7), id("ws://127.0.0.1:2", 8)];
    let different = ["one", "two"].into_iter().zip(different).collect();
    start(different).await.unwrap();
}

#[tokio::test]
async fn events_that_wait_for_slow_handlers_when_a_console_is_removed_lie_in_the_gap() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let missed = notes.clone();
    let handlers = Handlers::new()
        .on_any(["PlayerJoined"], move |_, event| {
            let notes = notes.clone();
            async move {
                let number = event.data["number"].as_u64().unwrap();
                notes.note(number);
                if number == 0 {
                    std::future::pending::<()>().await;
                }
            }
        })
        .on_missed(move |_, item| {
            let Missed::Gap { since, until } = item else {
                panic!("{item}");
            };
            missed.note(format!("{since} {until}"));
            std::future::ready(())
        });
    let limits = Limits::default().grace(Duration::from_millis(20));
    let consoles = Consoles::new();
    consoles.add("one", open(&sim, server));
    let bot = run_all(consoles.clone(), handlers, limits);
    subscribed(&sim, server).await;
    // The second event is of the same player as the first, so its handler waits for that of the first.
    let happens = |player: u64, number: u64| {
        let user = json!({"user": {"id": player, "username": "Ashwick"}, "number": number});
        sim.emit_console_event(server, "PlayerJoined", user);
        att_console::Timestamp::now()
    };
    happens(1, 0);
    noted.next_are(&["0"]).await;
    let lost = happens(1, 1);
    until("both events", || bot.totals().events == 2).await;
    let read = att_console::Timestamp::now();
    happens(2, 2);
    noted.next_are(&["2"]).await;
    drop(consoles.remove("one"));
    sim.wait_for_consoles(server, 0).await.unwrap();
    consoles.add("one", open(&sim, server));
    let gap = noted.next().await;
    let (since, until) = gap.split_once(' ').unwrap();
    let [since, until]: [att_console::Timestamp; 2] = [since, until].map(|at| at.parse().unwrap());
    assert!(since <= read && lost <= until, "{lost} {read}: {gap}");
}
