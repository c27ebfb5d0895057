//! The wheels: packages of Python that contain a program and no Python.

use super::platform::{Platform, Runner};
use super::{PROFILE, Program, Release, archive, expect_success, name_of, python, renew};
use crate::tools::Tool;
use crate::{Error, root};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn tools() -> [Tool; 1] {
    [Tool::Program("maturin", "pipx install maturin")]
}

/// Builds the wheel of a program, and returns its path.
pub(crate) fn build(
    release: &Release,
    program: &Program,
    platform: &Platform,
) -> Result<PathBuf, Error> {
    let folder = release.scratch.join("wheel");
    renew(&folder)?;
    let mut command = Command::new("maturin");
    command
        .current_dir(root().join("packaging/python").join(program.name))
        .args(["build", "--locked", "--profile", PROFILE])
        .args(["--target", &platform.target, "--out"])
        .arg(&folder);
    if platform.is_musl() {
        // The program contains its libc, so it runs beside any.
        command.args(["--compatibility", "manylinux2014", "musllinux_1_1"]);
        command.args(["--auditwheel", "skip"]);
    }
    expect_success(&mut command)?;
    let wheel = std::fs::read_dir(&folder)?
        .next()
        .ok_or("maturin built no wheel")??;
    let path = release.files.join(wheel.file_name());
    std::fs::copy(wheel.path(), &path)?;
    Ok(path)
}

/// Installs a wheel of this platform into a new environment; unpacks another one. Returns the path of the program.
pub(crate) fn install(
    release: &Release,
    program: &Program,
    platform: &Platform,
    runner: &Runner,
    wheel: &Path,
) -> Result<PathBuf, Error> {
    let folder = release.scratch.join("installed");
    renew(&folder)?;
    let file = platform.file_name(program.name);
    if !runner.is_native() {
        archive::extract(wheel, &folder)?;
        let name = name_of(wheel);
        let (package, _) = name
            .split_once("-py3")
            .ok_or("the wheel's name has no tag")?;
        return Ok(folder.join(format!("{package}.data/scripts")).join(file));
    }
    expect_success(python::module("venv", &folder).arg(&folder))?;
    let programs = folder.join(if platform.is_windows() {
        "Scripts"
    } else {
        "bin"
    });
    let mut command = Command::new(programs.join(platform.file_name("python")));
    command.args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]);
    expect_success(command.arg(wheel))?;
    Ok(programs.join(file))
}
