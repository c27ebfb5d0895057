//! The output of the demo: a line of text for each event or, with `--json`, a line with a JSON object.

use crate::failure::Failure;
use crate::output::{Output, error_line};
use anstyle::{AnsiColor, Style};
use pytale::model::{ServerId, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// A step of the demo.
#[derive(Debug, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Step<'a> {
    Authenticated {
        user_id: i64,
        username: &'a str,
    },
    MainSocketReady,
    InviteAccepted {
        group_id: i64,
    },
    ConsoleReady {
        server_id: i64,
    },
    Event {
        r#type: &'a str,
        server_id: i64,
        data: &'a Value,
    },
    Command {
        content: &'a str,
        result: &'a Value,
    },
    ConsoleLost {
        server_id: i64,
        because: &'a str,
    },
    ConsoleRecovered {
        server_id: i64,
    },
    Gap {
        seconds: f64,
    },
    MainSocketMigrated,
    Done(Summary),
}

/// The totals of the demo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) events: u64,
    pub(crate) commands: u64,
    pub(crate) missed: u64,
    pub(crate) reconnects: u64,
    pub(crate) gaps: u64,
}

#[derive(Debug)]
pub(crate) struct Reporter {
    json: bool,
    output: Output,
}

impl Reporter {
    pub(crate) fn new(json: bool) -> Self {
        let output = Output::default();
        Self { json, output }
    }

    pub(crate) fn step(&self, step: &Step<'_>) {
        if self.json {
            match serde_json::to_string(step) {
                Ok(line) => self.output.line(format_args!("{line}")),
                Err(error) => error_line(format_args!("tale: writing a step as JSON: {error}")),
            }
        } else {
            let (label, style, text) = text_form(step);
            let (time, dim) = (clock(), Style::new().dimmed());
            self.output.line(format_args!(
                "{dim}{time}{dim:#}  {style}{label:<9}{style:#}  {text}"
            ));
        }
    }

    /// Waits until standard output can no longer be written.
    pub(crate) async fn output_failed(&self) {
        self.output.failed().await;
    }

    /// The failure of a line that could not be written, except a closed pipe.
    pub(crate) fn output_result(&self) -> Result<(), Failure> {
        self.output.result()
    }

    /// Writes a message that is not a step. With `--json` it goes to standard error.
    pub(crate) fn note(&self, text: &str) {
        if self.json {
            error_line(format_args!("tale: {text}"));
        } else {
            let dim = Style::new().dimmed();
            let time = clock();
            self.output
                .line(format_args!("{dim}{time}  {:<9}  {text}{dim:#}", ""));
        }
    }
}

/// Hours, minutes, seconds and milliseconds of the time in UTC.
fn clock() -> String {
    let now = Timestamp::now().to_string();
    let time = now.split_once('T').map_or(now.as_str(), |(_, time)| time);
    let time = time.trim_end_matches('Z');
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    format!("{seconds}.{fraction:0<3.3}")
}

fn text_form(step: &Step<'_>) -> (&'static str, Style, String) {
    let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
    let (good, bad, calm) = (color(AnsiColor::Green), color(AnsiColor::Red), Style::new());
    let server = |id: &i64| format!("server {}", ServerId::new(*id));
    match step {
        Step::Authenticated { user_id, username } => (
            "login",
            good,
            format!("logged in as {username} ({user_id})"),
        ),
        Step::MainSocketReady => ("socket", good, "main websocket ready".to_owned()),
        Step::InviteAccepted { group_id } => (
            "group",
            good,
            format!("accepted the invitation to group {group_id}"),
        ),
        Step::ConsoleReady { server_id } => (
            "console",
            good,
            format!("console of {} ready", server(server_id)),
        ),
        Step::Event { r#type, data, .. } => ("event", calm, describe(r#type, data)),
        Step::Command { content, result } => {
            let style = color(AnsiColor::Cyan);
            (
                "command",
                style,
                format!("{content}  ->  {}", brief(result)),
            )
        }
        Step::ConsoleLost { server_id, because } => (
            "console",
            bad,
            format!("console of {} lost: {because}", server(server_id)),
        ),
        Step::ConsoleRecovered { server_id } => (
            "console",
            good,
            format!("console of {} is back", server(server_id)),
        ),
        Step::Gap { seconds } => {
            let style = color(AnsiColor::Yellow);
            (
                "gap",
                style,
                format!("the events of {seconds:.2} s are missing"),
            )
        }
        Step::MainSocketMigrated => (
            "socket",
            good,
            "main websocket migrated to a new connection".to_owned(),
        ),
        Step::Done(summary) => {
            let style = if summary.missed == 0 { good } else { bad };
            let Summary {
                events,
                commands,
                missed,
                reconnects,
                gaps,
            } = summary;
            let text = format!(
                "{events} events, {commands} commands, {missed} missed, {reconnects} reconnects, {gaps} gaps"
            );
            ("done", style.bold(), text)
        }
    }
}

fn describe(kind: &str, data: &Value) -> String {
    let text = |path: &str| data.pointer(path).and_then(Value::as_str).unwrap_or("?");
    let story = match kind {
        "PlayerJoined" => format!("{} joined", text("/user/username")),
        "PlayerLeft" => format!("{} left", text("/user/username")),
        "PlayerMovedChunk" => format!("{} went to {}", text("/player/username"), text("/newChunk")),
        "ObjectKilled" => {
            let killer = data
                .pointer("/killerPlayer/username")
                .and_then(Value::as_str);
            format!("{} killed {}", killer.unwrap_or("something"), text("/name"))
        }
        "group-server-status" => {
            let players = data["online_players"].as_array().map_or(0, Vec::len);
            format!(
                "{} is {}, {players} players",
                text("/name"),
                text("/final_status").to_lowercase()
            )
        }
        "PlayerKilled" => format!("{} died", text("/killedPlayer/username")),
        "PlayerStateChanged" => {
            let verb = if data["isEnter"] == true {
                "enters"
            } else {
                "leaves"
            };
            format!("{} {verb} state {}", text("/user/username"), text("/state"))
        }
        _ => brief(data),
    };
    format!("{kind:<19} {story}")
}

fn brief(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let short: String = text.chars().take(100).collect();
    if short.len() < text.len() {
        format!("{short}…")
    } else {
        short
    }
}
