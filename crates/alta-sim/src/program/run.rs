//! The life of the program.

use super::addresses::Addresses;
use super::arguments::{Arguments, World};
use super::config;
use super::error::Error;
use super::failures::Failures;
use super::log::Log;
use super::output::{Form, print};
use super::signals::Signals;
use crate::setup::Server;
use crate::{Builder, Scenario, Sim};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Runs the simulator until a signal, or for the time that the arguments set, and prints its addresses.
///
/// # Errors
///
/// [`ErrorKind::Usage`](super::ErrorKind::Usage) if an argument is wrong, [`ErrorKind::File`](super::ErrorKind::File) if a file or the
/// output cannot be written, [`ErrorKind::Start`](super::ErrorKind::Start) if a port cannot be opened.
///
/// # Cancel safety
///
/// If the future is dropped, the simulator ends at once.
pub async fn run(arguments: &Arguments) -> Result<(), Error> {
    // Before the first line is printed, so that a reader of that line can end the program.
    let signals = Signals::listen().map_err(|error| Error::file("waiting for signals", &error))?;
    let log = open_log(arguments)?;
    let sim = builder(arguments)?.start().await?;
    let certificate = write_certificate(&sim, arguments)?;
    let mut addresses = Addresses::of(&sim, certificate);
    if let Some(port) = arguments.control {
        let address = sim.serve_control((sim.shared.config.listen, port).into())?;
        addresses.control_url = Some(sim.http_url(address.port()));
    }
    let printed = print(&form(arguments).write(&addresses));
    if printed.is_ok() {
        until_end(&sim, signals, log, arguments.seconds).await;
    }
    sim.shutdown().await;
    match printed {
        // The reader of the output has closed the pipe, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Error::file("writing to standard output", &error)),
        Ok(()) => Ok(()),
    }
}

fn open_log(arguments: &Arguments) -> Result<Option<Log>, Error> {
    let Some(path) = &arguments.log else {
        return Ok(None);
    };
    let log = Log::open(path.as_deref()).map_err(|error| {
        let path = path.as_deref().unwrap_or(Path::new("standard error"));
        Error::file(format_args!("opening the log {}", path.display()), &error)
    })?;
    Ok(Some(log))
}

/// The port of HTTP without another choice.
const PORT: u16 = 13_490;

fn builder(arguments: &Arguments) -> Result<Builder, Error> {
    let mut builder = match &arguments.config {
        Some(path) => config::read(path, PORT)?,
        None => Sim::builder().port(PORT).scenario(Scenario::Town),
    };
    if let Some(port) = arguments.port {
        builder = builder.port(port);
    }
    if let Some(seed) = arguments.seed {
        builder = builder.seed(seed);
    }
    if let Some(scenario) = arguments.scenario {
        builder = builder.scenario(match scenario {
            World::Empty => Scenario::Empty,
            World::Town => Scenario::Town,
        });
    }
    if let Some(pace) = arguments.pace {
        builder = builder.pace(Duration::from_millis(pace));
    }
    if let Some(address) = arguments.listen {
        builder = builder.listen(address);
    }
    if let Some(host) = &arguments.advertise {
        builder = builder.advertise(host);
    }
    if arguments.invited {
        builder = builder.bot_invited();
    }
    if arguments.self_hosted {
        let mut server = Server::new("Hollowmere");
        server.port = Some(arguments.self_hosted_port).filter(|port| *port != 0);
        server.token_folder = Some(arguments.token_folder.clone());
        builder = builder.self_hosted(server);
    }
    match (&arguments.certificate, &arguments.key) {
        (Some(certificate), Some(key)) => Ok(builder.tls_with(read(certificate)?, read(key)?)),
        _ if arguments.tls => Ok(builder.tls()),
        _ => Ok(builder),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path)
        .map_err(|error| Error::file(format_args!("reading {}", path.display()), &error))
}

/// Writes the self-made certificate, if there is one, to its file.
fn write_certificate<'a>(sim: &Sim, arguments: &'a Arguments) -> Result<Option<&'a Path>, Error> {
    let self_made = sim.certificate_pem().filter(|_| sim.has_own_certificate());
    let Some(pem) = self_made else {
        return Ok(None);
    };
    let path = &arguments.certificate_to;
    std::fs::write(path, pem)
        .map_err(|error| Error::file(format_args!("writing {}", path.display()), &error))?;
    Ok(Some(path))
}

fn form(arguments: &Arguments) -> Form {
    match (arguments.json, arguments.env) {
        (true, _) => Form::Json,
        (_, true) => Form::Env,
        _ => Form::Text,
    }
}

/// Waits for a signal or the end of the time, and writes the log meanwhile.
async fn until_end(
    sim: &Sim,
    mut signals: Signals,
    mut log: Option<Log>,
    seconds: Option<Duration>,
) {
    let limit = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(seconds).await,
            None => std::future::pending().await,
        }
    };
    let mut failures = Failures::default();
    let logging = async {
        match &mut log {
            Some(log) => log.follow(sim).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = signals.wait() => {}
        () = limit => {}
        () = logging => {}
        () = failures.follow(sim) => {}
    }
    failures.catch_up(sim);
    if let Some(log) = &mut log {
        log.catch_up(sim);
    }
}
