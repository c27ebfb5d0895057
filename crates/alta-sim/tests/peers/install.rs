//! Foreign packages, installed once below the target folder.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// Above the duration of an installation.
const TIMEOUT: Duration = Duration::from_secs(180);

/// The installed package. If it cannot be installed, prints the reason and returns `None`; in CI it panics.
pub(crate) fn or_skip(package: &str, installed: Result<PathBuf, String>) -> Option<PathBuf> {
    match installed {
        Ok(path) => Some(path),
        Err(why) => {
            let why = format!("{package} cannot be tested: {why}");
            assert!(!is_ci(std::env::var("CI").ok().as_deref()), "{why}");
            // Written directly, since the test runner hides the output of passing tests.
            let _ = std::io::stderr().write_all(format!("\nskipped: {why}\n").as_bytes());
            None
        }
    }
}

/// Returns whether the value of `CI` is one that build services set.
fn is_ci(value: Option<&str>) -> bool {
    value.is_some_and(|value| !matches!(value, "" | "0" | "false"))
}

#[test]
fn a_build_service_is_recognized_by_any_value() {
    assert!(
        ["true", "1", "yes"]
            .into_iter()
            .all(|value| is_ci(Some(value)))
    );
    assert!(
        ![None, Some(""), Some("false"), Some("0")]
            .into_iter()
            .any(is_ci)
    );
}

/// The folder with this name. It is made if it does not exist or is not complete.
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
        // Stale, for example because its interpreter was removed.
        let _ = std::fs::remove_dir_all(&home);
    }
    // Made under another name and then renamed, since several test processes may start at once.
    let making = folder.join(format!("{name}.{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&making);
    let made = make(&making).await;
    if made.is_ok() {
        // Fails if another process was faster, whose folder is as good.
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

/// Runs a program to its end. The error holds its standard error.
pub(crate) async fn run<A: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    let name = program.display();
    let Output { status, stderr, .. } = timeout(TIMEOUT, command.output())
        .await
        .map_err(|_| format!("{name} takes longer than {TIMEOUT:?}"))?
        .map_err(|error| format!("{name}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        let errors = String::from_utf8_lossy(&stderr);
        Err(format!("{name}: {status}: {}", errors.trim()))
    }
}
