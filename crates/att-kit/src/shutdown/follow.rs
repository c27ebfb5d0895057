//! The task of a shutdown: it runs the commands that the machine requests.

use super::chain::{Chain, Input, Output, Step};
use super::error::ShutdownError;
use super::stage::{ShutdownEnd, Stage};
use crate::clock::due;
use att_console::commands::{player, save};
use att_console::{Argument, Command, Console, Error, State, Status, Target, WhenNotReady};
use futures_core::future::BoxFuture;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::info;

/// The texts that players see.
pub(super) struct Texts {
    pub(super) announcement: Arc<dyn Fn(Duration) -> String + Send + Sync>,
    pub(super) canceled: String,
}

/// The timeout of `save now`: a large world needs more than the usual timeout.
const SAVE_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs until the chain and its commands have ended.
pub(super) async fn follow(
    console: Console,
    mut chain: Chain,
    texts: Texts,
    stages: mpsc::Sender<Stage>,
    mut canceled: oneshot::Receiver<()>,
    ended: oneshot::Sender<Result<ShutdownEnd, ShutdownError>>,
) {
    let mut commands: FuturesUnordered<BoxFuture<'_, (Step, Result<(), Error>)>> =
        FuturesUnordered::new();
    let mut statuses = console.statuses();
    let mut is_watched = true;
    let mut is_canceled = false;
    let mut end = None;
    loop {
        while let Some(output) = chain.poll_output() {
            match output {
                Output::Run(step) => commands.push(Box::pin(run(&console, step, &texts))),
                Output::Stage(stage) => {
                    info!(console = %console.label(), "shutdown: {stage}");
                    // A slow reader misses it.
                    let _ = stages.try_send(stage);
                }
                Output::End(result) => end = Some(result),
            }
        }
        if end.is_some() && commands.is_empty() {
            break;
        }
        let deadline = chain.deadline();
        let input = tokio::select! {
            Some((step, result)) = commands.next() => Input::Ended(step, result),
            status = statuses.next(), if is_watched => {
                is_watched = status.is_some();
                status.map_or(Input::Tick, read)
            }
            _ = &mut canceled, if !is_canceled => {
                is_canceled = true;
                Input::Cancel
            }
            () = due(deadline) => Input::Tick,
        };
        chain.handle(input, Instant::now());
    }
    drop(commands);
    if let Some(result) = end {
        let doing = || format!("restarting {}", console.label());
        // The caller may be gone.
        let _ = ended.send(result.map_err(|kind| ShutdownError::new(kind, doing())));
    }
}

fn read(status: Status) -> Input {
    match status.state {
        State::Closed { because } => Input::Closed(because),
        state => Input::Console {
            is_connected: state.is_connected(),
            connects: status.totals.connects,
        },
    }
}

async fn run(console: &Console, step: Step, texts: &Texts) -> (Step, Result<(), Error>) {
    let rule = WhenNotReady::Fail;
    let tell = |text: String| async move {
        // Players are warned in any case.
        let message = player::message(Target::Everyone, Argument::typographic(text));
        console.command(message).when_not_ready(rule).await
    };
    let result = match step {
        Step::Announce(left) => tell((texts.announcement)(left)).await,
        Step::AnnounceCancel => tell(texts.canceled.clone()).await,
        Step::Save => {
            let save = console.command(save::now()).timeout(SAVE_TIMEOUT);
            save.when_not_ready(rule).await.map(drop)
        }
        Step::Quit => {
            let quit = console.command(Command::raw("quit"));
            quit.when_not_ready(rule).await.map(drop)
        }
    };
    (step, result)
}
