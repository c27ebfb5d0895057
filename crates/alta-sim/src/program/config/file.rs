//! The form of the file.

use super::timeline::Known;
use crate::action::Span;
use crate::setup::{Group, Problem, Server, Step};
use crate::{BotAccount, Builder, Era, Scenario, UserAccount};
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    seed: Option<u64>,
    port: Option<u16>,
    listen: Option<IpAddr>,
    advertise: Option<String>,
    scenario: Option<World>,
    pace: Option<Span>,
    heartbeats: Option<Span>,
    era: Option<u16>,
    page_size: Option<usize>,
    login_delay: Option<Span>,
    migration_overlap: Option<bool>,
    queue: Option<usize>,
    life: Life,
    tls: Option<Tls>,
    bots: Vec<Bot>,
    users: Vec<User>,
    groups: Option<Vec<Group>>,
    self_hosted: Vec<Server>,
    timeline: Vec<toml::Table>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum World {
    Empty,
    Town,
}

/// The lives of tokens and main websockets.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Life {
    bot_token: Option<Span>,
    user_token: Option<Span>,
    console_token: Option<Span>,
    main_websocket: Option<Span>,
    idle_main_websocket: Option<Span>,
}

/// Without the two files, the certificate is self-made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Tls {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bot {
    name: String,
    id: Option<u64>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scopes: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct User {
    name: String,
    id: Option<u64>,
    email: Option<String>,
    password: Option<String>,
}

impl Bot {
    /// Without a client id, the account has the default one with its number.
    fn account(self, nth: usize) -> BotAccount {
        let default = BotAccount::default();
        let numbered = || format!("client_00000000-0000-0000-0000-{nth:012}");
        BotAccount {
            username: self.name,
            user_id: self.id.unwrap_or_default(),
            client_id: self.client_id.unwrap_or_else(numbered),
            client_secret: self.client_secret.unwrap_or(default.client_secret),
            scopes: self
                .scopes
                .map_or(default.scopes, |scopes| scopes.join(" ")),
        }
    }
}

impl User {
    fn account(self) -> UserAccount {
        let letters = self.name.chars().filter(char::is_ascii_alphanumeric);
        let local: String = letters.collect();
        let email = || format!("{}@example.invalid", local.to_lowercase());
        let password = || UserAccount::default().password;
        UserAccount {
            email: self.email.unwrap_or_else(email),
            username: self.name,
            user_id: self.id.unwrap_or_default(),
            password: self.password.unwrap_or_else(password),
        }
    }
}

impl File {
    /// Sets everything that the file has.
    pub(super) fn apply(self, builder: Builder, folder: &Path) -> Result<Builder, Problem> {
        let mut builder = builder;
        builder = set(builder, self.seed, Builder::seed);
        builder = set(builder, self.port, Builder::port);
        builder = set(builder, self.listen, Builder::listen);
        builder = set(builder, self.advertise, Builder::advertise);
        builder = set(builder, self.queue, Builder::queue);
        builder = set(builder, self.migration_overlap, Builder::migration_overlap);
        let scenario = self.scenario.map(|world| match world {
            World::Empty => Scenario::Empty,
            World::Town => Scenario::Town,
        });
        builder = set(builder, scenario, Builder::scenario);
        builder = set(builder, positive("pace", self.pace)?, Builder::pace);
        builder = match self.heartbeats {
            Some(Span(every)) if every.is_zero() => builder.without_heartbeats(),
            every => set(builder, every.map(|every| every.0), Builder::heartbeats),
        };
        builder = set(builder, era(self.era)?, Builder::era);
        if self.page_size == Some(0) {
            return Err(Problem::new(
                vec!["page-size".into()],
                "a page has at least one item",
            ));
        }
        builder = set(builder, self.page_size, Builder::page_size);
        let login_delay = self.login_delay.map(|delay| delay.0);
        builder = set(builder, login_delay, Builder::login_delay);
        builder = self.life.apply(builder)?;
        if let Some(tls) = self.tls {
            builder = tls.apply(builder, folder)?;
        }
        let bots = self.bots.iter().map(|bot| bot.id).enumerate();
        let users = self.users.iter().map(|user| user.id).enumerate();
        let ids = bots.map(|(nth, id)| ("bots", nth, id));
        for (kind, nth, id) in ids.chain(users.map(|(nth, id)| ("users", nth, id))) {
            if id == Some(0) {
                let path = vec![kind.into(), nth.into(), "id".into()];
                return Err(Problem::new(path, "0 is no id"));
            }
        }
        for (nth, bot) in self.bots.into_iter().enumerate() {
            builder = match nth {
                0 => builder.bot_account(bot.account(nth)),
                _ => builder.another_bot(bot.account(nth)),
            };
        }
        for (nth, user) in self.users.into_iter().enumerate() {
            builder = match nth {
                0 => builder.user_account(user.account()),
                _ => builder.another_user(user.account()),
            };
        }
        let mut known = Known::default();
        match self.groups {
            None => {
                known.add("group", None, "Thornwood Folk");
                known.add("server", None, "Thornwood");
            }
            Some(groups) if groups.is_empty() => builder = builder.bare(),
            Some(groups) => {
                for group in groups {
                    known.add("group", group.id, &group.name);
                    for server in &group.servers {
                        known.add("server", server.id, &server.name);
                    }
                    builder = builder.group(group);
                }
            }
        }
        for mut server in self.self_hosted {
            known.add("server", server.id, &server.name);
            let in_folder = server.token_folder.map(|path| folder.join(path));
            server.token_folder = Some(in_folder.unwrap_or_else(|| folder.to_owned()));
            builder = builder.self_hosted(server);
        }
        for (nth, entry) in self.timeline.into_iter().enumerate() {
            let (Span(at), action) = known.read(nth, entry)?;
            builder = builder.at(at, action);
        }
        Ok(builder)
    }
}

impl Life {
    fn apply(self, mut builder: Builder) -> Result<Builder, Problem> {
        type Set = fn(Builder, std::time::Duration) -> Builder;
        let lives: [(&str, Option<Span>, Set); 5] = [
            ("bot-token", self.bot_token, Builder::token_life),
            ("user-token", self.user_token, Builder::user_token_life),
            (
                "console-token",
                self.console_token,
                Builder::console_token_life,
            ),
            ("main-websocket", self.main_websocket, Builder::socket_life),
            (
                "idle-main-websocket",
                self.idle_main_websocket,
                Builder::socket_idle,
            ),
        ];
        for (key, life, apply) in lives {
            let life = positive(key, life).map_err(|mut problem| {
                problem.path.insert(0, "life".into());
                problem
            })?;
            builder = set(builder, life, apply);
        }
        Ok(builder)
    }
}

impl Tls {
    fn apply(self, builder: Builder, folder: &Path) -> Result<Builder, Problem> {
        let read = |key: &str, path: &Path| {
            std::fs::read(folder.join(path)).map_err(|error| {
                let reason = format!("reading {}: {error}", folder.join(path).display());
                Problem::new(vec!["tls".into(), key.into()], reason)
            })
        };
        match (&self.certificate, &self.key) {
            (None, None) => Ok(builder.tls()),
            (Some(certificate), Some(key)) => {
                Ok(builder.tls_with(read("certificate", certificate)?, read("key", key)?))
            }
            _ => {
                let reason = "`certificate` and `key` belong together";
                Err(Problem::new(vec![Step::from("tls")], reason))
            }
        }
    }
}

fn set<T>(
    builder: Builder,
    value: Option<T>,
    apply: impl FnOnce(Builder, T) -> Builder,
) -> Builder {
    match value {
        Some(value) => apply(builder, value),
        None => builder,
    }
}

fn positive(key: &str, time: Option<Span>) -> Result<Option<std::time::Duration>, Problem> {
    match time {
        Some(Span(time)) if time.is_zero() => {
            Err(Problem::new(vec![key.into()], "the time is zero"))
        }
        time => Ok(time.map(|time| time.0)),
    }
}

fn era(year: Option<u16>) -> Result<Option<Era>, Problem> {
    match year {
        None => Ok(None),
        Some(2022) => Ok(Some(Era::Y2022)),
        Some(2023) => Ok(Some(Era::Y2023)),
        Some(year) => {
            let reason = format!("the eras are 2022 and 2023, not {year}");
            Err(Problem::new(vec!["era".into()], reason))
        }
    }
}
