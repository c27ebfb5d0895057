//! The virtual environment with the Python package `tavernpy`.

use super::install::{find_or_make, or_skip, run};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tokio::process::Command;
use tokio::sync::OnceCell;

const VERSION: &str = "1.0.0";

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/tavernpy_bot.py");

/// The command that starts the bot; `None` if the package cannot be installed.
pub(crate) async fn bot() -> Option<Command> {
    static ONCE: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let found = ONCE.get_or_init(async || {
        let name = format!("tavernpy-{VERSION}");
        let home = find_or_make(&name, is_complete, make).await;
        or_skip(&format!("tavernpy {VERSION}"), home)
    });
    let python = interpreter(found.await.as_ref()?);
    let mut command = Command::new(python);
    command.args(["-I", SCRIPT]).env_remove("TAVERN_TRACE");
    Some(command)
}

fn interpreter(home: &Path) -> PathBuf {
    if cfg!(windows) {
        home.join("Scripts").join("python.exe")
    } else {
        home.join("bin").join("python")
    }
}

async fn is_complete(home: &Path) -> bool {
    let check = format!(
        "import tavernpy, importlib.metadata as m; assert m.version('tavernpy') == '{VERSION}'"
    );
    run(&interpreter(home), ["-I", "-c", &check]).await.is_ok()
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

async fn make(home: &Path) -> Result<(), String> {
    let system = system_python().await?;
    let plain = [OsStr::new("-m"), "venv".as_ref(), "--without-pip".as_ref()];
    run(&system, plain.into_iter().chain([home.as_os_str()])).await?;
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
    run(&system, install).await
}
