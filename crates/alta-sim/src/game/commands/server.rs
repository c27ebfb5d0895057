//! `time`, `settings`, `chunks`, `save`, `help`: the server itself.

use serde_json::Value;

use super::{Answered, Run, specs};
use crate::game::arguments::number;
use crate::game::catalogue::{Spec, command, modules};
use crate::json::Node;
use crate::recordings;

const VOID: &str = "System.Void";

pub(crate) const SPECS: &[Spec] = &[
    command(&["time", ""], &[], "System.Single", |run| {
        Ok(Answered::plain(run.here()?.hour))
    }),
    command(
        &["time", "set"],
        &[("time", "System.String", None)],
        VOID,
        |run| {
            let hour = hours(run.argument(0))?;
            run.here_mut()?.hour = hour;
            Ok(Answered::Nothing)
        },
    ),
    command(&["time", "toggle"], &[], VOID, |run| {
        let server = run.here_mut()?;
        server.hour = (server.hour + 12.0) % 24.0;
        Ok(Answered::Nothing)
    }),
    command(
        &["settings", "list"],
        &[("settingsTarget", "System.String", None)],
        "System.Object",
        |run| {
            let settings = run
                .here()?
                .settings
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect();
            Ok(Answered::Value(
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
            let recorded = recordings::console_data("file-download-result", 0);
            let text = recorded
                .get("ResultString")
                .and_then(Node::as_str)
                .unwrap_or_default()
                .to_owned();
            Ok(Answered::Value(
                recorded.get("Result").cloned().unwrap_or(Node::Null),
                text,
            ))
        },
    ),
    command(&["save", "now"], &[], VOID, |_| Ok(Answered::Nothing)),
    command(
        &["help", "modules"],
        &[],
        "System.Collections.Generic.IEnumerable`1[System.Object]",
        |_| {
            Ok(Answered::Value(
                modules(specs()),
                "System.Collections.Generic.List`1[System.Object]".to_owned(),
            ))
        },
    ),
    Spec {
        tail: true,
        ..command(&["help", ""], &[], "System.String", |run| {
            let path = run.arguments().join(" ").to_lowercase();
            let names = specs()
                .iter()
                .map(|spec| spec.words().collect::<Vec<_>>().join(" "));
            let lines: Vec<String> = names.filter(|name| name.starts_with(&path)).collect();
            Ok(Answered::Text(lines.join("\n")))
        })
    },
];

/// `13.30` is half past one.
fn hours(text: &str) -> Result<f64, Answered> {
    let (hours, minutes) = text.split_once('.').unwrap_or((text, "0"));
    let hours: f64 = number(hours)?;
    let minutes: f64 = number(minutes)?;
    Ok((hours + minutes / 60.0) % 24.0)
}

/// Setting names match in any case; the event tells all settings.
fn change_setting(run: &mut Run<'_>) -> Result<Answered, Answered> {
    let wanted = run.argument(1).to_owned();
    let text = run.argument(2).to_owned();
    let server = run.here_mut()?;
    let Some(setting) = server
        .settings
        .iter_mut()
        .find(|(name, _)| name.eq_ignore_ascii_case(&wanted))
    else {
        return Err(Answered::Failed(format!("Couldn't find setting {wanted}")));
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
        .tell_console(run.server, "ServerSettingsChanged", Node::Object(all));
    Ok(Answered::Nothing)
}
