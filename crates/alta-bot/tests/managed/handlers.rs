use super::support::*;
use alta_bot::event::{PlayerJoined, PlayerKilled, PlayerLeft, PlayerMovedChunk};
use alta_bot::{FailureKind, Handler, HandlerError, Handlers, Limits};
use alta_sim::Sim;
use att_console::{Console, Event, EventName, Missed};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Barrier, Notify, Semaphore};

#[tokio::test]
async fn a_handler_of_a_session_runs_once_per_session_and_ends_with_it() {
    struct Ends(Notes);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.note("ends");
        }
    }
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim).on_console(move |console| {
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
    let bot = start(bot).await;
    noted.next_are(&["begins", "works"]).await;
    for _ in 0..3 {
        sim.drop_consoles(sim.server());
        noted.next_are(&["ends", "begins", "works"]).await;
    }
    sim.stop_server(sim.server()).await.unwrap();
    noted.next_are(&["ends"]).await;
    sim.start_server(sim.server()).unwrap();
    noted.next_are(&["begins", "works"]).await;
    assert_eq!(bot.health().sessions, 5);
    within(bot.shutdown(PATIENCE)).await;
    noted.next_are(&["ends"]).await;
}

#[tokio::test]
async fn handlers_that_panic_fail_or_take_too_long_are_reported_and_the_bot_goes_on() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let seen = notes.clone();
    let bot = managed(&sim)
        .limits(Limits::default().handler_time(Duration::from_millis(50)))
        .on_event::<PlayerJoined>(|_, event| async move {
            match event.data.user.username.as_str() {
                "Panic" => panic!("thrown by a test"),
                "Error" => return Err(std::io::Error::other("returned by a test")),
                "Hang" => std::future::pending().await,
                _ => {}
            }
            Ok(())
        })
        .on_event::<PlayerJoined>(move |_, event| {
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
                assert_ne!(failure.kind.name(), "failed", "this one is caught, too");
            }
        });
    let bot = start(bot).await;
    let server = sim.server();
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
    noted.next_are(&["unreadable", "unreadable"]).await;
    assert_eq!(bot.health().failures, 6);
    assert!(bot.health().is_connected());
}

#[tokio::test]
async fn the_events_of_one_player_keep_their_order_while_others_overtake() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let (notes, mut noted) = notes();
    let gate = Arc::new(Notify::new());
    let (chunks, waits) = (notes.clone(), Arc::clone(&gate));
    let (kills, leaves) = (notes.clone(), notes.clone());
    let bot = managed(&sim)
        .on_event::<PlayerMovedChunk>(move |_, event| {
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
        .on_event::<PlayerKilled>(move |_, event| {
            let notes = kills.clone();
            async move { notes.note(format!("{} dies", event.data.killed_player.username)) }
        })
        .on_event::<PlayerLeft>(move |_, event| {
            let notes = leaves.clone();
            async move { notes.note(format!("{} leaves", event.data.user.username)) }
        });
    let _bot = start(bot).await;
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
async fn consoles_are_handled_side_by_side_but_not_more_handlers_at_once_than_allowed() {
    let sim = Sim::builder().start().await.unwrap();
    let second = sim.add_server(sim.group(), "Hollow").unwrap();
    sim.start_server(second).unwrap();
    let (notes, mut noted) = notes();
    // Two handlers that wait for each other, each on its console; then one at a time on each.
    let meeting = Arc::new(Barrier::new(2));
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let bot = managed(&sim)
        .limits(Limits::default().handlers_per_console(1))
        .on_event::<PlayerJoined>(move |_, event| {
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
    let bot = start(bot).await;
    for server in [sim.server(), second] {
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
    assert_eq!(bot.health().handlers_running, 1);
    for _ in 0..2 {
        opens.add_permits(1);
        noted.next_are(&["ends", "begins"]).await;
    }
    opens.add_permits(1);
    noted.next_are(&["ends"]).await;
}

#[tokio::test]
async fn events_that_come_faster_than_they_are_handled_are_dropped_and_reported_not_piled_up() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let gate = Arc::new(Notify::new());
    let (missed, opened) = (notes.clone(), Arc::clone(&gate));
    let bot = builder(&sim)
        .console_config(impatient().queue(att_console::QueueConfig::new(4)))
        .managed()
        .limits(Limits::default().waiting(2))
        .on_events(["doorOpened"], move |_, event| {
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
    sim.offer_console_event(sim.server(), "DoorOpened");
    let bot = start(bot).await;
    sim.wait_for_console_subscription(sim.server(), "DoorOpened")
        .await
        .unwrap();
    sim.emit_console_event(sim.server(), "DoorOpened", json!({"door": 0}));
    noted.next_are(&["first"]).await;
    for door in [1, 2] {
        sim.emit_console_event(sim.server(), "DoorOpened", json!({"door": door}));
    }
    until("as many wait as may", || bot.health().events == 3).await;
    let console = bot.consoles().remove(0);
    for door in 3..=20 {
        sim.emit_console_event(sim.server(), "DoorOpened", json!({"door": door}));
        // One by one, so that each could have been taken from the queue.
        until("it has come", || console.status().totals.events == door + 1).await;
    }
    gate.notify_one();
    noted.next_are(&["0", "1", "2"]).await;
    let lagged = noted.next().await;
    assert!(lagged.contains("were dropped"), "{lagged}");
    noted.next_are(&["17", "18", "19", "20"]).await;
    assert_eq!(bot.health().missed, 14);
}

#[tokio::test]
async fn a_type_with_methods_serves_as_all_handlers() {
    struct Doors(Notes);
    impl Handler for Doors {
        fn events(&self) -> Vec<EventName> {
            vec!["DoorOpened".into()]
        }
        async fn console(&self, console: Console) -> Result<(), HandlerError> {
            self.0.note(format!("on {}", console.label()));
            Ok(())
        }
        async fn event(&self, _: Console, event: Event<Value>) -> Result<(), HandlerError> {
            self.0.note(&event.data["door"]);
            Err("stuck".into())
        }
        fn events_in_order(&self) -> Vec<EventName> {
            vec!["DoorShut".into()]
        }
        async fn event_in_order(
            &self,
            _: Console,
            item: Result<Event<Value>, Missed>,
        ) -> Result<(), HandlerError> {
            self.0.note(format!("shut {}", item?.data["door"]));
            Ok(())
        }
        fn failure(&self, failure: &alta_bot::Failure) {
            assert_eq!(failure.kind, FailureKind::Failed("stuck".to_owned()));
            self.0.note(failure);
        }
    }
    let sim = Sim::builder().start().await.unwrap();
    for event in ["DoorOpened", "DoorShut"] {
        sim.offer_console_event(sim.server(), event);
    }
    let (notes, mut noted) = notes();
    let _bot = start(managed(&sim).handlers(Handlers::new().handler(Doors(notes)))).await;
    noted.next_are(&["on Thornwood"]).await;
    sim.wait_for_console_subscription(sim.server(), "DoorOpened")
        .await
        .unwrap();
    sim.emit_console_event(sim.server(), "DoorOpened", json!({"door": 4}));
    noted
        .next_are(&["4", "on_events of DoorOpened on Thornwood: stuck"])
        .await;
    sim.wait_for_console_subscription(sim.server(), "DoorShut")
        .await
        .unwrap();
    sim.emit_console_event(sim.server(), "DoorShut", json!({"door": 5}));
    noted.next_are(&["shut 5"]).await;
}

#[tokio::test]
async fn a_handler_of_an_event_that_the_server_lacks_is_reported_with_the_nearest_names() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .on_events(["PlayerJoind", "PlayerLeft", "DoorOpened"], |_, _| async {})
        .on_failure(move |failure| notes.note(failure));
    let bot = start(bot).await;
    noted
        .next_are(&[
            "on_events of PlayerJoind on Thornwood: the server has no such event; did you mean PlayerJoined?",
            "on_events of DoorOpened on Thornwood: the server has no such event",
        ])
        .await;
    sim.drop_consoles(sim.server());
    until("it is back", || bot.health().sessions == 2).await;
    sim.wait_for_console_subscription(sim.server(), "PlayerLeft")
        .await
        .unwrap();
    assert_eq!(noted.rest(), [""; 0], "once is enough");
}

#[tokio::test]
async fn a_handler_may_close_its_console_and_the_whole_bot() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let held = bot.clone();
    let managed = bot
        .managed()
        .on_event::<PlayerJoined>(move |console, event| {
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
        });
    let managed = start(managed).await;
    let server = sim.server();
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(server, "Closer").unwrap();
    noted.next_are(&["Closer"]).await;
    until("no console", || managed.consoles().is_empty()).await;

    // It stays closed until the server is started anew.
    sim.stop_server(server).await.unwrap();
    let view = managed.view().unwrap();
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
