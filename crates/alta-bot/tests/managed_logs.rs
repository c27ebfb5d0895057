//! The log lines of a managed bot. In a test program of its own, since a process has one global subscriber.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "managed/support.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

use alta_bot::event::PlayerJoined;
use alta_bot::{Handlers, Invites, Rules};
use alta_sim::Sim;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use support::*;
use tracing::{Level, Subscriber};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// A log, and the subscriber that writes the lines of this level and above to it.
    fn at(level: Level) -> (Self, impl Subscriber + Send + Sync) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn logs_say_which_bot_group_and_server_and_nothing_secret() {
    let (log, subscriber) = Log::at(Level::DEBUG);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let sim = runtime.block_on(play());
    let log = log.text();
    let line = |what: &str| {
        let mut lines = log.lines();
        lines
            .find(|line| line.contains(what))
            .unwrap_or_else(|| panic!("nothing says {what}:\n{log}"))
    };
    let bot = format!("bot{{user={} name=\"{}\"}}", sim.0, sim.1);
    let console = format!(
        "{bot}:console{{group={} server={} name=\"Thornwood\"}}",
        sim.2, sim.3
    );
    let command = format!("{console}:command{{console=Thornwood server={}", sim.3);
    for (what, level, span) in [
        ("said by a handler", " INFO ", &console),
        ("a console session begins", " INFO ", &console),
        ("a handler failed", " WARN ", &console),
        ("a server is online", " INFO ", &bot),
        ("command=\"player list\" id=", " DEBUG ", &command),
        (
            "a console is not opened: the bot's role doesn't permit it",
            " INFO ",
            &bot,
        ),
    ] {
        let line = line(what);
        assert!(
            line.contains(level) && line.contains(span.as_str()),
            "{line}"
        );
    }
    assert!(line("a handler failed").contains("handler=\"on\" event=\"PlayerJoined\""));
    assert!(!log.contains(&sim.4), "the client secret");
    assert!(!log.contains("eyJ"), "a token");
}

/// The ids and names of the bot, the group and the server, and the secret.
async fn play() -> (u64, String, u64, u64, String) {
    let sim = Sim::builder().start().await.unwrap();
    // A member may not use consoles.
    let other = sim.add_group("Hollowmere");
    sim.admit_bot(other, 1).unwrap();
    sim.start_server(sim.add_server(other, "Hollow").unwrap())
        .unwrap();
    let online = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&online);
    let bot = managed(&sim)
        .handlers(Handlers::new().on::<PlayerJoined>(|console, _| async move {
            tracing::info!("said by a handler");
            console.command("player list").await.unwrap();
            Err(std::io::Error::other("by a test"))
        }))
        .on_server_online(move |_, _| {
            seen.fetch_add(1, Ordering::Relaxed);
            std::future::ready(())
        });
    let bot = start(bot).await;
    sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    until("it failed", || bot.health().totals.failures == 1).await;
    until("both servers are announced", || {
        online.load(Ordering::Relaxed) == 2
    })
    .await;
    within(bot.shutdown(TEST_TIMEOUT)).await;
    let account = sim.bot();
    (
        account.user_id,
        account.username,
        sim.group(),
        sim.server(),
        account.client_secret,
    )
}

/// The warnings of a bot with these rules, after its invitations were listed.
async fn warnings(sim: &Sim, rules: Rules) -> String {
    let (log, subscriber) = Log::at(Level::WARN);
    let _log = tracing::subscriber::set_default(subscriber);
    let (notes, mut noted) = notes();
    let bot = managed(sim).rules(rules).on_invite(move |_, invitation| {
        let notes = notes.clone();
        async move { notes.note(&invitation.group.name) }
    });
    let bot = start(bot).await;
    noted.next().await;
    within(bot.shutdown(TEST_TIMEOUT)).await;
    log.text()
}

#[tokio::test]
async fn a_group_in_the_rules_that_the_bot_does_not_belong_to_is_a_warning_with_its_id() {
    let sim = Sim::builder().start().await.unwrap();
    let invited = sim.add_group("Hollowmere");
    sim.invite_bot(invited).unwrap();
    let log = warnings(&sim, Rules::default().only([group_id(987_654)])).await;
    let stranger = "the rules name a group that the bot does not belong to group=987654";
    assert!(log.contains(stranger), "{log}");
    let log = warnings(&sim, Rules::default().only([group_id(invited)])).await;
    assert!(
        log.contains(&format!("group={invited} is_invited=true")),
        "{log}"
    );
    let log = warnings(&sim, Rules::default().only([group_id(sim.server())])).await;
    assert!(log.contains("the id of a server"), "{log}");
    assert!(log.contains(&format!("group={}", sim.server())), "{log}");

    let limited = Rules::default().only([group(&sim)]).invites(Invites::All);
    let log = warnings(&sim, limited).await;
    assert!(
        log.contains("only invitations to the groups that the rules allow"),
        "{log}"
    );
    let allowed = [group(&sim), group_id(invited)];
    let fine = Rules::default()
        .only(allowed)
        .invites(Invites::listed(allowed));
    assert_eq!(warnings(&sim, fine).await, "");
}

#[tokio::test]
async fn a_handler_that_is_dropped_with_its_session_is_logged() {
    let (log, subscriber) = Log::at(Level::INFO);
    let _log = tracing::subscriber::set_default(subscriber);
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim).handlers(
        Handlers::new()
            .on_session(move |_| {
                let notes = notes.clone();
                async move {
                    notes.note("begins");
                    std::future::pending::<()>().await;
                }
            })
            .on_session(|_| std::future::ready(())),
    );
    let _bot = start(bot).await;
    noted.next_are(&["begins"]).await;
    sim.drop_consoles(sim.server());
    noted.next_are(&["begins"]).await;
    let log = log.text();
    let dropped = "on_session handlers are canceled where they wait, with their session handlers=1";
    let lines: Vec<_> = log.lines().filter(|line| line.contains(dropped)).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("name=\"Thornwood\""), "{log}");
}

#[tokio::test]
async fn changed_rules_cause_the_same_warnings_as_those_at_the_start() {
    let (log, subscriber) = Log::at(Level::WARN);
    let _log = tracing::subscriber::set_default(subscriber);
    let sim = Sim::builder().start().await.unwrap();
    let bot = start(managed(&sim)).await;
    let log = || log.text();
    assert_eq!(log(), "");
    bot.change_rules(|rules| {
        rules.allowed = Some([group_id(987_654)].into());
        rules.invites = Invites::listed([group_id(1)]);
    });
    until("both warnings", || {
        log().contains("group=987654") && log().contains("group 1 is listed but not allowed")
    })
    .await;
}
