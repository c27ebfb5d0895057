//! `cargo xtask dist`: the archives, wheels and checksums of a release, and a trial of each.

mod archive;
mod licenses;
mod platform;
mod python;
mod trial;
mod wheel;

use crate::{Error, cargo, metadata};
use platform::Platform;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The parts of a release.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The target of the programs, such as `x86_64-unknown-linux-musl`; those that this platform can build if none is given.
    #[arg(long = "target")]
    targets: Vec<String>,
}

/// A program of a release.
struct Program {
    /// The name of the file, and of the folder under `packaging/python`.
    name: &'static str,
    package: &'static str,
}

const PROGRAMS: [Program; 2] = [
    Program {
        name: "tale",
        package: "pytale-cli",
    },
    Program {
        name: "alta-sim",
        package: "alta-sim",
    },
];

/// Built once, before the targets.
struct Release {
    version: String,
    /// The target folder of cargo.
    built: PathBuf,
    /// The files of the release.
    files: PathBuf,
    /// Unpacked archives and installed wheels.
    scratch: PathBuf,
}

/// Builds and tries everything for each target, and writes the checksums.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let metadata = metadata()?;
    let package = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name == PROGRAMS[0].package)
        .ok_or("the workspace has no package of the program")?;
    let folder = metadata.target_directory.join("distribution");
    let release = Release {
        version: package.version.to_string(),
        built: metadata.target_directory.clone().into(),
        files: folder.join("release").into(),
        scratch: folder.join("scratch").into(),
    };
    renew(&release.files)?;
    renew(&release.scratch)?;

    let targets = if options.targets.is_empty() {
        platform::defaults()
    } else {
        options.targets.clone()
    };
    for target in targets {
        println!("\n[{target}]");
        let platform = Platform::new(target);
        match platform.tools().into_iter().find(|tool| !tool.is_there()) {
            Some(tool) => tool.skip()?,
            None => release.build(&platform)?,
        }
    }
    std::fs::remove_dir_all(&release.scratch)?;
    release.write_checksums()?;
    println!("\nThe files are in {}", release.files.display());
    Ok(())
}

impl Release {
    fn build(&self, platform: &Platform) -> Result<(), Error> {
        let runner = platform.runner()?;
        for program in &PROGRAMS {
            let built = self.program(program, platform)?;
            let archive = archive::pack(self, program, platform, &built, runner.as_ref())?;
            if let Some(runner) = &runner {
                let unpacked = archive::unpack(self, &archive)?;
                archive::check(program, &unpacked)?;
                let file = unpacked.join(platform.file_name(program.name));
                trial::run(runner, program.name, &file, &self.version)?;
            }
            println!("    {}", name_of(&archive));
        }
        if let Some(tool) = wheel::tools().into_iter().find(|tool| !tool.is_there()) {
            return tool.skip();
        }
        for program in &PROGRAMS {
            let wheel = wheel::build(self, program, platform)?;
            if let Some(runner) = &runner {
                let file = wheel::install(self, program, platform, runner, &wheel)?;
                trial::run(runner, program.name, &file, &self.version)?;
            }
            println!("    {}", name_of(&wheel));
        }
        Ok(())
    }

    /// Builds the packages one by one, as `maturin` does, so that it builds nothing again.
    fn program(&self, program: &Program, platform: &Platform) -> Result<PathBuf, Error> {
        let mut command = cargo();
        command.args(["build", "--locked", "--profile", PROFILE, "--bins"]);
        command.args(["--package", program.package, "--target", &platform.target]);
        expect_success(&mut command)?;
        let folder = self.built.join(&platform.target).join(PROFILE);
        Ok(folder.join(platform.file_name(program.name)))
    }

    /// One line for each file, as `sha256sum --check` reads it.
    fn write_checksums(&self) -> Result<(), Error> {
        let mut lines = Vec::new();
        for entry in std::fs::read_dir(&self.files)? {
            let path = entry?.path();
            let sum = Sha256::digest(std::fs::read(&path)?);
            let mut line = String::new();
            for byte in sum {
                write!(line, "{byte:02x}")?;
            }
            lines.push(format!("{line}  {}\n", name_of(&path)));
        }
        if lines.is_empty() {
            return Err("nothing was built".into());
        }
        // By the names of the files.
        lines.sort_by(|one, other| one[64..].cmp(&other[64..]));
        std::fs::write(self.files.join("SHA256SUMS"), lines.concat())?;
        Ok(())
    }
}

/// The profile in Cargo.toml.
const PROFILE: &str = "dist";

fn renew(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn expect_success(command: &mut std::process::Command) -> Result<(), Error> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        let program = command.get_program().to_string_lossy();
        Err(format!("{program} ended with {status}").into())
    }
}
