//! The calls of handlers, their concurrency, and the reports of their failures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use att_console::{Console, Event, Missed, QueueConfig};
use att_kit::event::{PlayerJoined, PlayerKilled, PlayerLeft, PlayerMovedChunk};
use att_kit::{Consoles, Failure, FailureKind, HandlerError, Handlers, Limits};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use support::{
    Ends, Notes, TEST_TIMEOUT, access, config, notes, open, run, run_all, run_with, self_hosted,
    until, within,
};
use tokio::sync::{Barrier, Notify, Semaphore};

#[tokio::test]
async fn a_handler_of_a_session_runs_once_per_session_and_ends_with_it() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let handlers = Handlers::new().on_session(move |console| {
        let notes = notes.clone();
        async move {
            let _ends = Ends(notes.clone());
            notes.note("begins");
            console.command("player list").await?;
            notes.note("works");
            std::future::pending::<()>().await;
            Ok::<_, att_console::Error>(())
        }
    });
    let bot = run(&sim, server, handlers);
    noted.next_are(&["begins", "works"]).await;
    for _ in 0..3 {
        sim.drop_consoles(server);
        noted.next_are(&["ends", "begins", "works"]).await;
    }
    sim.stop_server(server).await.unwrap();
    noted.next_are(&["ends"]).await;
    sim.start_server(server).unwrap();
    noted.next_are(&["begins", "works"]).await;
    assert_eq!(bot.totals().sessions, 5);
    within(bot.handle.shutdown(TEST_TIMEOUT)).await;
    noted.next_are(&["ends"]).await;
}

#[tokio::test]
async fn handlers_that_panic_fail_or_time_out_are_reported_and_the_bot_continues() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let seen = notes.clone();
    let handlers = Handlers::new()
        .on::<PlayerJoined>(|_, event| async move {
            match event.data.user.username.as_str() {
                "Panic" => panic!("thrown by a test"),
                "Error" => return Err(std::io::Error::other("returned by a test")),
                "Hang" => std::future::pending().await,
                _ => {}
            }
            Ok(())
        })
        .on::<PlayerJoined>(move |_, event| {
            assert_ne!(
                event.data.user.username, "Early",
                "thrown before there is a future"
            );
            let notes = seen.clone();
            async move { notes.note(event.data.user.username) }
        })
        .on_failure({
            let notes = notes.clone();
            move |failure| {
                assert_eq!(failure.event, Some("PlayerJoined".into()));
                assert_eq!(failure.console.as_deref(), Some("Thornwood"));
                notes.note(failure.kind.name());
                assert_ne!(failure.kind.name(), "failed", "this panic is caught, too");
            }
        });
    let limits = Limits::default().handler_timeout(Duration::from_millis(50));
    let bot = run_with(open(&sim, server), handlers, limits);
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    for (name, expected) in [
        ("Panic", &["panicked", "Panic"][..]),
        ("Error", &["failed", "Error"]),
        ("Hang", &["timed_out", "Hang"]),
        ("Early", &["panicked"]),
        ("Ashwick", &["Ashwick"]),
    ] {
        sim.player_joins(server, name).unwrap();
        noted.next_are(expected).await;
    }
    sim.emit_console_event(server, "PlayerJoined", json!({"user": "nobody"}));
    noted.next_are(&["undecodable", "undecodable"]).await;
    assert_eq!(bot.totals().failures, 6);
    assert!(bot.handle.health().is_connected());
}

#[tokio::test]
async fn the_events_of_one_player_keep_their_order_while_others_overtake() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let gate = Arc::new(Notify::new());
    let (chunks, waits) = (notes.clone(), Arc::clone(&gate));
    let (kills, leaves) = (notes.clone(), notes.clone());
    let handlers = Handlers::new()
        .on::<PlayerMovedChunk>(move |_, event| {
            let (notes, gate) = (chunks.clone(), Arc::clone(&waits));
            async move {
                if event.data.new_chunk == "Cave Layer 0" {
                    gate.notified().await;
                }
                notes.note(format!(
                    "{} {}",
                    event.data.player.username, event.data.new_chunk
                ));
            }
        })
        .on::<PlayerKilled>(move |_, event| {
            let notes = kills.clone();
            async move { notes.note(format!("{} dies", event.data.killed_player.username)) }
        })
        .on::<PlayerLeft>(move |_, event| {
            let notes = leaves.clone();
            async move { notes.note(format!("{} leaves", event.data.user.username)) }
        });
    let _bot = run(&sim, server, handlers);
    for event in ["PlayerMovedChunk", "PlayerKilled", "PlayerLeft"] {
        sim.wait_for_console_subscription(server, event)
            .await
            .unwrap();
    }
    let slow = sim.player_joins(server, "Slow").unwrap();
    let quick = sim.player_joins(server, "Quick").unwrap();
    for layer in 0..40 {
        sim.player_moves(server, slow, &format!("Cave Layer {layer}"))
            .unwrap();
    }
    sim.player_dies(server, slow).unwrap();
    sim.player_leaves(server, slow).unwrap();
    sim.player_moves(server, quick, "Cave Layer 1").unwrap();
    sim.player_dies(server, quick).unwrap();
    noted.next_are(&["Quick Cave Layer 1", "Quick dies"]).await;
    gate.notify_one();
    for layer in 0..40 {
        noted.next_are(&[&format!("Slow Cave Layer {layer}")]).await;
    }
    noted.next_are(&["Slow dies", "Slow leaves"]).await;
}

#[tokio::test]
async fn consoles_are_handled_concurrently_within_the_limits() {
    let (sim, server) = self_hosted().await;
    let second = sim.add_self_hosted("Hollow").unwrap();
    let (notes, mut noted) = notes();
    // Two handlers that wait for each other, each on its console; then one at a time on each.
    let meeting = Arc::new(Barrier::new(2));
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let handlers = Handlers::new().on::<PlayerJoined>(move |_, event| {
        let (notes, meeting, gate) = (notes.clone(), Arc::clone(&meeting), Arc::clone(&gate));
        async move {
            notes.note("begins");
            if event.data.user.username == "Meets" {
                meeting.wait().await;
            } else {
                gate.acquire().await.unwrap().forget();
            }
            notes.note("ends");
        }
    });
    let consoles = Consoles::new();
    consoles.add("one", open(&sim, server));
    consoles.add("two", open(&sim, second));
    let limits = Limits::default().handlers_per_console(1);
    let bot = run_all(consoles, handlers, limits);
    for server in [server, second] {
        sim.wait_for_console_subscription(server, "PlayerJoined")
            .await
            .unwrap();
        sim.player_joins(server, "Meets").unwrap();
    }
    noted.next_are(&["begins", "begins", "ends", "ends"]).await;

    for name in ["Ashwick", "Birch", "Cobb"] {
        sim.player_joins(second, name).unwrap();
    }
    noted.next_are(&["begins"]).await;
    assert_eq!(bot.totals().running, 1);
    for _ in 0..2 {
        opens.add_permits(1);
        noted.next_are(&["ends", "begins"]).await;
    }
    opens.add_permits(1);
    noted.next_are(&["ends"]).await;
}

#[tokio::test]
async fn events_that_arrive_faster_than_they_are_handled_are_dropped_and_reported() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let gate = Arc::new(Notify::new());
    let (missed, opened) = (notes.clone(), Arc::clone(&gate));
    let handlers = Handlers::new()
        .on_any(["doorOpened"], move |_, event| {
            let (notes, gate) = (notes.clone(), Arc::clone(&opened));
            async move {
                if event.data["door"] == 0 {
                    notes.note("first");
                    gate.notified().await;
                }
                notes.note(&event.data["door"]);
            }
        })
        .on_missed(move |_, missed_events| {
            let notes = missed.clone();
            async move { notes.note(missed_events) }
        });
    sim.offer_console_event(server, "DoorOpened");
    let console = Console::open_with(access(&sim, server), config().queue(QueueConfig::new(4)));
    let bot = run_with(console, handlers, Limits::default().waiting(2));
    sim.wait_for_console_subscription(server, "DoorOpened")
        .await
        .unwrap();
    sim.emit_console_event(server, "DoorOpened", json!({"door": 0}));
    noted.next_are(&["first"]).await;
    for door in [1, 2] {
        sim.emit_console_event(server, "DoorOpened", json!({"door": door}));
    }
    until("the queue is full", || bot.totals().events == 3).await;
    let console = bot.console();
    for door in 3..=20 {
        sim.emit_console_event(server, "DoorOpened", json!({"door": door}));
        // One after another, so that each could have been read from the queue.
        until("it is received", || {
            console.status().totals.events == door + 1
        })
        .await;
    }
    gate.notify_one();
    noted.next_are(&["0", "1", "2"]).await;
    let lagged = noted.next().await;
    assert!(lagged.contains("were dropped"), "{lagged}");
    noted.next_are(&["17", "18", "19", "20"]).await;
    assert_eq!(bot.totals().missed, 14);
}

#[tokio::test]
async fn the_methods_of_a_type_serve_as_handlers() {
    struct Doors(Notes);
    impl Doors {
        async fn session(self: Arc<Self>, console: Console) -> Result<(), HandlerError> {
            console.ready().await?;
            self.0.note(format!("on {}", console.label()));
            Ok(())
        }
        async fn event(
            self: Arc<Self>,
            _: Console,
            event: Event<Value>,
        ) -> Result<(), HandlerError> {
            tokio::task::yield_now().await;
            self.0.note(&event.data["door"]);
            Err("stuck".into())
        }
        async fn in_order(
            self: Arc<Self>,
            _: Console,
            item: Result<Event<Value>, Missed>,
        ) -> Result<(), HandlerError> {
            tokio::task::yield_now().await;
            self.0.note(format!("shut {}", item?.data["door"]));
            Ok(())
        }
        fn failure(&self, failure: &Failure) {
            assert_eq!(failure.kind, FailureKind::Failed("stuck".to_owned()));
            self.0.note(failure);
        }
        fn handlers(self) -> Handlers {
            let [session, event, in_order, failure] = std::array::from_fn({
                let doors = Arc::new(self);
                move |_| Arc::clone(&doors)
            });
            Handlers::new()
                .on_session(move |console| Arc::clone(&session).session(console))
                .on_any(["DoorOpened"], move |console, it| {
                    Arc::clone(&event).event(console, it)
                })
                .and(
                    Handlers::new().on_any_in_order(["DoorShut"], move |console, item| {
                        Arc::clone(&in_order).in_order(console, item)
                    }),
                )
                .on_failure(move |it| failure.failure(it))
        }
    }
    let (sim, server) = self_hosted().await;
    for event in ["DoorOpened", "DoorShut"] {
        sim.offer_console_event(server, event);
    }
    let (notes, mut noted) = notes();
    let _bot = run(&sim, server, Doors(notes).handlers());
    noted.next_are(&["on Thornwood"]).await;
    sim.wait_for_console_subscription(server, "DoorOpened")
        .await
        .unwrap();
    sim.emit_console_event(server, "DoorOpened", json!({"door": 4}));
    noted
        .next_are(&["4", "on_any of DoorOpened on Thornwood: stuck"])
        .await;
    sim.wait_for_console_subscription(server, "DoorShut")
        .await
        .unwrap();
    sim.emit_console_event(server, "DoorShut", json!({"door": 5}));
    noted.next_are(&["shut 5"]).await;
}

#[tokio::test]
async fn a_handler_of_an_event_that_the_server_lacks_is_reported_with_suggestions() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let handlers = Handlers::new()
        .on_any(["PlayerJoind", "PlayerLeft", "DoorOpened"], |_, _| async {})
        .on_failure(move |failure| notes.note(failure));
    let bot = run(&sim, server, handlers);
    noted
        .next_are(&[
            "on_any of PlayerJoind on Thornwood: the server has no such event; did you mean PlayerJoined?",
            "on_any of DoorOpened on Thornwood: the server has no such event",
        ])
        .await;
    sim.drop_consoles(server);
    until("the second session", || bot.totals().sessions == 2).await;
    sim.wait_for_console_subscription(server, "PlayerLeft")
        .await
        .unwrap();
    assert_eq!(noted.rest(), [""; 0], "it is reported once");
}

#[tokio::test]
async fn a_handler_of_states_gets_each_state_of_a_console() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let handlers = Handlers::new().on_state(move |console, state| {
        let what = match state {
            _ if state.is_connected() => "ready",
            _ if state.is_closed() => "closed",
            _ => "not ready",
        };
        notes.note(format!("{} {what}", console.label()));
        std::future::ready(())
    });
    let bot = run(&sim, server, handlers);
    let mut until_noted = async |wanted: &str| while noted.next().await != wanted {};
    until_noted("Thornwood ready").await;
    sim.stop_server(server).await.unwrap();
    until_noted("Thornwood not ready").await;
    sim.start_server(server).unwrap();
    until_noted("Thornwood ready").await;
    within(bot.console().close()).await;
    until_noted("Thornwood closed").await;
    within(bot.task).await.unwrap().unwrap();
}
