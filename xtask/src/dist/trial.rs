//! The trial of a program: its version, and a run to the end.

use super::platform::Runner;
use crate::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

/// Longer than any of the runs takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

const PAUSE: Duration = Duration::from_millis(50);

/// Fails if the program prints another version, or does not do its work.
pub(crate) fn run(runner: &Runner, name: &str, file: &Path, version: &str) -> Result<(), Error> {
    let printed = to_end(runner, file, &["--version"])?;
    if printed.trim() != format!("{name} {version}") {
        return Err(format!("{} --version printed {printed:?}", file.display()).into());
    }
    match name {
        "tale" => to_end(runner, file, &["demo", "--duration", "5"]).map(drop),
        _ => until_it_listens(runner, file),
    }
}

/// Returns the output of a run that ends successfully.
fn to_end(runner: &Runner, file: &Path, arguments: &[&str]) -> Result<String, Error> {
    let (mut child, output) = start(runner, file, arguments)?;
    let status = within(|| Ok(child.try_wait()?));
    let Some(status) = status? else {
        child.kill()?;
        child.wait()?;
        return Err(format!("{} {arguments:?} does not end", file.display()).into());
    };
    let printed = std::fs::read_to_string(output)?;
    if status.success() {
        Ok(printed)
    } else {
        Err(format!(
            "{} {arguments:?} ended with {status}:\n{printed}",
            file.display()
        )
        .into())
    }
}

/// Starts the simulator, waits for its addresses, and ends it.
fn until_it_listens(runner: &Runner, file: &Path) -> Result<(), Error> {
    let (mut child, output) = start(runner, file, &["--port", "0"])?;
    let listens = within(|| {
        let printed = std::fs::read_to_string(&output)?;
        Ok(printed.contains("Ctrl-C ends the program").then_some(()))
    });
    child.kill()?;
    child.wait()?;
    listens?.ok_or_else(|| format!("{} prints no addresses", file.display()).into())
}

/// The output goes to a file: a pipe that nothing reads would stop the program.
fn start(runner: &Runner, file: &Path, arguments: &[&str]) -> Result<(Child, PathBuf), Error> {
    let output = file.with_extension("output");
    let mut command = runner.command(file);
    let child = command
        .args(arguments)
        .stdout(File::create(&output)?)
        .spawn();
    let child = child.map_err(|error| format!("starting {}: {error}", file.display()))?;
    Ok((child, output))
}

/// Asks again until there is a result, or the time is over.
fn within<T>(mut ask: impl FnMut() -> Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    let end = Instant::now() + TIMEOUT;
    while Instant::now() < end {
        if let Some(found) = ask()? {
            return Ok(Some(found));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(None)
}
