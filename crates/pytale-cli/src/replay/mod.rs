//! `tale replay`: serves a transcript as the console of a self-hosted server.

mod frames;
mod script;
mod serve;
mod stage;

use crate::context::Context;
use crate::failure::Failure;
use clap::Args;
use script::Script;
use serve::Serve;
use stage::Stage;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The port of consoles.
const PORT: u16 = 1760;

/// The most connections at once.
const MOST_CONNECTIONS: usize = 64;

#[derive(Debug, Args)]
#[command(
    after_long_help = "A command gets the reply that was recorded for the same line: the first reply at first, and the \
last one again after it. The times of events and of disconnections count from the first subscription. After the last client has \
left by itself, the transcript begins again. Only this machine can connect.

Examples:
  tale replay session.jsonl
  tale replay session.jsonl --port 0 --speed 10
  tale exec --token-file session.jsonl.token \"player list\""
)]
pub(crate) struct ReplayOptions {
    /// The transcript that `tale record` or `:record` has written.
    file: PathBuf,
    /// Send the events, and repeat the disconnections, so many times faster.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.001..=1_000_000.0).contains(&speed) => Ok(speed),
        _ => Err("must be a number from 0.001 to 1000000".to_owned()),
    }
}

pub(crate) async fn run(options: &ReplayOptions, context: &Context) -> Result<(), Failure> {
    let script = Script::read(&options.file)?;
    let port = context.options.port.unwrap_or(PORT);
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| {
        let failure = Failure::io(format!("listening on 127.0.0.1:{port}"), &error);
        if error.kind() == ErrorKind::AddrInUse {
            failure.advice("another server uses the port; choose one with --port, or any free one with --port 0")
        } else {
            failure
        }
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::io("listening", &error))?;
    let token_file = context.options.token_file.clone();
    let token_file = token_file.unwrap_or_else(|| {
        let mut name = options.file.clone().into_os_string();
        name.push(".token");
        name.into()
    });
    let token = token_in(&token_file)?;
    context.output.line(format_args!(
        "replaying {} on ws://{address}; token file: {}; Ctrl-C ends it",
        options.file.display(),
        token_file.display()
    ));
    let serve = Arc::new(Serve {
        script,
        token,
        stage: Stage::new(options.speed),
        unknown: Mutex::default(),
    });
    tokio::select! {
        () = pytale::shutdown_signal() => {}
        () = accept(listener, &serve) => {}
        () = serve.stage.conduct(&serve.script) => {}
    }
    Ok(())
}

async fn accept(listener: TcpListener, serve: &Arc<Serve>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < MOST_CONNECTIONS => {
                    connections.spawn(Arc::clone(serve).connection(stream));
                }
                Ok(_) => {}
                // Such as too many open files. The next attempt must not be made at once.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The token in the file. A missing file is written with a new token; an existing one is kept, so that it stays valid for a server
/// that has written it.
fn token_in(path: &Path) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Ok(token) if !token.trim().is_empty() => return Ok(token.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            let doing = format!("reading the token file {}", path.display());
            return Err(Failure::io(doing, &error));
        }
    }
    let token: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(32)
        .collect();
    write_privately(path, &token).map_err(|error| {
        Failure::io(format!("writing the token file {}", path.display()), &error)
            .advice("name a file in another folder with --token-file")
    })?;
    Ok(token)
}

fn write_privately(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
