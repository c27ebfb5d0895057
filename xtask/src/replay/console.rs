//! Plays a fixture to the console client.

use super::console_typed::{self, Got, Named, raw_events};
use super::play::{Play, TIMEOUT, within};
use super::problems::Problems;
use super::script::{Script, Step};
use super::server::{Around, IdFields, Server};
use super::side::Side;
use crate::Error;
use att_console::{BackoffPolicy, Closed, Config, Console, ConsoleAccess, ErrorKind};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::time::Duration;

const IDS: IdFields = IdFields {
    client: "id",
    server: "commandId",
};

/// The token for fixtures without one.
const TOKEN: &str = "<console token>";

/// The timeout of the client for a server that does not reply to the token, as in some fixtures.
const SILENCE: Duration = Duration::from_millis(50);

/// Plays a fixture to a console.
pub(super) async fn play(script: &Script, play: Play, problems: &Problems) -> Result<(), Error> {
    let server = Server::start(script, IDS, AROUND, problems).await?;
    let login = script.steps.first().filter(|step| is_token(step));
    let token = login.map_or(TOKEN, |step| step.text.as_str());
    if login.is_some() {
        server.begin();
    }
    let access = ConsoleAccess::new(server.url.parse()?, token.to_owned());
    let is_silent = script.of_side(Side::Server).next().is_none();
    let login_timeout = if is_silent { SILENCE } else { TIMEOUT };
    let console = Console::open_with(access, config().login_timeout(login_timeout));
    let played = Player {
        script,
        play,
        problems,
        server: &server,
        console: &console,
        streams: Vec::new(),
    }
    .play(login.is_some())
    .await;
    let closed = within("closing the console", console.close()).await;
    played.and(closed)
}

/// No retries, and short timeouts.
fn config() -> Config {
    let short = Duration::from_millis(10);
    Config::default()
        .backoff(BackoffPolicy::new(short, short))
        .max_silent_logins(1)
        .resubscribe_after(Vec::new())
}

fn is_token(step: &Step) -> bool {
    step.from == Side::Client && step.json().is_null()
}

/// Replies to the login and to subscriptions as their fixtures do, and with success to everything else.
const AROUND: Around = |text| {
    let Ok(request) = serde_json::from_str::<Value>(text) else {
        return (text == TOKEN).then(|| {
            r#"{"type":"SystemMessage","timeStamp":"2023-07-01T18:23:32.709941Z","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 1100000001 - Example_Bot"}"#.to_owned()
        });
    };
    let reply = json!({
        "type": "CommandResult", "timeStamp": "2023-07-02T03:04:55.727087Z",
        "data": {"Result": "Success", "ResultString": "Success"}, "commandId": request["id"],
    });
    Some(reply.to_string())
};

struct Player<'a> {
    script: &'a Script,
    play: Play,
    problems: &'a Problems,
    server: &'a Server,
    console: &'a Console,
    streams: Vec<Named>,
}

impl Player<'_> {
    async fn play(mut self, logs_in: bool) -> Result<(), Error> {
        if logs_in {
            // All subscriptions are requested at once: the client has to wait for the login.
            let (is_let_in, streams) = tokio::try_join!(self.is_let_in(), self.ask())?;
            if !is_let_in {
                return Ok(());
            }
            self.streams = streams;
        } else {
            // The fixture begins once its events are subscribed to.
            self.is_let_in().await?;
            self.streams = self.subscribe_beforehand().await?;
            self.server.begin();
            let streams = self.ask().await?;
            self.streams.extend(streams);
        }
        self.server.played(self.script.steps.len()).await?;
        self.compare_events().await?;
        // The reply to this proves that all earlier frames have been handled.
        within(
            "a last command",
            self.console.command("player list").into_future(),
        )
        .await??;
        self.count();
        Ok(())
    }

    /// `true` if the server accepts the client; if it must not, the error is compared.
    async fn is_let_in(&self) -> Result<bool, Error> {
        let refused = match self.script.name.as_str() {
            "console/auth-refused" => Some(Closed::Refused("Invalid Token".to_owned())),
            "console/auth-wrong-token-silence" => Some(Closed::NoReplyToToken { attempts: 1 }),
            _ => None,
        };
        let ready = within("the login", self.console.ready()).await?;
        let kind = ready.err().map(|error| error.kind().clone());
        let because = |because| ErrorKind::Closed { because };
        self.problems
            .same("the login", &kind, &refused.clone().map(because));
        Ok(kind.is_none())
    }

    async fn subscribe_beforehand(&self) -> Result<Vec<Named>, Error> {
        let names = console_typed::event_names(self.script);
        let mut streams = Vec::new();
        if names.is_empty() {
            return Ok(streams);
        }
        if self.play == Play::Raw {
            // One stream for all events keeps their order.
            let subscribing = self.console.subscribe_to(names).into_future();
            let stream = within("subscribing", subscribing).await??;
            streams.push((None, raw_events(stream)));
            return Ok(streams);
        }
        for name in names {
            let subscribing = console_typed::subscribe(self.console, &name);
            let stream = within("subscribing", subscribing).await??;
            streams.push((Some(name), stream));
        }
        Ok(streams)
    }

    /// Repeats the requests of the fixture's client, one after the other, and compares their results.
    async fn ask(&self) -> Result<Vec<Named>, Error> {
        let mut asked = Vec::new();
        for (at, step) in self.script.of_side(Side::Client) {
            if is_token(step) || step.expected().is_none() {
                continue;
            }
            let frame = step.json();
            let line = frame["content"].as_str().unwrap_or_default();
            let reply = self.reply_to(&frame);
            let asking = console_typed::ask(self.console.clone(), self.play, line, reply);
            asked.push((step, tokio::spawn(asking)));
            self.server.played(at + 1).await?;
        }
        let mut streams = Vec::new();
        for (step, asking) in asked {
            let what = format!("the reply to {}", step.label());
            let (got, kind) = match within(&what, asking).await?? {
                Ok(got) => (got, None),
                Err(kind) => (Got::default(), Some(kind)),
            };
            streams.extend(got.events);
            if let Some(problem) = got.problem {
                self.problems.add(format!("{what}: {problem}"));
            }
            let expected = expected_error(&self.script.name, step);
            self.problems.same(&what, &kind, &expected);
        }
        Ok(streams)
    }

    /// The fixture's first reply to a command.
    fn reply_to(&self, command: &Value) -> Value {
        self.script
            .of_side(Side::Server)
            .map(|(_, step)| step.json())
            .find(|frame| frame["commandId"] == command["id"])
            .unwrap_or_default()
    }

    /// Compares the events of the streams with the fixture's.
    async fn compare_events(&mut self) -> Result<(), Error> {
        for (name, stream) in &mut self.streams {
            for (_, step) in self.script.of_side(Side::Server) {
                let recorded = step.json();
                if !console_typed::is_event(&recorded)
                    || name
                        .as_ref()
                        .is_some_and(|name| recorded["eventType"] != *name)
                {
                    continue;
                }
                let label = step.label();
                let received = within(&label, stream.next()).await?;
                let received = received
                    .ok_or("the stream ended")?
                    .map_err(|missed| format!("{label}: {missed}"))?;
                let timestamp = recorded["timeStamp"]
                    .as_str()
                    .and_then(|time| time.parse().ok());
                self.problems.same(&label, &received.raw, &step.text);
                self.problems
                    .same(&label, &json!(received.name), &recorded["eventType"]);
                self.problems.same(&label, &received.timestamp, &timestamp);
                if !received.is_same {
                    self.problems.add(format!("{label}: its data changed"));
                }
            }
        }
        Ok(())
    }

    /// Checks that every frame was decoded and arrived on one connection.
    fn count(&self) {
        let (late, notices) = match self.script.name.as_str() {
            "console/double-replies" => (1, 1),
            _ => (0, 0),
        };
        let totals = self.console.status().totals;
        let events = self.script.of_side(Side::Server);
        let events = events.filter(|(_, step)| console_typed::is_event(&step.json()));
        for (what, got, recorded) in [
            ("events", totals.events, events.count() as u64),
            ("events without a stream", totals.unclaimed, 0),
            ("late replies", totals.late_replies, late),
            ("unknown replies", totals.unknown_replies, 0),
            ("notices", totals.notices, notices),
            ("malformed frames", totals.malformed, 0),
            ("connections", totals.connects, 1),
        ] {
            self.problems.same(what, &got, &recorded);
        }
    }
}

/// The errors that the fixtures show.
fn expected_error(recording: &str, command: &Step) -> Option<ErrorKind> {
    let suggestions = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Some(match (recording, command.index) {
        ("console/command-not-found", _) => ErrorKind::CommandNotFound {
            suggestions: suggestions(&["player list"]),
        },
        ("console/late-replies-after-load", Some(0)) => ErrorKind::CommandNotFound {
            suggestions: suggestions(&[]),
        },
        ("console/subscribe-not-found", _) => ErrorKind::EventNotFound {
            suggestions: suggestions(&[]),
        },
        ("console/result-string-exception", _) => ErrorKind::Server {
            class: "System.NullReferenceException".to_owned(),
            message: "Object reference not set to an instance of an object".to_owned(),
        },
        _ => return None,
    })
}
