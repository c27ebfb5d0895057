//! The bot of the demo: an ordinary bot with counters.

use super::report::{Reporter, Step};
use super::tally::{Tally, count};
use super::{BoxError, story};
use pytale::bot::{BotCredentials, Endpoints};
use pytale::console::{Sent, State, Status};
use pytale::prelude::*;
use pytale::testing::Sim;
use pytale::ws;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;

/// The console events of the bot.
const EVENTS: [&str; 6] = [
    PlayerJoined::NAME,
    PlayerLeft::NAME,
    PlayerMovedChunk::NAME,
    PlayerStateChanged::NAME,
    PlayerKilled::NAME,
    ObjectKilled::NAME,
];

/// The time of the migration, as a fraction of the duration; it is after the server's restart.
const MIGRATE: f64 = 0.65;

/// The timeout of reading the last events, and of closing the bot.
const END_TIMEOUT: Duration = Duration::from_secs(3);

/// Runs the bot from login to close. Returns whether every step happened and no event was missed.
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

    let mut town = tokio::spawn(story::run(sim.clone(), length, seed));
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
    tokio::time::timeout(END_TIMEOUT, bot.close()).await?;
    let summary = tally.summary(to_consoles, to_main_sockets);
    reporter.step(&Step::Done(summary));
    for step in tally.missing_steps() {
        reporter.note(&format!("did not happen: {step}"));
    }
    Ok(summary.missed == 0 && tally.missing_steps().is_empty())
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
    // The role of a moderator permits the use of the console.
    sim.set_role(sim.group(), sim.bot().user_id, 2)?;
    Ok(())
}

/// Reports the events of the account and its group.
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

/// Greets players who join, and reports the cave layer of players who enter one.
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
        // A greeting fails if the server stops meanwhile; the bot continues.
        Err(error) => {
            json!({"error": error.to_string(), "may_have_run": error.sent() == Some(Sent::MayHaveRun)})
        }
    };
    reporter.step(&Step::Command {
        content: &content,
        result: &result,
    });
}

/// Reports when the console is lost and recovered.
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

/// Migrates the main websocket, as if it had reached its age limit.
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

/// Reports the players.
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

/// Waits until the bot has read all events that were sent.
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
    // Events that are not read in time count as missed.
    let _ = tokio::time::timeout(END_TIMEOUT, reading).await;
}
