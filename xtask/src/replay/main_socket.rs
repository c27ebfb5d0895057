//! Plays a fixture to the client of the main websocket.

use super::main_socket_typed::{self, Events};
use super::play::{Play, within};
use super::problems::Problems;
use super::script::{Script, Step};
use super::server::{Around, IdFields, Server};
use super::side::Side;
use crate::Error;
use alta_auth::StaticToken;
use alta_ws::{BackoffPolicy, Client, Config, ErrorKind, State};
use http::Method;
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;

const IDS: IdFields = IdFields {
    client: "id",
    server: "id",
};

/// The fixtures' token.
const TOKEN: &str = "<bot access token>";

/// Plays a fixture to the client.
pub(super) async fn play(script: &Script, play: Play, problems: &Problems) -> Result<(), Error> {
    let server = Server::start(script, IDS, AROUND, problems).await?;
    let client = Client::open_with(StaticToken::new(TOKEN), config().url(server.url.parse()?))?;
    let played = Player {
        script,
        play,
        problems,
        server: &server,
        client: &client,
        has_failed: Cell::new(false),
    }
    .play()
    .await;
    let closed = within("closing the client", client.close()).await;
    played.and(closed)
}

/// Short timeouts.
fn config() -> Config {
    let short = Duration::from_millis(10);
    Config::default()
        .backoff(BackoffPolicy::new(short, short))
        .linger(short)
        .handover(short)
        .batch(true)
}

/// Replies with success to every request outside the fixture.
const AROUND: Around = |text| {
    let request: Value = serde_json::from_str(text).ok()?;
    let (method, path) = (request["method"].as_str()?, request["path"].as_str()?);
    let reply = json!({
        "id": request["id"], "event": "response", "key": format!("{method} /ws/{path}"), "content": "", "responseCode": 200,
    });
    Some(reply.to_string())
};

struct Player<'a> {
    script: &'a Script,
    play: Play,
    problems: &'a Problems,
    server: &'a Server,
    client: &'a Client,
    /// `true` if a request has failed.
    has_failed: Cell<bool>,
}

/// A topic as its event and key.
type Topic = (String, String);

impl Player<'_> {
    async fn play(self) -> Result<(), Error> {
        // Subscriptions that are wanted before the connection are requested together.
        if self.script.name != "main-ws/batch-subscribe-failures" {
            within("connecting", self.client.ready()).await??;
        }
        // Topics that only have events, or an unsubscribe request, were subscribed to before the fixture began.
        let mut streams = Vec::new();
        for topic in self.topics_of_events() {
            streams.push((topic.clone(), self.subscribe(&topic).await?));
        }
        let mut to_drop = Vec::new();
        for topic in self.topics_of("DELETE") {
            to_drop.push((topic.clone(), self.subscribe(&topic).await?));
        }
        self.server.begin();
        self.ask(&mut to_drop).await?;
        self.server.played(self.script.steps.len()).await?;
        self.compare_events(&mut streams).await?;
        self.barrier().await?;
        // A topic that was unsubscribed from can be subscribed to again.
        for topic in self.topics_of("DELETE") {
            drop(self.subscribe(&topic).await?);
        }
        self.count();
        Ok(())
    }

    /// The reply to this proves that all earlier frames have been handled.
    async fn barrier(&self) -> Result<(), Error> {
        let request = self.client.request(Method::GET, "after-all", None);
        within("a last request", request).await??;
        Ok(())
    }

    async fn subscribe(&self, topic: &Topic) -> Result<Events, Error> {
        let subscribing = main_socket_typed::subscribe(self.client, self.play, topic)?;
        Ok(within("subscribing", subscribing).await??)
    }

    fn topics_of_events(&self) -> Vec<Topic> {
        let frames = self.script.of_side(Side::Server);
        let mut topics: Vec<Topic> = frames
            .filter_map(|(_, step)| topic_of_event(&step.json()))
            .collect();
        topics.dedup();
        topics
    }

    fn topics_of(&self, method: &str) -> Vec<Topic> {
        self.script
            .of_side(Side::Client)
            .map(|(_, step)| step.json())
            .filter(|frame| frame["method"] == method)
            .filter_map(|frame| topic_of_path(frame["path"].as_str()?))
            .collect()
    }

    /// Repeats the requests of the fixture's client, one after the other, and compares their results.
    async fn ask(&self, to_drop: &mut Vec<(Topic, Events)>) -> Result<(), Error> {
        for (at, step) in self.script.of_side(Side::Client) {
            if step.expected().is_none() {
                continue;
            }
            let frame = step.json();
            let text = |field: &str| frame[field].as_str().unwrap_or_default();
            let (method, path) = (text("method"), text("path"));
            let what = step.label();
            match (method, topic_of_path(path), path) {
                ("POST", Some(topic), _) => {
                    let subscribing = main_socket_typed::subscribe(self.client, self.play, &topic)?;
                    let result = within(&what, subscribing).await?;
                    self.ended(step, result.err().as_ref());
                }
                ("DELETE", Some(topic), _) => to_drop.retain(|(other, _)| *other != topic),
                ("GET", None, "migrate") => {
                    let result = within(&what, self.client.migrate_now()).await?;
                    self.ended(step, result.err().as_ref());
                }
                // The other half of the migration.
                ("POST", None, "migrate") => {}
                ("POST", None, "subscription/batch") => self.batch(step, &frame).await?,
                _ => self.request(step, &frame).await?,
            }
            self.server.played(at + 1).await?;
        }
        Ok(())
    }

    /// Subscribes to many topics at once. Only those that failed in the fixture's reply are requested again.
    async fn batch(&self, step: &Step, frame: &Value) -> Result<(), Error> {
        let mut topics = Vec::new();
        for of in frame["content"].as_array().into_iter().flatten() {
            for key in of["keys"].as_array().into_iter().flatten() {
                let (event, key) = (of["event"].as_str(), key.as_str());
                topics.push(alta_ws::Topic::new(
                    event.unwrap_or_default(),
                    key.unwrap_or_default(),
                )?);
            }
        }
        let before = self.server.granted().len();
        let subscribing = self.client.subscribe(topics).into_future();
        let result = within(&step.label(), subscribing).await?;
        self.ended(step, result.as_ref().err());
        let again: Vec<Value> = self.server.granted()[before..]
            .iter()
            .filter_map(|text| serde_json::from_str::<Value>(text).ok())
            .filter_map(|request| {
                Some(
                    request["path"]
                        .as_str()?
                        .strip_prefix("subscription/")?
                        .into(),
                )
            })
            .collect();
        let reply: Value =
            serde_json::from_str(self.reply_to(frame)["content"].as_str().unwrap_or_default())?;
        self.problems.same(
            "the topics that are requested again",
            &Value::from(again),
            &reply["failures"],
        );
        Ok(())
    }

    /// Sends a raw request; its reply must be the fixture's.
    async fn request(&self, step: &Step, frame: &Value) -> Result<(), Error> {
        let method: Method = frame["method"].as_str().unwrap_or_default().parse()?;
        let content = Some(&frame["content"]).filter(|content| !content.is_null());
        let content = content.map(Value::to_string);
        let path = frame["path"].as_str().unwrap_or_default();
        let request = self.client.request(method, path, content.as_deref());
        let result = within(&step.label(), request).await?;
        self.ended(step, result.as_ref().err());
        if let Ok(response) = result {
            let recorded = self.reply_to(frame);
            let mut got: Value = serde_json::from_str(response.raw.as_str())?;
            got["id"] = recorded["id"].clone();
            self.problems.same("the reply", &got, &recorded);
            self.problems.same(
                "its content",
                &json!(response.content),
                &recorded["content"],
            );
            self.problems.same(
                "its status",
                &json!(response.status),
                &recorded["responseCode"],
            );
        }
        Ok(())
    }

    fn reply_to(&self, request: &Value) -> Value {
        let mut frames = self
            .script
            .of_side(Side::Server)
            .map(|(_, step)| step.json());
        frames
            .find(|frame| frame["id"] == request["id"])
            .unwrap_or_default()
    }

    /// Compares a result with the fixture's error, if it has one.
    fn ended(&self, step: &Step, error: Option<&alta_ws::Error>) {
        let what = format!("how {} ended", step.label());
        let got = error.map(|error| error.kind().clone());
        self.has_failed.set(self.has_failed.get() || got.is_some());
        self.problems
            .same(&what, &got, &expected_error(&self.script.name));
    }

    /// Compares the events of the streams with the fixture's.
    async fn compare_events(&self, streams: &mut [(Topic, Events)]) -> Result<(), Error> {
        for (_, step) in self.script.of_side(Side::Server) {
            let recorded = step.json();
            let Some(topic) = topic_of_event(&recorded) else {
                continue;
            };
            let label = step.label();
            let stream = streams.iter_mut().find(|(other, _)| *other == topic);
            let (_, stream) = stream.ok_or("no stream has this topic")?;
            let next = futures_util::StreamExt::next(stream);
            let event = within(&label, next).await?.ok_or("the stream ended")?;
            let event = event.map_err(|missed| format!("{label}: {missed}"))?;
            self.problems.same(&label, &event.raw, &step.text);
            self.problems.same(&label, &event.topic, &topic);
            if !event.is_same {
                self.problems.add(format!("{label}: its data changed"));
            }
        }
        Ok(())
    }

    /// Checks that every frame was understood.
    fn count(&self) {
        let name = self.script.name.as_str();
        let is = |recording: &str| u64::from(name == recording);
        let events = self.script.of_side(Side::Server);
        let events = events.filter(|(_, step)| topic_of_event(&step.json()).is_some());
        let status = self.client.status();
        let totals = status.totals;
        for (what, got, recorded) in [
            ("events", totals.events, events.count() as u64),
            ("events without a stream", totals.unclaimed, 0),
            ("late replies", totals.late_replies, is("main-ws/text-ping")),
            ("malformed frames", totals.malformed, 0),
            (
                "errors of the gateway",
                totals.gateway_errors,
                is("main-ws/infrastructure-error"),
            ),
            (
                "migrations",
                totals.migrations,
                is("main-ws/migrate") + is("main-ws/migrate-reply-without-id"),
            ),
            (
                "failed migrations",
                totals.failed_migrations,
                is("main-ws/migrate-refused"),
            ),
        ] {
            self.problems.same(what, &got, &recorded);
        }
        let fails = expected_error(name).is_some();
        self.problems
            .same("an error was reported", &self.has_failed.get(), &fails);
        if !matches!(status.state, State::Ready | State::Migrating) {
            self.problems
                .add(format!("the final state is {:?}", status.state));
        }
    }
}

fn topic_of_path(path: &str) -> Option<Topic> {
    let (event, key) = path.strip_prefix("subscription/")?.split_once('/')?;
    Some((event.to_owned(), key.to_owned()))
}

fn topic_of_event(frame: &Value) -> Option<Topic> {
    let event = frame["event"]
        .as_str()
        .filter(|event| *event != "response")?;
    Some((event.to_owned(), frame["key"].as_str()?.to_owned()))
}

/// The errors that the fixtures show.
fn expected_error(recording: &str) -> Option<ErrorKind> {
    let refused = |status: u16, message: &str, code: &str| ErrorKind::Refused {
        status,
        message: message.to_owned(),
        error_code: Some(code.into()),
    };
    Some(match recording {
        "main-ws/error-teapot" => refused(418, "I'm a teapot.", "NotImplemented"),
        "main-ws/subscribe-not-found" => refused(404, "Not found", "ObjectNotFound"),
        "main-ws/migrate-refused" => refused(400, "Expired token", "ExpiredToken"),
        "main-ws/infrastructure-error" => ErrorKind::Gateway {
            message: "Error Message".to_owned(),
        },
        _ => return None,
    })
}
