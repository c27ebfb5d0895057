//! The archives: a program with its license, its README, and its completions and manual pages.

use super::platform::{Platform, Runner};
use super::python;
use super::{Program, Release, expect_success, name_of, renew};
use crate::{Error, root};
use std::fs::File;
use std::path::{Path, PathBuf};

const TEXTS: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// The shells, and the file of each in the folder `completions`.
const SHELLS: [(&str, &str); 4] = [
    ("bash", "tale.bash"),
    ("fish", "tale.fish"),
    ("powershell", "tale.ps1"),
    ("zsh", "_tale"),
];

/// Writes a .zip for Windows, a .tar.gz for other platforms.
pub(crate) fn pack(
    release: &Release,
    program: &Program,
    platform: &Platform,
    built: &Path,
    runner: Option<&Runner>,
) -> Result<PathBuf, Error> {
    let name = format!("{}-{}-{}", program.name, release.version, platform.target);
    let stage = release.scratch.join("stage");
    let folder = stage.join(&name);
    renew(&folder)?;
    std::fs::copy(built, folder.join(platform.file_name(program.name)))?;
    let package = root().join("crates").join(program.package);
    for text in TEXTS {
        std::fs::copy(package.join(text), folder.join(text))?;
    }
    if program.name == "tale" {
        generate(release, &folder, built, runner)?;
    }

    let (module, extension) = if platform.is_windows() {
        ("zipfile", "zip")
    } else {
        ("tarfile", "tar.gz")
    };
    let archive = release.files.join(format!("{name}.{extension}"));
    let mut command = python::module(module, &stage);
    expect_success(command.arg("-c").arg(&archive).arg(&name))?;
    Ok(archive)
}

/// Runs the program for its completions and manual pages. Those of another platform are the same, so the first that this machine
/// can run writes them for all.
fn generate(
    release: &Release,
    folder: &Path,
    built: &Path,
    runner: Option<&Runner>,
) -> Result<(), Error> {
    let generated = release.scratch.join("generated");
    if !generated.exists() {
        let Some(runner) = runner else {
            println!("    no completions and manual pages: this machine cannot run the program");
            return Ok(());
        };
        let completions = generated.join("completions");
        std::fs::create_dir_all(&completions)?;
        for (shell, file) in SHELLS {
            let mut command = runner.command(built);
            command.args(["completions", shell]);
            command.stdout(File::create(completions.join(file))?);
            expect_success(&mut command)?;
        }
        let mut command = runner.command(built);
        command
            .current_dir(&generated)
            .args(["man", "--dir", "man"]);
        expect_success(&mut command)?;
    }
    for kind in ["completions", "man"] {
        std::fs::create_dir_all(folder.join(kind))?;
        for entry in std::fs::read_dir(generated.join(kind))? {
            let entry = entry?;
            std::fs::copy(entry.path(), folder.join(kind).join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Unpacks into a new folder, and returns the folder of the archive's name in it.
pub(crate) fn unpack(release: &Release, archive: &Path) -> Result<PathBuf, Error> {
    let folder = release.scratch.join("unpacked");
    renew(&folder)?;
    extract(archive, &folder)?;
    let name = name_of(archive);
    let name = name.trim_end_matches(".zip").trim_end_matches(".tar.gz");
    Ok(folder.join(name))
}

/// Unpacks an archive or a wheel, which is a .zip.
pub(crate) fn extract(archive: &Path, folder: &Path) -> Result<(), Error> {
    let module = if name_of(archive).ends_with(".tar.gz") {
        "tarfile"
    } else {
        "zipfile"
    };
    let mut command = python::module(module, folder);
    expect_success(command.arg("-e").arg(archive).arg(folder))
}
