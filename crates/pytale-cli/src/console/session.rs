//! The decisions of `tale console`.

use super::directive::{self, Directive, MacroDirective};
use super::editor::Lines;
use super::feed::Feed;
use super::history;
use super::lexicon::Lexicon;
use super::printer::Printer;
use super::recordings::Recordings;
use super::terminal_mode::{TerminalMode, ended};
use super::view::View;
use super::watches::Watches;
use crate::failure::Failure;
use crate::log::Log;
use crate::macros;
use crate::render::{self, counted};
use crate::server::Target;
use crate::transcript::Recorder;
use pytale::Console;
use pytale::console::catalogue::Catalogue;
use pytale::console::commands::{help, spawn};
use pytale::console::{State, Statuses};
use pytale::kit::players::Players;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The screen of a terminal: clear it, and move the cursor to its beginning.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// `spawn list` can take a minute.
const PREFABS_TIMEOUT: Duration = Duration::from_mins(1);

/// Reads and runs lines until the user leaves.
pub(super) async fn run(
    console: &Console,
    target: &Target,
    subscriptions: &[String],
    recorder: Recorder,
    warnings: mpsc::UnboundedReceiver<String>,
    log: &Log,
) -> Result<(), Failure> {
    let players = Players::of(console);
    let lexicon = Arc::new(Lexicon::new(players.clone()));
    let mode = TerminalMode::saved();
    let (lines, printer) = Lines::start(Arc::clone(&lexicon), history::file_of(&target.name))?;
    let above = printer.clone();
    let _log_above_the_line = log.print_with(move |line| above.print(line));
    let view = Arc::<View>::default();
    let mut session = Session {
        console,
        players,
        lexicon,
        feed: Feed::new(console.clone(), printer.clone(), Arc::clone(&view)),
        view,
        watches: Watches::default(),
        recordings: Recordings::new(recorder, printer.clone()),
        printer,
    };
    let address = if target.name == target.url {
        String::new()
    } else {
        format!(" ({})", target.url)
    };
    session.printer.print(format_args!(
        "{}{address}. :help lists the directives, Tab completes, Ctrl-D leaves.",
        target.name
    ));
    tokio::select! {
        () = session.serve(lines, warnings, &target.name, subscriptions) => {}
        () = ended() => mode.restore(),
    }
    session.recordings.finish().await
}

struct Session<'c> {
    console: &'c Console,
    players: Players,
    lexicon: Arc<Lexicon>,
    feed: Feed,
    view: Arc<View>,
    watches: Watches,
    recordings: Recordings,
    printer: Printer,
}

impl Session<'_> {
    async fn serve(
        &mut self,
        mut lines: Lines,
        mut warnings: mpsc::UnboundedReceiver<String>,
        name: &str,
        subscriptions: &[String],
    ) {
        let mut statuses = self.console.statuses();
        let mut connection = Connection::default();
        self.subscribe(subscriptions);
        let prompt = format!("{name}> ");
        loop {
            tokio::select! {
                state = next_state(&mut statuses) => self.connection_changed(&mut connection, &state),
                () = self.recordings.ended_early() => {}
                Some(warning) = warnings.recv() => self.printer.print(warning),
                line = lines.read(&prompt) => match line {
                    Some(line) if self.take(line.trim()).await => {}
                    _ => return,
                },
            }
        }
    }

    /// Runs a line. Returns false if the user leaves.
    async fn take(&mut self, line: &str) -> bool {
        if line.is_empty() {
            return true;
        }
        if !line.starts_with(':') {
            self.command(line).await;
            return true;
        }
        match directive::parse(line) {
            Ok(Directive::Quit) => return false,
            Ok(directive) => self.direct(directive).await,
            Err(reason) => self.printer.print(reason),
        }
        true
    }

    /// Runs a command. Ctrl-C ends the wait for its reply.
    async fn command(&self, line: &str) {
        let started = Instant::now();
        tokio::select! {
            // Ctrl-C is listened to before the command is sent.
            biased;
            _ = tokio::signal::ctrl_c() => {
                let waited = started.elapsed().as_secs_f64();
                self.printer.print(format_args!("canceled after {waited:.1} s; the command may have run"));
            }
            result = self.console.command(line) => match result {
                Ok(reply) => self.printer.print(render::screen(&reply)),
                Err(error) => self.printer.print(Failure::from(error)),
            },
        }
    }

    async fn direct(&mut self, directive: Directive) {
        match directive {
            Directive::Sub(names) => {
                self.subscribe(&names);
            }
            Directive::Unsub(names) => {
                for name in self.feed.unsubscribe(&names) {
                    self.printer.print(format_args!("not subscribed to {name}"));
                }
            }
            Directive::Filter(text) => self.view.set_filter(text.as_deref()),
            Directive::Pause => self.printer.print(self.view.pause()),
            Directive::Resume => self.printer.print(self.view.resume()),
            Directive::Count => self.print_counts(),
            Directive::Watch { every, command } => {
                if !self
                    .watches
                    .start(self.console, &self.printer, every, command)
                {
                    self.printer
                        .print("too many repetitions; :watch ends all of them");
                }
            }
            Directive::EndWatches => {
                let ended = self.watches.end();
                self.printer
                    .print(format_args!("{ended} repetitions ended"));
            }
            Directive::Macro(directive) => {
                if let Err(failure) = self.direct_macro(directive).await {
                    self.printer.print(failure);
                }
            }
            Directive::Record { file, anonymize } => self.recordings.start(&file, anonymize),
            Directive::EndRecord => self.recordings.end().await,
            Directive::Players => self.print_players(),
            Directive::Status => self.print_status(),
            Directive::Reconnect => self.console.retry_now().await,
            Directive::Help(None) => self.printer.print(directive::help()),
            Directive::Help(Some(command)) => self.print_help(&command),
            Directive::Clear => self.printer.print(CLEAR),
            Directive::Quit => {}
        }
    }

    async fn direct_macro(&self, directive: MacroDirective) -> Result<(), Failure> {
        match directive {
            MacroDirective::List => self.printer.print(macros::overview()?),
            MacroDirective::Run { name, arguments } => {
                let found = macros::load(&name)?;
                let show = |text: &str| self.printer.print(text);
                tokio::select! {
                    result = macros::perform(&found, &arguments, self.console, show) => {
                        result?;
                        self.printer.print(format_args!("-- macro {name}: done"));
                    }
                    _ = tokio::signal::ctrl_c() => self.printer.print(
                        "canceled; the last command of the macro may have run",
                    ),
                }
            }
            MacroDirective::Define { name, steps } => {
                let defined = macros::Macro::of_line(&steps)?;
                macros::save(&name, &defined)?;
                let count = counted(defined.steps().len(), "step");
                self.printer.print(format_args!("-- macro {name}: {count}"));
            }
            MacroDirective::Remove(name) => {
                macros::remove(&name)?;
                self.printer.print(format_args!("-- macro {name}: removed"));
            }
        }
        Ok(())
    }

    fn subscribe(&mut self, names: &[String]) {
        for name in names {
            self.feed.subscribe(name);
        }
    }

    fn print_counts(&self) {
        let counts = self.view.counts();
        if counts.is_empty() {
            self.printer.print("no event yet; :sub subscribes");
        } else {
            let table = render::table(render::width(), ["event", "number"], counts);
            self.printer.print(table);
        }
    }

    fn print_players(&self) {
        let online = self.players.online();
        let rows = online.iter().map(|player| {
            [
                player.id().to_string(),
                pytale::model::escaped(player.name()).to_string(),
            ]
        });
        if online.is_empty() {
            self.printer.print("no player is online");
        } else {
            self.printer
                .print(render::table(render::width(), ["id", "name"], rows));
        }
    }

    fn print_status(&self) {
        let status = self.console.status();
        let names: Vec<&str> = self
            .feed
            .names()
            .map(pytale::console::EventName::as_str)
            .collect();
        let subscriptions = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        self.printer.print(format_args!(
            "{}\nevents: {}, commands: {}, connections: {}, gaps: {}\nsubscriptions: {subscriptions}",
            state_text(&status.state),
            status.totals.events,
            status.totals.commands,
            status.totals.connects,
            status.totals.gaps,
        ));
    }

    fn print_help(&self, command: &str) {
        let catalogue = self.lexicon.catalogue();
        match catalogue.command_of_line(command) {
            Some(entry) => {
                let mut text = entry.to_string();
                if !entry.description.is_empty() {
                    text = format!("{text}\n  {}", entry.description);
                }
                // The server describes the commands.
                self.printer.print(render::lines_escaped(&text));
            }
            None => self.printer.print(format_args!(
                "no command {command} is known; Tab lists the commands"
            )),
        }
    }

    fn connection_changed(&self, connection: &mut Connection, state: &State) {
        match state {
            State::Ready if !connection.is_up => {
                self.printer.print(connection.up());
                tokio::spawn(learn(self.console.clone(), Arc::clone(&self.lexicon)));
            }
            State::Recovering { .. } | State::Closed { .. } | State::Stalled => {
                let text = state_text(state);
                if connection.changed(state, &text) {
                    self.printer.print(format_args!("-- {text}"));
                }
            }
            _ => {}
        }
    }
}

/// The connection as the user has last seen it.
#[derive(Default)]
struct Connection {
    is_up: bool,
    lost: Option<Instant>,
    told: String,
}

impl Connection {
    fn up(&mut self) -> String {
        self.is_up = true;
        self.told.clear();
        match self.lost.take() {
            Some(lost) => format!(
                "-- connected again after {:.1} s",
                lost.elapsed().as_secs_f64()
            ),
            None => "-- connected".to_owned(),
        }
    }

    /// Returns whether the text is news: the attempts to connect repeat one reason.
    fn changed(&mut self, state: &State, text: &str) -> bool {
        if !state.is_connected() {
            self.is_up = false;
            self.lost.get_or_insert_with(Instant::now);
        }
        let is_news = self.told != text;
        text.clone_into(&mut self.told);
        is_news
    }
}

/// The next state. After the last one, waits forever: a closed console is shown once, and the user leaves.
async fn next_state(statuses: &mut Statuses) -> State {
    match statuses.next().await {
        Some(status) => status.state,
        None => std::future::pending().await,
    }
}

fn state_text(state: &State) -> String {
    match state {
        State::Ready => "connected".to_owned(),
        State::Stalled => {
            "connected, but the server does not reply: it is loading its world or busy".to_owned()
        }
        State::Connecting { attempt } => format!("connecting, attempt {attempt}"),
        State::Recovering { because, .. } => format!("not connected: {because}"),
        State::Closed { because } => format!("closed: {because}"),
        other => format!("{other:?}"),
    }
}

/// Asks the server for its commands and prefabs. Without a reply, the lexicon keeps what it has.
async fn learn(console: Console, lexicon: Arc<Lexicon>) {
    if let Ok(modules) = console.command(help::modules()).await {
        let catalogue = Catalogue::from_modules(modules);
        if !catalogue.entries().is_empty() {
            lexicon.set_catalogue(catalogue);
        }
    }
    if let Ok(prefabs) = console
        .command(spawn::list())
        .timeout(PREFABS_TIMEOUT)
        .await
    {
        lexicon.set_prefabs(
            prefabs
                .into_iter()
                .map(|prefab| prefab.name.replace(' ', ""))
                .collect(),
        );
    }
}
