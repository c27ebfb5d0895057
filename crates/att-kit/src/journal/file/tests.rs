use super::{LineFile, Rotation};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder that is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("journal-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("journal.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A disk with room for so many more bytes.
struct Disk(Arc<AtomicUsize>);

impl Disk {
    fn new(room: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(room)))
    }

    fn has_room(&self, room: usize) {
        self.0.store(room, Ordering::Relaxed);
    }

    fn file(&self, path: PathBuf, rotation: Option<Rotation>) -> LineFile {
        let room = Arc::clone(&self.0);
        let write = move |file: &mut File, lines: &[u8]| {
            let fits = lines.len().min(room.load(Ordering::Relaxed));
            file.write_all(&lines[..fits])?;
            room.fetch_sub(fits, Ordering::Relaxed);
            if fits < lines.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        };
        LineFile::with_writer(path, rotation, Box::new(write))
    }
}

#[test]
fn a_full_file_is_renamed_and_the_newest_are_kept() {
    let folder = Folder::new("rotation");
    let path = folder.file();
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
}

#[test]
fn a_part_of_a_line_at_the_end_of_the_file_is_ended_first() {
    let folder = Folder::new("part");
    let path = folder.file();
    std::fs::write(&path, "{\"at\":\"20").unwrap();
    let mut file = LineFile::new(path.clone(), None);
    file.append(b"{}\n").unwrap();
    assert_eq!(read(&path), "{\"at\":\"20\n{}\n");
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_line_leaves_no_part_of_the_lines() {
    let folder = Folder::new("full");
    let path = folder.file();
    let disk = Disk::new(0);
    let mut file = disk.file(path.clone(), None);
    // Full from the start, then with room for less than a line, then full again in the middle of the second line.
    for (room, lines, expected) in [
        (0, "one\n", ""),
        (2, "one\n", ""),
        (4, "one\n", "one\n"),
        (6, "two\nthree\n", "one\n"),
        (9, "two\nthree\n", "one\n"),
        (10, "two\nthree\n", "one\ntwo\nthree\n"),
    ] {
        disk.has_room(room);
        let written = file.append(lines.as_bytes());
        assert_eq!(written.is_ok(), room == lines.len(), "{room}");
        assert_eq!(read(&path), expected, "{room}");
    }
}

#[test]
fn a_file_that_cannot_be_renamed_grows_and_no_file_is_deleted() {
    let folder = Folder::new("unrotated");
    let path = folder.file();
    let rotation = Rotation { bytes: 8, keep: 3 };
    let mut file = LineFile::new(path.clone(), Some(rotation));
    std::fs::write(file.numbered(2), "old\n").unwrap();
    // A folder in the way.
    let in_the_way = file.numbered(1).join("x");
    std::fs::create_dir_all(&in_the_way).unwrap();
    std::fs::create_dir_all(file.numbered(3).join("x")).unwrap();
    for line in ["one1\n", "two2\n", "three\n"] {
        file.append(line.as_bytes()).unwrap();
    }
    assert!(file.rotation_error().is_some());
    assert_eq!(read(&path), "one1\ntwo2\nthree\n");
    assert_eq!(read(&file.numbered(2)), "old\n");
    for number in [1, 3] {
        std::fs::remove_dir_all(file.numbered(number)).unwrap();
    }
    file.append(b"four\n").unwrap();
    assert!(file.rotation_error().is_none());
    assert_eq!(read(&path), "four\n");
    assert_eq!(read(&file.numbered(1)), "one1\ntwo2\nthree\n");
    assert_eq!(read(&file.numbered(2)), "old\n");
}

#[test]
fn lines_are_not_written_into_a_file_that_was_deleted_or_renamed() {
    let folder = Folder::new("deleted");
    let path = folder.file();
    let rotation = Rotation { bytes: 8, keep: 1 };
    let mut file = LineFile::new(path.clone(), Some(rotation));
    file.append(b"one\n").unwrap();
    std::fs::remove_dir_all(&folder.0).unwrap();
    file.append(b"two\n").unwrap();
    assert_eq!(read(&path), "two\n");
    std::fs::rename(&path, folder.0.join("taken")).unwrap();
    file.append(b"three\n").unwrap();
    assert_eq!(read(&path), "three\n");
    std::fs::write(&path, "").unwrap();
    file.append(b"four\n").unwrap();
    assert_eq!(read(&path), "four\n", "it is not full");
    // The folder is deleted when the file is full.
    std::fs::remove_dir_all(&folder.0).unwrap();
    file.append(b"five5\n").unwrap();
    file.append(b"six66\n").unwrap();
    assert_eq!(read(&path), "six66\n");
    assert_eq!(read(&file.numbered(1)), "five5\n");
}
