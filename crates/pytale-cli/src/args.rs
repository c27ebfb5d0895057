use crate::bans::BansOptions;
use crate::completions::CompletionsOptions;
use crate::console::ConsoleOptions;
use crate::doctor::DoctorOptions;
use crate::events::EventsOptions;
use crate::exec::ExecOptions;
use crate::groups::GroupsOptions;
use crate::invites::InvitesOptions;
use crate::login::LoginOptions;
use crate::macros::MacroOptions;
use crate::man::ManOptions;
use crate::members::MembersOptions;
use crate::new::NewOptions;
use crate::players::PlayersOptions;
use crate::private_cloud::CloudOptions;
use crate::record::RecordOptions;
use crate::replay::ReplayOptions;
use crate::restart::RestartOptions;
use crate::save::SaveOptions;
use crate::server::TargetOptions;
use crate::servers::ServersOptions;
use crate::sim::SimOptions;
use crate::wait::WaitOptions;
use crate::whoami::WhoamiOptions;
use clap::{ArgAction, Args as ClapArgs, CommandFactory as _, Parser, Subcommand};
use std::path::PathBuf;

/// The console of a server of A Township Tale, and the tools of bot authors.
#[derive(Debug, Parser)]
#[command(
    name = "tale",
    version,
    about,
    after_help = "Exit status: 0 success, 1 the server refused or failed the command, 2 wrong use or configuration, \
        3 the server could not be reached, 4 the token or login was refused, 5 no reply in time, 6 a file could not be read or written, \
        130 canceled by Ctrl-C"
)]
pub(crate) struct Args {
    /// Log more to standard error; use it twice for debug output.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    #[command(flatten)]
    pub(crate) target: TargetOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The console of a server, with completion, history and live events.
    Console(ConsoleOptions),
    /// Run commands on a server and print their results.
    Exec(ExecOptions),
    /// Print the events of a server, one on each line.
    Events(EventsOptions),
    /// List the online players.
    Players(PlayersOptions),
    /// Wait for one event and print it.
    Wait(WaitOptions),
    /// Check the way to a server, and say what to do about each problem.
    Doctor(DoctorOptions),
    /// Restart a server: warn the players, save, stop, and report the return.
    Restart(RestartOptions),
    /// Save the world of a server.
    Save(SaveOptions),
    /// Write a project with a bot, a test against the simulator, and the first steps.
    New(NewOptions),
    /// Check the account of the cloud, and store its secret.
    Login(LoginOptions),
    /// The account of the cloud.
    Whoami(WhoamiOptions),
    /// The groups of the account.
    Groups(GroupsOptions),
    /// The servers of the account's groups, or of one group.
    Servers(ServersOptions),
    /// The members of a group.
    Members(MembersOptions),
    /// The invitations to the account; accept or reject one.
    Invites(InvitesOptions),
    /// The banned players of a group.
    Bans(BansOptions),
    /// Write the frames of a session to a transcript, without the token.
    Record(RecordOptions),
    /// Serve a transcript as the console of a server, to reproduce a bug of a bot.
    Replay(ReplayOptions),
    /// Run a macro of the console, or list all of them.
    Macro(MacroOptions),
    /// Run a private cloud in front of own servers: old and new bots use them with only their addresses changed.
    Cloud(CloudOptions),
    /// Run a bot against a simulated cloud inside this process, over loopback sockets.
    Demo(DemoOptions),
    /// Simulate the cloud and game servers, for bots in any language.
    Sim(SimOptions),
    /// Replace names, ids, addresses and tokens in JSON, so that frames and replies can be shared.
    ///
    /// The same original gets the same replacement in all files. Nothing is printed if an original would remain. Free text,
    /// such as a chat message, is not recognized: read the output before you share it.
    Anonymize(AnonymizeOptions),
    /// Print the script with which a shell completes subcommands and options.
    Completions(CompletionsOptions),
    /// Print the manual page, or write the pages of all subcommands to a folder.
    Man(ManOptions),
}

#[derive(Debug, ClapArgs)]
#[command(after_long_help = "Examples:
  tale anonymize frames.jsonl > shared.jsonl
  tale exec --json \"player list\" | tale anonymize")]
pub(crate) struct AnonymizeOptions {
    /// Files with JSON values, one after the other; standard input if none is given.
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(after_long_help = "Examples:
  tale demo
  tale demo --duration 60 --seed 3
  tale demo --json | jq .")]
pub(crate) struct DemoOptions {
    /// The duration in seconds, at least 5.
    #[arg(long, default_value_t = 20.0, value_parser = duration)]
    pub(crate) duration: f64,
    /// The seed of the players' actions. The same seed gives the same actions.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Print one JSON object on each line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The subcommands that connect to no named server, with the options of [`TargetOptions`] that they read.
const READ_BY: [(&str, &[&str]); 15] = [
    ("new", &[]),
    ("cloud", &[]),
    ("demo", &[]),
    ("sim", &[]),
    ("anonymize", &[]),
    ("completions", &[]),
    ("man", &[]),
    ("replay", &["port", "token_file"]),
    ("login", &["profile"]),
    ("whoami", &["profile"]),
    ("groups", &["profile"]),
    ("servers", &["profile"]),
    ("members", &["profile"]),
    ("invites", &["profile"]),
    ("bans", &["profile"]),
];

/// The command line. The help of a subcommand does not show the options of a server that have no effect there.
pub(crate) fn command() -> clap::Command {
    let options = TargetOptions::augment_args(clap::Command::default());
    let hide = |command: clap::Command, read: &[&str]| {
        let own: Vec<clap::Id> = command
            .get_arguments()
            .map(|arg| arg.get_id().clone())
            .collect();
        let is_unread = |arg: &&clap::Arg| {
            let id = arg.get_id();
            !read.contains(&id.as_str()) && !own.contains(id)
        };
        // A subcommand that has an option of this name does not get the visible one of the program.
        let unread = options.get_arguments().filter(is_unread);
        command.args(unread.map(|arg| arg.clone().hide(true)))
    };
    READ_BY
        .into_iter()
        .fold(Args::command(), |command, (name, read)| {
            command.mut_subcommand(name, |command| hide(command, read))
        })
}

fn duration(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (5.0..=3_600.0).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("must be 5 to 3600 seconds".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of an example as a shell passes them, up to a pipe or a redirection.
    fn words(example: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quote = None;
        let mut characters = example.chars();
        while let Some(character) = characters.next() {
            match (character, quote) {
                ('|' | '>' | '<' | '&' | ';' | '#', None) => break,
                (' ', None) => words.push(String::new()),
                ('"' | '\'', None) => quote = Some(character),
                (_, Some(open)) if open == character => quote = None,
                ('\\', None | Some('"')) => words.last_mut().unwrap().extend(characters.next()),
                _ => words.last_mut().unwrap().push(character),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    /// The lines of the help that begin with the program's name.
    fn examples(command: &clap::Command) -> Vec<String> {
        let help = command.get_after_long_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        let Some((_, examples)) = help.split_once("Examples:\n") else {
            return Vec::new();
        };
        let lines = examples.lines().map(str::trim_start);
        let of_program = lines.filter(|line| line.starts_with("tale "));
        of_program.map(str::to_owned).collect()
    }

    /// The examples of a subcommand may be in the help of the command above it.
    fn check(command: &clap::Command, path: &str, above: &[String]) {
        let examples = [above, &examples(command)].concat();
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            check(below, &path, &examples);
        }
        let is_own = |line: &&String| line.starts_with(path);
        assert!(
            examples.iter().any(|line| is_own(&line)),
            "{path} --help has no example"
        );
        for example in examples {
            let parsed = Args::try_parse_from(words(&example));
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        }
    }

    /// The pages that show commands.
    fn pages() -> Vec<(String, String)> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let names = [
            "../../README.md",
            "../../docs/tale.md",
            "../../docs/from-other-consoles.md",
            "../../docs/install.md",
            "../../docs/guide.md",
            "README.md",
            "templates/self-hosted/README.md",
            "templates/cloud/README.md",
        ];
        let read = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            (name.to_owned(), text.replace('\r', ""))
        };
        names.into_iter().map(read).collect()
    }

    /// The commands of the program in a line of a shell.
    fn commands(line: &str) -> impl Iterator<Item = String> {
        let line = line.replace("cargo run --bin tale -- ", "tale ");
        let line = line.trim_start_matches("$ ").to_owned();
        let parts: Vec<String> = line
            .split(" | ")
            .map(|part| part.trim().to_owned())
            .collect();
        parts.into_iter().filter(|part| part.starts_with("tale "))
    }

    #[test]
    fn each_command_in_a_block_of_the_documentation_is_accepted() {
        let mut count = 0;
        for (name, page) in pages() {
            let mut is_shell = false;
            for line in page.lines().map(str::trim) {
                if let Some(language) = line.strip_prefix("```") {
                    is_shell = matches!(language, "sh" | "console");
                    continue;
                }
                for command in commands(line).filter(|_| is_shell) {
                    let parsed = Args::try_parse_from(words(&command));
                    assert!(parsed.is_ok(), "{name}: {command}: {}", parsed.unwrap_err());
                    count += 1;
                }
            }
        }
        assert!(count > 40, "{count}");
    }

    #[test]
    fn each_command_in_a_sentence_of_the_documentation_has_known_options() {
        use clap::error::ErrorKind;
        let mut count = 0;
        for (name, page) in pages() {
            // Every second part is between two backticks.
            for code in page
                .lines()
                .flat_map(|line| line.split('`').skip(1).step_by(2))
            {
                for command in commands(code) {
                    let has_placeholder = command.split(' ').any(|word| {
                        word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase())
                    });
                    let problem = Args::try_parse_from(words(&command)).err();
                    let is_right = match problem.as_ref().map(clap::Error::kind) {
                        None
                        | Some(
                            ErrorKind::DisplayHelp
                            | ErrorKind::DisplayVersion
                            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                            | ErrorKind::MissingRequiredArgument,
                        ) => true,
                        Some(ErrorKind::InvalidValue | ErrorKind::ValueValidation) => {
                            has_placeholder
                        }
                        Some(_) => false,
                    };
                    assert!(is_right, "{name}: `{command}`: {}", problem.unwrap());
                    count += 1;
                }
            }
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn the_help_of_each_subcommand_has_examples_that_are_accepted() {
        for command in Args::command().get_subcommands() {
            check(command, &format!("tale {}", command.get_name()), &[]);
        }
    }
}
