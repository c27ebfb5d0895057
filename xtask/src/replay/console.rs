//! The console client against a fixture.

use std::{pin::Pin, time::Duration};

use alta_model::Timestamp;
use att_console::{
    BackoffPolicy, Closed, Config, Console, ConsoleAccess, ErrorKind, Missed, Subscription,
};
use futures_util::{Stream, StreamExt as _};
use serde_json::{Value, json};

use super::{
    PATIENCE, Play, Problems,
    console_typed::{self, Got},
    script::{Script, Side, Step},
    server::{Around, IdFields, Server},
    within,
};
use crate::Error;

const IDS: IdFields = IdFields {
    client: "id",
    server: "commandId",
};

/// The token where a fixture has none.
const TOKEN: &str = "<console token>";

/// How long the client waits for a server that, as in the fixture, does not answer the token.
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
    let login_timeout = if is_silent { SILENCE } else { PATIENCE };
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

/// Nothing happens twice, and nothing takes long.
fn config() -> Config {
    let short = Duration::from_millis(10);
    Config::default()
        .backoff(BackoffPolicy::new(short, short))
        .silent_logins(1)
        .ask_again(Vec::new())
}

fn is_token(step: &Step) -> bool {
    step.from == Side::Client && step.json().is_null()
}

/// A login and subscriptions, as the fixtures of them have it, and a yes to anything else.
const AROUND: Around = |text| {
    let Ok(request) = serde_json::from_str::<Value>(text) else {
        return (text == TOKEN).then(|| {
            r#"{"type":"SystemMessage","timeStamp":"2023-07-01T18:23:32.709941Z","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 1100000001 - Example_Bot"}"#.to_owned()
        });
    };
    let answer = json!({
        "type": "CommandResult", "timeStamp": "2023-07-02T03:04:55.727087Z",
        "data": {"Result": "Success", "ResultString": "Success"}, "commandId": request["id"],
    });
    Some(answer.to_string())
};

struct Player<'a> {
    script: &'a Script,
    play: Play,
    problems: &'a Problems,
    server: &'a Server,
    console: &'a Console,
    streams: Vec<Named>,
}

/// A stream, and the event whose stream it is; none if it is one of all.
pub(super) type Named = (Option<String>, Events);

/// Events with what is wrong with each.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<Heard, Missed>> + Send>>;

/// An event as a stream handed it out.
pub(super) struct Heard {
    pub(super) name: String,
    pub(super) raw: String,
    pub(super) timestamp: Option<Timestamp>,
    /// Whether its data is what the fixture's data says.
    pub(super) is_same: bool,
}

impl Player<'_> {
    async fn play(mut self, logs_in: bool) -> Result<(), Error> {
        if logs_in {
            // All that is asked for is asked for at once: it is the client's to wait for the login.
            let (is_let_in, streams) = tokio::try_join!(self.is_let_in(), self.ask())?;
            if !is_let_in {
                return Ok(());
            }
            self.streams = streams;
        } else {
            // The fixture begins when its events are subscribed to.
            self.is_let_in().await?;
            self.streams = self.subscribe_beforehand().await?;
            self.server.begin();
            let streams = self.ask().await?;
            self.streams.extend(streams);
        }
        self.server.played(self.script.steps.len()).await?;
        self.listen().await?;
        // When this is answered, all that came before has been dealt with.
        within(
            "a last command",
            self.console.command("player list").into_future(),
        )
        .await??;
        self.count();
        Ok(())
    }

    /// Whether the server lets the client in; if it is not to, the error is compared.
    async fn is_let_in(&self) -> Result<bool, Error> {
        let refused = match self.script.name.as_str() {
            "console/auth-refused" => Some(Closed::Refused("Invalid Token".to_owned())),
            "console/auth-wrong-token-silence" => Some(Closed::NoAnswerToToken { attempts: 1 }),
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
            // One stream of all, which keeps their order.
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

    /// Does what the fixture's client did, one frame after the other, and compares how each ended.
    async fn ask(&self) -> Result<Vec<Named>, Error> {
        let mut asked = Vec::new();
        for (at, step) in self.script.of_side(Side::Client) {
            if is_token(step) || step.expected().is_none() {
                continue;
            }
            let frame = step.json();
            let line = frame["content"].as_str().unwrap_or_default();
            let answer = self.answer_to(&frame);
            let asking = console_typed::ask(self.console.clone(), self.play, line, answer);
            asked.push((step, tokio::spawn(asking)));
            self.server.played(at + 1).await?;
        }
        let mut streams = Vec::new();
        for (step, asking) in asked {
            let what = format!("the answer to {}", step.label());
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

    /// The fixture's first answer to a command.
    fn answer_to(&self, command: &Value) -> Value {
        self.script
            .of_side(Side::Server)
            .map(|(_, step)| step.json())
            .find(|frame| frame["commandId"] == command["id"])
            .unwrap_or_default()
    }

    /// Compares the events that the streams have with the fixture's.
    async fn listen(&mut self) -> Result<(), Error> {
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
                let heard = within(&label, stream.next()).await?;
                let heard = heard
                    .ok_or("the stream ended")?
                    .map_err(|missed| format!("{label}: {missed}"))?;
                let timestamp = recorded["timeStamp"]
                    .as_str()
                    .and_then(|time| time.parse().ok());
                self.problems.same(&label, &heard.raw, &step.text);
                self.problems
                    .same(&label, &json!(heard.name), &recorded["eventType"]);
                self.problems.same(&label, &heard.timestamp, &timestamp);
                if !heard.is_same {
                    self.problems
                        .add(format!("{label}: its data became another"));
                }
            }
        }
        Ok(())
    }

    /// Whatever came was understood, and came over one connection.
    fn count(&self) {
        let (late, notices) = match self.script.name.as_str() {
            "console/double-answers" => (1, 1),
            _ => (0, 0),
        };
        let totals = self.console.status().totals;
        let events = self.script.of_side(Side::Server);
        let events = events.filter(|(_, step)| console_typed::is_event(&step.json()));
        for (what, got, recorded) in [
            ("events", totals.events, events.count() as u64),
            ("events that nobody wanted", totals.unclaimed, 0),
            ("late answers", totals.late_answers, late),
            ("strange answers", totals.strange_answers, 0),
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
        ("console/late-answers-after-load", Some(0)) => ErrorKind::CommandNotFound {
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

/// A stream of events as JSON.
pub(super) fn raw_events(stream: Subscription<Value>) -> Events {
    Box::pin(stream.map(|item| item.map(|event| heard(&event, Value::clone))))
}

/// Looks at an event: its data is to be what `read` makes of the fixture's data.
pub(super) fn heard<T: PartialEq>(
    event: &att_console::Event<T>,
    read: impl Fn(&Value) -> T,
) -> Heard {
    let raw = event.raw().as_str().to_owned();
    let frame: Value = serde_json::from_str(&raw).unwrap_or_default();
    Heard {
        is_same: read(&frame["data"]) == event.data,
        name: event.name.to_string(),
        timestamp: event.timestamp(),
        raw,
    }
}
