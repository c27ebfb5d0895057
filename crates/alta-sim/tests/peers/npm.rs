//! The folder with npm packages: `alta-jsapi`, Alta's own client of its REST API, and the websockets of `ws`.

use super::install::{find_or_make, or_skip, run};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tokio::process::Command;
use tokio::sync::OnceCell;

/// Names and versions.
const PACKAGES: [(&str, &str); 2] = [("alta-jsapi", "1.1.5"), ("ws", "8.18.3")];

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../alta-sim/tests/peers/jsapi_bot.js"
);

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The command that starts the bot, which connects to this port; `None` if the packages cannot be installed.
pub(crate) async fn bot(port: u16) -> Option<Command> {
    let home = packages().await?;
    let mut command = node(Path::new(SCRIPT));
    command
        .arg(package(&home, "alta-jsapi"))
        .arg(port.to_string());
    Some(command)
}

/// The folder of the packages; `None` if they cannot be installed.
pub(crate) async fn packages() -> Option<PathBuf> {
    static ONCE: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let found = ONCE.get_or_init(async || {
        let names = PACKAGES.map(|(name, version)| format!("{name}-{version}"));
        let home = find_or_make(&names.join("-"), is_complete, make).await;
        or_skip(&names.join(", "), home)
    });
    found.await.clone()
}

/// The command that runs a script.
pub(crate) fn node(script: &Path) -> Command {
    let mut command = Command::new("node");
    // alta-jsapi reads the settings of a launcher and the proxies of the environment.
    for name in ["APPDATA", "NODE_OPTIONS", "HTTP_PROXY", "http_proxy"] {
        command.env_remove(name);
    }
    command.arg("--no-deprecation").arg(script);
    command
}

fn package(home: &Path, name: &str) -> PathBuf {
    home.join("node_modules").join(name)
}

async fn is_complete(home: &Path) -> bool {
    let check = "const [, home, version] = process.argv; \
                 process.exit(require(home + '/package.json').version === version && require(home) ? 0 : 1)";
    for (name, version) in PACKAGES {
        let package = package(home, name);
        let arguments = ["-e", check].map(OsStr::new).into_iter();
        let arguments = arguments.chain([package.as_os_str(), version.as_ref()]);
        if run(Path::new("node"), arguments).await.is_err() {
            return false;
        }
    }
    true
}

async fn make(home: &Path) -> Result<(), String> {
    run(Path::new("node"), ["--version"]).await?;
    std::fs::create_dir_all(home).map_err(|error| error.to_string())?;
    let packages = PACKAGES.map(|(name, version)| format!("{name}@{version}"));
    let install = [
        OsStr::new("install"),
        "--prefix".as_ref(),
        home.as_os_str(),
        "--silent".as_ref(),
        "--no-audit".as_ref(),
        "--no-fund".as_ref(),
        "--no-save".as_ref(),
        "--ignore-scripts".as_ref(),
    ];
    let install = install.into_iter().chain(packages.iter().map(OsStr::new));
    run(Path::new(NPM), install).await
}
