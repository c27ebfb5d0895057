//! A file of lines that is renamed when it is full. Its functions block.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) struct LineFile {
    path: PathBuf,
    rotation: Option<Rotation>,
    /// The open file and its length. `None` before the first line, and after an error.
    open: Option<(File, u64)>,
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
        Self {
            path,
            rotation,
            open: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends lines. After an error they can be appended again.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let (mut file, mut length) = self.take()?;
        if let Some(rotation) = self.rotation
            && length > 0
            && length + lines.len() as u64 > rotation.bytes
        {
            drop(file);
            self.rotate(rotation.keep)?;
            (file, length) = self.take()?;
        }
        if let Err(error) = file.write_all(lines) {
            // The disk may be full in the middle of a line. If this fails, too, the part of a line stays.
            let _ = file.set_len(length);
            return Err(error);
        }
        self.open = Some((file, length + lines.len() as u64));
        Ok(())
    }

    /// Writes everything to the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        match &self.open {
            Some((file, _)) => file.sync_data(),
            None => Ok(()),
        }
    }

    fn take(&mut self) -> io::Result<(File, u64)> {
        if let Some(open) = self.open.take() {
            return Ok(open);
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

    /// Renames the full files: `journal.jsonl` to `journal.jsonl.1`, and so on. The oldest is deleted.
    fn rotate(&self, keep: usize) -> io::Result<()> {
        if keep == 0 {
            return std::fs::remove_file(&self.path);
        }
        for number in (1..keep).rev() {
            rename_if_exists(&self.numbered(number), &self.numbered(number + 1))?;
        }
        rename_if_exists(&self.path, &self.numbered(1))
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

fn rename_if_exists(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("journal-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder
    }

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_full_file_is_renamed_and_the_newest_are_kept() {
        let folder = folder("rotation");
        let path = folder.join("journal.jsonl");
        let rotation = Rotation { bytes: 10, keep: 2 };
        let mut file = LineFile::new(path.clone(), Some(rotation));
        for line in [
            "one1\n",
            "two2\n",
            "three\n",
            "four4\n",
            "a line longer than a file\n",
            "six66\n",
        ] {
            file.append(line.as_bytes()).unwrap();
        }
        assert_eq!(read(&path), "six66\n");
        assert_eq!(read(&file.numbered(1)), "a line longer than a file\n");
        assert_eq!(read(&file.numbered(2)), "four4\n");
        assert!(!file.numbered(3).exists());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_part_of_a_line_at_the_end_of_the_file_is_ended_first() {
        let folder = folder("part");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("journal.jsonl");
        std::fs::write(&path, "{\"at\":\"20").unwrap();
        let mut file = LineFile::new(path.clone(), None);
        file.append(b"{}\n").unwrap();
        assert_eq!(read(&path), "{\"at\":\"20\n{}\n");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
