//! The secret of a profile: in the file that it names, in the environment, or in a file that `tale login --store` has written.

use crate::failure::Failure;
use crate::output::error_line;
use crate::settings::data_folder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pytale::auth::Secret;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The largest secret file in bytes.
const LARGEST: u64 = 16 * 1024;

/// The places of a profile's secret.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// The name of the secret in messages.
    pub(super) what: &'static str,
    pub(super) variable: &'static str,
    pub(super) profile: String,
    /// The file that the profile names.
    pub(super) file: Option<PathBuf>,
}

impl Secrets {
    /// Reads the secret: from the file of the profile, the environment, or the stored file.
    pub(super) fn read(&self) -> Result<Secret, Failure> {
        if let Some(path) = &self.file {
            return read_file(path)
                .map_err(|failure| failure.advice(self.advice()))
                .and_then(|secret| self.checked(secret, path));
        }
        if let Some(text) = variable(self.variable) {
            return Ok(Secret::new(text));
        }
        let path = self.store()?;
        if path.is_file() {
            let secret = read_file(&path)?;
            return self.checked(secret, &path);
        }
        Err(
            Failure::usage(format!("the profile {} has no {}", self.profile, self.what))
                .advice(format!("set {}, or {}", self.variable, self.advice())),
        )
    }

    fn checked(&self, secret: Secret, path: &Path) -> Result<Secret, Failure> {
        if secret.expose().is_empty() {
            return Err(
                Failure::usage(format!("the secret file {} is empty", path.display()))
                    .advice(self.advice()),
            );
        }
        Ok(secret)
    }

    /// The file in which a typed secret is stored: that of the profile, or else one in the folder of the program's data.
    pub(crate) fn store(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.file {
            return Ok(path.clone());
        }
        let name = utf8_percent_encode(&self.profile, NON_ALPHANUMERIC);
        Ok(data_folder()?.join("secrets").join(name.to_string()))
    }

    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    fn advice(&self) -> String {
        format!(
            "store the {} with `tale login --profile {} --store`",
            self.what, self.profile
        )
    }
}

/// A variable of the environment, unless it is empty.
pub(super) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    let value = Secret::trimmed(&value);
    (!value.is_empty()).then(|| value.to_owned())
}

fn read_file(path: &Path) -> Result<Secret, Failure> {
    let failed = |error| {
        Failure::io(
            format_args!("reading the secret file {}", path.display()),
            &error,
        )
    };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if is_readable_by_others(&about) {
        error_line(format_args!(
            "warning: other users of this machine can read the secret file {}\n  help: chmod 600 {}",
            path.display(),
            path.display()
        ));
    }
    let mut text = String::new();
    file.take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > LARGEST) {
        return Err(Failure::usage(format!(
            "the secret file {} is too large for a secret",
            path.display()
        )));
    }
    Ok(Secret::new(text))
}

#[cfg(unix)]
fn is_readable_by_others(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    // Group and others.
    about.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &fs::Metadata) -> bool {
    // Permissions of other systems are not checked.
    false
}

/// Writes the secret to a file that only its owner can read. A file of that name is replaced at once.
pub(crate) fn store(secret: &Secret, path: &Path) -> Result<(), Failure> {
    let failed = |error| {
        Failure::io(
            format_args!("storing the secret in {}", path.display()),
            &error,
        )
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{}.new", std::process::id()));
    let new = PathBuf::from(new);
    let written = write_private(&new, secret).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // The failure of the write is the important one.
        let _ = fs::remove_file(&new);
    }
    written.map_err(failed)
}

fn write_private(path: &Path, secret: &Secret) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    writeln!(file, "{}", secret.expose())?;
    file.sync_all()
}
