//! A full run with errors, whose logs and messages contain no secret. In a test program of its own, since a process has one
//! global subscriber.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use alta_bot::commands::player;
use alta_bot::event::PlayerJoined;
use alta_bot::{Bot, BotCredentials, Builder, Endpoints, Password, UserCredentials};
use alta_model::{ServerId, UserId};
use alta_rest::ConsoleOptions;
use alta_sim::{Action, ClientAction, Fault, Hook, HttpReply, Junk, Sim};
use alta_socket::BackoffPolicy;
use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt::Debug;
use std::future::IntoFuture;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Everything that is printed: the log, and the messages of the run.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    fn add(&self, what: &impl Debug) {
        writeln!(self.clone(), "{what:?} {what:#?}").unwrap();
    }

    /// An error in all its forms, with all its sources.
    fn error<E: StdError + 'static>(&self, error: &E) {
        let mut next: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(error) = next {
            writeln!(self.clone(), "{error} {error:?} {error:#?}").unwrap();
            next = error.source();
        }
    }
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(TEST_TIMEOUT, future.into_future())
        .await
        .expect("it takes too long")
}

fn builder(sim: &Sim, shown: &Shown, secret: String, password: Password) -> Builder {
    let shown = shown.clone();
    let endpoints = Endpoints::new(
        sim.token_url().parse().unwrap(),
        sim.rest_url().parse().unwrap(),
        sim.socket_url().parse().unwrap(),
    );
    let soon = BackoffPolicy::new(Duration::from_millis(10), Duration::from_millis(50));
    Bot::builder()
        .bot(BotCredentials::new(sim.bot().client_id, secret))
        .user(UserCredentials::new(sim.user().username, password))
        .endpoints(endpoints)
        .socket_config(alta_ws::Config::default().backoff(soon))
        .console_config(att_console::Config::default().backoff(soon))
        .on_traffic(move |traffic| writeln!(shown.clone(), "{traffic}").unwrap())
}

/// Both logins, REST, the main websocket and a console, with the errors of each.
async fn run(sim: &Sim, shown: &Shown) {
    let plain = || Password::plain(sim.user().password);
    let wrong = builder(sim, shown, "c2VjcmV0LXdyb25n==".to_owned(), plain());
    shown.add(&wrong);
    shown.error(&within(wrong.connect()).await.unwrap_err());

    let right = builder(sim, shown, sim.bot().client_secret, plain());
    let bot = within(right.connect()).await.unwrap();
    shown.add(&bot);
    shown.add(bot.rest());
    let server = ServerId::new(sim.server().try_into().unwrap());
    rest(sim, &bot, server, shown).await;

    let mut invites = within(bot.accept_invites()).await.unwrap();
    let group = sim.add_group("Hollowmere");
    sim.invite_bot(group).unwrap();
    shown.add(&within(invites.next()).await);
    sim.drop_main_sockets();
    let group = sim.add_group("Larchfield");
    sim.invite_bot(group).unwrap();
    shown.add(&within(invites.next()).await);

    let console = within(bot.open_console(server).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    shown.add(&console);
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let ashwick = sim.player_joins(sim.server(), "Ashwick").unwrap();
    shown.add(&within(joins.next()).await);
    let user = UserId::new(ashwick.try_into().unwrap());
    within(console.command(player::message(user, "Welcome")))
        .await
        .unwrap();
    let nobody = console.command(player::message(UserId::new(1), "Welcome"));
    shown.error(&within(nobody).await.unwrap_err());
    // A server that repeats the token in other places, and one that sends malformed frames.
    let token = sim.console_token(sim.server());
    let junk = Junk::Text(format!("{{\"token\": \"{token}\", \"type\":"));
    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, Action::Before(junk)));
    let _ = within(console.command(player::message(user, "Again"))).await;
    sim.drop_consoles(sim.server());
    within(sim.wait_for_consoles(sim.server(), 0))
        .await
        .unwrap();
    shown.add(&within(joins.next()).await);
    within(console.ready()).await.unwrap();
    shown.add(&console.status());
    within(bot.close()).await;

    let unknown = builder(
        sim,
        shown,
        sim.bot().client_secret,
        Password::plain("wrong-evening"),
    );
    if let Ok(bot) = within(unknown.connect()).await {
        let search = within(bot.request_search_username("Ashwick")).await;
        shown.error(&search.unwrap_err());
        within(bot.close()).await;
    }
}

async fn rest(sim: &Sim, bot: &Bot, server: ServerId, shown: &Shown) {
    shown.add(&within(bot.request_current_groups()).await.unwrap());
    shown.add(&within(bot.request_search_username(&sim.user().username)).await);
    // Both are renewed.
    sim.expire_tokens();
    shown.add(&within(bot.request_current_groups()).await.unwrap());
    shown.add(&within(bot.request_search_username(&sim.user().username)).await);

    // Replies that repeat tokens, in pages and in fields.
    let given = sim.console_token(sim.server());
    for token in [sim.bot_token(), sim.user_token(), given] {
        for (status, body) in [
            (
                200,
                format!("{{\"server_id\": {{}}, \"token\": \"{token}\"}}"),
            ),
            (200, format!("{{\"server_id\": \"{token}\"}}")),
            (500, format!("<html>Bearer {token}</html>")),
            (403, format!("{{\"message\": \"not with {token}\"}}")),
        ] {
            let reply = HttpReply::status(status).body("text/html", &body);
            let fault = Fault::new(Hook::Http, Action::Reply(reply)).containing("/console");
            sim.faults().arm(fault);
            let servers = bot.rest().servers();
            let refused = within(servers.console(server, ConsoleOptions::default())).await;
            shown.error(&refused.unwrap_err());
        }
    }
    let access = bot.rest().servers();
    let access = within(access.console(server, ConsoleOptions::default())).await;
    shown.add(&access.unwrap());
}

/// The secrets that were sent, and the two passwords.
fn secrets(sim: &Sim) -> BTreeSet<String> {
    let mut secrets: BTreeSet<String> = [
        sim.bot().client_secret,
        sim.user().password,
        Password::plain(sim.user().password)
            .expose_hash()
            .to_owned(),
        "c2VjcmV0LXdyb25n".to_owned(),
        "wrong-evening".to_owned(),
        Password::plain("wrong-evening").expose_hash().to_owned(),
    ]
    .into();
    for entry in sim.received() {
        match entry.action {
            ClientAction::Request(request) => {
                let header = request.header("authorization").unwrap_or_default();
                secrets.extend(header.split(' ').next_back().map(str::to_owned));
                // The secret in its form encoding.
                let text = request.body_text();
                let form = text
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("client_secret="));
                secrets.extend(form.map(str::to_owned));
            }
            ClientAction::Opened(headers) | ClientAction::Refused(_, headers) => {
                let headers = headers.iter().filter(|(name, _)| name == "authorization");
                secrets.extend(
                    headers
                        .filter_map(|(_, value)| value.split(' ').next_back().map(str::to_owned)),
                );
            }
            ClientAction::Token(token) => {
                secrets.insert(token);
            }
            _ => {}
        }
    }
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

#[test]
fn a_full_run_logs_and_shows_no_secret_at_trace_nor_its_dependencies_at_debug() {
    let shown = Shown::default();
    let writer = shown.clone();
    let ours = [
        "model", "http", "socket", "auth", "rest", "ws", "bot", "sim",
    ]
    .map(|name| format!("alta_{name}=trace"))
    .join(",");
    tracing_subscriber::fmt()
        .with_env_filter(format!(
            "debug,att_console=trace,att_kit=trace,pytale=trace,{ours}"
        ))
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let secrets = runtime.block_on(async {
        let sim = Sim::builder().start().await.unwrap();
        run(&sim, &shown).await;
        secrets(&sim)
    });

    let text = String::from_utf8(shown.0.lock().unwrap().clone()).unwrap();
    for target in [
        "alta_http",
        "alta_auth",
        "alta_rest",
        "alta_ws",
        "att_console",
        "hyper",
    ] {
        assert!(text.contains(target), "nothing of {target} was logged");
    }
    // Both secrets in both forms, at least two tokens of each account and the console's.
    assert!(
        secrets.len() >= 11,
        "only {} secrets were used",
        secrets.len()
    );
    for secret in &secrets {
        let line = text.lines().find(|line| line.contains(secret.as_str()));
        let hidden = line.map(|line| line.replace(secret.as_str(), "(the secret)"));
        assert_eq!(hidden, None, "shows a secret");
    }
    assert!(!text.contains("eyJ"), "something like a token is shown");
}
