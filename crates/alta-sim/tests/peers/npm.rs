//! The folder with the npm package `alta-jsapi`, Alta's own client of its REST API.

use super::install::{find_or_make, or_skip, run};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tokio::process::Command;
use tokio::sync::OnceCell;

const VERSION: &str = "1.1.5";

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../alta-sim/tests/peers/jsapi_bot.js"
);

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The command that starts the bot, which connects to this port; `None` if the package cannot be installed.
pub(crate) async fn bot(port: u16) -> Option<Command> {
    static ONCE: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let found = ONCE.get_or_init(async || {
        let name = format!("alta-jsapi-{VERSION}");
        let home = find_or_make(&name, is_complete, make).await;
        or_skip(&format!("alta-jsapi {VERSION}"), home)
    });
    let package = package(found.await.as_ref()?);
    let mut command = Command::new("node");
    // The package reads the settings of a launcher and the proxies of the environment.
    for name in ["APPDATA", "NODE_OPTIONS", "HTTP_PROXY", "http_proxy"] {
        command.env_remove(name);
    }
    command
        .args(["--no-deprecation", SCRIPT])
        .arg(package)
        .arg(port.to_string());
    Some(command)
}

fn package(home: &Path) -> PathBuf {
    home.join("node_modules").join("alta-jsapi")
}

async fn is_complete(home: &Path) -> bool {
    let check = "const [, home, version] = process.argv; \
                 process.exit(require(home + '/package.json').version === version && require(home) ? 0 : 1)";
    let package = package(home);
    let arguments = ["-e", check].map(OsStr::new).into_iter();
    let arguments = arguments.chain([package.as_os_str(), VERSION.as_ref()]);
    run(Path::new("node"), arguments).await.is_ok()
}

async fn make(home: &Path) -> Result<(), String> {
    run(Path::new("node"), ["--version"]).await?;
    std::fs::create_dir_all(home).map_err(|error| error.to_string())?;
    let package = format!("alta-jsapi@{VERSION}");
    let install = [
        OsStr::new("install"),
        "--prefix".as_ref(),
        home.as_os_str(),
        "--silent".as_ref(),
        "--no-audit".as_ref(),
        "--no-fund".as_ref(),
        "--no-save".as_ref(),
        "--ignore-scripts".as_ref(),
        package.as_ref(),
    ];
    run(Path::new(NPM), install).await
}
