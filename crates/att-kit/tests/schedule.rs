//! Schedules on a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use att_console::{ConsoleAccess, Target, commands::player};
use att_kit::schedule::{EntryStatus, Schedule};
use att_kit::{ErrorKind, Handlers, Limits};
use std::future::pending;
use std::time::Duration;
use support::{notes, open, run, run_all, self_hosted, until, within};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(600);

fn only(schedule: &Schedule) -> EntryStatus {
    schedule.status().remove(0)
}

#[tokio::test]
async fn a_schedule_survives_failures_and_restarts_and_stops_with_the_console() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let (note, mut noted) = notes();
    let schedule = Schedule::new()
        .every(SHORT, |console| async move {
            console.command("player a\"b\\c").await.map(drop)
        })
        .named("fails")
        .every(SHORT, |_| async { panic!("by a test") })
        .named("panics")
        .every(SHORT, |console| async move {
            console
                .command(player::message(Target::Everyone, "It is noon"))
                .await
        })
        .named("works")
        .on_failure(move |failure| {
            if failure.count == 1 {
                note.note(failure);
            }
        });
    let running = tokio::spawn({
        let (schedule, console) = (schedule.clone(), console.clone());
        async move { schedule.run(&console).await }
    });
    let runs = |name: &str| {
        let status = schedule.status();
        status
            .into_iter()
            .find(|entry| &*entry.name == name)
            .unwrap()
    };
    let mut failures = [noted.next().await, noted.next().await];
    failures.sort();
    assert!(
        failures[0].starts_with("fails on Thornwood: "),
        "{failures:?}"
    );
    assert_eq!(failures[1], "panics on Thornwood: it panicked: by a test");
    until("each runs again", || {
        runs("works").runs > 2 && runs("panics").failures > 2
    })
    .await;
    assert_eq!(runs("works").failures, 0);

    sim.stop_server(server).await.unwrap();
    let lost = |status: &att_console::Status| !status.state.is_connected();
    within(console.statuses().wait_for(lost)).await.unwrap();
    let before = runs("works");
    tokio::time::sleep(SHORT * 5).await;
    assert_eq!(
        runs("works").runs,
        before.runs,
        "no run without a connection"
    );
    sim.start_server(server).unwrap();
    until("it runs again", || runs("works").runs > before.runs).await;
    // No burst: at most a run per tick since the console is ready.
    assert!(
        runs("works").skipped >= before.skipped + 4,
        "{:?}",
        runs("works")
    );

    console.close().await;
    within(running).await.unwrap().unwrap();
    let after = schedule.status();
    tokio::time::sleep(SHORT * 3).await;
    assert_eq!(schedule.status(), after, "it has stopped");
}

#[tokio::test]
async fn a_run_that_is_longer_than_the_period_skips_ticks_and_ends_with_the_connection() {
    let (sim, server) = self_hosted().await;
    let schedule = Schedule::new().every(SHORT, |_| async {
        pending::<()>().await;
    });
    let running = run(&sim, server, schedule.handlers());
    until("ticks are skipped", || only(&schedule).skipped > 2).await;
    let status = only(&schedule);
    assert_eq!((status.runs, status.interrupted), (1, 0));
    sim.drop_consoles(server);
    until("the next session runs it", || only(&schedule).runs == 2).await;
    assert_eq!(only(&schedule).interrupted, 1);
    within(running.handle.shutdown(Duration::ZERO)).await;
    let status = only(&schedule);
    assert_eq!((status.runs, status.interrupted), (2, 2));
}

#[tokio::test]
async fn each_console_of_a_runner_has_the_schedule() {
    let (sim, server) = self_hosted().await;
    let other = sim.add_self_hosted("Oakvale").unwrap();
    let (note, mut noted) = notes();
    let schedule = Schedule::new().every(SHORT, move |console| {
        let note = note.clone();
        async move { note.note(console.url().unwrap().port().unwrap()) }
    });
    let consoles = att_kit::Consoles::new();
    let opened = [server, other].map(|server| open(&sim, server));
    let mut ports = opened
        .each_ref()
        .map(|console| console.url().unwrap().port().unwrap().to_string());
    for (name, console) in ["Thornwood", "Oakvale"].into_iter().zip(opened) {
        consoles.add(name, console);
    }
    let handlers = Handlers::new().and(schedule.handlers());
    let running = run_all(consoles, handlers, Limits::default());
    let mut seen = vec![noted.next().await];
    while seen.len() < 2 {
        let port = noted.next().await;
        if !seen.contains(&port) {
            seen.push(port);
        }
    }
    ports.sort();
    seen.sort();
    assert_eq!(seen, ports);
    within(running.handle.shutdown(Duration::ZERO)).await;
    let after = schedule.status();
    tokio::time::sleep(SHORT * 3).await;
    assert_eq!(schedule.status(), after, "it has stopped with the bot");
}

#[tokio::test]
async fn a_schedule_that_is_longer_than_the_bot_ends_with_it() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let never = |_| async { panic!("it is too early") };
    let schedule = Schedule::new()
        .every(Duration::MAX, never)
        .every(LONG, never)
        .cron("0 0 1 1 *", never)
        .unwrap();
    let mut running = Box::pin(schedule.run(&console));
    tokio::select! {
        ended = &mut running => panic!("{ended:?}"),
        () = tokio::time::sleep(SHORT) => console.close().await,
    }
    within(running).await.unwrap();
    assert!(schedule.status().iter().all(|entry| entry.runs == 0));
    let names: Vec<_> = schedule
        .status()
        .into_iter()
        .map(|entry| entry.name.to_string())
        .collect();
    assert_eq!(names[1..], ["every 600s", "cron 0 0 1 1 *"]);
}

#[tokio::test]
async fn a_refused_console_ends_the_schedule_with_an_error() {
    let (sim, server) = self_hosted().await;
    let url = sim.console_url(server).unwrap().parse().unwrap();
    let refused = ConsoleAccess::new(url, "not the token");
    let config = support::config().login_timeout(SHORT);
    let console = att_console::Console::open_with(refused, config);
    let schedule = Schedule::new().every(LONG, |_| async {});
    let error = within(schedule.run(&console)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
}

#[tokio::test]
async fn an_invalid_time_is_an_error_when_the_schedule_is_made() {
    let daily = Schedule::new().at("25:00", |_| async {}).unwrap_err();
    assert!(daily.to_string().contains("25:00"), "{daily}");
    let cron = Schedule::new().cron("* * * *", |_| async {}).unwrap_err();
    assert!(cron.to_string().contains("* * * *"), "{cron}");
}
