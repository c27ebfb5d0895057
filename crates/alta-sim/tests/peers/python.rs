//! Virtual environments of Python.

use super::install::{find_or_make, run};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The interpreter of the environment with these packages and versions. It is made if it does not exist.
pub(crate) async fn interpreter_with(
    name: &str,
    packages: &[(&str, &str)],
) -> Result<PathBuf, String> {
    let is_complete = async |home: &Path| {
        let checks = packages.iter().map(|(package, version)| {
            format!("import {package}; assert m.version('{package}') == '{version}'")
        });
        let check = ["import importlib.metadata as m".to_owned()]
            .into_iter()
            .chain(checks)
            .collect::<Vec<_>>()
            .join("\n");
        run(&interpreter(home), ["-I", "-c", &check]).await.is_ok()
    };
    let make = async |home: &Path| make(home, packages).await;
    let home = find_or_make(name, is_complete, make).await?;
    Ok(interpreter(&home))
}

fn interpreter(home: &Path) -> PathBuf {
    if cfg!(windows) {
        home.join("Scripts").join("python.exe")
    } else {
        home.join("bin").join("python")
    }
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

async fn make(home: &Path, packages: &[(&str, &str)]) -> Result<(), String> {
    let system = system_python().await?;
    let plain = [OsStr::new("-m"), "venv".as_ref(), "--without-pip".as_ref()];
    run(&system, plain.into_iter().chain([home.as_os_str()])).await?;
    let python = interpreter(home);
    let packages = packages
        .iter()
        .map(|(package, version)| format!("{package}=={version}"));
    let install = [
        OsStr::new("-m"),
        "pip".as_ref(),
        "--python".as_ref(),
        python.as_ref(),
        "install".as_ref(),
        "--quiet".as_ref(),
        "--no-input".as_ref(),
        "--disable-pip-version-check".as_ref(),
    ];
    let install = install.into_iter().map(OsStr::to_owned);
    run(&system, install.chain(packages.map(Into::into))).await
}
