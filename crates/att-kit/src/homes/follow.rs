//! The task of one console's homes: it runs the commands and the writes that the machine requests.

use super::debt::{Debt, home_of};
use super::machine::{Event, Input, Machine, Outcome, Output, Reply, Step, Ticket};
use crate::durable_file::DurableFile;
use crate::players::{ChangeKind, PlayerChange, PlayerChanges, Players};
use alta_model::{Timestamp, UserId, Vector3};
use att_console::commands::{SpawnArea, player};
use att_console::{Console, Error, ErrorKind, Missed, Statuses, WeakConsole};
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info, warn};

/// A call of a handle.
pub(super) enum Request {
    Teleport {
        /// It keeps the console open until the teleport has ended.
        console: Console,
        player: UserId,
        position: Vector3,
        reply: oneshot::Sender<Outcome>,
    },
    PersistAt(PathBuf, oneshot::Sender<io::Result<()>>),
    Forgive(UserId, oneshot::Sender<Option<Debt>>),
}

/// The debts, for the handles.
pub(super) type Published = Arc<[Debt]>;

struct Task {
    machine: Machine,
    weak: WeakConsole,
    /// Set while a teleport is at work.
    console: Option<Console>,
    commands: FuturesUnordered<BoxFuture<'static, (UserId, Reply)>>,
    players: Option<PlayerChanges>,
    file: File,
    writing: Option<Writing>,
    replies: HashMap<Ticket, oneshot::Sender<Outcome>>,
    last_ticket: Ticket,
    published: watch::Sender<Published>,
}

type DebtFile = DurableFile<Debt>;

enum File {
    None,
    Opening,
    Open(Arc<DebtFile>),
}

/// Work on the file, in a thread for blocking calls.
enum Writing {
    Open(
        BoxFuture<'static, io::Result<(DebtFile, Vec<Debt>)>>,
        oneshot::Sender<io::Result<()>>,
    ),
    Save(BoxFuture<'static, io::Result<()>>),
}

/// Runs until the console is closed, the teleports have ended and the file is written.
pub(super) async fn follow(
    weak: WeakConsole,
    mut statuses: Statuses,
    mut requests: mpsc::Receiver<Request>,
    published: watch::Sender<Published>,
) {
    let mut task = Task {
        machine: Machine::new(Timestamp::now),
        weak,
        console: None,
        commands: FuturesUnordered::new(),
        players: None,
        file: File::None,
        writing: None,
        replies: HashMap::new(),
        last_ticket: 0,
        published,
    };
    let mut is_open = true;
    loop {
        task.act();
        if !is_open && !task.machine.is_busy() && task.writing.is_none() {
            return;
        }
        let deadline = task.machine.deadline();
        let input = tokio::select! {
            Some((player, reply)) = task.commands.next() => Some(Input::Ended(player, reply)),
            done = written(&mut task.writing) => task.written(done),
            status = statuses.next(), if is_open => {
                is_open = status.is_some();
                Some(Input::Connected(status.is_some_and(|status| status.state.is_connected())))
            }
            request = requests.recv(), if is_open => {
                // None: another task made the homes of this console at the same time.
                is_open = request.is_some();
                request.and_then(|request| task.requested(request))
            }
            change = change(&mut task.players), if is_open => task.changed(change),
            () = due(deadline), if is_open => Some(Input::Tick),
        };
        if let Some(input) = input {
            task.machine.handle(input, Instant::now());
        }
    }
}

impl Task {
    /// Does what the machine requests.
    fn act(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Run(player, step) => self.run(player, step),
                Output::Save(debts) => self.save(debts),
                Output::Finished(ticket, outcome) => {
                    if let Some(reply) = self.replies.remove(&ticket) {
                        // The caller may have been canceled.
                        let _ = reply.send(outcome);
                    }
                }
                Output::Log(player, event) => log(player, &event),
            }
        }
        let debts = self.machine.debts();
        self.published.send_if_modified(|before| {
            let is_new = **before != *debts;
            if is_new {
                *before = debts.into();
            }
            is_new
        });
        if !self.machine.is_busy() {
            self.console = None;
        }
        if self.players.is_none()
            && self.machine.needs_players()
            && let Some(console) = self.weak.upgrade()
        {
            self.players = Some(Players::of(&console).changes());
        }
    }

    fn run(&mut self, player: UserId, step: Step) {
        if self.console.is_none() {
            self.console = self.weak.upgrade();
        }
        let console = self.console.clone();
        self.commands.push(Box::pin(async move {
            let reply = match console {
                Some(console) => command(&console, player, step).await,
                // The last handle of the console is gone.
                None => Err(Error::new(ErrorKind::NotReady, "restoring a home")),
            };
            (player, reply.unwrap_or_else(Reply::Failed))
        }));
    }

    fn save(&mut self, debts: Vec<Debt>) {
        if let File::Open(file) = &self.file {
            let file = Arc::clone(file);
            let written = tokio::task::spawn_blocking(move || file.write(&debts));
            self.writing = Some(Writing::Save(Box::pin(async move {
                written.await.map_err(io::Error::other)?
            })));
        }
    }

    fn requested(&mut self, request: Request) -> Option<Input> {
        match request {
            Request::Teleport {
                console,
                player,
                position,
                reply,
            } => {
                self.console = Some(console);
                self.last_ticket += 1;
                self.replies.insert(self.last_ticket, reply);
                Some(Input::Teleport {
                    ticket: self.last_ticket,
                    player,
                    position,
                })
            }
            Request::PersistAt(path, reply) => {
                if !matches!(self.file, File::None) {
                    let reason = "the homes of this console have a file already";
                    let _ = reply.send(Err(io::Error::new(io::ErrorKind::AlreadyExists, reason)));
                    return None;
                }
                self.file = File::Opening;
                let open = Box::pin(DebtFile::open(path, "debts"));
                self.writing = Some(Writing::Open(open, reply));
                None
            }
            Request::Forgive(player, reply) => {
                let _ = reply.send(self.machine.forgive(player, Instant::now()));
                None
            }
        }
    }

    /// The work on the file has ended.
    fn written(&mut self, done: Written) -> Option<Input> {
        let writing = self.writing.take();
        match (done, writing) {
            (Written::Opened(Ok((file, debts))), Some(Writing::Open(_, reply))) => {
                self.file = File::Open(Arc::new(file));
                for debt in &debts {
                    warn!(player = %debt.player, since = %debt.since, "a home from an earlier run is not restored yet");
                }
                let _ = reply.send(Ok(()));
                Some(Input::Loaded(debts))
            }
            (Written::Opened(Err(error)), Some(Writing::Open(_, reply))) => {
                self.file = File::None;
                let _ = reply.send(Err(error));
                None
            }
            (Written::Saved(result), _) => Some(Input::Saved(result.map_err(|error| {
                error!(%error, "the homes to restore could not be saved");
                error.to_string()
            }))),
            _ => None,
        }
    }

    fn changed(&mut self, change: Result<PlayerChange, Missed>) -> Option<Input> {
        match change {
            Ok(change) => match change.kind {
                ChangeKind::Found | ChangeKind::Joined => Some(Input::Online(change.player.id())),
                ChangeKind::Left => Some(Input::Offline(change.player.id())),
                _ => None,
            },
            // The next stream begins with the players who are online.
            Err(Missed::Lagged(_)) => {
                self.players = None;
                None
            }
            Err(_) => None,
        }
    }
}

async fn change(players: &mut Option<PlayerChanges>) -> Result<PlayerChange, Missed> {
    if let Some(changes) = players
        && let Some(change) = changes.next().await
    {
        return change;
    }
    pending().await
}

enum Written {
    Opened(io::Result<(DebtFile, Vec<Debt>)>),
    Saved(io::Result<()>),
}

async fn written(writing: &mut Option<Writing>) -> Written {
    match writing {
        Some(Writing::Open(open, _)) => Written::Opened(open.await),
        Some(Writing::Save(save)) => Written::Saved(save.await),
        None => pending().await,
    }
}

async fn command(console: &Console, player: UserId, step: Step) -> Result<Reply, Error> {
    match step {
        Step::ReadHome => {
            let home = console.command(player::home(player)).await?;
            Ok(Reply::Home(home_of(home)))
        }
        Step::SetHome(home) => {
            let home = home.unwrap_or(Vector3::ZERO);
            console.command(player::set_home(player, home)).await?;
            Ok(Reply::Done)
        }
        Step::Teleport => {
            let teleport = player::teleport(player, SpawnArea::Home);
            console.command(teleport).await?;
            Ok(Reply::Done)
        }
    }
}

fn log(player: UserId, event: &Event) {
    match event {
        Event::Restored => info!(%player, "the home is restored"),
        Event::ChosenAnew => info!(%player, "the home is left as it is: it was set anew meanwhile"),
        Event::NotRestored(error) => {
            warn!(%player, %error, "the home is not restored yet, and may be wrong");
        }
    }
}

async fn due(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
