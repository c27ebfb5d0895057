//! The bot of the demo: an ordinary one, with counting.

use super::report::{Reporter, Step};
use super::tally::{Tally, count};
use super::{BoxError, story};
use pytale::bot::{BotCredentials, Endpoints};
use pytale::console::Sent;
use pytale::console::{State, Status};
use pytale::prelude::*;
use pytale::testing::Sim;
use pytale::ws;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;

/// What the bot listens to on the console.
const EVENTS: [&str; 6] = [
    PlayerJoined::NAME,
    PlayerLeft::NAME,
    PlayerMovedChunk::NAME,
    PlayerStateChanged::NAME,
    PlayerKilled::NAME,
    ObjectKilled::NAME,
];

/// When the main websocket is moved, as part of the whole length; after the server has come back.
const MIGRATE: f64 = 0.65;

/// How long the last events may take to be read, and everything to close.
const AT_THE_END: Duration = Duration::from_secs(3);

/// Runs the bot from login to goodbye; true if all of it happened and nothing was missed.
pub(crate) async fn run(
    sim: &Sim,
    reporter: &Arc<Reporter>,
    length: Duration,
    seed: u64,
) -> Result<bool, BoxError> {
    let bot = log_in(sim, reporter).await?;
    let socket = bot.socket()?.clone();
    let tally = Arc::new(Tally::default());
    let mut tasks = JoinSet::new();

    let everything = socket.subscribe_to_everything().await?;
    tasks.spawn(follow_account(
        everything,
        sim.server(),
        Arc::clone(reporter),
        Arc::clone(&tally),
    ));
    accept_invite(sim, &bot, reporter).await?;

    let mut town = tokio::spawn(story::tell(sim.clone(), length, seed));
    let server = ServerId::new(sim.server().try_into()?);
    let console = bot.open_console(server).await?;
    let watched = watch_console(
        console.clone(),
        server,
        Arc::clone(reporter),
        Arc::clone(&tally),
    );
    tasks.spawn(watched);
    let listening = listen(
        console.clone(),
        server,
        Arc::clone(reporter),
        Arc::clone(&tally),
    );
    tasks.spawn(listening);
    let migrating = migrate(
        socket,
        length.mul_f64(MIGRATE),
        Arc::clone(reporter),
        Arc::clone(&tally),
    );
    tasks.spawn(migrating);

    (&mut town).await??;
    list_players(&console, reporter, &tally).await;
    read_to_the_end(sim, &tally).await;
    let sent = || {
        (
            sim.sent_console_events(sim.server()).total,
            sim.sent_main_events().total,
        )
    };
    let (to_consoles, to_main_sockets) = sent();

    tasks.abort_all();
    tokio::time::timeout(AT_THE_END, bot.close()).await?;
    let summary = tally.summary(to_consoles, to_main_sockets);
    reporter.step(&Step::Done(summary));
    for wanting in tally.wanting() {
        reporter.note(&format!("did not happen: {wanting}"));
    }
    Ok(summary.missed == 0 && tally.wanting().is_empty())
}

async fn log_in(sim: &Sim, reporter: &Reporter) -> Result<Bot, BoxError> {
    let account = sim.bot();
    let endpoints = Endpoints::new(
        sim.token_url().parse()?,
        sim.rest_url().parse()?,
        sim.socket_url().parse()?,
    );
    let bot = Bot::builder()
        .bot(BotCredentials::new(
            account.client_id,
            account.client_secret,
        ))
        .endpoints(endpoints)
        .connect()
        .await?;
    reporter.step(&Step::Authenticated {
        user_id: bot.user_id().map_or(0, UserId::get),
        username: bot.username().unwrap_or_default(),
    });
    reporter.step(&Step::MainSocketReady);
    Ok(bot)
}

async fn accept_invite(sim: &Sim, bot: &Bot, reporter: &Reporter) -> Result<(), BoxError> {
    let mut invites = bot.accept_invites().await?;
    let member = invites.next().await.ok_or("the bot was closed")??;
    let group_id = member.group_id.get();
    reporter.step(&Step::InviteAccepted { group_id });
    // The owner of the town lets the bot use its console.
    sim.set_role(sim.group(), sim.bot().user_id, 2)?;
    Ok(())
}

/// Prints what happens to the account and its group.
async fn follow_account(
    mut events: ws::Subscription<Value>,
    server: u64,
    reporter: Arc<Reporter>,
    tally: Arc<Tally>,
) {
    while let Some(item) = events.next().await {
        match item {
            Ok(event) => {
                count(&tally.main_events);
                reporter.step(&Step::Event {
                    r#type: event.topic.event(),
                    server_id: event.data["id"]
                        .as_i64()
                        .unwrap_or_else(|| server.try_into().unwrap_or(0)),
                    data: &event.data,
                });
            }
            Err(missed) => report_miss(&missed, &reporter, &tally),
        }
    }
}

fn report_miss(missed: &Missed, reporter: &Reporter, tally: &Tally) {
    match tally.miss(missed) {
        Some(seconds) => reporter.step(&Step::Gap { seconds }),
        None => reporter.note(&missed.to_string()),
    }
}

/// Greets who joins, and tells cave explorers how deep they are.
async fn listen(console: Console, server: ServerId, reporter: Arc<Reporter>, tally: Arc<Tally>) {
    let mut events = console.subscribe_to(EVENTS).start();
    while let Some(item) = events.next().await {
        let event = match item {
            Ok(event) => event,
            Err(missed) => {
                report_miss(&missed, &reporter, &tally);
                continue;
            }
        };
        count(&tally.console_events);
        reporter.step(&Step::Event {
            r#type: event.name.as_str(),
            server_id: server.get(),
            data: &event.data,
        });
        match event.name.as_str() {
            PlayerJoined::NAME => {
                if let Ok(joined) = serde_json::from_value::<PlayerJoined>(event.data) {
                    count(&tally.greetings);
                    let greeting =
                        Argument::replacing(format!("Welcome, {}!", joined.user.username), '\'');
                    say(&console, &joined.user, greeting, &reporter, &tally).await;
                }
            }
            PlayerMovedChunk::NAME => {
                if let Ok(moved) = serde_json::from_value::<PlayerMovedChunk>(event.data)
                    && let Some(layer) = moved.new_cave_layer()
                {
                    count(&tally.layers);
                    reporter.note(&format!(
                        "{} is on cave layer {layer}",
                        moved.player.username
                    ));
                }
            }
            _ => {}
        }
    }
}

async fn say(console: &Console, to: &User, text: Argument, reporter: &Reporter, tally: &Tally) {
    let command: Command<()> = player::message(to, text).into();
    let content = command.to_string();
    let result = match console.command(command.returning_reply()).await {
        Ok(reply) => {
            count(&tally.commands);
            reply
                .result()
                .unwrap_or_else(|| json!(reply.result_string()))
        }
        // A player who is greeted while the server goes down cannot be: that is no failure of the bot's.
        Err(error) => {
            json!({"error": error.to_string(), "may_have_run": error.sent() == Some(Sent::MayHaveRun)})
        }
    };
    reporter.step(&Step::Command {
        content: &content,
        result: &result,
    });
}

/// Tells when the console comes and goes.
async fn watch_console(
    console: Console,
    server: ServerId,
    reporter: Arc<Reporter>,
    tally: Arc<Tally>,
) {
    let mut statuses = console.statuses();
    let (mut was_ready, mut lost) = (false, false);
    let server_id = server.get();
    loop {
        let wanted = |status: &Status| status.state.is_connected() != was_ready;
        let Some(status) = statuses.wait_for(wanted).await else {
            return;
        };
        was_ready = status.state.is_connected();
        match status.state {
            State::Ready | State::Stalled if lost => {
                count(&tally.recovered);
                reporter.step(&Step::ConsoleRecovered { server_id });
            }
            State::Ready | State::Stalled => reporter.step(&Step::ConsoleReady { server_id }),
            State::Recovering { because, .. } => {
                lost = true;
                count(&tally.lost);
                let because = &because.to_string();
                reporter.step(&Step::ConsoleLost { server_id, because });
            }
            _ => {}
        }
    }
}

/// Moves the main websocket as if it had grown old.
async fn migrate(socket: ws::Client, after: Duration, reporter: Arc<Reporter>, tally: Arc<Tally>) {
    tokio::time::sleep(after).await;
    match socket.migrate_now().await {
        Ok(()) => {
            tally.migrated.store(true, Ordering::Relaxed);
            reporter.step(&Step::MainSocketMigrated);
        }
        Err(error) => reporter.note(&error.to_string()),
    }
}

/// Shows the players, as a table for people.
async fn list_players(console: &Console, reporter: &Reporter, tally: &Tally) {
    let list = player::list();
    let content = list.to_string();
    let (result, players) = match console.command(list).await {
        Ok(players) => {
            count(&tally.commands);
            tally.listed.store(true, Ordering::Relaxed);
            (json!(players), players)
        }
        Err(error) => {
            count(&tally.failed_commands);
            (json!({"error": error.to_string()}), Vec::new().into())
        }
    };
    reporter.step(&Step::Command {
        content: &content,
        result: &result,
    });
    for User { id, username, .. } in players {
        reporter.note(&format!("{id:>12}  {username}"));
    }
}

/// Waits until what was sent has been read.
async fn read_to_the_end(sim: &Sim, tally: &Tally) {
    let reading = async {
        let _ = sim.flush().await;
        loop {
            let to_consoles = sim.sent_console_events(sim.server()).total;
            if tally.has_all(to_consoles, sim.sent_main_events().total) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // If it is not read by then, it is counted as missed.
    let _ = tokio::time::timeout(AT_THE_END, reading).await;
}
