//! The virtual environment with the Python package `tavernpy`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

const VERSION: &str = "1.0.0";

/// Longer than making the environment takes.
const PATIENCE: Duration = Duration::from_secs(180);

/// The interpreter that has the package. Where it cannot be had, this says why, once, and there is none; on CI it
/// fails.
pub(crate) async fn python() -> Option<PathBuf> {
    static ONCE: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let found = ONCE.get_or_init(async || match find_or_make().await {
        Ok(python) => Some(python),
        Err(why) => {
            let why = format!("tavernpy {VERSION} cannot be tried: {why}");
            assert!(!is_ci(std::env::var("CI").ok().as_deref()), "{why}");
            // Past the test runner, which hides what passing tests print, and in one piece.
            let _ = std::io::stderr().write_all(format!("\nskipped: {why}\n").as_bytes());
            None
        }
    });
    found.await.clone()
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

async fn find_or_make() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let home = folder.join(format!("tavernpy-{VERSION}"));
    if home.exists() {
        if is_complete(&interpreter(&home)).await {
            return Ok(interpreter(&home));
        }
        // Gone stale, as when the Python it was made with is no more.
        let _ = std::fs::remove_dir_all(&home);
    }
    let system = system_python().await?;
    // Made aside and then moved as a whole, as several test processes may start at once.
    let making = folder.join(format!("tavernpy-{VERSION}.{}", std::process::id()));
    let made = make(&system, &making).await;
    if made.is_ok() {
        // Fails when another process was faster; its environment is as good.
        let _ = std::fs::rename(&making, &home);
    }
    let _ = std::fs::remove_dir_all(&making);
    made?;
    if is_complete(&interpreter(&home)).await {
        Ok(interpreter(&home))
    } else {
        Err(format!("{} does not work", home.display()))
    }
}

fn interpreter(home: &Path) -> PathBuf {
    if cfg!(windows) {
        home.join("Scripts").join("python.exe")
    } else {
        home.join("bin").join("python")
    }
}

async fn is_complete(python: &Path) -> bool {
    let check = format!(
        "import tavernpy, importlib.metadata as m; assert m.version('tavernpy') == '{VERSION}'"
    );
    run(python, ["-I", "-c", &check]).await.is_ok()
}

async fn system_python() -> Result<PathBuf, String> {
    let mut reasons = Vec::new();
    for name in ["python3", "python"] {
        let python = PathBuf::from(name);
        let check = "import sys; assert sys.version_info >= (3, 11), 'it is older than 3.11'";
        let usable = match run(&python, ["-c", check]).await {
            Ok(()) => run(&python, ["-m", "pip", "--version"]).await,
            Err(why) => Err(why),
        };
        match usable {
            Ok(()) => return Ok(python),
            Err(why) => reasons.push(why),
        }
    }
    Err(format!(
        "it takes Python 3.11 with pip: {}",
        reasons.join("; ")
    ))
}

async fn make(system: &Path, home: &Path) -> Result<(), String> {
    let _ = std::fs::remove_dir_all(home);
    let plain = [OsStr::new("-m"), "venv".as_ref(), "--without-pip".as_ref()];
    run(system, plain.into_iter().chain([home.as_os_str()])).await?;
    let python = interpreter(home);
    let package = format!("tavernpy=={VERSION}");
    let install = [
        OsStr::new("-m"),
        "pip".as_ref(),
        "--python".as_ref(),
        python.as_ref(),
        "install".as_ref(),
        "--quiet".as_ref(),
        "--no-input".as_ref(),
        "--disable-pip-version-check".as_ref(),
        package.as_ref(),
    ];
    run(system, install).await
}

/// Runs something to its end; an error holds its last words.
async fn run<A: AsRef<OsStr>>(
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
