//! A file of lines that is renamed when it is full. Its functions block.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// Writes all bytes to the end of a file. Tests have disks that are full or slow.
pub(super) type WriteAll = Box<dyn FnMut(&mut File, &[u8]) -> io::Result<()> + Send>;

pub(super) struct LineFile {
    path: PathBuf,
    rotation: Option<Rotation>,
    /// The open file and its length. `None` before the first line, and after an error.
    open: Option<(File, u64)>,
    write_all: WriteAll,
    /// The error of the last attempt to rotate.
    rotation_error: Option<io::Error>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Rotation {
    /// The length, in bytes, that the file does not exceed, unless one batch of lines is longer.
    pub(super) bytes: u64,
    /// The number of full files to keep.
    pub(super) keep: usize,
}

impl LineFile {
    pub(super) fn new(path: PathBuf, rotation: Option<Rotation>) -> Self {
        Self::with_writer(path, rotation, Box::new(io::Write::write_all))
    }

    pub(super) fn with_writer(
        path: PathBuf,
        rotation: Option<Rotation>,
        write_all: WriteAll,
    ) -> Self {
        Self {
            path,
            rotation,
            open: None,
            write_all,
            rotation_error: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The error because of which lines are appended to a full file.
    pub(super) fn rotation_error(&self) -> Option<&io::Error> {
        self.rotation_error.as_ref()
    }

    /// Appends lines. After an error they can be appended again. A file that cannot be rotated grows instead: that is no error.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let (mut file, mut length) = self.take()?;
        if let Some(rotation) = self.rotation
            && length > 0
            && length + lines.len() as u64 > rotation.bytes
        {
            // Later errors of the disk have no handle to report them.
            let synced = file.sync_data();
            drop(file);
            let rotated = synced.and_then(|()| self.rotate(rotation.keep));
            self.rotation_error = rotated.err();
            (file, length) = self.take()?;
        }
        if let Err(error) = (self.write_all)(&mut file, lines) {
            // The disk may be full in the middle of a line. If this fails, too, lines are written twice rather than lost.
            let _ = file.set_len(length).or_else(|_| self.cut(length));
            return Err(error);
        }
        self.open = Some((file, length + lines.len() as u64));
        Ok(())
    }

    /// Writes everything to the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        let synced = self.open.as_ref().map(|(file, _)| file.sync_data());
        match synced {
            // A pipe or a device.
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            synced => synced.unwrap_or(Ok(())),
        }
    }

    fn take(&mut self) -> io::Result<(File, u64)> {
        // Another program may have renamed, deleted or emptied the file.
        if let Some((file, length)) = self.open.take()
            && std::fs::metadata(&self.path).is_ok_and(|about| about.len() == length)
        {
            return Ok((file, length));
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&self.path)?;
        let mut length = file.metadata()?.len();
        // A program that crashed may have left a part of a line.
        if length > 0 && last_byte(&mut file)? != b'\n' {
            file.write_all(b"\n")?;
            length += 1;
        }
        Ok((file, length))
    }

    /// Windows refuses `set_len` on a file that is open for appending.
    fn cut(&self, length: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.path)?;
        file.set_len(length)
    }

    /// Renames the full files: `journal.jsonl` to `journal.jsonl.1`, and so on. The oldest is deleted.
    fn rotate(&self, keep: usize) -> io::Result<()> {
        if keep == 0 {
            return std::fs::remove_file(&self.path);
        }
        // An earlier attempt may have left a number free: the files above it stay, or repeated attempts would delete them.
        let mut numbers = 1..keep;
        let free = numbers.find(|number| !self.numbered(*number).exists());
        for number in (1..free.unwrap_or(keep)).rev() {
            std::fs::rename(self.numbered(number), self.numbered(number + 1))?;
        }
        std::fs::rename(&self.path, self.numbered(1))
    }

    fn numbered(&self, number: usize) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }
}

fn last_byte(file: &mut File) -> io::Result<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}
