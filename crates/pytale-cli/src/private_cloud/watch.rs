//! One connection of the service to each real console. It shows whether the server is up, who is on, and the version.

use super::host::PrivateCloud;
use super::players::{list, sync};
use alta_cloud::Host as _;
use pytale::Console;
use pytale::console::{Access as _, Config, NotConnected, State};
use pytale::kit::players::Players;
use pytale::model::{ServerId, escaped};
use pytale::socket::BackoffPolicy;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// The bounds of the pauses between two attempts to connect: a server that is up again is noticed within a second.
const FIRST: Duration = Duration::from_millis(250);
const CAP: Duration = Duration::from_millis(750);

/// The longest pause after the server has not accepted the token. It ends when the file gets another one.
const AFTER_REFUSAL: Duration = Duration::from_secs(10);

/// The interval of the heartbeats of an online server. Some clients use no server before its first heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The longest time until the server says its version.
const VERSION: Duration = Duration::from_secs(5);

/// A server that is followed.
pub(super) struct Watch {
    pub(super) cloud: Arc<PrivateCloud>,
    pub(super) id: u64,
    pub(super) name: String,
    /// The port of the consoles, as clients are told.
    pub(super) console_port: u16,
    /// The interval at which the server is asked for its players until it sends a join or a leave.
    pub(super) player_list: Duration,
}

impl Watch {
    /// Follows the server until the service ends.
    pub(super) async fn follow(self) {
        let Some(access) = self.cloud.access(self.id) else {
            return;
        };
        loop {
            let config = Config::default()
                .label(self.name.clone())
                .server(ServerId::new(self.id.cast_signed()))
                .backoff(BackoffPolicy::new(FIRST, CAP));
            let console = Console::open_with(Arc::clone(&access), config);
            let file = access.path().display().to_string();
            let end = tokio::select! {
                end = self.follow_console(&console, &file) => end,
                never = list(&console, &self.name, self.player_list) => match never {},
            };
            console.close().await;
            self.offline();
            tracing::error!(
                "the console of {} is closed: {end} (token file {file})",
                escaped(&self.name)
            );
            tokio::select! {
                () = access.changed() => {}
                () = sleep(AFTER_REFUSAL) => {}
            }
        }
    }

    /// Follows a console until it is closed. Returns the reason. `file` is the path of the token file, for the log.
    async fn follow_console(&self, console: &Console, file: &str) -> String {
        let mut statuses = console.statuses();
        let players = Players::of(console);
        let mut changes = players.changes();
        let mut heartbeats = interval(HEARTBEAT);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_reason = String::new();
        let mut is_online = false;
        let mut is_listed = false;
        loop {
            tokio::select! {
                status = statuses.next() => match status.map(|status| status.state) {
                    Some(State::Recovering { because, .. }) => {
                        self.offline();
                        (is_online, is_listed) = (false, false);
                        let reason = match because {
                            NotConnected::NoReplyToToken => {
                                format!("{because} (token file {file})")
                            }
                            because => because.to_string(),
                        };
                        if reason != last_reason {
                            tracing::warn!("{} is offline: {reason}", escaped(&self.name));
                            last_reason = reason;
                        }
                    }
                    Some(State::Closed { because }) => return because.to_string(),
                    Some(state) if state.is_connected() && !is_online => {
                        is_online = true;
                        last_reason.clear();
                        self.online();
                        self.ask_version(console).await;
                    }
                    Some(_) => {}
                    None => return "the console is closed".to_owned(),
                },
                online = players.complete(), if is_online && !is_listed => match online {
                    Some(online) => {
                        is_listed = true;
                        sync(&self.cloud, self.id, &online);
                    }
                    None => return "the console is closed".to_owned(),
                },
                change = changes.next() => match change {
                    // The snapshot contains the change.
                    Some(_) if is_listed => sync(&self.cloud, self.id, &players.online()),
                    Some(_) => {}
                    None => return "the console is closed".to_owned(),
                },
                _ = heartbeats.tick() => {
                    if is_online {
                        self.cloud.with_cloud(|cloud, now| {
                            cloud.emit_server("group-server-heartbeat", self.id, now);
                        });
                    }
                    self.note_last_online();
                }
            }
        }
    }

    fn online(&self) {
        tracing::info!("{} is online", escaped(&self.name));
        self.cloud.with_cloud(|cloud, now| {
            if let Some(server) = cloud.servers.get_mut(&self.id) {
                server.console_port = Some(self.console_port);
            }
            cloud.set_online(self.id, true, now);
        });
    }

    fn offline(&self) {
        self.cloud.with_cloud(|cloud, now| {
            if let Some(server) = cloud.servers.get_mut(&self.id) {
                server.console_port = None;
            }
            cloud.set_online(self.id, false, now);
        });
        self.note_last_online();
    }

    /// Stores the time at which the server was last online, if it is due.
    fn note_last_online(&self) {
        self.cloud
            .with_cloud(|cloud, now| cloud.note_last_online(self.id, now));
    }

    /// Requests the version. Servers without this command keep the version of the configuration.
    async fn ask_version(&self, console: &Console) {
        let reply = console.command("info version").timeout(VERSION).await;
        let text = reply.ok().and_then(|reply| reply.text().map(str::to_owned));
        let Some(version) = text.and_then(|text| version_in(&text)) else {
            return;
        };
        self.cloud.with_cloud(|cloud, now| {
            let server = cloud.servers.get_mut(&self.id);
            if let Some(server) = server.filter(|server| server.info.version != version) {
                server.info.version = version;
                cloud.emit_server("group-server-update", self.id, now);
            }
        });
    }
}

/// The first word of a text that is a version, such as `main-1.6.0.0.40940` or `1.6.0.0`.
fn version_in(text: &str) -> Option<String> {
    let is_version = |word: &&str| {
        let numbers = word.rsplit_once('-').map_or(*word, |(_, numbers)| numbers);
        let count = numbers.split('.').count();
        word.len() <= 64
            && (4..=5).contains(&count)
            && numbers
                .split('.')
                .all(|number| number.parse::<u32>().is_ok())
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
    };
    let words = text.split(|c: char| c.is_whitespace() || "\"'(),:;=".contains(c));
    words.into_iter().find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn a_version_is_found_in_a_reply() {
        for (text, version) in [
            ("main-1.6.0.0.40940", Some("main-1.6.0.0.40940")),
            ("Version: 1.6.0.0 (client 7)", Some("1.6.0.0")),
            ("Success", None),
            ("System.Version", None),
            ("1.6", None),
            ("main-1.6.0.x", None),
        ] {
            assert_eq!(version_in(text).as_deref(), version, "{text}");
        }
    }
}
