//! The wheels: packages of Python that contain a program and no Python.

use super::platform::{Platform, Runner};
use super::{PROFILE, Program, Release, expect_success, licenses, name_of, python, renew};
use crate::tools::Tool;
use crate::{Error, root};
use std::env::consts::{EXE_SUFFIX, OS};
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
        .current_dir(project(release, program, platform)?)
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

/// Writes the project of the wheel: `maturin` reads license texts from the folder of `pyproject.toml`.
fn project(release: &Release, program: &Program, platform: &Platform) -> Result<PathBuf, Error> {
    let folder = release.scratch.join("project");
    renew(&folder)?;
    licenses::write(program, platform, &folder)?;
    let source = root().join("packaging/python").join(program.name);
    let text = std::fs::read_to_string(source.join("pyproject.toml"))?;
    let here = root().display().to_string().replace('\\', "/");
    let project = text.replace("\"../../../", &format!("\"{here}/"));
    std::fs::write(folder.join("pyproject.toml"), project)?;
    Ok(folder)
}

/// Installs a wheel into a new environment, and returns the path of the program. A wheel of another platform is installed into a
/// folder of its own, with the tag in its name.
pub(crate) fn install(
    release: &Release,
    program: &Program,
    platform: &Platform,
    runner: &Runner,
    wheel: &Path,
) -> Result<PathBuf, Error> {
    let folder = release.scratch.join("installed");
    renew(&folder)?;
    expect_success(python::module("venv", &folder).arg(&folder))?;
    let programs = folder.join(if OS == "windows" { "Scripts" } else { "bin" });
    let python = programs.join(format!("python{EXE_SUFFIX}"));
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]);
    let (packages, programs) = if runner.is_native() {
        (python::packages(&python)?, programs)
    } else {
        let name = name_of(wheel);
        let tags = name.trim_end_matches(".whl");
        let (_, tag) = tags.rsplit_once('-').ok_or("the wheel's name has no tag")?;
        let target = folder.join("other");
        command.args(["--only-binary", ":all:", "--platform", tag, "--target"]);
        command.arg(&target);
        let programs = target.join("bin");
        (target, programs)
    };
    expect_success(command.arg(wheel))?;
    let name = program.package.replace('-', "_");
    let information = packages.join(format!("{name}-{}.dist-info", release.version));
    licenses::check(&information.join("licenses"))?;
    Ok(programs.join(platform.file_name(program.name)))
}
