//! The users of a console, from the lines that the server logs before it runs a command.

use alta_model::console::command_words;
use alta_model::console::event::InfoLog;
use alta_model::{User, UserId};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The part of the server that logs commands.
const LOGGER: &str = "Alta.Console.CommandService";

/// The longest time between the line of a command in the log and its event.
const GRACE: Duration = Duration::from_secs(10);

/// The most lines that are kept. The oldest is forgotten first.
const LIMIT: usize = 256;

/// The lines of one console that were logged and not yet reported as executed.
#[derive(Debug, Default)]
pub(super) struct ConsoleUsers {
    logged: VecDeque<Logged>,
}

#[derive(Debug)]
struct Logged {
    at: Instant,
    words: Vec<String>,
    user: User,
}

impl ConsoleUsers {
    pub(super) fn logged(&mut self, log: &InfoLog, at: Instant) {
        let Some((line, user)) = line_and_user(log) else {
            return;
        };
        if self.logged.len() == LIMIT {
            self.logged.pop_front();
        }
        let words = words(line);
        self.logged.push_back(Logged { at, words, user });
    }

    /// The user of an executed line. `None` if it was not logged, if its user is that of a self-hosted server (0), or if
    /// several users have sent it: one of them must not get the permission of another.
    pub(super) fn take(&mut self, line: &str, now: Instant) -> Option<User> {
        self.logged.retain(|it| now < it.at + GRACE);
        let words = words(line);
        let same = self.logged.iter().filter(|it| it.words == words);
        let mut users: Vec<&User> = same.map(|it| &it.user).collect();
        users.dedup_by_key(|user| user.id);
        let user = match users[..] {
            [user] if user.id.get() > 0 => Some(user.clone()),
            _ => None,
        };
        if user.is_some() {
            let first = self.logged.iter().position(|it| it.words == words);
            first.and_then(|first| self.logged.remove(first));
        } else {
            self.logged.retain(|it| it.words != words);
        }
        user
    }

    /// Events are missing: a line may have been reported as executed.
    pub(super) fn clear(&mut self) {
        self.logged.clear();
    }
}

/// The line and the user of `[CommandService.Handle] Running command LINE as user (NAME:ID)`. A user can choose the line and
/// the name, so both are read from the end.
fn line_and_user(log: &InfoLog) -> Option<(&str, User)> {
    let is_of_commands = log.logger == LOGGER;
    let message = log
        .message
        .strip_prefix("[CommandService.Handle] Running command ")?;
    let (front, id) = message.trim_end().strip_suffix(')')?.rsplit_once(':')?;
    let (line, name) = front.rsplit_once(" as user (")?;
    let id: i64 = id.parse().ok()?;
    let user = User::new(UserId::new(id), name);
    is_of_commands.then_some((line, user))
}

fn words(line: &str) -> Vec<String> {
    let words = command_words(line).into_iter();
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(logger: &str, message: &str) -> InfoLog {
        serde_json::from_value(serde_json::json!({"logger": logger, "message": message})).unwrap()
    }

    fn run(line: &str, user: &str) -> InfoLog {
        let message = format!("[CommandService.Handle] Running command {line} as user ({user})");
        log(LOGGER, &message)
    }

    #[test]
    fn a_line_has_the_user_of_its_log_line_once() {
        let (mut users, now) = (ConsoleUsers::default(), Instant::now());
        let take = |users: &mut ConsoleUsers, line: &str, after: u64| {
            let user = users.take(line, now + Duration::from_secs(after));
            user.map(|user| (user.id.get(), user.username))
        };
        let ashwick = Some((7, "Ashwick".to_owned()));
        users.logged(&run("jail \"Elder Toad\" 5", "Ashwick:7"), now);
        assert_eq!(take(&mut users, "Jail 'Elder Toad'  5", 1), ashwick);
        assert_eq!(take(&mut users, "jail \"Elder Toad\" 5", 1), None);
        users.logged(&run("jail 5", "Ashwick:7"), now);
        assert_eq!(take(&mut users, "jail 5", 10), None, "too late");
        users.logged(&run("jail 5", "Ashwick:7"), now);
        users.clear();
        assert_eq!(take(&mut users, "jail 5", 0), None);
        for _ in 0..1_000 {
            users.logged(&run("jail 5", "Ashwick:7"), now);
        }
        assert_eq!(users.logged.len(), LIMIT);
    }

    #[test]
    fn nobody_gets_the_permission_of_another_user() {
        let (mut users, now) = (ConsoleUsers::default(), Instant::now());
        users.logged(&run("jail 5", "Ashwick:7"), now);
        users.logged(&run("jail 5", "Mallory:9"), now);
        assert_eq!(users.take("jail 5", now), None, "it is one of two");
        assert_eq!(users.take("jail 5", now), None, "and the other one");
        users.logged(&run("jail 5", "Ashwick:7"), now);
        users.logged(&run("jail 5", "Server:0"), now);
        assert_eq!(users.take("jail 5", now), None);
        users.logged(&run("jail 5", "Server:0"), now);
        assert_eq!(users.take("jail 5", now), None);
        for (log, id) in [
            (run("jail 5 as user (Ashwick:7)", "Mallory:9"), Some(9)),
            (run("jail 5", "x as user (Ashwick:7):9"), Some(9)),
            (run("jail 5", "Ashwick:7:9"), Some(9)),
            (run("jail 5", "Server:0"), Some(0)),
            (run("jail 5", "Ashwick"), None),
            (log("Alta.Chat", &run("jail 5", "Ashwick:7").message), None),
            (
                log(LOGGER, "Running command jail 5 as user (Ashwick:7)"),
                None,
            ),
        ] {
            let user = line_and_user(&log).map(|(_, user)| user.id.get());
            assert_eq!(user, id, "{}", log.message);
        }
    }
}
