//! Other people's packages, installed once under the target folder and kept there.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// Longer than installing takes.
const PATIENCE: Duration = Duration::from_secs(180);

/// What was installed. Where it cannot be had, this says why, and there is none; on CI it fails.
pub(crate) fn or_skip(package: &str, outcome: Result<PathBuf, String>) -> Option<PathBuf> {
    match outcome {
        Ok(path) => Some(path),
        Err(why) => {
            let why = format!("{package} cannot be tried: {why}");
            assert!(!is_ci(std::env::var("CI").ok().as_deref()), "{why}");
            // Past the test runner, which hides what passing tests print, and in one piece.
            let _ = std::io::stderr().write_all(format!("\nskipped: {why}\n").as_bytes());
            None
        }
    }
}

/// Build services say so in different words.
fn is_ci(said: Option<&str>) -> bool {
    said.is_some_and(|said| !matches!(said, "" | "0" | "false"))
}

#[test]
fn a_build_service_is_known_by_whatever_word_it_uses() {
    assert!(
        ["true", "1", "yes"]
            .into_iter()
            .all(|said| is_ci(Some(said)))
    );
    assert!(
        ![None, Some(""), Some("false"), Some("0")]
            .into_iter()
            .any(is_ci)
    );
}

/// The folder of that name, made if it is not there or not complete any more.
pub(crate) async fn find_or_make(
    name: &str,
    is_complete: impl AsyncFn(&Path) -> bool,
    make: impl AsyncFn(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let home = folder.join(name);
    if home.exists() {
        if is_complete(&home).await {
            return Ok(home);
        }
        // Gone stale, as when the interpreter it was made with is no more.
        let _ = std::fs::remove_dir_all(&home);
    }
    // Made aside and then moved as a whole, as several test processes may start at once.
    let making = folder.join(format!("{name}.{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&making);
    let made = make(&making).await;
    if made.is_ok() {
        // Fails when another process was faster; what it made is as good.
        let _ = std::fs::rename(&making, &home);
    }
    let _ = std::fs::remove_dir_all(&making);
    made?;
    if is_complete(&home).await {
        Ok(home)
    } else {
        Err(format!("{} does not work", home.display()))
    }
}

/// Runs something to its end; an error holds its last words.
pub(crate) async fn run<A: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    let shown = program.display();
    let Output { status, stderr, .. } = timeout(PATIENCE, command.output())
        .await
        .map_err(|_| format!("{shown} takes longer than {PATIENCE:?}"))?
        .map_err(|error| format!("{shown}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&stderr);
        Err(format!("{shown}: {status}: {}", said.trim()))
    }
}
