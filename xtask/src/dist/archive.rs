//! The archives: a program with its license, its README, and its completions and manual pages.

use super::platform::{Platform, Runner};
use super::{Program, Release, expect_success, licenses, name_of, python, renew};
use crate::{Error, root};
use std::fs::File;
use std::path::{Path, PathBuf};

const README: &str = "README.md";

const MANUAL: &str = "MANUAL.md";

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
    std::fs::copy(package.join(README), folder.join(README))?;
    licenses::write(program, platform, &folder)?;
    if program.name == "tale" {
        std::fs::copy(root().join("docs/tale.md"), folder.join(MANUAL))?;
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
    let name = name_of(archive);
    let (module, name) = match name.strip_suffix(".zip") {
        Some(name) => ("zipfile", name),
        None => ("tarfile", name.trim_end_matches(".tar.gz")),
    };
    let mut command = python::module(module, &folder);
    expect_success(command.arg("-e").arg(archive).arg(&folder))?;
    Ok(folder.join(name))
}

/// Fails if a file of the unpacked archive is missing.
pub(crate) fn check(program: &Program, folder: &Path) -> Result<(), Error> {
    licenses::check(folder)?;
    let mut files = vec![README.to_owned()];
    if program.name == "tale" {
        files.push(MANUAL.to_owned());
        files.extend(SHELLS.map(|(_, file)| format!("completions/{file}")));
        files.extend(["man/tale.1", "man/tale-exec.1"].map(str::to_owned));
    }
    for file in files {
        if std::fs::metadata(folder.join(&file)).is_ok_and(|found| found.len() > 0) {
            continue;
        }
        return Err(format!("the archive has no {file}, or an empty one").into());
    }
    Ok(())
}
