//! `time`, `settings`, `chunks`, `save`, `quit`, `help`.

use super::arguments::number;
use super::catalogue::modules;
use super::command::{OBJECTS, Output, Run, Spec, VOID, command};
use crate::samples;
use alta_cloud::wire::json::Node;
use serde_json::Value;

pub(crate) const SPECS: &[Spec] = &[
    command(&["time", ""], &[], "System.Single", |run| {
        Ok(Output::plain(run.game()?.hour))
    }),
    command(
        &["time", "set"],
        &[("time", "System.String", None)],
        VOID,
        |run| {
            let hour = hours(run.argument(0))?;
            run.game_mut()?.hour = hour;
            Ok(Output::Done)
        },
    ),
    command(&["time", "toggle"], &[], VOID, |run| {
        let server = run.game_mut()?;
        server.hour = (server.hour + 12.0) % 24.0;
        Ok(Output::Done)
    }),
    command(
        &["settings", "list"],
        &[("settingsTarget", "System.String", None)],
        "System.Object",
        |run| {
            let settings = run
                .game()?
                .settings
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect();
            Ok(Output::Value(
                Node::Object(settings),
                "Alta.Networking.ServerSettings".to_owned(),
            ))
        },
    ),
    command(
        &["settings", "changesetting"],
        &[
            ("settingsTarget", "System.String", None),
            ("setting", "System.String", None),
            ("value", "System.String", None),
        ],
        VOID,
        change_setting,
    ),
    command(
        &["chunks", "print-all"],
        &[],
        "Alta.Console.FileDownload",
        |_| {
            let recorded = samples::console_data("file-download-result", 0);
            let text = recorded
                .get("ResultString")
                .and_then(Node::as_str)
                .unwrap_or_default()
                .to_owned();
            Ok(Output::Value(
                recorded.get("Result").cloned().unwrap_or(Node::Null),
                text,
            ))
        },
    ),
    command(&["save", "now"], &[], VOID, |_| Ok(Output::Done)),
    command(&["quit"], &[], VOID, |run| {
        run.world.quitting.insert(run.server);
        Ok(Output::Done)
    }),
    command(&["help", "modules"], &[], OBJECTS, |run| {
        Ok(Output::Value(
            modules(run.specs),
            "System.Collections.Generic.List`1[System.Object]".to_owned(),
        ))
    }),
    Spec {
        tail: true,
        ..command(&["help", ""], &[], "System.String", |run| {
            let path = run.arguments().join(" ").to_lowercase();
            let names = run
                .specs
                .iter()
                .map(|spec| spec.words().collect::<Vec<_>>().join(" "));
            let lines: Vec<String> = names.filter(|name| name.starts_with(&path)).collect();
            Ok(Output::Text(lines.join("\n")))
        })
    },
];

/// The hours of a time such as `13.30`, which is half past one.
fn hours(text: &str) -> Result<f64, Output> {
    let (hours, minutes) = text.split_once('.').unwrap_or((text, "0"));
    let hours: f64 = number(hours)?;
    let minutes: f64 = number(minutes)?;
    Ok((hours + minutes / 60.0) % 24.0)
}

/// Setting names match in any letter case. The event holds all settings.
fn change_setting(run: &mut Run<'_>) -> Result<Output, Output> {
    let wanted = run.argument(1).to_owned();
    let text = run.argument(2).to_owned();
    let server = run.game_mut()?;
    let Some(setting) = server
        .settings
        .iter_mut()
        .find(|(name, _)| name.eq_ignore_ascii_case(&wanted))
    else {
        return Err(Output::Exception(format!("Couldn't find setting {wanted}")));
    };
    let value =
        serde_json::from_str(&text.to_lowercase()).unwrap_or_else(|_| Value::from(text.as_str()));
    *setting.1 = value;
    let all = server
        .settings
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    run.world
        .emit(run.server, "ServerSettingsChanged", Node::Object(all));
    Ok(Output::Done)
}
