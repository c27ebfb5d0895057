//! `tale record`: writes a session of a console to a transcript.

use crate::context::Context;
use crate::failure::Failure;
use crate::input::lines_of_standard_input;
use crate::output::{error_line, failure_line};
use crate::render;
use crate::server::Target;
use crate::transcript::{Recorder, Recording};
use clap::Args;
use pytale::Console;
use pytale::console::Subscription;
use serde_json::Value;
use std::io::{IsTerminal as _, stdin};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
#[command(
    after_long_help = "Commands can be typed or piped into standard input. Without any, the recording lasts until Ctrl-C. \
The token is not in the transcript, but names and ids are; --anonymize replaces them. Free text, such as a chat message, is not \
recognized: read the file before you share it.

Examples:
  tale record session.jsonl
  tale record session.jsonl --anonymize --for 60
  tale record joins.jsonl --sub PlayerJoined --sub PlayerLeft
  echo \"player list\" | tale record list.jsonl"
)]
pub(crate) struct RecordOptions {
    /// The transcript: a new file.
    file: PathBuf,
    /// Replace names, ids, addresses and tokens. The file is written at the end then.
    #[arg(long)]
    anonymize: bool,
    /// Record only this event. Can be repeated; by default, all events.
    #[arg(long, value_name = "EVENT")]
    sub: Vec<String>,
    /// End after so many seconds.
    #[arg(long = "for", value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    duration: Option<Duration>,
    /// Keep trying to connect for so many seconds. By default, the first failed attempt ends the program.
    #[arg(long, value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    wait: Option<Duration>,
}

pub(crate) async fn run(options: &RecordOptions, context: &Context) -> Result<(), Failure> {
    let target = context.target()?;
    let recorder = Recorder::default();
    // Before the connection, since the transcript begins with the reply to the token.
    let mut recording = recorder.start(&options.file, options.anonymize)?;
    let console = match connect(&recorder, &target, options.wait).await {
        Ok(console) => console,
        Err(failure) => {
            recording.discard().await;
            return Err(failure);
        }
    };
    let failed = tokio::select! {
        failed = recording.ended() => Some(failed),
        ended = record(options, context, &console) => ended.err().map(Err),
    };
    // Before the connection is closed: this is no disconnection of the session.
    let result = match failed {
        Some(failed) => failed.map(drop),
        None => finish(recording).await,
    };
    console.close().await;
    result
}

async fn connect(
    recorder: &Recorder,
    target: &Target,
    wait: Option<Duration>,
) -> Result<Console, Failure> {
    crate::server::connect(target, recorder.config()?, wait).await
}

/// Ends the recording, and says what is in the file.
async fn finish(recording: Recording) -> Result<(), Failure> {
    let path = recording.path().to_owned();
    let frames = recording.end().await?;
    error_line(format_args!("{}: {frames} frames", path.display()));
    Ok(())
}

async fn record(
    options: &RecordOptions,
    context: &Context,
    console: &Console,
) -> Result<(), Failure> {
    let stopped = pytale::shutdown_signal();
    let subscribe = if options.sub.is_empty() {
        console.subscribe_to_everything()
    } else {
        console.subscribe_to(options.sub.iter().map(String::as_str))
    };
    let events = subscribe.await?;
    error_line(format_args!(
        "recording to {}; Ctrl-C ends it",
        options.file.display()
    ));
    let time = async {
        match options.duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = stopped => Ok(()),
        () = time => Ok(()),
        () = received(events) => Ok(()),
        result = commands(options, context, console) => result,
    }
}

/// Receives the events until the console is closed. The recorder has seen them already.
async fn received(mut events: Subscription<Value>) {
    while events.next().await.is_some() {}
}

/// Runs the commands of standard input, and returns after the last one. Without any command or with a duration, does not return.
async fn commands(
    options: &RecordOptions,
    context: &Context,
    console: &Console,
) -> Result<(), Failure> {
    let mut lines = lines_of_standard_input();
    let mut is_used = stdin().is_terminal();
    while let Some(line) = lines.recv().await {
        let line =
            line.map_err(|error| Failure::io("reading commands from standard input", &error))?;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        is_used = true;
        match console.command(line).await {
            Ok(reply) => context.output.line(format_args!(
                "{}",
                render::print_reply(&reply, render::width())
            )),
            // A failure belongs to the session, too.
            Err(error) => failure_line(&Failure::from(error)),
        }
    }
    if is_used && options.duration.is_none() {
        return Ok(());
    }
    std::future::pending().await
}
